/*
 * Sites that crash, restart and call each other at once; tunnels that are cut
 * on one side, split in halves, and moved to other addresses. In the end
 * everybody knows everybody, and within a time that follows from the timers:
 * 90 s of silence, four tickles of at most 10 s, five probes of a connection
 * whose time doubles to at most 30 s, and the 300 s between calls to a peer
 * that was gone for long.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story.h"

enum {
	SILENCE_S = 90 + 40,		/* a dead peer is noticed */
	PROBE_S = 100,			/* the connection the other way as well */
	REDIAL_S = 330,			/* the slowest call again */
};

static struct jack *jack_of(const struct world *w, size_t i)
{
	return story_jack(world_site(w, i));
}

static uint64_t count_all(const struct world *w, enum trace_kind kind)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->sites.n; i++)
		n += world_site(w, i)->traces[kind];
	return n;
}

/* --- crash and restart ----------------------------------------------------------------- */

/* Site 1 crashes for a while and comes back with this seed; how long until all is well. */
static unsigned crash_and_return(struct world *w, unsigned off_s, uint64_t seed)
{
	site_crash(world_site(w, 1));
	world_run(w, span_s(off_s));
	if (seed)
		site_set_seed(world_site(w, 1), seed);
	site_switch_on(world_site(w, 1));
	/* It knows nothing yet. */
	assert_false(story_agrees(w));
	return story_settle(w, SILENCE_S + PROBE_S);
}

static void test_aurp_C31_a_crash_and_a_return_with_a_new_connection_id(void **state)
{
	static const unsigned off_s[] = { 1, 5, 30, 85, 120, 200, 600, 3600 };
	unsigned worst = 0;

	(void)state;
	for (size_t i = 0; i < sizeof off_s / sizeof *off_s; i++) {
		struct world *w = story_mesh(10 + i, 2);
		unsigned s;

		story_switch_on(w);
		story_settle(w, 30);
		s = crash_and_return(w, off_s[i], 0);
		worst = s > worst ? s : worst;
		story_end(w, 0);
	}
	print_message("a site that crashed is known again after %u s at most\n", worst);
}

static void test_a_return_with_the_same_connection_id(void **state)
{
	static const unsigned off_s[] = { 1, 5, 30, 85, 120, 200 };

	(void)state;
	for (size_t i = 0; i < sizeof off_s / sizeof *off_s; i++) {
		struct world *w = story_mesh(20 + i, 2);

		/* The same seed twice: what it draws, it draws again. */
		site_set_seed(world_site(w, 1), 4711);
		story_switch_on(w);
		story_settle(w, 30);
		crash_and_return(w, off_s[i], 4711);
		story_end(w, 0);
	}
}

static void test_aurp_C17_a_return_with_the_connection_id_of_the_life_before_last(void **state)
{
	struct world *w = story_mesh(30, 2);

	(void)state;
	site_set_seed(world_site(w, 1), 4711);
	story_switch_on(w);
	story_settle(w, 30);
	crash_and_return(w, 10, 815);
	world_run(w, span_s(100));
	crash_and_return(w, 10, 4711);
	story_end(w, 0);
}

static void test_both_sides_restart_at_once(void **state)
{
	(void)state;
	for (unsigned off_ms = 0; off_ms < 60; off_ms += 5) {
		struct world *w = story_mesh(40 + off_ms, 2);

		story_switch_on(w);
		story_settle(w, 30);
		site_crash(world_site(w, 0));
		site_crash(world_site(w, 1));
		world_run(w, span_s(1));
		site_switch_on(world_site(w, 0));
		world_run(w, span_ms(off_ms));
		site_switch_on(world_site(w, 1));
		story_end(w, 30);
	}
}

static void test_one_side_restarts_in_a_loop(void **state)
{
	struct world *w = story_mesh(50, 3);

	(void)state;
	story_switch_on(w);
	story_settle(w, 30);
	for (unsigned life = 0; life < 200; life++) {
		world_run(w, span_ms(200 + 137 * (life % 60)));
		if (life % 3)
			site_crash(world_site(w, 1));
		else
			site_stop(world_site(w, 1));
		world_run(w, span_ms(100 * (life % 7)));
		site_switch_on(world_site(w, 1));
	}
	story_end(w, SILENCE_S + PROBE_S);
}

/* --- both call ------------------------------------------------------------------------- */

static void test_aurp_C18_C21_both_open_at_the_same_moment(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct world *w = story_mesh(seed, 2);
		struct mesh *m = story_mesh_of(w);
		struct traffic *t = &w->traffic;

		/* The same delay both ways: the Open-Reqs cross each other exactly. */
		m->weather.delay_min = m->weather.delay_max = span_ms(20);
		story_switch_on(w);
		world_run(w, span_s(60));
		assert_true(story_agrees(w));
		/* One connection each way, and nothing was said twice. */
		assert_int_equal(t->msg[AURP_OPEN_REQ], 2);
		assert_int_equal(t->msg[AURP_OPEN_RSP], 2);
		assert_int_equal(t->msg[AURP_RI_REQ], 2);
		assert_int_equal(count_all(w, TRACE_PEER_DOWN), 0);
		story_end(w, 0);
	}
}

static void test_one_knows_the_address_of_the_other_late(void **state)
{
	struct world *w = world_new(61);
	struct mesh *m = world_add_mesh(w);
	struct site *a = story_add_site(w, 0), *b = story_add_site(w, 1);
	struct site_tunnel *t = mesh_join_alone(m, a), *u = mesh_join_alone(m, b);
	struct site_peer *late;

	/* Only site 1 can call; site 0 answers nobody whose address it cannot find. */
	(void)state;
	late = tunnel_add_peer(t, "b", NULL);
	tunnel_add_peer(u, "a", &t->jack);
	story_switch_on(w);
	world_run(w, span_s(3600));
	assert_int_equal(site_connected(a) + site_connected(b), 0);
	late->to = &u->jack;
	site_resolve(a);
	story_end(w, 5);
}

/* --- one direction --------------------------------------------------------------------- */

/* Packets from `from` to the other are lost for so long, in a connected pair. */
static void cut_one_way(uint64_t seed, size_t from, unsigned for_s)
{
	struct world *w = story_mesh(seed, 2);
	struct mesh *m = story_mesh_of(w);

	story_switch_on(w);
	story_settle(w, 30);
	mesh_cut(m, jack_of(w, from), jack_of(w, 1 - from), true);
	world_run(w, span_s(for_s));
	if (for_s >= SILENCE_S + PROBE_S) {
		/* Half a connection is none: neither believes in the other's networks. */
		assert_false(site_knows(world_site(w, 0), story_net(1), NULL));
		assert_false(site_knows(world_site(w, 1), story_net(0), NULL));
	}
	mesh_heal(m);
	story_end(w, SILENCE_S + PROBE_S + REDIAL_S);
}

static void test_aurp_C28_C29_half_open_for_any_time(void **state)
{
	static const unsigned for_s[] = { 5, 60, 100, 120, 140, 160, 180, 200, 230, 300, 3600 };

	(void)state;
	for (size_t i = 0; i < sizeof for_s / sizeof *for_s; i++)
		for (size_t from = 0; from < 2; from++)
			cut_one_way(70 + i, from, for_s[i]);
}

static void test_cut_one_way_from_birth(void **state)
{
	struct world *w = story_mesh(80, 2);
	struct mesh *m = story_mesh_of(w);

	(void)state;
	mesh_cut(m, jack_of(w, 0), jack_of(w, 1), true);
	story_switch_on(w);
	world_run(w, span_s(1800));
	assert_false(site_knows(world_site(w, 0), story_net(1), NULL));
	assert_false(site_knows(world_site(w, 1), story_net(0), NULL));
	/* Nobody who does not hear us is told anything. */
	assert_int_equal(w->traffic.msg[AURP_RI_RSP] + w->traffic.msg[AURP_ZI_RSP], 0);
	mesh_heal(m);
	story_end(w, REDIAL_S);
}

static void test_asymmetric_cuts_all_over_a_mesh(void **state)
{
	struct world *w = story_mesh(81, 10);
	struct mesh *m = story_mesh_of(w);

	(void)state;
	story_switch_on(w);
	story_settle(w, 60);
	for (int round = 0; round < 20; round++) {
		size_t a = prng_range(&w->prng, 0, 9), b = prng_range(&w->prng, 0, 9);

		mesh_cut(m, jack_of(w, a), jack_of(w, b), true);
		world_run(w, span_s(prng_range(&w->prng, 1, 300)));
	}
	mesh_heal(m);
	story_end(w, SILENCE_S + PROBE_S + REDIAL_S);
}

/* --- halves ---------------------------------------------------------------------------- */

static void test_a_mesh_in_two_halves_heals(void **state)
{
	struct world *w = story_mesh(90, 16);
	unsigned apart, healed;

	(void)state;
	story_switch_on(w);
	story_settle(w, 60);
	for (size_t i = 0; i < 8; i++)
		jack_of(w, i)->group = 1;
	apart = story_settle(w, SILENCE_S + PROBE_S);
	world_run(w, span_s(3600));
	assert_true(story_agrees(w));
	mesh_heal(story_mesh_of(w));
	healed = story_settle(w, REDIAL_S);
	print_message("16 sites in two halves: apart after %u s, healed after %u s\n", apart,
		healed);
	story_end(w, 0);
}

static void test_a_mesh_falls_apart_again_and_again(void **state)
{
	struct world *w = story_mesh(91, 8);
	struct mesh *m = story_mesh_of(w);

	(void)state;
	story_switch_on(w);
	for (int round = 0; round < 30; round++) {
		for (size_t i = 0; i < 8; i++)
			jack_of(w, i)->group = prng_range(&w->prng, 0, 2);
		world_run(w, span_s(prng_range(&w->prng, 1, 400)));
	}
	mesh_heal(m);
	story_end(w, SILENCE_S + PROBE_S + REDIAL_S);
}

/* --- addresses ------------------------------------------------------------------------- */

static void test_a_site_moves_to_another_address(void **state)
{
	struct world *w = story_mesh(100, 4);

	(void)state;
	story_switch_on(w);
	story_settle(w, 30);
	for (int move = 0; move < 5; move++) {
		site_move(world_site(w, 2), 0);
		world_run(w, span_s(60));
		world_resolve_all(w);
		story_settle(w, 30);
		world_run(w, span_s(100));
	}
	story_end(w, 0);
}

static void test_all_sites_move_at_once(void **state)
{
	struct world *w = story_mesh(101, 6);

	(void)state;
	story_switch_on(w);
	story_settle(w, 30);
	for (size_t i = 0; i < 6; i++)
		site_move(world_site(w, i), 0);
	world_run(w, span_s(400));
	assert_false(site_knows(world_site(w, 0), story_net(1), NULL));
	world_resolve_all(w);
	story_end(w, 30);
}

static void test_a_nat_rewrites_the_source_port(void **state)
{
	struct world *w = story_mesh(102, 3);

	(void)state;
	jack_of(w, 1)->nat_port = 40001;
	story_switch_on(w);
	story_settle(w, 30);
	/* The NAT forgets, and gives another port: all ports of an address are one peer. */
	for (uint16_t port = 40002; port < 40020; port++) {
		jack_of(w, 1)->nat_port = port;
		world_run(w, span_s(95));
		assert_true(story_agrees(w));
	}
	assert_int_equal(count_all(w, TRACE_PEER_DOWN), 0);
	story_end(w, 0);
}

/* --- configurations -------------------------------------------------------------------- */

/* One random change of one site: a peer, the tunnel, a port, or the whole site. */
static void reconfigure_one(struct world *w, void *ctx)
{
	struct site *site = world_site(w, prng_range(&w->prng, 0, (uint32_t)w->sites.n - 1));
	struct site_tunnel *t = site_tunnel(site, 0);
	struct site_peer *peer = t->peers.at[prng_range(&w->prng, 0, (uint32_t)t->peers.n - 1)];

	(void)ctx;
	switch (prng_range(&w->prng, 0, 7)) {
	case 0:
		t->is_removed = !t->is_removed;
		break;
	case 1:
		site_port(site, 0)->is_removed = !site_port(site, 0)->is_removed;
		break;
	case 2:
		if (site_is_on(site))
			site_begin_stop(site);
		else
			site_switch_on(site);
		return;
	case 3:
		t->config.update_interval = span_s(10 * prng_range(&w->prng, 1, 3));
		break;
	default:
		peer->is_removed = !peer->is_removed;
	}
	/* Who leaves reads no configuration any more. */
	if (!site->is_stopping)
		site_reconfigure(site);
}

static void restore_all(struct world *w)
{
	/* Who is about to stop does so first. */
	world_run(w, span_s(10));
	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);
		struct site_tunnel *t = site_tunnel(site, 0);

		t->is_removed = site_port(site, 0)->is_removed = false;
		for (size_t k = 0; k < t->peers.n; k++)
			((struct site_peer *)t->peers.at[k])->is_removed = false;
		site_reconfigure(site);
	}
	story_switch_on(w);
}

static void test_configurations_change_all_the_time(void **state)
{
	(void)state;
	for (uint64_t seed = 110; seed < (story_is_long() ? 210 : 120); seed++) {
		struct world *w = story_mesh(seed, 6);

		story_mesh_of(w)->weather.loss = seed % 2 ? 10 : 0;
		story_switch_on(w);
		for (int i = 0; i < 400; i++) {
			reconfigure_one(w, NULL);
			world_run(w, span_ms(prng_range(&w->prng, 0, 8000)));
		}
		restore_all(w);
		mesh_heal(story_mesh_of(w));
		story_end(w, SILENCE_S + PROBE_S + REDIAL_S);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C31_a_crash_and_a_return_with_a_new_connection_id),
		cmocka_unit_test(test_a_return_with_the_same_connection_id),
		cmocka_unit_test(
			test_aurp_C17_a_return_with_the_connection_id_of_the_life_before_last),
		cmocka_unit_test(test_both_sides_restart_at_once),
		cmocka_unit_test(test_one_side_restarts_in_a_loop),
		cmocka_unit_test(test_aurp_C18_C21_both_open_at_the_same_moment),
		cmocka_unit_test(test_one_knows_the_address_of_the_other_late),
		cmocka_unit_test(test_aurp_C28_C29_half_open_for_any_time),
		cmocka_unit_test(test_cut_one_way_from_birth),
		cmocka_unit_test(test_asymmetric_cuts_all_over_a_mesh),
		cmocka_unit_test(test_a_mesh_in_two_halves_heals),
		cmocka_unit_test(test_a_mesh_falls_apart_again_and_again),
		cmocka_unit_test(test_a_site_moves_to_another_address),
		cmocka_unit_test(test_all_sites_move_at_once),
		cmocka_unit_test(test_a_nat_rewrites_the_source_port),
		cmocka_unit_test(test_configurations_change_all_the_time),
	};

	return cmocka_run_group_tests_name("story: restart", tests, NULL, NULL);
}
