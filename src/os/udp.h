/* The UDP socket of a tunnel: one, unconnected, for all its peers. */
#ifndef AURPD_UDP_H
#define AURPD_UDP_H

#include <stdbool.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"
#include "batch.h"
#include "loop.h"

struct udp;

/*
 * Listens on an address of ours (ip 0: all), on one interface ("": on all); NULL and errno. `rb`
 * outlives the socket, and so does `losses`, which goes on counting.
 */
struct udp *udp_open(struct loop *l, struct receive_batch *rb, struct losses *losses,
	struct endpoint listen, const char *device, const struct packet_hooks *hooks);
void udp_close(struct udp *s);

/* Copies the payload into the batch that udp_flush() sends. */
void udp_send(struct udp *s, struct endpoint to, const struct pkt *payload);
void udp_flush(struct udp *s);

/* The address our packets to `to` leave from, in host order; false if there is no way. */
bool udp_source_address(uint32_t to, uint32_t *out);

#endif
