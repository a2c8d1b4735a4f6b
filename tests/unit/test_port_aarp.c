/* core/ethertalk_resolve.c and aarp_table.c: the hardware addresses of other nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ethertalk.h"
#include "rig.h"

enum {
	REQUEST = HEARD_AARP + AARP_REQUEST,
	RESPONSE = HEARD_AARP + AARP_RESPONSE,
};

static const struct mac none = { { 0 } };
static const struct at_addr us = { 3, 128 }, a_addr = { 4, 42 };

/* B sends one byte of echo to a node on ET0: a datagram that R must forward there. */
static void datagram_for(struct rig *rig, uint16_t net, uint8_t node)
{
	const struct station b = station_b(rig);

	station_send(&b, (struct at_sockaddr){ net, node, 4 }, 253, DDP_AEP, "\x01", 1);
}

static void say_probe(const struct station *a, struct at_addr tentative)
{
	station_aarp(a, ELAP_BROADCAST, AARP_PROBE, tentative, none, tentative);
}

static void test_atalk_E17_nothing_is_learnt_from_a_probe(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	say_probe(&a, a_addr);
	datagram_for(rig, 4, 42);
	assert_true(at_addr_eq(rig_take(rig, 0, REQUEST)->aarp.dst_addr, a_addr));
	assert_int_equal(rig_count(rig, 0, DDP_AEP), 0);
	rig_free(rig);
}

static void test_atalk_E18_responses_and_requests_teach_their_source(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	struct station other = { rig, 0, { { 2, 0, 0, 0, 0, 3 } }, { 5, 7 } };

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	station_aarp(&other, rig->link[0].mac, AARP_RESPONSE, other.addr, rig->link[0].mac, us);
	datagram_for(rig, 4, 42);
	datagram_for(rig, 5, 7);
	assert_int_equal(rig_count(rig, 0, REQUEST), 0);
	assert_true(mac_eq(rig_take(rig, 0, DDP_AEP)->elap.dst, a.mac));
	assert_true(mac_eq(rig_take(rig, 0, DDP_AEP)->elap.dst, other.mac));
	rig_free(rig);
}

static void test_atalk_E19_a_probe_for_a_known_address_ends_what_was_known(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	datagram_for(rig, 4, 42);
	assert_non_null(rig_find(rig, 0, DDP_AEP));
	say_probe(&a, a_addr);
	datagram_for(rig, 4, 42);
	assert_non_null(rig_find(rig, 0, REQUEST));
	assert_null(rig_find(rig, 0, DDP_AEP));
	rig_free(rig);
}

static void test_atalk_E19_an_entry_ends_after_a_minute_of_silence(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	rig_run(rig, span_s(AARP_LIFETIME_S));
	rig_clear(rig);
	datagram_for(rig, 4, 42);
	assert_non_null(rig_find(rig, 0, REQUEST));
	assert_null(rig_find(rig, 0, DDP_AEP));
	rig_free(rig);
}

static void test_an_entry_in_use_is_asked_for_before_it_ends_and_traffic_never_waits(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	size_t n = 0;

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	rig_clear(rig);
	for (int i = 0; i < 300; i++) {
		datagram_for(rig, 4, 42);
		assert_non_null(rig_find(rig, 0, DDP_AEP));
		if (rig_find(rig, 0, REQUEST)) {
			n++;
			station_aarp(
				&a, rig->link[0].mac, AARP_RESPONSE, a_addr, rig->link[0].mac, us);
		}
		rig_run(rig, span_s(1));
	}
	assert_in_range(n, 5, 300 / AARP_REFRESH_S);
	rig_free(rig);
}

static void test_atalk_E20_Q04_datagrams_teach_only_neighbours_and_never_by_mac(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct station bridge = station_a(rig);

	(void)state;
	station_teach_baseline(&p);
	/* From 30.1, through P, with and without a hop: no node of this cable. */
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .hops = 1, .dst = { 3, 128, 4 },
		.src = { 30, 1, 253 }, .type = DDP_AEP }, "\x01", 1);
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .dst = { 3, 128, 4 },
		.src = { 30, 1, 253 }, .type = DDP_AEP }, "\x01", 1);
	assert_null(aarp_find(
		&ethertalk_of(rig->link[0].port)->nodes, (struct at_addr){ 30, 1 }, rig->now));
	/* A neighbour's address in a datagram that came through a router. */
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .hops = 1, .dst = { 3, 128, 4 },
		.src = { 4, 77, 253 }, .type = DDP_AEP }, "\x01", 1);
	assert_null(aarp_find(
		&ethertalk_of(rig->link[0].port)->nodes, (struct at_addr){ 4, 77 }, rig->now));
	/* Ten nodes behind the MAC of a bridge each get their own reply. */
	rig_run(rig, span_s(3));
	rig_clear(rig);
	for (uint8_t i = 1; i <= 10; i++) {
		bridge.addr.node = i;
		station_send(&bridge, rig_socket(rig, 0, 4), 253, DDP_AEP, "\x01x", 2);
	}
	for (uint8_t i = 1; i <= 10; i++) {
		const struct heard *h = rig_take(rig, 0, DDP_AEP);

		assert_int_equal(h->ddp.dst.node, i);
		assert_true(mac_eq(h->elap.dst, bridge.mac));
	}
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_E21_requests_are_repeated_then_the_queue_is_dropped(void **state)
{
	struct rig *rig = rig_up();
	struct station absent = { rig, 0, { { 2, 0, 0, 0, 0, 9 } }, { 4, 99 } };
	uint64_t before;

	(void)state;
	for (int i = 0; i < 100; i++)
		datagram_for(rig, 4, 99);
	before = rig_drops(rig, 0, DROP_AARP_UNRESOLVED);
	assert_int_equal(before, 100 - AARP_HELD_PER_TARGET);
	rig_run(rig, span_s(5));
	assert_int_equal(rig_count(rig, 0, REQUEST), 10);
	assert_int_equal(rig_drops(rig, 0, DROP_AARP_UNRESOLVED), 100);
	/* Too late: nothing stale comes out. */
	station_aarp(&absent, rig->link[0].mac, AARP_RESPONSE, absent.addr, rig->link[0].mac, us);
	assert_int_equal(rig_count(rig, 0, DDP_AEP), 0);
	rig_free(rig);
}

static void test_atalk_E21_an_answer_releases_what_waits_in_order(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig), b = station_b(rig);

	(void)state;
	for (uint8_t i = 0; i < 3; i++)
		station_send(
			&b, (struct at_sockaddr){ 4, 42, 4 }, 253, DDP_AEP, (uint8_t[]){ 1, i }, 2);
	rig_run(rig, span_ms(600));
	assert_int_equal(rig_count(rig, 0, REQUEST), 3);
	station_aarp(&a, rig->link[0].mac, AARP_RESPONSE, a_addr, rig->link[0].mac, us);
	for (uint8_t i = 0; i < 3; i++) {
		const struct heard *h = rig_take(rig, 0, DDP_AEP);

		assert_int_equal(h->body.pos[1], i);
		assert_true(mac_eq(h->elap.dst, a.mac));
	}
	rig_run(rig, span_s(5));
	assert_int_equal(rig_count(rig, 0, REQUEST), 3);
	rig_free(rig);
}

static void test_atalk_E21_more_targets_than_places_are_dropped_and_memory_stays(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	for (uint8_t node = 1; node <= 100; node++)
		datagram_for(rig, 5, node);
	assert_int_equal(rig_count(rig, 0, REQUEST), AARP_TARGETS_MAX);
	assert_int_equal(rig_drops(rig, 0, DROP_AARP_UNRESOLVED), 100 - AARP_TARGETS_MAX);
	rig_run(rig, span_s(5));
	rig_clear(rig);
	for (uint8_t node = 1; node <= 40; node++)
		for (int i = 0; i < 5; i++)
			datagram_for(rig, 5, node);
	rig_run(rig, span_s(5));
	/* Every place is free again afterwards. */
	assert_int_equal(rig_drops(rig, 0, DROP_AARP_UNRESOLVED), 100 + 200);
	rig_free(rig);
}

static void test_atalk_E22_Q11_no_request_for_addresses_that_no_node_has(void **state)
{
	struct rig *rig = rig_up();
	const struct station b = station_b(rig);
	const struct at_addr bad[] = { { 4, 0 }, { 4, 254 }, { 4, 255 }, { 0, 9 }, { 0xFFFF, 9 },
		{ 6, 9 }, { 3, 128 } };

	(void)state;
	datagram_for(rig, 4, 0);
	datagram_for(rig, 4, 255);
	station_send(&b, (struct at_sockaddr){ 0, 9, 4 }, 253, DDP_AEP, "\x01", 1);
	assert_int_equal(rig_count(rig, 0, REQUEST), 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		p->len = DDP_LONG_HEADER;
		port_send_node(rig->link[0].port, bad[i], p);
	}
	assert_int_equal(rig_drops(rig, 0, DROP_AARP_BAD_TARGET), sizeof(bad) / sizeof(*bad));
	rig_run(rig, span_s(1));
	assert_int_equal(rig_count(rig, 0, REQUEST), 0);
	rig_free(rig);
}

static void test_atalk_E23_Q16_malformed_aarp_is_ignored_trailing_bytes_are_not(void **state)
{
	struct rig *rig = rig_up();
	struct vector v = vector_load("V-E2");
	uint8_t f[70];
	/* Offsets in the frame: hardware, protocol, both lengths, function. */
	static const struct { size_t at; uint8_t value;
	} wrong[] = {
		{ 22, 1 },
		{ 23, 2 },
		{ 24, 0x81 },
		{ 25, 0x9A },
		{ 26, 5 },
		{ 27, 3 },
		{ 28, 1 },
		{ 29, 0 },
		{ 29, 4 },
	};

	(void)state;
	memcpy(v.byte + 6, (uint8_t[]){ 2, 0, 0, 0, 0, 2 }, 6);		/* from A, ... */
	memcpy(v.byte + 30, v.byte + 6, 6);
	memcpy(v.byte + 36, (uint8_t[]){ 0, 0, 4, 42 }, 4);
	memcpy(v.byte + 46, (uint8_t[]){ 0, 0, 3, 128 }, 4);		/* ... for us */
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		memcpy(f, v.byte, v.len);
		f[wrong[i].at] = wrong[i].value;
		rig_inject(rig, 0, f, v.len);
	}
	assert_int_equal(rig_drops(rig, 0, DROP_AARP_MALFORMED), sizeof(wrong) / sizeof(*wrong));
	rig_assert_all_quiet(rig);
	memcpy(f, v.byte, v.len);
	f[13] = 46;
	rig_inject(rig, 0, f, v.len);
	assert_non_null(rig_find(rig, 0, RESPONSE));
	rig_free(rig);
}

static void test_atalk_E32_the_network_number_is_part_of_the_key(void **state)
{
	struct rig *rig = rig_up();
	struct station a3 = { rig, 0, { { 2, 0, 0, 0, 0, 0x33 } }, { 3, 42 } };
	struct station a4 = { rig, 0, { { 2, 0, 0, 0, 0, 0x44 } }, { 4, 42 } };

	(void)state;
	station_aarp(&a3, ELAP_BROADCAST, AARP_REQUEST, a3.addr, none, us);
	station_aarp(&a4, ELAP_BROADCAST, AARP_REQUEST, a4.addr, none, us);
	datagram_for(rig, 3, 42);
	datagram_for(rig, 4, 42);
	assert_true(mac_eq(rig_take(rig, 0, DDP_AEP)->elap.dst, a3.mac));
	assert_true(mac_eq(rig_take(rig, 0, DDP_AEP)->elap.dst, a4.mac));
	rig_free(rig);
}

static void count_node(void *ctx, const struct aarp_info *info)
{
	struct at_addr *last = ctx;

	assert_string_equal(info->port, "ET0");
	assert_true(info->addr.net > last->net ||
		    (info->addr.net == last->net && info->addr.node > last->node));
	*last = info->addr;
}

static void test_the_table_is_bounded_and_walked_by_address(void **state)
{
	struct rig *rig = rig_up();
	struct station s = station_a(rig);
	struct ethertalk *e = ethertalk_of(rig->link[0].port);
	struct at_addr last = { 0, 0 };
	const struct aarp_entry *n;
	size_t used = 0;

	(void)state;
	for (unsigned net = 5; net >= 3; net--)
		for (uint8_t node = 1; node <= 0xFD; node++)
			station_aarp(&s, ELAP_BROADCAST, AARP_REQUEST,
				(struct at_addr){ (uint16_t)net, node }, none, us);
	for (unsigned net = 0xFF00; net < 0xFF04; net++)
		for (uint8_t node = 1; node <= 0xFD; node++)
			station_aarp(&s, ELAP_BROADCAST, AARP_REQUEST,
				(struct at_addr){ (uint16_t)net, node }, none, us);
	for (n = aarp_next(&e->nodes, NULL, rig->now); n;
		n = aarp_next(&e->nodes, &n->addr, rig->now))
		used++;
	assert_int_equal(used, AARP_ENTRIES_MAX);
	/* The oldest made room. */
	assert_null(aarp_find(&e->nodes, (struct at_addr){ 5, 1 }, rig->now));
	assert_non_null(aarp_find(&e->nodes, (struct at_addr){ 0xFF03, 0xFD }, rig->now));
	router_walk_aarp(rig->r, rig->now, count_node, &last);
	assert_int_equal(last.net, 0xFF03);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_E17_nothing_is_learnt_from_a_probe),
		cmocka_unit_test(test_atalk_E18_responses_and_requests_teach_their_source),
		cmocka_unit_test(test_atalk_E19_a_probe_for_a_known_address_ends_what_was_known),
		cmocka_unit_test(test_atalk_E19_an_entry_ends_after_a_minute_of_silence),
		cmocka_unit_test(
			test_an_entry_in_use_is_asked_for_before_it_ends_and_traffic_never_waits),
		cmocka_unit_test(
			test_atalk_E20_Q04_datagrams_teach_only_neighbours_and_never_by_mac),
		cmocka_unit_test(test_atalk_E21_requests_are_repeated_then_the_queue_is_dropped),
		cmocka_unit_test(test_atalk_E21_an_answer_releases_what_waits_in_order),
		cmocka_unit_test(
			test_atalk_E21_more_targets_than_places_are_dropped_and_memory_stays),
		cmocka_unit_test(test_atalk_E22_Q11_no_request_for_addresses_that_no_node_has),
		cmocka_unit_test(
			test_atalk_E23_Q16_malformed_aarp_is_ignored_trailing_bytes_are_not),
		cmocka_unit_test(test_atalk_E32_the_network_number_is_part_of_the_key),
		cmocka_unit_test(test_the_table_is_bounded_and_walked_by_address),
	};

	return cmocka_run_group_tests_name("port_aarp", tests, NULL, NULL);
}
