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

#include "sim.h"

enum { RI_REQ = 1, RI_RSP = 2, RI_ACK = 3, RI_UPD = 4, OPEN_REQ = 8, TICKLE = 14, TICKLE_ACK = 15 };

static uint16_t net_of(size_t i)
{
	return (uint16_t)(100 + 10 * i);
}

static const char *zone_of(size_t i, char text[16])
{
	snprintf(text, 16, "Zone %zu", i);
	return text;
}

/* n sites, each on its own cable, in one full mesh, all on. */
static struct sim *mesh(uint64_t seed, size_t n)
{
	struct sim *s = sim_new(seed);
	size_t members[SIM_SITES_MAX];
	char zone[16];

	for (size_t i = 0; i < n; i++) {
		sim_add_site(s, net_of(i), (uint16_t)(net_of(i) + 1), zone_of(i, zone), i);
		members[i] = i;
	}
	sim_mesh(s, 0, members, n);
	for (size_t i = 0; i < n; i++)
		site_switch_on(&s->sites[i]);
	return s;
}

/* Every site that is on knows exactly the networks and zones of all that are on. */
static void assert_all_agree(struct sim *s)
{
	char zone[16];
	size_t on = 0;

	for (size_t i = 0; i < s->n_sites; i++)
		on += s->sites[i].router != NULL;
	for (size_t i = 0; i < s->n_sites; i++) {
		struct site *site = &s->sites[i];

		if (!site->router)
			continue;
		assert_int_equal(site_networks(site), on);
		for (size_t k = 0; k < s->n_sites; k++) {
			unsigned hops;

			if (!s->sites[k].router)
				continue;
			assert_true(site_knows(site, net_of(k), &hops));
			assert_int_equal(hops, i == k ? 0 : 1);
			assert_true(site_sees_zone(site, zone_of(k, zone)));
		}
	}
}

static void test_two_sites_see_each_other_within_5_seconds(void **state)
{
	struct sim *s = mesh(1, 2);

	(void)state;
	sim_run(s, span_s(5));
	assert_all_agree(s);
	sim_free(s);
}

static void test_aurp_U22_mesh_of_30_over_a_network_that_loses_a_quarter(void **state)
{
	struct sim *s = mesh(2, 30);

	(void)state;
	s->loss_percent = 25;
	s->dup_percent = 10;
	s->delay_max = span_ms(400);
	sim_run(s, span_s(900));
	s->loss_percent = 0;
	s->dup_percent = 0;
	sim_run(s, span_s(400));
	assert_all_agree(s);
	assert_true(s->largest <= 621);
	sim_free(s);
}

static void test_an_idle_mesh_exchanges_nothing_but_tickles(void **state)
{
	struct sim *s = mesh(3, 10);

	(void)state;
	sim_run(s, span_s(120));
	assert_all_agree(s);
	sim_forget_counts(s);
	sim_run(s, span_s(600));
	for (int code = 0; code < 16; code++)
		if (code != TICKLE && code != TICKLE_ACK)
			assert_int_equal(s->sent[code], 0);
	assert_int_equal(s->data, 0);
	assert_int_equal(s->sent[TICKLE], s->sent[TICKLE_ACK]);
	/* 90 connections, one tickle each 90 s of silence */
	assert_in_range(s->sent[TICKLE], 90 * 6, 90 * 7);
	sim_free(s);
}

static void test_aurp_C31_crashes_and_returns_for_two_hours_then_all_agree(void **state)
{
	struct sim *s = mesh(4, 12);

	(void)state;
	s->loss_percent = 10;
	for (int i = 0; i < 120; i++) {
		struct site *site = &s->sites[prng_range(&s->prng, 0, 11)];

		sim_run(s, span_s(prng_range(&s->prng, 1, 120)));
		if (!site->router)
			site_switch_on(site);
		else if (prng_range(&s->prng, 0, 1))
			site_crash(site);
		else
			site_stop(site);
	}
	s->loss_percent = 0;
	for (size_t i = 0; i < 12; i += 2)
		if (!s->sites[i].router)
			site_switch_on(&s->sites[i]);
	/* The longest wait: 300 s until the next try of a peer thought dead, plus liveness. */
	sim_run(s, span_s(700));
	assert_all_agree(s);
	sim_free(s);
}

static void test_aurp_C32_orderly_shutdown_is_known_at_once(void **state)
{
	struct sim *s = mesh(5, 4);

	(void)state;
	sim_run(s, span_s(30));
	site_stop(&s->sites[2]);
	sim_run(s, span_s(1));
	for (size_t i = 0; i < 4; i++)
		if (s->sites[i].router)
			assert_false(site_knows(&s->sites[i], net_of(2), NULL));
	sim_free(s);
}

static void test_aurp_C23_C30_a_crash_is_noticed_by_silence(void **state)
{
	struct sim *s = mesh(6, 4);

	(void)state;
	sim_run(s, span_s(30));
	site_crash(&s->sites[2]);
	sim_run(s, span_s(60));
	assert_true(site_knows(&s->sites[0], net_of(2), NULL));
	sim_run(s, span_s(120));	/* 90 s of silence, a few tickles in vain, 40 s as Bad */
	assert_false(site_knows(&s->sites[0], net_of(2), NULL));
	site_switch_on(&s->sites[2]);
	sim_run(s, span_s(20));
	assert_all_agree(s);
	sim_free(s);
}

static void test_aurp_T17_two_tunnels_pass_routes_on(void **state)
{
	struct sim *s = sim_new(7);
	static const size_t left[] = { 0, 1 }, right[] = { 0, 2 };
	unsigned hops;
	char zone[16];

	/* Site 0 is the hub: 1 is behind its first tunnel, 2 behind its second. */
	(void)state;
	for (size_t i = 0; i < 3; i++)
		sim_add_site(s, net_of(i), net_of(i), zone_of(i, zone), i);
	sim_mesh(s, 0, left, 2);
	sim_mesh(s, 1, right, 2);
	for (size_t i = 0; i < 3; i++)
		site_switch_on(&s->sites[i]);
	sim_run(s, span_s(60));
	assert_true(site_knows(&s->sites[1], net_of(2), &hops));
	assert_int_equal(hops, 2);
	assert_true(site_knows(&s->sites[2], net_of(1), &hops));
	assert_int_equal(hops, 2);
	assert_true(site_sees_zone(&s->sites[1], zone_of(2, zone)));
	site_crash(&s->sites[2]);
	sim_run(s, span_s(200));
	assert_false(site_knows(&s->sites[1], net_of(2), NULL));
	sim_free(s);
}

static void test_aurp_T28_two_routers_of_one_internet_back_each_other_up(void **state)
{
	struct sim *s = sim_new(8);
	static const size_t members[] = { 0, 1, 2 };
	unsigned hops;

	/* Sites 0 and 1 seed the same cable; both have a tunnel to site 2. */
	(void)state;
	sim_add_site(s, 100, 101, "Shared", 0);
	sim_add_site(s, 100, 101, "Shared", 0);
	sim_add_site(s, 300, 301, "Far", 1);
	sim_mesh(s, 0, members, 3);
	for (size_t i = 0; i < 3; i++)
		site_switch_on(&s->sites[i]);
	sim_run(s, span_s(60));
	assert_true(site_knows(&s->sites[2], 100, &hops));
	assert_int_equal(hops, 1);
	assert_true(site_knows(&s->sites[0], 300, NULL));
	assert_true(site_knows(&s->sites[1], 300, NULL));
	site_stop(&s->sites[0]);
	sim_run(s, span_s(30));
	assert_true(site_knows(&s->sites[2], 100, &hops));
	assert_int_equal(hops, 1);
	assert_true(site_knows(&s->sites[1], 300, NULL));
	sim_free(s);
}

static void test_the_same_seed_gives_the_same_world(void **state)
{
	uint64_t digest[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct sim *s = mesh(99, 6);

		s->loss_percent = 30;
		sim_run(s, span_s(300));
		site_crash(&s->sites[3]);
		sim_run(s, span_s(300));
		digest[i] = s->digest;
		sim_free(s);
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
