/*
 * How often a message that comes again and again is said: each subject has
 * pauses of its own (aurpd/pause.h), and what comes and goes an allowance. Memory
 * is bounded: whatever is forgotten in favour of others is said anew, and nothing
 * is kept quiet by what others do. log.c owns the only one.
 */
#ifndef AURPD_PACE_H
#define AURPD_PACE_H

#include <stddef.h>
#include <stdint.h>

#include "allowance.h"
#include "aurpd/pause.h"

enum { PACE_SETS = 256, PACE_WAYS = 8, PACE_GROUPS = 256 };

enum pace_way {
	PACE_FREE,			/* not a matter of this file */
	PACE_RECURS,			/* the same trouble again */
	PACE_CHANGES,			/* something comes and goes: often at once, then hourly */
};

struct pace_about {
	const void *kind;		/* of message */
	const char *source;		/* who causes it: each has an allowance for a kind */
	uint64_t subject;		/* a hash of what it is about */
	enum pace_way way;
};

/* What was not said of a subject until it was said again. */
struct pace_past {
	unsigned times;			/* with this one; 1: nothing was left out */
	struct span during;
};

enum pace_verdict {
	PACE_SAY,
	PACE_COUNTED,			/* in its pause: the next one tells how many there were */
	PACE_NO_ROOM,			/* its source has too many subjects */
};

struct pace {
	struct pace_slot {
		uint64_t hash;		/* 0: free */
		struct instant seen;
		struct pause pause;
		struct allowance changes;
		unsigned times;		/* since it was said */
	} slots[PACE_SETS][PACE_WAYS];
	struct allowance groups[PACE_GROUPS];	/* new subjects of a kind and source */
};

void pace_init(struct pace *p, struct instant now);

/* Everything is said as if for the first time: somebody has changed something. */
void pace_forget(struct pace *p);

enum pace_verdict pace_ask(struct pace *p, const struct pace_about *about, struct instant now,
	struct pace_past *past);

#endif
