/*
 * What the core needs from outside. The functions must not call back into the
 * router, and must copy what they keep: packets and events are lent.
 */
#ifndef AURPD_ROUTER_IO_H
#define AURPD_ROUTER_IO_H

#include "aurpd/at.h"
#include "aurpd/pkt.h"
#include "aurpd/trace.h"

struct router_io {
	void *ctx;			/* first argument of every function */

	/* Puts a whole frame (Ethernet header to pad) on a link. `link` is what router_link_up() got. */
	void (*send_link)(void *ctx, void *link, const struct pkt *frame);

	/* Sends one UDP payload from a tunnel. `sock` is what router_tunnel_up() got. */
	void (*send_tunnel)(void *ctx, void *sock, struct endpoint to, const struct pkt *payload);

	/* Starts or stops hearing a multicast address on a link. */
	void (*set_multicast)(void *ctx, void *link, struct mac group, bool join);

	void (*trace)(void *ctx, const struct trace_event *event);
};

#endif
