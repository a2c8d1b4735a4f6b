/*
 * The routing table: network number -> route, in order, and our own cables. What
 * a route's paths are is route_path.c's business, who offers them route_offer.c's.
 */
#include "route_table.h"

#include <assert.h>
#include <stdlib.h>

#include "alloc.h"
#include "peer.h"
#include "port.h"
#include "route_path.h"
#include "router_state.h"

void route_table_init(struct route_table *t, size_t limit)
{
	*t = (struct route_table){ .limit = limit };
	t->by_net = mem_new(ROUTE_NETS, sizeof(struct route *));
}

void route_table_fini(struct route_table *t)
{
	assert(t->used == 0);
	free(t->sorted);
	free(t->by_net);
	*t = (struct route_table){ 0 };
}

/* Index of the first route that ends at or after `net`. */
static size_t lower_bound(const struct route_table *t, uint16_t net)
{
	size_t low = 0, high = t->used;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->sorted[mid]->range.last < net)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct route *route_find_overlap(const struct route_table *t, struct at_range range)
{
	size_t i = lower_bound(t, range.first);

	return i < t->used && t->sorted[i]->range.first <= range.last ? t->sorted[i] : NULL;
}

size_t route_alternatives(const struct route *r)
{
	const struct list *it;
	size_t n = 0;

	list_for_each(it, &r->paths) {
		const struct path *p = container_of(it, struct path, in_route);

		n += p != r->best && path_is_usable(p);
	}
	return n;
}

const char *path_owner(const struct path *p)
{
	if (p->peer)
		return peer_name(p->peer);
	return p->port ? p->port->config.name : NULL;
}

const char *route_owner(const struct route *r)
{
	return path_owner(r->best);
}

struct path *route_path_by_peer(const struct route *r, const struct peer *peer)
{
	return path_find(r, PATH_TUNNEL, peer);
}

struct path *route_path_by_rtmp(const struct route *r)
{
	return path_find(r, PATH_RTMP, NULL);
}

void route_trace(struct router *r, enum trace_kind kind, const struct route *route)
{
	const struct path *p = route->best;

	router_trace(r, &(struct trace_event){
		.kind = kind,
		.range = route->range,
		.number = p->distance,
		.port = p->port ? p->port->config.name : NULL,
		.peer = p->peer ? peer_name(p->peer) : NULL,
	});
}

/* --- routes ---------------------------------------------------------------------------- */

bool route_has_room(struct router *r)
{
	struct route_table *t = &r->routes;

	if (t->used < t->limit)
		return true;
	if (!t->is_full)
		router_trace(r, &(struct trace_event){
			.kind = TRACE_ROUTES_FULL, .number = (long)t->limit });
	t->is_full = true;
	return false;
}

struct route *route_add(struct router *r, struct at_range range)
{
	struct route_table *t = &r->routes;
	size_t i = lower_bound(t, range.first);
	struct route *route;

	assert(at_range_is_valid(range) && !route_find_overlap(t, range));
	t->sorted = mem_grow(t->sorted, t->used, &t->cap, sizeof(*t->sorted));
	memmove(t->sorted + i + 1, t->sorted + i, (t->used - i) * sizeof(*t->sorted));
	route = mem_new(1, sizeof(*route));
	route->range = range;
	list_init(&route->paths);
	t->sorted[i] = route;
	t->used++;
	for (uint32_t net = range.first; net <= range.last; net++)
		t->by_net[net] = route;
	return route;
}

void route_remove(struct router *r, struct route *route)
{
	struct route_table *t = &r->routes;
	size_t i = lower_bound(t, route->range.first);
	struct list *it, *after;

	router_trace(r, &(struct trace_event){
		.kind = TRACE_ROUTE_REMOVED, .range = route->range });
	list_for_each_safe(it, after, &route->paths)
		path_free(r, container_of(it, struct path, in_route));
	for (uint32_t net = route->range.first; net <= route->range.last; net++)
		t->by_net[net] = NULL;
	t->used--;
	memmove(t->sorted + i, t->sorted + i + 1, (t->used - i) * sizeof(*t->sorted));
	t->is_full = false;
	route_table_changed(t);
	free(route);
}

/* --- attached networks ----------------------------------------------------------------- */

/* Peers do not repeat themselves as RTMP does: they must know that their network was displaced. */
static void displace(struct router *r, struct route *route, const struct port *port,
	struct at_range own)
{
	const struct list *it;

	list_for_each(it, &route->paths) {
		const struct path *p = container_of(it, struct path, in_route);

		if (p->peer)
			peer_gives_way(p->peer, route->range, own, port->config.name);
	}
	route_remove(r, route);
}

bool route_attach(struct router *r, struct port *port, struct at_range range)
{
	struct route *route;

	while ((route = route_find_overlap(&r->routes, range)) != NULL) {
		struct path *own = path_find(route, PATH_ATTACHED, NULL);

		if (own && !path_is_bad(own))
			break;
		displace(r, route, port, range);
	}
	if (route)
		return false;
	/* Our own cables are never refused for lack of room. */
	route = route_add(r, range);
	route->best = path_add(route, PATH_ATTACHED, 0);
	route->best->port = port;
	route_table_changed(&r->routes);
	route_trace(r, TRACE_ROUTE_ADDED, route);
	return true;
}

void route_detach_port(struct router *r, struct port *port)
{
	for (size_t i = r->routes.used; i-- > 0;) {
		struct list *it, *after;

		list_for_each_safe(it, after, &r->routes.sorted[i]->paths) {
			struct path *p = container_of(it, struct path, in_route);

			if (p->port != port)
				continue;
			p->port = NULL;
			path_lose(r, p);
			break;	/* a port has one path per route, and the route may be gone */
		}
	}
}
