/* What the scenario tests have in common: see story.h. */
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { HOSTS_MOST = 20 };

bool story_is_long(void)
{
	return getenv("AURPD_SIM_LONG") != NULL;
}

bool story_is_slow(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

/* --- making worlds --------------------------------------------------------------------- */

const char *story_zone(size_t i, char *text)
{
	snprintf(text, 32, "Zone %zu", i);
	return text;
}

uint16_t story_net(size_t i)
{
	return (uint16_t)(1000 + 10 * i);
}

struct site_port *story_add_net(struct site *site, uint16_t net, const char *zone)
{
	struct lan *lan = world_add_lan(site->world, PORT_ETHERTALK);

	return site_add_port(site, lan, SEED_HARD,
		(struct at_range){ net, (uint16_t)(net + 1), true }, zone);
}

struct site *story_add_site(struct world *w, size_t i)
{
	struct site *site = world_add_site(w);
	char zone[32];

	story_add_net(site, story_net(i), story_zone(i, zone));
	return site;
}

struct world *story_mesh(uint64_t seed, size_t n)
{
	struct world *w = world_new(seed);
	struct mesh *m = world_add_mesh(w);

	for (size_t i = 0; i < n; i++)
		mesh_join(m, story_add_site(w, i));
	return w;
}

struct mesh *story_mesh_of(const struct world *w)
{
	return w->meshes.at[0];
}

void story_switch_on(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		if (!site_is_on(world_site(w, i)))
			site_switch_on(world_site(w, i));
}

struct jack *story_jack(const struct site *site)
{
	return &site_tunnel(site, 0)->jack;
}

/* --- the end --------------------------------------------------------------------------- */

bool story_agrees(struct world *w)
{
	return oracle_compare_all(w, false) == 0;
}

unsigned story_settle(struct world *w, unsigned most_s)
{
	unsigned s = 0;

	while (!story_agrees(w) && s < most_s) {
		world_run(w, span_s(1));
		s++;
	}
	if (oracle_compare_all(w, true) > 0) {
		world_print_violations(w);
		fail_msg("not settled after %u s", most_s);
	}
	return s;
}

/* An end node on every cable that has none, in worlds where that is no crowd. */
static void add_hosts(struct world *w)
{
	if (w->hosts.n > 0 || w->lans.n > HOSTS_MOST)
		return;
	for (size_t i = 0; i < w->lans.n; i++)
		host_switch_on(world_add_host(w, w->lans.at[i], NULL));
	world_run(w, span_s(30));
}

void story_end(struct world *w, unsigned most_s)
{
	story_settle(w, most_s);
	add_hosts(w);
	(void)world_rest(w);
	story_end_as_it_is(w);
}

void story_end_as_it_is(struct world *w)
{
	assert_int_equal(world_print_violations(w), 0);
	world_free(w);
	assert_int_equal(memory_of_routers().blocks, 0);
}

void story_repeat(struct world *w, struct span d, struct span every,
	void (*what)(struct world *w, void *ctx), void *ctx)
{
	struct instant end = instant_add(w->now, d);

	while (instant_cmp(w->now, end) < 0) {
		what(w, ctx);
		world_run(w, every);
	}
}
