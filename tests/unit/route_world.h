/*
 * A routing table alone in the world: ports and peers are only names. For the
 * tests of route_table.c, each of which includes this once.
 */
#ifndef AURPD_ROUTE_WORLD_H
#define AURPD_ROUTE_WORLD_H

#include "peer.h"
#include "port.h"
#include "route_table.h"
#include "router_state.h"
#include "rtmp.h"

/* All that the routing table knows of a peer. */
struct peer {
	const char *name;
	struct list paths;
};

const char *peer_name(const struct peer *p)
{
	return p->name;
}

struct list *peer_paths(struct peer *p)
{
	return &p->paths;
}

/* Who had to give way to a cable of ours the last time, and which network. */
static const struct peer *gave_way;
static struct at_range gave;

void peer_gives_way(struct peer *p, struct at_range range, struct at_range own, const char *port)
{
	assert_true(at_range_overlap(range, own));
	assert_non_null(port);
	gave_way = p;
	gave = range;
}

static struct router r;
static struct port lan, attic;
static struct peer p1, p2, p3;
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
	r = (struct router){ .io.trace = count_trace };
	route_table_init(&r.routes, 64);
	zone_table_init(&r.zones, 64);
	lan = (struct port){ .config.name = "lan" };
	attic = (struct port){ .config.name = "attic" };
	p1 = (struct peer){ .name = "p1" };
	p2 = (struct peer){ .name = "p2" };
	p3 = (struct peer){ .name = "p3" };
	list_init(&p1.paths);
	list_init(&p2.paths);
	list_init(&p3.paths);
	n_full = 0;
	gave_way = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	route_detach_port(&r, &lan);
	route_detach_port(&r, &attic);
	route_withdraw_peer(&r, &p1);
	route_withdraw_peer(&r, &p2);
	route_withdraw_peer(&r, &p3);
	route_age(&r);
	route_age(&r);
	assert_int_equal(r.routes.used, 0);
	route_table_fini(&r.routes);
	zone_table_fini(&r.zones);
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
	const struct route *route = route_find(&r.routes, n);

	assert_non_null(route);
	return route->best;
}

static bool is_known(uint16_t n)
{
	return route_find(&r.routes, n) != NULL;
}

#endif
