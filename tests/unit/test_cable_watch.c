/* core/cable_watch.c and port_seed.c: the cable of a port proves to be another one later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static const struct mac no_mac = { { 0 } };

/* One port, 3-5 with the zone EtherTalk, up a moment ago. */
static struct rig *one_port_up(enum seed_mode seed)
{
	struct rig *rig = rig_new_with(1);

	rig_configure(rig, 0, seed, 3, 5, ZONES("EtherTalk"));
	rig_start(rig);
	rig_run(rig, span_ms(3500));
	assert_true(port_is_up(rig->link[0].port));
	rig_clear(rig);
	return rig;
}

static struct port *et0(const struct rig *rig)
{
	return rig->link[0].port;
}

/* A router of a cable 7-8. */
static struct station stranger(struct rig *rig, uint8_t node)
{
	struct station p = station_p(rig);

	p.addr = (struct at_addr){ 7, node };
	p.mac.byte[5] = node;
	return p;
}

/* It says what its cable is; so long after that it does so again. */
static void says_twice(struct rig *rig, const struct station *p, struct span apart)
{
	station_rtmp(p, 7, 8, NULL);
	rig_run(rig, apart);
	station_rtmp(p, 7, 8, NULL);
}

/* --- while the port comes up ------------------------------------------------------------- */

static void test_atalk_R03_R05_what_is_heard_while_probing_counts(void **state)
{
	static const struct {
		enum seed_mode seed;
		enum port_state then;
	} stories[] = { { SEED_HARD, PORT_CONFLICT }, { SEED_SOFT, PORT_PROBING },
		{ SEED_NONE, PORT_PROBING } };

	(void)state;
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		struct rig *rig = rig_new_with(1);
		const struct station p = stranger(rig, 200);
		bool has_range = stories[i].seed != SEED_NONE;

		rig_configure(rig, 0, stories[i].seed, has_range ? 3 : 0, has_range ? 5 : 0,
			has_range ? ZONES("EtherTalk") : NULL);
		rig_start(rig);
		rig_run(rig, span_ms(1000));
		assert_int_equal(et0(rig)->state, PORT_PROBING);
		station_rtmp(&p, 7, 8, NULL);
		assert_int_equal(et0(rig)->state, PORT_PROBING);
		rig_run(rig, span_ms(1100));
		assert_int_equal(et0(rig)->state, stories[i].then);
		if (stories[i].then == PORT_PROBING)
			assert_in_range(et0(rig)->addr.net, 7, 8);
		rig_free(rig);
	}
}

/* A router is asked while it probes, too; but what it hears of itself is not yet for it. */
static void test_atalk_D33_nothing_else_is_heard_while_probing(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = stranger(rig, 200);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(1000));
	station_net_info(&p, (struct at_sockaddr){ 0, 255, 6 }, 7, 8, "Attic");
	station_send(&p, rig_socket(rig, 0, 1), 1, DDP_RTMP, "\0\7\10\310\0\7\200\0\10\202", 10);
	assert_int_equal(rig_drops(rig, 0, DROP_PORT_NOT_READY), 2);
	rig_run(rig, span_ms(2500));
	assert_true(port_is_up(et0(rig)));
	rig_free(rig);
}

/* --- the five minutes -------------------------------------------------------------------- */

static void test_two_data_of_one_router_stop_a_hard_seed_that_was_up(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200);

	(void)state;
	rig_run(rig, span_s(200));
	station_rtmp(&p, 7, 8, NULL);
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 1);
	rig_run(rig, span_ms(9999));
	station_rtmp(&p, 7, 8, NULL);
	assert_true(port_is_up(et0(rig)));
	rig_run(rig, span_ms(1));
	station_rtmp(&p, 7, 8, NULL);
	assert_int_equal(et0(rig)->state, PORT_CONFLICT);
	assert_null(rig_route(rig, 3) && !route_is_bad(rig_route(rig, 3)) ? rig : NULL);
	assert_int_equal(rig_last(rig, TRACE_PORT_RANGE_CONFLICT)->event.range.first, 7);
	assert_true(at_addr_eq(rig_last(rig, TRACE_PORT_RANGE_CONFLICT)->event.addr, p.addr));
	rig_run(rig, span_s(66));
	assert_true(port_is_up(et0(rig)));	/* it has gone */
	rig_free(rig);
}

static void test_one_packet_or_one_of_each_of_two_routers_proves_nothing(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200), q = stranger(rig, 201);

	(void)state;
	station_rtmp(&p, 7, 8, NULL);
	rig_run(rig, span_s(20));
	station_rtmp(&q, 7, 8, NULL);
	rig_run(rig, span_s(20));
	station_rtmp(&p, 6, 8, NULL);		/* renumbered meanwhile: it begins anew */
	assert_true(port_is_up(et0(rig)));
	rig_run(rig, span_s(10));
	station_rtmp(&p, 6, 8, NULL);
	assert_int_equal(et0(rig)->state, PORT_CONFLICT);
	rig_free(rig);
}

/* As many as are remembered, and one more: its one packet does not count as another's second. */
static void test_one_of_each_of_many_routers_proves_nothing(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);

	(void)state;
	for (uint8_t i = 0; i <= CABLE_ROUTERS_MAX; i++) {
		const struct station p = stranger(rig, (uint8_t)(100 + i));

		station_rtmp(&p, 7, 8, NULL);
		rig_run(rig, span_s(15));
	}
	assert_true(port_is_up(et0(rig)));
	rig_free(rig);
}

/* R39: a router that is no node of the cable that it claims; a packet that came through another. */
static void test_atalk_R39_a_liar_proves_nothing(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	struct station p = stranger(rig, 200);

	(void)state;
	p.addr.net = 9;
	for (int i = 0; i < 5; i++)
		says_twice(rig, &p, span_s(10));
	assert_true(port_is_up(et0(rig)));
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_OTHER_RANGE), 10);
	rig_free(rig);
}

static void test_atalk_R41_after_five_minutes_it_is_ignored_and_named(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200);

	(void)state;
	rig_run(rig, span_s(301));
	for (int i = 0; i < 10; i++)
		says_twice(rig, &p, span_s(10));
	assert_true(port_is_up(et0(rig)));
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 20);
	rig_free(rig);
}

/* To the second: what comes at the end of the five minutes counts, what comes behind does not. */
static void test_the_five_minutes_are_five(void **state)
{
	(void)state;
	for (int ms = -500; ms <= 500; ms += 1000) {
		struct rig *rig = rig_new_with(1);
		const struct station p = stranger(rig, 200);

		rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("EtherTalk"));
		rig_start(rig);
		while (!port_is_up(et0(rig)))
			rig_run(rig, span_ms(10));
		rig_run(rig, span_ms(300000 - 15000 + ms));
		says_twice(rig, &p, span_s(15));
		assert_int_equal(et0(rig)->state, ms < 0 ? PORT_CONFLICT : PORT_UP);
		rig_free(rig);
	}
}

static void test_a_soft_seed_takes_the_range_over_when_nobody_uses_ours(void **state)
{
	struct rig *rig = one_port_up(SEED_SOFT);
	const struct station p = stranger(rig, 200);
	const struct noted *said;

	(void)state;
	says_twice(rig, &p, span_s(10));
	said = rig_last(rig, TRACE_PORT_TAKES_RANGE);
	assert_int_equal(said->event.range.first, 7);
	assert_int_equal(said->event.range2.first, 3);
	assert_in_range(et0(rig)->addr.net, 7, 8);
	rig_run(rig, span_ms(2100));
	assert_true(port_is_up(et0(rig)));
	assert_int_equal(et0(rig)->range.last, 8);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 7, 1, ZONES("Attic"));
	station_net_info(&p, rig_socket(rig, 0, 6), 7, 8, "Attic");
	assert_name(&et0(rig)->default_zone->name, "Attic");
	rig_free(rig);
}

/* Each of these is a node with an address in 3-5. */
static void use_a_number(struct rig *rig, int way)
{
	struct station a = station_a(rig);

	if (way == 0)
		station_aarp(&a, ELAP_BROADCAST, AARP_PROBE, a.addr, no_mac, a.addr);
	else if (way == 1)
		station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, no_mac, et0(rig)->addr);
	else
		station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "\1x", 2);
}

static void test_a_soft_seed_stays_when_a_node_has_used_its_range(void **state)
{
	(void)state;
	for (int way = 0; way < 3; way++) {
		struct rig *rig = one_port_up(SEED_SOFT);
		const struct station p = stranger(rig, 200);

		use_a_number(rig, way);
		says_twice(rig, &p, span_s(10));
		assert_true(port_is_up(et0(rig)));
		assert_int_equal(et0(rig)->range.first, 3);
		assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 2);
		rig_free(rig);
	}
}

/* Whichever end of ours the other range leaves out. */
static void test_a_soft_seed_stays_for_a_node_at_either_end(void **state)
{
	static const struct {
		uint16_t node, first, last;
	} ends[] = { { 3, 4, 9 }, { 5, 1, 4 } };

	(void)state;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		struct rig *rig = one_port_up(SEED_SOFT);
		struct station a = station_a(rig), p = station_p(rig);

		a.addr.net = ends[i].node;
		p.addr.net = 4;
		station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, no_mac, et0(rig)->addr);
		for (int k = 0; k < 2; k++) {
			station_rtmp(&p, ends[i].first, ends[i].last, NULL);
			rig_run(rig, span_s(10));
		}
		assert_int_equal(rig_noted(rig, TRACE_PORT_TAKES_RANGE), 0);
		assert_int_equal(et0(rig)->range.first, 3);
		rig_free(rig);
	}
}

/* It asks for our own address, and does not get it. */
static void test_a_node_that_tries_our_address_is_no_obstacle(void **state)
{
	struct rig *rig = one_port_up(SEED_SOFT);
	const struct station a = station_a(rig), p = stranger(rig, 200);

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_PROBE, et0(rig)->addr, no_mac, et0(rig)->addr);
	says_twice(rig, &p, span_s(10));
	assert_int_equal(rig_noted(rig, TRACE_PORT_TAKES_RANGE), 1);
	rig_free(rig);
}

/* A port that has learnt its range learns the next. */
static void test_a_port_without_a_range_of_its_own_takes_over_likewise(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = stranger(rig, 200), q = station_q(rig);

	(void)state;
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_rtmp(&q, 3, 5, NULL);
	rig_run(rig, span_ms(2100));
	assert_int_equal(et0(rig)->range.first, 3);
	says_twice(rig, &p, span_s(10));
	rig_run(rig, span_ms(2100));
	assert_int_equal(et0(rig)->range.first, 7);
	rig_free(rig);
}

/* Two of our cables were joined: the range of one is not the other's as well. */
static void test_the_range_of_another_port_is_not_taken_over(void **state)
{
	struct rig *rig = rig_new();
	struct station p = station_p(rig);

	(void)state;
	rig_configure(rig, 0, SEED_SOFT, 3, 5, ZONES("EtherTalk"));
	rig_bring_up(rig);
	p.addr.net = 6;
	station_rtmp(&p, 6, 6, NULL);
	rig_run(rig, span_s(10));
	station_rtmp(&p, 6, 6, NULL);
	rig_run(rig, span_s(3));
	assert_int_equal(et0(rig)->range.first, 3);
	assert_true(port_is_up(et0(rig)));
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 2);
	rig_free(rig);
}

/* 4.42 is a number of 3-9 as well. */
static void test_a_node_that_keeps_its_number_is_no_obstacle(void **state)
{
	struct rig *rig = one_port_up(SEED_SOFT);
	const struct station p = station_p(rig);

	(void)state;
	use_a_number(rig, 1);
	station_rtmp(&p, 3, 9, NULL);
	rig_run(rig, span_s(10));
	station_rtmp(&p, 3, 9, NULL);
	rig_run(rig, span_ms(2100));
	assert_int_equal(et0(rig)->range.last, 9);
	rig_free(rig);
}

/* Two routers that contradict each other must not make us swing between them. */
static void test_what_was_taken_over_is_not_given_up_for_a_third(void **state)
{
	struct rig *rig = one_port_up(SEED_SOFT);
	const struct station p = stranger(rig, 200);
	struct station q = station_q(rig);

	(void)state;
	q.addr = (struct at_addr){ 50, 9 };
	for (int i = 0; i < 20; i++) {
		station_rtmp(&p, 7, 8, NULL);
		rig_run(rig, span_s(5));
		station_rtmp(&q, 50, 51, NULL);
		rig_run(rig, span_s(5));
	}
	assert_int_equal(rig_noted(rig, TRACE_PORT_TAKES_RANGE), 1);
	assert_int_equal(et0(rig)->range.first, 7);
	rig_free(rig);
}

/* --- the link changes -------------------------------------------------------------------- */

static void test_a_change_of_the_link_asks_anew_and_stops_nothing(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200);

	(void)state;
	rig_run(rig, span_s(3600));
	rig_clear(rig);
	router_link_changed(rig->r, rig->now, et0(rig));
	rig_run(rig, span_s(2));
	assert_int_equal(rig_count(rig, 0, DDP_RTMP_REQUEST), 3);
	assert_int_equal(rig_noted(rig, TRACE_PORT_DOWN), 0);
	station_rtmp(&p, 7, 8, NULL);
	assert_true(port_is_up(et0(rig)));
	rig_run(rig, span_s(10));
	station_rtmp(&p, 7, 8, NULL);
	assert_int_equal(et0(rig)->state, PORT_CONFLICT);
	rig_free(rig);
}

/* What a router said once, long ago and perhaps on another cable, is no first packet. */
static void test_what_was_heard_before_a_change_does_not_count(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200);

	(void)state;
	station_rtmp(&p, 7, 8, NULL);
	rig_run(rig, span_s(60));
	router_link_changed(rig->r, rig->now, et0(rig));
	station_rtmp(&p, 7, 8, NULL);
	assert_true(port_is_up(et0(rig)));
	rig_run(rig, span_s(10));
	station_rtmp(&p, 7, 8, NULL);
	assert_int_equal(et0(rig)->state, PORT_CONFLICT);
	rig_free(rig);
}

/* A node that came along with us still has our number. */
static void test_a_change_of_the_link_forgets_no_node(void **state)
{
	struct rig *rig = one_port_up(SEED_SOFT);
	const struct station p = stranger(rig, 200);

	(void)state;
	use_a_number(rig, 1);
	rig_run(rig, span_s(3600));
	router_link_changed(rig->r, rig->now, et0(rig));
	says_twice(rig, &p, span_s(10));
	assert_int_equal(et0(rig)->range.first, 3);
	rig_free(rig);
}

static void test_a_port_in_conflict_tries_again_when_its_link_changes(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);
	const struct station p = stranger(rig, 200);

	(void)state;
	says_twice(rig, &p, span_s(10));
	assert_int_equal(et0(rig)->state, PORT_CONFLICT);
	router_link_changed(rig->r, rig->now, et0(rig));
	assert_int_equal(et0(rig)->state, PORT_PROBING);
	rig_run(rig, span_s(4));
	assert_true(port_is_up(et0(rig)));
	rig_free(rig);
}

static void test_a_port_without_a_link_does_not_mind(void **state)
{
	struct rig *rig = one_port_up(SEED_HARD);

	(void)state;
	router_link_down(rig->r, rig->now, et0(rig));
	router_link_changed(rig->r, rig->now, et0(rig));
	assert_int_equal(et0(rig)->state, PORT_DOWN);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_R03_R05_what_is_heard_while_probing_counts),
		cmocka_unit_test(test_atalk_D33_nothing_else_is_heard_while_probing),
		cmocka_unit_test(test_two_data_of_one_router_stop_a_hard_seed_that_was_up),
		cmocka_unit_test(test_one_packet_or_one_of_each_of_two_routers_proves_nothing),
		cmocka_unit_test(test_one_of_each_of_many_routers_proves_nothing),
		cmocka_unit_test(test_atalk_R39_a_liar_proves_nothing),
		cmocka_unit_test(test_atalk_R41_after_five_minutes_it_is_ignored_and_named),
		cmocka_unit_test(test_the_five_minutes_are_five),
		cmocka_unit_test(test_a_soft_seed_takes_the_range_over_when_nobody_uses_ours),
		cmocka_unit_test(test_a_soft_seed_stays_when_a_node_has_used_its_range),
		cmocka_unit_test(test_a_soft_seed_stays_for_a_node_at_either_end),
		cmocka_unit_test(test_a_node_that_tries_our_address_is_no_obstacle),
		cmocka_unit_test(test_a_port_without_a_range_of_its_own_takes_over_likewise),
		cmocka_unit_test(test_the_range_of_another_port_is_not_taken_over),
		cmocka_unit_test(test_a_node_that_keeps_its_number_is_no_obstacle),
		cmocka_unit_test(test_what_was_taken_over_is_not_given_up_for_a_third),
		cmocka_unit_test(test_a_change_of_the_link_asks_anew_and_stops_nothing),
		cmocka_unit_test(test_what_was_heard_before_a_change_does_not_count),
		cmocka_unit_test(test_a_change_of_the_link_forgets_no_node),
		cmocka_unit_test(test_a_port_in_conflict_tries_again_when_its_link_changes),
		cmocka_unit_test(test_a_port_without_a_link_does_not_mind),
	};

	return cmocka_run_group_tests_name("cable_watch", tests, NULL, NULL);
}
