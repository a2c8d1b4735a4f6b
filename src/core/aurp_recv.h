/*
 * Our data receiver half of a peer: we open the connection, ask for its
 * networks and zones, keep them by its updates, and notice when it falls silent
 * (RFC 1504 ch. 3; state machine "data receiver" of its figure A-1).
 */
#ifndef AURPD_AURP_RECV_H
#define AURPD_AURP_RECV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurp.h"
#include "aurpd/at.h"
#include "aurpd/mtime.h"
#include "timer.h"

struct peer;

enum recv_state {
	RECV_UNCONNECTED,
	RECV_WAIT_OPEN_RSP,
	RECV_WAIT_RI_RSP,
	RECV_CONNECTED,
	RECV_WAIT_TICKLE_ACK,
	RECV_WAIT_RD_ACK,
	RECV_STATES
};

enum {
	RECV_REFUSED_MAX = 32,
	REMIND_ROUNDS_MOST = 2,		/* since the peer called last */
};

/* A network whose zones are missing, and when to ask for them again. */
struct zone_ask {
	uint16_t net;
	uint8_t tries;
	struct instant due;
};

/* aurp_recv_remind.c: a peer that is connected by our call alone is reminded to call us, too. */
struct recv_remind {
	struct timer timer;		/* next step */
	unsigned int step;		/* of this reminder */
	unsigned int rounds;		/* reminders since it called last */
	bool has_called;		/* while our connection was open */
	bool is_missed;			/* it believes in a connection that we have given up */
	bool has_repeated;		/* the Open-Req of the open connection */
	bool has_said_down;		/* an RD of ours is not answered yet */
	uint16_t rd_sequence;		/* of the data sender's RD; 0: not sent */
};

struct aurp_recv {
	enum recv_state state;
	uint16_t id;			/* of this connection, else of the last: never twice (C7) */
	uint16_t dialled;		/* before another place answered; 0: not */
	uint16_t expected;		/* next sequence number */
	uint16_t ack_flags;		/* of the last RI-Ack, for its repetition */
	uint16_t environment;		/* flags of its Open-Rsp */
	bool is_virgin;			/* nothing sequenced came yet */
	bool in_list;			/* between the first RI-Rsp of a list and its Last */
	bool lost_networks;		/* the table had no room for some (RFC 1504 p. 75) */
	/* it offers these, but others have their numbers; as many as we remember */
	struct at_range refused[RECV_REFUSED_MAX];
	size_t n_refused;
	bool said_reflects;
	bool said_full;			/* it offers more than its share */
	unsigned int tries;		/* of what `retry` repeats */
	struct span back_off;		/* until the next Open-Req */
	struct instant opened;		/* the last Open-Req was sent; INSTANT_NEVER: none yet */
	struct instant sent;		/* what awaits its answer was sent first */
	struct instant heard;		/* last-heard-from (RFC 1504 p. 39) */
	struct instant lost;		/* the peer did not answer any more; NEVER: not so */
	struct timer retry;
	struct timer last_heard;
	struct timer zone_scan;
	struct instant put_off;		/* Open-Req that a call brought forward; NEVER: none */
	unsigned int quick_tickles;	/* left, before those that have time */
	struct recv_remind remind;	/* the other direction is missing */
	struct zone_ask *ask;		/* by net */
	size_t n_ask;
};

void recv_init(struct peer *p);
void recv_fini(struct peer *p);

const char *recv_state_name(const struct peer *p);

/* Is there a connection on which it tells us its networks? */
bool recv_is_open(const struct peer *p);

/*
 * Was the connection only just answered? Who was asked at two places takes the later
 * Open-Req, and its later answer counts.
 */
bool recv_is_fresh(const struct peer *p);

/* A routing packet for this half: its header is read, `body` stands behind it. */
void recv_input(struct peer *p, const struct aurp *h, struct rd *body);

/* Opens a connection now, if we may and none is open or being opened. */
void recv_dial(struct peer *p);

/* The peer is there: opens at once, back-off forgotten (C21, C40); never twice in 2 s (C6). */
void recv_wake(struct peer *p);

/* The peer calls, or anybody in its name (X7): opens at once if that is no more than due to it. */
void recv_called(struct peer *p);

/* An Open-Req with this ID was sent that nobody remembers; its answer is to come (stranger.c). */
void recv_resume(struct peer *p, uint16_t id);

/* Is the other end still there? Asks now if we are connected. */
void recv_verify(struct peer *p);

/* The same in a hurry: somebody says that it is not (peer_place.h). */
void recv_verify_quickly(struct peer *p);

/* Sends a Tickle whose answer is not waited for. */
void recv_keep_alive(struct peer *p);

/* Asks for the whole list again (RFC 1504 p. 28), if connected. */
void recv_refresh(struct peer *p);

/* Ends the connection without a word and purges its networks; dials after `redial`, < 0: not. */
void recv_close(struct peer *p, const char *why, struct span redial);

/* The peer opened a connection to us. */
void recv_was_called(struct peer *p);

/* The packet being read is of the last connection on which we were data sender, long closed. */
void recv_is_missed(struct peer *p, const struct aurp *h);

/* Our own Open-Req came back: nobody else is there. */
void recv_refuse_self(struct peer *p);

/*
 * The data sender's RD was not acknowledged: another one as the data receiver that we were,
 * whose answer is not awaited (C34 wants one only; jrouter hears only this).
 */
void recv_say_farewell_too(struct peer *p);

/* Something in the tables changed: zones may be missing, or there is room again (O8). */
void recv_tables_changed(struct peer *p);

/* Says farewell (RD, sequence 0) as the only connection there is; then unconnected (C34, C35). */
void recv_leave(struct peer *p);

/* --- between the files of this half ------------------------------------------------------ */

/* The only writer of the state; stops `retry`. */
void recv_enter(struct peer *p, enum recv_state state);

/* A request that was sent once has its answer: how long it took. */
void recv_take_sample(struct peer *p);

/* Asks for the whole list, whatever is known of it. */
void recv_request_list(struct peer *p);

/* A packet proves that the data sender is there: restarts last-heard-from (C22, A13). */
void recv_heard(struct peer *p);

/* More packets of a list are to come: asks again if they do not (S15). */
void recv_await_list(struct peer *p);

/* The data sender does not answer: closes, and asks the other connection (C23, C28). */
void recv_lost(struct peer *p, const char *why);

/* Says farewell as the data receiver (RD, sequence 0). */
void recv_send_rd(struct peer *p, enum aurp_error error);

/* An RD came, on either connection: both are over (A8). */
void recv_closed_by_rd(struct peer *p, int16_t error);

/* A connection that cannot go on: closes it, opens another with a new ID (S7, A9). */
void recv_out_of_sync(struct peer *p);

/* Does a peer with so many have its share of "networks" or "zones" (X5; 0: any)? Says so once. */
bool recv_has_its_share(struct peer *p, size_t has, size_t share, const char *of);

/* aurp_recv_open.c: it is time to dial; there is still no answer; there is one. */
void recv_open(struct peer *p);
void recv_open_again(struct peer *p);
void recv_on_open_rsp(struct peer *p, const struct aurp *h, struct rd *body);

/* aurp_recv_open.c: the next Open-Req is repeated as soon as the very first. */
void recv_forget_back_off(struct peer *p);

/* aurp_recv_open.c: has it fallen silent in the last minutes, and was not heard since? */
bool recv_was_lost_lately(const struct peer *p);

/* aurp_recv_open.c: repeats the Open-Req of the open connection, as a reminder. */
void recv_repeat_open_req(struct peer *p);

/* aurp_recv_remind.c */
void remind_init(struct peer *p);
void remind_stop(struct peer *p);

/* aurp_recv_remind.c: a connection was opened by our call. */
void remind_begin(struct peer *p);

/*
 * aurp_recv_remind.c: it answers a repeated Open-Req. It had closed that connection, and
 * has opened it anew.
 */
bool remind_is_opened_anew(struct peer *p);

/* aurp_recv_remind.c: the peer acknowledges an RD that was to remind it. False: there was none. */
bool remind_on_rd_ack(struct peer *p);

/* aurp_recv_open.c: ends the connection without a word, and dials again in some seconds. */
void recv_redial(struct peer *p, const char *why);

/*
 * aurp_learn.c: our port `port` took `own`, which overlaps the peer's network `range`:
 * reported, and asked for again when our cable is gone (aurp R7, atalk R08).
 */
void recv_give_way(struct peer *p, struct at_range range, struct at_range own, const char *port);

/* aurp_learn.c: are the numbers free now of a network that we refused for the sake of another? */
bool recv_may_have_refused(const struct peer *p);

/* aurp_learn.c: sequenced data. */
void recv_on_ri_rsp(struct peer *p, const struct aurp *h, struct rd *body);
void recv_on_ri_upd(struct peer *p, const struct aurp *h, struct rd *body);
void recv_on_rd(struct peer *p, const struct aurp *h, struct rd *body);

/* aurp_zone_ask.c: zones. */
void recv_on_zi_rsp(struct peer *p, const struct aurp *h, struct rd *body);
void recv_zone_scan_fired(struct timer *t);

/* Looks for missing zones after `d`, or sooner if that is due already. */
void recv_scan_zones_in(struct peer *p, struct span d);

/* Networks of this peer whose zones we are asking for. */
size_t recv_zones_missing(const struct peer *p);

#endif
