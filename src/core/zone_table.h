/*
 * Networks <-> zones (the Zone Information Table of Inside AppleTalk ch. 8).
 * A route carries its zone list; a zone knows the routes whose complete list
 * holds it. Incomplete lists are invisible to NBP, GetZoneList, GetNetInfo,
 * Queries and AURP (Z07, aurp U42). Zone names are interned once, spelt as
 * first seen (Z43), compared with MacRoman folding.
 */
#ifndef AURPD_ZONE_TABLE_H
#define AURPD_ZONE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"

struct router;
struct route;

struct zone {
	struct at_name name;
	size_t refs;			/* lists that hold it, complete or not */
	struct route **routes;		/* with complete lists only, by network number */
	size_t used;
	size_t cap;
};

/* The zones of one network. */
struct zone_list {
	/* in order of arrival: the default zone of a configured port comes first */
	struct zone **zone;
	size_t used;
	size_t cap;
	/* total announced by an extended reply; 0 = not announced */
	size_t expected;
	bool is_complete;
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

/* Does the network's complete list hold this zone? */
bool route_has_zone(const struct route *route, const struct at_name *name);

/*
 * Adds a name to a route's list; a duplicate is no error. false if the name is
 * empty, the list has 255 names (1 on a non-extended network) or the table is
 * full. A name added to a complete list is visible at once (aurp Z17).
 */
bool route_add_zone(struct router *r, struct route *route, const struct at_name *name);

/* An extended reply's total: the list is complete once it has so many names (Z06, aurp Z17). */
void route_expect_zones(struct router *r, struct route *route, size_t total);

/* The list is whole: its zones become visible. An empty list cannot be complete. */
void route_complete_zones(struct router *r, struct route *route);

/* Forgets the list; it will be asked for again. Called too before a route goes. */
void route_clear_zones(struct router *r, struct route *route);

#endif
