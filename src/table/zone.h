/*
 * Networks <-> zones (the Zone Information Table of Inside AppleTalk ch. 8).
 * Each path carries the list that its owner told, a route shows one of them; a
 * zone knows the routes that show it, if their list is complete. Incomplete lists
 * are invisible to NBP, GetZoneList, GetNetInfo, Queries and AURP (Z07, aurp U42).
 * Zone names are interned once, spelt as first seen (Z43), compared with MacRoman
 * folding.
 */
#ifndef AURPD_ZONE_H
#define AURPD_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"

struct path;
struct route;
struct route_table;

struct zone {
	struct at_name name;
	size_t refs;			/* lists that hold it, complete or not */
	struct route **routes;		/* that show it: complete lists only, by network number */
	size_t used;
	size_t cap;
};

/* The zones of one network, as one way to it tells them. */
struct zone_list {
	/* in order of arrival: the default zone of a configured port comes first */
	struct zone **zone;
	size_t used;
	size_t cap;
	/* total announced by an extended reply; 0 = not announced */
	size_t expected;
	bool is_complete;
	/* digests of the names that it has, but nobody could choose: "*", empty, outer blanks */
	uint64_t *unfit;
	size_t n_unfit;
	size_t unfit_cap;
	/* of the folded names, whatever their order: tells two sets apart */
	uint64_t digest;
};

struct zone_table {
	struct zone **sorted;		/* by folded name */
	size_t used;
	size_t cap;
	size_t limit;
	bool is_full;			/* a name was refused since there was last room */
};

void zone_table_init(struct zone_table *t, size_t limit);
void zone_table_fini(struct zone_table *t);

/* NULL if no network has such a zone (complete or not). */
struct zone *zone_find(const struct zone_table *t, const struct at_name *name);

/* Is the zone in at least one complete list? Only then does it exist for others. */
static inline bool zone_is_visible(const struct zone *z)
{
	return z->used > 0;
}

/* Does the list that the network shows hold this zone? */
bool zone_is_of(const struct route *route, const struct at_name *name);

/*
 * Shows the zones that the owner of the path in use told (one number may be at two sites:
 * the zones belong to the one that is reached). Until it has told them, those of the way
 * before stay, if that is still one. Called whenever the best path changed.
 */
void zone_choose(struct route_table *t, struct route *route);

/* A usable path whose owner told other zones than that of the path in use; NULL: none. */
const struct path *zone_others(const struct route *route);

/*
 * Adds a name to the list that the path's owner tells; a duplicate is no error, and a name
 * that nobody could choose counts, but is kept out. false if the list has 255 names (1 on
 * a non-extended network) or the table is full. A name added to a complete list is visible
 * at once (aurp Z17).
 */
bool zone_add(struct route_table *t, struct path *p, const struct at_name *name);

/* An extended reply's total: the list is complete once it has so many names (Z06, aurp Z17). */
void zone_expect(struct route_table *t, struct path *p, size_t total);

/* The list is whole: its zones become visible. An empty list cannot be complete. */
void zone_complete(struct route_table *t, struct path *p);

/* Forgets the list; it will be asked for again. Called too before a path goes. */
void zone_clear(struct route_table *t, struct path *p);

#endif
