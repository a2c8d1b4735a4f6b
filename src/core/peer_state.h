/*
 * What an exterior router consists of; only for tunnel.c, peer.c and aurp_*.c.
 * Everybody else sees peer.h.
 */
#ifndef AURPD_PEER_STATE_H
#define AURPD_PEER_STATE_H

#include "aurp.h"
#include "aurp_recv.h"
#include "aurp_rto.h"
#include "aurp_send.h"
#include "peer.h"
#include "peer_place.h"
#include "router_state.h"
#include "tunnel.h"

enum {
	PEER_ADDRESSES_MAX = 8,		/* of one host name that we keep */
	PEER_HELD_MAX = 16,		/* datagrams held for a tickle acknowledgement */
};

struct peer_counters {
	uint64_t rx, tx;		/* UDP payloads */
	uint64_t rx_bytes, tx_bytes;
	uint64_t data_rx, data_tx;
	uint64_t msg_rx[AURP_MSG_COUNT];
	uint64_t msg_tx[AURP_MSG_COUNT];
	uint64_t retransmits;
	uint64_t duplicates;		/* n-1 */
	uint64_t out_of_sync;		/* n+1 */
	uint64_t wrong_di;		/* destination domain identifier was not ours; accepted */
	uint64_t drops[DROP_REASONS];
};

struct peer {
	struct list in_tunnel;
	struct tunnel *tunnel;
	struct config_peer config;	/* of an unknown peer: name made from its address */
	bool is_unknown;		/* nobody configured it */
	bool is_leaving;		/* says farewell, then is gone or silent */
	bool is_doomed;			/* to be freed when the entry point returns */
	bool is_up;			/* proven, with a connection in at least one direction */
	bool is_proven;			/* it echoed our connection ID, so it hears us there */
	size_t unanswered;		/* until then: bytes that came in its name, and no answer */
	bool is_terse;			/* its Open-Rsp had no option count: like Darwin (Q1..Q3) */
	bool came_unasked;		/* called when nothing of ours can have let it in */
	bool said_same;			/* a peer with its identifier was reported */
	struct endpoint addresses[PEER_ADDRESSES_MAX];
	size_t n_addresses;
	size_t current;			/* of them, the one in use */
	struct endpoint to;		/* where it is, or is dialled; ip 0: not known yet */
	struct peer_place place;	/* who says that it is elsewhere */
	bool has_di;
	struct domain_id di;		/* its domain identifier: constant while it is up */
	struct endpoint from;		/* of the packet being read: where it came from, ... */
	struct domain_id from_di;	/* ... and its source domain identifier */
	bool is_us;			/* our own call came back from there */
	struct instant heard;		/* INSTANT_NEVER: never */
	struct instant sent;		/* likewise: when it was sent anything last */
	struct timer keepalive;
	struct timer linger;		/* unknown without a connection; or end of the farewell */
	struct path_owner offers;	/* its networks in the routing table */
	struct list held;		/* struct held */
	size_t n_held;
	struct aurp_rto rto;
	struct aurp_recv recv;
	struct aurp_send send;
	struct peer_counters count;
};

/* A packet of ours while it is written: w.. then peer_transmit(). */
struct aurp_out {
	struct pkt_buf buf;
	struct wr w;
	enum aurp_msg msg;
};

struct peer *peer_new(struct tunnel *t, const struct config_peer *config);
void peer_free(struct peer *p);

/* A peer that nobody configured goes if it gets no connection before long. */
void peer_linger(struct peer *p);

/* A UDP payload from this peer. Its first `header` bytes are the domain header, which was read. */
void peer_input(struct peer *p, struct endpoint from, const struct aurp_domain *domain,
	size_t header, struct pkt *payload);

/* Starts to connect, if its address is known and the tunnel has a socket. */
void peer_start(struct peer *p);

/* New addresses, best first, n > 0; see router_peer_addresses(). */
void peer_set_addresses(struct peer *p, const struct endpoint *to, size_t n);

/* Is this one of the addresses of its host? */
bool peer_has_address(const struct peer *p, uint32_t ip);

/* Another of its addresses, for the next try. */
void peer_try_next_address(struct peer *p);

/* Closes both connections without a word; redial < 0: for now. */
void peer_close(struct peer *p, const char *why, struct span redial);

/* The same with our last word, whose answer is not awaited; the peer itself stays. */
void peer_break_off(struct peer *p, const char *why);

/* Orderly end of both directions for good; doomed then, unless the whole router stops. */
void peer_leave(struct peer *p);
bool peer_has_left(const struct peer *p);

/* May it open connections at all? */
bool peer_may_dial(struct peer *p);

/* Is its place another peer's, as far as is known? Then it must call us. */
bool peer_waits_for_call(const struct peer *p);

/* The peer whose place that is, if nothing tells the two apart: they are one router; or NULL. */
const struct peer *peer_same_as(const struct peer *p);

/* A connection came or went: notices whether the peer as a whole is up. `why`: for PEER_DOWN. */
void peer_check_up(struct peer *p, const char *why);

/* It is at this place now: a proven one, or one to be dialled. */
void peer_move_to(struct peer *p, struct endpoint place);

/* The port where it is dialled; of an unknown peer the one that everybody uses. */
uint16_t peer_configured_port(const struct peer *p);

/* The packet being read is of a connection: notes when. */
void peer_is_heard(struct peer *p);

/* It refuses our Open-Req. */
void peer_say_refused(const struct peer *p, int16_t error);

/* Does the packet being read come from another domain than this peer's connection (A19)? */
bool peer_has_other_di(const struct peer *p);

/* Keeps the domain identifier of a packet that opens a connection. */
void peer_take_di(struct peer *p, struct domain_id di);

/*
 * May `len` bytes of AURP answer what came in this peer's name? Anybody can forge that
 * until the peer is proven: by then it gets no more bytes than came (X7), these included.
 */
bool peer_may_answer(struct peer *p, size_t len);

/* Begins an AURP packet of at most `max` bytes of UDP payload. */
void aurp_begin(struct aurp_out *out, size_t max, const struct aurp *h);

/* A whole Open-Req, of this length; peers are not alone in sending it (stranger.c). */
enum { AURP_OPEN_REQ_LEN = AURP_HEADER + 3 };
void aurp_write_open_req(struct aurp_out *out, uint16_t id);

/* Sends it. */
void peer_transmit(struct peer *p, struct aurp_out *out);

/* The same to a place that may be another one than the peer's. */
void peer_transmit_to(struct peer *p, struct endpoint to, const struct aurp_domain *domain,
	struct aurp_out *out);

/* Sends it if peer_may_answer(): to where the packet being read came from, if none is proven. */
void peer_answer(struct peer *p, struct aurp_out *out);

/* Sends AURP bytes that were built before. */
void peer_transmit_bytes(struct peer *p, enum aurp_msg msg, const uint8_t *bytes, size_t len);

/* Puts the domain header before a packet, and sends and counts it. False: it has no headroom. */
bool peer_send_payload(struct peer *p, enum aurp_type type, struct pkt *pkt);

/* The tickle was answered, or the connection is lost. */
void peer_release_held(struct peer *p);
void peer_discard_held(struct peer *p);

/* peer_keepalive.c: something that bears on it changed; who needs it is sent something. */
void keepalive_init(struct peer *p);
void keepalive_update(struct peer *p);

void peer_describe(const struct peer *p, struct peer_info *info);
void peer_walk_counters(const struct peer *p,
	void (*each)(void *ctx, const struct counter_info *), void *ctx);

static inline struct env *peer_env(const struct peer *p)
{
	return p->tunnel->env;
}

/* Emits a trace event about this peer: its name and its tunnel's are put in here. */
void peer_say(const struct peer *p, struct trace_event e);

/* The same with a kind, a text and where the peer is. */
void peer_trace(const struct peer *p, enum trace_kind kind, const char *text);

/*
 * tunnel.c, for peers: the router at this peer's address opens a connection. Another peer
 * there that still says farewell (it was removed, or had no name yet) stops: its RD could
 * be taken for one of the new connection.
 */
void tunnel_end_farewells(struct tunnel *t, const struct peer *caller);

/* tunnel.c, for peers: one UDP payload out. */
void tunnel_send(struct tunnel *t, struct endpoint to, const struct pkt *payload);

#endif
