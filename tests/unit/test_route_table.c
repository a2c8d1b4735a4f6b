/*
 * core/route_table.c alone: RTMP's rules, RFC 1504's alternative paths, and
 * what happens where the two meet. Ports and peers are only names here.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "peer.h"
#include "port.h"
#include "prng.h"
#include "route_table.h"
#include "router_state.h"
#include "rtmp.h"

/* All that the routing table knows of a peer. */
struct peer {
	const char *name;
	struct list paths;
};

const char *peer_name(const struct peer *p)
{
	return p->name;
}

struct list *peer_paths(struct peer *p)
{
	return &p->paths;
}

static struct router r;
static struct port lan, attic;
static struct peer p1, p2, p3;
static size_t n_full;

static const struct at_addr q1 = { 3, 10 }, q2 = { 3, 20 };

static void count_trace(void *ctx, const struct trace_event *e)
{
	(void)ctx;
	n_full += e->kind == TRACE_ROUTES_FULL;
}

static int setup(void **state)
{
	(void)state;
	r = (struct router){ .io.trace = count_trace };
	route_table_init(&r.routes, 64);
	zone_table_init(&r.zones, 64);
	lan = (struct port){ .config.name = "lan" };
	attic = (struct port){ .config.name = "attic" };
	p1 = (struct peer){ .name = "p1" };
	p2 = (struct peer){ .name = "p2" };
	p3 = (struct peer){ .name = "p3" };
	list_init(&p1.paths);
	list_init(&p2.paths);
	list_init(&p3.paths);
	n_full = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	route_detach_port(&r, &lan);
	route_detach_port(&r, &attic);
	route_withdraw_peer(&r, &p1);
	route_withdraw_peer(&r, &p2);
	route_withdraw_peer(&r, &p3);
	route_age(&r);
	route_age(&r);
	assert_int_equal(r.routes.used, 0);
	route_table_fini(&r.routes);
	zone_table_fini(&r.zones);
	return 0;
}

static struct at_range ext(uint16_t first, uint16_t last)
{
	return (struct at_range){ first, last, true };
}

static struct at_range net(uint16_t n)
{
	return (struct at_range){ n, n, false };
}

/* The path in use for a network; the route must exist. */
static const struct path *best(uint16_t n)
{
	const struct route *route = route_find(&r.routes, n);

	assert_non_null(route);
	return route->best;
}

static bool uses(uint16_t n, const struct peer *peer)
{
	return best(n)->kind == PATH_TUNNEL && best(n)->peer == peer && path_is_usable(best(n));
}

static bool is_known(uint16_t n)
{
	return route_find(&r.routes, n) != NULL;
}

/* --- RTMP ------------------------------------------------------------------------------ */

static void test_atalk_R19_new_network_is_one_hop_further(void **state)
{
	(void)state;
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(20), 2), OFFER_NEW);
	assert_int_equal(best(20)->distance, 3);
	assert_true(at_addr_eq(best(20)->next_router, q1));
	assert_int_equal(best(20)->state, PATH_GOOD);
}

static void test_atalk_R20_R21_shorter_or_equal_replaces_longer_does_not(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 2);
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, net(20), 3), OFFER_IGNORED);
	assert_true(at_addr_eq(best(20)->next_router, q1));
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, net(20), 2), OFFER_CHANGED);
	assert_true(at_addr_eq(best(20)->next_router, q2));
	assert_int_equal(route_offer_rtmp(&r, &attic, q1, net(20), 0), OFFER_CHANGED);
	assert_ptr_equal(best(20)->port, &attic);
	assert_int_equal(best(20)->distance, 1);
}

static void test_atalk_R22_next_router_may_get_worse_and_vanish_at_15(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 2);
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(20), 5), OFFER_CHANGED);
	assert_int_equal(best(20)->distance, 6);
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(20), 15), OFFER_CHANGED);
	assert_false(is_known(20));
}

static void test_atalk_R23_bad_entry_takes_any_offer(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	route_offer_rtmp(&r, &lan, q1, net(20), RTMP_UNREACHABLE);
	assert_true(route_is_bad(route_find(&r.routes, 20)));
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, net(20), 9), OFFER_CHANGED);
	assert_true(route_is_usable(route_find(&r.routes, 20)));
	assert_int_equal(best(20)->distance, 10);
}

static void test_atalk_R24_unreachable_counts_from_the_next_router_only(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, net(20), RTMP_UNREACHABLE), OFFER_IGNORED);
	assert_int_equal(route_offer_rtmp(&r, &attic, q1, net(20), RTMP_UNREACHABLE), OFFER_IGNORED);
	assert_true(route_is_usable(route_find(&r.routes, 20)));
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(20), RTMP_UNREACHABLE), OFFER_CHANGED);
	assert_true(route_is_bad(route_find(&r.routes, 20)));
}

static void test_atalk_R25_third_parties_distance_15_to_30_is_no_poison(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	for (uint8_t d = 15; d <= 30; d++)
		assert_int_equal(route_offer_rtmp(&r, &lan, q2, net(20), d), OFFER_IGNORED);
	assert_int_equal(best(20)->distance, 2);
}

static void test_atalk_R26_unreachable_unknown_network_creates_nothing(void **state)
{
	(void)state;
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(20), RTMP_UNREACHABLE), OFFER_IGNORED);
	assert_false(is_known(20));
}

static void test_atalk_R27_number_and_range_of_one_are_the_same_network(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, ext(20, 20), 1), OFFER_KNOWN);
	assert_int_equal(r.routes.used, 1);
}

static void test_atalk_R28_R29_overlap_is_ignored(void **state)
{
	(void)state;
	assert_true(route_attach(&r, &lan, ext(3, 5)));
	route_offer_rtmp(&r, &lan, q1, ext(30, 34), 1);
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, ext(31, 40), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, ext(25, 30), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&r, &lan, q2, ext(20, 60), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&r, &attic, q2, ext(4, 9), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_rtmp(&r, &attic, q2, ext(3, 5), 0), OFFER_OURS);
	assert_int_equal(best(4)->kind, PATH_ATTACHED);
	assert_int_equal(r.routes.used, 2);
}

static void test_atalk_R30_R31_R32_ages_good_suspect_bad_bad_gone(void **state)
{
	(void)state;
	route_attach(&r, &attic, ext(6, 6));
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	route_age(&r);
	assert_int_equal(best(20)->state, PATH_SUSPECT);
	assert_true(route_is_usable(route_find(&r.routes, 20)));
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	assert_int_equal(best(20)->state, PATH_GOOD);
	route_age(&r);
	route_age(&r);
	assert_true(route_is_bad(route_find(&r.routes, 20)));
	assert_ptr_equal(best(20)->port, &lan);	/* for split horizon of the poison */
	route_age(&r);
	assert_true(is_known(20));
	route_age(&r);
	assert_false(is_known(20));
	for (int i = 0; i < 100; i++)
		route_age(&r);
	assert_true(route_is_usable(route_find(&r.routes, 6)));
}

static void test_atalk_R08_own_cable_displaces_what_others_said(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &attic, q1, ext(3, 5), 0);
	route_offer_tunnel(&r, &p1, ext(2, 2), 0);
	assert_true(route_attach(&r, &lan, ext(2, 5)));
	assert_int_equal(best(3)->kind, PATH_ATTACHED);
	assert_int_equal(best(2)->distance, 0);
	assert_int_equal(r.routes.used, 1);
	assert_true(list_is_empty(&p1.paths));
}

static void test_atalk_R09_two_ports_never_share_a_network(void **state)
{
	(void)state;
	assert_true(route_attach(&r, &lan, ext(3, 5)));
	assert_false(route_attach(&r, &attic, ext(5, 8)));
	assert_ptr_equal(best(5)->port, &lan);
	assert_false(is_known(8));
}

static void test_atalk_R46_a_port_takes_its_network_and_its_routes_along(void **state)
{
	(void)state;
	route_attach(&r, &lan, ext(3, 5));
	route_offer_rtmp(&r, &lan, q1, net(20), 1);
	route_offer_rtmp(&r, &attic, q2, net(21), 1);
	route_detach_port(&r, &lan);
	assert_true(route_is_bad(route_find(&r.routes, 3)));
	assert_true(route_is_bad(route_find(&r.routes, 20)));
	assert_null(best(20)->port);
	assert_true(route_is_usable(route_find(&r.routes, 21)));
	route_age(&r);
	route_age(&r);
	assert_false(is_known(3));
	assert_false(is_known(20));
}

static void test_atalk_R48_the_table_is_bounded_and_says_so_once(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= 10000; n++)
		route_offer_rtmp(&r, &lan, q1, net((uint16_t)(1000 + n)), 1);
	assert_int_equal(r.routes.used, 64);
	assert_true(r.routes.is_full);
	assert_int_equal(n_full, 1);
	assert_int_equal(route_offer_tunnel(&r, &p1, net(30000), 1), OFFER_FULL);
	assert_true(route_attach(&r, &attic, ext(6, 6)));	/* our own cable finds room */
}

static void test_atalk_D35_distance_15_works_16_is_never_kept(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(20), 14);
	assert_int_equal(best(20)->distance, 15);
	assert_true(route_is_usable(route_find(&r.routes, 20)));
	assert_int_equal(route_offer_rtmp(&r, &lan, q1, net(21), 15), OFFER_IGNORED);
	assert_false(is_known(21));
}

/* --- tunnels --------------------------------------------------------------------------- */

static void test_aurp_R2_U29_unknown_network_becomes_a_route_one_hop_further(void **state)
{
	(void)state;
	assert_int_equal(route_offer_tunnel(&r, &p1, ext(100, 109), 2), OFFER_NEW);
	assert_int_equal(best(105)->distance, 3);
	assert_true(uses(105, &p1));
}

static void test_aurp_U27_U30_U31_better_path_takes_over_the_old_one_stays_listed(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 3);
	route_offer_tunnel(&r, &p2, net(9), 5);
	assert_true(uses(9, &p1));
	route_offer_tunnel(&r, &p3, net(9), 1);
	assert_true(uses(9, &p3));
	assert_int_equal(route_alternatives(route_find(&r.routes, 9)), 2);
	route_withdraw_peer(&r, &p3);
	assert_true(uses(9, &p1));
	route_withdraw_peer(&r, &p1);
	assert_true(uses(9, &p2));
}

static void test_aurp_R13_a_tie_keeps_the_path_in_use(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p2, net(9), 2);
	route_offer_tunnel(&r, &p1, net(9), 2);
	assert_true(uses(9, &p2));
	route_offer_tunnel(&r, &p1, net(9), 2);
	assert_true(uses(9, &p2));
}

static void test_aurp_U33_U36_the_next_router_withdraws_the_shortest_alternative_follows(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 1);
	route_offer_tunnel(&r, &p2, net(9), 6);
	route_offer_tunnel(&r, &p3, net(9), 4);
	route_withdraw_tunnel(&r, &p1, net(9));
	assert_true(uses(9, &p3));
	assert_int_equal(best(9)->distance, 5);
}

static void test_aurp_U23_U34_R5_the_last_path_gone_turns_the_entry_bad_until_it_expires(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 1);
	route_withdraw_tunnel(&r, &p1, net(9));
	assert_true(route_is_bad(route_find(&r.routes, 9)));
	assert_null(best(9)->peer);
	route_age(&r);
	assert_true(is_known(9));
	route_age(&r);
	assert_false(is_known(9));
}

static void test_aurp_U35_another_router_withdraws_only_its_own_alternative(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 1);
	route_offer_tunnel(&r, &p2, net(9), 2);
	route_withdraw_tunnel(&r, &p2, net(9));
	route_withdraw_tunnel(&r, &p3, net(9));
	assert_true(uses(9, &p1));
	assert_int_equal(route_alternatives(route_find(&r.routes, 9)), 0);
}

static void test_aurp_U37_U38_a_distance_change_lets_the_shortest_win(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 5);
	route_offer_tunnel(&r, &p2, net(9), 6);
	assert_int_equal(route_offer_tunnel(&r, &p1, net(9), 9), OFFER_CHANGED);
	assert_true(uses(9, &p2));
	assert_int_equal(route_alternatives(route_find(&r.routes, 9)), 1);
	route_offer_tunnel(&r, &p1, net(9), 0);
	assert_true(uses(9, &p1));
	assert_int_equal(best(9)->distance, 1);
}

static void test_aurp_R6_R7_overlaps_and_our_own_cable_are_not_taken(void **state)
{
	(void)state;
	route_attach(&r, &lan, ext(3, 5));
	route_offer_tunnel(&r, &p1, ext(100, 109), 0);
	assert_int_equal(route_offer_tunnel(&r, &p2, ext(100, 105), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_tunnel(&r, &p2, ext(5, 7), 0), OFFER_OVERLAP);
	assert_int_equal(route_offer_tunnel(&r, &p2, ext(3, 5), 0), OFFER_OURS);
	assert_int_equal(best(3)->kind, PATH_ATTACHED);
}

static void test_aurp_R11_stored_15_is_usable_16_only_listed(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 14);
	route_offer_tunnel(&r, &p1, net(10), 15);
	assert_true(route_is_usable(route_find(&r.routes, 9)));
	assert_int_equal(best(9)->distance, 15);
	assert_false(route_is_usable(route_find(&r.routes, 10)));
	assert_false(route_is_bad(route_find(&r.routes, 10)));
	route_offer_tunnel(&r, &p2, net(10), 3);
	assert_true(uses(10, &p2));
}

static void test_aurp_U45_what_a_new_list_does_not_repeat_goes(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 1);
	route_offer_tunnel(&r, &p1, net(10), 1);
	route_offer_tunnel(&r, &p2, net(10), 7);
	route_mark_peer_stale(&p1);
	route_offer_tunnel(&r, &p1, net(9), 1);
	route_sweep_peer(&r, &p1);
	assert_true(uses(9, &p1));
	assert_true(uses(10, &p2));
}

/* --- where RTMP and tunnels meet ------------------------------------------------------- */

static void test_aurp_U39_U40_R9_rtmp_replaces_a_tunnel_path_which_returns_when_it_dies(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 3);
	route_offer_rtmp(&r, &lan, q1, net(9), 1);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_age(&r);
	route_age(&r);
	assert_true(uses(9, &p1));
	assert_int_equal(best(9)->distance, 4);
}

static void test_aurp_U41_local_distance_grows_past_the_tunnel(void **state)
{
	(void)state;
	route_offer_rtmp(&r, &lan, q1, net(9), 1);
	route_offer_tunnel(&r, &p1, net(9), 3);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_offer_rtmp(&r, &lan, q1, net(9), 6);
	assert_true(uses(9, &p1));
	route_offer_rtmp(&r, &lan, q1, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
}

static void test_a_tie_between_rtmp_and_a_tunnel_goes_to_the_local_internet(void **state)
{
	(void)state;
	route_offer_tunnel(&r, &p1, net(9), 2);
	route_offer_rtmp(&r, &lan, q1, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
	route_offer_tunnel(&r, &p2, net(9), 2);
	assert_int_equal(best(9)->kind, PATH_RTMP);
}

static void test_aurp_R12_without_a_loop_there_is_one_path(void **state)
{
	(void)state;
	for (uint16_t n = 1; n <= 20; n++)
		route_offer_tunnel(&r, &p1, net(n), 1);
	for (size_t i = 0; i < r.routes.used; i++)
		assert_int_equal(route_alternatives(r.routes.sorted[i]), 0);
}

/* Whatever is offered, withdrawn and aged, the table's own rules hold. */
static void check_invariants(void)
{
	for (size_t i = 0; i < r.routes.used; i++) {
		const struct route *route = r.routes.sorted[i];
		const struct list *it;
		bool has_best = false;

		assert_true(i == 0 || r.routes.sorted[i - 1]->range.last < route->range.first);
		for (uint32_t n = route->range.first; n <= route->range.last; n++)
			assert_ptr_equal(r.routes.by_net[n], route);
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

static void test_random_events_never_break_the_table(void **state)
{
	struct peer *peers[] = { &p1, &p2, &p3 };
	struct prng rng;

	(void)state;
	prng_init(&rng, 1504);
	for (int i = 0; i < 60000; i++) {
		uint16_t first = (uint16_t)prng_range(&rng, 1, 80);
		struct at_range range = ext(first, (uint16_t)(first + prng_range(&rng, 0, 3)));
		struct peer *peer = peers[prng_range(&rng, 0, 2)];
		struct port *port = prng_range(&rng, 0, 1) ? &lan : &attic;

		switch (prng_range(&rng, 0, 40)) {
		case 0:
			route_attach(&r, port, range);
			break;
		case 1:
			route_detach_port(&r, port);
			break;
		case 2:
			route_withdraw_peer(&r, peer);
			break;
		case 3:
			route_age(&r);
			break;
		case 4:
			route_mark_peer_stale(peer);
			route_offer_tunnel(&r, peer, range, 1);
			route_sweep_peer(&r, peer);
			break;
		case 5: case 6: case 7: case 8: case 9: case 10:
			route_withdraw_tunnel(&r, peer, range);
			break;
		case 11: case 12: case 13: case 14: case 15: case 16: case 17: case 18: case 19: case 20:
			route_offer_tunnel(&r, peer, range, (uint8_t)prng_range(&rng, 0, 17));
			break;
		default:
			route_offer_rtmp(&r, port, prng_range(&rng, 0, 1) ? q1 : q2, range,
				(uint8_t)prng_range(&rng, 0, 31));
			break;
		}
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
		T(test_aurp_R2_U29_unknown_network_becomes_a_route_one_hop_further),
		T(test_aurp_U27_U30_U31_better_path_takes_over_the_old_one_stays_listed),
		T(test_aurp_R13_a_tie_keeps_the_path_in_use),
		T(test_aurp_U33_U36_the_next_router_withdraws_the_shortest_alternative_follows),
		T(test_aurp_U23_U34_R5_the_last_path_gone_turns_the_entry_bad_until_it_expires),
		T(test_aurp_U35_another_router_withdraws_only_its_own_alternative),
		T(test_aurp_U37_U38_a_distance_change_lets_the_shortest_win),
		T(test_aurp_R6_R7_overlaps_and_our_own_cable_are_not_taken),
		T(test_aurp_R11_stored_15_is_usable_16_only_listed),
		T(test_aurp_U45_what_a_new_list_does_not_repeat_goes),
		T(test_aurp_U39_U40_R9_rtmp_replaces_a_tunnel_path_which_returns_when_it_dies),
		T(test_aurp_U41_local_distance_grows_past_the_tunnel),
		T(test_a_tie_between_rtmp_and_a_tunnel_goes_to_the_local_internet),
		T(test_aurp_R12_without_a_loop_there_is_one_path),
		T(test_random_events_never_break_the_table),
	};

	return cmocka_run_group_tests_name("route_table", tests, NULL, NULL);
}
