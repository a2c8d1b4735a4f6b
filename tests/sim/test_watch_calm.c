/*
 * The watchers in rings: what is forgiven while routes converge, and for how long;
 * what is never forgiven.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ddp.h"
#include "watch_rig.h"
#include "watch_state.h"

/* Sites 0 and 2 share two cables, which is a ring; 1 is in a mesh with 0. */
static struct world *ring(void)
{
	struct world *w = world_new(6);
	struct mesh *m = world_add_mesh(w);
	const char *const zones[] = { "One", "Two", "Far" };

	for (size_t i = 0; i < 3; i++) {
		struct site *site = world_add_site(w);

		for (size_t k = 0; k < 3; k++) {
			uint16_t net = (uint16_t)(100 * (k + 1));

			if (i == 0)
				world_add_lan(w, PORT_ETHERTALK);
			if ((i == 1) == (k == 2))
				site_add_port(site, w->lans.at[k], SEED_HARD,
					(struct at_range){ net, net, true }, zones[k]);
		}
		if (i < 2)
			mesh_join(m, site);
	}
	for (size_t i = 0; i < 3; i++)
		site_switch_on(world_site(w, i));
	return w;
}

/* The echo with this tag leaves the first router for the far cable. */
static void pass(struct world *w, uint32_t tag, uint8_t hops)
{
	const struct ddp h = { .hops = hops, .len = DDP_LONG_HEADER + 9, .type = DDP_AEP,
		.dst = { 300, 9, 4 }, .src = { 100, 9, 253 } };
	uint8_t bytes[64];
	struct wr out = wr_over(bytes, sizeof bytes);
	struct pkt p;

	ddp_encode_long(&out, &h);
	wr_u8(&out, 1);
	wr_u32(&out, ECHO_MARK);
	wr_u32(&out, tag);
	p = (struct pkt){ bytes, bytes + sizeof bytes, bytes, wr_len(&out) };
	watch_datagram_out(world_site(w, 0), NULL, &p);
}

static void test_a_datagram_may_come_around_until_routes_are_calm(void **state)
{
	struct world *w = ring();

	(void)state;
	world_run(w, span_s(300));
	assert_false(watch_is_calm(w, 300));
	pass(w, 1, 2);
	pass(w, 1, 5);
	assert_int_equal(world_print_violations(w), 0);
	assert_int_equal(w->judged.forgiven, 1);
	pass(w, 1, 6);
	assert_reported(w, 1, "comes back at once");
	world_run(w, span_s(500));
	assert_true(watch_is_calm(w, 300));
	pass(w, 2, 2);
	pass(w, 2, 5);
	assert_reported(w, 1, "passes for the second time: 2, 5 hops");
	end(w);
}

static void test_one_router_that_finds_it_further_ends_the_calm(void **state)
{
	struct trace_event e = { .kind = TRACE_ROUTE_CHANGED, .range = { 500, 501, true },
		.number = 2 };
	struct world *w = ring();

	(void)state;
	watch_traced(world_site(w, 2), &e);
	assert_false(watch_is_calm(w, 501));
	world_run(w, span_s(649));
	assert_false(watch_is_calm(w, 501));
	world_run(w, span_s(1));
	assert_true(watch_is_calm(w, 501));
	/* Two hops it was, and two it is, by another router. */
	watch_traced(world_site(w, 2), &e);
	assert_true(watch_is_calm(w, 501));
	e.number = 3;
	watch_traced(world_site(w, 2), &e);
	assert_false(watch_is_calm(w, 501));
	world_run(w, span_s(100));
	assert_true(watch_is_calm(w, 300));
	site_crash(world_site(w, 1));
	assert_false(watch_is_calm(w, 300));
	end(w);
}

static void test_split_horizon_is_judged_by_what_is_behind_the_tunnel(void **state)
{
	const struct at_range far = { 300, 300, true }, one = { 100, 100, true };
	struct world *w = ring();
	struct site *site = world_site(w, 0);

	(void)state;
	assert_false(watch_reaches(site_tunnel(site, 0), far));
	assert_true(watch_reaches(site_tunnel(site, 0), one));
	assert_true(watch_has_ring(w, site, site_tunnel(site, 0)));
	/* Nothing comes around to a site that has one cable. */
	assert_false(watch_reaches(site_tunnel(world_site(w, 1), 0), one));
	assert_false(watch_has_ring(w, world_site(w, 1), site_tunnel(world_site(w, 1), 0)));
	assert_true(watch_has_ring(w, world_site(w, 1), NULL));
	/* With a tunnel of its own the other router is a second way there. */
	mesh_join(w->meshes.at[0], world_site(w, 2));
	assert_true(watch_reaches(site_tunnel(site, 0), far));
	end(w);
}

static void test_a_story_may_ask_for_no_allowance(void **state)
{
	struct world *w = ring();

	(void)state;
	watch_strictly(w);
	world_run(w, span_s(30));
	pass(w, 1, 2);
	pass(w, 1, 5);
	assert_reported(w, 1, "passes for the second time: 2, 5 hops");
	assert_int_equal(w->judged.lenient, 0);
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_datagram_may_come_around_until_routes_are_calm),
		cmocka_unit_test(test_one_router_that_finds_it_further_ends_the_calm),
		cmocka_unit_test(test_split_horizon_is_judged_by_what_is_behind_the_tunnel),
		cmocka_unit_test(test_a_story_may_ask_for_no_allowance),
	};

	return cmocka_run_group_tests_name("watch-calm", tests, NULL, NULL);
}
