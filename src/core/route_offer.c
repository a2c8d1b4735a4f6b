/*
 * Who offers and withdraws paths: RTMP on our ports by Inside AppleTalk ch. 5
 * ("Maintenance of routing tables", figure 5-7, and the validity timer), exterior
 * routers by RFC 1504 p. 33-38. Called by svc_rtmp.c, aurp_learn.c and router.c.
 */
#include <assert.h>

#include "peer.h"
#include "port.h"
#include "route_path.h"
#include "route_table.h"
#include "router_state.h"
#include "rtmp.h"

/* --- RTMP ------------------------------------------------------------------------------ */

/* The route that an offer of `range` is about; a reason not to take it otherwise. */
static enum offer_result match(const struct router *r, struct at_range range,
	struct route **route)
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

bool route_takes(const struct router *r, struct at_range range)
{
	struct route *route;
	enum offer_result result = match(r, range, &route);

	return result == OFFER_NEW || result == OFFER_KNOWN;
}

/* A first path to a network nobody offered before. */
static struct path *add_first_path(struct router *r, struct at_range range, enum path_kind kind,
	uint8_t distance)
{
	struct route *route;

	if (!route_has_room(r))
		return NULL;
	route = route_add(r, range);
	route->best = path_add(route, kind, distance);
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
		path_free(r, p);
		route_reselect(r, route);
		return OFFER_CHANGED;
	}
	if (!is_next_router && !path_is_bad(p) && distance > p->distance)
		return OFFER_IGNORED;
	/*
	 * Another router has the number now that fell silent, or has it nearer: perhaps it is
	 * another network. Two that are as near take turns (R20), and are believed.
	 */
	if (!is_next_router && (path_is_bad(p) || distance < p->distance))
		path_clear_zones(r, p);
	is_worse = distance > p->distance;
	p->port = port;
	p->next_router = from;
	p->distance = distance;
	p->state = PATH_GOOD;
	if (!changes)
		return OFFER_KNOWN;
	if (is_worse)
		route_reselect(r, p->route);
	else
		route_reconsider(r, p->route);
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
	p = route ? path_find(route, PATH_RTMP, NULL) : NULL;
	if (distance == RTMP_UNREACHABLE) {
		/*
		 * Notify neighbour counts from the next router only (R24); unknown networks stay
		 * unknown (R26).
		 */
		if (!p || p->port != port || !at_addr_eq(p->next_router, from) || path_is_bad(p))
			return OFFER_IGNORED;
		path_lose(r, p);
		return OFFER_CHANGED;
	}
	if (p)
		return update_rtmp(r, p, port, from, (uint8_t)(distance + 1));
	if (distance >= AT_HOPS_MAX)
		return OFFER_IGNORED;
	p = route ? path_add(route, PATH_RTMP, (uint8_t)(distance + 1))
		  : add_first_path(r, range, PATH_RTMP, (uint8_t)(distance + 1));
	if (!p)
		return OFFER_FULL;
	p->port = port;
	p->next_router = from;
	if (route)
		route_reselect(r, route);
	else
		route_trace(r, TRACE_ROUTE_ADDED, p->route);
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
	p = route ? path_find(route, PATH_TUNNEL, peer) : NULL;
	if (p) {
		p->stale = false;
		if (p->distance == stored)
			return OFFER_KNOWN;
		if (stored > AT_HOPS_MAX) {
			path_lose(r, p);
			return OFFER_CHANGED;
		}
		p->distance = stored;
		route_reconsider(r, route);
		return OFFER_CHANGED;
	}
	p = route ? path_add(route, PATH_TUNNEL, stored)
		  : add_first_path(r, range, PATH_TUNNEL, stored);
	if (!p)
		return OFFER_FULL;
	p->peer = peer;
	list_append(peer_paths(peer), &p->in_peer);
	if (route)
		route_reconsider(r, route);
	else
		route_trace(r, TRACE_ROUTE_ADDED, p->route);
	return route ? OFFER_CHANGED : OFFER_NEW;
}

void route_withdraw_tunnel(struct router *r, struct peer *peer, struct at_range range)
{
	struct route *route = route_find(&r->routes, range.first);
	struct path *p = route ? path_find(route, PATH_TUNNEL, peer) : NULL;

	if (p)
		path_lose(r, p);
}

void route_withdraw_peer(struct router *r, struct peer *peer)
{
	struct list *it, *after;

	list_for_each_safe(it, after, peer_paths(peer))
		path_lose(r, container_of(it, struct path, in_peer));
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
			path_lose(r, p);
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
		path_lose(r, p);
		break;
	case PATH_BAD0:
		p->state = PATH_BAD1;
		break;
	case PATH_BAD1:
		path_free(r, p);
		route_reselect(r, route);
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
