/* What a site knows, by the walks of the seam: for tests, oracle.c and watch.c. */
#include "world.h"

#include <stdio.h>

struct search {
	uint16_t net;
	struct at_name zone;
	const char *kind, *name;
	struct peer_view *peer;
	uint64_t sum;
	bool found;
	unsigned hops;
};

static void look_for_net(void *ctx, const struct route_info *info)
{
	struct search *q = ctx;

	if (at_range_has(info->range, q->net) && info->zones_complete &&
		strcmp(info->state, "bad") != 0) {
		q->found = true;
		q->hops = info->distance;
	}
}

bool site_knows(const struct site *site, uint16_t net, unsigned *hops)
{
	struct search q = { .net = net };

	if (site->router)
		router_walk_routes(site->router, look_for_net, &q);
	if (hops)
		*hops = q.hops;
	return q.found;
}

static void look_for_zone(void *ctx, const struct zone_info *info)
{
	struct search *q = ctx;

	if (info->name->len == q->zone.len &&
		memcmp(info->name->byte, q->zone.byte, q->zone.len) == 0)
		q->found |= info->n_nets > 0;
}

bool site_sees_zone(const struct site *site, const char *zone)
{
	struct search q = { .zone = name_of(zone) };

	if (site->router)
		router_walk_zones(site->router, look_for_zone, &q);
	return q.found;
}

size_t site_networks(const struct site *site)
{
	return site->router ? router_summary(site->router).networks : 0;
}

size_t site_connected(const struct site *site)
{
	return site->router ? router_summary(site->router).peers_connected : 0;
}

static void look_for_peer(void *ctx, const struct peer_info *info)
{
	struct search *q = ctx;

	if (q->found || strcmp(info->name, q->name) != 0)
		return;
	q->found = true;
	snprintf(q->peer->recv, sizeof q->peer->recv, "%s", info->recv);
	snprintf(q->peer->send, sizeof q->peer->send, "%s", info->send);
	q->peer->routes = info->routes;
	q->peer->told = info->told;
	q->peer->rtt_ms = info->rtt_ms;
	q->peer->heard_s = info->heard_s;
}

bool site_peer(const struct site *site, const char *name, struct peer_view *out)
{
	struct search q = { .name = name, .peer = out };

	*out = (struct peer_view){ .rtt_ms = -1, .heard_s = -1 };
	if (site->router)
		router_walk_peers(site->router, site->world->now, look_for_peer, &q);
	return q.found;
}

static void add_counter(void *ctx, const struct counter_info *info)
{
	struct search *q = ctx;

	if (strcmp(info->kind, q->kind) == 0 && strcmp(info->name, q->name) == 0)
		q->sum += info->value;
}

uint64_t site_counter(const struct site *site, const char *kind, const char *name)
{
	struct search q = { .kind = kind, .name = name };

	if (site->router)
		router_walk_counters(site->router, add_counter, &q);
	return q.sum;
}
