/*
 * One exterior router as the rest of the core sees it. Its two one-way
 * connections are the business of aurp_recv.c (we are data receiver) and
 * aurp_send.c (we are data sender); see RFC 1504 ch. 3.
 */
#ifndef AURPD_PEER_H
#define AURPD_PEER_H

#include "aurpd/pkt.h"
#include "aurpd/trace.h"
#include "list.h"

struct peer;
struct tunnel;

const char *peer_name(const struct peer *p);
struct tunnel *peer_tunnel(const struct peer *p);

/* The paths that go through this peer: struct path, linked by in_peer. Owned by route_table.c. */
struct list *peer_paths(struct peer *p);

/*
 * Sends a DDP datagram (long header first, hop count already raised) across
 * the tunnel; needs headroom for the domain header. May hold it for a moment
 * (tickle before data, RFC 1504 p. 40) or drop it with a counted reason.
 */
void peer_send_data(struct peer *p, struct pkt *datagram);

/*
 * Our port `port` took `own`, which overlaps the peer's network `range`: reported, and
 * asked for again when our cable is gone (aurp R7, atalk R08).
 */
void peer_gives_way(struct peer *p, struct at_range range, struct at_range own,
	const char *port);

void peer_drop(struct peer *p, enum drop_reason reason);

#endif
