/*
 * What a mate should know at rest: every network that its peers tell it, as far
 * away as they say, and nothing else. Zones as far as its make asks for them: one
 * that never asks again has none where an answer was lost.
 */
#include "world.h"

#include "aurpd/macroman.h"

struct comparison {
	const struct oracle *o;
	const struct mate *mate;
	bool is_judged;
	size_t differences;
};

static void differ(struct comparison *c, struct at_range range, const char *what, unsigned is,
	unsigned should)
{
	c->differences++;
	if (c->is_judged)
		watch_say(c->mate->script->world, c->mate->manners.name, "mate %zu, at rest, "
			"network %u-%u: %s (is %u, should be %u)", c->mate->index, range.first,
			range.last, what, is, should);
}

static bool has_zone(const struct config_port *config, const struct at_name *zone)
{
	for (size_t i = 0; i < config->n_zones; i++)
		if (name_eq(&config->zones[i], zone))
			return true;
	return false;
}

/* A peer may tell a longer way than another does; that there is one it may not invent. */
static void compare_route(struct comparison *c, const struct mate_route *route)
{
	const struct lan *lan = oracle_lan(c->o, route->range);
	unsigned hops = lan ? oracle_mate_hops(c->o, c->mate, lan) : ORACLE_UNREACHABLE;

	if (hops == ORACLE_UNREACHABLE) {
		differ(c, route->range, "there is no such network", route->distance, hops);
		return;
	}
	for (size_t i = 0; c->is_judged && i < route->n_zones; i++)
		if (!has_zone(oracle_seed(c->o, lan), &route->zones[i]))
			differ(c, route->range, "strange zone", (unsigned)i, 0);
	if (c->mate->manners.asks_zones_again && route->n_zones == 0)
		differ(c, route->range, "has no zones", 0, 1);
}

/* The shortest way that any peer tells; ORACLE_UNREACHABLE: none does. */
static unsigned best_of(const struct mate *mate, struct at_range range)
{
	unsigned best = ORACLE_UNREACHABLE;

	for (size_t i = 0; i < mate->peers.n; i++) {
		const struct mate_peer *p = mate->peers.at[i];
		const struct mate_route *route = mate_is_told(p) ? mate_route(p, range) : NULL;

		if (route && route->distance < best)
			best = route->distance;
	}
	return best;
}

size_t oracle_compare_mate(const struct oracle *o, const struct mate *mate, bool is_judged)
{
	struct comparison c = { .o = o, .mate = mate, .is_judged = is_judged };
	const struct world *w = mate->script->world;

	for (size_t i = 0; i < mate->peers.n; i++) {
		const struct mate_peer *p = mate->peers.at[i];

		for (size_t k = 0; k < p->n_routes; k++)
			compare_route(&c, &p->routes[k]);
	}
	for (size_t i = 0; i < w->lans.n; i++) {
		unsigned hops = oracle_mate_hops(o, mate, w->lans.at[i]), is;

		if (hops == 0 || hops == ORACLE_UNREACHABLE)
			continue;
		is = best_of(mate, oracle_range(o, w->lans.at[i]));
		if (is == ORACLE_UNREACHABLE)
			differ(&c, oracle_range(o, w->lans.at[i]), "is not known", is, hops);
		else if (is != hops && mate->manners.adds_hop_to_updates)
			differ(&c, oracle_range(o, w->lans.at[i]), "distance", is, hops);
	}
	return c.differences;
}
