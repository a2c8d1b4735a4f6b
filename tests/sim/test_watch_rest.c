/*
 * The judgement at rest watched: a map that is not what the routers know, noise,
 * silence where an answer should be; and the shrinker, which must find the
 * culprit in a long list.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "shrink.h"
#include "watch_rig.h"

/* --- at rest --------------------------------------------------------------------------- */

static void test_an_honest_world_comes_to_rest(void **state)
{
	struct world *w = pair();
	struct rest rest = world_rest(w);

	(void)state;
	assert_int_equal(world_print_violations(w), 0);
	assert_int_equal(rest.lookups, 2);
	assert_int_equal(rest.echoes, 2);
	end(w);
}

static void test_a_wrong_distance_is_seen(void **state)
{
	struct world *w = pair();
	struct oracle *o = oracle_new(w);

	(void)state;
	assert_int_equal(oracle_compare(o, world_site(w, 0), true), 0);
	oracle_distort(o, site_port(world_site(w, 1), 0)->lan);
	assert_int_equal(oracle_compare(o, world_site(w, 0), true), 1);
	assert_reported(w, 1, "network 200-200: distance (is 1, should be 2)");
	oracle_free(o);
	end(w);
}

/* The map changes behind the back of the routers: nobody tells them. */
static void test_a_dead_and_a_missing_network_are_seen(void **state)
{
	struct world *w = pair();
	struct oracle *o;

	(void)state;
	site_port(world_site(w, 1), 0)->config.range = (struct at_range){ 300, 300, true };
	o = oracle_new(w);
	assert_int_equal(oracle_compare(o, world_site(w, 0), true), 3);
	oracle_free(o);
	assert_true(world_violations(w) == 3);
	assert_non_null(strstr(world_violation(w, 0)->text, "there is no such network"));
	assert_non_null(strstr(world_violation(w, 1)->text, "zone of a dead site"));
	assert_non_null(strstr(world_violation(w, 2)->text, "300-300: is not known"));
	end(w);
}

static void test_a_strange_zone_is_seen(void **state)
{
	const struct at_name zone = name_of("Elsewhere");
	struct world *w = pair();
	struct oracle *o;

	(void)state;
	port_set_zones(site_port(world_site(w, 1), 0), &zone, 1);
	o = oracle_new(w);
	assert_true(oracle_compare(o, world_site(w, 0), true) > 0);
	oracle_free(o);
	assert_non_null(strstr(world_violation(w, 0)->text, "200-200: strange zone"));
	end(w);
}

static void refresh(struct world *w, void *ctx)
{
	(void)w;
	site_refresh(ctx);
}

static void test_a_tunnel_that_is_not_silent_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	world_call(w, span_s(span_to_s(rest_bound(w)) + 60), refresh, world_site(w, 0));
	(void)world_rest(w);
	assert_reported(w, 1, "a tunnel carried more than Tickle");
	end(w);
}

static void silence(struct world *w, void *ctx)
{
	(void)w;
	((struct host *)ctx)->station.is_mute = true;
}

static void test_a_name_that_is_not_found_is_seen(void **state)
{
	struct world *w = pair();

	(void)state;
	world_call(w, rest_bound(w), silence, world_host(w, 1));
	(void)world_rest(w);
	assert_reported(w, 2, "does not find host");
	end(w);
}

static void test_memory_that_is_not_given_back_is_seen(void **state)
{
	struct memory before = memory_of_routers();
	void *p;

	(void)state;
	memory_enter_router();
	p = malloc(10);
	p = realloc(p, 1000);
	memory_leave_router();
	assert_int_equal(memory_of_routers().blocks, before.blocks + 1);
	assert_int_equal(memory_of_routers().bytes, before.bytes + 1000);
	free(p);
	assert_int_equal(memory_of_routers().blocks, before.blocks);
	assert_int_equal(memory_of_routers().bytes, before.bytes);
}

/* --- shrinking ------------------------------------------------------------------------- */

static bool has_both(void *ctx, const struct fault *list, size_t n)
{
	unsigned *runs = ctx;
	bool has_7 = false, has_19 = false;

	++*runs;
	for (size_t i = 0; i < n; i++) {
		has_7 |= list[i].a == 7;
		has_19 |= list[i].a == 19;
	}
	return has_7 && has_19;
}

static void test_the_shrinker_finds_two_culprits_of_forty(void **state)
{
	struct fault list[40] = { { .kind = FAULT_CRASH } };
	unsigned runs = 0;

	(void)state;
	for (uint32_t i = 0; i < 40; i++)
		list[i].a = i;
	assert_int_equal(shrink_faults(list, 40, 400, has_both, &runs), 2);
	assert_int_equal(list[0].a, 7);
	assert_int_equal(list[1].a, 19);
	assert_true(runs < 100);
}

/* The saboteur strikes only at a router that was restarted: two faults belong together. */
static void strike(struct world *w, uint32_t a)
{
	const struct site *site = world_site(w, a % w->sites.n);

	if (site->lives > 1)
		watch_say(w, site->config.name, "is sabotaged");
}

static void test_a_random_history_shrinks_to_its_culprits(void **state)
{
	const uint64_t seed = 3;
	struct faults faults = random_faults(seed);
	size_t n = faults.n;
	struct fault *list = world_alloc(n + 2, sizeof(*list));

	(void)state;
	assert_true(n >= 5);
	assert_int_equal(random_run(seed, faults.list, n, true).violations, 0);
	/* Whoever else restarts site 1 would do as well: they happen after the sabotage. */
	memcpy(list + 1, faults.list, n * sizeof(*list));
	list[0] = (struct fault){ .at = span_ms(5500), .lasts = span_ms(500),
		.kind = FAULT_CRASH, .a = 1 };
	list[n + 1] = (struct fault){ .at = span_ms(6500), .kind = FAULT_SABOTAGE, .a = 1 };
	random_sabotage = strike;
	n = shrink_world(seed, list, n + 2);
	random_sabotage = NULL;
	assert_int_equal(n, 2);
	assert_int_equal(list[0].kind, FAULT_CRASH);
	assert_int_equal(list[1].kind, FAULT_SABOTAGE);
	free(list);
	free(faults.list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_honest_world_comes_to_rest),
		cmocka_unit_test(test_a_wrong_distance_is_seen),
		cmocka_unit_test(test_a_dead_and_a_missing_network_are_seen),
		cmocka_unit_test(test_a_strange_zone_is_seen),
		cmocka_unit_test(test_a_tunnel_that_is_not_silent_is_seen),
		cmocka_unit_test(test_a_name_that_is_not_found_is_seen),
		cmocka_unit_test(test_memory_that_is_not_given_back_is_seen),
		cmocka_unit_test(test_the_shrinker_finds_two_culprits_of_forty),
		cmocka_unit_test(test_a_random_history_shrinks_to_its_culprits),
	};

	return cmocka_run_group_tests_name("watch-rest", tests, NULL, NULL);
}
