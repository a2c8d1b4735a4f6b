/*
 * The paths of a route, and which of them is used: between the files of the
 * routing table, route_table.c and route_offer.c. Everybody else sees route_table.h.
 */
#ifndef AURPD_ROUTE_PATH_H
#define AURPD_ROUTE_PATH_H

#include "aurpd/trace.h"
#include "route_table.h"

/* route_table.c: may there be another route? Says once that there may not. */
bool route_has_room(struct router *r);

/* A route without paths, for path_add() to fill at once; nothing else has any of its numbers. */
struct route *route_add(struct router *r, struct at_range range);
void route_remove(struct router *r, struct route *route);
void route_trace(struct router *r, enum trace_kind kind, const struct route *route);

struct path *path_add(struct route *route, enum path_kind kind, uint8_t distance);
void path_free(struct router *r, struct path *p);

/* PATH_TUNNEL: of this peer; otherwise of NULL. NULL if there is none. */
struct path *path_find(const struct route *route, enum path_kind kind, const struct peer *peer);

/* Chooses the best path again after paths came, went or changed; removes a route without any. */
void route_reselect(struct router *r, struct route *route);

/*
 * The same after a path came or became better. RFC 1504 p. 35 lets the shortest one
 * win; but then a peer takes our networks away by saying how near it is. A path by a
 * port stays in use until it gets worse itself (keep-local).
 */
void route_reconsider(struct router *r, struct route *route);

/*
 * A path can no longer be used. With another usable one it just goes; without,
 * it stays as a Bad entry until the validity timer removes it, so that
 * neighbours hear of the loss (RFC 1504 p. 33, R32).
 */
void path_lose(struct router *r, struct path *p);

#endif
