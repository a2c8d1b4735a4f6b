/*
 * Network number -> route. A route is a set of paths with one best: directly
 * attached, learnt by RTMP on a port, or offered by exterior routers on a
 * tunnel. RFC 1504's central table with alternative paths (p. 34-38) and
 * RTMP's (Inside AppleTalk ch. 5) are the same structure here: who offers or
 * withdraws a path does so, and the best one follows from one comparison.
 */
#ifndef AURPD_ROUTE_TABLE_H
#define AURPD_ROUTE_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "list.h"
#include "zone_table.h"

struct router;
struct port;
struct peer;

enum path_kind { PATH_ATTACHED, PATH_RTMP, PATH_TUNNEL };

/*
 * RTMP's validity states. The Bad ones mean "31" to neighbours (notify
 * neighbour) until the entry is deleted. A tunnel path is Good until it is
 * withdrawn, since its peer is a reliable neighbour (RFC 1504 p. 19).
 */
enum path_state { PATH_GOOD, PATH_SUSPECT, PATH_BAD0, PATH_BAD1 };

struct path {
	struct list in_route;
	struct list in_peer;		/* PATH_TUNNEL: in peer_paths() of its peer */
	struct route *route;
	enum path_kind kind;
	enum path_state state;
	uint8_t distance;		/* hops from us: what was received + 1; attached 0 */
	/* PATH_TUNNEL: not repeated yet by the current RI-Rsp series */
	bool stale;
	/* PATH_ATTACHED, PATH_RTMP; NULL when Bad because the port went */
	struct port *port;
	struct at_addr next_router;	/* PATH_RTMP */
	struct peer *peer;		/* PATH_TUNNEL; NULL when Bad */
	struct zone_list zones;		/* that its owner told */
};

struct route {
	struct at_range range;
	struct list paths;		/* at most one attached, one RTMP, one per peer */
	struct path *best;		/* never NULL; a Bad one if there is no other */
	const struct zone_list *zones;	/* what is shown: route_choose_zones() */
};

enum { ROUTE_NETS = 65536 };

struct route_table {
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

void route_table_init(struct route_table *t, size_t limit);
void route_table_fini(struct route_table *t);

/* The route whose range holds `net`, good or bad; NULL if there is none. */
static inline struct route *route_find(const struct route_table *t, uint16_t net)
{
	return t->by_net[net];
}

static inline bool path_is_bad(const struct path *p)
{
	return p->state >= PATH_BAD0;
}

/* Can packets go there? Distance 15 still can, 16 never (Inside AppleTalk ch. 4, hop counts). */
static inline bool path_is_usable(const struct path *p)
{
	return !path_is_bad(p) && p->distance <= AT_HOPS_MAX;
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

/* Name of the port or peer that the path goes by; NULL: it is Bad because that went. */
const char *path_owner(const struct path *p);

/* The same of the best path. */
const char *route_owner(const struct route *r);

/* The way to this network that a peer offers, or RTMP on our ports; NULL: it does not. */
struct path *route_path_by_peer(const struct route *r, const struct peer *peer);
struct path *route_path_by_rtmp(const struct route *r);

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
 * Our own cable: distance 0, deletes whatever overlaps (R08). false if another
 * port of ours has an overlapping range already (R09).
 */
bool route_attach(struct router *r, struct port *port, struct at_range range);

/* Everything that goes through the port: its attached network and all RTMP paths (R46). */
void route_detach_port(struct router *r, struct port *port);

/* Would a path to this network be taken, if there is room? Nothing else has its numbers then. */
bool route_takes(const struct router *r, struct at_range range);

/*
 * A tuple of RTMP Data heard on `port` from `from`: distance as received, 0..31.
 * Applies Inside AppleTalk ch. 5 "Maintenance of routing tables" (R19..R28):
 * 31 withdraws, and only from the next router that offered it.
 */
enum offer_result route_offer_rtmp(struct router *r, struct port *port, struct at_addr from,
	struct at_range range, uint8_t distance);

/*
 * A network an exterior router offers: distance as received (NA, NDC, RI-Rsp).
 * Creates or updates this peer's path (RFC 1504 p. 35-37). A received distance
 * of 15 or more is unusable: kept for a path not known before (aurp R11), the
 * withdrawal of one that is. Clears `stale`.
 */
enum offer_result route_offer_tunnel(struct router *r, struct peer *peer, struct at_range range,
	uint8_t distance);

/* ND or NRC from a peer (RFC 1504 p. 36): its path goes; without another the route turns Bad. */
void route_withdraw_tunnel(struct router *r, struct peer *peer, struct at_range range);

/* The peer went down: all its paths go. */
void route_withdraw_peer(struct router *r, struct peer *peer);

/* Marks all paths of the peer stale; later removes those still marked (reading A18). */
void route_mark_peer_stale(struct peer *peer);
void route_sweep_peer(struct router *r, struct peer *peer);

/* The validity timer, every 20 s: RTMP paths age, Bad routes go (R30). */
void route_age(struct router *r);

/* Something a neighbour could be told changed: paths, zones, ranges. */
static inline void route_table_changed(struct route_table *t)
{
	t->generation++;
}

#endif
