/* Two honest sites and an enemy: see story_front.h. */
#include "story_front.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void front_open(struct front *f, uint64_t seed)
{
	*f = (struct front){ .w = story_mesh(seed, 2) };
	f->m = story_mesh_of(f->w);
	f->a = world_site(f->w, 0);
	f->b = world_site(f->w, 1);
	f->enemy = world_add_script(f->w, f->m);
	f->at_a = world_add_host(f->w, f->w->lans.at[0], NULL);
	f->at_b = world_add_host(f->w, f->w->lans.at[1], NULL);
	story_switch_on(f->w);
	story_settle(f->w, 60);
	host_switch_on(f->at_a);
	host_switch_on(f->at_b);
	world_run(f->w, span_s(60));
	assert_int_equal(f->at_a->state, HOST_UP);
	assert_int_equal(f->at_b->state, HOST_UP);
	f->before = memory_of_routers();
}

void front_list_enemy(struct front *f, const struct aurp_network *nets,
	const struct at_name *zones, size_t n)
{
	script_behave(f->enemy, nets, zones, n);
	f->as_peer = tunnel_add_peer(site_tunnel(f->a, 0), "enemy", &f->enemy->jack);
	site_reconfigure(f->a);
}

void front_admit(struct front *f, const struct aurp_network *nets, const struct at_name *zones,
	size_t n)
{
	front_list_enemy(f, nets, zones, n);
	world_run(f->w, span_s(30));
	assert_int_equal(site_connected(f->a), 2);
}

const struct jack *front_target(const struct front *f)
{
	return story_jack(f->a);
}

void front_assert_calm(struct front *f)
{
	unsigned hops;

	assert_true(site_knows(f->a, story_net(1), &hops));
	assert_int_equal(hops, 1);
	assert_true(site_knows(f->b, story_net(0), &hops));
	assert_int_equal(hops, 1);
	assert_true(site_sees_zone(f->a, "Zone 1"));
	assert_true(site_sees_zone(f->b, "Zone 0"));
	/* It has one peer, whom it never lost. */
	assert_int_equal(f->b->traces[TRACE_PEER_DOWN], 0);
	host_echo(f->at_a, f->at_b->addr);
	host_echo(f->at_b, f->at_a->addr);
	world_run(f->w, span_s(2));
	assert_true(f->at_a->has_echo);
	assert_true(f->at_b->has_echo);
}

struct search {
	uint16_t net;
	char *text;
};

static void look(void *ctx, const struct route_info *info)
{
	struct search *s = ctx;

	if (at_range_has(info->range, s->net) && strcmp(info->state, "bad") != 0)
		snprintf(s->text, 64, "%s", info->via ? info->via : "");
}

const char *front_via(const struct site *site, uint16_t net, char text[64])
{
	struct search s = { net, text };

	text[0] = '\0';
	router_walk_routes(site->router, look, &s);
	return text;
}

void front_close(struct front *f)
{
	struct memory after;

	if (f->as_peer)
		f->as_peer->is_removed = true;
	f->enemy->on_packet = NULL;
	site_tunnel(f->a, 0)->config.accept_unknown = false;
	site_reconfigure(f->a);
	story_settle(f->w, 120);
	world_run(f->w, span_s(600));
	front_assert_calm(f);
	after = memory_of_routers();
	assert_int_equal(after.blocks, f->before.blocks);
	assert_true(after.bytes <= f->before.bytes + f->before.bytes / 4);
	story_end(f->w, 0);
}
