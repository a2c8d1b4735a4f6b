/*
 * Networks and zones that come and go: sequence numbers that wrap, long zone
 * lists, many networks, churn for hours, hubs, redundant routers. In the end all
 * views are equal.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "story.h"

/* --- sequence numbers ------------------------------------------------------------------ */

/* Around the wrap, the first copy of every sequenced packet and of every acknowledgement. */
struct wrap {
	uint16_t last_lost[2][2];	/* by site; sequenced, acknowledgement */
	unsigned lost;
	unsigned wraps[2];		/* sequenced packets with number 1 that followed 65535 */
	uint16_t latest[2];
};

static void lose_around_the_wrap(void *ctx, struct passing *p)
{
	struct rd r = rd_over(p->payload->data, p->payload->len);
	size_t from = p->from->tunnel->site->index, is_ack = p->msg == AURP_RI_ACK;
	struct wrap *wrap = ctx;
	struct aurp_domain domain;
	struct aurp h;

	if (p->msg == AURP_MSG_COUNT || aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK ||
		aurp_decode(&r, &h) != AURP_OK || h.sequence == 0)
		return;
	if (!is_ack) {
		wrap->wraps[from] += h.sequence == 1 && wrap->latest[from] == UINT16_MAX;
		wrap->latest[from] = h.sequence;
	}
	if (h.sequence > 20 && h.sequence < 65516)
		return;
	if (wrap->last_lost[from][is_ack] == h.sequence)
		return;
	wrap->last_lost[from][is_ack] = h.sequence;
	wrap->lost++;
	p->fate = FATE_LOSE;
}

static void refresh_both(struct world *w, void *ctx)
{
	(void)ctx;
	site_refresh(world_site(w, 0));
	site_refresh(world_site(w, 1));
}

static void flip_networks(struct world *w, void *ctx)
{
	(void)ctx;
	for (size_t i = 0; i < 2; i++) {
		struct site_port *p = site_port(world_site(w, i), 1);

		p->is_removed = !p->is_removed;
		site_reconfigure(world_site(w, i));
	}
}

static void test_aurp_S2_sequence_numbers_wrap_both_ways_with_losses(void **state)
{
	struct world *w = story_mesh(200, 2);
	struct mesh *m = story_mesh_of(w);
	struct wrap wrap = { 0 };

	(void)state;
	for (uint16_t i = 0; i < 2; i++)
		story_add_net(world_site(w, i), (uint16_t)(500 + 10 * i), "Flip");
	story_switch_on(w);
	story_settle(w, 30);
	m->tap = lose_around_the_wrap;
	m->tap_ctx = &wrap;
	/* Nearly there with lists, which need no interval; then lists and updates mixed. */
	for (int i = 0; i < 80000 && (wrap.latest[0] < 65500 || wrap.latest[1] < 65500); i++) {
		refresh_both(w, NULL);
		world_run(w, span_ms(130));
	}
	for (int i = 0; i < 60; i++) {
		flip_networks(w, NULL);
		world_run(w, span_s(20));
		refresh_both(w, NULL);
		world_run(w, span_s(20));
	}
	assert_int_equal(wrap.wraps[0], 1);
	assert_int_equal(wrap.wraps[1], 1);
	assert_true(wrap.lost > 100);
	for (size_t i = 0; i < 2; i++) {
		const struct site *site = world_site(w, i);

		assert_int_equal(site->traces[TRACE_PEER_DOWN], 0);
		assert_int_equal(site->drops[DROP_AURP_OUT_OF_SYNC], 0);
		assert_int_equal(site->drops[DROP_AURP_BAD_SEQUENCE], 0);
		assert_true(site->drops[DROP_AURP_DUPLICATE] > 0);
	}
	story_end(w, 120);
}

/* --- much ------------------------------------------------------------------------------ */

static void test_aurp_Z17_255_zones_of_one_network_over_a_lossy_tunnel(void **state)
{
	struct world *w = story_mesh(210, 3);
	struct mesh *m = story_mesh_of(w);
	struct at_name zones[255];

	(void)state;
	for (size_t i = 0; i < 255; i++) {
		char text[33];

		snprintf(text, sizeof text, "A zone with a name as long %05zu", i);
		zones[i] = name_of(text);
	}
	port_set_zones(site_port(world_site(w, 0), 0), zones, 255);
	/* Another cable has the same 255: zones are not networks. */
	port_set_zones(story_add_net(world_site(w, 1), 700, NULL), zones, 255);
	m->weather.loss = 30;
	m->weather.dup = 10;
	m->weather.reorder = 20;
	story_switch_on(w);
	story_settle(w, 600);
	m->weather.loss = m->weather.dup = m->weather.reorder = 0;
	story_end(w, 0);
}

enum { MANY = 600, MANY_FIRST = 10000 };

struct many {
	struct aurp_network nets[MANY];
	struct at_name zones[MANY];
};

static void fill(struct many *many)
{
	for (size_t i = 0; i < MANY; i++) {
		uint16_t first = (uint16_t)(MANY_FIRST + 10 * i);
		char text[33];

		snprintf(text, sizeof text, "Zone of %zu", i % 250);
		many->nets[i] = (struct aurp_network){ { first, (uint16_t)(first + 9), true }, 1 };
		many->zones[i] = name_of(text);
	}
}

static size_t count_known(const struct site *site, const struct many *many)
{
	size_t n = 0;

	for (size_t i = 0; i < MANY; i++) {
		unsigned hops;

		n += site_knows(site, many->nets[i].range.last, &hops) && hops == 3;
	}
	return n;
}

static void test_aurp_S4_600_networks_of_one_site_over_a_lossy_tunnel(void **state)
{
	struct world *w = world_new(211);
	struct mesh *near = world_add_mesh(w), *far = world_add_mesh(w);
	struct site *hub = story_add_site(w, 0), *site = story_add_site(w, 1);
	struct many *many = world_alloc(1, sizeof(*many));
	struct script *script = world_add_script(w, near);
	unsigned s = 0;

	(void)state;
	fill(many);
	script_behave(script, many->nets, many->zones, MANY);
	tunnel_add_peer(mesh_join_alone(near, hub), "many", &script->jack);
	mesh_join(far, hub);
	mesh_join(far, site);
	far->weather.loss = 30;
	far->weather.dup = 10;
	far->weather.reorder = 20;
	story_switch_on(w);
	while (count_known(site, many) < MANY && s++ < 900)
		world_run(w, span_s(1));
	print_message("600 networks with their zones over a tunnel that loses 30 %%: %u s\n", s);
	assert_int_equal(count_known(site, many), MANY);
	assert_int_equal(site_networks(site), MANY + 2);
	assert_true(w->traffic.largest <= 621);
	/* The hub goes: they all go with it, and no memory stays. */
	site_crash(hub);
	world_run(w, span_s(300));
	assert_int_equal(site_networks(site), 1);
	free(many);
	story_end_as_it_is(w);
}

/* --- churn ----------------------------------------------------------------------------- */

/* Behind site 0's cable is a router without a tunnel, whose cables come and go. */
static struct world *churning(uint64_t seed, size_t nets)
{
	struct world *w = story_mesh(seed, 3);
	struct site *inner = world_add_site(w);

	site_add_port(inner, site_port(world_site(w, 0), 0)->lan, SEED_NONE,
		(struct at_range){ 0, 0, true }, NULL);
	for (size_t i = 0; i < nets; i++) {
		char zone[32];

		snprintf(zone, sizeof zone, "Inner %zu", i % 5);
		story_add_net(inner, (uint16_t)(4000 + 10 * i), zone);
	}
	return w;
}

static void churn(struct world *w, void *ctx)
{
	struct site *inner = world_site(w, 3);
	size_t i = 1 + prng_range(&w->prng, 0, (uint32_t)inner->ports.n - 2);

	(void)ctx;
	if (site_port(inner, i)->station.lan)
		site_link_down(inner, i);
	else
		site_link_up(inner, i);
	if (world_chance(w, 10)) {
		struct site_port *p = site_port(world_site(w, 1), 0);

		p->config.zones[0].byte[0] ^= 0x20;
		site_reconfigure(world_site(w, 1));
	}
}

static void all_links_up(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		for (size_t k = 0; k < world_site(w, i)->ports.n; k++)
			site_link_up(world_site(w, i), k);
}

static void test_churn_of_routes_for_hours(void **state)
{
	struct world *w = churning(220, 20);
	struct memory before, after;

	(void)state;
	story_switch_on(w);
	story_settle(w, 200);
	before = memory_of_routers();
	for (int round = 0; round < (story_is_long() ? 50 : 5); round++) {
		story_repeat(w, span_s(3600), span_s(3), churn, NULL);
		all_links_up(w);
		story_settle(w, 300);
		after = memory_of_routers();
		assert_int_equal(after.blocks, before.blocks);
	}
	assert_true(after.bytes <= before.bytes + before.bytes / 4);
	assert_true(w->traffic.msg[AURP_RI_UPD] > 1000);
	story_end(w, 0);
}

static void test_churn_under_bad_weather(void **state)
{
	struct world *w = churning(221, 8);
	struct mesh *m = story_mesh_of(w);

	(void)state;
	m->weather.loss = 20;
	m->weather.dup = 10;
	m->weather.reorder = 20;
	story_switch_on(w);
	story_repeat(w, span_s(story_is_long() ? 36000 : 7200), span_s(4), churn, NULL);
	all_links_up(w);
	mesh_heal(m);
	story_end(w, 400);
}

/* --- shapes ---------------------------------------------------------------------------- */

/* Sites 0 - 1 - 2 - ... each joined to the next by a tunnel of its own. */
static struct world *chain(uint64_t seed, size_t n)
{
	struct world *w = world_new(seed);

	for (size_t i = 0; i < n; i++)
		story_add_site(w, i);
	for (size_t i = 0; i + 1 < n; i++) {
		struct mesh *m = world_add_mesh(w);

		mesh_join(m, world_site(w, i));
		mesh_join(m, world_site(w, i + 1));
	}
	return w;
}

static void test_aurp_T17_a_hub_joins_two_tunnels(void **state)
{
	struct world *w = world_new(230);
	struct mesh *left = world_add_mesh(w), *right = world_add_mesh(w);

	(void)state;
	for (size_t i = 0; i < 9; i++) {
		struct site *site = story_add_site(w, i);

		if (i < 5)
			mesh_join(left, site);
		if (i == 0 || i >= 5)
			mesh_join(right, site);
	}
	story_switch_on(w);
	story_settle(w, 60);
	/* The hub restarts; all that passed through it comes back. */
	site_crash(world_site(w, 0));
	story_settle(w, 300);
	site_switch_on(world_site(w, 0));
	story_end(w, 60);
}

static void test_a_chain_of_hubs_as_long_as_hops_allow(void **state)
{
	struct world *w = chain(231, 14);

	(void)state;
	story_switch_on(w);
	story_settle(w, 400);
	site_crash(world_site(w, 6));
	story_settle(w, 600);
	site_switch_on(world_site(w, 6));
	story_end(w, 600);
}

static void test_aurp_T28_three_routers_of_one_cable_crash_in_turn(void **state)
{
	struct world *w = world_new(232);
	struct mesh *m = world_add_mesh(w);
	struct lan *shared = world_add_lan(w, PORT_ETHERTALK);

	(void)state;
	watch_strictly(w);
	for (size_t i = 0; i < 5; i++) {
		struct site *site = world_add_site(w);
		char zone[32];

		if (i < 3)
			site_add_port(site, shared, SEED_HARD, (struct at_range){ 50, 59, true },
				"Shared");
		else
			story_add_net(site, story_net(i), story_zone(i, zone));
		mesh_join(m, site);
	}
	story_switch_on(w);
	story_settle(w, 120);
	for (size_t i = 0; i < 3; i++) {
		unsigned hops;

		site_crash(world_site(w, i));
		world_run(w, span_s(200));
		assert_true(story_agrees(w));
		/* Two are left; one of them goes in good order: nobody notices. */
		site_stop(world_site(w, (i + 1) % 3));
		world_run(w, span_s(1));
		assert_true(site_knows(world_site(w, 3), 50, &hops));
		story_settle(w, 200);
		site_switch_on(world_site(w, i));
		site_switch_on(world_site(w, (i + 1) % 3));
		story_settle(w, 200);
	}
	story_end(w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_S2_sequence_numbers_wrap_both_ways_with_losses),
		cmocka_unit_test(test_aurp_Z17_255_zones_of_one_network_over_a_lossy_tunnel),
		cmocka_unit_test(test_aurp_S4_600_networks_of_one_site_over_a_lossy_tunnel),
		cmocka_unit_test(test_churn_of_routes_for_hours),
		cmocka_unit_test(test_churn_under_bad_weather),
		cmocka_unit_test(test_aurp_T17_a_hub_joins_two_tunnels),
		cmocka_unit_test(test_a_chain_of_hubs_as_long_as_hops_allow),
		cmocka_unit_test(test_aurp_T28_three_routers_of_one_cable_crash_in_turn),
	};

	return cmocka_run_group_tests_name("story: routes", tests, NULL, NULL);
}
