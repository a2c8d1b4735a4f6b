/*
 * Who offers and withdraws networks: our own cables, RTMP on our ports, exterior
 * routers. Each says what it says; what came of it is returned.
 */
#ifndef AURPD_ROUTE_OFFER_H
#define AURPD_ROUTE_OFFER_H

#include "route.h"

/* What an offer of a path came to. */
enum offer_result {
	OFFER_KNOWN,		/* nothing new */
	OFFER_NEW,		/* the route did not exist before */
	OFFER_CHANGED,		/* a path came, or its distance or next router changed */
	OFFER_IGNORED,		/* worse than what the same kind of path already offers */
	/* overlaps another range without being equal: ignored (R28, R29, aurp R6) */
	OFFER_OVERLAP,
	OFFER_OURS,		/* is a network attached to us: never overridden (aurp R7) */
	OFFER_FULL,		/* table limit reached */
};

/*
 * The cable of a port of ours: distance 0, deletes whatever overlaps (R08). false if
 * another port of ours has an overlapping range already (R09).
 */
bool route_offer_attached(struct route_table *t, struct path_owner *port, struct at_range range);

/* Everything that goes through the port: its attached network and all RTMP paths (R46). */
void route_offer_no_port(struct route_table *t, const struct path_owner *port);

/* Would a path to this network be taken, if there is room? Nothing else has its numbers then. */
bool route_offer_fits(const struct route_table *t, struct at_range range);

/*
 * A tuple of RTMP Data heard on `port` from `from`: distance as received, 0..31.
 * Applies Inside AppleTalk ch. 5 "Maintenance of routing tables" (R19..R28):
 * 31 withdraws, and only from the next router that offered it.
 */
enum offer_result route_offer_rtmp(struct route_table *t, struct path_owner *port,
	struct at_addr from, struct at_range range, uint8_t distance);

/*
 * A network an exterior router offers: distance as received (NA, NDC, RI-Rsp).
 * Creates or updates this peer's path (RFC 1504 p. 35-37). A received distance
 * of 15 or more is unusable: kept for a path not known before (aurp R11), the
 * withdrawal of one that is. Clears `stale`.
 */
enum offer_result route_offer_tunnel(struct route_table *t, struct path_owner *peer,
	struct at_range range, uint8_t distance);

/* ND or NRC from a peer (RFC 1504 p. 36): its path goes; without another the route turns Bad. */
void route_offer_withdrawn(struct route_table *t, const struct path_owner *peer,
	struct at_range range);

/* The peer went down: all its paths go. */
void route_offer_no_peer(struct route_table *t, struct path_owner *peer);

/* Marks all paths of the peer stale; later removes those still marked (reading A18). */
void route_offer_mark_stale(struct path_owner *peer);
void route_offer_sweep(struct route_table *t, struct path_owner *peer);

#endif
