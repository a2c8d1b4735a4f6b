/*
 * Where a peer is. A place is an IP address with a port. Only the answer to an
 * Open-Req of ours that went to a place proves it: everything else can be forged.
 * A peer that is connected is at its proven place; else it is dialled at its
 * configured one. A call from anywhere else makes us ask there: at once while no
 * place is proven, else when the proven place has not answered for a moment.
 */
#ifndef AURPD_PEER_PLACE_H
#define AURPD_PEER_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "aurp.h"
#include "aurpd/at.h"
#include "aurpd/mtime.h"
#include "meter.h"
#include "timer.h"

struct peer;

enum { PLACE_QUICK_TRIES = 4 };	/* to hear from the proven place, at the pace of its round trip */

/* Somebody's Open-Req, or another sign that the peer may be there. */
struct peer_call {
	struct endpoint from;
	struct domain_id di;
	enum {
		CALL_NONE,
		CALL_WAITS,	/* an Open-Req that was not answered */
		CALL_ANSWERED,	/* one that was, though the peer may have been restarted */
		CALL_HINT,	/* no Open-Req: a packet of a connection from another port */
	} kind;
	uint16_t id;		/* of the Open-Req, ... */
	uint16_t sui;		/* ... and its flags */
};

struct peer_place {
	struct peer_call call;		/* the last one that matters still: one of a peer */
	bool is_doubted;		/* the proven place has not answered since that call */
	struct instant questioned;	/* the proven place, last time; INSTANT_NEVER */
	unsigned int asks_left;		/* of this doubt */
	struct endpoint alias;		/* another port that it sends from; port 0: none known */
	struct endpoint neighbours;	/* called from there, and the proven place answered */
	struct endpoint asked_at;	/* last place that was asked, and when */
	struct instant asked;
	struct timer timer;		/* it is time to ask the caller's place */
	struct meter asks;		/* Open-Reqs to unproven places */
	struct meter guesses;		/* answers to Open-Reqs that are not ours */
	uint32_t proofs;		/* so that no ID is used twice (C7) */
};

void place_init(struct peer *p);
void place_fini(struct peer *p);

/* Did the packet being read come from another place than where the peer is, or is dialled? */
bool place_is_elsewhere(const struct peer *p);

/* Is that so, or does nobody dial it where it called from? Then only asking there proves it. */
bool place_must_be_asked(const struct peer *p);

/* How long the round trip to the peer takes at most, as far as is known: 0.1 .. 0.5 s. */
struct span place_quick_wait(const struct peer *p);

/*
 * The packet being read calls from an unproven place, and no place is proven: asks back
 * there. False: it has been asked, and calls again instead of answering. Perhaps it asks
 * back as we do; then somebody must answer first.
 */
bool place_ask_caller(struct peer *p, struct peer_call call);

/*
 * The packet being read says that the peer may not be any more where it was. Asks the
 * proven place, and the caller's if that stays silent (C15..C17).
 */
void place_doubt(struct peer *p, struct peer_call call);

/* Asks the proven place whether the peer still has its connections; every 2 s at most (C15). */
void place_question(struct peer *p);

/* The packet being read belongs to a connection; it may come from another port than ever. */
void place_heard(struct peer *p);

/* The proven place answered: whoever called meanwhile is forgotten (C16). */
void place_answered(struct peer *p);

/*
 * The same, by what it says as a data receiver. On a connection that the doubtful call itself
 * has opened that shows nothing about the older one the other way.
 */
void place_acknowledged(struct peer *p);

/* No connection is left: the peer is dialled at its configured place. */
void place_lost(struct peer *p);

/* Takes an Open-Rsp if it answers an Open-Req of peer_place.c; the peer is at its source then. */
bool place_on_open_rsp(struct peer *p, const struct aurp *h, struct rd *body);

#endif
