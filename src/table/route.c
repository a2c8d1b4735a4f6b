/*
 * The routing table: network number -> route, in order; the paths of each route,
 * which of them is used, and how they age.
 */
#include "route.h"

#include <assert.h>
#include <stdlib.h>

#include "alloc.h"
#include "env.h"
#include "search.h"

void route_table_init(struct route_table *t, struct env *env, struct zone_table *zones,
	size_t limit)
{
	*t = (struct route_table){ .env = env, .zones = zones, .limit = limit };
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
	size_t i;

	SEARCH_FIRST(i, t->used, t->sorted[i]->range.last < net);
	return i;
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

const char *route_owner(const struct route *r)
{
	return path_owner_name(r->best);
}

struct path *route_path(const struct route *r, enum path_kind kind)
{
	struct list *it;

	list_for_each(it, &r->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (p->kind == kind)
			return p;
	}
	return NULL;
}

struct path *route_path_by(const struct route *r, const struct path_owner *peer)
{
	struct list *it;

	list_for_each(it, &r->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (p->kind == PATH_TUNNEL && p->owner == peer)
			return p;
	}
	return NULL;
}

void route_trace(const struct route_table *t, enum trace_kind kind, const struct route *route)
{
	struct trace_event e = { .kind = kind, .range = route->range,
		.number = route->best->distance };

	path_name_owner(route->best, &e);
	env_trace(t->env, &e);
}

/* --- routes ---------------------------------------------------------------------------- */

bool route_has_room(struct route_table *t)
{
	if (t->used < t->limit)
		return true;
	if (!t->is_full)
		env_trace(t->env, &(struct trace_event){
			.kind = TRACE_ROUTES_FULL, .number = (long)t->limit });
	t->is_full = true;
	return false;
}

struct route *route_add(struct route_table *t, struct at_range range)
{
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

void route_remove(struct route_table *t, struct route *route)
{
	size_t i = lower_bound(t, route->range.first);
	struct list *it, *after;

	env_trace(t->env, &(struct trace_event){
		.kind = TRACE_ROUTE_REMOVED, .range = route->range });
	list_for_each_safe(it, after, &route->paths)
		route_free_path(t, container_of(it, struct path, in_route));
	for (uint32_t net = route->range.first; net <= route->range.last; net++)
		t->by_net[net] = NULL;
	t->used--;
	memmove(t->sorted + i, t->sorted + i + 1, (t->used - i) * sizeof(*t->sorted));
	t->is_full = false;
	route_table_changed(t);
	free(route);
}

/* --- its paths ------------------------------------------------------------------------- */

struct path *route_add_path(struct route *route, enum path_kind kind, struct path_owner *owner,
	uint8_t distance)
{
	struct path *p = mem_new(1, sizeof(*p));

	p->route = route;
	p->kind = kind;
	p->owner = owner;
	p->distance = distance;
	list_append(&route->paths, &p->in_route);
	list_init(&p->in_owner);
	if (kind == PATH_TUNNEL)
		list_append(&owner->paths, &p->in_owner);
	if (!route->zones)
		route->zones = &p->zones;
	return p;
}

void route_free_path(struct route_table *t, struct path *p)
{
	struct route *route = p->route;

	if (route->best == p)
		route->best = NULL;
	zone_clear(t, p);
	if (route->zones == &p->zones)
		route->zones = NULL;
	if (route->best)
		zone_choose(t, route);
	list_remove(&p->in_route);
	list_remove(&p->in_owner);
	free(p);
}

static void discard_bad_paths(struct route_table *t, struct route *route)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (path_is_bad(p))
			route_free_path(t, p);
	}
}

void route_reselect(struct route_table *t, struct route *route)
{
	struct path *best = route->best;
	struct list *it;

	list_for_each(it, &route->paths) {
		struct path *p = container_of(it, struct path, in_route);

		if (!best || path_is_better(p, best))
			best = p;
	}
	route->best = best;
	if (!best) {
		route_remove(t, route);
		return;
	}
	zone_choose(t, route);
	if (path_is_usable(best))
		discard_bad_paths(t, route);
	route_table_changed(t);
	route_trace(t, route_is_bad(route) ? TRACE_ROUTE_BAD : TRACE_ROUTE_CHANGED, route);
}

void route_reconsider(struct route_table *t, struct route *route)
{
	const struct path *best = route->best;

	if (!t->keeps_local || best->kind != PATH_RTMP || !path_is_usable(best)) {
		route_reselect(t, route);
		return;
	}
	route_table_changed(t);
	route_trace(t, TRACE_ROUTE_CHANGED, route);
}

void route_lose_path(struct route_table *t, struct path *p)
{
	struct route *route = p->route;

	if (route->best != p) {
		route_free_path(t, p);
		return;
	}
	if (route_alternatives(route) > 0) {
		route_free_path(t, p);
		route_reselect(t, route);
		return;
	}
	if (path_is_bad(p))
		return;
	if (p->kind == PATH_TUNNEL) {
		list_remove(&p->in_owner);
		p->owner = NULL;
	}
	p->state = PATH_BAD0;
	route_reselect(t, route);
}

/* --- the validity timer ---------------------------------------------------------------- */

/* One step of Good, Suspect, Bad0, Bad1, gone; only RTMP paths and Bad ones age. */
static void age_path(struct route_table *t, struct path *p)
{
	struct route *route = p->route;

	switch (p->state) {
	case PATH_GOOD:
		p->state = PATH_SUSPECT;
		break;
	case PATH_SUSPECT:
		route_lose_path(t, p);
		break;
	case PATH_BAD0:
		p->state = PATH_BAD1;
		break;
	case PATH_BAD1:
		route_free_path(t, p);
		route_reselect(t, route);
		break;
	}
}

void route_age(struct route_table *t)
{
	/* Downwards, as a route may vanish, and one path a route: only one of them can age. */
	for (size_t i = t->used; i-- > 0;) {
		struct list *it;

		list_for_each(it, &t->sorted[i]->paths) {
			struct path *p = container_of(it, struct path, in_route);

			if (p->kind != PATH_RTMP && !path_is_bad(p))
				continue;
			age_path(t, p);
			break;
		}
	}
}
