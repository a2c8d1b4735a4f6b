/* The world of sim.h: one heap of deliveries, and every router's own deadline. */
#include "sim.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"

struct sim_event {
	struct instant at;
	uint64_t order;
	struct site *to;
	size_t tunnel;			/* SIM_TUNNELS_MAX: a frame on the cable */
	struct endpoint from;
	size_t len;
	uint8_t bytes[];
};

/* What a site hands to its router as the cookie of a tunnel's socket. */
static size_t tunnel_of_sock(void *sock)
{
	return (size_t)((uintptr_t)sock - 1);
}

static struct endpoint address(const struct site *site)
{
	return (struct endpoint){ 0x0A000001u + (uint32_t)site->index, 387 };
}

/* --- the heap of deliveries ------------------------------------------------------------ */

static bool is_earlier(const struct sim_event *a, const struct sim_event *b)
{
	int c = instant_cmp(a->at, b->at);

	return c < 0 || (c == 0 && a->order < b->order);
}

static void push(struct sim *s, struct sim_event *e)
{
	size_t i;

	e->order = s->next_order++;
	s->heap = mem_grow(s->heap, s->n_events, &s->cap_events, sizeof(*s->heap));
	for (i = s->n_events++; i > 0 && is_earlier(e, s->heap[(i - 1) / 2]); i = (i - 1) / 2)
		s->heap[i] = s->heap[(i - 1) / 2];
	s->heap[i] = e;
}

static struct sim_event *pop(struct sim *s)
{
	struct sim_event *top = s->heap[0], *last = s->heap[--s->n_events];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < s->n_events) {
		if (child + 1 < s->n_events && is_earlier(s->heap[child + 1], s->heap[child]))
			child++;
		if (!is_earlier(s->heap[child], last))
			break;
		s->heap[i] = s->heap[child];
		i = child;
	}
	s->heap[i] = last;
	return top;
}

static void post(struct site *to, size_t tunnel, struct endpoint from, const struct pkt *p,
	struct span delay)
{
	struct sim_event *e = mem_new(1, sizeof(*e) + p->len);

	e->at = instant_add(to->sim->now, delay);
	e->to = to;
	e->tunnel = tunnel;
	e->from = from;
	e->len = p->len;
	memcpy(e->bytes, p->data, p->len);
	push(to->sim, e);
}

/* --- what a router needs from outside -------------------------------------------------- */

static void note_packet(struct sim *s, const struct pkt *p)
{
	uint16_t type = p->len >= 22 ? (uint16_t)(p->data[20] << 8 | p->data[21]) : 0;

	for (size_t i = 0; i < p->len; i++)
		s->digest = (s->digest ^ p->data[i]) * 0x100000001B3u;
	s->digest ^= (uint64_t)s->now.us;
	if (type == 2) {
		s->data++;
	} else if (type == 3 && p->len >= 30) {
		s->sent[p->data[27] & 15]++;
		s->largest = p->len > s->largest ? p->len : s->largest;
	}
}

static bool happens(struct sim *s, unsigned percent)
{
	return prng_range(&s->prng, 1, 100) <= percent;
}

static void on_send_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *p)
{
	struct site *site = ctx;
	struct sim *s = site->sim;
	size_t index = to.ip - 0x0A000001u;

	note_packet(s, p);
	assert(index < s->n_sites);
	for (unsigned copies = happens(s, s->dup_percent) ? 2 : 1; copies > 0; copies--) {
		int64_t us = (int64_t)prng_range(&s->prng, (uint32_t)s->delay_min.us,
			(uint32_t)s->delay_max.us);

		if (!happens(s, s->loss_percent))
			post(&s->sites[index], tunnel_of_sock(sock), address(site), p, span_us(us));
	}
}

static void on_send_link(void *ctx, void *link, const struct pkt *frame)
{
	struct site *site = ctx;

	(void)link;
	for (size_t i = 0; i < site->sim->n_sites; i++) {
		struct site *other = &site->sim->sites[i];

		if (other != site && other->cable == site->cable)
			post(other, SIM_TUNNELS_MAX, address(site), frame, span_us(100));
	}
}

static void on_multicast(void *ctx, void *link, struct mac group, bool join)
{
	(void)ctx;
	(void)link;
	(void)group;
	(void)join;
}

static void on_node(void *ctx, void *link, uint8_t node)
{
	(void)ctx;
	(void)link;
	(void)node;
}

static void on_trace(void *ctx, const struct trace_event *e)
{
	struct site *site = ctx;

	site->traces[e->kind]++;
	if (e->kind == TRACE_DROPPED)
		site->drops[e->drop]++;
}

/* --- sites ----------------------------------------------------------------------------- */

struct sim *sim_new(uint64_t seed)
{
	struct sim *s = mem_new(1, sizeof(*s));

	prng_init(&s->prng, seed);
	s->now = (struct instant){ 1000000 };
	s->delay_min = span_ms(5);
	s->delay_max = span_ms(40);
	return s;
}

static void free_config(struct config *c)
{
	for (size_t i = 0; i < c->n_ports; i++)
		free(c->ports[i].zones);
	for (size_t i = 0; i < c->n_tunnels; i++)
		free(c->tunnels[i].peers);
	free(c->ports);
	free(c->tunnels);
}

void sim_free(struct sim *s)
{
	for (size_t i = 0; i < s->n_sites; i++) {
		if (s->sites[i].router)
			router_free(s->sites[i].router);
		free_config(&s->sites[i].config);
	}
	while (s->n_events)
		free(pop(s));
	free(s->heap);
	free(s);
}

static struct at_name name_of(const char *text)
{
	struct at_name n = { .len = (uint8_t)strlen(text) };

	assert(strlen(text) <= AT_ZONE_NAME_MAX);
	memcpy(n.byte, text, n.len);
	return n;
}

struct site *sim_add_site(struct sim *s, uint16_t first, uint16_t last, const char *zone,
	size_t cable)
{
	struct site *site = &s->sites[s->n_sites];
	struct config *c = &site->config;

	assert(s->n_sites < SIM_SITES_MAX);
	site->sim = s;
	site->index = s->n_sites++;
	site->cable = cable;
	c->max_networks = 4096;
	c->max_zones = 4096;
	snprintf(c->name, sizeof c->name, "site%zu", site->index);
	c->nbp_name = name_of(c->name);
	c->tunnels = mem_new(SIM_TUNNELS_MAX, sizeof(*c->tunnels));
	if (first > 0) {
		c->ports = mem_new(1, sizeof(*c->ports));
		c->n_ports = 1;
		strcpy(c->ports[0].name, "lan");
		c->ports[0].range = (struct at_range){ first, last, true };
		c->ports[0].zones = mem_new(1, sizeof(struct at_name));
		c->ports[0].zones[0] = name_of(zone);
		c->ports[0].n_zones = 1;
	}
	return site;
}

static struct config_tunnel *tunnel_config(struct site *site, size_t tunnel)
{
	struct config *c = &site->config;

	while (c->n_tunnels <= tunnel) {
		struct config_tunnel *t = &c->tunnels[c->n_tunnels];

		snprintf(t->name, sizeof t->name, "t%zu", c->n_tunnels++);
		t->listen = (struct endpoint){ 0, 387 };
		t->update_interval = span_s(10);
		t->last_heard_timeout = span_s(90);
	}
	return &c->tunnels[tunnel];
}

void sim_mesh(struct sim *s, size_t tunnel, const size_t *members, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct config_tunnel *t = tunnel_config(&s->sites[members[i]], tunnel);

		t->peers = mem_new(n, sizeof(*t->peers));
		for (size_t k = 0; k < n; k++) {
			struct config_peer *p = &t->peers[t->n_peers];

			if (k == i)
				continue;
			snprintf(p->name, sizeof p->name, "site%zu", members[k]);
			strcpy(p->host, p->name);
			p->port = 387;
			t->n_peers++;
		}
	}
}

static void open_tunnels(struct site *site)
{
	struct sim *s = site->sim;

	for (size_t i = 0; i < site->config.n_tunnels; i++) {
		const struct config_tunnel *c = &site->config.tunnels[i];
		struct tunnel *t = router_find_tunnel(site->router, c->name);

		router_tunnel_up(site->router, s->now, t, (void *)(uintptr_t)(i + 1),
			(struct domain_id){ DI_IP, address(site).ip });
		for (size_t k = 0; k < c->n_peers; k++) {
			size_t index = strtoul(c->peers[k].name + 4, NULL, 10);
			struct endpoint to = address(&s->sites[index]);

			router_peer_addresses(site->router, s->now, t, c->peers[k].name, &to, 1);
		}
	}
}

void site_switch_on(struct site *site)
{
	struct sim *s = site->sim;
	struct router_io io = { site, on_send_link, on_send_tunnel, on_multicast, on_node,
		on_trace };
	uint64_t seed = (uint64_t)prng_u32(&s->prng) << 32 | site->index;

	assert(!site->router);
	memset(site->drops, 0, sizeof site->drops);
	memset(site->traces, 0, sizeof site->traces);
	site->router = router_new(&io, seed, s->now);
	router_apply(site->router, s->now, &site->config);
	site->port = router_find_port(site->router, "lan");
	if (site->port)
		router_link_up(site->router, s->now, site->port, site,
			(struct mac){ { 2, 0, 0, 0, 1, (uint8_t)site->index } });
	open_tunnels(site);
}

void site_crash(struct site *site)
{
	router_free(site->router);
	site->router = NULL;
	site->port = NULL;
}

void site_stop(struct site *site)
{
	router_shutdown(site->router, site->sim->now);
	for (int i = 0; i < 60 && !router_is_stopped(site->router); i++)
		sim_run(site->sim, span_ms(100));
	assert(router_is_stopped(site->router));
	site_crash(site);
}

/* --- time ------------------------------------------------------------------------------ */

static void deliver(struct sim *s, struct sim_event *e)
{
	uint8_t storage[PKT_HEADROOM + 2048];
	struct pkt p = pkt_over(storage, sizeof storage, PKT_HEADROOM);
	struct router *r = e->to->router;

	assert(e->len <= pkt_tailroom(&p));
	memcpy(p.data, e->bytes, e->len);
	p.len = e->len;
	if (r && e->tunnel == SIM_TUNNELS_MAX && e->to->port)
		router_rx_link(r, s->now, e->to->port, &p);
	else if (r && e->tunnel < e->to->config.n_tunnels)
		router_rx_tunnel(r, s->now,
			router_find_tunnel(r, e->to->config.tunnels[e->tunnel].name), e->from, &p);
	free(e);
}

static struct router *next_router(struct sim *s, struct instant *due)
{
	struct router *next = NULL;

	*due = INSTANT_NEVER;
	for (size_t i = 0; i < s->n_sites; i++) {
		struct router *r = s->sites[i].router;

		if (r && instant_cmp(router_deadline(r), *due) < 0) {
			next = r;
			*due = router_deadline(r);
		}
	}
	return next;
}

void sim_run(struct sim *s, struct span d)
{
	struct instant end = instant_add(s->now, d);

	for (;;) {
		struct instant due;
		struct router *r = next_router(s, &due);

		if (s->n_events && instant_cmp(s->heap[0]->at, due) <= 0) {
			if (instant_cmp(s->heap[0]->at, end) > 0)
				break;
			s->now = s->heap[0]->at;
			deliver(s, pop(s));
		} else {
			if (!r || instant_cmp(due, end) > 0)
				break;
			s->now = instant_cmp(due, s->now) > 0 ? due : s->now;
			router_tick(r, s->now);
		}
	}
	s->now = end;
}

void sim_forget_counts(struct sim *s)
{
	memset(s->sent, 0, sizeof s->sent);
	s->data = 0;
	s->largest = 0;
}

/* --- what a site knows ----------------------------------------------------------------- */

struct search {
	uint16_t net;
	struct at_name zone;
	bool found;
	unsigned hops;
};

static void look_for_net(void *ctx, const struct route_info *info)
{
	struct search *q = ctx;

	if (at_range_has(info->range, q->net) && info->zones_complete &&
		strcmp(info->state, "bad") != 0) {
		q->found = true;
		q->hops = info->distance;
	}
}

bool site_knows(struct site *site, uint16_t net, unsigned *hops)
{
	struct search q = { .net = net };

	router_walk_routes(site->router, look_for_net, &q);
	if (hops)
		*hops = q.hops;
	return q.found;
}

static void look_for_zone(void *ctx, const struct zone_info *info)
{
	struct search *q = ctx;

	if (info->name->len == q->zone.len &&
		memcmp(info->name->byte, q->zone.byte, q->zone.len) == 0)
		q->found |= info->n_nets > 0;
}

bool site_sees_zone(struct site *site, const char *zone)
{
	struct search q = { .zone = name_of(zone) };

	router_walk_zones(site->router, look_for_zone, &q);
	return q.found;
}

size_t site_networks(struct site *site)
{
	return router_summary(site->router).networks;
}
