/*
 * A path: one way to a network, and who offers it. Our own cable and what RTMP
 * tells on it are a port's, what an exterior router tells is a peer's; of either
 * the tables know no more than struct path_owner. A route has several paths, and
 * path_is_better() alone says which is used.
 */
#ifndef AURPD_PATH_H
#define AURPD_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "list.h"
#include "zone.h"

struct path_owner;
struct route;
struct trace_event;

enum path_kind { PATH_ATTACHED, PATH_RTMP, PATH_TUNNEL };

/*
 * RTMP's validity states. The Bad ones mean "31" to neighbours (notify
 * neighbour) until the entry is deleted. A tunnel path is Good until it is
 * withdrawn, since its peer is a reliable neighbour (RFC 1504 p. 19).
 */
enum path_state { PATH_GOOD, PATH_SUSPECT, PATH_BAD0, PATH_BAD1 };

struct path_owner_ops {
	/*
	 * Our own cable `own`, named `by`, takes the place of a network it offered, which is
	 * forgotten when this returns. NULL: it repeats itself, and need not know.
	 */
	void (*displaced)(struct path_owner *owner, struct at_range range, struct at_range own,
		const char *by);
	/* Puts its name into the event, as a port or as a peer. */
	void (*name)(const struct path_owner *owner, struct trace_event *e);
};

/* A port or a peer: embedded there, found back with container_of. */
struct path_owner {
	const struct path_owner_ops *ops;
	const char *name;
	struct list paths;		/* PATH_TUNNEL: all that it offers */
};

struct path {
	struct list in_route;
	struct list in_owner;		/* PATH_TUNNEL */
	struct route *route;
	enum path_kind kind;
	enum path_state state;
	uint8_t distance;		/* hops from us: what was received + 1; attached 0 */
	/* PATH_TUNNEL: not repeated yet by the current RI-Rsp series */
	bool stale;
	struct path_owner *owner;	/* NULL: it went, and the path is Bad */
	struct at_addr next_router;	/* PATH_RTMP */
	struct zone_list zones;		/* that its owner told */
};

void path_owner_init(struct path_owner *owner, const struct path_owner_ops *ops,
	const char *name);

static inline bool path_is_bad(const struct path *p)
{
	return p->state >= PATH_BAD0;
}

/* Can packets go there? Distance 15 still can, 16 never (Inside AppleTalk ch. 4, hop counts). */
static inline bool path_is_usable(const struct path *p)
{
	return !path_is_bad(p) && p->distance <= AT_HOPS_MAX;
}

/*
 * Is a strictly better than b? Usable before unusable; our own cable; the
 * shorter distance (RFC 1504 p. 35); at equal distance the local internet before
 * a tunnel, as RTMP replaces an entry that is no better (R20). What is left is a
 * tie, which the path in use wins (aurp R13, A22).
 */
bool path_is_better(const struct path *a, const struct path *b);

/* Name of the port or peer that the path goes by; NULL: it is Bad because that went. */
const char *path_owner_name(const struct path *p);

/* Puts the port or the peer that the path goes by into an event. */
void path_name_owner(const struct path *p, struct trace_event *e);

#endif
