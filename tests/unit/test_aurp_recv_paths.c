/* core/aurp_learn.c with route_table.c: several ways to a network (aurp U23, U27-U41, R). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* Three routers behind one tunnel, all serving what a test gives them. */
struct trio {
	struct lab *lab;
	struct mate m[3];
};

static struct trio trio_up(const struct aurp_network *a, const struct aurp_network *b,
	const struct aurp_network *c)
{
	struct trio t = { .lab = lab_up(3) };
	const struct aurp_network *list[] = { a, b, c };

	for (unsigned i = 0; i < 3; i++) {
		t.m[i] = mate_of(t.lab, i);
		mate_serve(&t.m[i], list[i]);
		mate_forget(&t.m[i]);
	}
	return t;
}

static size_t alternatives(const struct trio *t, uint16_t n)
{
	return route_alternatives(rig_route(t->lab->rig, n));
}

/* RTMP on the cable calls the network this distance; -1: does not name it. */
static int rtmp_distance(struct lab *lab, uint16_t n)
{
	const struct heard *f;
	int distance = -1;

	while ((f = rig_find(lab->rig, 0, DDP_RTMP)) != NULL) {
		struct rd r = f->body;
		struct rtmp_header h;
		struct rtmp_tuple tuple;
		enum tuple_step step;

		if (!rtmp_decode_header(&r, true, &h))
			continue;
		while (tuple_is_here(step = rtmp_next_tuple(&r, &tuple)))
			if (step == TUPLE_OK && tuple.range.first == n)
				distance = tuple.distance;
	}
	return distance;
}

static void test_aurp_U27_U31_R9_every_path_is_kept_and_the_best_is_used(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 4}), NETWORKS({net(9), 2}), NETWORKS({net(9), 6}));

	(void)state;
	assert_string_equal(lab_via(t.lab, 9), "p1");
	assert_int_equal(lab_distance(t.lab, 9), 3);
	assert_int_equal(alternatives(&t, 9), 2);
	/* The best goes, then the next: no gap. */
	mate_rd(&t.m[1], t.m[1].dut_id, t.m[1].sequence, -1);
	assert_string_equal(lab_via(t.lab, 9), "p0");
	mate_rd(&t.m[0], t.m[0].dut_id, t.m[0].sequence, -1);
	assert_string_equal(lab_via(t.lab, 9), "p2");
	assert_int_equal(lab_distance(t.lab, 9), 7);
	assert_int_equal(alternatives(&t, 9), 0);
	lab_free(t.lab);
}

static void test_aurp_U29_a_new_network_is_a_new_entry(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 0}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

	(void)state;
	mate_update(&t.m[2], EVENTS({ AURP_EV_NA, nets(40, 49), 1 }));
	mate_zi_rsp(&t.m[2], 40, ZONES("West"));
	assert_string_equal(lab_via(t.lab, 45), "p2");
	lab_run(t.lab, span_s(11));
	/* Neighbours hear of it as if it had come by RTMP (R3). */
	assert_int_equal(rtmp_distance(t.lab, 40), 2);
	lab_free(t.lab);
}

static void test_aurp_U30_a_better_addition_takes_over_and_the_old_path_waits(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 4}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

	(void)state;
	mate_update(&t.m[1], EVENTS({ AURP_EV_NA, net(9), 2 }));
	assert_string_equal(lab_via(t.lab, 9), "p1");
	assert_int_equal(alternatives(&t, 9), 1);
	mate_update(&t.m[1], EVENTS({ AURP_EV_ND, net(9), 0 }));
	assert_string_equal(lab_via(t.lab, 9), "p0");
	assert_int_equal(lab_distance(t.lab, 9), 5);
	lab_free(t.lab);
}

static void test_aurp_U30_an_addition_replaces_a_bad_entry_however_far(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 1}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

	(void)state;
	mate_update(&t.m[0], EVENTS({ AURP_EV_ND, net(9), 0 }));
	assert_true(route_is_bad(rig_route(t.lab->rig, 9)));
	mate_update(&t.m[1], EVENTS({ AURP_EV_NA, net(9), 12 }));
	assert_string_equal(lab_via(t.lab, 9), "p1");
	assert_int_equal(lab_distance(t.lab, 9), 13);
	lab_free(t.lab);
}

static void test_aurp_R13_equal_distance_keeps_the_path_in_use(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 4}), NETWORKS({net(9), 4}), NETWORKS({net(9), 4}));

	(void)state;
	assert_string_equal(lab_via(t.lab, 9), "p0");
	mate_update(&t.m[1], EVENTS({ AURP_EV_NDC, net(9), 4 }));
	assert_string_equal(lab_via(t.lab, 9), "p0");
	lab_free(t.lab);
}

static void test_aurp_R12_without_a_loop_there_is_one_path(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 4}), NETWORKS({net(10), 4}), NETWORKS({net(11), 4}));

	(void)state;
	for (uint16_t n = 9; n <= 11; n++)
		assert_int_equal(alternatives(&t, n), 0);
	lab_free(t.lab);
}

static void test_aurp_U33_deletion_by_the_next_router_promotes_the_shortest(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 1}), NETWORKS({net(9), 6}), NETWORKS({net(9), 3}));

	(void)state;
	mate_update(&t.m[0], EVENTS({ AURP_EV_ND, net(9), 0 }));
	assert_string_equal(lab_via(t.lab, 9), "p2");
	assert_int_equal(alternatives(&t, 9), 1);
	assert_false(route_is_bad(rig_route(t.lab->rig, 9)));
	lab_free(t.lab);
}

static void test_aurp_U23_U34_U36_R5_without_alternative_neighbours_hear_of_the_loss(void **state)
{
	const enum aurp_event_code lost[] = { AURP_EV_ND, AURP_EV_NRC };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct trio t = trio_up(
			NETWORKS({net(9), 1}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

		mate_zi_rsp(&t.m[0], 9, ZONES("Far"));
		lab_run(t.lab, span_s(11));
		assert_int_equal(rtmp_distance(t.lab, 9), 2);
		mate_update(&t.m[0], EVENTS({ lost[i], net(9), 0 }));
		lab_run(t.lab, span_s(10));
		assert_int_equal(rtmp_distance(t.lab, 9), 31);
		lab_run(t.lab, span_s(60));
		rig_clear(t.lab->rig);
		lab_run(t.lab, span_s(11));
		assert_int_equal(rtmp_distance(t.lab, 9), -1);
		assert_null(rig_route(t.lab->rig, 9));
		lab_free(t.lab);
	}
}

static void test_aurp_U35_deletion_by_another_removes_only_its_alternative(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 1}), NETWORKS({net(9), 6}), NETWORKS({net(9), 3}));

	(void)state;
	mate_update(&t.m[2], EVENTS({ AURP_EV_ND, net(9), 0 }));
	assert_string_equal(lab_via(t.lab, 9), "p0");
	assert_int_equal(alternatives(&t, 9), 1);
	lab_free(t.lab);
}

static void test_aurp_U37_U38_distance_changes_choose_anew(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 5}), NETWORKS({net(9), 6}), NETWORKS({net(0), 0}));

	(void)state;
	mate_update(&t.m[0], EVENTS({ AURP_EV_NDC, net(9), 9 }));
	assert_string_equal(lab_via(t.lab, 9), "p1");
	assert_int_equal(lab_distance(t.lab, 9), 7);
	assert_int_equal(alternatives(&t, 9), 1);
	/* An alternative's own change, one that was not known, and back. */
	mate_update(&t.m[0], EVENTS({ AURP_EV_NDC, net(9), 7 }));
	assert_string_equal(lab_via(t.lab, 9), "p1");
	mate_update(&t.m[2], EVENTS({ AURP_EV_NDC, net(9), 8 }));
	assert_int_equal(alternatives(&t, 9), 2);
	mate_update(&t.m[2], EVENTS({ AURP_EV_NDC, net(9), 2 }));
	assert_string_equal(lab_via(t.lab, 9), "p2");
	lab_free(t.lab);
}

static void test_aurp_U39_U40_rtmp_takes_over_and_gives_back(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 5}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

	(void)state;
	mate_zi_rsp(&t.m[0], 9, ZONES("Far"));
	lab_net(t.lab, net(9), 2, NULL);
	assert_string_equal(lab_via(t.lab, 9), "ET0");
	assert_int_equal(alternatives(&t, 9), 1);
	lab_net_gone(t.lab, 9);
	assert_string_equal(lab_via(t.lab, 9), "p0");
	assert_int_equal(lab_distance(t.lab, 9), 6);
	lab_free(t.lab);
}

static void test_aurp_U41_T21_U6_U3_local_path_grows_and_shrinks_past_the_tunnel(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 3}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));
	struct mate *informed = &t.m[1];
	uint16_t number;

	(void)state;
	mate_zi_rsp(&t.m[0], 9, ZONES("Far"));
	lab_net(t.lab, net(9), 2, NULL);
	assert_int_equal(mate_subscribe(informed), 2);
	mate_forget(informed);
	lab_net(t.lab, net(9), 6, NULL);
	assert_string_equal(lab_via(t.lab, 9), "p0");
	assert_int_equal(lab_distance(t.lab, 9), 4);
	number = mate_await(informed, AURP_RI_UPD, span_s(11))->h.sequence;
	assert_one_event(t.lab->sent[t.lab->n_sent - 1], AURP_EV_NRC, net(9), 0);
	mate_ack(informed, number, 0);
	lab_net(t.lab, net(9), 3, NULL);
	assert_string_equal(lab_via(t.lab, 9), "ET0");
	assert_one_event(mate_await(informed, AURP_RI_UPD, span_s(11)), AURP_EV_NA, net(9), 3);
	lab_free(t.lab);
}

static void test_aurp_R1_imported_routes_do_not_age(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 3}), NETWORKS({net(0), 0}), NETWORKS({net(0), 0}));

	(void)state;
	for (int i = 0; i < 20; i++) {
		lab_run(t.lab, span_s(30));
		for (int k = 0; k < 3; k++) {
			mate_tickle_ack(&t.m[k]);
			mate_forget(&t.m[k]);
		}
	}
	assert_int_equal(lab_distance(t.lab, 9), 4);
	assert_int_equal(rig_route(t.lab->rig, 9)->best->state, PATH_GOOD);
	lab_free(t.lab);
}

static void test_aurp_R3_Z22_imported_networks_and_zones_are_presented_locally(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 3}), NETWORKS({net(10), 0}), NETWORKS({net(0), 0}));
	const struct at_name far = name_of("FAR");

	(void)state;
	/* One zone on two networks, whatever the case of its letters. */
	mate_zi_rsp(&t.m[0], 9, ZONES("Far"));
	mate_zi_rsp(&t.m[1], 10, ZONES("fAR"));
	assert_int_equal(zone_find(&t.lab->rig->r->zones, &far)->used, 2);
	lab_run(t.lab, span_s(11));
	assert_int_equal(rtmp_distance(t.lab, 9), 4);
	lab_free(t.lab);
}

static void test_aurp_R11_fourteen_is_used_here_and_fifteen_kept_but_not_used(void **state)
{
	struct trio t = trio_up(NETWORKS({net(9), 14}, {net(10), 15}), NETWORKS({net(10), 15}),
		NETWORKS({net(0), 0}));

	(void)state;
	mate_zi_rsp(&t.m[0], 9, ZONES("Far"));
	assert_int_equal(lab_distance(t.lab, 9), 15);
	assert_int_equal(lab_distance(t.lab, 10), -1);
	assert_non_null(rig_route(t.lab->rig, 10));
	lab_run(t.lab, span_s(11));
	assert_int_equal(rtmp_distance(t.lab, 10), -1);
	lab_run(t.lab, span_s(11));
	assert_int_equal(rtmp_distance(t.lab, 9), -1);
	/* Nearer now: the alternative comes to life. */
	mate_update(&t.m[1], EVENTS({ AURP_EV_NDC, net(10), 4 }));
	assert_string_equal(lab_via(t.lab, 10), "p1");
	lab_free(t.lab);
}

static void test_aurp_R6_overlapping_range_is_ignored_and_both_owners_named(void **state)
{
	struct trio t = trio_up(NETWORKS({ nets(100, 109), 3 }), NETWORKS({ nets(100, 105), 0 }),
		NETWORKS({ net(0), 0 }));
	const struct noted *n = rig_last(t.lab->rig, TRACE_PEER_OVERLAP);

	(void)state;
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_OVERLAP), 1);
	assert_int_equal(n->event.range.last, 105);
	assert_int_equal(n->event.range2.last, 109);
	assert_string_equal(n->other, "p0");
	assert_int_equal(lab_count(t.lab, "p1", "aurp-overlap"), 1);
	assert_string_equal(lab_via(t.lab, 100), "p0");
	assert_int_equal(lab_peer(t.lab, "p1").routes, 0);
	mate_update(&t.m[1], EVENTS({ AURP_EV_NDC, nets(100, 105), 2 }));
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_OVERLAP), 1);
	lab_free(t.lab);
}

/* Who had to give way, and could not be asked as soon as the other was gone, is asked later. */
static void test_aurp_R6_a_refused_way_is_asked_for_though_another_peer_has_it_by_now(void **state)
{
	struct trio t = trio_up(NETWORKS({ nets(100, 109), 3 }), NETWORKS({ nets(100, 105), 0 }),
		NETWORKS({ net(0), 0 }));

	(void)state;
	lab_run(t.lab, span_s(75));
	mate_forget(&t.m[0]);
	mate_forget(&t.m[2]);
	mate_update(&t.m[0], EVENTS({ AURP_EV_ND, nets(100, 109), 0 }));
	mate_update(&t.m[2], EVENTS({ AURP_EV_ND, net(77), 0 }));
	while (rig_route(t.lab->rig, 100))
		lab_run(t.lab, span_s(1));
	assert_string_equal(lab_peer(t.lab, "p1").recv, "wait-tickle-ack");
	mate_update(&t.m[2], EVENTS({ AURP_EV_NA, nets(100, 105), 2 }));
	assert_string_equal(lab_via(t.lab, 100), "p2");
	mate_forget(&t.m[1]);
	mate_tickle_ack(&t.m[1]);
	mate_take(&t.m[1], AURP_RI_REQ);
	mate_ri_rsp(&t.m[1], t.m[1].sequence, AURP_LAST, NETWORKS({ nets(100, 105), 0 }));
	assert_string_equal(lab_via(t.lab, 100), "p1");
	lab_free(t.lab);
}

/* A network that is dying is in the way for a while, but nobody has to renumber. */
static void test_aurp_R6_a_site_that_renumbers_is_no_quarrel(void **state)
{
	struct trio t = trio_up(NETWORKS({ nets(100, 109), 3 }), NETWORKS({ net(0), 0 }),
		NETWORKS({ net(0), 0 }));

	(void)state;
	mate_update(&t.m[0], EVENTS({ AURP_EV_ND, nets(100, 109), 0 }));
	mate_update(&t.m[0], EVENTS({ AURP_EV_NA, nets(100, 105), 3 }));
	assert_int_equal(lab_count(t.lab, "p0", "aurp-overlap"), 1);
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_OVERLAP), 0);
	mate_forget(&t.m[0]);
	lab_run(t.lab, span_s(61));
	mate_take(&t.m[0], AURP_RI_REQ);
	lab_free(t.lab);
}

static void test_aurp_R7_our_own_cable_is_never_overridden(void **state)
{
	struct trio t = trio_up(NETWORKS({nets(3, 5), 0}, {net(9), 0}), NETWORKS({nets(4, 9), 0}),
		NETWORKS({net(0), 0}));

	(void)state;
	assert_string_equal(lab_via(t.lab, 4), "ET0");
	assert_int_equal(lab_distance(t.lab, 4), 0);
	assert_int_equal(lab_count(t.lab, "p0", "aurp-reflected"), 1);
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_REFLECTS), 1);
	/* Said once per connection, counted each time. */
	mate_update(&t.m[0], EVENTS({ AURP_EV_NA, nets(3, 5), 2 }));
	assert_int_equal(lab_count(t.lab, "p0", "aurp-reflected"), 2);
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_REFLECTS), 1);
	assert_int_equal(lab_distance(t.lab, 9), 1);
	lab_free(t.lab);
}

static void test_aurp_M22_one_network_from_two_routers_is_reported(void **state)
{
	struct trio t =
		trio_up(NETWORKS({net(9), 3}), NETWORKS({net(9), 3}), NETWORKS({net(0), 0}));

	(void)state;
	assert_int_equal(rig_noted(t.lab->rig, TRACE_PEER_DUPLICATE_NET), 1);
	assert_string_equal(rig_last(t.lab->rig, TRACE_PEER_DUPLICATE_NET)->other, "p0");
	lab_free(t.lab);
}

static void test_aurp_O7_O8_a_full_table_is_completed_when_there_is_room(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->rig->config.max_networks = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({net(201), 0}, {net(202), 0}, {net(203), 0}, {net(204), 0}));
	assert_int_equal(lab_peer(lab, "p0").routes, 2);
	assert_int_equal(lab_count(lab, "p0", "aurp-table-full"), 2);
	assert_int_equal(rig_noted(lab->rig, TRACE_ROUTES_FULL), 1);
	mate_forget(&m);
	/* One network goes for good, and with it the reason not to ask. */
	mate_update(&m, EVENTS({ AURP_EV_ND, net(201), 0 }));
	assert_int_equal(mate_await_other_than(&m, AURP_ZI_REQ, span_s(60))->h.msg, AURP_RI_REQ);
	mate_ri_rsp(&m, m.sequence, AURP_LAST, NETWORKS({ net(202), 0 }, { net(203), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 203), 1);
	assert_int_equal(lab_peer(lab, "p0").routes, 2);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_U27_U31_R9_every_path_is_kept_and_the_best_is_used),
		cmocka_unit_test(test_aurp_U29_a_new_network_is_a_new_entry),
		cmocka_unit_test(test_aurp_U30_a_better_addition_takes_over_and_the_old_path_waits),
		cmocka_unit_test(test_aurp_U30_an_addition_replaces_a_bad_entry_however_far),
		cmocka_unit_test(test_aurp_R13_equal_distance_keeps_the_path_in_use),
		cmocka_unit_test(test_aurp_R12_without_a_loop_there_is_one_path),
		cmocka_unit_test(test_aurp_U33_deletion_by_the_next_router_promotes_the_shortest),
		cmocka_unit_test(
			test_aurp_U23_U34_U36_R5_without_alternative_neighbours_hear_of_the_loss),
		cmocka_unit_test(test_aurp_U35_deletion_by_another_removes_only_its_alternative),
		cmocka_unit_test(test_aurp_U37_U38_distance_changes_choose_anew),
		cmocka_unit_test(test_aurp_U39_U40_rtmp_takes_over_and_gives_back),
		cmocka_unit_test(
			test_aurp_U41_T21_U6_U3_local_path_grows_and_shrinks_past_the_tunnel),
		cmocka_unit_test(test_aurp_R1_imported_routes_do_not_age),
		cmocka_unit_test(
			test_aurp_R3_Z22_imported_networks_and_zones_are_presented_locally),
		cmocka_unit_test(test_aurp_R11_fourteen_is_used_here_and_fifteen_kept_but_not_used),
		cmocka_unit_test(test_aurp_R6_overlapping_range_is_ignored_and_both_owners_named),
		cmocka_unit_test(
			test_aurp_R6_a_refused_way_is_asked_for_though_another_peer_has_it_by_now),
		cmocka_unit_test(test_aurp_R6_a_site_that_renumbers_is_no_quarrel),
		cmocka_unit_test(test_aurp_R7_our_own_cable_is_never_overridden),
		cmocka_unit_test(test_aurp_M22_one_network_from_two_routers_is_reported),
		cmocka_unit_test(test_aurp_O7_O8_a_full_table_is_completed_when_there_is_room),
	};

	return cmocka_run_group_tests_name("aurp_recv_paths", tests, NULL, NULL);
}
