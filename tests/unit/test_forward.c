/*
 * core/forward.c on two cables: what is delivered, what is passed on and how,
 * what is dropped and why. A (4.42) and the router P (5.200) are on ET0, where
 * we are 3.128; B (6.9) is on ET1, where we are 6.128. P leads to 20 and 30-34.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "prng.h"
#include "rig.h"

enum { ET0, ET1, DYNAMIC = 253, OTHER = 77 };

static const uint8_t ping[] = { 1, 'H', 'i' };

struct place {
	struct rig *rig;
	struct station a, b, p;
};

static int setup(void **state)
{
	struct place *w = calloc(1, sizeof(*w));
	struct at_addr us;

	w->rig = rig_up();
	w->a = station_a(w->rig);
	w->b = station_b(w->rig);
	w->p = station_p(w->rig);
	station_teach_baseline(&w->p);
	us = w->rig->link[ET0].port->addr;
	station_aarp(&w->a, ELAP_BROADCAST, AARP_REQUEST, w->a.addr, (struct mac){ { 0 } }, us);
	us = w->rig->link[ET1].port->addr;
	station_aarp(&w->b, ELAP_BROADCAST, AARP_REQUEST, w->b.addr, (struct mac){ { 0 } }, us);
	rig_clear(w->rig);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct place *w = *state;

	rig_free(w->rig);
	free(w);
	return 0;
}

static struct at_sockaddr to(uint16_t net, uint8_t node, uint8_t socket)
{
	return (struct at_sockaddr){ net, node, socket };
}

/* A datagram of type AEP from a station in a frame to us; hops and checksum as given. */
static void send(const struct station *s, struct at_sockaddr dst, uint8_t hops, uint16_t checksum)
{
	struct ddp h = { .hops = hops, .checksum = checksum, .dst = dst, .src = { 0, 0, DYNAMIC },
		.type = DDP_AEP };

	station_send_to(s, s->rig->link[s->link].mac, &h, ping, sizeof ping);
}

/* These bytes, whatever they are, as a datagram from A in a frame to us. */
static void send_raw(const struct place *w, const uint8_t *datagram, size_t n)
{
	uint8_t frame[ELAP_HEADER + 64] = { 0 };

	assert_true(n <= 64);
	memcpy(frame, w->rig->link[ET0].mac.byte, 6);
	memcpy(frame + 6, w->a.mac.byte, 6);
	put_u16(frame + 12, (uint16_t)(8 + n));
	memcpy(frame + 14, "\xAA\xAA\x03\x08\x00\x07\x80\x9B", 8);
	memcpy(frame + ELAP_HEADER, datagram, n);
	rig_inject(w->rig, ET0, frame, n + ELAP_HEADER > 60 ? n + ELAP_HEADER : 60);
}

/* An echo to this address is answered, from this address. */
static void assert_echo(const struct station *s, struct at_sockaddr dst, struct at_addr from)
{
	const struct heard *h;

	station_send(s, dst, DYNAMIC, DDP_AEP, ping, sizeof ping);
	h = rig_take(s->rig, s->link, DDP_AEP);
	assert_int_equal(h->ddp.src.net, from.net);
	assert_int_equal(h->ddp.src.node, from.node);
	assert_int_equal(h->ddp.dst.net, s->addr.net);
	assert_int_equal(h->ddp.dst.node, s->addr.node);
	assert_int_equal(h->ddp.dst.socket, DYNAMIC);
	assert_int_equal(rd_left(&h->body), sizeof ping);
}

static void assert_dropped(const struct place *w, unsigned link, enum drop_reason reason,
	uint64_t n)
{
	assert_int_equal(rig_drops(w->rig, link, reason), n);
	rig_assert_all_quiet(w->rig);
}

/* --- for us ------------------------------------------------------------------------------ */

static void test_atalk_D02_D10_D11_P04_every_way_to_call_us(void **state)
{
	struct place *w = *state;
	struct at_addr us0 = w->rig->link[ET0].port->addr, us1 = w->rig->link[ET1].port->addr;

	assert_echo(&w->a, to(us0.net, us0.node, 4), us0);
	assert_echo(&w->a, to(us1.net, us1.node, 4), us1);	/* the address of another port */
	assert_echo(&w->a, to(5, 0, 4), us0);			/* any router on A's cable */
	assert_echo(&w->b, to(us0.net, us0.node, 4), us0);
	assert_echo(&w->a, to(us0.net, 0xFF, 4), us0);
	rig_assert_all_quiet(w->rig);
}

static void test_atalk_D10_D34_any_router_of_another_attached_network(void **state)
{
	struct place *w = *state;

	assert_echo(&w->a, to(6, 0, 4), w->rig->link[ET0].port->addr);
	rig_assert_all_quiet(w->rig);
}

static void test_atalk_D04_P05_all_nodes_of_the_link(void **state)
{
	struct place *w = *state;

	assert_echo(&w->a, to(0, 0xFF, 4), w->rig->link[ET0].port->addr);
	rig_assert_all_quiet(w->rig);	/* answered once, nothing on ET1 */
}

static void test_atalk_D17_D18_checksum_for_our_sockets(void **state)
{
	struct place *w = *state;
	struct at_addr us = w->rig->link[ET0].port->addr;
	struct ddp h = { .dst = to(us.net, us.node, 4), .src = { 4, 42, DYNAMIC },
		.type = DDP_AEP };
	struct pkt_buf b;
	struct pkt *p = pkt_buf_init(&b);

	memcpy(p->data, ping, sizeof ping);
	p->len = sizeof ping;
	assert_true(ddp_push_long(p, &h));
	send(&w->a, h.dst, 0, ddp_checksum(p->data, p->len));
	rig_take(w->rig, ET0, DDP_AEP);
	send(&w->a, h.dst, 0, (uint16_t)(ddp_checksum(p->data, p->len) ^ 1));
	assert_dropped(w, ET0, DROP_DDP_BAD_CHECKSUM, 1);
}

static void test_atalk_D18_a_sum_of_zero_travels_as_ffff(void **state)
{
	struct place *w = *state;
	struct at_addr us = w->rig->link[ET0].port->addr;
	uint8_t body[24] = { 1 };
	struct ddp h = { .dst = to(us.net, us.node, 4), .src = { 4, 42, DYNAMIC },
		.type = DDP_AEP };
	struct prng rng;

	/* Find data whose sum is 0: one in 65536 has. */
	prng_init(&rng, 18);
	for (int i = 0;; i++) {
		struct pkt_buf b;
		struct pkt *p = pkt_buf_init(&b);

		assert_true(i < 2000000);
		for (size_t k = 1; k < sizeof body; k++)
			body[k] = (uint8_t)prng_u32(&rng);
		memcpy(p->data, body, sizeof body);
		p->len = sizeof body;
		assert_true(ddp_push_long(p, &h));
		if (ddp_checksum(p->data, p->len) == 0xFFFF)
			break;
	}
	h.checksum = 0xFFFF;
	station_send_to(&w->a, w->rig->link[ET0].mac, &h, body, sizeof body);
	rig_take(w->rig, ET0, DDP_AEP);
	assert_int_equal(rig_drops(w->rig, ET0, DROP_DDP_BAD_CHECKSUM), 0);
}

static void test_atalk_D29_sockets_0_and_255_and_type_0_are_nothing_for_us(void **state)
{
	struct place *w = *state;
	struct at_addr us = w->rig->link[ET0].port->addr;

	station_send(&w->a, to(us.net, us.node, 0), DYNAMIC, DDP_AEP, ping, sizeof ping);
	station_send(&w->a, to(us.net, us.node, 255), DYNAMIC, DDP_AEP, ping, sizeof ping);
	station_send(&w->a, to(us.net, us.node, 4), 0, DDP_AEP, ping, sizeof ping);
	station_send(&w->a, to(us.net, us.node, 4), 255, DDP_AEP, ping, sizeof ping);
	station_send(&w->a, to(us.net, us.node, 4), DYNAMIC, 0, ping, sizeof ping);
	assert_dropped(w, ET0, DROP_DDP_BAD_SOCKET, 5);
	station_send(&w->a, to(6, 9, 0), DYNAMIC, DDP_AEP, ping, sizeof ping);
	assert_int_equal(rig_count(w->rig, ET1, DDP_AEP), 1);	/* to others: blindly */
}

static void test_a_socket_nobody_listens_on(void **state)
{
	struct place *w = *state;
	struct at_addr us = w->rig->link[ET0].port->addr;

	station_send(&w->a, to(us.net, us.node, 200), DYNAMIC, 3, ping, sizeof ping);
	assert_dropped(w, ET0, DROP_DDP_NO_SOCKET, 1);
}

/* --- passed on --------------------------------------------------------------------------- */

static void test_atalk_D06_D30_to_the_next_router_with_one_more_hop(void **state)
{
	struct place *w = *state;
	const struct heard *h;

	send(&w->a, to(20, 1, 4), 3, 0);
	h = rig_take(w->rig, ET0, DDP_AEP);	/* out by the port it came in on */
	assert_true(mac_eq(h->elap.dst, w->p.mac));
	assert_int_equal(h->ddp.hops, 4);
	assert_int_equal(h->ddp.src.net, 4);
	rig_assert_all_quiet(w->rig);
}

static void test_atalk_D07_hop_15_stops_before_another_router(void **state)
{
	struct place *w = *state;

	send(&w->a, to(20, 1, 4), 15, 0);
	assert_dropped(w, ET0, DROP_DDP_TOO_MANY_HOPS, 1);
	send(&w->a, to(20, 1, 4), 14, 0);
	assert_int_equal(rig_take(w->rig, ET0, DDP_AEP)->ddp.hops, 15);
}

static void test_atalk_D08_D09_the_last_cable_is_always_reached(void **state)
{
	struct place *w = *state;
	const struct heard *h;

	send(&w->a, to(6, 9, OTHER), 0, 0);
	h = rig_take(w->rig, ET1, DDP_AEP);
	assert_int_equal(h->ddp.hops, 1);
	assert_true(mac_eq(h->elap.dst, w->b.mac));
	send(&w->a, to(6, 9, OTHER), 15, 0);
	assert_int_equal(rig_take(w->rig, ET1, DDP_AEP)->ddp.hops, 15);
}

static void test_atalk_D12_directed_broadcast_reaches_us_and_the_cable_once(void **state)
{
	struct place *w = *state;
	const struct heard *h;

	send(&w->a, to(6, 0xFF, 4), 0, 0);
	h = rig_take(w->rig, ET1, DDP_AEP);
	assert_true(mac_eq(h->elap.dst, ELAP_BROADCAST));
	assert_int_equal(h->ddp.dst.net, 6);
	assert_int_equal(h->ddp.dst.node, 0xFF);
	h = rig_take(w->rig, ET0, DDP_AEP);	/* our own answer */
	assert_int_equal(h->ddp.dst.node, 42);
	/* A packet that went on is not lost, whatever our sockets think of it. */
	send(&w->a, to(6, 0xFF, OTHER), 0, 0);
	(void)rig_take(w->rig, ET1, DDP_AEP);
	assert_dropped(w, ET0, DROP_DDP_NO_SOCKET, 0);
	rig_assert_all_quiet(w->rig);
}

static void test_atalk_D13_D14_remote_broadcast_and_any_router_go_to_the_next_router(void **state)
{
	struct place *w = *state;
	static const uint8_t nodes[] = { 0xFF, 0 };

	for (size_t i = 0; i < 2; i++) {
		const struct heard *h;

		send(&w->a, to(20, nodes[i], 4), 0, 0);
		h = rig_take(w->rig, ET0, DDP_AEP);
		assert_true(mac_eq(h->elap.dst, w->p.mac));
		assert_int_equal(h->ddp.dst.node, nodes[i]);
	}
	rig_assert_all_quiet(w->rig);
}

/* V-D1's bytes from A through us to 20.128: only byte 0 differs. */
static void test_atalk_D15_D16_nothing_but_the_hop_count_changes(void **state)
{
	struct place *w = *state;

	for (unsigned spoil = 0; spoil <= 1; spoil++) {
		struct vector v = vector_load("V-D1");
		const struct heard *h;

		v.byte[3] ^= (uint8_t)spoil;	/* a wrong checksum stays wrong */
		send_raw(w, v.byte, v.len);
		h = rig_take(w->rig, ET0, DDP_AEP);
		assert_int_equal(h->pkt.len, v.len);
		assert_int_equal(h->pkt.data[0], v.byte[0] + 4);
		assert_memory_equal(h->pkt.data + 1, v.byte + 1, v.len - 1);
	}
}

static void test_atalk_D24_reserved_bits_pass_through(void **state)
{
	struct place *w = *state;
	struct vector v = vector_load("V-D1");
	const struct heard *h;

	v.byte[0] |= 0xC0;
	send_raw(w, v.byte, v.len);
	h = rig_take(w->rig, ET0, DDP_AEP);
	assert_int_equal(h->pkt.data[0], 0xC4);
}

static void test_atalk_D35_a_route_at_distance_15_still_works(void **state)
{
	struct place *w = *state;

	station_rtmp(&w->p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1), EXT(40, 41, 14),
		EXT(50, 51, 15)));
	rig_clear(w->rig);
	send(&w->a, to(40, 1, 4), 0, 0);
	rig_take(w->rig, ET0, DDP_AEP);
	send(&w->a, to(50, 1, 4), 0, 0);
	assert_int_equal(rig_drops(w->rig, ET0, DROP_DDP_NO_ROUTE), 1);
}

/* --- dropped ----------------------------------------------------------------------------- */

static void test_atalk_D03_broadcast_for_another_number_of_the_same_cable(void **state)
{
	struct place *w = *state;

	send(&w->a, to(4, 0xFF, 4), 0, 0);
	assert_dropped(w, ET0, DROP_DDP_OTHER_NET_BROADCAST, 1);
}

static void test_atalk_D05_no_route(void **state)
{
	struct place *w = *state;

	send(&w->a, to(99, 1, 4), 0, 0);
	assert_dropped(w, ET0, DROP_DDP_NO_ROUTE, 1);
}

static void test_atalk_D25_the_startup_range_is_never_routed(void **state)
{
	struct place *w = *state;

	send(&w->b, to(0xFF01, 42, 4), 0, 0);
	assert_dropped(w, ET1, DROP_DDP_BAD_DESTINATION, 1);
}

static void test_atalk_D27_network_0_with_a_node_number_is_nobody(void **state)
{
	struct place *w = *state;

	send(&w->a, to(0, w->rig->link[ET0].port->addr.node, 4), 0, 0);
	send(&w->a, to(0, 0, 4), 0, 0);
	assert_dropped(w, ET0, DROP_DDP_BAD_DESTINATION, 2);
}

static void test_atalk_D28_P08_Q09_sources_that_cannot_be_answered(void **state)
{
	struct place *w = *state;
	static const struct at_addr bad[] = {
		{ 0, 0 }, { 0, 42 }, { 4, 0 }, { 4, 255 }, { 0xFFFF, 42 } };
	struct at_addr us = w->rig->link[ET0].port->addr;

	for (size_t i = 0; i < 5; i++) {
		struct ddp h = { .dst = to(us.net, us.node, 4),
			.src = { bad[i].net, bad[i].node, DYNAMIC },
			.type = DDP_AEP };
		struct pkt_buf b;
		struct pkt *p = pkt_buf_init(&b);

		memcpy(p->data, ping, sizeof ping);
		p->len = sizeof ping;
		assert_true(ddp_push_long(p, &h));
		send_raw(w, p->data, p->len);
	}
	assert_dropped(w, ET0, DROP_DDP_BAD_SOURCE, 5);
}

static void test_atalk_D31_unicast_in_a_group_frame_is_not_forwarded(void **state)
{
	struct place *w = *state;
	struct ddp h = { .dst = to(20, 128, 4), .src = { 0, 0, DYNAMIC }, .type = DDP_AEP };

	station_send_to(&w->a, ELAP_BROADCAST, &h, ping, sizeof ping);
	h.dst = to(6, 9, 4);
	station_send_to(&w->a, ELAP_BROADCAST, &h, ping, sizeof ping);
	assert_dropped(w, ET0, DROP_DDP_LINK_BROADCAST, 2);
}

static void test_atalk_D33_a_port_that_is_not_up_takes_no_part(void **state)
{
	struct place *w = *state;

	router_link_down(w->rig->r, w->rig->now, w->rig->link[ET1].port);
	rig_clear(w->rig);
	send(&w->a, to(6, 9, OTHER), 0, 0);
	assert_int_equal(rig_drops(w->rig, ET0, DROP_DDP_NO_ROUTE), 1);
	send(&w->b, to(3, 128, 4), 0, 0);
	assert_int_equal(rig_count(w->rig, ET1, DDP_AEP), 0);
}

static void test_atalk_D22_D23_lengths(void **state)
{
	struct place *w = *state;
	struct vector v = vector_load("V-E4");

	memcpy(v.byte, w->rig->link[ET0].mac.byte, 6);
	v.byte[13] = 0x1C;	/* 802.3 length rounded up: trimmed to the DDP length */
	rig_inject(w->rig, ET0, v.byte, v.len);
	assert_int_equal(rd_left(&rig_take(w->rig, ET0, DDP_AEP)->body), 3);
	v.byte[13] = 0x18;
	for (unsigned len = 0; len < 1024; len++) {
		v.byte[22] = (uint8_t)(len >> 8);
		v.byte[23] = (uint8_t)len;
		if (len < 13 || len > 16)
			rig_inject(w->rig, ET0, v.byte, v.len);
	}
	assert_dropped(w, ET0, DROP_DDP_BAD_LENGTH, 1024 - 4);
}

static void test_atalk_D37_garbage_gets_no_answer_and_breaks_nothing(void **state)
{
	struct place *w = *state;
	uint64_t rx = w->rig->link[ET0].port->count.rx;
	struct prng rng;

	prng_init(&rng, 37);
	for (int i = 0; i < 100000; i++) {
		uint8_t datagram[64];
		size_t n = prng_range(&rng, 0, sizeof datagram);

		for (size_t k = 0; k < n; k++)
			datagram[k] = (uint8_t)prng_u32(&rng);
		send_raw(w, datagram, n);
	}
	assert_int_equal(w->rig->link[ET0].port->count.rx - rx, 100000);
	assert_int_equal(rig_count(w->rig, ET0, DDP_AEP), 0);
	assert_echo(&w->a, to(3, w->rig->link[ET0].port->addr.node, 4),
		w->rig->link[ET0].port->addr);
}

static void test_atalk_D32_D36_P06_we_answer_by_the_table_and_from_the_right_address(void **state)
{
	struct place *w = *state;
	struct at_addr us = w->rig->link[ET0].port->addr;
	struct ddp h = { .hops = 2, .dst = to(us.net, us.node, 4), .src = { 20, 1, DYNAMIC },
		.type = DDP_AEP };
	const struct heard *heard;

	station_send_to(&w->p, w->rig->link[ET0].mac, &h, ping, sizeof ping);
	heard = rig_take(w->rig, ET0, DDP_AEP);	/* back through P */
	assert_true(mac_eq(heard->elap.dst, w->p.mac));
	assert_int_equal(heard->ddp.dst.net, 20);
	assert_int_equal(heard->ddp.src.net, us.net);
	h.src = (struct at_sockaddr){ 0xFF01, 42, DYNAMIC };
	station_send_to(&w->a, w->rig->link[ET0].mac, &h, ping, sizeof ping);
	/* the startup range: on the arrival port, at its frame's source */
	heard = rig_take(w->rig, ET0, DDP_AEP);
	assert_true(mac_eq(heard->elap.dst, w->a.mac));
	rig_assert_all_quiet(w->rig);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_atalk_D02_D10_D11_P04_every_way_to_call_us),
		T(test_atalk_D10_D34_any_router_of_another_attached_network),
		T(test_atalk_D04_P05_all_nodes_of_the_link),
		T(test_atalk_D17_D18_checksum_for_our_sockets),
		T(test_atalk_D18_a_sum_of_zero_travels_as_ffff),
		T(test_atalk_D29_sockets_0_and_255_and_type_0_are_nothing_for_us),
		T(test_a_socket_nobody_listens_on),
		T(test_atalk_D06_D30_to_the_next_router_with_one_more_hop),
		T(test_atalk_D07_hop_15_stops_before_another_router),
		T(test_atalk_D08_D09_the_last_cable_is_always_reached),
		T(test_atalk_D12_directed_broadcast_reaches_us_and_the_cable_once),
		T(test_atalk_D13_D14_remote_broadcast_and_any_router_go_to_the_next_router),
		T(test_atalk_D15_D16_nothing_but_the_hop_count_changes),
		T(test_atalk_D24_reserved_bits_pass_through),
		T(test_atalk_D35_a_route_at_distance_15_still_works),
		T(test_atalk_D03_broadcast_for_another_number_of_the_same_cable),
		T(test_atalk_D05_no_route),
		T(test_atalk_D25_the_startup_range_is_never_routed),
		T(test_atalk_D27_network_0_with_a_node_number_is_nobody),
		T(test_atalk_D28_P08_Q09_sources_that_cannot_be_answered),
		T(test_atalk_D31_unicast_in_a_group_frame_is_not_forwarded),
		T(test_atalk_D33_a_port_that_is_not_up_takes_no_part),
		T(test_atalk_D22_D23_lengths),
		T(test_atalk_D37_garbage_gets_no_answer_and_breaks_nothing),
		T(test_atalk_D32_D36_P06_we_answer_by_the_table_and_from_the_right_address),
	};

	return cmocka_run_group_tests_name("forward", tests, NULL, NULL);
}
