/*
 * Our data sender half of a peer: it opened a connection to us, and we tell it
 * the networks and zones of our local internet (RFC 1504 ch. 3; state machine
 * "data sender" of its figure A-2). At most one sequenced packet is on its way.
 */
#ifndef AURPD_AURP_SEND_H
#define AURPD_AURP_SEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurp.h"
#include "aurp_view.h"
#include "aurpd/mtime.h"
#include "meter.h"
#include "timer.h"

struct aurp_out;
struct peer;
struct peer_call;

enum send_state {
	SEND_UNCONNECTED,
	SEND_CONNECTED,
	SEND_WAIT_RI_RSP_ACK,
	SEND_WAIT_RI_UPD_ACK,
	SEND_WAIT_PROBE_ACK,
	SEND_WAIT_RI_REQ,
	SEND_WAIT_RD_ACK,
	SEND_STATES
};

struct aurp_send {
	enum send_state state;
	uint16_t id;
	bool is_unused;			/* nothing sequenced was sent on the connection */
	uint16_t unused_id;		/* of the one before, if that was unused; else 0 */
	uint16_t sequence;		/* of the packet on its way, else of the next one */
	uint16_t open_sui;		/* send update information: flags of the Open-Req, ... */
	uint16_t sui;			/* ... and of the latest packet that set them (S24) */
	bool is_confirmed;		/* something besides Open-Req came on it (C14) */
	bool is_informed;		/* has had a list: gets updates (C38) */
	bool owes_list;			/* an RI-Req waits for its turn (S14) */
	bool owes_update;		/* the update interval ended meanwhile */
	bool is_leaving;		/* RD is due */
	bool in_list;			/* the pass is a list that is not told whole yet */
	bool in_update;			/* the pass is a difference that is not told whole yet */
	bool has_updated;		/* an RI-Upd with events was sent */
	bool view_moved;		/* the view changed during the pass */
	struct view view;
	struct view_pass pass;
	uint8_t packet[AURP_SEND_MAX];	/* on its way: repeated byte for byte (S11) */
	size_t packet_len;
	unsigned int repeats;
	bool is_urgent;			/* the packet on its way asks whether the peer is there */
	struct instant sent;
	struct instant began;		/* the connection */
	struct instant heard;
	struct timer retry;
	struct timer update;
	struct timer quiet;
	struct meter answers;		/* to zone queries (X7) */
};

void send_init(struct peer *p);
void send_fini(struct peer *p);

const char *send_state_name(const struct peer *p);
bool send_is_open(const struct peer *p);

/* The peer has shown that it hears us: what it asked for before may go out now. */
void send_proven(struct peer *p);

/* A routing packet for this half: its header is read, `body` stands behind it. */
void send_input(struct peer *p, const struct aurp *h, struct rd *body);

/* What we export may have changed: tells it at the next update interval. */
void send_view_changed(struct peer *p);

/* Is the other end there? A null RI-Upd, unless something is on its way anyway (C15, C28, A10). */
void send_probe(struct peer *p);

/* The same for a peer that calls while something is on its way: that asks it, at a probe's pace. */
void send_hurry(struct peer *p);

/* Is there a packet on its way that asks whether the peer is there? */
bool send_is_asking(const struct peer *p);

/* Is this the connection that is open, and has the peer used it? */
bool send_is_on(const struct peer *p, uint16_t id);

/* Nothing came for as long as the peer may be silent: peer->send.quiet. */
void send_quiet_fired(struct timer *t);

/* Ends the connection without a word. */
void send_close(struct peer *p, const char *why);

/* Says farewell (RD) after what is on its way; then unconnected (C32..C37). */
void send_leave(struct peer *p);

/* --- between the files of this half ------------------------------------------------------ */

/* The only writer of the state; stops `retry`. */
void send_enter(struct peer *p, enum send_state state);

/* Begins the next sequenced packet in `out`; sends it, and again until it is acknowledged. */
void send_begin(struct peer *p, struct aurp_out *out, enum aurp_msg msg);
void send_put_on_its_way(struct peer *p, struct aurp_out *out, enum send_state state);

/* Now, byte for byte (S11). */
void send_repeat(struct peer *p);

/* aurp_send_probe.c: how long a packet that asks may wait for its answer; whether all did. */
struct span send_probe_wait(const struct peer *p);
bool send_probe_is_over(const struct peer *p);

/* aurp_send_sui.c: is one of these events of a kind that the peer asked for (U19)? */
bool send_wants(const struct peer *p, const struct aurp_event *event, size_t n);

/* aurp_send_open.c: legal in every state. */
void send_on_open_req(struct peer *p, const struct aurp *h, struct rd *body);

/* aurp_send_open.c: does the peer that tickles believe in an older connection with this ID? */
bool send_is_taken_for_older(const struct peer *p);

/* aurp_send_open.c: answers an Open-Req that is no doubt the peer's. */
void send_accept(struct peer *p, const struct peer_call *call);

/* The peer is elsewhere, or was told that the connection is over: it is not gone on with. */
void send_forget_unused(struct peer *p);

/* aurp_send_open.c: goes on with a connection that the peer believes in, without a word. */
void send_resume(struct peer *p, uint16_t id);

/* aurp_zone_answer.c: zone transactions. */
void send_on_zi_req(struct peer *p, const struct aurp *h, struct rd *body);
void send_on_gzn_req(struct peer *p, const struct aurp *h, struct rd *body);
void send_on_gdzl_req(struct peer *p, const struct aurp *h, struct rd *body);

/* A new connection may ask for zones as if it had not for long. */
void send_meter_answers(struct peer *p);

/* SZI on the acknowledgement of the packet in send.packet (Z4, Z5). */
void send_zones_of_packet(struct peer *p);

#endif
