/*
 * The invariants of AppleTalk datagrams. Those of end nodes' echoes are known by
 * the tag in their data: at each router the hop count rises, after 15 nobody but
 * the destination's cable gets them, and none passes a router twice. Only in a
 * ring whose routes are not calm (watch_calm.c) may one come around again, each
 * time two hops older at least: a router is never its own next router. Copies
 * that the world made have the same hop count and are no loop.
 */
#include "watch_state.h"

#include <stdlib.h>

#include "aep.h"
#include "ddp.h"
#include "elap.h"
#include "llap.h"

enum { PASSAGES_KEPT = 1 << 15 };

/* --- which datagram, where ------------------------------------------------------------- */

static struct passage *place_of(struct watch *watch, uint64_t key, uint32_t site)
{
	uint64_t mixed = (key ^ (uint64_t)site << 40) * 0x9E3779B97F4A7C15u;
	size_t i = (size_t)(mixed >> 20) & (watch->cap_passages - 1);

	while (watch->passages[i].key != 0 &&
		(watch->passages[i].key != key || watch->passages[i].site != site))
		i = (i + 1) & (watch->cap_passages - 1);
	return &watch->passages[i];
}

static void forget_passages(struct watch *watch)
{
	if (watch->passages)
		memset(watch->passages, 0, watch->cap_passages * sizeof(*watch->passages));
	watch->n_passages = 0;
}

static struct passage *passage_of(struct site *site, uint64_t key)
{
	struct watch *watch = site->world->watch;
	struct passage *p;

	if (!watch->passages) {
		watch->cap_passages = (size_t)2 * PASSAGES_KEPT;
		watch->passages = world_alloc(watch->cap_passages, sizeof(*watch->passages));
	}
	if (watch->n_passages == PASSAGES_KEPT)
		forget_passages(watch);
	p = place_of(watch, key, (uint32_t)site->index);
	watch->n_passages += p->key == 0;
	p->key = key;
	p->site = (uint32_t)site->index;
	return p;
}

/* The key of an end node's echo; 0: it is another datagram. */
static uint64_t key_of(struct rd r, struct ddp *d)
{
	enum aep_function function;
	uint32_t tag;

	if (!ddp_decode_long(&r, d) || d->type != DDP_AEP || !aep_decode(&r, &function) ||
		rd_u32(&r) != ECHO_MARK)
		return 0;
	tag = rd_u32(&r);
	return rd_ok(&r) ? (uint64_t)function << 32 | tag : 0;
}

/* --- at a router ----------------------------------------------------------------------- */

void watch_datagram_in(struct site *site, const struct pkt *packet)
{
	struct ddp d;
	uint64_t key = key_of(rd_over(packet->data, packet->len), &d);
	struct passage *p;

	if (key == 0)
		return;
	p = passage_of(site, key);
	if (!p->has_in || d.hops < p->hops_in)
		p->hops_in = d.hops;
	p->has_in = true;
}

static bool rose(const struct passage *p, uint8_t hops)
{
	return !p->has_in || hops > p->hops_in || p->hops_in == AT_HOPS_MAX;
}

static void judge_return(struct site *site, struct passage *p, const struct ddp *d)
{
	struct world *w = site->world;
	bool is_return = p->has_out && p->hops_out != d->hops;

	if (watch_judges(w, d->dst.net, watch_has_ring(w, site, NULL), is_return))
		watch_say(w, site->config.name, "%08llx passes for the second time: %u, %u hops",
			(unsigned long long)p->key, p->hops_out, d->hops);
	if (!p->has_out)
		p->hops_out = d->hops;
	p->has_out = true;
	p->all_out |= (uint16_t)(1u << (d->hops & AT_HOPS_MAX));
	if (p->all_out & p->all_out << 1)
		watch_say(w, site->config.name, "%08llx comes back at once: hop counts %04x",
			(unsigned long long)p->key, p->all_out);
}

void watch_datagram_out(struct site *site, const struct lan *lan, const struct pkt *packet)
{
	struct world *w = site->world;
	struct ddp d;
	uint64_t key = key_of(rd_over(packet->data, packet->len), &d);
	struct passage *p;

	if (key == 0)
		return;
	p = passage_of(site, key);
	if (!rose(p, d.hops))
		watch_say(w, site->config.name, "hop count of %08llx does not rise: %u, %u",
			(unsigned long long)key, p->hops_in, d.hops);
	if (p->has_in && p->hops_in == AT_HOPS_MAX && !(lan && watch_lan_has(w, lan, d.dst.net)))
		watch_say(w, site->config.name, "%08llx goes past its hop limit",
			(unsigned long long)key);
	judge_return(site, p, &d);
}

/* --- frames ---------------------------------------------------------------------------- */

/* Leaves `p` at the datagram with a long header in a frame; false: there is none. */
static bool open_frame(const struct lan *lan, struct pkt *p)
{
	struct elap e;
	struct llap l;

	if (lan->kind == PORT_ETHERTALK)
		return elap_pull(p, &e) == ELAP_OK && e.kind == ELAP_DDP;
	return llap_pull(p, &l) == LLAP_OK && l.type == LLAP_DDP_LONG;
}

void watch_link_sent(struct site_port *from, const struct pkt *frame)
{
	struct pkt p = *frame;

	if (from->site->is_excused)
		return;
	if (from->site->is_going || !from->site->router)
		watch_say(from->site->world, from->site->config.name, "frame after the crash");
	if (open_frame(from->lan, &p))
		watch_datagram_out(from->site, from->lan, &p);
}

void watch_link_heard(struct site_port *to, const struct pkt *frame)
{
	struct pkt p = *frame;

	if (!to->site->is_excused && open_frame(to->lan, &p))
		watch_datagram_in(to->site, &p);
}
