/*
 * Several ways to one network, and numbers that two have: what peers say beside what our own
 * internet says (core/route_path.c, aurp_learn.c; aurp L18, H13, R4; atalk Q37).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* Two routers behind one tunnel that serve what a test gives them. */
struct duo {
	struct lab *lab;
	struct mate m[2];
};

static struct duo duo_up(const struct aurp_network *a, const struct aurp_network *b)
{
	struct duo t = { .lab = lab_up(2) };

	for (unsigned i = 0; i < 2; i++) {
		t.m[i] = mate_of(t.lab, i);
		mate_serve(&t.m[i], i == 0 ? a : b);
		mate_forget(&t.m[i]);
	}
	return t;
}

/*
 * Two peers and our own internet lead to one network, as where there is a loop: that is legal
 * as long as nobody remaps or reduces. All ways stand in one table, the shortest is used.
 */
static void test_aurp_L18_H13_R4_ways_of_a_loop_are_alternatives_the_shorter_is_used(void **state)
{
	struct duo t = duo_up(NETWORKS({net(20), 3}), NETWORKS({net(20), 1}));

	(void)state;
	mate_zi_rsp(&t.m[0], 20, ZONES("Far"));
	mate_zi_rsp(&t.m[1], 20, ZONES("Far"));
	lab_net(t.lab, net(20), 9, "Far");
	assert_string_equal(lab_via(t.lab, 20), "p1");
	assert_int_equal(lab_distance(t.lab, 20), 2);
	assert_int_equal(route_alternatives(rig_route(t.lab->rig, 20)), 2);
	mate_update(&t.m[1], EVENTS({ AURP_EV_NDC, net(20), 5 }));
	assert_string_equal(lab_via(t.lab, 20), "p0");
	mate_update(&t.m[0], EVENTS({ AURP_EV_NDC, net(20), 12 }));
	assert_string_equal(lab_via(t.lab, 20), "p1");
	mate_update(&t.m[1], EVENTS({ AURP_EV_NDC, net(20), 13 }));
	assert_string_equal(lab_via(t.lab, 20), "ET0");
	assert_int_equal(route_alternatives(rig_route(t.lab->rig, 20)), 2);
	assert_states(t.lab, "p0", "connected", "unconnected");
	lab_free(t.lab);
}

static void assert_cable_stands(struct rig *rig)
{
	const struct station a = station_a(rig);

	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(rig_route(rig, 4)->best->kind, PATH_ATTACHED);
	assert_int_equal(rig_route(rig, 5)->range.last, 5);
	assert_null(rig_route(rig, 1));
	assert_null(rig_route(rig, 9));
	assert_int_equal(rig_noted(rig, TRACE_PORT_RANGE_CONFLICT), 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_NET_IN_USE), 0);
	rig_clear(rig);
	station_send(&a, rig_socket(rig, 0, AT_SOCKET_AEP), 253, DDP_AEP, "\x01", 1);
	rig_take(rig, 0, DDP_AEP);
}

/* What peers say of our cables' numbers is no conflict of these, neither then nor at a start. */
static void test_atalk_Q37_overlaps_from_tunnels_are_no_conflict_of_a_port(void **state)
{
	struct duo t =
		duo_up(NETWORKS({nets(3, 5), 0}, {nets(1, 3), 0}), NETWORKS({nets(5, 9), 0}));
	struct rig *rig = t.lab->rig;

	(void)state;
	assert_cable_stands(rig);
	/* The cable comes while they have its numbers. */
	router_link_down(rig->r, rig->now, rig->link[0].port);
	mate_await_other_than(&t.m[1], AURP_TICKLE, span_s(80));
	mate_ri_rsp(&t.m[1], t.m[1].sequence, AURP_LAST, NETWORKS({nets(5, 9), 0}));
	assert_string_equal(lab_via(t.lab, 5), "p1");
	rig->link[0].n_groups = 0;
	router_link_up(rig->r, rig->now, rig->link[0].port, &rig->link[0], rig->link[0].mac);
	rig_run(rig, span_s(5));
	assert_cable_stands(rig);
	lab_free(t.lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_aurp_L18_H13_R4_ways_of_a_loop_are_alternatives_the_shorter_is_used),
		cmocka_unit_test(
			test_atalk_Q37_overlaps_from_tunnels_are_no_conflict_of_a_port),
	};

	return cmocka_run_group_tests_name("aurp_ways", tests, NULL, NULL);
}
