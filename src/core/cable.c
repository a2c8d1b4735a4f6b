/*
 * The survey of a cable by its other routers. port_seed.c asks and judges;
 * svc_rtmp.c and svc_zip.c hand in what concerns it. Answers of different
 * routers are never mixed (Z37); the memory for them is freed with
 * cable_forget() as soon as the port knows enough.
 */
#include "cable.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "aurpd/macroman.h"
#include "forward.h"
#include "router_state.h"
#include "rtmp.h"

/* The numbers we ask about: those decided on, else the configured ones; first 0: none yet. */
static struct at_range asked_range(const struct port *port)
{
	return port->seed.is_settled ? port->seed.range : port->config.range;
}

/* --- asking ---------------------------------------------------------------------------- */

static void broadcast(struct port *port, uint8_t socket, uint8_t type, struct pkt *p, struct wr *w)
{
	p->len = wr_len(w);
	forward_broadcast(port, socket, socket, type, NULL, p);
}

void cable_ask_range(struct port *port)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	rtmp_encode_request(&w, RTMP_REQUEST);
	broadcast(port, AT_SOCKET_RTMP, DDP_RTMP_REQUEST, p, &w);
}

static void ask_net_info(struct port *port)
{
	const struct at_name no_zone = { 0 };
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	zip_encode_get_net_info(&w, &no_zone);
	broadcast(port, AT_SOCKET_ZIP, DDP_ZIP, p, &w);
}

static void ask_zones(struct port *port, uint16_t net)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	zip_encode_query(&w, &net, 1);
	broadcast(port, AT_SOCKET_ZIP, DDP_ZIP, p, &w);
}

void cable_ask(struct port *port)
{
	struct cable *c = &port->seed.cable;
	uint16_t net = asked_range(port).first;

	if (!port->seed.is_settled)
		cable_ask_range(port);
	if (port->ops->is_extended && c->default_zone.len == 0)
		ask_net_info(port);
	if (net != 0 && !cable_zones(c)) {
		/* Whoever lost half of his list tells it again; whoever fell silent makes room. */
		cable_forget_zones(c);
		ask_zones(port, net);
	}
}

/* --- hearing --------------------------------------------------------------------------- */

bool cable_hear_range(struct port *port, struct at_addr from, struct at_range range)
{
	struct cable *c = &port->seed.cable;

	range.extended = port->ops->is_extended;
	if (!at_range_is_valid(range))
		return false;
	if (port->seed.is_settled)
		return at_range_eq(range, port->seed.range);
	if (c->range.first == 0 || at_range_eq(c->range, port->config.range)) {
		c->range = range;
		c->from = from;
	}
	return true;
}

bool cable_hear_net_info(struct port *port, struct at_addr from, const struct zip_net_info *info)
{
	struct cable *c = &port->seed.cable;

	if (!cable_hear_range(port, from, info->range))
		return false;
	/* A default zone counts with the range it came with. */
	if (info->default_zone.len == 0)
		return true;
	if (port->seed.is_settled || at_range_eq(info->range, c->range)) {
		c->default_zone = info->default_zone;
		c->default_from = from;
	}
	return true;
}

/* The place for a router's answer; a new one if it has none yet; NULL if all are taken. */
static struct cable_answer *answer_of(struct cable *c, struct at_addr from)
{
	struct cable_answer *free_place = NULL;

	for (size_t i = 0; i < CABLE_ROUTERS_MAX; i++) {
		struct cable_answer *a = &c->answers[i];

		if (a->zones && at_addr_eq(a->from, from))
			return a;
		if (!a->zones && !free_place)
			free_place = a;
	}
	if (free_place) {
		free_place->from = from;
		free_place->zones = mem_new(AT_ZONES_PER_NET_MAX, sizeof(struct at_name));
	}
	return free_place;
}

static void add_name(struct cable_answer *a, const struct at_name *name)
{
	for (size_t i = 0; i < a->used; i++)
		if (name_eq(&a->zones[i], name))
			return;
	if (a->used < AT_ZONES_PER_NET_MAX)
		a->zones[a->used++] = *name;
}

static bool is_about(const struct port *port, const struct zip_reply *reply)
{
	struct rd tuples = reply->tuples;
	struct zip_tuple t;
	enum tuple_step step;

	while (tuple_is_here(step = zip_next_tuple(&tuples, &t)))
		if (step == TUPLE_OK && at_range_has(asked_range(port), t.net))
			return true;
	return false;
}

bool cable_hear_zones(struct port *port, struct at_addr from, const struct zip_reply *reply)
{
	struct rd tuples = reply->tuples;
	struct cable_answer *a;
	struct zip_tuple t;
	enum tuple_step step;

	if (!is_about(port, reply))
		return false;
	a = answer_of(&port->seed.cable, from);
	if (!a)
		return false;
	if (a->is_complete)
		return true;
	/* A plain Reply holds a list whole; another total means that the list changed. */
	if (!reply->extended || a->expected != reply->count)
		a->used = 0;
	a->expected = reply->extended ? reply->count : 0;
	while (tuple_is_here(step = zip_next_tuple(&tuples, &t)))
		if (step != TUPLE_BAD && at_range_has(asked_range(port), t.net))
			add_name(a, &t.zone);
	a->is_complete = a->used > 0 && a->used >= a->expected;
	return true;
}

const struct cable_answer *cable_zones(const struct cable *c)
{
	for (size_t i = 0; i < CABLE_ROUTERS_MAX; i++)
		if (c->answers[i].is_complete)
			return &c->answers[i];
	return NULL;
}

void cable_forget_zones(struct cable *c)
{
	for (size_t i = 0; i < CABLE_ROUTERS_MAX; i++) {
		free(c->answers[i].zones);
		c->answers[i] = (struct cable_answer){ 0 };
	}
}

void cable_forget(struct cable *c)
{
	cable_forget_zones(c);
	*c = (struct cable){ 0 };
}
