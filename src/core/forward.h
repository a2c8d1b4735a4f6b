/*
 * The one decision on a DDP datagram: deliver, forward, or drop (Inside
 * AppleTalk ch. 4 and 5, figure 5-7), and the way out for what the router
 * itself says.
 */
#ifndef AURPD_FORWARD_H
#define AURPD_FORWARD_H

#include "aurpd/pkt.h"
#include "aurpd/trace.h"
#include "ddp.h"
#include "wire.h"

struct router;
struct port;
struct peer;

/* A datagram that came in: its decoded header, its bytes, and where it came from. */
struct datagram {
	struct ddp ddp;
	struct pkt *pkt;		/* starts at the long header, trimmed to ddp.len */
	struct port *port;		/* came in by this port, ... */
	struct peer *peer;		/* ... or from this peer: one of them is NULL */
	bool was_short;			/* had a short header: only for our own sockets (D01) */
	bool was_group;			/* the frame was addressed to a group */
	bool goes_on;			/* is forwarded, too: what our sockets refuse is no loss */
	struct mac link_source;		/* hardware address of the sender, if the medium has them */
};

/* Its data, behind the DDP header. */
static inline struct rd datagram_body(const struct datagram *d)
{
	return rd_over(d->pkt->data + DDP_LONG_HEADER, d->pkt->len - DDP_LONG_HEADER);
}

/*
 * A packet from a port or a tunnel that should start with a long DDP header:
 * decodes, checks (D22..D29), then delivers to our sockets, forwards, or drops
 * with a reason.
 */
void forward_input(struct router *r, struct datagram *d);

/* Counts a drop at the port or peer the datagram came from. */
void datagram_drop(struct router *r, const struct datagram *d, enum drop_reason reason);

/*
 * Who we answer as: the address we were called by, or the arrival port's own (D34, P04). Net 0 from
 * a tunnel: the port it leaves by.
 */
struct at_addr datagram_reply_source(const struct datagram *d);

/*
 * A datagram of our own. `body` holds the DDP data, with headroom; the header
 * is put before it here (checksum 0, hop count 0).
 * src.net 0: the address of the port it leaves by (D36).
 * via: a port for destinations that only make sense on a link (its own range,
 * startup range, network 0); NULL: by the routing table alone (D32).
 */
struct own_datagram {
	struct at_sockaddr src, dst;
	uint8_t type;
	struct port *via;
};

void forward_originate(struct router *r, const struct own_datagram *d, struct pkt *body);

/*
 * The same as an answer to `to`: source and destination sockets exchanged,
 * leaves on the arrival port where the asker is only reachable there; a node
 * AARP does not know yet is answered at the hardware address it called from (Z21).
 */
void forward_reply(struct router *r, const struct datagram *to, uint8_t type, struct pkt *body);

/* Our own datagram to all nodes of a port's cable (0000.FF), or, not NULL, to one zone of it. */
void forward_broadcast(struct port *port, uint8_t src_socket, uint8_t dst_socket, uint8_t type,
	const struct at_name *zone, struct pkt *body);

#endif
