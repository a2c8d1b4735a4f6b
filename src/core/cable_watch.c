/*
 * The five minutes of doubt. A switch that wakes, a bridge that learns, a tap
 * that is put into a bridge later: 1.5 seconds of listening do not find the
 * other routers of such a cable. One packet proves nothing (a router that is
 * being renumbered tells its old range once), two with ten seconds between them
 * do: RTMP Data come every ten seconds. Inside AppleTalk ch. 5,
 * "Initialization", knows verification at the start alone.
 */
#include "cable_watch.h"

#include <string.h>

#include "cable.h"
#include "router_state.h"

enum {
	DOUBT_S = 300,
	APART_S = 10,
	ASK_TRIES = 3,
	ASK_INTERVAL_MS = 500,
};

static void ask(struct port *port)
{
	struct cable_watch *w = &port->watch;

	cable_ask_range(port);
	if (++w->asked < ASK_TRIES)
		env_arm(port->env, &w->timer, span_ms(ASK_INTERVAL_MS));
}

static void on_timer(struct timer *t)
{
	ask(container_of(t, struct port, watch.timer));
}

void cable_watch_init(struct port *port)
{
	timer_init(&port->watch.timer, on_timer);
}

/* What was heard before was perhaps said on another cable. */
void cable_watch_open(struct port *port)
{
	struct cable_watch *w = &port->watch;

	memset(w->contrary, 0, sizeof(w->contrary));
	w->until = instant_add(port->env->now, span_s(DOUBT_S));
}

void cable_watch_again(struct port *port)
{
	cable_watch_open(port);
	port->watch.asked = 0;
	ask(port);
}

void cable_watch_close(struct port *port)
{
	env_disarm(port->env, &port->watch.timer);
	port->watch = (struct cable_watch){ .timer = port->watch.timer };
}

/* Of the numbers that nodes use, only the hull is kept: ranges are small, and it errs for them. */
void cable_watch_node(struct port *port, struct at_addr node)
{
	struct at_range *used = &port->watch.used;

	if (!port_is_up(port) || !at_range_has(port->range, node.net) ||
	    at_addr_eq(node, port->addr))
		return;
	if (used->first == 0 || node.net < used->first)
		used->first = node.net;
	if (node.net > used->last)
		used->last = node.net;
}

bool cable_watch_would_hurt(const struct port *port, struct at_range range)
{
	const struct at_range *used = &port->watch.used;

	return used->first != 0 && (used->first < range.first || used->last > range.last);
}

/* The place of a router; the one heard first makes room for another. */
static struct cable_contrary *place_of(struct cable_watch *w, struct at_addr from)
{
	struct cable_contrary *place = &w->contrary[0];

	for (size_t i = 0; i < CABLE_ROUTERS_MAX; i++) {
		if (at_addr_eq(w->contrary[i].from, from))
			return &w->contrary[i];
		if (instant_cmp(w->contrary[i].first, place->first) < 0)
			place = &w->contrary[i];
	}
	return place;
}

bool cable_watch_proves(struct port *port, struct at_addr from, struct at_range range)
{
	struct instant now = port->env->now;
	struct cable_contrary *c;

	if (instant_cmp(now, port->watch.until) > 0)
		return false;
	c = place_of(&port->watch, from);
	if (at_addr_eq(c->from, from) && at_range_eq(c->range, range))
		return span_cmp(instant_since(now, c->first), span_s(APART_S)) >= 0;
	*c = (struct cable_contrary){ from, range, now };
	return false;
}
