/*
 * Who offers and withdraws paths: our own cables; RTMP on our ports by Inside
 * AppleTalk ch. 5 ("Maintenance of routing tables", figure 5-7); exterior routers
 * by RFC 1504 p. 33-38.
 */
#include "route_offer.h"

#include <assert.h>

#include "rtmp.h"

/* The route that an offer of `range` is about; a reason not to take it otherwise. */
static enum offer_result match(const struct route_table *t, struct at_range range,
	struct route **route)
{
	*route = route_find_overlap(t, range);
	if (!*route)
		return OFFER_NEW;
	if (!at_range_eq((*route)->range, range))
		return OFFER_OVERLAP;
	if ((*route)->best->kind == PATH_ATTACHED && !route_is_bad(*route))
		return OFFER_OURS;
	return OFFER_KNOWN;
}

bool route_offer_fits(const struct route_table *t, struct at_range range)
{
	struct route *route;
	enum offer_result result = match(t, range, &route);

	return result == OFFER_NEW || result == OFFER_KNOWN;
}

/* A path that is offered. */
struct offer {
	enum path_kind kind;
	struct path_owner *owner;
	struct at_addr next_router;	/* PATH_RTMP */
	uint8_t distance;		/* hops from us */
};

/* Its owner had no path of this kind there. `route` NULL: nobody had one at all. */
static enum offer_result take(struct route_table *t, struct route *route, struct at_range range,
	const struct offer *o)
{
	const bool is_new = !route;
	struct path *p;

	if (is_new && !route_has_room(t))
		return OFFER_FULL;
	if (is_new)
		route = route_add(t, range);
	p = route_add_path(route, o->kind, o->owner, o->distance);
	p->next_router = o->next_router;
	if (!is_new) {
		route_reconsider(t, route);
		return OFFER_CHANGED;
	}
	route->best = p;
	route_table_changed(t);
	route_trace(t, TRACE_ROUTE_ADDED, route);
	return OFFER_NEW;
}

/* --- our own cables --------------------------------------------------------------------- */

/* Peers do not repeat themselves as RTMP does: they must know that their network was displaced. */
static void displace(struct route_table *t, struct route *route, const struct path_owner *port,
	struct at_range own)
{
	const struct list *it;

	list_for_each(it, &route->paths) {
		const struct path *p = container_of(it, struct path, in_route);

		if (p->owner && p->owner->ops->displaced)
			p->owner->ops->displaced(p->owner, route->range, own, port->name);
	}
	route_remove(t, route);
}

bool route_offer_attached(struct route_table *t, struct path_owner *port, struct at_range range)
{
	struct route *route;

	while ((route = route_find_overlap(t, range)) != NULL) {
		struct path *own = route_path(route, PATH_ATTACHED);

		if (own && !path_is_bad(own))
			break;
		displace(t, route, port, range);
	}
	if (route)
		return false;
	/* Our own cables are never refused for lack of room. */
	route = route_add(t, range);
	route->best = route_add_path(route, PATH_ATTACHED, port, 0);
	route_table_changed(t);
	route_trace(t, TRACE_ROUTE_ADDED, route);
	return true;
}

void route_offer_no_port(struct route_table *t, const struct path_owner *port)
{
	for (size_t i = t->used; i-- > 0;) {
		struct list *it, *after;

		list_for_each_safe(it, after, &t->sorted[i]->paths) {
			struct path *p = container_of(it, struct path, in_route);

			if (p->owner != port)
				continue;
			p->owner = NULL;
			route_lose_path(t, p);
			break;	/* a port has one path per route, and the route may be gone */
		}
	}
}

/* --- RTMP ------------------------------------------------------------------------------ */

/* R20..R25 on the one RTMP path of a route. */
static enum offer_result update_rtmp(struct route_table *t, struct path *p,
	struct path_owner *port, struct at_addr from, uint8_t distance)
{
	bool is_next_router = p->owner == port && at_addr_eq(p->next_router, from);
	bool changes = !is_next_router || p->distance != distance || path_is_bad(p);
	bool is_worse;

	if (distance > AT_HOPS_MAX) {
		struct route *route = p->route;

		if (!is_next_router || path_is_bad(p))
			return OFFER_IGNORED;
		route_free_path(t, p);
		route_reselect(t, route);
		return OFFER_CHANGED;
	}
	if (!is_next_router && !path_is_bad(p) && distance > p->distance)
		return OFFER_IGNORED;
	/*
	 * Another router has the number now that fell silent, or has it nearer: perhaps it is
	 * another network. Two that are as near take turns (R20), and are believed.
	 */
	if (!is_next_router && (path_is_bad(p) || distance < p->distance))
		zone_clear(t, p);
	is_worse = distance > p->distance;
	p->owner = port;
	p->next_router = from;
	p->distance = distance;
	p->state = PATH_GOOD;
	if (!changes)
		return OFFER_KNOWN;
	if (is_worse)
		route_reselect(t, p->route);
	else
		route_reconsider(t, p->route);
	return OFFER_CHANGED;
}

enum offer_result route_offer_rtmp(struct route_table *t, struct path_owner *port,
	struct at_addr from, struct at_range range, uint8_t distance)
{
	struct route *route;
	enum offer_result result;
	struct path *p;

	assert(at_range_is_valid(range));
	result = match(t, range, &route);
	if (result == OFFER_OURS || result == OFFER_OVERLAP)
		return result;
	p = route ? route_path(route, PATH_RTMP) : NULL;
	if (distance == RTMP_UNREACHABLE) {
		/*
		 * Notify neighbour counts from the next router only (R24); unknown networks stay
		 * unknown (R26).
		 */
		if (!p || p->owner != port || !at_addr_eq(p->next_router, from) || path_is_bad(p))
			return OFFER_IGNORED;
		route_lose_path(t, p);
		return OFFER_CHANGED;
	}
	if (p)
		return update_rtmp(t, p, port, from, (uint8_t)(distance + 1));
	if (distance >= AT_HOPS_MAX)
		return OFFER_IGNORED;
	return take(t, route, range, &(struct offer){ .kind = PATH_RTMP, .owner = port,
		.next_router = from, .distance = (uint8_t)(distance + 1) });
}

/* --- tunnels --------------------------------------------------------------------------- */

enum offer_result route_offer_tunnel(struct route_table *t, struct path_owner *peer,
	struct at_range range, uint8_t distance)
{
	uint8_t stored = (uint8_t)(distance < AT_HOPS_MAX ? distance + 1 : AT_HOPS_MAX + 1);
	struct route *route;
	enum offer_result result;
	struct path *p;

	assert(at_range_is_valid(range));
	result = match(t, range, &route);
	if (result == OFFER_OURS || result == OFFER_OVERLAP)
		return result;
	p = route ? route_path_by(route, peer) : NULL;
	if (p) {
		p->stale = false;
		if (p->distance == stored)
			return OFFER_KNOWN;
		if (stored > AT_HOPS_MAX) {
			route_lose_path(t, p);
			return OFFER_CHANGED;
		}
		p->distance = stored;
		route_reconsider(t, route);
		return OFFER_CHANGED;
	}
	return take(t, route, range, &(struct offer){ .kind = PATH_TUNNEL, .owner = peer,
		.distance = stored });
}

void route_offer_withdrawn(struct route_table *t, const struct path_owner *peer,
	struct at_range range)
{
	struct route *route = route_find(t, range.first);
	struct path *p = route ? route_path_by(route, peer) : NULL;

	if (p)
		route_lose_path(t, p);
}

void route_offer_no_peer(struct route_table *t, struct path_owner *peer)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &peer->paths)
		route_lose_path(t, container_of(it, struct path, in_owner));
}

void route_offer_mark_stale(struct path_owner *peer)
{
	struct list *it;

	list_for_each(it, &peer->paths)
		container_of(it, struct path, in_owner)->stale = true;
}

void route_offer_sweep(struct route_table *t, struct path_owner *peer)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &peer->paths) {
		struct path *p = container_of(it, struct path, in_owner);

		if (p->stale)
			route_lose_path(t, p);
	}
}
