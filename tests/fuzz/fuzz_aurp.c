/* Everything that can arrive on a tunnel. */
#include "aurp.h"
#include "fuzz.h"

static void again_networks(struct rd *r, struct wr *w)
{
	struct aurp_network t;
	enum tuple_step step;

	while (tuple_is_here(step = aurp_next_network(r, &t))) {
		CHECK((step == TUPLE_OK) == at_range_is_valid(t.range));
		aurp_encode_network(w, &t);
	}
	CHECK(aurp_next_network(r, &t) == step);
}

/* Null events may be bare: they are written once, in their four byte form. */
static void again_events(struct rd *r, struct wr *w)
{
	struct aurp_event e;
	enum tuple_step step;
	bool null = false;

	while (tuple_is_here(step = aurp_next_event(r, &e)))
		if (e.code == AURP_EV_NULL)
			null = true;
		else
			aurp_encode_event(w, &e);
	CHECK(!tuple_is_here(aurp_next_event(r, &e)));
	e = (struct aurp_event){ .code = AURP_EV_NULL };
	if (null)
		aurp_encode_event(w, &e);
	else if (step != TUPLE_END)
		wr_u8(w, AURP_EV_ZC);	/* an update is never empty */
}

static bool again_zones(struct rd *r, struct wr *w, bool extended)
{
	struct aurp_zone_reader in;
	struct aurp_zone_writer out;
	struct aurp_zone t;
	enum tuple_step step;

	if (!aurp_decode_zi_rsp(r, &in))
		return false;
	aurp_zones_begin(&out, w, extended, in.count);
	while (tuple_is_here(step = aurp_next_zone(&in, &t)))
		if (step == TUPLE_OK) {
			CHECK(at_net_is_routable(t.net) && t.zone.len >= 1 && t.zone.len <= 32);
			/* offsets may make a short packet say more than we would let one hold */
			if (!aurp_zones_add(&out, t.net, &t.zone))
				break;
		}
	aurp_zones_end(&out);
	return true;
}

static bool again_zone_names(struct rd *r, struct wr *w)
{
	struct aurp_gdzl_rsp a;
	struct at_name zone;
	enum tuple_step step;

	if (!aurp_decode_gdzl_rsp(r, &a))
		return false;
	aurp_encode_gdzl_rsp(w, a.start);
	while (tuple_is_here(step = aurp_next_zone_name(&a.zones, &zone)))
		if (step == TUPLE_OK)
			wr_name(w, &zone);
	return true;
}

static bool again_open(struct rd *r, struct wr *w, enum aurp_msg msg)
{
	struct aurp_open_req q = { .version = 0 };
	struct aurp_open_rsp a = { .rate = 0 };
	struct aurp_options *options = msg == AURP_OPEN_REQ ? &q.options : &a.options;
	struct aurp_option option;
	struct rd tuples;
	int n = 0;

	if (msg == AURP_OPEN_REQ ? !aurp_decode_open_req(r, &q) : !aurp_decode_open_rsp(r, &a))
		return false;
	if (msg == AURP_OPEN_REQ)
		aurp_encode_open_req(w, &q);
	else
		aurp_encode_open_rsp(w, &a);
	tuples = options->tuples;
	while (aurp_next_option(&tuples, &option))
		n++;
	CHECK(n == options->count);
	return true;
}

static bool again_gzn(struct rd *r, struct wr *w)
{
	struct aurp_gzn_rsp a;

	if (!aurp_decode_gzn_rsp(r, &a))
		return false;
	aurp_encode_gzn_rsp(w, &a.zone, a.count);
	again_networks(&a.networks, w);
	return true;
}

static bool again_small(struct rd *r, struct wr *w, enum aurp_msg msg)
{
	struct at_name zone;
	uint16_t number;
	int16_t error;

	switch (msg) {
	case AURP_RD:
		CHECK(aurp_decode_rd(r, &error));
		(void)aurp_error_text(error);
		aurp_encode_rd(w, error);
		return true;
	case AURP_ZI_REQ:
		while (aurp_next_zi_net(r, &number))
			aurp_encode_zi_net(w, number);
		return true;
	case AURP_GZN_REQ:
		if (!aurp_decode_gzn_req(r, &zone))
			return false;
		aurp_encode_gzn_req(w, &zone);
		return true;
	case AURP_GDZL_REQ:
		CHECK(aurp_decode_gdzl_req(r, &number));
		aurp_encode_gdzl_req(w, number);
		return true;
	default:
		return true;
	}
}

static bool again(struct rd *r, struct wr *w)
{
	struct aurp_domain domain;
	struct aurp header;

	if (aurp_decode_domain(r, &domain) != AURP_DOMAIN_OK || domain.type != AURP_ROUTING ||
		aurp_decode(r, &header) != AURP_OK)
		return false;
	aurp_encode_domain(w, &domain);
	aurp_encode(w, &header);
	switch (header.msg) {
	case AURP_RI_RSP:
		again_networks(r, w);
		return true;
	case AURP_RI_UPD:
		again_events(r, w);
		return true;
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		return again_zones(r, w, header.msg == AURP_ZI_RSP_EXT);
	case AURP_GZN_RSP:
		return again_gzn(r, w);
	case AURP_GDZL_RSP:
		return again_zone_names(r, w);
	case AURP_OPEN_REQ:
	case AURP_OPEN_RSP:
		return again_open(r, w, header.msg);
	default:
		return again_small(r, w, header.msg);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n <= FUZZ_MAX / 2)
		fuzz_round_trip(bytes, n, again);
	return 0;
}
