/*
 * When the names of lost peers are asked for. Right after a loss often, as its address may have
 * changed; after five minutes no more than everybody's (os/resolve.h). A router that calls and
 * is no peer may be one of the lost at a new address: but anybody can call, so that gets no
 * name asked for more often than every 30 seconds, and only one a second of all of them.
 */
#ifndef AURPD_HUNT_H
#define AURPD_HUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "aurpd/mtime.h"

/* One name. */
struct hunt {
	LIST_ENTRY(hunt) link;
	const char *tunnel;		/* of the peer */
	uint32_t domain_identifier;	/* that its peer is configured with; 0: none */
	bool is_lost;
	struct instant lost;		/* when it was, if it is */
	struct instant due;		/* of the next question because of the loss */
	struct span pause;		/* before `due` */
	enum { NOT_CALLED, CALLED, CALLED_BY_NAME } call;	/* that waits for its turn */
	struct instant called;		/* when a call last got it asked for; NEVER: not yet */
};

struct hunts {
	LIST_HEAD(hunt_list, hunt) list;
	struct instant due;		/* when hunts_run() has something to do */
	struct instant next_turn;	/* of the calls */
	struct instant next_call;	/* when the next one is looked at */
};

void hunts_init(struct hunts *hs);

/* A name whose peer is not lost; its tunnel's name outlives the hunt. */
void hunt_begin(struct hunts *hs, struct hunt *h, const char *tunnel, uint32_t domain_identifier);
void hunt_end(struct hunt *h);

/* Both may be told again and again: only a change counts. */
void hunt_lost(struct hunts *hs, struct hunt *h, struct instant now);
void hunt_found(struct hunt *h);

/* A router that is no peer called in this tunnel and says that it is `domain_identifier`. */
void hunts_called(
	struct hunts *hs, const char *tunnel, uint32_t domain_identifier, struct instant now);

/* Calls `ask` for every name that is due. It may tell of losses, but end no hunt. */
void hunts_run(struct hunts *hs, struct instant now, void (*ask)(struct hunt *));

#endif
