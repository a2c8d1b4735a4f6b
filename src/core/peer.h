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

struct path;
struct peer;
struct tunnel;

const char *peer_name(const struct peer *p);
struct tunnel *peer_tunnel(const struct peer *p);

/* The peer that a path goes through; NULL: it does not go through a tunnel, or the peer went. */
struct peer *peer_of_path(const struct path *path);

/*
 * Sends a DDP datagram (long header first, hop count already raised) across
 * the tunnel; needs headroom for the domain header. May hold it for a moment
 * (tickle before data, RFC 1504 p. 40) or drop it with a counted reason.
 */
void peer_send_data(struct peer *p, struct pkt *datagram);

void peer_drop(struct peer *p, enum drop_reason reason);

#endif
