/* core/aurp_zone_ask.c: the zones of a peer's networks (aurp Z1-Z17, O8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* The numbers in a ZI-Req. */
static size_t asked_nets(const struct sent *s, uint16_t *n, size_t max)
{
	struct rd r = s->body;
	size_t count = 0;

	while (count < max && aurp_next_zi_net(&r, &n[count]))
		count++;
	return count;
}

/* A whole ZI-Rsp body from tuples, as given. */
static void say_zones(const struct mate *m, enum aurp_msg msg, const char *body, size_t n)
{
	mate_say(m, (struct aurp){ m->dut_id, 0, 0, msg }, body, n);
}

static void test_aurp_Z6_szi_is_set_where_zones_are_missing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.flags, AURP_SZI);
	m.sequence = 2;
	mate_zi_rsp(&m, 200, ZONES("Far"));
	/* Nothing new to know. */
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), 2 })), 0);
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 })), 0);
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 2 })), AURP_SZI);
	lab_free(lab);
}

static void test_aurp_Z7_zones_may_come_before_the_next_part_of_the_list(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, 0, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	assert_true(lab_has_zone(lab, 200, "Far"));
	mate_ri_rsp(&m, 2, AURP_LAST, NETWORKS({ net(201), 0 }));
	assert_true(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_aurp_Z1_Z2_Z8_lost_zones_are_asked_for_until_they_come(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	uint16_t n[8];
	const struct sent *s;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(200, 209), 0 }, { net(220), 1 }, { net(230), 1 }));
	mate_zi_rsp(&m, 220, ZONES("Near by"));
	/* Three times nothing comes back. */
	for (int i = 0; i < 3; i++) {
		s = mate_await(&m, AURP_ZI_REQ, span_s(41));
		assert_int_equal(s->h.connection, m.dut_id);
		assert_int_equal(s->h.sequence, 0);
		assert_int_equal(asked_nets(s, n, 8), 2);
		/* An extended network by its first number. */
		assert_int_equal(n[0], 200);
		assert_int_equal(n[1], 230);
	}
	mate_zi_rsp(&m, 200, ZONES("Far", "Further"));
	s = mate_await(&m, AURP_ZI_REQ, span_s(100));
	assert_int_equal(asked_nets(s, n, 8), 1);
	assert_int_equal(n[0], 230);
	mate_zi_rsp(&m, 230, ZONES("Furthest"));
	lab_run(lab, span_s(80));
	while ((s = mate_find(&m)) != NULL)
		mate_take(&m, AURP_TICKLE);
	assert_true(lab_has_zone(lab, 200, "Further"));
	lab_free(lab);
}

static void test_aurp_Z9_asking_gets_rarer_and_never_ends(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	struct instant last, start;
	int n = 0;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(100000);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	start = last = lab->rig->now;
	for (int64_t gap = 10; span_to_s(instant_since(last, start)) < 3600; n++) {
		const struct sent *s = mate_await(&m, AURP_ZI_REQ, span_s(310));

		if (n > 0) {
			assert_int_equal(span_to_s(instant_since(s->at, last)), gap);
			gap = gap * 2 > 300 ? 300 : gap * 2;
		}
		last = s->at;
	}
	assert_in_range(n, 14, 20);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_ZONES_MISSING), 1);
	assert_int_equal(rig_last(lab->rig, TRACE_PEER_ZONES_MISSING)->event.range.first, 200);
	lab_free(lab);
}

/* What it told was said to be of no use; that it tells nothing would be wrong. */
static void test_a_peer_with_unfit_zones_alone_is_asked_on_without_a_complaint(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(100000);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	for (int i = 0; i < 12; i++) {
		mate_await(&m, AURP_ZI_REQ, span_s(310));
		mate_zi_rsp(&m, 200, ZONES("*"));
	}
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_ZONES_MISSING), 0);
	assert_int_equal(rig_noted(lab->rig, TRACE_ZONE_UNFIT), 1);
	lab_free(lab);
}

static void test_aurp_Z12_Z15_every_tuple_counts_whatever_the_count(void **state)
{
	/* Vector V5 with 15 for 5 and a count of 1. */
	const char body[] = "\0\1\0\x0F\5Sales" "\0\x64\x80\0" "\0\x64\3R&D" "\0\x0D\x80\x0C";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(15), 0 }, { nets(100, 109), 2 }, { nets(13, 13), 1 }));
	say_zones(&m, AURP_ZI_RSP, body, sizeof(body) - 1);
	assert_true(lab_has_zone(lab, 15, "Sales"));
	assert_true(lab_has_zone(lab, 100, "Sales"));
	assert_true(lab_has_zone(lab, 100, "R&D"));
	assert_true(lab_has_zone(lab, 13, "R&D"));
	lab_free(lab);
}

static void test_aurp_Z17_an_extended_list_is_whole_with_its_total_and_grows_after(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct route *route;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	route = (struct route *)(uintptr_t)rig_route(lab->rig, 100);
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\5Sales\0\x64\3R&D", 16);
	assert_false(route->zones->is_complete);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	/* The same again brings it no nearer: distinct names count. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\5SALES\0\x64\3R&D", 16);
	assert_false(route->zones->is_complete);
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\4Labs", 9);
	assert_true(lab_has_zone(lab, 100, "Sales"));
	assert_true(lab_has_zone(lab, 100, "Labs"));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\4\0\x64\4Late", 9);
	assert_true(lab_has_zone(lab, 100, "Late"));
	assert_int_equal(route->zones->used, 4);
	lab_free(lab);
}

static void test_an_extended_total_that_is_never_reached_keeps_us_asking(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\x09\0\x64\5Sales\0\x64\3R&D", 16);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	mate_await(&m, AURP_ZI_REQ, span_s(21));
	assert_false(lab_has_zone(lab, 100, "Sales"));
	lab_free(lab);
}

static void test_aurp_Z9_a_list_that_grows_is_asked_for_as_if_anew(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	for (int s = 10; s <= 80; s *= 2)
		mate_await(&m, AURP_ZI_REQ, span_s(s + 1));
	/* 160 s from now; but something gets through. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\5Sales", 10);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\3R&D", 8);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	/* What is known already is no progress. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\3R&D", 8);
	lab_run(lab, span_s(9));
	assert_null(mate_find(&m));
	mate_await(&m, AURP_ZI_REQ, span_s(12));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\4Labs", 9);
	assert_true(lab_has_zone(lab, 100, "Labs"));
	lab_free(lab);
}

static void test_extended_form_with_several_networks_is_read_as_darwin_means_it(void **state)
{
	const char body[] = "\0\3\0\x64\5Sales" "\0\x64\3R&D" "\0\x0D\x80\x08";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }, { nets(13, 13), 1 }));
	say_zones(&m, AURP_ZI_RSP_EXT, body, sizeof(body) - 1);
	assert_true(lab_has_zone(lab, 100, "R&D"));
	assert_true(lab_has_zone(lab, 13, "R&D"));
	/* Its next packet goes on where this one ended. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\2\0\x0D\4More\0\x64\4Late", 17);
	assert_true(lab_has_zone(lab, 13, "More"));
	assert_true(lab_has_zone(lab, 100, "Late"));
	lab_free(lab);
}

static void test_lists_with_a_gap_are_not_whole(void **state)
{
	/* An offset that leads nowhere; then a name that is cut. */
	const char gap[] = "\0\2\0\x64\5Sales" "\0\x64\x80\x40";
	const char cut[] = "\0\2\0\x64\5Sales" "\0\x64\4La";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	say_zones(&m, AURP_ZI_RSP, gap, sizeof(gap) - 1);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-tuple"), 1);
	say_zones(&m, AURP_ZI_RSP, cut, sizeof(cut) - 1);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	assert_int_equal(lab_count(lab, "p0", "aurp-malformed"), 1);
	mate_zi_rsp(&m, 100, ZONES("Sales", "Labs"));
	assert_true(lab_has_zone(lab, 100, "Sales"));
	lab_free(lab);
}

static void test_zones_of_networks_that_are_not_the_peers_are_ignored(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	mate_zi_rsp(&m, 300, ZONES("Mine"));
	mate_zi_rsp(&m, 3, ZONES("Mine"));
	mate_zi_rsp(&m, 999, ZONES("Mine"));
	assert_false(lab_has_zone(lab, 300, "Mine"));
	assert_false(lab_has_zone(lab, 3, "Mine"));
	assert_int_equal(lab_count(lab, "p0", "zip-unexpected"), 3);
	lab_free(lab);
}

static void test_aurp_Z23_zones_survive_a_change_of_path(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	/* It tells them while the other way is used; when that goes, there is nothing to ask. */
	mate_serve(&n, NETWORKS({ net(200), 5 }));
	mate_zi_rsp(&n, 200, ZONES("Far"));
	mate_forget(&n);
	mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_string_equal(lab_via(lab, 200), "p1");
	assert_true(lab_has_zone(lab, 200, "Far"));
	mate_assert_silence(&n, span_s(30));
	lab_free(lab);
}

static void test_a_network_that_comes_back_may_have_other_zones(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NA, net(200), 0 })), AURP_SZI);
	assert_false(lab_has_zone(lab, 200, "Far"));
	mate_zi_rsp(&m, 200, ZONES("Elsewhere"));
	assert_true(lab_has_zone(lab, 200, "Elsewhere"));
	assert_false(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_aurp_Z21_names_pass_byte_for_byte(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct route *route;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("\x80\xFF\x01 \xCA*"));
	route = rig_route(lab->rig, 200);
	assert_memory_equal(route->zones->zone[0]->name.byte, "\x80\xFF\x01 \xCA*", 6);
	lab_free(lab);
}

static void test_aurp_O8_zones_that_found_no_room_are_asked_for_again(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->rig->config.max_zones = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_zi_rsp(&m, 201, ZONES("Further"));
	assert_false(lab_has_zone(lab, 201, "Further"));
	assert_int_equal(lab_count(lab, "p0", "aurp-table-full"), 1);
	lab->rig->config.max_zones = 10;
	lab_apply(lab);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	mate_zi_rsp(&m, 201, ZONES("Further"));
	assert_true(lab_has_zone(lab, 201, "Further"));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_Z6_szi_is_set_where_zones_are_missing),
		cmocka_unit_test(test_aurp_Z7_zones_may_come_before_the_next_part_of_the_list),
		cmocka_unit_test(test_aurp_Z1_Z2_Z8_lost_zones_are_asked_for_until_they_come),
		cmocka_unit_test(test_aurp_Z9_asking_gets_rarer_and_never_ends),
		cmocka_unit_test(
			test_a_peer_with_unfit_zones_alone_is_asked_on_without_a_complaint),
		cmocka_unit_test(test_aurp_Z12_Z15_every_tuple_counts_whatever_the_count),
		cmocka_unit_test(
			test_aurp_Z17_an_extended_list_is_whole_with_its_total_and_grows_after),
		cmocka_unit_test(test_an_extended_total_that_is_never_reached_keeps_us_asking),
		cmocka_unit_test(test_aurp_Z9_a_list_that_grows_is_asked_for_as_if_anew),
		cmocka_unit_test(
			test_extended_form_with_several_networks_is_read_as_darwin_means_it),
		cmocka_unit_test(test_lists_with_a_gap_are_not_whole),
		cmocka_unit_test(test_zones_of_networks_that_are_not_the_peers_are_ignored),
		cmocka_unit_test(test_aurp_Z23_zones_survive_a_change_of_path),
		cmocka_unit_test(test_a_network_that_comes_back_may_have_other_zones),
		cmocka_unit_test(test_aurp_Z21_names_pass_byte_for_byte),
		cmocka_unit_test(test_aurp_O8_zones_that_found_no_room_are_asked_for_again),
	};

	return cmocka_run_group_tests_name("aurp_zones_ask", tests, NULL, NULL);
}
