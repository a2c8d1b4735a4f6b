/*
 * Meshes: UDP between jacks, with weather, dead directions, partitions, a
 * rewriting NAT, and rules for single packets. Sites' tunnels and scripts send.
 */
#include "world.h"

#include <stdlib.h>

#include "alloc.h"
#include "nat.h"

enum { PAYLOAD_MAX = 1472, HELD_BACK = 5 };

struct packet {
	struct flight flight;
	struct mesh *mesh;
	struct nat *where;		/* inside which translator; NULL: outside of all */
	struct endpoint src, dst;
	size_t len;
	uint8_t bytes[];
};

static const struct weather fair = { .delay_min = { 5 * 1000 }, .delay_max = { 40 * 1000 } };

struct mesh *world_add_mesh(struct world *w)
{
	struct mesh *m = world_alloc(1, sizeof(*m));

	m->world = w;
	m->index = w->meshes.n;
	m->weather = fair;
	things_add(&w->meshes, m);
	w->topology++;
	return m;
}

void mesh_forget_intercepts(struct mesh *m)
{
	for (size_t i = 0; i < m->intercepts.n; i++)
		free(m->intercepts.at[i]);
	m->intercepts.n = 0;
}

void world_free_meshes(struct world *w)
{
	for (size_t i = 0; i < w->meshes.n; i++) {
		struct mesh *m = w->meshes.at[i];

		mesh_forget_intercepts(m);
		free(m->intercepts.at);
		free(m->jacks.at);
		free(m->cuts);
		free(m);
	}
	free(w->meshes.at);
}

/* --- jacks ----------------------------------------------------------------------------- */

/* Addresses are given out once, in a row: the table of who has them is an array. */
static void take_next_address(struct jack *j)
{
	struct world *w = j->mesh->world;

	j->addr = (struct endpoint){ WORLD_FIRST_IP + (uint32_t)w->addresses.n, AURP_PORT };
	j->listed = j->addr.ip;
	things_add(&w->addresses, j);
}

static void give_address_up(struct jack *j)
{
	j->mesh->world->addresses.at[j->addr.ip - WORLD_FIRST_IP] = NULL;
}

struct jack *world_find_jack(struct world *w, uint32_t ip)
{
	return ip - WORLD_FIRST_IP < w->addresses.n ? w->addresses.at[ip - WORLD_FIRST_IP] : NULL;
}

void jack_plug(struct jack *j, struct mesh *m)
{
	j->mesh = m;
	take_next_address(j);
	j->number = j->addr.ip;
	things_add(&m->jacks, j);
}

void jack_move(struct jack *j)
{
	uint16_t port = j->addr.port;

	give_address_up(j);
	take_next_address(j);
	j->addr.port = port;
}

void jack_unplug(struct jack *j)
{
	give_address_up(j);
	things_remove(&j->mesh->jacks, j);
}

enum aurp_msg payload_msg(const struct pkt *payload)
{
	struct rd r = rd_over(payload->data, payload->len);
	struct aurp_domain domain;
	struct aurp h;

	if (aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK || domain.type != AURP_ROUTING ||
		aurp_decode(&r, &h) != AURP_OK)
		return AURP_MSG_COUNT;
	return h.msg;
}

/* --- faults ---------------------------------------------------------------------------- */

void mesh_cut(struct mesh *m, const struct jack *from, const struct jack *to, bool is_cut)
{
	size_t i = 0;

	while (i < m->n_cuts && (m->cuts[i].from != from || m->cuts[i].to != to))
		i++;
	if (is_cut && i == m->n_cuts) {
		m->cuts = mem_grow(m->cuts, m->n_cuts, &m->cap_cuts, sizeof(*m->cuts));
		m->cuts[m->n_cuts++] = (struct cut){ from, to };
	} else if (!is_cut && i < m->n_cuts) {
		m->cuts[i] = m->cuts[--m->n_cuts];
	}
}

void mesh_cut_pair(struct mesh *m, const struct jack *a, const struct jack *b, bool is_cut)
{
	mesh_cut(m, a, b, is_cut);
	mesh_cut(m, b, a, is_cut);
}

void mesh_heal(struct mesh *m)
{
	m->n_cuts = 0;
	for (size_t i = 0; i < m->jacks.n; i++)
		((struct jack *)m->jacks.at[i])->group = 0;
	m->weather = fair;
}

struct intercept *mesh_intercept(struct mesh *m, struct intercept rule)
{
	struct intercept *copy = world_alloc(1, sizeof(*copy));

	*copy = rule;
	copy->seen = copy->hit = 0;
	things_add(&m->intercepts, copy);
	return copy;
}

static bool is_cut(const struct mesh *m, const struct jack *from, const struct jack *to)
{
	if (from->group != to->group)
		return true;
	for (size_t i = 0; i < m->n_cuts; i++)
		if (m->cuts[i].from == from && m->cuts[i].to == to)
			return true;
	return false;
}

bool mesh_passes(const struct mesh *m, const struct jack *a, const struct jack *b)
{
	return m->weather.loss == 0 && span_cmp(m->weather.delay_max, fair.delay_max) <= 0 &&
	       !is_cut(m, a, b) && !is_cut(m, b, a);
}

static void judge(struct mesh *m, struct passing *p)
{
	for (size_t i = 0; i < m->intercepts.n; i++) {
		struct intercept *rule = m->intercepts.at[i];

		if ((rule->from && rule->from != p->from) || (rule->to && rule->to != p->to) ||
			(rule->msg != AURP_MSG_COUNT && rule->msg != p->msg))
			continue;
		rule->seen++;
		if (rule->seen < rule->first || rule->seen - rule->first >= rule->count)
			continue;
		rule->hit++;
		p->fate = rule->fate;
		p->delay = rule->delay;
	}
	if (m->tap)
		m->tap(m->tap_ctx, p);
}

/* --- packets --------------------------------------------------------------------------- */

static void on_arrival(struct timer *t)
{
	struct packet *q = container_of(t, struct packet, flight.timer);
	struct jack *to = nat_in(q->mesh, q->where, q->src, q->dst, true);
	uint8_t storage[PKT_HEADROOM + PAYLOAD_MAX];
	struct pkt p = pkt_over(storage, sizeof storage, PKT_HEADROOM);

	list_remove(&q->flight.in_world);
	memcpy(p.data, q->bytes, q->len);
	p.len = q->len;
	if (to)
		to->receive(to, q->src, &p);
	free(q);
}

static void put_on_way(struct mesh *m, struct nat *where, const struct passing *p,
	struct span extra)
{
	struct packet *q = world_alloc(1, sizeof(*q) + p->payload->len);
	struct span delay = world_between(m->world, m->weather.delay_min, m->weather.delay_max);

	if (world_chance(m->world, m->weather.reorder))
		delay.us *= prng_range(&m->world->prng, 1, HELD_BACK);
	q->mesh = m;
	q->where = where;
	q->src = p->src;
	q->dst = p->dst;
	q->len = p->payload->len;
	memcpy(q->bytes, p->payload->data, q->len);
	world_take_off(m->world, &q->flight, on_arrival, span_us(delay.us + extra.us));
}

static bool has_mate(const struct passing *p)
{
	return (p->from && mate_of_jack(p->from->mesh->world, p->from)) ||
	       (p->to && mate_of_jack(p->to->mesh->world, p->to));
}

/* A null RI-Upd, or its RI-Ack. */
static bool is_probe(const struct passing *p)
{
	const size_t null_len = AURP_DOMAIN_HEADER + AURP_HEADER + 4;

	return (p->msg == AURP_RI_UPD && p->payload->len <= null_len) || p->msg == AURP_RI_ACK;
}

/* Its call from the other port may have made it a second peer, that is the same router. */
static bool may_have_two_places(const struct passing *p)
{
	return (p->from && jack_calls_from_elsewhere(p->from)) ||
	       (p->to && jack_calls_from_elsewhere(p->to));
}

/*
 * What a tunnel at rest may carry: tickles, and the dialling of those who are off, or
 * connected under another name; the latter asks back. Some mates never tickle while they
 * hear anything, so a data sender must ask.
 */
static bool is_quiet(const struct passing *p)
{
	bool is_off = !p->to || (p->to->tunnel && !p->to->tunnel->handle);

	switch (p->msg) {
	case AURP_TICKLE:
	case AURP_TICKLE_ACK:
		return true;
	case AURP_OPEN_REQ:
		return is_off || may_have_two_places(p);
	default:
		return is_probe(p) && (has_mate(p) || may_have_two_places(p));
	}
}

static void count(struct mesh *m, const struct passing *p)
{
	struct traffic *t = &m->world->traffic;

	/* A mate may repeat itself for ever (Q-rows of its make): that is not our unrest. */
	if (!is_quiet(p) && p->from->tunnel)
		m->world->unquiet = m->world->now;
	if (p->msg == AURP_MSG_COUNT) {
		t->data++;
		return;
	}
	t->msg[p->msg]++;
	t->largest = p->payload->len > t->largest ? p->payload->len : t->largest;
}

void jack_send(struct jack *from, struct endpoint to, const struct pkt *payload)
{
	struct mesh *m = from->mesh;
	struct passing p = {
		.from = from,
		.src = { from->addr.ip, from->nat_port ? from->nat_port : from->addr.port },
		.dst = to,
		.payload = payload,
		.msg = payload_msg(payload),
		.fate = FATE_PASS,
	};
	struct nat *where = NULL;
	/* Who has lost its address sends for nothing, and does not know it. */
	bool has_address = !from->tunnel || !from->tunnel->has_lost_address;
	bool is_out = nat_out(from, to, &p.src, &where) && has_address;

	p.to = nat_in(m, where, p.src, to, false);
	world_note(m->world, from->number, payload);
	count(m, &p);
	if (from->tunnel)
		watch_tunnel_sent(from->tunnel, &p);
	judge(m, &p);
	if (!is_out || !p.to || payload->len > PAYLOAD_MAX || p.fate == FATE_LOSE ||
		is_cut(m, from, p.to) || world_chance(m->world, m->weather.loss))
		return;
	put_on_way(m, where, &p, p.fate == FATE_DELAY ? p.delay : span_us(0));
	if (p.fate == FATE_DOUBLE)
		put_on_way(m, where, &p, p.delay);
	if (world_chance(m->world, m->weather.dup))
		put_on_way(m, where, &p, span_us(0));
}

void mesh_forge(struct mesh *m, struct endpoint src, struct endpoint dst,
	const struct pkt *payload)
{
	const struct passing p = { .src = src, .dst = dst, .payload = payload };

	world_note(m->world, src.ip, payload);
	put_on_way(m, NULL, &p, span_us(0));
}
