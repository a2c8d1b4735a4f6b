/*
 * What is common to all ports: their life, the way of frames in and out, their
 * counters and what the dump says of them. router.c makes and feeds ports;
 * port_seed.c brings them up; a medium (port_ethertalk.c, port_localtalk.c)
 * moves the frames. Inside AppleTalk ch. 5, "Router model".
 */
#include "port.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cable_watch.h"
#include "ethertalk.h"
#include "localtalk.h"
#include "router_state.h"
#include "services.h"

static const struct port_ops *ops_of(enum port_kind kind)
{
	switch (kind) {
	case PORT_ETHERTALK:
		return &ethertalk_ops;
	case PORT_LTOUDP:
		return &ltoudp_ops;
	case PORT_TASHTALK:
		return &tashtalk_ops;
	}
	return NULL;
}

/* --- what it offers ---------------------------------------------------------------------- */

static void name_owner(const struct path_owner *owner, struct trace_event *e)
{
	e->port = owner->name;
}

static const struct path_owner_ops port_offers = { NULL, name_owner };

struct port *port_of_path(const struct path *path)
{
	return path->kind != PATH_TUNNEL && path->owner ?
		container_of(path->owner, struct port, offers) : NULL;
}

/* --- life ------------------------------------------------------------------------------ */

static void take_config(struct port *port, const struct config_port *config)
{
	free(port->config.zones);
	port->config = *config;
	port->config.range.extended = port->ops->is_extended;
	port->config.zones = mem_new(config->n_zones, sizeof(*config->zones));
	if (config->n_zones > 0)
		memcpy(port->config.zones, config->zones, config->n_zones * sizeof(*config->zones));
}

struct port *port_new(struct router *r, const struct config_port *config)
{
	struct port *port = mem_new(1, sizeof(*port));

	port->r = r;
	port->env = &r->env;
	port->routes = &r->routes;
	port->ops = ops_of(config->kind);
	list_init(&port->in_router);
	take_config(port, config);
	path_owner_init(&port->offers, &port_offers, port->config.name);
	port_seed_init(port);
	cable_watch_init(port);
	rtmp_port_init(port);
	nbp_port_init(port);
	port->ops->init(port);
	return port;
}

void port_free(struct port *port)
{
	port->link = NULL;
	port_seed_stop(port);
	port->ops->free(port);
	list_remove(&port->in_router);
	free(port->config.zones);
	free(port);
}

static bool zones_differ(const struct config_port *a, const struct config_port *b)
{
	if (a->n_zones != b->n_zones)
		return true;
	for (size_t i = 0; i < a->n_zones; i++)
		if (a->zones[i].len != b->zones[i].len ||
		    memcmp(a->zones[i].byte, b->zones[i].byte, a->zones[i].len) != 0)
			return true;
	return false;
}

void port_apply(struct port *port, const struct config_port *config)
{
	bool other_range = port->config.seed != config->seed ||
			   !at_range_eq(port->config.range, config->range);
	bool other_zones = zones_differ(&port->config, config);

	/* Other routers may keep the old list until the network was gone for 10 minutes (Z42). */
	if (other_zones && !other_range && port_is_up(port) && port->seed.uses_config)
		env_trace(port->env, &(struct trace_event){
			.kind = TRACE_PORT_ZONES_DIFFER, .port = port->config.name });
	take_config(port, config);
	if ((other_range || other_zones) && port->link) {
		port_seed_stop(port);
		port_seed_start(port);
	} else if (port_is_up(port) && port->default_zone) {
		nbp_port_up(port);
	}
}

void port_link_up(struct port *port, void *link, struct mac mac)
{
	if (port->link)
		port_link_down(port);
	port->link = link;
	port->mac = mac;
	port_seed_start(port);
}

void port_link_down(struct port *port)
{
	port->link = NULL;
	port_seed_stop(port);
}

void port_link_changed(struct port *port)
{
	if (port->link)
		port_seed_again(port);
}

void port_shutdown(struct port *port)
{
	if (!port_is_up(port))
		return;
	rtmp_send_poison(port);
	rtmp_port_down(port);
	nbp_port_down(port);
}

/* --- frames ---------------------------------------------------------------------------- */

void port_input(struct port *port, struct pkt *frame)
{
	port->count.rx++;
	port->count.rx_bytes += frame->len;
	if (port->state == PORT_DOWN)
		port_drop(port, DROP_PORT_NOT_READY);
	else
		port->ops->input(port, frame);
}

void port_transmit(struct port *port, const struct pkt *frame)
{
	if (!port->link) {
		port_drop(port, DROP_PORT_NOT_READY);
		return;
	}
	port->count.tx++;
	port->count.tx_bytes += frame->len;
	port->r->io.send_link(port->r->io.ctx, port->link, frame);
}

void port_drop(struct port *port, enum drop_reason reason)
{
	port->count.drops[reason]++;
	env_trace(port->env, &(struct trace_event){
		.kind = TRACE_DROPPED, .port = port->config.name, .drop = reason });
}

void port_send_node(struct port *port, struct at_addr to, struct pkt *datagram)
{
	port->ops->send_node(port, to, datagram);
}

void port_send_hardware(struct port *port, struct mac to, struct pkt *datagram)
{
	port->ops->send_hardware(port, to, datagram);
}

void port_send_broadcast(struct port *port, struct pkt *datagram)
{
	port->ops->send_broadcast(port, datagram);
}

void port_send_zone(struct port *port, const struct at_name *zone, struct pkt *datagram)
{
	port->ops->send_zone(port, zone, datagram);
}

/* --- what others ask ------------------------------------------------------------------- */

bool port_has_address(const struct port *port, struct at_addr addr)
{
	bool is_claimed = port->state == PORT_VERIFYING || port->state == PORT_LEARNING ||
			  port->state == PORT_UP;

	return is_claimed && addr.node == port->addr.node &&
	       (addr.net == port->addr.net || (addr.net == 0 && !port->ops->is_extended));
}

struct route *port_route(const struct port *port)
{
	return port_is_up(port) ? route_find(port->routes, port->range.first) : NULL;
}

static const char *state_name(enum port_state state)
{
	switch (state) {
	case PORT_DOWN:
		break;
	case PORT_PROBING:
		return "probing";
	case PORT_VERIFYING:
		return "verifying";
	case PORT_LEARNING:
		return "learning";
	case PORT_UP:
		return "up";
	case PORT_CONFLICT:
		return "conflict";
	}
	return "down";
}

void port_describe(const struct port *port, struct port_info *info)
{
	const struct route *route = port_route(port);

	*info = (struct port_info){
		.name = port->config.name,
		.kind = port->ops->kind,
		.device = port->config.device,
		.state = state_name(port->state),
		.range = port->range,
		.addr = port->addr,
		.mac = port->mac,
		.default_zone = port->default_zone ? &port->default_zone->name : NULL,
		.zones = route && route->zones->is_complete ? route->zones->used : 0,
	};
	port_trouble_text(port, info->troubles);
}

void port_walk_aarp(struct port *port, void (*each)(void *ctx, const struct aarp_info *), void *ctx)
{
	if (port->ops->walk_nodes)
		port->ops->walk_nodes(port, each, ctx);
}

void port_walk_counters(const struct port *port,
	void (*each)(void *ctx, const struct counter_info *), void *ctx)
{
	const struct port_counters *c = &port->count;
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "rx", c->rx },
		{ "tx", c->tx },
		{ "rx-bytes", c->rx_bytes },
		{ "tx-bytes", c->tx_bytes },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		each(ctx, &(struct counter_info){ "port", port->config.name, rows[i].name,
			rows[i].value });
	for (size_t i = 0; i < DROP_REASONS; i++)
		if (c->drops[i] > 0)
			each(ctx, &(struct counter_info){ "drop", port->config.name,
				drop_name((enum drop_reason)i), c->drops[i] });
}
