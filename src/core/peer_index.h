/*
 * IP address -> peers of a tunnel. A tunnel may have hundreds of peers, and every
 * packet begins with this question, also one of a flood.
 */
#ifndef AURPD_PEER_INDEX_H
#define AURPD_PEER_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct list;
struct peer;

/* A peer has as many entries as addresses. */
struct peer_entry {
	uint32_t ip;
	struct peer *peer;
};

struct peer_index {
	struct peer_entry *entry;	/* by address; of one address in the order of the peers */
	size_t used, cap;
	bool is_stale;
};

void peer_index_fini(struct peer_index *x);

/* Peers or their addresses changed: the next look-up makes the index anew. */
static inline void peer_index_changed(struct peer_index *x)
{
	x->is_stale = true;
}

/* The entries of an address, *n of them (NULL: none), among the peers of a tunnel's list. */
const struct peer_entry *peer_index_find(
	struct peer_index *x, const struct list *peers, uint32_t ip, size_t *n);

#endif
