/* core/ethertalk_claim.c: our own address on a cable, how it is found and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

enum {
	RESPONSE = HEARD_AARP + AARP_RESPONSE,
	PROBE = HEARD_AARP + AARP_PROBE,
};

static const struct mac none = { { 0 } };
static const struct at_addr us = { 3, 128 }, a_addr = { 4, 42 };

/* Starts a router whose ET0 has no wish for an address; B's cable has no port. */
static struct rig *start(uint64_t seed)
{
	struct rig *rig = rig_new_with(1);

	rig->seed = seed;
	rig->ports[0].address = (struct at_addr){ 0, 0 };
	rig_start(rig);
	return rig;
}

/* Something contests the address at probe 4: ten probes for another follow. */
static void contested_at_probe_4(void (*contest)(const struct station *a, struct at_addr tentative))
{
	struct rig *rig = start(3);
	const struct station a = station_a(rig);
	struct at_addr first, second;

	rig_run(rig, span_ms(700));
	assert_int_equal(rig_count(rig, 0, PROBE), 4);
	first = rig_take(rig, 0, PROBE)->aarp.src_addr;
	rig_clear(rig);
	contest(&a, first);
	assert_int_equal(rig_noted(rig, TRACE_PORT_ADDRESS_TAKEN), 1);
	rig_run(rig, span_ms(1999));
	assert_int_equal(rig_count(rig, 0, PROBE), 10);
	second = rig_take(rig, 0, PROBE)->aarp.src_addr;
	assert_false(at_addr_eq(first, second));
	rig_run(rig, span_s(2));
	assert_true(at_addr_eq(rig->link[0].port->addr, second));
	rig_free(rig);
}

static void say_response(const struct station *a, struct at_addr tentative)
{
	station_aarp(
		a, a->rig->link[0].mac, AARP_RESPONSE, tentative, a->rig->link[0].mac, tentative);
}

static void say_probe(const struct station *a, struct at_addr tentative)
{
	station_aarp(a, ELAP_BROADCAST, AARP_PROBE, tentative, none, tentative);
}

static void test_atalk_E02_E09_ten_probes_200_ms_apart_then_the_address_is_used(void **state)
{
	struct rig *rig = start(1);
	struct instant first = rig->now;
	const struct heard *h;
	struct at_addr tentative;

	(void)state;
	rig_run(rig, span_ms(1999));
	for (int i = 0; i < 10; i++) {
		h = rig_take(rig, 0, PROBE);
		assert_int_equal(span_to_ms(instant_since(h->at, first)), 200 * i);
		assert_true(mac_eq(h->elap.dst, ELAP_BROADCAST));
		assert_true(mac_eq(h->aarp.dst_hw, none));
		assert_true(at_addr_eq(h->aarp.src_addr, h->aarp.dst_addr));
		assert_int_equal(h->raw_len, 60);
		tentative = h->aarp.src_addr;
	}
	assert_int_equal(rig->link[0].port->state, PORT_PROBING);
	assert_null(rig_find(rig, 0, PROBE));
	assert_null(rig_find(rig, 0, DDP_ZIP));
	rig_run(rig, span_s(2));
	assert_true(port_is_up(rig->link[0].port));
	assert_true(at_addr_eq(rig->link[0].port->addr, tentative));
	rig_free(rig);
}

static void test_atalk_E10_addresses_lie_in_the_range_and_in_1_to_FD(void **state)
{
	bool seen[3] = { false };

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct rig *rig = start(seed);
		struct at_addr a = rig_take(rig, 0, PROBE)->aarp.src_addr;

		assert_in_range(a.net, 3, 5);
		assert_in_range(a.node, 1, 0xFD);
		seen[a.net - 3] = true;
		rig_free(rig);
	}
	assert_true(seen[0] && seen[1] && seen[2]);
}

static void test_atalk_E11_response_for_the_tentative_address_starts_over(void **state)
{
	(void)state;
	contested_at_probe_4(say_response);
}

static void test_atalk_E12_foreign_probe_for_the_tentative_address_starts_over(
	void **state)
{
	(void)state;
	contested_at_probe_4(say_probe);
}

static void test_atalk_E13_while_probing_neither_request_nor_probe_is_answered(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station a = station_a(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(900));
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	say_probe(&a, (struct at_addr){ 3, 129 });
	assert_int_equal(rig_count(rig, 0, RESPONSE), 0);
	rig_run(rig, span_s(4));
	assert_int_equal(rig_count(rig, 0, RESPONSE), 0);
	assert_true(at_addr_eq(rig->link[0].port->addr, us));
	rig_free(rig);
}

static void test_atalk_E14_request_for_our_address_is_answered_to_the_asker(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, us);
	h = rig_take(rig, 0, RESPONSE);
	assert_true(mac_eq(h->elap.dst, a.mac));
	assert_true(mac_eq(h->aarp.src_hw, rig->link[0].mac) && at_addr_eq(h->aarp.src_addr, us));
	assert_true(mac_eq(h->aarp.dst_hw, a.mac) && at_addr_eq(h->aarp.dst_addr, a_addr));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_E15_requests_for_other_addresses_are_not_answered(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a_addr, none, (struct at_addr){ 3, 129 });
	station_aarp(&a, rig->link[0].mac, AARP_REQUEST, a_addr, none, (struct at_addr){ 3, 129 });
	station_aarp(&a, ELAP_BROADCAST, AARP_PROBE, (struct at_addr){ 3, 129 }, none,
		(struct at_addr){ 3, 129 });
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_E16_probe_for_our_address_is_answered_at_once(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	say_probe(&a, us);
	h = rig_take(rig, 0, RESPONSE);
	assert_int_equal(instant_cmp(h->at, rig->now), 0);
	assert_true(mac_eq(h->elap.dst, a.mac) && at_addr_eq(h->aarp.src_addr, us));
	/* The prober may think again: nothing was stolen. */
	assert_int_equal(rig_noted(rig, TRACE_PORT_ADDRESS_STOLEN), 0);
	rig_free(rig);
}

static void test_atalk_E24_E31_own_frames_and_group_sources_are_ignored(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct station own = station_a(rig), group = station_a(rig);

	(void)state;
	own.mac = rig->link[0].mac;
	group.mac.byte[0] |= 1;
	rig_start(rig);
	say_probe(&own, us);
	say_probe(&group, us);
	say_response(&own, us);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_SOURCE), 3);
	rig_run(rig, span_s(4));
	assert_true(at_addr_eq(rig->link[0].port->addr, us));
	rig_clear(rig);
	say_probe(&own, us);
	station_aarp(&own, ELAP_BROADCAST, AARP_REQUEST, us, none, us);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_E25_without_a_range_the_first_address_is_from_the_startup_range(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);
	struct at_addr provisional, final;

	(void)state;
	rig->ports[0].address = (struct at_addr){ 0, 0 };
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	provisional = rig_take(rig, 0, PROBE)->aarp.src_addr;
	assert_in_range(provisional.net, 0xFF00, 0xFFFE);
	assert_in_range(provisional.node, 1, 0xFD);
	rig_run(rig, span_ms(2100));
	assert_non_null(rig_find(rig, 0, DDP_ZIP));
	rig_clear(rig);
	station_net_info(&p, (struct at_sockaddr){ provisional.net, provisional.node, 6 }, 3, 5,
		"EtherTalk");
	final = rig_take(rig, 0, PROBE)->aarp.src_addr;
	assert_in_range(final.net, 3, 5);
	rig_run(rig, span_ms(2100));
	assert_true(port_is_up(rig->link[0].port));
	assert_true(at_addr_eq(rig->link[0].port->addr, final));
	rig_free(rig);
}

static void test_atalk_E25_a_saved_address_inside_the_learnt_range_is_kept(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	assert_true(at_addr_eq(rig_take(rig, 0, PROBE)->aarp.src_addr, us));
	rig_run(rig, span_ms(2100));
	rig_clear(rig);
	station_net_info(&p, (struct at_sockaddr){ 0, 255, 6 }, 3, 5, "EtherTalk");
	assert_int_equal(rig_count(rig, 0, PROBE), 0);
	assert_true(port_is_up(rig->link[0].port));
	assert_true(at_addr_eq(rig->link[0].port->addr, us));
	rig_free(rig);
}

static void test_atalk_E26_the_last_address_is_tried_first_if_the_range_has_it(void **state)
{
	struct rig *rig = rig_new_with(2);

	(void)state;
	rig->ports[0].address = (struct at_addr){ 5, 99 };
	rig->ports[1].address = (struct at_addr){ 7, 99 };
	rig_start(rig);
	assert_true(at_addr_eq(rig_take(rig, 0, PROBE)->aarp.src_addr, (struct at_addr){ 5, 99 }));
	assert_int_equal(rig_take(rig, 1, PROBE)->aarp.src_addr.net, 6);
	rig_free(rig);
}

static void test_atalk_E26_E29_after_a_link_came_back_the_same_address_is_tried_first(void **state)
{
	struct rig *rig = start(5);
	struct at_addr before;

	(void)state;
	rig_run(rig, span_s(4));
	before = rig->link[0].port->addr;
	router_link_down(rig->r, rig->now, rig->link[0].port);
	rig->link[0].n_groups = 0;
	rig_clear(rig);
	router_link_up(rig->r, rig->now, rig->link[0].port, &rig->link[0], rig->link[0].mac);
	assert_true(at_addr_eq(rig_take(rig, 0, PROBE)->aarp.src_addr, before));
	rig_free(rig);
}

static void test_atalk_E28_our_address_is_defended_and_kept(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	say_response(&a, us);
	assert_int_equal(rig_noted(rig, TRACE_PORT_ADDRESS_STOLEN), 1);
	assert_true(mac_eq(rig_last(rig, TRACE_PORT_ADDRESS_STOLEN)->event.mac, a.mac));
	h = rig_take(rig, 0, RESPONSE);
	assert_true(mac_eq(h->elap.dst, a.mac) && at_addr_eq(h->aarp.src_addr, us));
	/* Two stubborn nodes do not shout at each other without end. */
	for (int i = 0; i < 50; i++)
		say_response(&a, us);
	assert_int_equal(rig_count(rig, 0, RESPONSE), 0);
	rig_run(rig, span_s(1));
	say_response(&a, us);
	assert_int_equal(rig_count(rig, 0, RESPONSE), 1);
	assert_true(port_is_up(rig->link[0].port));
	assert_true(at_addr_eq(rig->link[0].port->addr, us));
	rig_free(rig);
}

static void test_atalk_E29_a_link_that_comes_back_is_probed_again(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	router_link_down(rig->r, rig->now, rig->link[0].port);
	assert_int_equal(rig->link[0].port->state, PORT_DOWN);
	say_probe(&a, us);
	assert_int_equal(rig_drops(rig, 0, DROP_PORT_NOT_READY), 1);
	rig_run(rig, span_s(1));
	assert_int_equal(rig_count(rig, 0, RESPONSE), 0);
	rig->link[0].n_groups = 0;
	router_link_up(rig->r, rig->now, rig->link[0].port, &rig->link[0], rig->link[0].mac);
	rig_run(rig, span_s(4));
	assert_int_equal(rig_count(rig, 0, PROBE), 10);
	assert_true(port_is_up(rig->link[0].port));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_atalk_E02_E09_ten_probes_200_ms_apart_then_the_address_is_used),
		cmocka_unit_test(test_atalk_E10_addresses_lie_in_the_range_and_in_1_to_FD),
		cmocka_unit_test(test_atalk_E11_response_for_the_tentative_address_starts_over),
		cmocka_unit_test(
			test_atalk_E12_foreign_probe_for_the_tentative_address_starts_over),
		cmocka_unit_test(
			test_atalk_E13_while_probing_neither_request_nor_probe_is_answered),
		cmocka_unit_test(test_atalk_E14_request_for_our_address_is_answered_to_the_asker),
		cmocka_unit_test(test_atalk_E15_requests_for_other_addresses_are_not_answered),
		cmocka_unit_test(test_atalk_E16_probe_for_our_address_is_answered_at_once),
		cmocka_unit_test(test_atalk_E24_E31_own_frames_and_group_sources_are_ignored),
		cmocka_unit_test(
			test_atalk_E25_without_a_range_the_first_address_is_from_the_startup_range),
		cmocka_unit_test(test_atalk_E25_a_saved_address_inside_the_learnt_range_is_kept),
		cmocka_unit_test(
			test_atalk_E26_the_last_address_is_tried_first_if_the_range_has_it),
		cmocka_unit_test(
			test_atalk_E26_E29_after_a_link_came_back_the_same_address_is_tried_first),
		cmocka_unit_test(test_atalk_E28_our_address_is_defended_and_kept),
		cmocka_unit_test(test_atalk_E29_a_link_that_comes_back_is_probed_again),
	};

	return cmocka_run_group_tests_name("port_claim", tests, NULL, NULL);
}
