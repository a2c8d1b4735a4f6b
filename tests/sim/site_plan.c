/*
 * What a site consists of: its ports and their zones, its tunnels and the peers
 * that they list. Nothing here reaches a router; site.c hands it over.
 */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct site *world_site(const struct world *w, size_t i)
{
	assert(i < w->sites.n);
	return w->sites.at[i];
}

struct site_port *site_port(const struct site *site, size_t i)
{
	assert(i < site->ports.n);
	return site->ports.at[i];
}

struct site_tunnel *site_tunnel(const struct site *site, size_t i)
{
	assert(i < site->tunnels.n);
	return site->tunnels.at[i];
}

void port_set_zones(struct site_port *p, const struct at_name *zones, size_t n)
{
	struct at_name *copy = world_alloc(n, sizeof(*copy));

	for (size_t i = 0; i < n; i++)
		copy[i] = zones[i];
	free(p->config.zones);
	p->config.zones = copy;
	p->config.n_zones = n;
	p->site->world->topology++;
}

void port_add_zone(struct site_port *p, const char *zone)
{
	size_t n = p->config.n_zones;
	struct at_name *all = world_alloc(n + 1, sizeof(*all));

	for (size_t i = 0; i < n; i++)
		all[i] = p->config.zones[i];
	all[n] = name_of(zone);
	port_set_zones(p, all, n + 1);
	free(all);
}

struct site_peer *tunnel_add_peer(struct site_tunnel *t, const char *name, const struct jack *to)
{
	struct site_peer *peer = world_alloc(1, sizeof(*peer));

	snprintf(peer->name, sizeof peer->name, "%s", name);
	peer->to = to;
	peer->tunnel = t;
	peer_init_names(peer);
	things_add(&t->peers, peer);
	return peer;
}

struct site_peer *tunnel_find_peer(const struct site_tunnel *t, const struct jack *to)
{
	for (size_t i = 0; i < t->peers.n; i++) {
		struct site_peer *peer = t->peers.at[i];

		if (peer->to == to)
			return peer;
	}
	return NULL;
}

struct site_tunnel *mesh_join(struct mesh *m, struct site *site)
{
	struct site_tunnel *t = mesh_join_alone(m, site);

	for (size_t i = 0; i < m->jacks.n; i++) {
		struct jack *other = m->jacks.at[i];

		if (other == &t->jack || !other->tunnel)
			continue;
		tunnel_add_peer(other->tunnel, site->config.name, &t->jack);
		tunnel_add_peer(t, other->tunnel->site->config.name, other);
	}
	return t;
}
