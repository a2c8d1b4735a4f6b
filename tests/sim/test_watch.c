/*
 * The watchers watched: every invariant is broken on purpose, by a packet forged
 * in a router's name, and must be reported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ddp.h"
#include "watch_rig.h"

static struct site_tunnel *left(struct world *w)
{
	return site_tunnel(world_site(w, 0), 0);
}

static struct jack *right(struct world *w)
{
	return &site_tunnel(world_site(w, 1), 0)->jack;
}

/* A packet in the name of the left router. */
static void forge(struct world *w, const struct aurp_domain *domain, const void *bytes, size_t len)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	memcpy(p->data, bytes, len);
	p->len = len;
	assert_true(aurp_push_domain(p, domain));
	jack_send(&left(w)->jack, right(w)->addr, p);
}

static struct aurp_domain usual(struct world *w, enum aurp_type type)
{
	return (struct aurp_domain){ { DI_IP, right(w)->addr.ip },
		{ DI_IP, left(w)->jack.addr.ip }, type };
}

static void forge_aurp(struct world *w, const struct aurp *h, const void *body, size_t len)
{
	const struct aurp_domain domain = usual(w, AURP_ROUTING);
	uint8_t bytes[PKT_BODY_MAX];
	struct wr out = wr_over(bytes, sizeof bytes);

	aurp_encode(&out, h);
	wr_bytes(&out, body, len);
	assert_true(wr_ok(&out));
	forge(w, &domain, bytes, wr_len(&out));
}

/* A connection in which the left router is data sender, as if it had just opened. */
static void forge_open(struct world *w, uint16_t id)
{
	uint8_t body[8];
	struct wr out = wr_over(body, sizeof body);

	aurp_encode_open_rsp(&out, &(struct aurp_open_rsp){ .rate = 1 });
	forge_aurp(w, &(struct aurp){ .connection = id, .msg = AURP_OPEN_RSP }, body, wr_len(&out));
}

static void forge_event(struct world *w, uint16_t id, uint16_t sequence,
	enum aurp_event_code code, uint16_t net)
{
	const struct aurp_event ev = { code, { net, net, true }, 1 };
	uint8_t body[16];
	struct wr out = wr_over(body, sizeof body);

	aurp_encode_event(&out, &ev);
	forge_aurp(w, &(struct aurp){ .connection = id, .sequence = sequence, .msg = AURP_RI_UPD },
		body, wr_len(&out));
}

/* --- tunnels --------------------------------------------------------------------------- */

static void test_a_broken_split_horizon_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_open(w, 7);
	forge_event(w, 7, 1, AURP_EV_NA, 100);
	assert_int_equal(world_print_violations(w), 0);
	forge_open(w, 8);
	forge_event(w, 8, 1, AURP_EV_NA, 200);
	assert_reported(w, 1, "ri-upd exports 200-200, which is only reached");
	end(w);
}

static void test_an_export_without_zones_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	site_link_down(world_site(w, 0), 0);
	world_run(w, span_s(100));
	forge_open(w, 7);
	forge_event(w, 7, 1, AURP_EV_NA, 100);
	assert_reported(w, 1, "exports 100-100 without its zones");
	end(w);
}

static void test_a_second_outstanding_packet_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_open(w, 7);
	forge_event(w, 7, 1, AURP_EV_NULL, 0);
	forge_event(w, 7, 1, AURP_EV_NULL, 0);
	assert_int_equal(world_violations(w), 0);
	forge_event(w, 7, 2, AURP_EV_NULL, 0);
	assert_reported(w, 1, "ri-upd 2 to connection 7 before the last one was acknowledged");
	end(w);
}

static void test_a_wrong_sequence_number_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_event(w, 99, 1, AURP_EV_NULL, 0);
	assert_reported(w, 1, "on a connection that was not opened");
	forge_open(w, 7);
	forge_event(w, 7, 2, AURP_EV_NULL, 0);
	assert_reported(w, 1, "ri-upd 2 to connection 7 out of order");
	forge_event(w, 7, 0, AURP_EV_NULL, 0);
	assert_reported(w, 1, "has sequence number 0");
	end(w);
}

static void test_a_changed_repetition_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_open(w, 7);
	forge_event(w, 7, 1, AURP_EV_NULL, 0);
	forge_event(w, 7, 1, AURP_EV_ND, 100);
	assert_reported(w, 1, "ri-upd 1 to connection 7 again with other bytes");
	end(w);
}

static void test_a_packet_that_does_not_decode_is_seen(void **state)
{
	static const uint8_t cut[] = { AURP_EV_NA, 0, 100 };
	const uint8_t short_header[] = { 0, 7, 0 };
	struct world *w = pair();
	struct aurp_domain domain = usual(w, AURP_ROUTING);

	(void)state;
	forge(w, &domain, short_header, sizeof short_header);
	assert_reported(w, 1, "does not decode");
	domain.type = AURP_DATA;
	forge(w, &domain, short_header, sizeof short_header);
	assert_reported(w, 1, "datagram does not decode");
	forge_open(w, 7);
	forge_aurp(w, &(struct aurp){ .connection = 7, .sequence = 1, .msg = AURP_RI_UPD }, cut,
		sizeof cut);
	assert_reported(w, 1, "list of events is cut");
	end(w);
}

static void test_a_foreign_domain_is_seen(void **state)
{
	struct world *w = pair();
	struct aurp_domain domain = usual(w, AURP_ROUTING);
	const struct aurp h = { .connection = 7, .msg = AURP_TICKLE };
	uint8_t bytes[16];
	struct wr out = wr_over(bytes, sizeof bytes);

	(void)state;
	aurp_encode(&out, &h);
	domain.dst.ip++;
	forge(w, &domain, bytes, wr_len(&out));
	assert_reported(w, 1, "tickle to 2c000002 is for domain 2c000003");
	domain = usual(w, AURP_ROUTING);
	domain.src.ip++;
	forge(w, &domain, bytes, wr_len(&out));
	assert_reported(w, 1, "is not from our domain");
	end(w);
}

/* n zones of 32 bytes, of one network or of two. */
static void forge_zones(struct world *w, size_t n, bool is_single)
{
	uint8_t body[PKT_BODY_MAX];
	struct wr out = wr_over(body, sizeof body);
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, &out, false, 0);
	for (size_t i = 0; i < n; i++) {
		struct at_name zone = name_of("0123456789abcdef0123456789abcdef");

		zone.byte[0] = (uint8_t)('A' + i);
		assert_true(aurp_zones_add(&z, is_single || i % 2 ? 100 : 102, &zone));
	}
	aurp_zones_end(&z);
	forge_aurp(w, &(struct aurp){ .connection = 7, .msg = AURP_ZI_RSP }, body, wr_len(&out));
}

static void test_a_packet_that_is_too_large_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_zones(w, 16, false);
	forge_zones(w, 38, true);
	assert_int_equal(world_print_violations(w), 0);
	forge_zones(w, 17, false);
	assert_reported(w, 1, "zi-rsp to 44.0.0.2: is too large");
	forge_zones(w, 40, true);
	assert_reported(w, 1, "zi-rsp to 44.0.0.2: is too large");
	end(w);
}

static void test_a_packet_after_the_crash_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	site_crash(world_site(w, 0));
	forge_aurp(w, &(struct aurp){ .connection = 7, .msg = AURP_TICKLE }, NULL, 0);
	assert_reported(w, 1, "sent after the crash");
	end(w);
}

/* --- datagrams ------------------------------------------------------------------------- */

/* The echo with this tag, as a data packet of the left router, or as an arrival there. */
static void forge_echo(struct world *w, uint32_t tag, uint8_t hops, bool is_arrival)
{
	const struct aurp_domain domain = usual(w, AURP_DATA);
	const struct ddp h = { .hops = hops, .len = DDP_LONG_HEADER + 9, .type = DDP_AEP,
		.dst = { 200, 9, 4 }, .src = { 100, 9, 253 } };
	uint8_t bytes[64];
	struct wr out = wr_over(bytes, sizeof bytes);
	struct pkt p;

	ddp_encode_long(&out, &h);
	wr_u8(&out, 1);
	wr_u32(&out, ECHO_MARK);
	wr_u32(&out, tag);
	p = (struct pkt){ bytes, bytes + sizeof bytes, bytes, wr_len(&out) };
	if (is_arrival)
		watch_datagram_in(world_site(w, 0), &p);
	else
		forge(w, &domain, bytes, wr_len(&out));
}

static void test_a_hop_count_that_does_not_rise_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_echo(w, 1, 3, true);
	forge_echo(w, 1, 4, false);
	forge_echo(w, 1, 4, false);
	assert_int_equal(world_print_violations(w), 0);
	forge_echo(w, 2, 3, true);
	forge_echo(w, 2, 3, false);
	assert_reported(w, 1, "does not rise: 3, 3");
	end(w);
}

static void test_a_datagram_past_its_hop_limit_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_echo(w, 1, 15, true);
	forge_echo(w, 1, 15, false);
	assert_reported(w, 1, "goes past its hop limit");
	end(w);
}

static void test_a_datagram_that_comes_around_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	forge_echo(w, 1, 1, true);
	forge_echo(w, 1, 2, false);
	forge_echo(w, 1, 4, true);
	forge_echo(w, 1, 5, false);
	assert_reported(w, 1, "passes for the second time: 2, 5 hops");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_broken_split_horizon_is_seen),
		cmocka_unit_test(test_an_export_without_zones_is_seen),
		cmocka_unit_test(test_a_second_outstanding_packet_is_seen),
		cmocka_unit_test(test_a_wrong_sequence_number_is_seen),
		cmocka_unit_test(test_a_changed_repetition_is_seen),
		cmocka_unit_test(test_a_packet_that_does_not_decode_is_seen),
		cmocka_unit_test(test_a_foreign_domain_is_seen),
		cmocka_unit_test(test_a_packet_that_is_too_large_is_seen),
		cmocka_unit_test(test_a_packet_after_the_crash_is_seen),
		cmocka_unit_test(test_a_hop_count_that_does_not_rise_is_seen),
		cmocka_unit_test(test_a_datagram_past_its_hop_limit_is_seen),
		cmocka_unit_test(test_a_datagram_that_comes_around_is_seen),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
