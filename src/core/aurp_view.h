/*
 * What a peer is told. The view is what we export to it: the networks of our
 * local internet, split-horizoned (RFC 1504 p. 8, 19, 44). `told` is what it
 * was told already; an update is the difference between the two, so that any
 * events within an update interval become the one pending event per network
 * that RFC 1504 p. 29 allows.
 */
#ifndef AURPD_AURP_VIEW_H
#define AURPD_AURP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurp.h"

struct peer;
struct route;

struct told {
	struct at_range range;
	uint8_t distance;
	uint64_t zones;			/* digest of its zone list then */
	bool is_unlisted;		/* the last list left it out: may be swept away (A18) */
};

/* One pass over the view, ascending, a packet at a time. No network comes twice in a pass. */
struct view_pass {
	uint32_t next;			/* lowest network number not looked at yet */
	uint16_t deleted_to;		/* end of the last range that this pass deleted */
	bool is_done;
	bool has_deferred;		/* a changed range or zone list waits for the next pass */
};

struct view {
	struct told *told;		/* by range.first; ranges do not overlap */
	size_t used;
	size_t cap;
};

void view_init(struct view *v);
void view_fini(struct view *v);

/*
 * Is this network exported to the peer now? The one place that decides: chapter
 * 4's network hiding asks here too. Zones complete (U42), a path that does not
 * lead into the same tunnel (T18), distance 0..14.
 */
bool view_exports(const struct peer *p, const struct route *route);

/* The distance it is told with; hop weights (RFC 1504 p. 72) come in here. */
uint8_t view_distance(const struct peer *p, const struct route *route);

/* A full list is about to be written: what it will not name is in doubt. */
void view_begin_list(struct peer *p);

/*
 * Writes network tuples of a full list (RI-Rsp) while there is room and notes
 * them as told. pass->is_done afterwards: that was the last packet.
 */
void view_write_list(struct peer *p, struct view_pass *pass, struct wr *w);

/*
 * The next events of the difference, at most `room` bytes of tuples; changes
 * nothing but the pass. Returns how many stand in `event`, which has room for
 * all that fit: VIEW_EVENTS_MAX in a packet.
 */
enum { VIEW_EVENTS_MAX = AURP_SEND_MAX / 4 };

size_t view_difference(const struct peer *p, struct view_pass *pass, size_t room,
	struct aurp_event *event);

/* Is there anything to tell? */
bool view_differs(const struct peer *p);

/* The peer is being told of these events: they are part of what it knows. */
void view_commit(struct peer *p, const struct aurp_event *event, size_t n);

#endif
