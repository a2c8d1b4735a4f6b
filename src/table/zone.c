/*
 * The Zone Information Table (Inside AppleTalk ch. 8): interned zone names, the
 * list that each path's owner told, and for every zone the routes that show it.
 * Filled by ZIP (local routers), AURP (peers) and ports (our own cables); read by
 * NBP, ZIP and AURP.
 */
#include "zone.h"

#include <stdlib.h>

#include "alloc.h"
#include "aurpd/hash.h"
#include "aurpd/macroman.h"
#include "env.h"
#include "route.h"
#include "search.h"

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
	size_t i;

	SEARCH_FIRST(i, t->used, name_cmp(&t->sorted[i]->name, name) < 0);
	return i;
}

struct zone *zone_find(const struct zone_table *t, const struct at_name *name)
{
	size_t i = lower_bound(t, name);

	return i < t->used && name_eq(&t->sorted[i]->name, name) ? t->sorted[i] : NULL;
}

static struct zone *intern(struct route_table *routes, const struct at_name *name)
{
	struct zone_table *t = routes->zones;
	struct zone *z = zone_find(t, name);
	size_t i;

	if (z)
		return z;
	if (t->used >= t->limit) {
		if (!t->is_full)
			env_trace(routes->env, &(struct trace_event){
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
	uint64_t h = HASH_START;

	for (size_t i = 0; i < name->len; i++)
		h = hash_byte(h, macroman_fold(name->byte[i]));
	return h ^ h >> 29;
}

static bool list_has(const struct zone_list *l, const struct at_name *name)
{
	for (size_t i = 0; i < l->used; i++)
		if (name_eq(&l->zone[i]->name, name))
			return true;
	return false;
}

bool zone_is_of(const struct route *route, const struct at_name *name)
{
	return route->zones->is_complete && list_has(route->zones, name);
}

/* --- which list is shown --------------------------------------------------------------- */

static bool is_shown(const struct path *p)
{
	return p->route->zones == &p->zones;
}

static void hide_names(struct route_table *t, struct route *route)
{
	const struct zone_list *l = route->zones;

	if (!l || !l->is_complete)
		return;
	for (size_t i = 0; i < l->used; i++)
		hide(l->zone[i], route);
	route_table_changed(t);
}

static void show_names(struct route_table *t, struct route *route)
{
	const struct zone_list *l = route->zones;

	if (!l->is_complete)
		return;
	for (size_t i = 0; i < l->used; i++)
		show(l->zone[i], route);
	route_table_changed(t);
}

static void show_list(struct route_table *t, struct route *route, const struct path *p)
{
	if (is_shown(p))
		return;
	hide_names(t, route);
	route->zones = &p->zones;
	show_names(t, route);
}

void zone_choose(struct route_table *t, struct route *route)
{
	const struct path *best = route->best;

	if (best->zones.is_complete || !route->zones || !route->zones->is_complete)
		show_list(t, route, best);
}

/* --- zones that differ ----------------------------------------------------------------- */

static bool differs(const struct path *a, const struct path *b)
{
	return a->zones.is_complete && b->zones.is_complete &&
	       (a->zones.used != b->zones.used || a->zones.digest != b->zones.digest);
}

const struct path *zone_others(const struct route *route)
{
	const struct list *it;

	list_for_each(it, &route->paths) {
		const struct path *p = container_of(it, const struct path, in_route);

		if (path_is_usable(p) && differs(route->best, p))
			return p;
	}
	return NULL;
}

/* One number at two sites: their zones show that it is not one network with two ways to it. */
static void compare(struct route_table *t, const struct path *p)
{
	const struct path *best = p->route->best;
	const struct path *other = p == best ? zone_others(p->route) : p;
	struct trace_event e = { .kind = TRACE_ROUTE_OTHER_ZONES, .range = p->route->range };

	if (!other || !differs(best, other))
		return;
	e.other = path_owner_name(other);
	path_name_owner(best, &e);
	env_trace(t->env, &e);
}

/* --- lists fill ------------------------------------------------------------------------ */

/*
 * Can nobody choose this zone? "*" means "my own" (N09), and of blanks at its ends nobody
 * sees how many there are; but nodes live in what the routers of our own cable say.
 */
static bool is_unfit(const struct path *p, const struct at_name *name)
{
	if (name->len == 0 || (name->len == 1 && name->byte[0] == '*'))
		return true;
	return p->kind != PATH_ATTACHED && name_has_outer_blanks(name);
}

static void say_unfit(const struct route_table *t, const struct path *p,
	const struct at_name *name)
{
	struct trace_event e = { .kind = TRACE_ZONE_UNFIT, .range = p->route->range,
		.name = name };

	path_name_owner(p, &e);
	env_trace(t->env, &e);
}

/* Counts towards the total, once however often it is told; said at the first. */
static bool note_unfit(struct route_table *t, struct path *p, const struct at_name *name)
{
	struct zone_list *l = &p->zones;
	uint64_t d = digest(name);

	for (size_t i = 0; i < l->n_unfit; i++)
		if (l->unfit[i] == d)
			return true;
	if (l->n_unfit >= AT_ZONES_PER_NET_MAX)
		return false;
	if (l->n_unfit == 0)
		say_unfit(t, p, name);
	l->unfit = mem_grow(l->unfit, l->n_unfit, &l->unfit_cap, sizeof(*l->unfit));
	l->unfit[l->n_unfit++] = d;
	return true;
}

static bool has_total(const struct zone_list *l)
{
	return l->expected > 0 && l->used + l->n_unfit >= l->expected;
}

static bool keep(struct route_table *t, struct path *p, const struct at_name *name)
{
	struct zone_list *l = &p->zones;
	struct zone *z;

	if (is_unfit(p, name))
		return note_unfit(t, p, name);
	if (list_has(l, name))
		return true;
	if (l->used >= (p->route->range.extended ? AT_ZONES_PER_NET_MAX : 1))
		return false;
	z = intern(t, name);
	if (!z)
		return false;
	l->zone = mem_grow(l->zone, l->used, &l->cap, sizeof(struct zone *));
	l->zone[l->used++] = z;
	l->digest += digest(name);
	z->refs++;
	if (l->is_complete && is_shown(p)) {
		show(z, p->route);
		route_table_changed(t);
	}
	return true;
}

bool zone_add(struct route_table *t, struct path *p, const struct at_name *name)
{
	if (!keep(t, p, name))
		return false;
	if (has_total(&p->zones))
		zone_complete(t, p);
	return true;
}

void zone_expect(struct route_table *t, struct path *p, size_t total)
{
	p->zones.expected = total;
	if (has_total(&p->zones))
		zone_complete(t, p);
}

void zone_complete(struct route_table *t, struct path *p)
{
	struct zone_list *l = &p->zones;

	if (l->is_complete || l->used == 0)
		return;
	if (p == p->route->best)
		show_list(t, p->route, p);
	l->is_complete = true;
	if (is_shown(p))
		show_names(t, p->route);
	env_trace(t->env, &(struct trace_event){ .kind = TRACE_ZONES_COMPLETE,
		.range = p->route->range, .number = (long)l->used });
	compare(t, p);
}

void zone_clear(struct route_table *t, struct path *p)
{
	struct zone_list *l = &p->zones;

	if (is_shown(p))
		hide_names(t, p->route);
	for (size_t i = 0; i < l->used; i++)
		release(t->zones, l->zone[i]);
	free(l->zone);
	free(l->unfit);
	*l = (struct zone_list){ 0 };
}
