/*
 * Network number -> route. A route is a set of paths with one best: directly
 * attached, learnt by RTMP on a port, or offered by exterior routers on a
 * tunnel. RFC 1504's central table with alternative paths (p. 34-38) and
 * RTMP's (Inside AppleTalk ch. 5) are the same structure here: who offers or
 * withdraws a path does so (route_offer.h), and the best one follows from one
 * comparison (path.h).
 */
#ifndef AURPD_ROUTE_H
#define AURPD_ROUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/trace.h"
#include "list.h"
#include "path.h"

struct env;

struct route {
	struct at_range range;
	struct list paths;		/* at most one attached, one RTMP, one per peer */
	struct path *best;		/* never NULL; a Bad one if there is no other */
	const struct zone_list *zones;	/* what is shown: zone_choose() */
};

enum { ROUTE_NETS = 65536 };

struct route_table {
	struct env *env;
	struct zone_table *zones;	/* of the networks in here */
	struct route **by_net;		/* ROUTE_NETS entries */
	struct route **sorted;		/* by range.first */
	size_t used;
	size_t cap;
	size_t limit;			/* most routes we keep */
	/* a tunnel's shorter way does not replace a port's while that stays as good as it is */
	bool keeps_local;
	/* one was refused since there was last room (RFC 1504 p. 75) */
	bool is_full;
	/* changes with every change that a neighbour could be told */
	uint64_t generation;
};

void route_table_init(struct route_table *t, struct env *env, struct zone_table *zones,
	size_t limit);
void route_table_fini(struct route_table *t);

/* The route whose range holds `net`, good or bad; NULL if there is none. */
static inline struct route *route_find(const struct route_table *t, uint16_t net)
{
	return t->by_net[net];
}

static inline bool route_is_usable(const struct route *r)
{
	return path_is_usable(r->best);
}

/* To be told to neighbours as distance 31 (notify neighbour, R32)? */
static inline bool route_is_bad(const struct route *r)
{
	return path_is_bad(r->best);
}

/* The route with the lowest numbers that overlaps `range`, equal or not; NULL if there is none. */
struct route *route_find_overlap(const struct route_table *t, struct at_range range);

/* Usable paths besides the best. */
size_t route_alternatives(const struct route *r);

/* Name of the port or peer that the best path goes by; NULL: that went. */
const char *route_owner(const struct route *r);

/* The path of this kind, of which a route has one: PATH_ATTACHED, PATH_RTMP; NULL: none. */
struct path *route_path(const struct route *r, enum path_kind kind);

/* The way to this network that a peer offers; NULL: it does not. */
struct path *route_path_by(const struct route *r, const struct path_owner *peer);

/* The validity timer, every 20 s: RTMP paths age, Bad routes go (R30). */
void route_age(struct route_table *t);

/* Something a neighbour could be told changed: paths, zones, ranges. */
static inline void route_table_changed(struct route_table *t)
{
	t->generation++;
}

/* --- for route_offer.c ----------------------------------------------------------------- */

/* May there be another route? Says once that there may not. */
bool route_has_room(struct route_table *t);

/* A route without paths, for route_add_path() to fill at once; nothing else has its numbers. */
struct route *route_add(struct route_table *t, struct at_range range);
void route_remove(struct route_table *t, struct route *route);
void route_trace(const struct route_table *t, enum trace_kind kind, const struct route *route);

struct path *route_add_path(struct route *route, enum path_kind kind, struct path_owner *owner,
	uint8_t distance);
void route_free_path(struct route_table *t, struct path *p);

/*
 * Chooses the best path again after paths came, went or changed; removes a route without
 * any. Alone writes route->best of a route that has one.
 */
void route_reselect(struct route_table *t, struct route *route);

/*
 * The same after a path came or became better. RFC 1504 p. 35 lets the shortest one
 * win; but then a peer takes our networks away by saying how near it is. A path by a
 * port stays in use until it gets worse itself (keep-local).
 */
void route_reconsider(struct route_table *t, struct route *route);

/*
 * A path can no longer be used. With another usable one it just goes; without,
 * it stays as a Bad entry until the validity timer removes it, so that
 * neighbours hear of the loss (RFC 1504 p. 33, R32).
 */
void route_lose_path(struct route_table *t, struct path *p);

#endif
