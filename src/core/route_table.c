/*
 * The routing table: Inside AppleTalk ch. 5 ("Maintenance of routing tables",
 * figure 5-7 and the validity timer) and RFC 1504 p. 33-38 (central table with
 * alternative paths) on one structure. Ports attach and detach, svc_rtmp.c and
 * aurp_recv.c offer and withdraw; reselect() alone decides which path is used.
 */
#include "route_table.h"

#include <assert.h>
#include <stdlib.h>

#include "alloc.h"
#include "peer.h"
#include "port.h"
#include "router_state.h"
#include "rtmp.h"

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

static void trace_route(struct router *r, enum trace_kind kind, const struct route *route)
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

/* --- routes and paths ------------------------------------------------------------------ */

/* A route without paths, for add_path() to fill at once; NULL if the table is full. */
static struct route *add_route(struct router *r, struct at_range range)
{
	struct route_table *t = &r->routes;
	size_t i = lower_bound(t, range.first);
	struct route *route;

	assert(at_range_is_valid(range) && !route_find_overlap(t, range));
	if (t->used >= t->limit) {
		if (!t->is_full)
			router_trace(r, &(struct trace_event){
				.kind = TRACE_ROUTES_FULL, .number = (long)t->limit });
		t->is_full = true;
		return NULL;
	}
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

static struct path *add_path(struct route *route, enum path_kind kind, uint8_t distance)
{
	struct path *p = mem_new(1, sizeof(*p));

	p->route = route;
	p->kind = kind;
	p->distance = distance;
	list_append(&route->paths, &p->in_route);
	list_init(&p->in_peer);
	return p;
}

static void free_path(struct path *p)
{
	if (p->route->best == p)
		p->route->best = NULL;
	list_remove(&p->in_route);
	list_remove(&p->in_peer);
	free(p);
}

static void remove_route(struct router *r, struct route *route)
{
	struct route_table *t = &r->routes;
	size_t i = lower_bound(t, route->range.first);
	struct list *it, *after;

	router_trace(r, &(struct trace_event){
		.kind = TRACE_ROUTE_REMOVED, .range = route->range });
	route_clear_zones(r, route);
	list_for_each_safe(it, after, &route->paths)
		free_path(container_of(it, struct path, in_route));
	for (uint32_t net = route->range.first; net <= route->range.last; net++)
		t->by_net[net] = NULL;
	t->used--;
	memmove(t->sorted + i, t->sorted + i + 1, (t->used - i) * sizeof(*t->sorted));
	t->is_full = false;
	route_table_changed(t);
	free(route);
}

/* --- the one comparison ---------------------------------------------------------------- */

/*
 * Is a strictly better than b? Usable before unusable; our own cable; the
 * shorter distance (RFC 1504 p. 35); at equal distance the local internet before
 * a tunnel, as RTMP replaces an entry that is no better (R20). What is left is a
 * tie, which the path in use wins (aurp R13, A22).
 */
static bool is_better(const struct path *a, const struct path *b)
{
	if (path_is_usable(a) != path_is_usable(b))
		return path_is_usable(a);
	if (path_is_bad(a) != path_is_bad(b))
		return path_is_bad(a);	/* both useless: keep telling neighbours */
	if ((a->kind == PATH_ATTACHED) != (b->kind == PATH_ATTACHED))
		return a->kind == PATH_ATTACHED;
	if (a->distance != b->distance)
		return a->distance < b->distance;
	return a->kind != PATH_TUNNEL && b->kind == PATH_TUNNEL;
}

static void discard_bad_paths(struct route *route)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (path_is_bad(p))
			free_path(p);
	}
}

/* Chooses the best path again after paths came, went or changed; removes a route without any. */
static void reselect(struct router *r, struct route *route)
{
	struct path *best = route->best;
	struct list *it;

	list_for_each(it, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (!best || is_better(p, best))
			best = p;
	}
	route->best = best;
	if (!best) {
		remove_route(r, route);
		return;
	}
	if (path_is_usable(best))
		discard_bad_paths(route);
	route_table_changed(&r->routes);
	trace_route(r, route_is_bad(route) ? TRACE_ROUTE_BAD : TRACE_ROUTE_CHANGED, route);
}

/*
 * The same after a path came or became better. RFC 1504 p. 35 lets the shortest one
 * win; but then a peer takes our networks away by saying how near it is. A path by a
 * port stays in use until it gets worse itself (keep-local).
 */
static void reconsider(struct router *r, struct route *route)
{
	const struct path *best = route->best;

	if (!r->routes.keeps_local || best->kind != PATH_RTMP || !path_is_usable(best)) {
		reselect(r, route);
		return;
	}
	route_table_changed(&r->routes);
	trace_route(r, TRACE_ROUTE_CHANGED, route);
}

/*
 * A path can no longer be used. With another usable one it just goes; without,
 * it stays as a Bad entry until the validity timer removes it, so that
 * neighbours hear of the loss (RFC 1504 p. 33, R32).
 */
static void lose_path(struct router *r, struct path *p)
{
	struct route *route = p->route;

	if (route->best != p) {
		free_path(p);
		return;
	}
	if (route_alternatives(route) > 0) {
		free_path(p);
		reselect(r, route);
		return;
	}
	if (path_is_bad(p))
		return;
	list_remove(&p->in_peer);
	p->peer = NULL;
	p->state = PATH_BAD0;
	reselect(r, route);
}

static struct path *find_path(const struct route *route, enum path_kind kind,
	const struct peer *peer)
{
	struct list *it;

	list_for_each(it, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (p->kind == kind && p->peer == peer)
			return p;
	}
	return NULL;
}

/* --- attached networks ----------------------------------------------------------------- */

bool route_attach(struct router *r, struct port *port, struct at_range range)
{
	struct route *route;

	while ((route = route_find_overlap(&r->routes, range)) != NULL) {
		struct path *own = find_path(route, PATH_ATTACHED, NULL);

		if (own && !path_is_bad(own))
			break;
		remove_route(r, route);
	}
	if (route)
		return false;
	/* Our own cables are never refused for lack of room. */
	r->routes.limit += r->routes.used >= r->routes.limit;
	route = add_route(r, range);
	route->best = add_path(route, PATH_ATTACHED, 0);
	route->best->port = port;
	route_table_changed(&r->routes);
	trace_route(r, TRACE_ROUTE_ADDED, route);
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
			lose_path(r, p);
			break;	/* a port has one path per route, and the route may be gone */
		}
	}
}

/* --- RTMP ------------------------------------------------------------------------------ */

/* The route that an offer of `range` is about; a reason not to take it otherwise. */
static enum offer_result match(struct router *r, struct at_range range, struct route **route)
{
	*route = route_find_overlap(&r->routes, range);
	if (!*route)
		return OFFER_NEW;
	if (!at_range_eq((*route)->range, range))
		return OFFER_OVERLAP;
	if ((*route)->best->kind == PATH_ATTACHED && !route_is_bad(*route))
		return OFFER_OURS;
	return OFFER_KNOWN;
}

/* A first path to a network nobody offered before. */
static struct path *add_first_path(struct router *r, struct at_range range, enum path_kind kind,
	uint8_t distance)
{
	struct route *route = add_route(r, range);

	if (!route)
		return NULL;
	route->best = add_path(route, kind, distance);
	route_table_changed(&r->routes);
	return route->best;
}

/* R20..R25 on the one RTMP path of a route. */
static enum offer_result update_rtmp(struct router *r, struct path *p, struct port *port,
	struct at_addr from, uint8_t distance)
{
	bool is_next_router = p->port == port && at_addr_eq(p->next_router, from);
	bool changes = !is_next_router || p->distance != distance || path_is_bad(p);
	bool is_worse;

	if (distance > AT_HOPS_MAX) {
		struct route *route = p->route;

		if (!is_next_router || path_is_bad(p))
			return OFFER_IGNORED;
		free_path(p);
		reselect(r, route);
		return OFFER_CHANGED;
	}
	if (!is_next_router && !path_is_bad(p) && distance > p->distance)
		return OFFER_IGNORED;
	is_worse = distance > p->distance;
	p->port = port;
	p->next_router = from;
	p->distance = distance;
	p->state = PATH_GOOD;
	if (!changes)
		return OFFER_KNOWN;
	if (is_worse)
		reselect(r, p->route);
	else
		reconsider(r, p->route);
	return OFFER_CHANGED;
}

enum offer_result route_offer_rtmp(struct router *r, struct port *port, struct at_addr from,
	struct at_range range, uint8_t distance)
{
	struct route *route;
	enum offer_result result;
	struct path *p;

	assert(at_range_is_valid(range));
	result = match(r, range, &route);
	if (result == OFFER_OURS || result == OFFER_OVERLAP)
		return result;
	p = route ? find_path(route, PATH_RTMP, NULL) : NULL;
	if (distance == RTMP_UNREACHABLE) {
		/*
		 * Notify neighbour counts from the next router only (R24); unknown networks stay
		 * unknown (R26).
		 */
		if (!p || p->port != port || !at_addr_eq(p->next_router, from) || path_is_bad(p))
			return OFFER_IGNORED;
		lose_path(r, p);
		return OFFER_CHANGED;
	}
	if (p)
		return update_rtmp(r, p, port, from, (uint8_t)(distance + 1));
	if (distance >= AT_HOPS_MAX)
		return OFFER_IGNORED;
	p = route ? add_path(route, PATH_RTMP, (uint8_t)(distance + 1))
		  : add_first_path(r, range, PATH_RTMP, (uint8_t)(distance + 1));
	if (!p)
		return OFFER_FULL;
	p->port = port;
	p->next_router = from;
	if (route)
		reselect(r, route);
	else
		trace_route(r, TRACE_ROUTE_ADDED, p->route);
	return route ? OFFER_CHANGED : OFFER_NEW;
}

/* --- tunnels --------------------------------------------------------------------------- */

enum offer_result route_offer_tunnel(struct router *r, struct peer *peer, struct at_range range,
	uint8_t distance)
{
	uint8_t stored = (uint8_t)(distance < AT_HOPS_MAX ? distance + 1 : AT_HOPS_MAX + 1);
	struct route *route;
	enum offer_result result;
	struct path *p;

	assert(at_range_is_valid(range));
	result = match(r, range, &route);
	if (result == OFFER_OURS || result == OFFER_OVERLAP)
		return result;
	p = route ? find_path(route, PATH_TUNNEL, peer) : NULL;
	if (p) {
		p->stale = false;
		if (p->distance == stored)
			return OFFER_KNOWN;
		if (stored > AT_HOPS_MAX) {
			lose_path(r, p);
			return OFFER_CHANGED;
		}
		p->distance = stored;
		reconsider(r, route);
		return OFFER_CHANGED;
	}
	p = route ? add_path(route, PATH_TUNNEL, stored)
		  : add_first_path(r, range, PATH_TUNNEL, stored);
	if (!p)
		return OFFER_FULL;
	p->peer = peer;
	list_append(peer_paths(peer), &p->in_peer);
	if (route)
		reconsider(r, route);
	else
		trace_route(r, TRACE_ROUTE_ADDED, p->route);
	return route ? OFFER_CHANGED : OFFER_NEW;
}

void route_withdraw_tunnel(struct router *r, struct peer *peer, struct at_range range)
{
	struct route *route = route_find(&r->routes, range.first);
	struct path *p = route ? find_path(route, PATH_TUNNEL, peer) : NULL;

	if (p)
		lose_path(r, p);
}

void route_withdraw_peer(struct router *r, struct peer *peer)
{
	struct list *it, *after;

	list_for_each_safe(it, after, peer_paths(peer))
		lose_path(r, container_of(it, struct path, in_peer));
}

void route_mark_peer_stale(struct peer *peer)
{
	struct list *it;

	list_for_each(it, peer_paths(peer))
		container_of(it, struct path, in_peer)->stale = true;
}

void route_sweep_peer(struct router *r, struct peer *peer)
{
	struct list *it, *after;

	list_for_each_safe(it, after, peer_paths(peer)) {
		struct path *p = container_of(it, struct path, in_peer);

		if (p->stale)
			lose_path(r, p);
	}
}

/* --- the validity timer ---------------------------------------------------------------- */

/* One step of Good, Suspect, Bad0, Bad1, gone; only RTMP paths and Bad ones age. */
static void age_path(struct router *r, struct path *p)
{
	struct route *route = p->route;

	switch (p->state) {
	case PATH_GOOD:
		p->state = PATH_SUSPECT;
		break;
	case PATH_SUSPECT:
		lose_path(r, p);
		break;
	case PATH_BAD0:
		p->state = PATH_BAD1;
		break;
	case PATH_BAD1:
		free_path(p);
		reselect(r, route);
		break;
	}
}

void route_age(struct router *r)
{
	/* Downwards, as a route may vanish, and one path a route: only one of them can age. */
	for (size_t i = r->routes.used; i-- > 0;) {
		struct list *it;

		list_for_each(it, &r->routes.sorted[i]->paths) {
			struct path *p = container_of(it, struct path, in_route);

			if (p->kind != PATH_RTMP && !path_is_bad(p))
				continue;
			age_path(r, p);
			break;
		}
	}
}
