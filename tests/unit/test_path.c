/*
 * table/route.c and table/route_offer.c alone: RFC 1504's alternative paths (p. 33-38), and where
 * tunnels and RTMP meet.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "route_world.h"

static bool uses(uint16_t n, const struct path_owner *peer)
{
	return best(n)->kind == PATH_TUNNEL && best(n)->owner == peer && path_is_usable(best(n));
}

/* --- tunnels --------------------------------------------------------------------------- */

static void test_aurp_R2_U29_unknown_network_becomes_a_route_one_hop_further(void **state)
{
	(void)state;
	assert_int_equal(route_offer_tunnel(&routes, &p1, ext(100, 109), 2), OFFER_NEW);
	assert_int_equal(best(105)->distance, 3);
	assert_true(uses(105, &p1));
}

static void test_aurp_U27_U30_U31_better_path_takes_over_the_old_one_stays_listed(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 3);
	route_offer_tunnel(&routes, &p2, net(9), 5);
	assert_true(uses(9, &p1));
	route_offer_tunnel(&routes, &p3, net(9), 1);
	assert_true(uses(9, &p3));
	assert_int_equal(route_alternatives(route_find(&routes, 9)), 2);
	route_offer_no_peer(&routes, &p3);
	assert_true(uses(9, &p1));
	route_offer_no_peer(&routes, &p1);
	assert_true(uses(9, &p2));
}

static void test_aurp_R13_a_tie_keeps_the_path_in_use(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p2, net(9), 2);
	route_offer_tunnel(&routes, &p1, net(9), 2);
	assert_true(uses(9, &p2));
	route_offer_tunnel(&routes, &p1, net(9), 2);
	assert_true(uses(9, &p2));
}

static void test_aurp_U33_U36_the_next_router_withdraws_and_the_shortest_follows(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 1);
	route_offer_tunnel(&routes, &p2, net(9), 6);
	route_offer_tunnel(&routes, &p3, net(9), 4);
	route_offer_withdrawn(&routes, &p1, net(9));
	assert_true(uses(9, &p3));
	assert_int_equal(best(9)->distance, 5);
}

static void test_aurp_U23_U34_R5_the_last_path_gone_leaves_a_bad_entry(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 1);
	route_offer_withdrawn(&routes, &p1, net(9));
	assert_true(route_is_bad(route_find(&routes, 9)));
	assert_null(best(9)->owner);
	route_age(&routes);
	assert_true(is_known(9));
	route_age(&routes);
	assert_false(is_known(9));
}

static void test_aurp_U35_another_router_withdraws_only_its_own_alternative(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 1);
	route_offer_tunnel(&routes, &p2, net(9), 2);
	route_offer_withdrawn(&routes, &p2, net(9));
	route_offer_withdrawn(&routes, &p3, net(9));
	assert_true(uses(9, &p1));
	assert_int_equal(route_alternatives(route_find(&routes, 9)), 0);
}

static void test_aurp_U37_U38_a_distance_change_lets_the_shortest_win(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 5);
	route_offer_tunnel(&routes, &p2, net(9), 6);
	assert_int_equal(route_offer_tunnel(&routes, &p1, net(9), 9), OFFER_CHANGED);
	assert_true(uses(9, &p2));
	assert_int_equal(route_alternatives(route_find(&routes, 9)), 1);
	route_offer_tunnel(&routes, &p1, net(9), 0);
	assert_true(uses(9, &p1));
	assert_int_equal(best(9)->distance, 1);
}

static void test_aurp_R6_R7_overlaps_and_our_own_cable_are_not_taken(void **state)
{
	(void)state;
	route_offer_attached(&routes, &lan, ext(3, 5));
	route_offer_tunnel(&routes, &p1, ext(100, 109), 0);
	assert_int_equal(route_offer_tunnel(&routes, &p2, ext(100, 105), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_tunnel(&routes, &p2, ext(5, 7), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_tunnel(&routes, &p2, ext(3, 5), 0), OFFER_OURS);
	assert_int_equal(best(3)->kind, PATH_ATTACHED);
}

static void test_aurp_R11_stored_15_is_usable_16_only_listed(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 14);
	route_offer_tunnel(&routes, &p1, net(10), 15);
	assert_true(route_is_usable(route_find(&routes, 9)));
	assert_int_equal(best(9)->distance, 15);
	assert_false(route_is_usable(route_find(&routes, 10)));
	assert_false(route_is_bad(route_find(&routes, 10)));
	route_offer_tunnel(&routes, &p2, net(10), 3);
	assert_true(uses(10, &p2));
}

static void test_aurp_U45_what_a_new_list_does_not_repeat_goes(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 1);
	route_offer_tunnel(&routes, &p1, net(10), 1);
	route_offer_tunnel(&routes, &p2, net(10), 7);
	route_offer_mark_stale(&p1);
	route_offer_tunnel(&routes, &p1, net(9), 1);
	route_offer_sweep(&routes, &p1);
	assert_true(uses(9, &p1));
	assert_true(uses(10, &p2));
}

/* --- where RTMP and tunnels meet ------------------------------------------------------- */

static void test_aurp_U39_U40_R9_rtmp_replaces_a_tunnel_path_which_comes_back(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 3);
	route_offer_rtmp(&routes, &lan, q1, net(9), 1);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_age(&routes);
	route_age(&routes);
	assert_true(uses(9, &p1));
	assert_int_equal(best(9)->distance, 4);
}

static void test_aurp_U41_local_distance_grows_past_the_tunnel(void **state)
{
	(void)state;
	route_offer_rtmp(&routes, &lan, q1, net(9), 1);
	route_offer_tunnel(&routes, &p1, net(9), 3);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_offer_rtmp(&routes, &lan, q1, net(9), 6);
	assert_true(uses(9, &p1));
	route_offer_rtmp(&routes, &lan, q1, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
}

static void test_a_tie_between_rtmp_and_a_tunnel_goes_to_the_local_internet(void **state)
{
	(void)state;
	route_offer_tunnel(&routes, &p1, net(9), 2);
	route_offer_rtmp(&routes, &lan, q1, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_offer_tunnel(&routes, &p2, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
}

static void test_aurp_R12_without_a_loop_there_is_one_path(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= 20; n++)
		route_offer_tunnel(&routes, &p1, net(n), 1);
	for (size_t i = 0; i < routes.used; i++)
		assert_int_equal(route_alternatives(routes.sorted[i]), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_aurp_R2_U29_unknown_network_becomes_a_route_one_hop_further),
		T(test_aurp_U27_U30_U31_better_path_takes_over_the_old_one_stays_listed),
		T(test_aurp_R13_a_tie_keeps_the_path_in_use),
		T(test_aurp_U33_U36_the_next_router_withdraws_and_the_shortest_follows),
		T(test_aurp_U23_U34_R5_the_last_path_gone_leaves_a_bad_entry),
		T(test_aurp_U35_another_router_withdraws_only_its_own_alternative),
		T(test_aurp_U37_U38_a_distance_change_lets_the_shortest_win),
		T(test_aurp_R6_R7_overlaps_and_our_own_cable_are_not_taken),
		T(test_aurp_R11_stored_15_is_usable_16_only_listed),
		T(test_aurp_U45_what_a_new_list_does_not_repeat_goes),
		T(test_aurp_U39_U40_R9_rtmp_replaces_a_tunnel_path_which_comes_back),
		T(test_aurp_U41_local_distance_grows_past_the_tunnel),
		T(test_a_tie_between_rtmp_and_a_tunnel_goes_to_the_local_internet),
		T(test_aurp_R12_without_a_loop_there_is_one_path),
	};

	return cmocka_run_group_tests_name("path", tests, NULL, NULL);
}
