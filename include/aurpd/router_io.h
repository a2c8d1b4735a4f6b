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

	/*
	 * Puts a whole frame on a link: Ethernet header to pad; on LToUDP an LLAP packet
	 * without FCS, on TashTalk one with it. `link` is what router_link_up() got.
	 */
	void (*send_link)(void *ctx, void *link, const struct pkt *frame);

	/* Sends one UDP payload from a tunnel. `sock` is what router_tunnel_up() got. */
	void (*send_tunnel)(void *ctx, void *sock, struct endpoint to, const struct pkt *payload);

	/* Starts or stops hearing a multicast address on a link. */
	void (*set_multicast)(void *ctx, void *link, struct mac group, bool join);

	/*
	 * The node that we are on a LocalTalk link from now on, 0: none. An adapter
	 * that answers ENQ and RTS by itself does so for this node.
	 */
	void (*set_node)(void *ctx, void *link, uint8_t node);

	void (*trace)(void *ctx, const struct trace_event *event);
};

#endif
