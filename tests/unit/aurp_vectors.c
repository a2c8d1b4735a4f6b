/*
 * The way down to AURP bodies and back up, for the tests of the AURP codecs; and
 * one function that reads a whole packet with everything in it, for the cuts.
 */
#include "aurp_vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

void aurp_open(struct aurp_packet *p, const char *name, enum aurp_msg msg)
{
	p->vector = vector_load(name);
	p->body = rd_over(p->vector.byte, p->vector.len);
	assert_int_equal(aurp_decode_domain(&p->body, &p->domain), AURP_DOMAIN_OK);
	assert_int_equal(p->domain.type, AURP_ROUTING);
	assert_int_equal(p->domain.dst.authority, DI_IP);
	assert_int_equal(p->domain.src.authority, DI_IP);
	assert_int_equal(aurp_decode(&p->body, &p->header), AURP_OK);
	assert_int_equal(p->header.msg, msg);
	/* the data sender of every vector is A */
	if (aurp_cmd(msg)->half == AURP_SENDER) {
		assert_int_equal(p->domain.dst.ip, AURP_A);
		assert_int_equal(p->domain.src.ip, AURP_B);
	} else {
		assert_int_equal(p->domain.dst.ip, AURP_B);
		assert_int_equal(p->domain.src.ip, AURP_A);
	}
	p->again = wr_over(p->bytes, sizeof p->bytes);
	aurp_encode_domain(&p->again, &p->domain);
	aurp_encode(&p->again, &p->header);
}

void assert_aurp_rebuilt(const struct aurp_packet *p)
{
	assert_written(&p->again, &p->vector, 0);
}

static bool reads_routes(struct rd *r, bool events)
{
	struct aurp_network network;
	struct aurp_event event;
	enum tuple_step step;

	do
		step = events ? aurp_next_event(r, &event) : aurp_next_network(r, &network);
	while (tuple_is_here(step));
	return step == TUPLE_END;
}

static bool reads_zones(struct rd *r)
{
	struct aurp_zone_reader z;
	struct aurp_zone zone;
	enum tuple_step step;

	if (!aurp_decode_zi_rsp(r, &z))
		return false;
	while (tuple_is_here(step = aurp_next_zone(&z, &zone)))
		;
	return step == TUPLE_END;
}

static bool reads_zone_names(struct rd *r)
{
	struct aurp_gdzl_rsp list;
	struct at_name name;
	enum tuple_step step;

	if (!aurp_decode_gdzl_rsp(r, &list))
		return false;
	while (tuple_is_here(step = aurp_next_zone_name(&list.zones, &name)))
		;
	return step == TUPLE_END;
}

static bool reads_body(struct rd *r, enum aurp_msg msg)
{
	struct aurp_open_req open_req;
	struct aurp_open_rsp open_rsp;
	struct aurp_gzn_rsp gzn;
	struct at_name name;
	uint16_t number;
	int16_t error;

	switch (msg) {
	case AURP_RI_RSP:
		return reads_routes(r, false);
	case AURP_RI_UPD:
		return reads_routes(r, true);
	case AURP_RD:
		return aurp_decode_rd(r, &error);
	case AURP_ZI_REQ:
		return aurp_next_zi_net(r, &number);
	case AURP_GZN_REQ:
		return aurp_decode_gzn_req(r, &name);
	case AURP_GDZL_REQ:
		return aurp_decode_gdzl_req(r, &number);
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		return reads_zones(r);
	case AURP_GZN_RSP:
		return aurp_decode_gzn_rsp(r, &gzn) && reads_routes(&gzn.networks, false);
	case AURP_GDZL_RSP:
		return reads_zone_names(r);
	case AURP_OPEN_REQ:
		return aurp_decode_open_req(r, &open_req);
	case AURP_OPEN_RSP:
		return aurp_decode_open_rsp(r, &open_rsp);
	case AURP_RI_REQ:
	case AURP_RI_ACK:
	case AURP_TICKLE:
	case AURP_TICKLE_ACK:
		return true;
	case AURP_MSG_COUNT:
		break;
	}
	return false;
}

bool aurp_reads_whole(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct aurp_domain domain;
	struct aurp header;

	return aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK && domain.type == AURP_ROUTING &&
	       aurp_decode(&r, &header) == AURP_OK && reads_body(&r, header.msg);
}
