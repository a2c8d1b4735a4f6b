/* What a router consists of. Everything lives here; two routers in one process never meet. */
#ifndef AURPD_ROUTER_STATE_H
#define AURPD_ROUTER_STATE_H

#include "aurpd/config.h"
#include "aurpd/router.h"
#include "env.h"
#include "list.h"
#include "route.h"
#include "zone.h"

struct router {
	struct env env;
	struct router_io io;
	struct list ports;		/* struct port, in order of configuration */
	struct list tunnels;		/* struct tunnel, likewise */
	struct route_table routes;
	struct zone_table zones;
	uint64_t announced;		/* routes.generation that tunnels have been told of */
	struct timer validity;		/* ages routes every 20 s */
	struct timer zone_scan;		/* asks for missing zones every 10 s */
	uint64_t drops[DROP_REASONS];	/* of datagrams of our own */
	struct at_name nbp_name;
	struct instant stop_deadline;
};

#endif
