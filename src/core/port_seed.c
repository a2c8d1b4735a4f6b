/*
 * How a port comes up: claims an address, learns or verifies range and zones
 * with the other routers of the cable, attaches its network, and starts again
 * after a conflict. Inside AppleTalk ch. 5 ("Initialization"), ch. 8 ("Zones
 * list assignment"); atalk-conformance R01-R09, Z35-Z37. enter() is the only
 * writer of port->state.
 *
 *   hard  probe in the range -> ask 3 times -> up, or conflict
 *   soft  probe in the range -> ask 3 times -> silence: up; else as told
 *   none  probe in FF00-FFFE -> ask until told -> probe in the range -> up
 *
 * What is heard while probing counts as soon as the address is ours. For five
 * minutes afterwards the cable may still prove to be another one (cable_watch.c):
 * hard stops, soft and none take its range over.
 *
 * On LocalTalk a node is claimed instead, once and whatever the number (ch. 1).
 */
#include "aurpd/macroman.h"
#include "cable.h"
#include "cable_watch.h"
#include "forward.h"
#include "route_offer.h"
#include "router_state.h"
#include "services.h"

enum {
	ASK_TRIES = 3,
	ASK_INTERVAL_MS = 500,
	ASK_SLOWLY_S = 10,		/* ch. 8, timer values: while nobody answers */
	CONFLICT_QUIET_S = 60,		/* the other router has gone */
	CONFLICT_RETRY_S = 300,
};

static void judge_zones(struct port *port);

static void enter(struct port *port, enum port_state state)
{
	port->state = state;
	port->seed.asked = 0;
	env_disarm(port->env, &port->seed.timer);
}

static void trace(const struct port *port, enum trace_kind kind)
{
	env_trace(port->env, &(struct trace_event){ .kind = kind, .port = port->config.name,
		.addr = port->addr, .range = port->range });
}

static void ask(struct port *port)
{
	bool in_a_hurry = ++port->seed.asked < ASK_TRIES || port->state == PORT_VERIFYING;

	env_arm(port->env, &port->seed.timer,
		in_a_hurry ? span_ms(ASK_INTERVAL_MS) : span_s(ASK_SLOWLY_S));
	cable_ask(port);
}

static void claim(struct port *port, struct at_range range)
{
	struct at_addr wish = port->config.address;

	enter(port, PORT_PROBING);
	port->ops->claim(port, range, wish.net != 0 ? wish : port->seed.last);
}

/* --- conflict -------------------------------------------------------------------------- */

/* Our information must not be used (R03, R09, Z35): the port only listens until it tries again. */
static void enter_conflict(struct port *port, int wait_s)
{
	port_seed_stop(port);
	port->ops->link_up(port);
	enter(port, PORT_CONFLICT);
	port->seed.retry_by = instant_add(port->env->now, span_s(CONFLICT_RETRY_S));
	env_arm(port->env, &port->seed.timer, span_s(wait_s));
}

static void on_range_conflict(struct port *port)
{
	const struct cable *c = &port->seed.cable;

	env_trace(port->env, &(struct trace_event){ .kind = TRACE_PORT_RANGE_CONFLICT,
		.port = port->config.name, .addr = c->from, .range = c->range });
	enter_conflict(port, CONFLICT_QUIET_S);
}

static void on_zone_conflict(struct port *port, struct at_addr from, struct at_name name)
{
	env_trace(port->env, &(struct trace_event){ .kind = TRACE_PORT_ZONE_CONFLICT,
		.port = port->config.name, .addr = from, .name = &name });
	enter_conflict(port, CONFLICT_RETRY_S);
}

static void on_net_in_use(struct port *port)
{
	struct at_range range = port->seed.range;
	const struct route *route = route_find_overlap(port->routes, range);
	const struct port *other = route ? port_of_path(route->best) : NULL;

	env_trace(port->env, &(struct trace_event){ .kind = TRACE_PORT_NET_IN_USE,
		.port = port->config.name, .range = range,
		.other = other ? other->config.name : "" });
	enter_conflict(port, CONFLICT_RETRY_S);
}

/* The reason was heard again: it is too early to try. */
static void wait_longer(struct port *port)
{
	struct port_seed *s = &port->seed;
	struct instant quiet = instant_add(port->env->now, span_s(CONFLICT_QUIET_S));

	timer_set(&port->env->timers, &s->timer,
		instant_cmp(quiet, s->retry_by) < 0 ? quiet : s->retry_by);
}

static void prolong_conflict(struct port *port)
{
	struct cable *c = &port->seed.cable;

	if (c->range.first != 0 && !at_range_eq(c->range, port->config.range))
		wait_longer(port);
	cable_forget(c);
}

/* Of two ports that are coming up the first one of the configuration may go on. */
static bool yields_to(const struct port *port, const struct port *other)
{
	const struct list *it;

	if (port_is_up(port) || other->state == PORT_DOWN || other->state == PORT_CONFLICT)
		return false;
	if (port_is_up(other))
		return true;
	list_for_each(it, &port->r->ports)
		if (it == &port->in_router || it == &other->in_router)
			return it == &other->in_router;
	return false;
}

void port_hears_own(struct port *port, const struct port *other)
{
	port_notice(port, PORT_SHARED_CABLE, other);
	if (port->state == PORT_CONFLICT)
		wait_longer(port);
	else if (yields_to(port, other))
		enter_conflict(port, CONFLICT_QUIET_S);
}

/* --- up -------------------------------------------------------------------------------- */

/* The list is there, its default zone a member: GetNetInfo can be answered from now on (Z22). */
static void finish_zones(struct port *port, const struct at_name *default_zone)
{
	const struct route *route = port_route(port);

	port->default_zone = zone_find(port->routes->zones, default_zone);
	for (size_t i = 0; i < route->zones->used; i++)
		port->ops->join_zone(port, &route->zones->zone[i]->name);
	cable_forget(&port->seed.cable);
	env_disarm(port->env, &port->seed.timer);
	nbp_port_up(port);
}

static void take_zones(struct port *port, const struct at_name *zones, size_t n)
{
	struct path *path = port_route(port)->best;

	zone_clear(port->routes, path);
	for (size_t i = 0; i < n; i++)
		(void)zone_add(port->routes, path, &zones[i]);
	zone_complete(port->routes, path);
}

static bool has_name(const struct at_name *list, size_t n, const struct at_name *name)
{
	for (size_t i = 0; i < n; i++)
		if (name_eq(&list[i], name))
			return true;
	return false;
}

/*
 * Of a list that all agree on, the routers of a cable may give new nodes different zones:
 * one that was no seed may have forgotten which was the first. No reason to stop; but the
 * nodes are to hear one answer, and ours comes later (Z35: alert, do not use own).
 */
static const struct at_name *first_zone(const struct port *port)
{
	const struct cable *c = &port->seed.cable;
	const struct at_name *own = &port->config.zones[0];

	if (c->default_zone.len == 0 || name_eq(&c->default_zone, own))
		return own;
	env_trace(port->env, &(struct trace_event){ .kind = TRACE_PORT_DEFAULT_DIFFERS,
		.port = port->config.name, .addr = c->default_from, .name = &c->default_zone });
	return &c->default_zone;
}

/* It was up before, and has a new address now. */
static void go_on(struct port *port)
{
	enter(port, PORT_UP);
	trace(port, TRACE_PORT_UP);
	if (port->default_zone)
		nbp_port_up(port);
	else if (!port->seed.uses_config)
		ask(port);
	rtmp_port_up(port);
}

static void go_up(struct port *port)
{
	struct at_range range = port->seed.range;
	const struct at_name *first;

	if (port->range.first != 0) {
		go_on(port);
		return;
	}
	if (!route_offer_attached(port->routes, &port->offers, range)) {
		on_net_in_use(port);
		return;
	}
	port->range = range;
	enter(port, PORT_UP);
	cable_watch_open(port);
	trace(port, TRACE_PORT_UP);
	if (port->seed.uses_config) {
		take_zones(port, port->config.zones, port->config.n_zones);
		first = first_zone(port);
		if (zone_is_of(port_route(port), first))
			finish_zones(port, first);
	} else {
		judge_zones(port);
		if (!port->default_zone)
			ask(port);
	}
	rtmp_port_up(port);
}

/* The range is decided; an address inside it may still have to be claimed. */
static void settle(struct port *port, struct at_range range, bool uses_config)
{
	port->seed.is_settled = true;
	port->seed.uses_config = uses_config;
	port->seed.range = range;
	/* What was said about the configured numbers is not about these. */
	if (!at_range_eq(range, port->config.range))
		cable_forget_zones(&port->seed.cable);
	if (at_range_has(range, port->addr.net))
		go_up(port);
	else
		claim(port, range);
}

/* --- judging what the cable says ------------------------------------------------------- */

/* A zone that only the router or only we have; NULL if the lists are the same. */
static const struct at_name *zone_of_one_side(const struct cable_answer *a,
	const struct config_port *own)
{
	for (size_t i = 0; i < a->used; i++)
		if (!has_name(own->zones, own->n_zones, &a->zones[i]))
			return &a->zones[i];
	for (size_t i = 0; i < own->n_zones; i++)
		if (!has_name(a->zones, a->used, &own->zones[i]))
			return &own->zones[i];
	return NULL;
}

/* A hard seed: everything that is said must agree with the configuration (R03, Z35). */
static void verify(struct port *port)
{
	const struct cable *c = &port->seed.cable;

	if (c->range.first != 0 && !at_range_eq(c->range, port->config.range)) {
		on_range_conflict(port);
		return;
	}
	if (c->default_zone.len > 0 &&
		!has_name(port->config.zones, port->config.n_zones, &c->default_zone)) {
		on_zone_conflict(port, c->default_from, c->default_zone);
		return;
	}
	for (size_t i = 0; i < CABLE_ROUTERS_MAX; i++) {
		const struct cable_answer *a = &c->answers[i];
		const struct at_name *odd;

		if (!a->is_complete)
			continue;
		odd = zone_of_one_side(a, &port->config);
		if (odd) {
			on_zone_conflict(port, a->from, *odd);
			return;
		}
	}
}

/* The zones of a cable whose range we adopted (Z36): first the list, then its default zone. */
static void judge_zones(struct port *port)
{
	struct cable *c = &port->seed.cable;
	const struct cable_answer *a = cable_zones(c);
	struct route *route = port_route(port);

	if (a && !route->zones->is_complete)
		take_zones(port, a->zones, a->used);
	if (!route->zones->is_complete)
		return;
	if (!port->ops->is_extended)
		finish_zones(port, &route->zones->zone[0]->name);
	else if (zone_is_of(route, &c->default_zone))
		finish_zones(port, &c->default_zone);
	else
		c->default_zone.len = 0;	/* no member of the list: ask again */
}

void port_judge_cable(struct port *port)
{
	const struct cable *c = &port->seed.cable;

	switch (port->state) {
	case PORT_VERIFYING:
		if (port->config.seed == SEED_HARD)
			verify(port);
		else if (c->range.first != 0)
			settle(port, c->range, false);
		break;
	case PORT_LEARNING:
		if (c->range.first != 0)
			settle(port, c->range, false);
		break;
	case PORT_UP:
		judge_zones(port);
		break;
	case PORT_CONFLICT:
		prolong_conflict(port);
		break;
	case PORT_DOWN:
	case PORT_PROBING:
		break;
	}
}

bool port_is_seeking(const struct port *port)
{
	switch (port->state) {
	case PORT_VERIFYING:
	case PORT_LEARNING:
	case PORT_CONFLICT:
		return true;
	case PORT_UP:
		return !port->default_zone && !port->seed.uses_config;
	case PORT_DOWN:
	case PORT_PROBING:
		break;
	}
	return false;
}

/* --- the cable proves to be another one -------------------------------------------------- */

static void take_over(struct port *port, struct at_addr from, struct at_range range)
{
	env_trace(port->env, &(struct trace_event){ .kind = TRACE_PORT_TAKES_RANGE,
		.port = port->config.name, .addr = from, .range = range, .range2 = port->range });
	port_seed_stop(port);
	port->ops->link_up(port);
	settle(port, range, false);
}

/* Another port of ours has it: two of our cables were joined, and taking it over would end us. */
static bool is_elsewhere(const struct port *port, struct at_range range)
{
	const struct route *route = route_find_overlap(port->routes, range);

	return route && route->best->kind == PATH_ATTACHED && port_of_path(route->best) != port;
}

bool port_is_contradicted(struct port *port, struct at_addr from, struct at_range range)
{
	range.extended = port->ops->is_extended;
	if (!at_range_is_valid(range) || !cable_watch_proves(port, from, range))
		return false;
	if (port->config.seed == SEED_HARD) {
		port->seed.cable.range = range;
		port->seed.cable.from = from;
		on_range_conflict(port);
		return true;
	}
	if (cable_watch_would_hurt(port, range) || is_elsewhere(port, range))
		return false;
	take_over(port, from, range);
	return true;
}

/* --- the road --------------------------------------------------------------------------- */

static void on_seed_timer(struct timer *t)
{
	struct port *port = container_of(t, struct port, seed.timer);

	if (port->state == PORT_CONFLICT) {
		port_seed_stop(port);
		port_seed_start(port);
	} else if (port->state == PORT_VERIFYING && port->seed.asked >= ASK_TRIES) {
		settle(port, port->config.range, true);
	} else {
		ask(port);
	}
}

void port_claimed(struct port *port)
{
	port->seed.last = port->addr;
	if (port->seed.is_settled) {
		go_up(port);
		return;
	}
	enter(port, port->config.seed == SEED_NONE ? PORT_LEARNING : PORT_VERIFYING);
	trace(port, TRACE_PORT_VERIFYING);
	ask(port);
	/* What was heard while probing. */
	if (port->seed.cable.range.first != 0)
		port_judge_cable(port);
}

void port_lost_address(struct port *port)
{
	const struct at_addr any = { 0, 0 };
	const struct at_range unknown = { 0, 0, true };
	bool has_range = port->config.seed != SEED_NONE;

	rtmp_port_down(port);
	nbp_port_down(port);
	enter(port, PORT_PROBING);
	/* The configured one, or the one from before, may be what was lost. */
	if (port->seed.is_settled)
		port->ops->claim(port, port->seed.range, any);
	else
		port->ops->claim(port, has_range ? port->config.range : unknown, any);
}

void port_seed_init(struct port *port)
{
	port->seed.retry_by = INSTANT_NEVER;
	timer_init(&port->seed.timer, on_seed_timer);
}

void port_seed_start(struct port *port)
{
	struct at_range unknown = { 0, 0, true };

	port->ops->link_up(port);
	claim(port, port->config.seed == SEED_NONE ? unknown : port->config.range);
}

void port_seed_again(struct port *port)
{
	switch (port->state) {
	case PORT_UP:
		cable_watch_again(port);
		break;
	case PORT_DOWN:
	case PORT_PROBING:
	case PORT_VERIFYING:
	case PORT_LEARNING:
	case PORT_CONFLICT:
		/* Nothing is in use yet: what was heard and probed is another cable's. */
		port_seed_stop(port);
		port_seed_start(port);
		break;
	}
}

void port_seed_stop(struct port *port)
{
	bool was_up = port->range.first != 0;

	rtmp_port_down(port);
	nbp_port_down(port);
	port->default_zone = NULL;
	if (port->state != PORT_DOWN)
		port->ops->link_down(port);
	enter(port, PORT_DOWN);
	port->range = (struct at_range){ 0 };
	port->seed.is_settled = false;
	port->seed.uses_config = false;
	port->seed.range = (struct at_range){ 0 };
	cable_forget(&port->seed.cable);
	cable_watch_close(port);
	if (was_up) {
		route_offer_no_port(port->routes, &port->offers);
		trace(port, TRACE_PORT_DOWN);
	}
}
