/*
 * The paths of a route and the one comparison that decides which is used: RFC
 * 1504 p. 33-38 (central table with alternative paths) and Inside AppleTalk ch. 5
 * on one structure. route_reselect() alone writes route->best of a route that has
 * one.
 */
#include "route_path.h"

#include <stdlib.h>

#include "alloc.h"
#include "router_state.h"

struct path *path_add(struct route *route, enum path_kind kind, uint8_t distance)
{
	struct path *p = mem_new(1, sizeof(*p));

	p->route = route;
	p->kind = kind;
	p->distance = distance;
	list_append(&route->paths, &p->in_route);
	list_init(&p->in_peer);
	if (!route->zones)
		route->zones = &p->zones;
	return p;
}

void path_free(struct router *r, struct path *p)
{
	struct route *route = p->route;

	if (route->best == p)
		route->best = NULL;
	path_clear_zones(r, p);
	if (route->zones == &p->zones)
		route->zones = NULL;
	if (route->best)
		route_choose_zones(r, route);
	list_remove(&p->in_route);
	list_remove(&p->in_peer);
	free(p);
}

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

static void discard_bad_paths(struct router *r, struct route *route)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (path_is_bad(p))
			path_free(r, p);
	}
}

void route_reselect(struct router *r, struct route *route)
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
		route_remove(r, route);
		return;
	}
	route_choose_zones(r, route);
	if (path_is_usable(best))
		discard_bad_paths(r, route);
	route_table_changed(&r->routes);
	route_trace(r, route_is_bad(route) ? TRACE_ROUTE_BAD : TRACE_ROUTE_CHANGED, route);
}

void route_reconsider(struct router *r, struct route *route)
{
	const struct path *best = route->best;

	if (!r->routes.keeps_local || best->kind != PATH_RTMP || !path_is_usable(best)) {
		route_reselect(r, route);
		return;
	}
	route_table_changed(&r->routes);
	route_trace(r, TRACE_ROUTE_CHANGED, route);
}

void path_lose(struct router *r, struct path *p)
{
	struct route *route = p->route;

	if (route->best != p) {
		path_free(r, p);
		return;
	}
	if (route_alternatives(route) > 0) {
		path_free(r, p);
		route_reselect(r, route);
		return;
	}
	if (path_is_bad(p))
		return;
	list_remove(&p->in_peer);
	p->peer = NULL;
	p->state = PATH_BAD0;
	route_reselect(r, route);
}

struct path *path_find(const struct route *route, enum path_kind kind,
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
