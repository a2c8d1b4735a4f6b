/*
 * The router as a whole: owns ports, tunnels and tables, takes what the shell
 * hands in, and on the way out of every entry point lets the tunnels know that
 * routes changed and frees what doomed itself. The only file that sets `now`.
 */
#include "router_state.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "port.h"
#include "services.h"
#include "tunnel.h"

/* Validity and ZIP timers: Inside AppleTalk ch. 5 and 8. The end: ours (open in RFC 1504 p. 38). */
static const struct span validity_interval = { 20 * 1000000 };
static const struct span zone_scan_interval = { 10 * 1000000 };
static const struct span stop_limit = { 5 * 1000000 };

static struct port *port_at(struct list *l)
{
	return container_of(l, struct port, in_router);
}

static struct tunnel *tunnel_at(struct list *l)
{
	return container_of(l, struct tunnel, in_router);
}

/* --- entry and exit -------------------------------------------------------------------- */

static void enter(struct router *r, struct instant now)
{
	assert(instant_cmp(now, r->env.now) >= 0);
	r->env.now = now;
}

static void leave(struct router *r)
{
	struct list *it;

	if (r->announced != r->routes.generation) {
		r->announced = r->routes.generation;
		rtmp_routes_changed(r);
		list_for_each(it, &r->tunnels)
			tunnel_view_changed(tunnel_at(it));
	}
	list_for_each(it, &r->tunnels)
		tunnel_reap(tunnel_at(it));
}

static void on_validity(struct timer *t)
{
	struct router *r = container_of(t, struct router, validity);

	route_age(&r->routes);
	env_arm(&r->env, t, validity_interval);
}

static void on_zone_scan(struct timer *t)
{
	struct router *r = container_of(t, struct router, zone_scan);

	zip_scan(r);
	env_arm(&r->env, t, zone_scan_interval);
}

/* --- life ------------------------------------------------------------------------------ */

struct router *router_new(const struct router_io *io, uint64_t seed, struct instant now)
{
	struct router *r = mem_new(1, sizeof(*r));

	r->io = *io;
	r->env.trace = io->trace;
	r->env.ctx = io->ctx;
	r->env.now = now;
	timer_queue_init(&r->env.timers);
	prng_init(&r->env.prng, seed);
	list_init(&r->ports);
	list_init(&r->tunnels);
	route_table_init(&r->routes, &r->env, &r->zones, 0);
	zone_table_init(&r->zones, 0);
	timer_init(&r->validity, on_validity);
	timer_init(&r->zone_scan, on_zone_scan);
	env_arm(&r->env, &r->validity, validity_interval);
	env_arm(&r->env, &r->zone_scan, zone_scan_interval);
	return r;
}

void router_free(struct router *r)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &r->tunnels)
		tunnel_free(tunnel_at(it));
	list_for_each_safe(it, after, &r->ports)
		port_free(port_at(it));
	/* What is left are Bad entries, which two more steps of the validity timer remove. */
	route_age(&r->routes);
	route_age(&r->routes);
	route_table_fini(&r->routes);
	zone_table_fini(&r->zones);
	timer_queue_fini(&r->env.timers);
	free(r);
}

/* --- configuration --------------------------------------------------------------------- */

static const struct config_port *find_port_config(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (strcmp(c->ports[i].name, name) == 0)
			return &c->ports[i];
	return NULL;
}

static const struct config_tunnel *find_tunnel_config(const struct config *c, const char *name)
{
	for (size_t i = 0; i < c->n_tunnels; i++)
		if (strcmp(c->tunnels[i].name, name) == 0)
			return &c->tunnels[i];
	return NULL;
}

/* What the new configuration lacks goes first, so that its networks are free for others. */
static void remove_missing(struct router *r, const struct config *c)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &r->tunnels)
		if (!find_tunnel_config(c, tunnel_at(it)->config.name))
			tunnel_free(tunnel_at(it));
	list_for_each_safe(it, after, &r->ports) {
		const struct config_port *now = find_port_config(c, port_at(it)->config.name);

		if (!now || now->kind != port_at(it)->config.kind)
			port_free(port_at(it));
	}
}

void router_apply(struct router *r, struct instant now, const struct config *c)
{
	enter(r, now);
	r->nbp_name = c->nbp_name;
	r->routes.limit = c->max_networks;
	r->routes.keeps_local = c->keep_local;
	r->zones.limit = c->max_zones;
	remove_missing(r, c);
	for (size_t i = 0; i < c->n_ports; i++) {
		struct port *port = router_find_port(r, c->ports[i].name);

		if (port) {
			port_apply(port, &c->ports[i]);
			list_remove(&port->in_router);
		} else {
			port = port_new(r, &c->ports[i]);
		}
		list_append(&r->ports, &port->in_router);
	}
	for (size_t i = 0; i < c->n_tunnels; i++) {
		struct tunnel *t = router_find_tunnel(r, c->tunnels[i].name);

		if (t) {
			tunnel_apply(t, &c->tunnels[i]);
			list_remove(&t->in_router);
		} else {
			t = tunnel_new(r, &c->tunnels[i]);
		}
		list_append(&r->tunnels, &t->in_router);
	}
	leave(r);
}

struct port *router_find_port(struct router *r, const char *name)
{
	struct list *it;

	list_for_each(it, &r->ports)
		if (strcmp(port_at(it)->config.name, name) == 0)
			return port_at(it);
	return NULL;
}

struct tunnel *router_find_tunnel(struct router *r, const char *name)
{
	struct list *it;

	list_for_each(it, &r->tunnels)
		if (strcmp(tunnel_at(it)->config.name, name) == 0)
			return tunnel_at(it);
	return NULL;
}

/* --- what the shell hands in ----------------------------------------------------------- */

void router_link_up(struct router *r, struct instant now, struct port *port, void *link,
	struct mac mac)
{
	enter(r, now);
	port_link_up(port, link, mac);
	leave(r);
}

void router_link_down(struct router *r, struct instant now, struct port *port)
{
	enter(r, now);
	port_link_down(port);
	leave(r);
}

void router_link_changed(struct router *r, struct instant now, struct port *port)
{
	enter(r, now);
	port_link_changed(port);
	leave(r);
}

void router_tunnel_up(struct router *r, struct instant now, struct tunnel *tunnel, void *sock,
	struct domain_id own)
{
	enter(r, now);
	tunnel_up(tunnel, sock, own);
	leave(r);
}

void router_tunnel_leaves_from(struct router *r, struct instant now, struct tunnel *tunnel,
	uint32_t ip)
{
	enter(r, now);
	tunnel_leaves_from(tunnel, ip);
	leave(r);
}

void router_tunnel_down(struct router *r, struct instant now, struct tunnel *tunnel)
{
	enter(r, now);
	tunnel_down(tunnel);
	leave(r);
}

void router_peer_addresses(struct router *r, struct instant now, struct tunnel *tunnel,
	const char *peer, const struct endpoint *to, size_t n)
{
	enter(r, now);
	tunnel_set_peer_addresses(tunnel, peer, to, n);
	leave(r);
}

void router_rx_link(struct router *r, struct instant now, struct port *port, struct pkt *frame)
{
	enter(r, now);
	port_input(port, frame);
	leave(r);
}

void router_rx_tunnel(struct router *r, struct instant now, struct tunnel *tunnel,
	struct endpoint from, struct pkt *payload)
{
	enter(r, now);
	tunnel_input(tunnel, from, payload);
	leave(r);
}

struct instant router_deadline(const struct router *r)
{
	struct instant due = timer_queue_deadline(&r->env.timers);
	bool is_ending = r->env.is_stopping && instant_cmp(r->env.now, r->stop_deadline) < 0;

	return is_ending && instant_cmp(r->stop_deadline, due) < 0 ? r->stop_deadline : due;
}

void router_tick(struct router *r, struct instant now)
{
	enter(r, now);
	timer_queue_run(&r->env.timers, now);
	leave(r);
}

void router_refresh(struct router *r, struct instant now)
{
	struct list *it;

	enter(r, now);
	list_for_each(it, &r->tunnels)
		tunnel_refresh(tunnel_at(it));
	leave(r);
}

/* --- the end --------------------------------------------------------------------------- */

void router_shutdown(struct router *r, struct instant now)
{
	struct list *it;

	enter(r, now);
	if (!r->env.is_stopping) {
		r->env.is_stopping = true;
		r->stop_deadline = instant_add(now, stop_limit);
		list_for_each(it, &r->tunnels)
			tunnel_shutdown(tunnel_at(it));
		list_for_each(it, &r->ports)
			port_shutdown(port_at(it));
	}
	leave(r);
}

bool router_is_stopped(const struct router *r)
{
	const struct list *it;

	if (!r->env.is_stopping)
		return false;
	if (instant_cmp(r->env.now, r->stop_deadline) >= 0)
		return true;
	list_for_each(it, &r->tunnels)
		if (!tunnel_is_stopped(container_of(it, struct tunnel, in_router)))
			return false;
	return true;
}
