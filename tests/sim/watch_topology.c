/*
 * What the watch knows of the map: which networks a LAN has ever had, and which
 * of them a site can reach when one of its tunnels is left out (split horizon).
 * The map holds what is or was configured, on or off: a route learnt elsewhere
 * is a lie, but for what comes around a ring (watch_calm.c).
 */
#include "watch_state.h"

#include <stdlib.h>

#include "alloc.h"

/* --- networks -------------------------------------------------------------------------- */

static bool is_known(const struct watch *watch, const struct lan *lan, struct at_range range)
{
	for (uint32_t i = watch->by_net[range.first]; i != 0; i = watch->nets[i - 1].next)
		if (watch->nets[i - 1].lan == lan &&
			at_range_eq(watch->nets[i - 1].range, range))
			return true;
	return false;
}

static void know(struct watch *watch, const struct lan *lan, struct at_range range)
{
	if (!watch->by_net)
		watch->by_net = world_alloc(UINT16_MAX + 1, sizeof(*watch->by_net));
	if (range.first == 0 || is_known(watch, lan, range))
		return;
	watch->nets = mem_grow(watch->nets, watch->n_nets, &watch->cap_nets,
		sizeof(*watch->nets));
	watch->nets[watch->n_nets] = (struct known_net){ range, lan,
		watch->by_net[range.first] };
	watch->by_net[range.first] = (uint32_t)++watch->n_nets;
}

void watch_know(struct lan *lan, struct at_range range)
{
	know(lan->world->watch, lan, range);
}

void watch_configured(struct site *site)
{
	for (size_t i = 0; i < site->ports.n; i++) {
		const struct site_port *p = site_port(site, i);

		know(site->world->watch, p->lan, port_range(p));
	}
}

bool watch_lan_has(struct world *w, const struct lan *lan, uint16_t net)
{
	for (size_t i = 0; i < w->watch->n_nets; i++)
		if (w->watch->nets[i].lan == lan && at_range_has(w->watch->nets[i].range, net))
			return true;
	return false;
}

/* --- connected parts: union-find ------------------------------------------------------- */

static uint32_t root(uint32_t *of, uint32_t i)
{
	while (of[i] != i)
		i = of[i] = of[of[i]];
	return i;
}

static size_t at_lan(const struct world *w, const struct lan *lan)
{
	return w->sites.n + lan->index;
}

static size_t at_mesh(const struct world *w, const struct mesh *m)
{
	return w->sites.n + w->lans.n + m->index;
}

/* Every port, every tunnel but one and every network of a mate joins two things. */
static void for_each_edge(struct world *w, struct parts *parts, const struct site_tunnel *without,
	void (*what)(struct parts *parts, size_t a, size_t b))
{
	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++)
			what(parts, i, at_lan(w, site_port(site, k)->lan));
		for (size_t k = 0; k < site->tunnels.n; k++)
			if (site_tunnel(site, k) != without)
				what(parts, i, at_mesh(w, site_tunnel(site, k)->jack.mesh));
	}
	for (size_t i = 0; i < w->mates.n; i++)
		for (size_t k = 0; k < world_mate(w, i)->n_nets; k++)
			what(parts, at_mesh(w, mate_jack(world_mate(w, i))->mesh),
				at_lan(w, world_mate(w, i)->nets[k].lan));
}

static void join(struct parts *parts, size_t a, size_t b)
{
	uint32_t ra = root(parts->of, (uint32_t)a), rb = root(parts->of, (uint32_t)b);

	parts->of[ra] = rb;
}

/* Things less edges: 1 in a tree, less where there is a ring. */
static void count_edge(struct parts *parts, size_t a, size_t b)
{
	(void)b;
	parts->excess[parts->of[a]]--;
}

static void mark_scripts(struct world *w, struct parts *parts)
{
	for (size_t i = 0; i < w->scripts.n; i++) {
		const struct script *s = w->scripts.at[i];

		if (!s->offers_nothing)
			parts->is_open[parts->of[at_mesh(w, s->jack.mesh)]] = true;
	}
}

static void forget(struct parts *parts)
{
	free(parts->of);
	free(parts->is_open);
	free(parts->excess);
	*parts = (struct parts){ 0 };
}

static void compute(struct world *w, struct parts *parts, const struct site_tunnel *without)
{
	size_t n = w->sites.n + w->lans.n + w->meshes.n;

	forget(parts);
	parts->topology = w->topology;
	parts->of = world_alloc(n, sizeof(*parts->of));
	parts->is_open = world_alloc(n, sizeof(*parts->is_open));
	parts->excess = world_alloc(n, sizeof(*parts->excess));
	for (size_t i = 0; i < n; i++)
		parts->of[i] = (uint32_t)i;
	for_each_edge(w, parts, without, join);
	for (size_t i = 0; i < n; i++) {
		parts->of[i] = root(parts->of, (uint32_t)i);
		parts->excess[parts->of[i]]++;
	}
	for_each_edge(w, parts, without, count_edge);
	mark_scripts(w, parts);
}

/* By the number of the tunnel that is left out, which is never given twice; the first: none. */
static const struct parts *parts_without(struct world *w, const struct site_tunnel *t)
{
	struct watch *watch = w->watch;
	size_t i = t ? 1 + t->jack.number - WORLD_FIRST_IP : 0;

	while (i >= watch->n_parts) {
		watch->parts = mem_grow(watch->parts, watch->n_parts, &watch->cap_parts,
			sizeof(*watch->parts));
		watch->parts[watch->n_parts++] = (struct parts){ 0 };
	}
	if (watch->parts[i].topology != w->topology)
		compute(w, &watch->parts[i], t);
	return &watch->parts[i];
}

bool watch_has_ring(struct world *w, const struct site *site, const struct site_tunnel *without)
{
	const struct parts *parts = parts_without(w, without);

	return parts->excess[parts->of[site->index]] < 1;
}

bool watch_reaches(struct site_tunnel *t, struct at_range range)
{
	struct world *w = t->site->world;
	const struct parts *parts = parts_without(w, t);
	const struct watch *watch = w->watch;
	uint32_t part = parts->of[t->site->index];

	if (parts->is_open[part])
		return true;
	for (uint32_t i = watch->by_net ? watch->by_net[range.first] : 0; i != 0;
		i = watch->nets[i - 1].next)
		if (at_range_eq(watch->nets[i - 1].range, range) &&
			parts->of[at_lan(w, watch->nets[i - 1].lan)] == part)
			return true;
	return false;
}

void watch_topology_fini(struct watch *watch)
{
	for (size_t i = 0; i < watch->n_parts; i++)
		forget(&watch->parts[i]);
	free(watch->parts);
	free(watch->nets);
	free(watch->by_net);
}
