/*
 * What the watch knows of the map: which networks a LAN has ever had, and which
 * of them a site can reach when one mesh is left out (split horizon). The map
 * holds what is or was configured, on or off: a route learnt elsewhere is a lie.
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

void watch_configured(struct site *site)
{
	struct watch *watch = site->world->watch;

	if (!watch->by_net)
		watch->by_net = world_alloc(UINT16_MAX + 1, sizeof(*watch->by_net));
	for (size_t i = 0; i < site->ports.n; i++) {
		const struct site_port *p = site_port(site, i);
		struct at_range range = port_range(p);

		if (range.first == 0 || is_known(watch, p->lan, range))
			continue;
		watch->nets = mem_grow(watch->nets, watch->n_nets, &watch->cap_nets,
			sizeof(*watch->nets));
		watch->nets[watch->n_nets] = (struct known_net){ range, p->lan,
			watch->by_net[range.first] };
		watch->by_net[range.first] = (uint32_t)++watch->n_nets;
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

static void join(struct parts *parts, size_t a, size_t b)
{
	uint32_t ra = root(parts->of, (uint32_t)a), rb = root(parts->of, (uint32_t)b);

	if (ra == rb)
		parts->is_forest = false;
	parts->of[ra] = rb;
}

static size_t at_lan(const struct world *w, const struct lan *lan)
{
	return w->sites.n + lan->index;
}

static size_t at_mesh(const struct world *w, const struct mesh *m)
{
	return w->sites.n + w->lans.n + m->index;
}

static void mark_scripts(struct world *w, struct parts *parts, const struct mesh *without)
{
	for (size_t i = 0; i < w->scripts.n; i++) {
		const struct script *s = w->scripts.at[i];

		if (s->jack.mesh != without && !s->offers_nothing)
			parts->is_open[parts->of[at_mesh(w, s->jack.mesh)]] = true;
	}
}

static void compute(struct world *w, struct parts *parts, const struct mesh *without)
{
	size_t n = w->sites.n + w->lans.n + w->meshes.n;

	free(parts->of);
	free(parts->is_open);
	*parts = (struct parts){ .topology = w->topology, .is_forest = true };
	parts->of = world_alloc(n, sizeof(*parts->of));
	parts->is_open = world_alloc(n, sizeof(*parts->is_open));
	for (size_t i = 0; i < n; i++)
		parts->of[i] = (uint32_t)i;
	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++)
			join(parts, i, at_lan(w, site_port(site, k)->lan));
		for (size_t k = 0; k < site->tunnels.n; k++)
			if (site_tunnel(site, k)->jack.mesh != without)
				join(parts, i, at_mesh(w, site_tunnel(site, k)->jack.mesh));
	}
	for (size_t i = 0; i < n; i++)
		parts->of[i] = root(parts->of, (uint32_t)i);
	mark_scripts(w, parts, without);
}

static const struct parts *parts_without(struct world *w, const struct mesh *mesh)
{
	struct watch *watch = w->watch;
	size_t i = mesh ? mesh->index : w->meshes.n;

	if (watch->n_parts != w->meshes.n + 1) {
		watch_topology_forget(watch);
		watch->n_parts = w->meshes.n + 1;
		watch->parts = world_alloc(watch->n_parts, sizeof(*watch->parts));
	}
	if (watch->parts[i].topology != w->topology)
		compute(w, &watch->parts[i], mesh);
	return &watch->parts[i];
}

bool watch_is_forest(struct world *w)
{
	return parts_without(w, NULL)->is_forest;
}

bool watch_reaches(struct world *w, const struct site *site, const struct mesh *mesh,
	struct at_range range)
{
	const struct parts *parts = parts_without(w, mesh);
	const struct watch *watch = w->watch;
	uint32_t part = parts->of[site->index];

	/*
	 * On a ring, who loses its own path may for a while take one that came around the
	 * ring from its own export, and tell it (distance vectors; RFC 1504 p. 34-37 does not
	 * forbid it). There the distances at rest are the proof.
	 */
	if (parts->is_open[part] || !watch_is_forest(w))
		return true;
	for (uint32_t i = watch->by_net ? watch->by_net[range.first] : 0; i != 0;
		i = watch->nets[i - 1].next)
		if (at_range_eq(watch->nets[i - 1].range, range) &&
			parts->of[at_lan(w, watch->nets[i - 1].lan)] == part)
			return true;
	return false;
}

void watch_topology_forget(struct watch *watch)
{
	for (size_t i = 0; i < watch->n_parts; i++) {
		free(watch->parts[i].of);
		free(watch->parts[i].is_open);
	}
	free(watch->parts);
	watch->parts = NULL;
	watch->n_parts = 0;
}

void watch_topology_fini(struct watch *watch)
{
	watch_topology_forget(watch);
	free(watch->nets);
	free(watch->by_net);
}
