/* What a person may want to know: the core's state as plain items, for the dump (router.h). */
#include "alloc.h"
#include "peer.h"
#include "port.h"
#include "router_state.h"
#include "tunnel.h"

#include <stdlib.h>

struct router_summary router_summary(const struct router *r)
{
	struct router_summary s = { .networks = r->routes.used };
	const struct list *it;

	list_for_each(it, &r->ports) {
		s.ports++;
		s.ports_up += port_is_up(container_of(it, struct port, in_router));
	}
	list_for_each(it, &r->tunnels)
		tunnel_count_peers(container_of(it, struct tunnel, in_router),
			&s.peers, &s.peers_connected);
	for (size_t i = 0; i < r->zones.used; i++)
		s.zones += zone_is_visible(r->zones.sorted[i]);
	return s;
}

void router_walk_ports(struct router *r, void (*each)(void *ctx, const struct port_info *),
	void *ctx)
{
	struct list *it;

	list_for_each(it, &r->ports) {
		struct port_info info = { 0 };

		port_describe(container_of(it, struct port, in_router), &info);
		each(ctx, &info);
	}
}

void router_walk_tunnels(struct router *r, void (*each)(void *ctx, const struct tunnel_info *),
	void *ctx)
{
	struct list *it;

	list_for_each(it, &r->tunnels) {
		struct tunnel_info info = { 0 };

		tunnel_describe(container_of(it, struct tunnel, in_router), &info);
		each(ctx, &info);
	}
}

void router_walk_peers(struct router *r, struct instant now,
	void (*each)(void *ctx, const struct peer_info *), void *ctx)
{
	struct list *it;

	r->env.now = now;
	list_for_each(it, &r->tunnels)
		tunnel_walk_peers(container_of(it, struct tunnel, in_router), each, ctx);
}

static const char *state_text(const struct route *route)
{
	if (route_is_bad(route))
		return "bad";
	if (!route_is_usable(route))
		return "unreachable";
	return route->best->state == PATH_SUSPECT ? "suspect" : "good";
}

static const char *other_zones_text(const struct route *route)
{
	const struct path *other = zone_others(route);

	return other ? path_owner_name(other) : NULL;
}

static const char *via_text(const struct route *route)
{
	const char *owner = route_owner(route);

	return owner ? owner : "-";
}

void router_walk_routes(struct router *r, void (*each)(void *ctx, const struct route_info *),
	void *ctx)
{
	const struct at_name *zones[AT_ZONES_PER_NET_MAX];

	for (size_t i = 0; i < r->routes.used; i++) {
		const struct route *route = r->routes.sorted[i];

		for (size_t k = 0; k < route->zones->used; k++)
			zones[k] = &route->zones->zone[k]->name;
		each(ctx, &(struct route_info){
			.range = route->range,
			.distance = route->best->distance,
			.via = via_text(route),
			.next_router = route->best->next_router,
			.state = state_text(route),
			.zones_complete = route->zones->is_complete,
			.zones = zones,
			.n_zones = route->zones->used,
			.alternatives = route_alternatives(route),
			.other_zones = other_zones_text(route),
			.unfit_zones = route->zones->n_unfit,
		});
	}
}

void router_walk_zones(struct router *r, void (*each)(void *ctx, const struct zone_info *),
	void *ctx)
{
	uint16_t *nets = mem_new(r->routes.used, sizeof(*nets));

	for (size_t i = 0; i < r->zones.used; i++) {
		const struct zone *z = r->zones.sorted[i];

		if (!zone_is_visible(z))
			continue;	/* of a list that is not whole yet */
		for (size_t k = 0; k < z->used; k++)
			nets[k] = z->routes[k]->range.first;
		each(ctx, &(struct zone_info){ .name = &z->name, .nets = nets, .n_nets = z->used });
	}
	free(nets);
}

void router_walk_aarp(struct router *r, struct instant now,
	void (*each)(void *ctx, const struct aarp_info *), void *ctx)
{
	struct list *it;

	r->env.now = now;
	list_for_each(it, &r->ports)
		port_walk_aarp(container_of(it, struct port, in_router), each, ctx);
}

void router_walk_counters(struct router *r, void (*each)(void *ctx, const struct counter_info *),
	void *ctx)
{
	struct list *it;

	list_for_each(it, &r->ports)
		port_walk_counters(container_of(it, struct port, in_router), each, ctx);
	list_for_each(it, &r->tunnels)
		tunnel_walk_counters(container_of(it, struct tunnel, in_router), each, ctx);
	for (int reason = 0; reason < DROP_REASONS; reason++)
		if (r->drops[reason] > 0)
			each(ctx, &(struct counter_info){ "drop", "router",
				drop_name((enum drop_reason)reason), r->drops[reason] });
}
