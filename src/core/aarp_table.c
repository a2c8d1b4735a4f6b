/*
 * The Address Mapping Table (Inside AppleTalk ch. 2, "Address mapping table",
 * "Gleaning"). port_ethertalk.c looks up every datagram it sends here and
 * renews the sender of every datagram it hears, so both are a short chain away.
 * An entry ends by age or by a Probe for its address, whichever comes first.
 */
#include "aarp_table.h"

#include <stdlib.h>

#include "alloc.h"

static const struct span lifetime = { AARP_LIFETIME_S * 1000000LL };

void aarp_table_init(struct aarp_table *t, uint32_t salt)
{
	*t = (struct aarp_table){ .salt = salt };
	t->entries = mem_new(AARP_ENTRIES_MAX, sizeof(*t->entries));
	aarp_table_clear(t);
}

void aarp_table_fini(struct aarp_table *t)
{
	free(t->entries);
	t->entries = NULL;
}

void aarp_table_clear(struct aarp_table *t)
{
	list_init(&t->by_age);
	list_init(&t->free);
	for (size_t i = 0; i < AARP_ENTRIES_MAX; i++) {
		t->bucket[i] = NULL;
		list_append(&t->free, &t->entries[i].in_age);
	}
}

static struct aarp_entry *entry_at(struct list *l)
{
	return container_of(l, struct aarp_entry, in_age);
}

static struct aarp_entry **bucket_of(struct aarp_table *t, struct at_addr addr)
{
	uint32_t h = ((uint32_t)addr.net << 8 | addr.node) ^ t->salt;

	h = (h ^ h >> 15) * 0x2C1B3C6Du;
	h = (h ^ h >> 12) * 0x297A2D39u;
	return &t->bucket[(h ^ h >> 15) % AARP_ENTRIES_MAX];
}

static struct aarp_entry *find(struct aarp_table *t, struct at_addr addr)
{
	struct aarp_entry *e = *bucket_of(t, addr);

	while (e && !at_addr_eq(e->addr, addr))
		e = e->next;
	return e;
}

static bool is_alive(const struct aarp_entry *e, struct instant now)
{
	return span_cmp(instant_since(now, e->confirmed), lifetime) < 0;
}

static void remove_entry(struct aarp_table *t, struct aarp_entry *e)
{
	struct aarp_entry **link = bucket_of(t, e->addr);

	while (*link != e)
		link = &(*link)->next;
	*link = e->next;
	list_remove(&e->in_age);
	list_append(&t->free, &e->in_age);
}

/* An unused entry, put in place for `addr`. */
static struct aarp_entry *add_entry(struct aarp_table *t, struct at_addr addr)
{
	struct aarp_entry **bucket = bucket_of(t, addr);
	struct aarp_entry *e;

	if (list_is_empty(&t->free))
		remove_entry(t, entry_at(t->by_age.next));
	e = entry_at(t->free.next);
	e->addr = addr;
	e->next = *bucket;
	*bucket = e;
	return e;
}

struct aarp_entry *aarp_find(struct aarp_table *t, struct at_addr addr, struct instant now)
{
	struct aarp_entry *e = find(t, addr);

	return e && is_alive(e, now) ? e : NULL;
}

void aarp_learn(struct aarp_table *t, struct at_addr addr, struct mac mac, struct instant now)
{
	struct aarp_entry *e = find(t, addr);

	if (!e)
		e = add_entry(t, addr);
	e->mac = mac;
	e->confirmed = now;
	e->asked = now;
	list_remove(&e->in_age);
	list_append(&t->by_age, &e->in_age);
}

void aarp_forget(struct aarp_table *t, struct at_addr addr)
{
	struct aarp_entry *e = find(t, addr);

	if (e)
		remove_entry(t, e);
}

static uint32_t rank(struct at_addr a)
{
	return (uint32_t)a.net << 8 | a.node;
}

const struct aarp_entry *aarp_next(const struct aarp_table *t, const struct at_addr *after,
	struct instant now)
{
	const struct aarp_entry *next = NULL;
	const struct list *it;

	list_for_each(it, &t->by_age) {
		const struct aarp_entry *e = container_of(it, struct aarp_entry, in_age);

		if (is_alive(e, now) && (!after || rank(e->addr) > rank(*after)) &&
		    (!next || rank(e->addr) < rank(next->addr)))
			next = e;
	}
	return next;
}
