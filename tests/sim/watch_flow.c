/*
 * One outstanding sequenced packet per one-way connection (RFC 1504 p. 41): the
 * next number only after the RI-Ack for the last was delivered, repetitions byte
 * for byte the same, numbers in order without 0. A data sender that leaves may
 * send its RD without having been answered.
 */
#include "watch_state.h"

#include <stdlib.h>

/*
 * Two connections to one address may be: a router that called from there before
 * its name was resolved is another peer than the one of that name. Addresses are
 * near each other (world.h), so that 24 bits of each tell them apart.
 */
static uint64_t key_of(const struct site_tunnel *t, uint32_t other, uint16_t id)
{
	return (uint64_t)(t->jack.number & 0xFFFFFF) << 40 | (uint64_t)(other & 0xFFFFFF) << 16 |
	       id;
}

static struct flow *place_of(struct flow *flows, size_t cap, uint64_t key)
{
	size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (cap - 1);

	while (flows[i].key != 0 && flows[i].key != key)
		i = (i + 1) & (cap - 1);
	return &flows[i];
}

static void grow(struct watch *watch)
{
	size_t cap = watch->cap_flows ? 2 * watch->cap_flows : 256;
	struct flow *flows = world_alloc(cap, sizeof(*flows));

	for (size_t i = 0; i < watch->cap_flows; i++)
		if (watch->flows[i].key != 0)
			*place_of(flows, cap, watch->flows[i].key) = watch->flows[i];
	free(watch->flows);
	watch->flows = flows;
	watch->cap_flows = cap;
}

/* A connection from a tunnel to an address, of the router's present life. */
static struct flow *flow_of(struct site_tunnel *t, uint32_t other, uint16_t id)
{
	const uint64_t key = key_of(t, other, id);
	struct watch *watch = t->site->world->watch;
	struct flow *f;

	if (2 * watch->n_flows >= watch->cap_flows)
		grow(watch);
	f = place_of(watch->flows, watch->cap_flows, key);
	watch->n_flows += f->key == 0;
	if (f->key == 0 || f->life != t->site->lives)
		*f = (struct flow){ .key = key, .life = t->site->lives };
	return f;
}

static uint64_t digest_of(struct rd r)
{
	uint64_t d = 0xCBF29CE484222325u;

	while (rd_left(&r) > 0)
		d = (d ^ rd_u8(&r)) * 0x100000001B3u;
	return d;
}

static uint16_t after(uint16_t sequence)
{
	return sequence == UINT16_MAX ? 1 : (uint16_t)(sequence + 1);
}

void watch_open_rsp(struct site_tunnel *from, uint32_t to, const struct aurp *h)
{
	struct flow *f = flow_of(from, to, h->connection);

	f->is_open = f->may_restart = true;
}

/* Why a packet with a new number may not be sent now; NULL: it may. */
static const char *fault_of(const struct flow *f, const struct aurp *h)
{
	if (!f->is_open)
		return "on a connection that was not opened";
	if (f->may_restart && h->sequence == 1)
		return NULL;
	if (h->sequence != after(f->sequence))
		return "out of order";
	if (f->is_outstanding && h->msg != AURP_RD)
		return "before the last one was acknowledged";
	return NULL;
}

/* A router that has proved its new place keeps a connection that it still knows. */
static bool may_have_come_along(const struct flow *f, const struct jack *to)
{
	return !f->is_open && to && (to->nat || to->addr.ip != to->number);
}

bool watch_sequenced(struct site_tunnel *from, const struct passing *p, const struct aurp *h,
	struct rd aurp_packet)
{
	struct flow *f = flow_of(from, p->dst.ip, h->connection);
	uint64_t bytes = digest_of(aurp_packet);
	bool is_same = f->is_open && f->sequence == h->sequence;
	const char *fault;

	if (is_same && f->bytes == bytes)
		return false;
	fault = is_same && !f->may_restart ? "again with other bytes" : fault_of(f, h);
	/* What leaves for nowhere is seen by nobody, and counts all the same. */
	if (fault && !from->has_lost_address && !may_have_come_along(f, p->to))
		watch_say(from->site->world, from->site->config.name,
			"sends %s %u to connection %u %s (before: %u)", aurp_cmd(h->msg)->name,
			h->sequence, h->connection, fault, f->sequence);
	*f = (struct flow){ .key = f->key, .life = f->life, .sequence = h->sequence,
		.is_open = true, .is_outstanding = true, .bytes = bytes };
	return true;
}

void watch_acked(struct site_tunnel *at, uint32_t by, const struct aurp *h)
{
	struct flow *f = flow_of(at, by, h->connection);

	if (f->sequence == h->sequence)
		f->is_outstanding = false;
}
