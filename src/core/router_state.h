/* What a router consists of. Everything lives here; two routers in one process never meet. */
#ifndef AURPD_ROUTER_STATE_H
#define AURPD_ROUTER_STATE_H

#include "aurpd/config.h"
#include "aurpd/router.h"
#include "list.h"
#include "prng.h"
#include "route_table.h"
#include "timer.h"
#include "zone_table.h"

struct router {
	struct router_io io;
	struct instant now;		/* of the entry point being run */
	struct timer_queue timers;
	struct prng prng;
	struct list ports;		/* struct port, in order of configuration */
	struct list tunnels;		/* struct tunnel, likewise */
	struct route_table routes;
	struct zone_table zones;
	uint64_t announced;		/* routes.generation that tunnels have been told of */
	struct timer validity;		/* ages routes every 20 s */
	struct timer zone_scan;		/* asks for missing zones every 10 s */
	uint64_t drops[DROP_REASONS];	/* of datagrams of our own */
	struct at_name nbp_name;
	bool is_stopping;
	struct instant stop_deadline;
};

static inline void router_arm(struct router *r, struct timer *t, struct span after)
{
	timer_set(&r->timers, t, instant_add(r->now, after));
}

static inline void router_disarm(struct router *r, struct timer *t)
{
	timer_cancel(&r->timers, t);
}

static inline void router_trace(struct router *r, const struct trace_event *e)
{
	r->io.trace(r->io.ctx, e);
}

/* d plus or minus up to `percent`, so that routers started together do not stay in step. */
static inline struct span router_jitter(struct router *r, struct span d, int percent)
{
	int64_t part = d.us * percent / 100;

	if (part <= 0)
		return d;
	return span_us(d.us - part + (int64_t)prng_range(&r->prng, 0, (uint32_t)(2 * part)));
}

#endif
