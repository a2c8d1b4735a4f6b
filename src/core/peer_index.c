/* The sorted array of peer_index.h; tunnel.c asks it for the sender of each packet. */
#include "peer_index.h"

#include <stdlib.h>

#include "alloc.h"
#include "peer_state.h"
#include "search.h"

void peer_index_fini(struct peer_index *x)
{
	free(x->entry);
	*x = (struct peer_index){ 0 };
}

/* Index of the first entry at or after `ip`. */
static size_t lower_bound(const struct peer_index *x, uint32_t ip)
{
	size_t i;

	SEARCH_FIRST(i, x->used, x->entry[i].ip < ip);
	return i;
}

/* Behind those that the address has already: so they stay in order. */
static void add(struct peer_index *x, uint32_t ip, struct peer *p)
{
	size_t i = lower_bound(x, ip);

	for (; i < x->used && x->entry[i].ip == ip; i++)
		if (x->entry[i].peer == p)
			return;
	x->entry = mem_grow(x->entry, x->used, &x->cap, sizeof(*x->entry));
	memmove(x->entry + i + 1, x->entry + i, (x->used - i) * sizeof(*x->entry));
	x->entry[i] = (struct peer_entry){ ip, p };
	x->used++;
}

static void rebuild(struct peer_index *x, const struct list *peers)
{
	const struct list *it;

	x->used = 0;
	x->is_stale = false;
	list_for_each(it, peers) {
		struct peer *p = container_of(it, struct peer, in_tunnel);

		if (p->to.ip != 0)
			add(x, p->to.ip, p);
		for (size_t i = 0; i < p->n_addresses; i++)
			add(x, p->addresses[i].ip, p);
	}
}

const struct peer_entry *peer_index_find(
	struct peer_index *x, const struct list *peers, uint32_t ip, size_t *n)
{
	size_t first;

	if (x->is_stale)
		rebuild(x, peers);
	first = lower_bound(x, ip);
	*n = 0;
	while (first + *n < x->used && x->entry[first + *n].ip == ip)
		++*n;
	return *n > 0 ? &x->entry[first] : NULL;
}
