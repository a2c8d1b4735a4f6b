/*
 * A routing table alone in the world: ports and peers are only names. For the
 * tests of src/table, each of which includes this once.
 */
#ifndef AURPD_ROUTE_WORLD_H
#define AURPD_ROUTE_WORLD_H

#include "env.h"
#include "route_offer.h"
#include "rtmp.h"

/* Who had to give way to a cable of ours the last time, and which network. */
static const struct path_owner *gave_way;
static struct at_range gave;

static void on_displaced(struct path_owner *owner, struct at_range range, struct at_range own,
	const char *port)
{
	assert_true(at_range_overlap(range, own));
	assert_non_null(port);
	gave_way = owner;
	gave = range;
}

static void name_peer(const struct path_owner *owner, struct trace_event *e)
{
	e->peer = owner->name;
}

static void name_port(const struct path_owner *owner, struct trace_event *e)
{
	e->port = owner->name;
}

static const struct path_owner_ops a_peer = { on_displaced, name_peer };
static const struct path_owner_ops a_port = { NULL, name_port };

static struct env env;
static struct route_table routes;
static struct zone_table zones;
static struct path_owner lan, attic, p1, p2, p3;
static size_t n_full;

static const struct at_addr q1 = { 3, 10 }, q2 = { 3, 20 };

static void count_trace(void *ctx, const struct trace_event *e)
{
	(void)ctx;
	n_full += e->kind == TRACE_ROUTES_FULL;
}

static int setup(void **state)
{
	(void)state;
	env = (struct env){ .trace = count_trace };
	route_table_init(&routes, &env, &zones, 64);
	zone_table_init(&zones, 64);
	path_owner_init(&lan, &a_port, "lan");
	path_owner_init(&attic, &a_port, "attic");
	path_owner_init(&p1, &a_peer, "p1");
	path_owner_init(&p2, &a_peer, "p2");
	path_owner_init(&p3, &a_peer, "p3");
	n_full = 0;
	gave_way = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	route_offer_no_port(&routes, &lan);
	route_offer_no_port(&routes, &attic);
	route_offer_no_peer(&routes, &p1);
	route_offer_no_peer(&routes, &p2);
	route_offer_no_peer(&routes, &p3);
	route_age(&routes);
	route_age(&routes);
	assert_int_equal(routes.used, 0);
	route_table_fini(&routes);
	zone_table_fini(&zones);
	return 0;
}

static struct at_range ext(uint16_t first, uint16_t last)
{
	return (struct at_range){ first, last, true };
}

static struct at_range net(uint16_t n)
{
	return (struct at_range){ n, n, false };
}

/* The path in use for a network; the route must exist. */
static const struct path *best(uint16_t n)
{
	const struct route *route = route_find(&routes, n);

	assert_non_null(route);
	return route->best;
}

static bool is_known(uint16_t n)
{
	return route_find(&routes, n) != NULL;
}

#endif
