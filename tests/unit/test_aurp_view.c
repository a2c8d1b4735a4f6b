/* core/aurp_view.c: what is exported, updates as differences (aurp U1-U17, U42; SM3). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* One mate, joined; the next update carries number 2. */
static struct lab *lab_joined(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	return lab;
}

static const struct sent *next_update(struct mate *m)
{
	const struct sent *s = mate_await(m, AURP_RI_UPD, span_s(11));

	mate_ack(m, s->h.sequence, 0);
	return s;
}

/* --- single events ------------------------------------------------------------------------- */

static void test_aurp_U1_U2_an_added_network_is_told(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);

	(void)state;
	lab_net(lab, nets(20, 29), 4, "Near");
	assert_one_event(next_update(&m), AURP_EV_NA, nets(20, 29), 4);
	assert_int_equal(lab_peer(lab, "p0").told, 2);
	lab_free(lab);
}

static void test_aurp_U1_U5_U9_a_lost_network_is_told_with_distance_zero(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);

	(void)state;
	lab_net(lab, net(20), 4, "Near");
	next_update(&m);
	lab_net_gone(lab, 20);
	assert_one_event(next_update(&m), AURP_EV_ND, net(20), 0);
	assert_int_equal(lab_peer(lab, "p0").told, 1);
	lab_free(lab);
}

static void test_aurp_U1_U3_U6_U9_a_path_moves_into_the_tunnel_and_back(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);

	(void)state;
	lab_net(lab, net(20), 4, "Near");
	next_update(&m);
	mate_update(&m, EVENTS({ AURP_EV_NA, net(20), 1 }));
	mate_zi_rsp(&m, 20, ZONES("Near"));
	assert_one_event(next_update(&m), AURP_EV_NRC, net(20), 0);
	lab_net(lab, net(20), 1, NULL);
	assert_one_event(next_update(&m), AURP_EV_NA, net(20), 1);
	lab_free(lab);
}

static void test_aurp_U1_U7_distance_changes_are_told_up_to_fifteen(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);

	(void)state;
	lab_net(lab, net(20), 3, "Near");
	next_update(&m);
	lab_net(lab, net(20), 5, NULL);
	assert_one_event(next_update(&m), AURP_EV_NDC, net(20), 5);
	lab_net(lab, net(20), 14, NULL);
	assert_one_event(next_update(&m), AURP_EV_NDC, net(20), 14);
	lab_net(lab, net(20), 15, NULL);
	assert_one_event(next_update(&m), AURP_EV_NDC, net(20), 15);
	/* For the peer that was a deletion (U8); so it is added when it comes nearer. */
	assert_int_equal(lab_peer(lab, "p0").told, 1);
	lab_net(lab, net(20), 14, NULL);
	assert_one_event(next_update(&m), AURP_EV_NA, net(20), 14);
	lab_free(lab);
}

static void test_a_network_fifteen_hops_away_is_never_exported(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct aurp_network n[4];

	(void)state;
	lab_net(lab, net(20), 15, "Near");
	assert_int_equal(lab_distance(lab, 20), 15);
	mate_assert_silence(&m, span_s(12));
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(sent_networks(mate_take(&m, AURP_RI_RSP), n, 4), 1);
	lab_free(lab);
}

static void test_aurp_U42_a_network_without_zones_is_never_exported(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct aurp_network n[4];

	(void)state;
	lab_net(lab, net(20), 2, NULL);
	assert_int_equal(lab_distance(lab, 20), 2);
	mate_assert_silence(&m, span_s(35));
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(sent_networks(mate_take(&m, AURP_RI_RSP), n, 4), 1);
	mate_ack(&m, 2, 0);
	lab_zones(lab, 20, ZONES("Near"));
	assert_one_event(next_update(&m), AURP_EV_NA, net(20), 2);
	lab_free(lab);
}

/* --- the update interval ------------------------------------------------------------------- */

static void test_aurp_U12_U16_events_of_an_interval_come_together(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct aurp_event ev[8];
	const struct sent *s;
	struct instant first;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, net(22), 2, "Near");
	first = next_update(&m)->at;
	lab_net(lab, net(21), 2, "Near");
	mate_assert_silence(&m, span_s(3));
	lab_net_gone(lab, 20);
	lab_net(lab, net(22), 3, NULL);
	s = next_update(&m);
	assert_true(span_cmp(instant_since(s->at, first), span_s(10)) >= 0);
	assert_int_equal(sent_events(s, ev, 8), 3);
	assert_int_equal(ev[0].code, AURP_EV_ND);
	assert_int_equal(ev[1].code, AURP_EV_NA);
	assert_int_equal(ev[2].code, AURP_EV_NDC);
	mate_assert_silence(&m, span_s(30));
	lab_free(lab);
}

static void test_aurp_O2_U13_interval_is_configurable(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	struct instant start;

	(void)state;
	lab->tunnels[0].update_interval = span_s(30);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_join(&m);
	start = lab->rig->now;
	lab_net(lab, net(20), 2, "Near");
	mate_await(&m, AURP_RI_UPD, span_s(31));
	assert_true(span_cmp(instant_since(lab->rig->now, start), span_s(30)) >= 0);
	lab_free(lab);
}

static void test_aurp_U12_no_two_updates_within_an_interval_under_constant_change(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	struct instant last = { -100000000 };
	int updates = 0;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(600);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_join(&m);
	lab_net(lab, net(20), 2, "Near");
	for (int i = 0; i < 100; i++) {
		const struct sent *s;

		lab_net(lab, net(20), (uint8_t)(1 + i % 13), NULL);
		while ((s = mate_await_any(&m, span_s(1))) != NULL) {
			assert_int_equal(s->h.msg, AURP_RI_UPD);
			assert_true(span_cmp(instant_since(s->at, last), span_s(10)) >= 0);
			last = s->at;
			mate_ack(&m, s->h.sequence, 0);
			updates++;
		}
	}
	assert_in_range(updates, 9, 10);
	lab_free(lab);
}

static void test_first_networks_are_told_at_once_to_a_peer_that_was_told_none(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	/* The tunnel connects while the cable is still coming up. */
	rig_start(lab->rig);
	lab->tunnel[0] = router_find_tunnel(lab->rig->r, "t0");
	router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[0], &lab->tunnels[0],
		(struct domain_id){ DI_IP, LAB_OWN_ID });
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(0), 0 }));
	assert_int_equal(mate_subscribe(&m), 0);
	mate_forget(&m);
	while (!port_is_up(lab->rig->link[0].port))
		lab_run(lab, span_ms(10));
	assert_one_event(mate_await(&m, AURP_RI_UPD, span_ms(300)), AURP_EV_NA, nets(3, 5), 0);
	lab_free(lab);
}

/* --- one pending event per network: SM3 ---------------------------------------------------- */

/* What a network of ours goes through within one interval, and the event that comes of it. */
enum happening { UP, DOWN, NEARER, TO_TUNNEL, FROM_TUNNEL, END };

struct course {
	bool is_up_before;
	enum happening what[4];
	enum aurp_event_code event;	/* AURP_EV_NULL: nothing is sent */
	uint8_t distance;
};

static void happen(struct lab *lab, struct mate *m, enum happening what)
{
	switch (what) {
	case UP:
		lab_net(lab, net(20), 6, NULL);
		break;
	case DOWN:
		lab_net_gone(lab, 20);
		break;
	case NEARER:
		lab_net(lab, net(20), 4, NULL);
		break;
	case TO_TUNNEL:
		mate_update(m, EVENTS({ AURP_EV_NA, net(20), 1 }));
		mate_zi_rsp(m, 20, ZONES("Near"));
		break;
	case FROM_TUNNEL:
		mate_update(m, EVENTS({ AURP_EV_ND, net(20), 0 }));
		break;
	case END:
		break;
	}
}

static void test_aurp_U15_any_series_of_events_becomes_one(void **state)
{
	static const struct course courses[] = {
		{ false, { UP, END }, AURP_EV_NA, 6 },
		{ false, { UP, DOWN, END }, AURP_EV_NULL, 0 },
		{ false, { UP, TO_TUNNEL, END }, AURP_EV_NULL, 0 },
		{ false, { UP, NEARER, END }, AURP_EV_NA, 4 },
		{ false, { UP, DOWN, UP, END }, AURP_EV_NA, 6 },
		{ true, { NEARER, END }, AURP_EV_NDC, 4 },
		{ true, { NEARER, UP, END }, AURP_EV_NULL, 0 },
		{ true, { NEARER, DOWN, END }, AURP_EV_ND, 0 },
		{ true, { NEARER, TO_TUNNEL, END }, AURP_EV_NRC, 0 },
		{ true, { DOWN, END }, AURP_EV_ND, 0 },
		{ true, { DOWN, UP, END }, AURP_EV_NULL, 0 },
		{ true, { DOWN, NEARER, END }, AURP_EV_NDC, 4 },
		{ true, { TO_TUNNEL, END }, AURP_EV_NRC, 0 },
		{ true, { TO_TUNNEL, FROM_TUNNEL, END }, AURP_EV_NULL, 0 },
		{ true, { TO_TUNNEL, FROM_TUNNEL, DOWN, END }, AURP_EV_ND, 0 },
		{ true, { NEARER, TO_TUNNEL, FROM_TUNNEL, END }, AURP_EV_NDC, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(courses) / sizeof(courses[0]); i++) {
		const struct course *c = &courses[i];
		struct mate m;
		struct lab *lab = lab_joined(&m);

		/* The network is known with its zone either way; the peer knows it or does not. */
		lab_net(lab, net(20), 6, "Near");
		next_update(&m);
		if (!c->is_up_before) {
			lab_net_gone(lab, 20);
			next_update(&m);
		}
		for (size_t k = 0; c->what[k] != END; k++)
			happen(lab, &m, c->what[k]);
		if (rig_route(lab->rig, 20) && !rig_route(lab->rig, 20)->zones->is_complete)
			lab_zones(lab, 20, ZONES("Near"));
		if (c->event == AURP_EV_NULL) {
			mate_assert_silence(&m, span_s(25));
		} else {
			assert_one_event(next_update(&m), c->event, net(20), c->distance);
			mate_assert_silence(&m, span_s(25));
		}
		lab_free(lab);
	}
}

/* --- changes that need two steps ----------------------------------------------------------- */

static void test_aurp_U17_changed_zones_delete_now_and_add_next_time(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	const struct sent *deleted, *added;

	(void)state;
	lab_net(lab, net(20), 6, "Near");
	next_update(&m);
	zone_clear(&lab->rig->r->routes, rig_route(lab->rig, 20)->best);
	lab_zones(lab, 20, ZONES("Other"));
	deleted = next_update(&m);
	assert_one_event(deleted, AURP_EV_ND, net(20), 0);
	added = next_update(&m);
	assert_one_event(added, AURP_EV_NA, net(20), 6);
	assert_true(span_cmp(instant_since(added->at, deleted->at), span_s(10)) >= 0);
	lab_free(lab);
}

static void test_aurp_U17_a_changed_range_deletes_now_and_adds_next_time(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);

	(void)state;
	lab_net(lab, nets(20, 29), 6, "Near");
	next_update(&m);
	lab_net_gone(lab, 20);
	/* The table lets go of a lost range after a while only. */
	router_tick(lab->rig->r, lab->rig->now);
	route_age(&lab->rig->r->routes);
	route_age(&lab->rig->r->routes);
	lab_net(lab, nets(15, 22), 6, "Near");
	lab_net(lab, nets(25, 27), 6, "Near");
	lab_net(lab, nets(40, 41), 6, "Near");
	{
		struct aurp_event ev[4];
		const struct sent *s = next_update(&m);

		assert_int_equal(sent_events(s, ev, 4), 2);
		assert_int_equal(ev[0].code, AURP_EV_ND);
		assert_int_equal(ev[0].range.first, 20);
		assert_int_equal(ev[1].code, AURP_EV_NA);
		assert_int_equal(ev[1].range.first, 40);
		s = next_update(&m);
		assert_int_equal(sent_events(s, ev, 4), 2);
		assert_int_equal(ev[0].code, AURP_EV_NA);
		assert_int_equal(ev[0].range.first, 15);
		assert_int_equal(ev[1].range.first, 25);
	}
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_U1_U2_an_added_network_is_told),
		cmocka_unit_test(test_aurp_U1_U5_U9_a_lost_network_is_told_with_distance_zero),
		cmocka_unit_test(test_aurp_U1_U3_U6_U9_a_path_moves_into_the_tunnel_and_back),
		cmocka_unit_test(test_aurp_U1_U7_distance_changes_are_told_up_to_fifteen),
		cmocka_unit_test(test_a_network_fifteen_hops_away_is_never_exported),
		cmocka_unit_test(test_aurp_U42_a_network_without_zones_is_never_exported),
		cmocka_unit_test(test_aurp_U12_U16_events_of_an_interval_come_together),
		cmocka_unit_test(test_aurp_O2_U13_interval_is_configurable),
		cmocka_unit_test(
			test_aurp_U12_no_two_updates_within_an_interval_under_constant_change),
		cmocka_unit_test(test_first_networks_are_told_at_once_to_a_peer_that_was_told_none),
		cmocka_unit_test(test_aurp_U15_any_series_of_events_becomes_one),
		cmocka_unit_test(test_aurp_U17_changed_zones_delete_now_and_add_next_time),
		cmocka_unit_test(test_aurp_U17_a_changed_range_deletes_now_and_adds_next_time),
	};

	return cmocka_run_group_tests_name("aurp_view", tests, NULL, NULL);
}
