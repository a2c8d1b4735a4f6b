/*
 * The exported view and its difference to what a peer was told; aurp_send.c
 * asks for the next packet's worth. Both lists are in ascending order, so each
 * pass is a merge. RFC 1504 p. 29-33 (events and how they combine), p. 75-77
 * (new connections), reading A11: what changed its zones or its range while a
 * peer knew it is deleted now and added at the next interval.
 */
#include "aurp_view.h"

#include <stdlib.h>

#include "alloc.h"
#include "peer_state.h"
#include "search.h"

void view_init(struct view *v)
{
	*v = (struct view){ 0 };
}

void view_fini(struct view *v)
{
	free(v->told);
	*v = (struct view){ 0 };
}

/* --- what is exported ------------------------------------------------------------------ */

static bool is_through_tunnel_of(const struct peer *p, const struct route *route)
{
	const struct peer *by = peer_of_path(route->best);

	return by && by->tunnel == p->tunnel;
}

uint8_t view_distance(const struct peer *p, const struct route *route)
{
	(void)p;
	return route->best->distance;
}

bool view_exports(const struct peer *p, const struct route *route)
{
	return route_is_usable(route) && route->zones->is_complete &&
	       !is_through_tunnel_of(p, route) && view_distance(p, route) < AURP_DISTANCE_MAX;
}

/* --- places in the two lists ----------------------------------------------------------- */

static size_t told_from(const struct view *v, uint32_t net)
{
	size_t i;

	SEARCH_FIRST(i, v->used, v->told[i].range.first < net);
	return i;
}

static size_t route_from(const struct route_table *t, uint32_t net)
{
	size_t i;

	SEARCH_FIRST(i, t->used, t->sorted[i]->range.first < net);
	return i;
}

static const struct route *next_exported(const struct peer *p, size_t *i)
{
	const struct route_table *t = p->tunnel->routes;

	while (*i < t->used && !view_exports(p, t->sorted[*i]))
		(*i)++;
	return *i < t->used ? t->sorted[*i] : NULL;
}

/* What was told under the same or overlapping numbers; NULL if nothing was. */
static struct told *told_overlap(struct view *v, struct at_range range)
{
	size_t i = told_from(v, range.first);

	if (i > 0 && v->told[i - 1].range.last >= range.first)
		return &v->told[i - 1];
	return i < v->used && v->told[i].range.first <= range.last ? &v->told[i] : NULL;
}

static void tell(struct view *v, struct at_range range, uint8_t distance, uint64_t zones)
{
	size_t i = told_from(v, range.first);

	v->told = mem_grow(v->told, v->used, &v->cap, sizeof(*v->told));
	memmove(v->told + i + 1, v->told + i, (v->used - i) * sizeof(*v->told));
	v->told[i] = (struct told){ .range = range, .distance = distance, .zones = zones };
	v->used++;
}

static void untell(struct view *v, struct told *t)
{
	size_t i = (size_t)(t - v->told);

	v->used--;
	memmove(v->told + i, v->told + i + 1, (v->used - i) * sizeof(*v->told));
}

/* --- the full list --------------------------------------------------------------------- */

/* May it be listed, given what the peer knows? A changed range waits for its ND. */
static bool list_network(struct view *v, const struct route *route, uint8_t distance)
{
	struct told *t = told_overlap(v, route->range);

	if (!t) {
		tell(v, route->range, distance, route->zones->digest);
		return true;
	}
	if (!at_range_eq(t->range, route->range))
		return false;
	/* The zones it was told of stay noted: if they changed since, the next update says so. */
	t->distance = distance;
	t->is_unlisted = false;
	return true;
}

void view_begin_list(struct peer *p)
{
	struct view *v = &p->send.view;

	for (size_t i = 0; i < v->used; i++)
		v->told[i].is_unlisted = true;
}

void view_write_list(struct peer *p, struct view_pass *pass, struct wr *w)
{
	const struct route_table *t = p->tunnel->routes;
	size_t i = route_from(t, pass->next);
	const struct route *route;

	while ((route = next_exported(p, &i)) != NULL) {
		struct aurp_network n = { route->range, view_distance(p, route) };

		if (aurp_network_size(&n) > wr_room(w))
			return;
		if (list_network(&p->send.view, route, n.distance))
			aurp_encode_network(w, &n);
		pass->next = (uint32_t)route->range.last + 1;
		i++;
	}
	pass->is_done = true;
}

/* --- the difference -------------------------------------------------------------------- */

/* Why a network that was told is no longer exported. */
static struct aurp_event gone_event(const struct peer *p, const struct told *t)
{
	const struct route *route = route_find(p->tunnel->routes, t->range.first);
	struct aurp_event ev = { AURP_EV_ND, t->range, 0 };

	if (!route || !at_range_eq(route->range, t->range) || !route_is_usable(route) ||
	    !route->zones->is_complete)
		return ev;
	if (is_through_tunnel_of(p, route)) {
		ev.code = AURP_EV_NRC;
	} else if (view_distance(p, route) >= AURP_DISTANCE_MAX) {
		ev.code = AURP_EV_NDC;
		ev.distance = AURP_DISTANCE_MAX;
	}
	return ev;
}

/* Where a pass stands in the two lists. */
struct merge {
	const struct peer *p;
	struct view_pass *pass;
	size_t told;
	size_t route;
};

/* Told and exported: does it look the same? */
static struct aurp_event changed_event(struct merge *m, const struct told *t,
	const struct route *route)
{
	uint8_t distance = view_distance(m->p, route);

	if (t->zones != route->zones->digest) {
		m->pass->has_deferred = true;
		return (struct aurp_event){ AURP_EV_ND, t->range, 0 };
	}
	if (t->is_unlisted)
		return (struct aurp_event){ AURP_EV_NA, route->range, distance };
	if (t->distance != distance)
		return (struct aurp_event){ AURP_EV_NDC, route->range, distance };
	return (struct aurp_event){ .code = AURP_EV_NULL };
}

/* Exported and not told. Its numbers may still be taken by a range that goes in this pass. */
static struct aurp_event added_event(struct merge *m, const struct told *t,
	const struct route *route)
{
	bool is_taken = route->range.first <= m->pass->deleted_to ||
			(t && t->range.first <= route->range.last);

	if (is_taken) {
		m->pass->has_deferred = true;
		return (struct aurp_event){ .code = AURP_EV_NULL };
	}
	return (struct aurp_event){ AURP_EV_NA, route->range, view_distance(m->p, route) };
}

/* One step. False: neither list has anything more; a null event: nothing to tell here. */
static bool step(struct merge *m, struct aurp_event *ev)
{
	const struct view *v = &m->p->send.view;
	const struct told *t = m->told < v->used ? &v->told[m->told] : NULL;
	const struct route *route = next_exported(m->p, &m->route);

	if (!t && !route)
		return false;
	if (t && route && at_range_eq(t->range, route->range)) {
		*ev = changed_event(m, t, route);
		m->told++;
		m->route++;
	} else if (t && (!route || t->range.first <= route->range.first)) {
		*ev = gone_event(m->p, t);
		m->pass->deleted_to = t->range.last;
		m->pass->has_deferred |= route && at_range_overlap(t->range, route->range);
		m->told++;
	} else {
		*ev = added_event(m, t, route);
		m->route++;
		t = NULL;
	}
	m->pass->next = (uint32_t)(t ? t->range.first : route->range.first) + 1;
	return true;
}

size_t view_difference(const struct peer *p, struct view_pass *pass, size_t room,
	struct aurp_event *event)
{
	struct merge m = { .p = p, .pass = pass };
	size_t n = 0;

	m.told = told_from(&p->send.view, pass->next);
	m.route = route_from(p->tunnel->routes, pass->next);
	for (;;) {
		struct view_pass before = *pass;
		struct aurp_event ev;

		if (!step(&m, &ev)) {
			pass->is_done = true;
			return n;
		}
		if (ev.code == AURP_EV_NULL)
			continue;
		if (aurp_event_size(&ev) > room) {
			*pass = before;
			return n;
		}
		room -= aurp_event_size(&ev);
		event[n++] = ev;
	}
}

bool view_differs(const struct peer *p)
{
	struct view_pass pass = { 0 };
	struct aurp_event ev;

	return view_difference(p, &pass, AURP_EVENT_MAX, &ev) > 0 || pass.has_deferred;
}

void view_commit(struct peer *p, const struct aurp_event *event, size_t n)
{
	struct view *v = &p->send.view;

	for (size_t i = 0; i < n; i++) {
		const struct route *route = route_find(p->tunnel->routes, event[i].range.first);
		bool is_there = event[i].distance < AURP_DISTANCE_MAX;
		struct told *t = told_overlap(v, event[i].range);

		if (event[i].code == AURP_EV_NDC && is_there && t) {
			t->distance = event[i].distance;
			continue;
		}
		if (t)
			untell(v, t);
		if (event[i].code == AURP_EV_NA && route)
			tell(v, event[i].range, event[i].distance, route->zones->digest);
	}
}
