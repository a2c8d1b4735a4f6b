/*
 * The EtherTalk medium, seen by its own files: port_ethertalk.c (frames and
 * groups), ethertalk_claim.c (our address) and ethertalk_resolve.c (the
 * addresses of others). The rest of the core knows it as ethertalk_ops.
 */
#ifndef AURPD_ETHERTALK_H
#define AURPD_ETHERTALK_H

#include "aarp.h"
#include "aarp_table.h"
#include "aurpd/macroman.h"
#include "ddp.h"
#include "elap.h"
#include "port.h"
#include "timer.h"

enum {
	AARP_PROBES = 10,		/* Inside AppleTalk ch. 3 and app. C */
	AARP_PROBE_INTERVAL_MS = 200,
	AARP_REQUESTS = 10,		/* ch. 2 leaves it open */
	AARP_REQUEST_INTERVAL_MS = 250,
	AARP_TARGETS_MAX = 64,		/* nodes asked for at the same time */
	AARP_HELD_MAX = 128,		/* datagrams that wait for all of them together */
	AARP_HELD_PER_TARGET = 8,
};

/* A datagram that waits until its receiver's hardware address is known. */
struct aarp_held {
	struct list in_list;		/* of its target, or of the free ones */
	struct pkt pkt;
	uint8_t bytes[ELAP_HEADER + DDP_MAX];
};

/* A node we send Requests for. */
struct aarp_target {
	struct list in_list;		/* asked for, or free */
	struct ethertalk *owner;
	struct at_addr addr;
	unsigned asked;
	struct timer timer;
	struct list held;
	size_t n_held;
};

enum { SENT_FRAMES_MAX = 64 };

/* A frame that we sent: ethertalk_self.c. */
struct sent_frame {
	uint64_t hash;			/* 0: none */
	struct instant at;
};

enum claim_state { CLAIM_NONE, CLAIM_PROBING, CLAIM_DONE };

struct ethertalk {
	struct port *port;
	/* our address */
	enum claim_state claim;
	struct at_range range;		/* to choose from; first 0: the startup range */
	unsigned probes;
	struct timer probe_timer;
	struct instant defended;	/* when we last answered a node that uses our address */
	/* the last frames that we sent by ourselves, in a ring */
	struct sent_frame sent[SENT_FRAMES_MAX];
	size_t next_sent;
	/* addresses of others */
	struct aarp_table nodes;
	struct aarp_target targets[AARP_TARGETS_MAX];
	struct list asked_targets;
	struct list free_targets;
	struct aarp_held *held;
	struct list free_held;
	/* zone multicast addresses we hear, by last byte */
	uint8_t groups[(ZONE_MULTICASTS + 7) / 8];
};

extern const struct port_ops ethertalk_ops;

static inline struct ethertalk *ethertalk_of(const struct port *port)
{
	return port->medium;
}

/* Makes a frame of what `p` holds and sends it; copies it first where `p` has no room for that. */
void ethertalk_transmit(struct port *port, struct mac to, enum elap_kind kind, struct pkt *p);

/* Can a node on this cable have this address, and is it not ours? */
bool ethertalk_is_neighbour(const struct port *port, struct at_addr addr);

/* Sends one AARP packet with our hardware address as its source. */
void ethertalk_send_aarp(struct port *port, struct mac to, struct aarp a);

/* ethertalk_claim.c */
void ethertalk_claim_init(struct ethertalk *e);
void ethertalk_claim(struct port *port, struct at_range range, struct at_addr wish);
void ethertalk_unclaim(struct ethertalk *e);
/* What an AARP packet means for our own address (E11..E16, E28). */
void ethertalk_claim_input(struct ethertalk *e, const struct aarp *a);

/* ethertalk_self.c: remembers a packet that is about to go out in a frame. */
void ethertalk_self_sent(struct ethertalk *e, enum elap_kind kind, const struct pkt *p);
/* Is it a frame with a hardware address of ours as its source? Then it is said why, and dropped. */
bool ethertalk_self_heard(struct ethertalk *e, const struct elap *h, const struct pkt *p);

/* ethertalk_resolve.c */
void ethertalk_resolve_init(struct ethertalk *e);
void ethertalk_resolve_fini(struct ethertalk *e);
/* Forgets all nodes and drops what waits for them. */
void ethertalk_resolve_clear(struct ethertalk *e);
/* Sends a datagram to a node once its hardware address is known, which may be now. */
void ethertalk_send_node(struct port *port, struct at_addr to, struct pkt *datagram);
/* A node was heard: remembers it, and releases what waits for it. */
void ethertalk_heard(struct ethertalk *e, struct at_addr addr, struct mac mac);

#endif
