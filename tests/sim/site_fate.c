/*
 * What happens to a router's process and to the names that it asks for: stopped
 * and started again at once, frozen for minutes (its socket keeps some datagrams),
 * a name service that lags, and the shell's manner of asking it again. site.c
 * carries packets; the random worlds and tests call.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* What the kernel keeps of a stopped process's datagrams. */
enum { SOCKET_KEEPS = 64, POLL_MS = 20 };

struct kept {
	struct list in_site;
	struct site_tunnel *tunnel;
	struct endpoint from;
	size_t len;
	uint8_t bytes[];
};

/* --- stopped and started --------------------------------------------------------------- */

static void start_again(struct world *w, void *ctx)
{
	struct site *site = ctx;

	if (!site->router && !site->is_dead)
		site_switch_on(site);
	else if (site->is_stopping)
		world_call(w, span_ms(POLL_MS), start_again, site);
}

static void await_end(struct world *w, void *ctx)
{
	struct site *site = ctx;

	if (site->is_stopping)
		world_call(w, span_ms(POLL_MS), await_end, site);
	else
		world_call(w, site->pause, start_again, site);
}

void site_restart(struct site *site, struct span pause)
{
	if (!site->router || site->is_stopping)
		return;
	site->pause = pause;
	site_begin_stop(site);
	await_end(site->world, site);
}

/* --- frozen ---------------------------------------------------------------------------- */

void site_freeze(struct site *site)
{
	site->is_frozen = site->router != NULL;
}

void site_keep(struct site_tunnel *t, struct endpoint from, const struct pkt *payload)
{
	struct site *site = t->site;
	struct kept *k;

	if (site->n_kept == SOCKET_KEEPS)
		return;
	k = world_alloc(1, sizeof(*k) + payload->len);
	k->tunnel = t;
	k->from = from;
	k->len = payload->len;
	memcpy(k->bytes, payload->data, k->len);
	list_append(&site->kept, &k->in_site);
	site->n_kept++;
}

static struct kept *take_kept(struct site *site)
{
	struct kept *k = container_of(site->kept.next, struct kept, in_site);

	list_remove(&k->in_site);
	site->n_kept--;
	return k;
}

void site_forget_kept(struct site *site)
{
	while (!list_is_empty(&site->kept))
		free(take_kept(site));
	site->is_frozen = false;
}

void site_thaw(struct site *site)
{
	if (!site->is_frozen)
		return;
	site->is_frozen = false;
	while (!list_is_empty(&site->kept)) {
		struct kept *k = take_kept(site);
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		memcpy(p->data, k->bytes, k->len);
		p->len = k->len;
		if (site->router)
			k->tunnel->jack.receive(&k->tunnel->jack, k->from, p);
		free(k);
	}
	site_wake(site);
}

/* --- names ----------------------------------------------------------------------------- */

/* The shell asks the names of lost peers often, for a while, and all names now and then. */
static const struct span asks_often = { 300 * 1000000 };
static const struct span asks_every = { 300 * 1000000 };
static const int64_t asks_after_s[] = { 1, 2, 4, 8, 10 };

static struct span next_ask(struct site_peer *peer)
{
	struct world *w = peer->tunnel->site->world;
	size_t i = peer->asks;

	if (!peer->is_lost || span_cmp(instant_since(w->now, peer->lost), asks_often) > 0)
		return asks_every;
	if (i + 1 < sizeof asks_after_s / sizeof *asks_after_s)
		peer->asks++;
	return span_s(asks_after_s[i]);
}

static void arm(struct site_peer *peer)
{
	struct world *w = peer->tunnel->site->world;

	timer_set(&w->queue, &peer->ask, instant_add(w->now, next_ask(peer)));
}

static void on_ask(struct timer *t)
{
	struct site_peer *peer = container_of(t, struct site_peer, ask);

	arm(peer);
	peer_resolve(peer);
}

void peer_init_names(struct site_peer *peer)
{
	timer_init(&peer->ask, on_ask);
}

void site_begin_names(struct site *site)
{
	for (size_t i = 0; site->world->asks_names && i < site->tunnels.n; i++)
		for (size_t k = 0; k < site_tunnel(site, i)->peers.n; k++) {
			struct site_peer *peer = site_tunnel(site, i)->peers.at[k];

			peer->is_lost = false;
			arm(peer);
		}
}

void site_end_names(struct site *site)
{
	for (size_t i = 0; i < site->tunnels.n; i++)
		for (size_t k = 0; k < site_tunnel(site, i)->peers.n; k++) {
			struct site_peer *peer = site_tunnel(site, i)->peers.at[k];

			timer_cancel(&site->world->queue, &peer->ask);
			peer->resolved = (struct endpoint){ 0, 0 };
		}
}

static struct site_peer *peer_of_trace(const struct site *site, const struct trace_event *e)
{
	for (size_t i = 0; i < site->tunnels.n; i++) {
		const struct site_tunnel *t = site_tunnel(site, i);

		for (size_t k = 0; strcmp(t->config.name, e->tunnel) == 0 && k < t->peers.n; k++) {
			struct site_peer *peer = t->peers.at[k];

			if (strcmp(peer->name, e->peer) == 0)
				return peer;
		}
	}
	return NULL;
}

void site_trace_names(struct site *site, const struct trace_event *e)
{
	struct site_peer *peer;

	if (!site->world->asks_names || site->is_going ||
		(e->kind != TRACE_PEER_DOWN && e->kind != TRACE_PEER_UP))
		return;
	peer = peer_of_trace(site, e);
	if (!peer)
		return;
	peer->is_lost = e->kind == TRACE_PEER_DOWN;
	peer->lost = site->world->now;
	peer->asks = 0;
	arm(peer);
}

/* --- moving ---------------------------------------------------------------------------- */

static void list_as_it_is(struct jack *j)
{
	struct nat *n = j->nat;

	while (n && n->outer)
		n = n->outer;
	if (n)
		n->listed = n->ip;
	else
		j->listed = j->addr.ip;
}

static void on_news(struct world *w, void *ctx)
{
	(void)w;
	list_as_it_is(ctx);
}

void world_list_all(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		for (size_t k = 0; k < world_site(w, i)->tunnels.n; k++)
			list_as_it_is(&site_tunnel(world_site(w, i), k)->jack);
}

/* An own address moves; behind a translator, that of the outermost one does. */
void site_move_unlisted(struct site *site, size_t tunnel, struct span lag)
{
	struct jack *j = &site_tunnel(site, tunnel)->jack;
	struct nat *n = j->nat;
	uint32_t old = j->listed;

	while (n && n->outer)
		n = n->outer;
	if (n) {
		nat_move(n);
	} else {
		site_move(site, tunnel);
		j->listed = old;
	}
	world_call(site->world, lag, on_news, j);
}
