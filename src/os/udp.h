/* The UDP socket of a tunnel: one, unconnected, for all its peers. */
#ifndef AURPD_UDP_H
#define AURPD_UDP_H

#include <stdbool.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"
#include "batch.h"
#include "loop.h"

struct udp;

/* A packet of ours that an IP router or host sent back. Whoever forges ICMP can say so, too. */
struct unreachable {
	struct endpoint to;		/* where the packet was to go */
	uint32_t by;			/* who says so, in host order */
	uint8_t code;			/* of ICMP Destination Unreachable (RFC 792, RFC 1122) */
};

struct udp_hooks {
	struct packet_hooks packet;
	void (*unreachable)(void *ctx, const struct unreachable *u);	/* ctx: the packet's */
};

/*
 * Listens on an address of ours (ip 0: all), on one interface ("": on all); NULL and errno. `rb`
 * outlives the socket, and so does `losses`, which goes on counting.
 */
struct udp *udp_open(struct loop *l, struct receive_batch *rb, struct losses *losses,
	struct endpoint listen, const char *device, const struct udp_hooks *hooks);
void udp_close(struct udp *s);

/* Copies the payload into the batch that udp_flush() sends. */
void udp_send(struct udp *s, struct endpoint to, const struct pkt *payload);
void udp_flush(struct udp *s);

/* The address our packets to `to` leave from, in host order; false if there is no way. */
bool udp_source_address(uint32_t to, uint32_t *out);

#endif
