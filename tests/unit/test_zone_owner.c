/*
 * One number at two sites, or two ways to one network: the zones that are shown are those
 * of the way in use (core/zone_table.c, route_path.c, aurp_zone_ask.c, svc_zip.c; aurp Z23).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

struct two {
	struct lab *lab;
	struct mate m, n;
};

/* Network 200 is at p0 ("East") and, further away, at p1, which has told nothing yet. */
static struct two two_sites(void)
{
	struct two t = { .lab = lab_up(2) };

	t.m = mate_of(t.lab, 0);
	t.n = mate_of(t.lab, 1);
	mate_serve(&t.m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&t.m, 200, ZONES("East"));
	mate_serve(&t.n, NETWORKS({ net(200), 5 }));
	assert_string_equal(lab_via(t.lab, 200), "p0");
	return t;
}

static bool is_said(const struct lab *lab, const char *used, const char *other)
{
	const struct trace_event *e;

	if (rig_noted(lab->rig, TRACE_ROUTE_OTHER_ZONES) == 0)
		return false;
	e = &rig_last(lab->rig, TRACE_ROUTE_OTHER_ZONES)->event;
	assert_int_equal(e->range.first, 200);
	assert_string_equal(e->peer ? e->peer : e->port, used);
	assert_string_equal(e->other, other);
	return true;
}

static void test_the_zones_are_those_of_the_site_that_is_reached(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_zi_rsp(&t.n, 200, ZONES("West"));
	assert_true(is_said(t.lab, "p0", "p1"));
	assert_int_equal(rig_noted(t.lab->rig, TRACE_ROUTE_OTHER_ZONES), 1);
	assert_true(lab_has_zone(t.lab, 200, "East"));
	assert_false(lab_has_zone(t.lab, 200, "West"));
	/* Also while both have it. */
	mate_update(&t.m, EVENTS({ AURP_EV_NDC, net(200), 9 }));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	assert_false(lab_has_zone(t.lab, 200, "East"));
	mate_update(&t.m, EVENTS({ AURP_EV_NDC, net(200), 1 }));
	assert_true(lab_has_zone(t.lab, 200, "East"));
	assert_false(lab_has_zone(t.lab, 200, "West"));
	mate_forget(&t.n);
	mate_update(&t.m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_string_equal(lab_via(t.lab, 200), "p1");
	assert_false(lab_has_zone(t.lab, 200, "East"));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	mate_assert_silence(&t.n, span_s(30));
	/* Back again: it is nearer, and tells its zones anew. Till then the other's stay. */
	mate_update(&t.m, EVENTS({ AURP_EV_NA, net(200), 0 }));
	assert_string_equal(lab_via(t.lab, 200), "p0");
	assert_true(lab_has_zone(t.lab, 200, "West"));
	mate_zi_rsp(&t.m, 200, ZONES("East"));
	assert_true(lab_has_zone(t.lab, 200, "East"));
	assert_false(lab_has_zone(t.lab, 200, "West"));
	assert_int_equal(rig_noted(t.lab->rig, TRACE_ROUTE_OTHER_ZONES), 2);
	lab_free(t.lab);
}

static void test_what_the_other_site_did_not_tell_is_asked_for(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_forget(&t.n);
	/* Already while the other one is used, so that it is seen that there are two. */
	mate_await(&t.n, AURP_ZI_REQ, span_s(11));
	assert_string_equal(lab_via(t.lab, 200), "p0");
	mate_update(&t.m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_string_equal(lab_via(t.lab, 200), "p1");
	assert_false(lab_has_zone(t.lab, 200, "East"));
	mate_await(&t.n, AURP_ZI_REQ, span_s(21));
	mate_zi_rsp(&t.n, 200, ZONES("West"));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	assert_false(lab_has_zone(t.lab, 200, "East"));
	assert_int_equal(rig_noted(t.lab->rig, TRACE_ROUTE_OTHER_ZONES), 0);
	lab_free(t.lab);
}

static void test_a_peer_that_falls_takes_its_zones_along(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_zi_rsp(&t.n, 200, ZONES("West"));
	mate_rd(&t.m, t.m.dut_id, t.m.sequence, 0);
	assert_string_equal(lab_via(t.lab, 200), "p1");
	assert_false(lab_has_zone(t.lab, 200, "East"));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	lab_free(t.lab);
}

/* What the further one told is what the nearer one told: nothing to say, nothing to ask (Z23). */
static void test_aurp_Z23_two_ways_to_one_network_are_no_news(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_zi_rsp(&t.n, 200, ZONES("EAST"));
	mate_forget(&t.n);
	mate_update(&t.m, EVENTS({ AURP_EV_NDC, net(200), 9 }));
	assert_string_equal(lab_via(t.lab, 200), "p1");
	assert_true(lab_has_zone(t.lab, 200, "East"));
	mate_update(&t.m, EVENTS({ AURP_EV_NDC, net(200), 1 }));
	assert_string_equal(lab_via(t.lab, 200), "p0");
	assert_true(lab_has_zone(t.lab, 200, "East"));
	mate_assert_silence(&t.n, span_s(30));
	assert_int_equal(rig_noted(t.lab->rig, TRACE_ROUTE_OTHER_ZONES), 0);
	lab_free(t.lab);
}

static void test_a_nearer_way_shows_the_old_zones_until_it_has_told_its_own(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_update(&t.n, EVENTS({ AURP_EV_NDC, net(200), 3 }));
	mate_update(&t.m, EVENTS({ AURP_EV_NDC, net(200), 9 }));
	assert_string_equal(lab_via(t.lab, 200), "p1");
	assert_true(lab_has_zone(t.lab, 200, "East"));
	/* The way before is no way any more: it cannot be the same network's. */
	mate_update(&t.m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_false(lab_has_zone(t.lab, 200, "East"));
	mate_zi_rsp(&t.n, 200, ZONES("West"));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	lab_free(t.lab);
}

static void test_a_cable_of_ours_and_a_peer(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	lab_net(lab, net(200), 2, "Near");
	mate_serve(&m, NETWORKS({ net(200), 7 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	assert_true(is_said(lab, "ET0", "p0"));
	assert_true(lab_has_zone(lab, 200, "Near"));
	assert_false(lab_has_zone(lab, 200, "Far"));
	lab_net_gone(lab, 200);
	assert_true(lab_has_zone(lab, 200, "Far"));
	assert_false(lab_has_zone(lab, 200, "Near"));
	/* And back: the neighbour is asked, although the peer has told. */
	lab_net(lab, net(200), 2, NULL);
	assert_string_equal(lab_via(lab, 200), "ET0");
	rig_clear(lab->rig);
	lab_run(lab, span_s(11));
	assert_memory_equal(rig_take(lab->rig, 0, DDP_ZIP)->body.pos, "\x01\x01\x00\xC8", 4);
	lab_zones(lab, 200, ZONES("Near"));
	assert_true(lab_has_zone(lab, 200, "Near"));
	assert_false(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_another_router_of_the_cable_has_other_zones_for_a_bad_network(void **state)
{
	struct lab *lab = lab_up(1);
	struct station q = station_p(lab->rig);

	(void)state;
	q.addr.node++;
	q.mac.byte[5]++;
	lab_net(lab, net(200), 2, "Near");
	lab_net_gone(lab, 200);
	assert_true(route_is_bad(rig_route(lab->rig, 200)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(200, 4)));
	assert_int_equal(lab_distance(lab, 200), 5);
	assert_false(lab_has_zone(lab, 200, "Near"));
	lab_free(lab);
}

static void test_zones_of_a_bad_network_are_not_the_next_ones(void **state)
{
	struct two t = two_sites();

	(void)state;
	mate_update(&t.m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	mate_update(&t.n, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_int_equal(lab_distance(t.lab, 200), -1);
	assert_int_equal(mate_update(&t.n, EVENTS({ AURP_EV_NA, net(200), 5 })), AURP_SZI);
	assert_false(lab_has_zone(t.lab, 200, "East"));
	mate_zi_rsp(&t.n, 200, ZONES("West"));
	assert_true(lab_has_zone(t.lab, 200, "West"));
	lab_free(t.lab);
}

static void test_zones_of_both_ways_count_as_the_peers_share(void **state)
{
	struct lab *lab = lab_new(2);
	struct mate m, n;

	(void)state;
	lab->tunnels[0].max_zones_per_peer = 2;
	lab_start(lab);
	m = mate_of(lab, 0);
	n = mate_of(lab, 1);
	mate_serve(&m, NETWORKS({ nets(200, 201), 0 }));
	mate_zi_rsp(&m, 200, ZONES("East"));
	mate_serve(&n, NETWORKS({ nets(200, 201), 5 }));
	mate_zi_rsp(&n, 200, ZONES("*", " West", "One too many"));
	assert_int_equal(lab_count(lab, "p1", "aurp-table-full"), 1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_FULL), 1);
	lab_free(lab);
}

/* --- names that are none ------------------------------------------------------------------- */

static void test_atalk_Z10_a_peers_zones_that_nobody_could_choose_are_hidden_and_said(void **state)
{
	/* "", "*", "East", " West" of network 200; the rest is whole with them. */
	const char plain[] = "\0\4\0\xC8\0\0\xC8\1*\0\xC8\4" "East\0\xC8\5 West";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct trace_event *e;
	size_t had;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(200, 201), 0 }, { nets(210, 211), 0 }));
	had = router_summary(lab->rig->r).zones;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_ZI_RSP }, plain, sizeof plain - 1);
	assert_true(lab_has_zone(lab, 200, "East"));
	assert_false(lab_has_zone(lab, 200, " West"));
	assert_false(lab_has_zone(lab, 200, "*"));
	assert_int_equal(router_summary(lab->rig->r).zones, had + 1);
	assert_int_equal(rig_noted(lab->rig, TRACE_ZONE_UNFIT), 1);
	e = &rig_last(lab->rig, TRACE_ZONE_UNFIT)->event;
	assert_string_equal(e->peer, "p0");
	assert_int_equal(e->range.first, 200);
	/* The total of an extended answer has all of them in it. */
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_ZI_RSP_EXT },
		"\0\3\0\xD2\0\0\xD2\4" "East\0\xD2\1*", 16);
	assert_true(lab_has_zone(lab, 210, "East"));
	mate_forget(&m);
	mate_assert_silence(&m, span_s(30));
	lab_free(lab);
}

static void test_a_neighbours_zones_that_nobody_could_choose_are_hidden_and_said(void **state)
{
	struct lab *lab = lab_up(1);

	(void)state;
	lab_net(lab, nets(200, 201), 2, NULL);
	lab_zones(lab, 200, ZONES("Blank ", "East", "", "*"));
	assert_true(lab_has_zone(lab, 200, "East"));
	assert_false(lab_has_zone(lab, 200, "Blank "));
	assert_false(lab_has_zone(lab, 200, "*"));
	assert_int_equal(rig_noted(lab->rig, TRACE_ZONE_UNFIT), 1);
	assert_string_equal(rig_last(lab->rig, TRACE_ZONE_UNFIT)->event.port, "ET0");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_zones_are_those_of_the_site_that_is_reached),
		cmocka_unit_test(test_what_the_other_site_did_not_tell_is_asked_for),
		cmocka_unit_test(test_a_peer_that_falls_takes_its_zones_along),
		cmocka_unit_test(test_aurp_Z23_two_ways_to_one_network_are_no_news),
		cmocka_unit_test(
			test_a_nearer_way_shows_the_old_zones_until_it_has_told_its_own),
		cmocka_unit_test(test_a_cable_of_ours_and_a_peer),
		cmocka_unit_test(
			test_another_router_of_the_cable_has_other_zones_for_a_bad_network),
		cmocka_unit_test(test_zones_of_a_bad_network_are_not_the_next_ones),
		cmocka_unit_test(test_zones_of_both_ways_count_as_the_peers_share),
		cmocka_unit_test(
			test_atalk_Z10_a_peers_zones_that_nobody_could_choose_are_hidden_and_said),
		cmocka_unit_test(
			test_a_neighbours_zones_that_nobody_could_choose_are_hidden_and_said),
	};

	return cmocka_run_group_tests_name("zone_owner", tests, NULL, NULL);
}
