/*
 * Sites: what the daemon's shell does for a router, done for a simulated one.
 * Makes its configuration from ports and tunnels, hands it links, sockets and
 * the addresses of peers, carries its packets, keeps its deadline in the queue.
 */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { LIMIT = 4096, UPDATE_INTERVAL_S = 10, LAST_HEARD_S = 90 };

/* --- in and out of the core ------------------------------------------------------------ */

static void power_off(struct site *site);

static void leave(struct site *site)
{
	struct world *w = site->world;
	struct instant due = router_deadline(site->router);

	memory_leave_router();
	if (instant_cmp(due, w->now) < 0)
		due = w->now;
	if (!timer_is_set(&site->tick) || instant_cmp(due, site->tick.due) != 0)
		timer_set(&w->queue, &site->tick, due);
	if (site->is_stopping && router_is_stopped(site->router))
		power_off(site);
}

static void on_tick(struct timer *t)
{
	struct site *site = container_of(t, struct site, tick);

	if (!site->is_frozen)
		site_wake(site);
}

void site_wake(struct site *site)
{
	if (!site->router)
		return;
	memory_enter_router();
	router_tick(site->router, site->world->now);
	leave(site);
}

static void on_frame(struct station *s, struct pkt *frame)
{
	struct site_port *p = container_of(s, struct site_port, station);

	if (!p->handle || p->site->is_frozen)
		return;
	watch_link_heard(p, frame);
	memory_enter_router();
	router_rx_link(p->site->router, p->site->world->now, p->handle, frame);
	leave(p->site);
}

static void on_packet(struct jack *j, struct endpoint from, struct pkt *payload)
{
	struct site_tunnel *t = j->tunnel;

	if (!t->handle)
		return;
	if (t->site->is_frozen) {
		site_keep(t, from, payload);
		return;
	}
	watch_tunnel_heard(t, from, payload);
	memory_enter_router();
	router_rx_tunnel(t->site->router, t->site->world->now, t->handle, from, payload);
	leave(t->site);
	if (t->site->router)
		watch_tunnel_done(t->site);
}

/* --- what a router needs from outside -------------------------------------------------- */

static void on_send_link(void *ctx, void *link, const struct pkt *frame)
{
	bool was = memory_leave_for_world();
	struct site_port *p = link;
	const struct site *site = ctx;

	watch_link_sent(p, frame);
	lan_send(&p->station, (uint32_t)site->index << 8, frame);
	memory_back_to_router(was);
}

static void on_send_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload)
{
	bool was = memory_leave_for_world();
	struct site_tunnel *t = sock;

	(void)ctx;
	jack_send(&t->jack, to, payload);
	memory_back_to_router(was);
}

static void on_multicast(void *ctx, void *link, struct mac group, bool join)
{
	bool was = memory_leave_for_world();
	struct site_port *p = link;

	(void)ctx;
	station_listen(&p->station, group, join);
	memory_back_to_router(was);
}

static void on_node(void *ctx, void *link, uint8_t node)
{
	(void)ctx;
	(void)link;
	(void)node;
}

static void on_trace(void *ctx, const struct trace_event *e)
{
	bool was = memory_leave_for_world();
	struct site *site = ctx;

	site->traces[e->kind]++;
	watch_traced(site, e);
	site_trace_names(site, e);
	if (e->kind == TRACE_DROPPED)
		site->drops[e->drop]++;
	if (site->on_trace)
		site->on_trace(site, e);
	memory_back_to_router(was);
}

/* --- making a site --------------------------------------------------------------------- */

struct site *world_add_site(struct world *w)
{
	struct site *site = world_alloc(1, sizeof(*site));

	site->world = w;
	site->index = w->sites.n;
	site->config.max_networks = LIMIT;
	site->config.max_zones = LIMIT;
	snprintf(site->config.name, sizeof site->config.name, "site%zu", site->index);
	site->config.nbp_name = name_of(site->config.name);
	timer_init(&site->tick, on_tick);
	list_init(&site->kept);
	things_add(&w->sites, site);
	w->topology++;
	return site;
}

struct site_port *site_add_port(struct site *site, struct lan *lan, enum seed_mode seed,
	struct at_range range, const char *zone)
{
	struct site_port *p = world_alloc(1, sizeof(*p));
	uint8_t number = (uint8_t)site->ports.n;

	p->site = site;
	p->station.receive = on_frame;
	p->station.lan = NULL;
	p->station.mac = (struct mac){ { 2, 0, 0, number, (uint8_t)(site->index >> 8),
		(uint8_t)site->index } };
	p->lan = lan;
	p->config.kind = lan->kind;
	p->config.seed = seed;
	p->config.range = range;
	p->config.range.extended = lan->kind == PORT_ETHERTALK;
	snprintf(p->config.name, sizeof p->config.name, "p%u", (unsigned)number);
	things_add(&site->ports, p);
	if (zone)
		port_add_zone(p, zone);
	site->world->topology++;
	return p;
}

struct site_tunnel *mesh_join_alone(struct mesh *m, struct site *site)
{
	struct site_tunnel *t = world_alloc(1, sizeof(*t));

	t->site = site;
	t->jack.tunnel = t;
	t->jack.receive = on_packet;
	jack_plug(&t->jack, m);
	snprintf(t->config.name, sizeof t->config.name, "t%zu", site->tunnels.n);
	t->config.listen = (struct endpoint){ 0, AURP_PORT };
	t->config.update_interval = span_s(UPDATE_INTERVAL_S);
	t->config.last_heard_timeout = span_s(LAST_HEARD_S);
	things_add(&site->tunnels, t);
	site->world->topology++;
	return t;
}

void world_free_sites(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		if (world_site(w, i)->router)
			site_crash(world_site(w, i));
	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++) {
			free(site_port(site, k)->config.zones);
			free(site->ports.at[k]);
		}
		for (size_t k = 0; k < site->tunnels.n; k++) {
			struct site_tunnel *t = site_tunnel(site, k);

			for (size_t n = 0; n < t->peers.n; n++)
				free(t->peers.at[n]);
			free(t->peers.at);
			free(t);
		}
		free(site->ports.at);
		free(site->tunnels.at);
		free(site);
	}
	free(w->sites.at);
}

/* --- its configuration ----------------------------------------------------------------- */

static struct config_tunnel config_of_tunnel(const struct site_tunnel *t)
{
	struct config_tunnel c = t->config;

	c.peers = world_alloc(t->peers.n, sizeof(*c.peers));
	c.n_peers = 0;
	for (size_t i = 0; i < t->peers.n; i++) {
		const struct site_peer *peer = t->peers.at[i];
		struct config_peer *out = &c.peers[c.n_peers];

		if (peer->is_removed)
			continue;
		snprintf(out->name, sizeof out->name, "%s", peer->name);
		snprintf(out->host, sizeof out->host, "%s", peer->name);
		out->port = AURP_PORT;
		if (peer->to)
			out->port = jack_listed(peer->to, &t->jack).port;
		if (peer->to && jack_shares_address(peer->to))
			out->domain_identifier = peer->to->addr.ip;
		c.n_peers++;
	}
	return c;
}

static void apply(struct site *site)
{
	struct config c = site->config;

	c.ports = world_alloc(site->ports.n, sizeof(*c.ports));
	c.tunnels = world_alloc(site->tunnels.n, sizeof(*c.tunnels));
	for (size_t i = 0; i < site->ports.n; i++)
		if (port_is_there(site_port(site, i))) {
			c.ports[c.n_ports] = site_port(site, i)->config;
			c.ports[c.n_ports++].range = port_range(site_port(site, i));
		}
	for (size_t i = 0; i < site->tunnels.n; i++)
		if (!site_tunnel(site, i)->is_removed)
			c.tunnels[c.n_tunnels++] = config_of_tunnel(site_tunnel(site, i));
	watch_configured(site);
	memory_enter_router();
	router_apply(site->router, site->world->now, &c);
	leave(site);
	for (size_t i = 0; i < c.n_tunnels; i++)
		free(c.tunnels[i].peers);
	free(c.tunnels);
	free(c.ports);
}

/* --- links, sockets, addresses --------------------------------------------------------- */

void site_link_up(struct site *site, size_t port)
{
	struct site_port *p = site_port(site, port);

	if (!p->handle || p->station.lan)
		return;
	lan_plug(p->lan, &p->station);
	p->station.all_groups = p->config.all_multicast;
	memory_enter_router();
	router_link_up(site->router, site->world->now, p->handle, p, p->station.mac);
	leave(site);
}

void site_link_down(struct site *site, size_t port)
{
	struct site_port *p = site_port(site, port);

	if (!p->handle || !p->station.lan)
		return;
	lan_unplug(&p->station);
	memory_enter_router();
	router_link_down(site->router, site->world->now, p->handle);
	leave(site);
}

void site_tunnel_up(struct site *site, size_t tunnel)
{
	struct site_tunnel *t = site_tunnel(site, tunnel);

	if (!t->handle)
		return;
	t->is_down = false;
	memory_enter_router();
	router_tunnel_up(site->router, site->world->now, t->handle, t,
		(struct domain_id){ DI_IP, t->jack.addr.ip });
	router_tunnel_leaves_from(site->router, site->world->now, t->handle,
		jack_leaves_from(&t->jack));
	leave(site);
}

void site_tunnel_down(struct site *site, size_t tunnel)
{
	struct site_tunnel *t = site_tunnel(site, tunnel);

	if (!t->handle)
		return;
	t->is_down = true;
	memory_enter_router();
	router_tunnel_down(site->router, site->world->now, t->handle);
	leave(site);
}

void peer_resolve(struct site_peer *peer)
{
	struct site_tunnel *t = peer->tunnel;
	struct site *site = t->site;

	if (!peer->to || peer->is_removed || !t->handle)
		return;
	peer->resolved = jack_listed(peer->to, &t->jack);
	memory_enter_router();
	router_peer_addresses(site->router, site->world->now, t->handle, peer->name,
		&peer->resolved, 1);
	leave(site);
}

void site_resolve(struct site *site)
{
	for (size_t i = 0; site->router && i < site->tunnels.n; i++) {
		struct site_tunnel *t = site_tunnel(site, i);

		for (size_t k = 0; t->handle && k < t->peers.n; k++)
			peer_resolve(t->peers.at[k]);
	}
}

void world_resolve_all(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		site_resolve(world_site(w, i));
}

void site_move(struct site *site, size_t tunnel)
{
	struct site_tunnel *t = site_tunnel(site, tunnel);

	/* The daemon binds a new socket: the old address cannot carry last words any more. */
	t->has_lost_address = true;
	site_tunnel_down(site, tunnel);
	t->has_lost_address = false;
	jack_move(&t->jack);
	site_tunnel_up(site, tunnel);
}

/* --- on and off ------------------------------------------------------------------------ */

/* What the configuration has now and the router had not: its handle, its link or socket. */
static void bring_up(struct site *site)
{
	for (size_t i = 0; i < site->ports.n; i++) {
		struct site_port *p = site_port(site, i);

		if (!port_is_there(p) || p->handle)
			continue;
		p->handle = router_find_port(site->router, p->config.name);
		site_link_up(site, i);
	}
	for (size_t i = 0; i < site->tunnels.n; i++) {
		struct site_tunnel *t = site_tunnel(site, i);

		if (t->is_removed || t->handle)
			continue;
		t->handle = router_find_tunnel(site->router, t->config.name);
		site_tunnel_up(site, i);
	}
	site_resolve(site);
}

void site_set_seed(struct site *site, uint64_t seed)
{
	site->seed = seed;
	site->has_seed = true;
}

void site_switch_on(struct site *site)
{
	struct world *w = site->world;
	struct router_io io = { site, on_send_link, on_send_tunnel, on_multicast, on_node,
		on_trace };
	uint64_t high = prng_u32(&w->prng);

	assert(!site->router);
	memset(site->drops, 0, sizeof site->drops);
	memset(site->traces, 0, sizeof site->traces);
	site->has_old_ids = site->has_seed && site->lives > 0;
	if (!site->has_seed)
		site->seed = high << 32 | (uint64_t)site->index << 8 | (site->lives & 0xFF);
	site->has_seed = false;
	site->lives++;
	memory_enter_router();
	site->router = router_new(&io, site->seed, w->now);
	memory_leave_router();
	site->came = w->now;
	apply(site);
	bring_up(site);
	site_begin_names(site);
}

/* The router is freed at once: whoever calls knows that it is not inside a call of it. */
static void power_off(struct site *site)
{
	struct router *r = site->router;

	site->is_going = true;
	site_forget_kept(site);
	site_end_names(site);
	timer_cancel(&site->world->queue, &site->tick);
	for (size_t i = 0; i < site->ports.n; i++) {
		lan_unplug(&site_port(site, i)->station);
		site_port(site, i)->handle = NULL;
	}
	for (size_t i = 0; i < site->tunnels.n; i++)
		site_tunnel(site, i)->handle = NULL;
	memory_enter_router();
	router_free(r);
	memory_leave_router();
	site->router = NULL;
	site->is_stopping = site->is_going = false;
}

void site_crash(struct site *site)
{
	if (site->router)
		power_off(site);
}

void site_begin_stop(struct site *site)
{
	if (!site->router || site->is_stopping)
		return;
	site->is_stopping = true;
	memory_enter_router();
	router_shutdown(site->router, site->world->now);
	leave(site);
}

void site_stop(struct site *site)
{
	site_begin_stop(site);
	for (int i = 0; i < 60 && site->router; i++)
		world_run(site->world, span_ms(100));
	assert(!site->router);
}

void site_reconfigure(struct site *site)
{
	site->world->topology++;
	if (!site->router)
		return;
	for (size_t i = 0; i < site->ports.n; i++) {
		struct site_port *p = site_port(site, i);

		if (port_is_there(p) || !p->handle)
			continue;
		site_link_down(site, i);
		p->handle = NULL;
	}
	for (size_t i = 0; i < site->tunnels.n; i++) {
		struct site_tunnel *t = site_tunnel(site, i);

		if (!t->is_removed || !t->handle)
			continue;
		site_tunnel_down(site, i);
		t->handle = NULL;
	}
	/* One that stops may have ended by that. */
	if (!site->router)
		return;
	apply(site);
	bring_up(site);
}

void site_refresh(struct site *site)
{
	memory_enter_router();
	router_refresh(site->router, site->world->now);
	leave(site);
}
