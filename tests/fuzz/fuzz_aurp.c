/* Everything that can arrive on a tunnel: data and every AURP command with its body. */
#include "aurp.h"
#include "fuzz.h"

static void see_domain_id(struct wr *seen, struct domain_id id)
{
	wr_u8(seen, id.authority);
	wr_u32(seen, id.authority == DI_IP ? id.ip : 0);
}

static void again_networks(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aurp_network t;
	enum tuple_step step;

	while (tuple_is_here(step = aurp_next_network(r, &t))) {
		size_t before = wr_len(w);

		CHECK((step == TUPLE_OK) == at_range_is_valid(t.range));
		see_range(seen, t.range);
		wr_u8(seen, t.distance);
		aurp_encode_network(w, &t);
		CHECK(wr_len(w) - before == aurp_network_size(&t));
	}
	CHECK(aurp_next_network(r, &t) == step);
}

static void again_event(const struct aurp_event *e, struct wr *w, struct wr *seen)
{
	size_t before = wr_len(w);

	wr_u8(seen, (uint8_t)e->code);
	see_range(seen, e->range);
	wr_u8(seen, e->distance);
	aurp_encode_event(w, e);
	CHECK(wr_len(w) - before == aurp_event_size(e));
}

/* Null events may be bare: they are written once, in their four byte form. */
static void again_events(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aurp_event e;
	enum tuple_step step;
	bool null = false, any = false;

	while (tuple_is_here(step = aurp_next_event(r, &e))) {
		if (e.code == AURP_EV_NULL) {
			null = true;
			continue;
		}
		any = true;
		CHECK((step == TUPLE_OK) == at_range_is_valid(e.range));
		again_event(&e, w, seen);
	}
	CHECK(!tuple_is_here(aurp_next_event(r, &e)));
	/* an update is never empty, even if its first event is unknown or cut */
	if (null || !any)
		aurp_encode_event(w, &(struct aurp_event){ .code = AURP_EV_NULL });
}

static bool again_zones(struct rd *r, struct wr *w, struct wr *seen, bool extended)
{
	struct aurp_zone_reader in;
	struct aurp_zone_writer out;
	struct aurp_zone t;
	enum tuple_step step;

	if (!aurp_decode_zi_rsp(r, &in))
		return false;
	CHECK(rd_at_end(r));
	if (extended)
		wr_u16(seen, in.count);
	aurp_zones_begin(&out, w, extended, in.count);
	while (tuple_is_here(step = aurp_next_zone(&in, &t))) {
		if (step == TUPLE_BAD || step == TUPLE_NAMELESS)
			continue;
		CHECK(at_net_is_routable(t.net) && t.zone.len >= 1 && t.zone.len <= 32);
		wr_u16(seen, t.net);
		wr_name(seen, &t.zone);
		CHECK(aurp_zones_add(&out, t.net, &t.zone));
	}
	CHECK(aurp_next_zone(&in, &t) == step);
	aurp_zones_end(&out);
	return true;
}

static bool again_zone_names(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aurp_gdzl_rsp a;
	struct at_name zone;
	enum tuple_step step;

	if (!aurp_decode_gdzl_rsp(r, &a))
		return false;
	wr_u16(seen, a.start);
	aurp_encode_gdzl_rsp(w, a.start);
	while (tuple_is_here(step = aurp_next_zone_name(&a.zones, &zone)))
		if (step == TUPLE_OK) {
			wr_name(seen, &zone);
			wr_name(w, &zone);
		}
	return true;
}

/* Each option once more through the encoder of options. */
static void again_options(struct aurp_options *options, struct wr *seen, uint8_t *into, size_t size)
{
	struct wr w = wr_over(into, size);
	struct rd tuples = options->tuples;
	struct aurp_option option;
	int n = 0;

	for (; aurp_next_option(&tuples, &option); n++) {
		size_t len = rd_left(&option.data);

		CHECK(len <= AURP_OPTION_DATA_MAX);
		wr_u8(seen, option.type);
		see_rest(seen, option.data);
		aurp_encode_option(&w, option.type, rd_bytes(&option.data, len), len);
	}
	CHECK(n == options->count && wr_ok(&w));
	options->tuples = rd_over(into, wr_len(&w));
}

static bool again_open(struct rd *r, struct wr *w, struct wr *seen, enum aurp_msg msg)
{
	uint8_t options[FUZZ_IN_MAX];
	struct aurp_open_req q;
	struct aurp_open_rsp a;

	if (msg == AURP_OPEN_REQ) {
		if (!aurp_decode_open_req(r, &q))
			return false;
		wr_u16(seen, q.version);
		again_options(&q.options, seen, options, sizeof options);
		aurp_encode_open_req(w, &q);
	} else {
		if (!aurp_decode_open_rsp(r, &a))
			return false;
		wr_u16(seen, (uint16_t)a.rate);
		again_options(&a.options, seen, options, sizeof options);
		aurp_encode_open_rsp(w, &a);
	}
	return true;
}

static bool again_gzn(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aurp_gzn_rsp a;

	if (!aurp_decode_gzn_rsp(r, &a))
		return false;
	wr_name(seen, &a.zone);
	wr_u16(seen, a.count);
	aurp_encode_gzn_rsp(w, &a.zone, a.count);
	again_networks(&a.networks, w, seen);
	return true;
}

static bool again_small(struct rd *r, struct wr *w, struct wr *seen, enum aurp_msg msg)
{
	struct at_name zone;
	uint16_t number;
	int16_t error;

	switch (msg) {
	case AURP_RD:
		CHECK(aurp_decode_rd(r, &error) && aurp_error_text(error)[0]);
		wr_u16(seen, (uint16_t)error);
		aurp_encode_rd(w, error);
		return true;
	case AURP_ZI_REQ:
		while (aurp_next_zi_net(r, &number)) {
			wr_u16(seen, number);
			aurp_encode_zi_net(w, number);
		}
		return true;
	case AURP_GZN_REQ:
		if (!aurp_decode_gzn_req(r, &zone))
			return false;
		wr_name(seen, &zone);
		aurp_encode_gzn_req(w, &zone);
		return true;
	case AURP_GDZL_REQ:
		CHECK(aurp_decode_gdzl_req(r, &number));
		wr_u16(seen, number);
		aurp_encode_gdzl_req(w, number);
		return true;
	default:
		return true;	/* has no body */
	}
}

static bool again_body(struct rd *r, struct wr *w, struct wr *seen, enum aurp_msg msg)
{
	switch (msg) {
	case AURP_RI_RSP:
		again_networks(r, w, seen);
		return true;
	case AURP_RI_UPD:
		again_events(r, w, seen);
		return true;
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		return again_zones(r, w, seen, msg == AURP_ZI_RSP_EXT);
	case AURP_GZN_RSP:
		return again_gzn(r, w, seen);
	case AURP_GDZL_RSP:
		return again_zone_names(r, w, seen);
	case AURP_OPEN_REQ:
	case AURP_OPEN_RSP:
		return again_open(r, w, seen, msg);
	default:
		return again_small(r, w, seen, msg);
	}
}

static bool again(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aurp_domain domain;
	struct aurp h;

	if (aurp_decode_domain(r, &domain) != AURP_DOMAIN_OK)
		return false;
	see_domain_id(seen, domain.dst);
	see_domain_id(seen, domain.src);
	wr_u16(seen, (uint16_t)domain.type);
	aurp_encode_domain(w, &domain);
	if (domain.type == AURP_DATA) {
		see_rest(seen, *r);
		copy_rest(r, w);
		return true;
	}
	if (aurp_decode(r, &h) != AURP_OK)
		return false;
	CHECK(aurp_classify(aurp_cmd(h.msg)->code, aurp_cmd(h.msg)->subcode) == h.msg);
	wr_u16(seen, h.connection);
	wr_u16(seen, h.sequence);
	wr_u16(seen, h.flags);
	wr_u16(seen, (uint16_t)h.msg);
	aurp_encode(w, &h);
	return again_body(r, w, seen, h.msg);
}

/* The same domain header in front of a packet. */
static void check_push(const uint8_t *bytes, size_t n)
{
	uint8_t storage[AURP_DOMAIN_HEADER];
	struct pkt p = pkt_over(storage, sizeof storage, sizeof storage);
	struct rd r = rd_over(bytes, n), back;
	struct aurp_domain domain, again;

	if (aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK)
		return;
	CHECK(aurp_push_domain(&p, &domain));
	CHECK(!aurp_push_domain(&p, &domain) || p.data >= storage);
	back = rd_over(p.data, p.len);
	CHECK(aurp_decode_domain(&back, &again) == AURP_DOMAIN_OK);
	CHECK(domain_id_eq(domain.dst, again.dst) && domain_id_eq(domain.src, again.src));
	CHECK(domain.type == again.type);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n > FUZZ_IN_MAX)
		return 0;
	fuzz_round_trip(bytes, n, again);
	check_push(bytes, n);
	return 0;
}
