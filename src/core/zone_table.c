/*
 * The Zone Information Table (Inside AppleTalk ch. 8): interned zone names, the
 * list of each route, and for every zone the routes whose complete list has it.
 * Filled by svc_zip.c (local routers), aurp_recv.c (peers) and port.c (our own
 * cables); read by NBP, ZIP and AURP.
 */
#include "zone_table.h"

#include <stdlib.h>

#include "alloc.h"
#include "aurpd/macroman.h"
#include "route_table.h"
#include "router_state.h"

void zone_table_init(struct zone_table *t, size_t limit)
{
	*t = (struct zone_table){ .limit = limit };
}

void zone_table_fini(struct zone_table *t)
{
	free(t->sorted);
	*t = (struct zone_table){ 0 };
}

/* Index of the first zone not before `name`. */
static size_t lower_bound(const struct zone_table *t, const struct at_name *name)
{
	size_t low = 0, high = t->used;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (name_cmp(&t->sorted[mid]->name, name) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

struct zone *zone_find(const struct zone_table *t, const struct at_name *name)
{
	size_t i = lower_bound(t, name);

	return i < t->used && name_eq(&t->sorted[i]->name, name) ? t->sorted[i] : NULL;
}

static struct zone *intern(struct router *r, const struct at_name *name)
{
	struct zone_table *t = &r->zones;
	struct zone *z = zone_find(t, name);
	size_t i;

	if (z)
		return z;
	if (t->used >= t->limit) {
		if (!t->is_full)
			router_trace(r, &(struct trace_event){
				.kind = TRACE_ZONES_FULL, .number = (long)t->limit });
		t->is_full = true;
		return NULL;
	}
	i = lower_bound(t, name);
	t->sorted = mem_grow(t->sorted, t->used, &t->cap, sizeof(*t->sorted));
	memmove(t->sorted + i + 1, t->sorted + i, (t->used - i) * sizeof(*t->sorted));
	z = mem_new(1, sizeof(*z));
	z->name = *name;
	t->sorted[i] = z;
	t->used++;
	return z;
}

static void release(struct zone_table *t, struct zone *z)
{
	size_t i;

	if (--z->refs > 0)
		return;
	i = lower_bound(t, &z->name);
	t->used--;
	memmove(t->sorted + i, t->sorted + i + 1, (t->used - i) * sizeof(*t->sorted));
	t->is_full = false;
	free(z->routes);
	free(z);
}

/* Where `route` stands or would stand in the zone's list, by network number. */
static size_t route_slot(const struct zone *z, const struct route *route)
{
	size_t i = 0;

	while (i < z->used && z->routes[i]->range.first < route->range.first)
		i++;
	return i;
}

static void show(struct zone *z, struct route *route)
{
	size_t i = route_slot(z, route);

	z->routes = mem_grow(z->routes, z->used, &z->cap, sizeof(struct route *));
	memmove(z->routes + i + 1, z->routes + i, (z->used - i) * sizeof(struct route *));
	z->routes[i] = route;
	z->used++;
}

static void hide(struct zone *z, const struct route *route)
{
	size_t i = route_slot(z, route);

	z->used--;
	memmove(z->routes + i, z->routes + i + 1, (z->used - i) * sizeof(struct route *));
}

/* FNV-1a of the folded name; sums of it do not depend on the order of a list. */
static uint64_t digest(const struct at_name *name)
{
	uint64_t h = 0xCBF29CE484222325u;

	for (size_t i = 0; i < name->len; i++)
		h = (h ^ macroman_fold(name->byte[i])) * 0x100000001B3u;
	return h ^ h >> 29;
}

static bool list_has(const struct zone_list *l, const struct at_name *name)
{
	for (size_t i = 0; i < l->used; i++)
		if (name_eq(&l->zone[i]->name, name))
			return true;
	return false;
}

bool route_has_zone(const struct route *route, const struct at_name *name)
{
	return route->zones.is_complete && list_has(&route->zones, name);
}

bool route_add_zone(struct router *r, struct route *route, const struct at_name *name)
{
	struct zone_list *l = &route->zones;
	struct zone *z;

	if (name->len == 0)
		return false;
	if (list_has(l, name))
		return true;
	if (l->used >= (route->range.extended ? AT_ZONES_PER_NET_MAX : 1))
		return false;
	z = intern(r, name);
	if (!z)
		return false;
	l->zone = mem_grow(l->zone, l->used, &l->cap, sizeof(struct zone *));
	l->zone[l->used++] = z;
	l->digest += digest(name);
	z->refs++;
	if (l->is_complete) {
		show(z, route);
		route_table_changed(&r->routes);
	} else if (l->expected > 0 && l->used >= l->expected) {
		route_complete_zones(r, route);
	}
	return true;
}

void route_expect_zones(struct router *r, struct route *route, size_t total)
{
	route->zones.expected = total;
	if (total > 0 && route->zones.used >= total)
		route_complete_zones(r, route);
}

void route_complete_zones(struct router *r, struct route *route)
{
	struct zone_list *l = &route->zones;

	if (l->is_complete || l->used == 0)
		return;
	l->is_complete = true;
	for (size_t i = 0; i < l->used; i++)
		show(l->zone[i], route);
	route_table_changed(&r->routes);
	router_trace(r, &(struct trace_event){ .kind = TRACE_ZONES_COMPLETE, .range = route->range,
		.number = (long)l->used });
}

void route_clear_zones(struct router *r, struct route *route)
{
	struct zone_list *l = &route->zones;

	for (size_t i = 0; i < l->used; i++) {
		if (l->is_complete)
			hide(l->zone[i], route);
		release(&r->zones, l->zone[i]);
	}
	free(l->zone);
	if (l->is_complete)
		route_table_changed(&r->routes);
	*l = (struct zone_list){ 0 };
}
