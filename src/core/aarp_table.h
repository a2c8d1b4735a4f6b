/*
 * The Address Mapping Table of a port: which hardware address has a node
 * (Inside AppleTalk ch. 2). Bounded: the entry not confirmed for the longest
 * time makes room. Found by hashing, walked by address; never allocates after
 * aarp_table_init().
 */
#ifndef AURPD_AARP_TABLE_H
#define AURPD_AARP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/mtime.h"
#include "list.h"

enum {
	AARP_ENTRIES_MAX = 1024,
	AARP_LIFETIME_S = 60,		/* ch. 2 leaves it open; any sign of life renews it */
	AARP_REFRESH_S = 45,		/* an entry in use is asked for again from this age on */
};

struct aarp_entry {
	struct list in_age;		/* least recently confirmed first; or in the free list */
	struct aarp_entry *next;	/* of the same hash */
	struct at_addr addr;
	struct mac mac;
	struct instant confirmed;
	struct instant asked;		/* last request ahead of the end of its life */
};

struct aarp_table {
	struct aarp_entry *entries;
	struct aarp_entry *bucket[AARP_ENTRIES_MAX];
	struct list by_age;
	struct list free;
	uint32_t salt;			/* so that nobody outside knows which addresses collide */
};

void aarp_table_init(struct aarp_table *t, uint32_t salt);
void aarp_table_fini(struct aarp_table *t);
void aarp_table_clear(struct aarp_table *t);

/* The entry of a node, NULL if there is none alive. Valid until the table changes. */
struct aarp_entry *aarp_find(struct aarp_table *t, struct at_addr addr, struct instant now);

/* The node was heard with this hardware address. */
void aarp_learn(struct aarp_table *t, struct at_addr addr, struct mac mac, struct instant now);

/* Somebody probes for the address: what we knew of it is over (E19). */
void aarp_forget(struct aarp_table *t, struct at_addr addr);

/* The live entry with the smallest address above `after` (NULL: of all); NULL at the end. */
const struct aarp_entry *aarp_next(const struct aarp_table *t, const struct at_addr *after,
	struct instant now);

#endif
