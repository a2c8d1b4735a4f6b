/*
 * The LocalTalk medium, seen by its own files: port_localtalk.c (packets) and
 * localtalk_claim.c (our node). The rest of the core knows it as two rows of
 * operations, one for each way to reach a LocalTalk network.
 */
#ifndef AURPD_LOCALTALK_H
#define AURPD_LOCALTALK_H

#include "llap.h"
#include "port.h"
#include "timer.h"

enum {
	LLAP_ENQS = 8,			/* two seconds together, also on slow media (L04, L32) */
	LLAP_ENQ_INTERVAL_MS = 250,
	LLAP_STAYS_S = 60,		/* a node is kept so long, whoever says that it is his */
	LLAP_NODE_FIRST = 0x01,
	LLAP_NODE_LAST = 0xFE,		/* 80 and up are for servers, as we are (L01) */
};

enum node_state { NODE_NONE, NODE_LOST, NODE_CLAIMING, NODE_OURS };

struct localtalk {
	struct port *port;
	/* A TashTalk: frames carry an FCS, and it answers ENQ and RTS for us by itself (L26). */
	bool has_adapter;
	enum node_state state;
	uint8_t node;			/* ours, or the one being claimed; 0: none */
	uint8_t candidate;		/* tried when this one is taken */
	unsigned enqs;
	struct timer timer;
	struct instant complained;	/* when we last said that another uses our node */
	struct instant stays;		/* until then our node is not given up again */
};

extern const struct port_ops ltoudp_ops;
extern const struct port_ops tashtalk_ops;

static inline struct localtalk *localtalk_of(const struct port *port)
{
	return port->medium;
}

/* Sends an LLAP packet; control packets have no data. */
void localtalk_transmit(struct port *port, const struct llap *h, const struct wr *data);

/* localtalk_claim.c */
void localtalk_claim_init(struct localtalk *l);
void localtalk_claim(struct port *port, struct at_range range, struct at_addr wish);
void localtalk_unclaim(struct localtalk *l);
/* What an ENQ or ACK means for our node (L02, L03, L05, L26). */
void localtalk_claim_input(struct localtalk *l, const struct llap *h);
/* Another node sends packets as if it were us: ours is given up, and another claimed. */
void localtalk_clash(struct localtalk *l);

#endif
