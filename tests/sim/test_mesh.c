/*
 * Whole internets under simulated time: meshes over a bad network, sites that
 * crash and return, two tunnels joined by one router, two routers on one cable.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "world.h"

static uint16_t net_of(size_t i)
{
	return (uint16_t)(100 + 10 * i);
}

static const char *zone_of(size_t i, char text[32])
{
	snprintf(text, 32, "Zone %zu", i);
	return text;
}

/* The oracle agrees, nobody broke a rule, and everything that routers took is given back. */
static void end(struct world *w)
{
	for (size_t i = 0; i < w->meshes.n; i++)
		mesh_heal(w->meshes.at[i]);
	(void)world_rest(w);
	assert_int_equal(world_print_violations(w), 0);
	world_free(w);
	assert_int_equal(memory_of_routers().blocks, 0);
}

/* A site with its own LAN. */
static struct site *add_site(struct world *w, size_t i)
{
	struct site *site = world_add_site(w);
	char zone[32];

	site_add_port(site, world_add_lan(w, PORT_ETHERTALK), SEED_HARD,
		(struct at_range){ net_of(i), (uint16_t)(net_of(i) + 1), true }, zone_of(i, zone));
	host_switch_on(world_add_host(w, site_port(site, 0)->lan, NULL));
	return site;
}

/* n sites, each on its own cable, in one full mesh, all on. */
static struct world *mesh(uint64_t seed, size_t n)
{
	struct world *w = world_new(seed);
	struct mesh *m = world_add_mesh(w);

	for (size_t i = 0; i < n; i++)
		mesh_join(m, add_site(w, i));
	for (size_t i = 0; i < n; i++)
		site_switch_on(world_site(w, i));
	return w;
}

static struct weather *weather(struct world *w)
{
	return &((struct mesh *)w->meshes.at[0])->weather;
}

/* Every site that is on knows exactly the networks and zones of all that are on. */
static void assert_all_agree(struct world *w)
{
	char zone[32];
	size_t on = 0;

	for (size_t i = 0; i < w->sites.n; i++)
		on += site_is_on(world_site(w, i));
	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);

		if (!site_is_on(site))
			continue;
		assert_int_equal(site_networks(site), on);
		for (size_t k = 0; k < w->sites.n; k++) {
			unsigned hops;

			if (!site_is_on(world_site(w, k)))
				continue;
			assert_true(site_knows(site, net_of(k), &hops));
			assert_int_equal(hops, i == k ? 0 : 1);
			assert_true(site_sees_zone(site, zone_of(k, zone)));
		}
	}
}

static void test_two_sites_see_each_other_within_5_seconds(void **state)
{
	struct world *w = mesh(1, 2);

	(void)state;
	world_run(w, span_s(5));
	assert_all_agree(w);
	end(w);
}

static void test_aurp_U22_mesh_of_30_over_a_network_that_loses_a_quarter(void **state)
{
	struct world *w = mesh(2, 30);

	(void)state;
	weather(w)->loss = 25;
	weather(w)->dup = 10;
	weather(w)->delay_max = span_ms(400);
	world_run(w, span_s(900));
	weather(w)->loss = 0;
	weather(w)->dup = 0;
	world_run(w, span_s(400));
	assert_all_agree(w);
	assert_true(w->traffic.largest <= 621);
	end(w);
}

static void test_an_idle_mesh_exchanges_nothing_but_tickles(void **state)
{
	struct world *w = mesh(3, 10);

	(void)state;
	world_run(w, span_s(120));
	assert_all_agree(w);
	world_forget_counts(w);
	world_run(w, span_s(600));
	for (int msg = 0; msg < AURP_MSG_COUNT; msg++)
		if (msg != AURP_TICKLE && msg != AURP_TICKLE_ACK)
			assert_int_equal(w->traffic.msg[msg], 0);
	assert_int_equal(w->traffic.data, 0);
	assert_int_equal(w->traffic.msg[AURP_TICKLE], w->traffic.msg[AURP_TICKLE_ACK]);
	/* 90 connections, one tickle each 90 s of silence */
	assert_in_range(w->traffic.msg[AURP_TICKLE], 90 * 6, 90 * 7);
	end(w);
}

static void test_aurp_C31_crashes_and_returns_for_two_hours_then_all_agree(void **state)
{
	struct world *w = mesh(4, 12);

	(void)state;
	weather(w)->loss = 10;
	for (int i = 0; i < 120; i++) {
		struct site *site = world_site(w, prng_range(&w->prng, 0, 11));

		world_run(w, span_s(prng_range(&w->prng, 1, 120)));
		if (!site_is_on(site))
			site_switch_on(site);
		else if (prng_range(&w->prng, 0, 1))
			site_crash(site);
		else
			site_stop(site);
	}
	weather(w)->loss = 0;
	for (size_t i = 0; i < 12; i += 2)
		if (!site_is_on(world_site(w, i)))
			site_switch_on(world_site(w, i));
	/* The longest wait: 300 s until the next try of a peer thought dead, plus liveness. */
	world_run(w, span_s(700));
	assert_all_agree(w);
	end(w);
}

static void test_aurp_C32_orderly_shutdown_is_known_at_once(void **state)
{
	struct world *w = mesh(5, 4);

	(void)state;
	world_run(w, span_s(30));
	site_stop(world_site(w, 2));
	world_run(w, span_s(1));
	for (size_t i = 0; i < 4; i++)
		if (site_is_on(world_site(w, i)))
			assert_false(site_knows(world_site(w, i), net_of(2), NULL));
	end(w);
}

static void test_aurp_C23_C30_a_crash_is_noticed_by_silence(void **state)
{
	struct world *w = mesh(6, 4);

	(void)state;
	world_run(w, span_s(30));
	site_crash(world_site(w, 2));
	world_run(w, span_s(60));
	assert_true(site_knows(world_site(w, 0), net_of(2), NULL));
	world_run(w, span_s(120));	/* 90 s of silence, a few tickles in vain, 40 s as Bad */
	assert_false(site_knows(world_site(w, 0), net_of(2), NULL));
	site_switch_on(world_site(w, 2));
	world_run(w, span_s(20));
	assert_all_agree(w);
	end(w);
}

static void test_aurp_T17_two_tunnels_pass_routes_on(void **state)
{
	struct world *w = world_new(7);
	struct mesh *left = world_add_mesh(w), *right = world_add_mesh(w);
	unsigned hops;
	char zone[32];

	/* Site 0 is the hub: 1 is behind its first tunnel, 2 behind its second. */
	(void)state;
	for (size_t i = 0; i < 3; i++)
		add_site(w, i);
	mesh_join(left, world_site(w, 0));
	mesh_join(left, world_site(w, 1));
	mesh_join(right, world_site(w, 0));
	mesh_join(right, world_site(w, 2));
	for (size_t i = 0; i < 3; i++)
		site_switch_on(world_site(w, i));
	world_run(w, span_s(60));
	assert_true(site_knows(world_site(w, 1), net_of(2), &hops));
	assert_int_equal(hops, 2);
	assert_true(site_knows(world_site(w, 2), net_of(1), &hops));
	assert_int_equal(hops, 2);
	assert_true(site_sees_zone(world_site(w, 1), zone_of(2, zone)));
	site_crash(world_site(w, 2));
	world_run(w, span_s(200));
	assert_false(site_knows(world_site(w, 1), net_of(2), NULL));
	end(w);
}

static void test_aurp_T28_two_routers_of_one_internet_back_each_other_up(void **state)
{
	struct world *w = world_new(8);
	struct mesh *m = world_add_mesh(w);
	struct lan *shared = world_add_lan(w, PORT_ETHERTALK);
	struct lan *far = world_add_lan(w, PORT_ETHERTALK);
	unsigned hops;

	/* Sites 0 and 1 seed the same cable; both have a tunnel to site 2. */
	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct site *site = world_add_site(w);

		site_add_port(site, i < 2 ? shared : far, SEED_HARD, i < 2 ?
			(struct at_range){ 100, 101, true } : (struct at_range){ 300, 301, true },
			i < 2 ? "Shared" : "Far");
		mesh_join(m, site);
	}
	for (size_t i = 0; i < 3; i++)
		site_switch_on(world_site(w, i));
	world_run(w, span_s(60));
	assert_true(site_knows(world_site(w, 2), 100, &hops));
	assert_int_equal(hops, 1);
	assert_true(site_knows(world_site(w, 0), 300, NULL));
	assert_true(site_knows(world_site(w, 1), 300, NULL));
	site_stop(world_site(w, 0));
	world_run(w, span_s(30));
	assert_true(site_knows(world_site(w, 2), 100, &hops));
	assert_int_equal(hops, 1);
	assert_true(site_knows(world_site(w, 1), 300, NULL));
	end(w);
}

static void test_the_same_seed_gives_the_same_world(void **state)
{
	uint64_t digest[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct world *w = mesh(99, 6);

		weather(w)->loss = 30;
		world_run(w, span_s(300));
		site_crash(world_site(w, 3));
		world_run(w, span_s(300));
		digest[i] = w->digest;
		end(w);
	}
	assert_true(digest[0] == digest[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_sites_see_each_other_within_5_seconds),
		cmocka_unit_test(test_aurp_U22_mesh_of_30_over_a_network_that_loses_a_quarter),
		cmocka_unit_test(test_an_idle_mesh_exchanges_nothing_but_tickles),
		cmocka_unit_test(test_aurp_C31_crashes_and_returns_for_two_hours_then_all_agree),
		cmocka_unit_test(test_aurp_C32_orderly_shutdown_is_known_at_once),
		cmocka_unit_test(test_aurp_C23_C30_a_crash_is_noticed_by_silence),
		cmocka_unit_test(test_aurp_T17_two_tunnels_pass_routes_on),
		cmocka_unit_test(test_aurp_T28_two_routers_of_one_internet_back_each_other_up),
		cmocka_unit_test(test_the_same_seed_gives_the_same_world),
	};

	return cmocka_run_group_tests_name("mesh", tests, NULL, NULL);
}
