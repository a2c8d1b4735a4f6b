/*
 * Networks that quarrel and move: overlapping ranges, a network that leaves one
 * site and appears at another, zones that get other names.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story_front.h"

struct overlap {
	unsigned said;
	struct at_range offered, kept;
	char by[64], other[64];
};

static void note_overlap(struct site *site, const struct trace_event *e)
{
	struct overlap *o = site->ctx;

	if (e->kind != TRACE_PEER_OVERLAP)
		return;
	o->said++;
	o->offered = e->range;
	o->kept = e->range2;
	snprintf(o->by, sizeof o->by, "%s", e->peer);
	snprintf(o->other, sizeof o->other, "%s", e->other ? e->other : "");
}

static void test_aurp_R6_of_overlapping_ranges_the_first_stays_until_it_goes(void **state)
{
	struct world *w = story_mesh(240, 3);
	struct overlap overlap = { 0 };
	struct site *site = world_site(w, 2);

	(void)state;
	site_port(world_site(w, 0), 0)->config.range = (struct at_range){ 100, 109, true };
	site_port(world_site(w, 1), 0)->config.range = (struct at_range){ 105, 112, true };
	site->ctx = &overlap;
	site->on_trace = note_overlap;
	site_switch_on(world_site(w, 0));
	site_switch_on(site);
	world_run(w, span_s(60));
	site_switch_on(world_site(w, 1));
	world_run(w, span_s(120));
	assert_true(site_knows(site, 100, NULL));
	assert_false(site_knows(site, 112, NULL));
	assert_true(overlap.said > 0);
	assert_string_equal(overlap.by, "site1");
	assert_string_equal(overlap.other, "site0");
	assert_int_equal(overlap.offered.first, 105);
	assert_int_equal(overlap.kept.last, 109);
	site_stop(world_site(w, 0));
	world_run(w, span_s(600));
	assert_true(site_knows(site, 112, NULL));
	assert_true(site_sees_zone(site, "Zone 1"));
	assert_false(site_sees_zone(site, "Zone 0"));
	story_end(w, 0);
}

/* Takes the numbers of others for the cable of a site, or gives it its own again. */
static void claim(struct site *site, struct at_range range)
{
	site_port(site, 0)->config.range = range;
	site_reconfigure(site);
}

/*
 * A router comes to hold numbers that its peers have: its own cable stays, as everywhere
 * those who were first, and whoever had to give way is back when the numbers are free.
 */
static void test_aurp_R7_atalk_R08_who_gave_way_to_our_own_cable_comes_back(void **state)
{
	static const struct at_range claims[] = {
		{ 1010, 1015, true }, { 1011, 1011, true }, { 1005, 1022, true },
		{ 1011, 1012, true },
	};
	const struct at_range own = { 1000, 1001, true };
	struct world *w = story_mesh(244, 4);
	struct overlap overlap = { 0 };
	struct site *site = world_site(w, 0);

	(void)state;
	site->ctx = &overlap;
	site->on_trace = note_overlap;
	story_switch_on(w);
	story_settle(w, 60);
	for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
		overlap = (struct overlap){ 0 };
		claim(site, claims[i]);
		world_run(w, span_s(300));
		assert_true(overlap.said > 0);
		assert_string_equal(overlap.other, "p0");
		assert_true(at_range_eq(overlap.kept, claims[i]));
		assert_string_equal(overlap.by, claims[i].last == 1022 ? "site2" : "site1");
		assert_true(site_knows(world_site(w, 3), 1010, NULL));
		assert_true(site_sees_zone(world_site(w, 3), "Zone 1"));
		assert_true(site_knows(world_site(w, 1), 1010, NULL));
		claim(site, own);
		story_settle(w, 200);
	}
	story_end(w, 0);
}

/* A network is taken from one site and given to another, after a while or a while before. */
static void move_to_and_fro(uint64_t seed, const char *new_zone, int64_t overlap_ms, int64_t gap_ms)
{
	struct world *w = story_mesh(seed, 4);
	struct site *sites[2] = { world_site(w, 0), world_site(w, 1) };
	struct site_port *ports[2];

	ports[0] = story_add_net(sites[0], 800, "Old place");
	ports[1] = story_add_net(sites[1], 800, new_zone);
	ports[1]->is_removed = true;
	story_switch_on(w);
	story_settle(w, 60);
	for (size_t i = 0; i < 6; i++) {
		size_t from = i % 2, to = 1 - from;

		ports[to]->is_removed = false;
		ports[from]->is_removed = true;
		if (overlap_ms > 0) {
			site_reconfigure(sites[to]);
			world_run(w, span_ms(overlap_ms));
			site_reconfigure(sites[from]);
		} else {
			site_reconfigure(sites[from]);
			world_run(w, span_ms(gap_ms));
			site_reconfigure(sites[to]);
		}
		story_settle(w, 200);
		world_run(w, span_s(17));
	}
	story_end(w, 0);
}

static void test_aurp_U31_U33_a_network_moves_from_one_site_to_another(void **state)
{
	(void)state;
	for (int s = 0; s < 100; s += 9) {
		move_to_and_fro(241, "Old place", 1000 * s, 0);
		move_to_and_fro(242, "Old place", 0, 1000 * s);
	}
	/* With another zone there; zones belong to the network, not to the path (Z23). */
	move_to_and_fro(243, "New place", 0, 60000);
}

static void test_a_zone_is_renamed(void **state)
{
	struct world *w = story_mesh(242, 4);
	struct at_name name = name_of("Another name");

	(void)state;
	story_switch_on(w);
	story_settle(w, 60);
	port_set_zones(site_port(world_site(w, 1), 0), &name, 1);
	site_reconfigure(world_site(w, 1));
	story_settle(w, 200);
	assert_true(site_sees_zone(world_site(w, 0), "Another name"));
	assert_false(site_sees_zone(world_site(w, 0), "Zone 1"));
	/* One more, at the same time as a new range. */
	port_add_zone(site_port(world_site(w, 1), 0), "And one more");
	site_port(world_site(w, 1), 0)->config.range = (struct at_range){ 900, 905, true };
	site_reconfigure(world_site(w, 1));
	story_end(w, 200);
}

/* A list that is asked for again replaces the last one; a distance of 15 takes a network away. */
static void test_aurp_U8_U45_networks_that_a_peer_does_not_repeat_are_gone(void **state)
{
	struct aurp_network nets[] = { { { 7000, 7009, true }, 1 }, { { 7010, 7019, true }, 1 } };
	const struct at_name zones[] = { name_of("Here"), name_of("There") };
	const struct aurp_event gone = { AURP_EV_NDC, { 7000, 7009, true }, AURP_DISTANCE_MAX };
	struct front f;

	(void)state;
	front_open(&f, 250);
	front_admit(&f, nets, zones, 2);
	assert_true(site_knows(f.a, 7000, NULL));
	assert_true(site_knows(f.a, 7010, NULL));
	nets[1].range = (struct at_range){ 7020, 7029, true };
	site_refresh(f.a);
	world_run(f.w, span_s(60));
	assert_true(site_knows(f.a, 7000, NULL));
	assert_false(site_knows(f.a, 7010, NULL));
	assert_true(site_knows(f.a, 7020, NULL));
	script_send_events(f.enemy, front_target(&f), script_connection(f.enemy),
		script_sequence(f.enemy), &gone, 1);
	world_run(f.w, span_s(60));
	assert_false(site_knows(f.a, 7000, NULL));
	assert_true(site_knows(f.a, 7020, NULL));
	front_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_R6_of_overlapping_ranges_the_first_stays_until_it_goes),
		cmocka_unit_test(test_aurp_R7_atalk_R08_who_gave_way_to_our_own_cable_comes_back),
		cmocka_unit_test(test_aurp_U31_U33_a_network_moves_from_one_site_to_another),
		cmocka_unit_test(test_a_zone_is_renamed),
		cmocka_unit_test(test_aurp_U8_U45_networks_that_a_peer_does_not_repeat_are_gone),
	};

	return cmocka_run_group_tests_name("story: quarrels", tests, NULL, NULL);
}
