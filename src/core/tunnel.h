/*
 * A multipoint tunnel: one UDP socket, our domain identifier on it, and the
 * exterior routers behind it (RFC 1504 ch. 2). Splits the domain header off
 * and finds the peer; type 2 goes to forward.c, type 3 to the peer.
 */
#ifndef AURPD_TUNNEL_H
#define AURPD_TUNNEL_H

#include "aurpd/config.h"
#include "aurpd/pkt.h"
#include "aurpd/router.h"
#include "aurpd/trace.h"
#include "list.h"
#include "peer_index.h"
#include "stranger.h"

struct tunnel {
	struct list in_router;
	struct router *r;
	struct env *env;		/* its router's, as `routes` */
	struct route_table *routes;
	struct config_tunnel config;	/* our copy; its peers are in `peers` */
	void *sock;			/* NULL: no socket */
	struct domain_id own;
	uint32_t leaves_from;		/* 0: the address in `own`, as far as is known */
	struct list peers;		/* struct peer, in order of configuration */
	struct peer_index by_address;	/* of `peers` */
	struct stranger_gate strangers;	/* of accept-unknown */
	size_t n_unknown;		/* of the peers, those that nobody configured */
	bool was_called_unasked;	/* so a peer can reach us by itself */
	bool has_doomed;		/* a peer waits for tunnel_reap() */
	uint64_t rx, tx;		/* UDP payloads */
	uint64_t rx_bytes, tx_bytes;
	uint64_t drops[DROP_REASONS];	/* of packets that no peer could be found for */
};

struct tunnel *tunnel_new(struct router *r, const struct config_tunnel *config);
void tunnel_free(struct tunnel *t);

/* New settings by difference: peers come and go by name, the others keep running. */
void tunnel_apply(struct tunnel *t, const struct config_tunnel *config);

void tunnel_up(struct tunnel *t, void *sock, struct domain_id own);
void tunnel_down(struct tunnel *t);

/* See router_tunnel_leaves_from(). */
void tunnel_leaves_from(struct tunnel *t, uint32_t ip);
void tunnel_set_peer_addresses(
	struct tunnel *t, const char *peer, const struct endpoint *to, size_t n);
void tunnel_input(struct tunnel *t, struct endpoint from, struct pkt *payload);

/* The routing table or zone lists changed since the last call: peers will be told at their next
 * update interval. */
void tunnel_view_changed(struct tunnel *t);

/* Asks every connected peer for its networks again, and dials the others now. */
void tunnel_refresh(struct tunnel *t);

/* Tells every peer that we go (RFC 1504 p. 38); tunnel_is_stopped() when all acknowledged or gave
 * up. */
void tunnel_shutdown(struct tunnel *t);
bool tunnel_is_stopped(const struct tunnel *t);

/* Peers that doomed themselves during this entry point are freed here. */
void tunnel_reap(struct tunnel *t);

/* A packet that no peer could be found for is thrown away. */
void tunnel_drop(struct tunnel *t, enum drop_reason reason, struct endpoint from);

/* A peer that nobody configured, at this address; it has no connection yet. */
struct peer *tunnel_add_unknown(struct tunnel *t, struct endpoint from);

void tunnel_count_peers(const struct tunnel *t, size_t *peers, size_t *connected);
void tunnel_describe(const struct tunnel *t, struct tunnel_info *info);
void tunnel_walk_peers(
	struct tunnel *t, void (*each)(void *ctx, const struct peer_info *), void *ctx);
/* The tunnel's own counters and drops, then those of each peer. */
void tunnel_walk_counters(
	const struct tunnel *t, void (*each)(void *ctx, const struct counter_info *), void *ctx);

#endif
