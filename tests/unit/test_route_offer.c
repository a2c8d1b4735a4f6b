/*
 * table/route.c and table/route_offer.c alone: RTMP's rules (Inside AppleTalk ch. 5), and that
 * nothing at all breaks the table's own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prng.h"
#include "route_world.h"

/* --- RTMP ------------------------------------------------------------------------------ */

static void test_atalk_R19_new_network_is_one_hop_further(void **state)
{
	(void)state;
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), 2), OFFER_NEW);
	assert_int_equal(best(20)->distance, 3);
	assert_true(at_addr_eq(best(20)->next_router, q1));
	assert_int_equal(best(20)->state, PATH_GOOD);
}

static void test_atalk_R20_R21_shorter_or_equal_replaces_longer_does_not(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 2);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, net(20), 3), OFFER_IGNORED);
	assert_true(at_addr_eq(best(20)->next_router, q1));
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, net(20), 2), OFFER_CHANGED);
	assert_true(at_addr_eq(best(20)->next_router, q2));
	assert_int_equal(route_offer_rtmp(&routes, &attic, q1, net(20), 0), OFFER_CHANGED);
	assert_ptr_equal(best(20)->owner, &attic);
	assert_int_equal(best(20)->distance, 1);
}

static void test_atalk_R22_next_router_may_get_worse_and_vanish_at_15(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 2);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), 5), OFFER_CHANGED);
	assert_int_equal(best(20)->distance, 6);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), 14), OFFER_CHANGED);
	assert_int_equal(best(20)->distance, 15);
	assert_true(route_is_usable(route_find(&routes, 20)));
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), 15), OFFER_CHANGED);
	assert_false(is_known(20));
}

static void test_atalk_R23_bad_entry_takes_any_offer(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	route_offer_rtmp(&routes, &lan, q1, net(20), RTMP_UNREACHABLE);
	assert_true(route_is_bad(route_find(&routes, 20)));
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, net(20), 9), OFFER_CHANGED);
	assert_true(route_is_usable(route_find(&routes, 20)));
	assert_int_equal(best(20)->distance, 10);
}

static void test_atalk_R24_unreachable_counts_from_the_next_router_only(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, net(20), RTMP_UNREACHABLE),
		OFFER_IGNORED);
	assert_int_equal(route_offer_rtmp(&routes, &attic, q1, net(20), RTMP_UNREACHABLE),
		OFFER_IGNORED);
	assert_true(route_is_usable(route_find(&routes, 20)));
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), RTMP_UNREACHABLE),
		OFFER_CHANGED);
	assert_true(route_is_bad(route_find(&routes, 20)));
}

static void test_atalk_R25_third_parties_distance_15_to_30_is_no_poison(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	for (uint8_t d = 15; d <= 30; d++)
		assert_int_equal(route_offer_rtmp(&routes, &lan, q2, net(20), d), OFFER_IGNORED);
	assert_int_equal(best(20)->distance, 2);
}

static void test_atalk_R26_unreachable_unknown_network_creates_nothing(void **state)
{
	(void)state;
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(20), RTMP_UNREACHABLE),
		OFFER_IGNORED);
	assert_false(is_known(20));
}

static void test_atalk_R27_number_and_range_of_one_are_the_same_network(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, ext(20, 20), 1), OFFER_KNOWN);
	assert_int_equal(routes.used, 1);
}

static void test_atalk_R28_R29_overlap_is_ignored(void **state)
{
	(void)state;
	assert_true(route_offer_attached(&routes, &lan, ext(3, 5)));
	route_offer_rtmp(&routes, &lan, q1, ext(30, 34), 1);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, ext(31, 40), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, ext(25, 30), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&routes, &lan, q2, ext(20, 60), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&routes, &attic, q2, ext(4, 9), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&routes, &attic, q2, ext(3, 5), 0), OFFER_OURS);
	assert_int_equal(best(4)->kind, PATH_ATTACHED);
	assert_int_equal(routes.used, 2);
}

static void test_atalk_R30_R31_R32_ages_good_suspect_bad_bad_gone(void **state)
{
	(void)state;
	route_offer_attached(&routes, &attic, ext(6, 6));
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	route_age(&routes);
	assert_int_equal(best(20)->state, PATH_SUSPECT);
	assert_true(route_is_usable(route_find(&routes, 20)));
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	assert_int_equal(best(20)->state, PATH_GOOD);
	route_age(&routes);
	route_age(&routes);
	assert_true(route_is_bad(route_find(&routes, 20)));
	assert_ptr_equal(best(20)->owner, &lan);	/* for split horizon of the poison */
	route_age(&routes);
	assert_true(is_known(20));
	route_age(&routes);
	assert_false(is_known(20));
	for (int i = 0; i < 100; i++)
		route_age(&routes);
	assert_true(route_is_usable(route_find(&routes, 6)));
}

static void test_atalk_R08_own_cable_displaces_what_others_said(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &attic, q1, ext(3, 5), 0);
	route_offer_tunnel(&routes, &p1, ext(2, 2), 0);
	assert_true(route_offer_attached(&routes, &lan, ext(2, 5)));
	/* RTMP will say it again, the peer would not. */
	assert_ptr_equal(gave_way, &p1);
	assert_int_equal(gave.first, 2);
	assert_int_equal(gave.last, 2);
	assert_int_equal(best(3)->kind, PATH_ATTACHED);
	assert_int_equal(best(2)->distance, 0);
	assert_int_equal(routes.used, 1);
	assert_true(list_is_empty(&p1.paths));
}

static void test_atalk_R09_two_ports_never_share_a_network(void **state)
{
	(void)state;
	assert_true(route_offer_attached(&routes, &lan, ext(3, 5)));
	assert_false(route_offer_attached(&routes, &attic, ext(5, 8)));
	assert_ptr_equal(best(5)->owner, &lan);
	assert_false(is_known(8));
}

static void test_atalk_R46_a_port_takes_its_network_and_its_routes_along(void **state)
{
	(void)state;
	route_offer_attached(&routes, &lan, ext(3, 5));
	route_offer_rtmp(&routes, &lan, q1, net(20), 1);
	route_offer_rtmp(&routes, &attic, q2, net(21), 1);
	route_offer_no_port(&routes, &lan);
	assert_true(route_is_bad(route_find(&routes, 3)));
	assert_true(route_is_bad(route_find(&routes, 20)));
	assert_null(best(20)->owner);
	assert_true(route_is_usable(route_find(&routes, 21)));
	route_age(&routes);
	route_age(&routes);
	assert_false(is_known(3));
	assert_false(is_known(20));
}

static void test_atalk_R48_the_table_is_bounded_and_says_so_once(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= 10000; n++)
		route_offer_rtmp(&routes, &lan, q1, net((uint16_t)(1000 + n)), 1);
	assert_int_equal(routes.used, 64);
	assert_true(routes.is_full);
	assert_int_equal(n_full, 1);
	assert_int_equal(route_offer_tunnel(&routes, &p1, net(30000), 1), OFFER_FULL);
	/* Our own cable finds room. */
	assert_true(route_offer_attached(&routes, &attic, ext(6, 6)));
}

static void test_atalk_D35_distance_15_works_16_is_never_kept(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(20), 14);
	assert_int_equal(best(20)->distance, 15);
	assert_true(route_is_usable(route_find(&routes, 20)));
	assert_int_equal(route_offer_rtmp(&routes, &lan, q1, net(21), 15), OFFER_IGNORED);
	assert_false(is_known(21));
}

/* Whatever is offered, withdrawn and aged, the table's own rules hold. */
static void check_invariants(void)
{
	for (size_t i = 0; i < routes.used; i++) {
		const struct route *route = routes.sorted[i];
		const struct list *it;
		bool has_best = false;

		assert_true(i == 0 || routes.sorted[i - 1]->range.last < route->range.first);
		for (uint32_t n = route->range.first; n <= route->range.last; n++)
			assert_ptr_equal(routes.by_net[n], route);
		list_for_each(it, &route->paths) {
			const struct path *p = container_of(it, struct path, in_route);

			has_best |= p == route->best;
			assert_true(!path_is_usable(p) || path_is_usable(route->best));
			assert_true(!path_is_usable(p) || p->distance >= route->best->distance);
			assert_true(!path_is_bad(p) || p == route->best);
		}
		assert_true(has_best);
	}
}

static void random_event(struct prng *rng, struct path_owner *port, struct path_owner *peer,
	struct at_range range)
{
	uint32_t dice = prng_range(rng, 0, 40);

	if (dice == 0) {
		route_offer_attached(&routes, port, range);
	} else if (dice == 1) {
		route_offer_no_port(&routes, port);
	} else if (dice == 2) {
		route_offer_no_peer(&routes, peer);
	} else if (dice == 3) {
		route_age(&routes);
	} else if (dice == 4) {
		route_offer_mark_stale(peer);
		route_offer_tunnel(&routes, peer, range, 1);
		route_offer_sweep(&routes, peer);
	} else if (dice <= 10) {
		route_offer_withdrawn(&routes, peer, range);
	} else if (dice <= 20) {
		route_offer_tunnel(&routes, peer, range, (uint8_t)prng_range(rng, 0, 17));
	} else {
		route_offer_rtmp(&routes, port, prng_range(rng, 0, 1) ? q1 : q2, range,
			(uint8_t)prng_range(rng, 0, 31));
	}
}

static void test_random_events_never_break_the_table(void **state)
{
	struct path_owner *peers[] = { &p1, &p2, &p3 };
	struct prng rng;

	(void)state;
	prng_init(&rng, 1504);
	for (int i = 0; i < 60000; i++) {
		uint16_t first = (uint16_t)prng_range(&rng, 1, 80);
		struct at_range range = ext(first, (uint16_t)(first + prng_range(&rng, 0, 3)));
		struct path_owner *peer = peers[prng_range(&rng, 0, 2)];
		struct path_owner *port = prng_range(&rng, 0, 1) ? &lan : &attic;

		random_event(&rng, port, peer, range);
		if (i % 16 == 0)
			check_invariants();
	}
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_atalk_R19_new_network_is_one_hop_further),
		T(test_atalk_R20_R21_shorter_or_equal_replaces_longer_does_not),
		T(test_atalk_R22_next_router_may_get_worse_and_vanish_at_15),
		T(test_atalk_R23_bad_entry_takes_any_offer),
		T(test_atalk_R24_unreachable_counts_from_the_next_router_only),
		T(test_atalk_R25_third_parties_distance_15_to_30_is_no_poison),
		T(test_atalk_R26_unreachable_unknown_network_creates_nothing),
		T(test_atalk_R27_number_and_range_of_one_are_the_same_network),
		T(test_atalk_R28_R29_overlap_is_ignored),
		T(test_atalk_R30_R31_R32_ages_good_suspect_bad_bad_gone),
		T(test_atalk_R08_own_cable_displaces_what_others_said),
		T(test_atalk_R09_two_ports_never_share_a_network),
		T(test_atalk_R46_a_port_takes_its_network_and_its_routes_along),
		T(test_atalk_R48_the_table_is_bounded_and_says_so_once),
		T(test_atalk_D35_distance_15_works_16_is_never_kept),
		T(test_random_events_never_break_the_table),
	};

	return cmocka_run_group_tests_name("route_offer", tests, NULL, NULL);
}
