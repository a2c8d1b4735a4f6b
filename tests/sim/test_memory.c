/*
 * Memory of the routers: after the same churn for the second time it stands where
 * it stood after the first (arrays may have grown once), and at the end of a
 * world it is all given back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

enum { SITES = 8 };

/* Three cables behind each site, of which the first stays as it is. */
static struct world *busy_world(void)
{
	struct world *w = world_new(11);
	struct mesh *m = world_add_mesh(w);

	for (uint16_t i = 0; i < SITES; i++) {
		struct site *site = world_add_site(w);

		for (uint16_t k = 0; k < 3; k++) {
			uint16_t net = (uint16_t)(100 * (i + 1) + 10 * k);
			struct lan *lan = world_add_lan(w, k == 2 ? PORT_LTOUDP : PORT_ETHERTALK);

			site_add_port(site, lan, SEED_HARD, (struct at_range){ net, net, true },
				k ? "Shared" : "Own");
			host_switch_on(world_add_host(w, lan, NULL));
		}
		mesh_join(m, site);
	}
	for (size_t i = 0; i < SITES; i++)
		site_switch_on(world_site(w, i));
	return w;
}

static void set_port(struct site *site, size_t port, bool is_removed)
{
	site_port(site, port)->is_removed = is_removed;
	site_reconfigure(site);
}

/* Losses, a partition, networks and peers that go and return; nobody is restarted. */
static void churn(struct world *w)
{
	struct mesh *m = w->meshes.at[0];

	m->weather.loss = 30;
	m->weather.dup = 20;
	for (size_t i = 0; i < 40; i++) {
		struct site *site = world_site(w, i % SITES);

		set_port(site, 1 + i % 2, true);
		site_tunnel(site, 0)->jack.group = i % 3 == 0;
		world_run(w, span_s(90));
		set_port(site, 1 + i % 2, false);
		site_tunnel(site, 0)->jack.group = 0;
		world_run(w, span_s(30));
	}
	mesh_heal(m);
	(void)world_rest(w);
	assert_int_equal(world_print_violations(w), 0);
}

static void test_memory_is_back_to_the_level_before_after_churn(void **state)
{
	struct world *w = busy_world();
	struct memory level[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		churn(w);
		level[i] = memory_of_routers();
	}
	assert_true(level[0].blocks > 0);
	assert_int_equal(level[1].blocks, level[0].blocks);
	assert_int_equal(level[2].blocks, level[1].blocks);
	assert_int_equal(level[2].bytes, level[1].bytes);
	world_free(w);
	assert_int_equal(memory_of_routers().blocks, 0);
	assert_int_equal(memory_of_routers().bytes, 0);
}

/* A router in a world of many takes from memory what it gives back when it is switched off. */
static void test_a_site_gives_back_what_it_took(void **state)
{
	struct world *w = busy_world();
	struct memory before = { 0, 0 };

	(void)state;
	for (int i = 0; i < 5; i++) {
		world_run(w, span_s(60));
		assert_true(memory_of_routers().blocks > before.blocks);
		site_stop(world_site(w, 0));
		world_run(w, span_s(900));
		if (i > 0)
			assert_int_equal(memory_of_routers().blocks, before.blocks);
		before = memory_of_routers();
		site_switch_on(world_site(w, 0));
	}
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_memory_is_back_to_the_level_before_after_churn),
		cmocka_unit_test(test_a_site_gives_back_what_it_took),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
