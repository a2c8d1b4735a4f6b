/*
 * A port: one AppleTalk link of the router. What is common to all media stands
 * here (range, address, zones, counters, seeding); a medium is a port_ops. A
 * port works only while its state is PORT_UP (D33). Inside AppleTalk ch. 5
 * ("Initialization"), ch. 8 ("Zones list assignment").
 */
#ifndef AURPD_PORT_H
#define AURPD_PORT_H

#include "aurpd/config.h"
#include "aurpd/pkt.h"
#include "aurpd/router.h"
#include "aurpd/trace.h"
#include "list.h"
#include "nbp.h"
#include "path.h"
#include "timer.h"

struct datagram;
struct port;
struct route;

enum port_state {
	PORT_DOWN,		/* no link */
	PORT_PROBING,		/* claims an address */
	PORT_VERIFYING,		/* has one; asks the cable whether range and zones agree (R02) */
	PORT_LEARNING,		/* waits for a seed router's range and zones */
	PORT_UP,
	PORT_CONFLICT,		/* another router contradicts our configuration (R03, Z35) */
};

/* What a medium does. Packets start at the long DDP header and may be changed. */
struct port_ops {
	const char *kind;
	bool is_extended;
	void (*init)(struct port *port);		/* makes port->medium */
	void (*free)(struct port *port);
	void (*link_up)(struct port *port);		/* hear broadcasts; nothing is sent */
	/* Forget all about the link, our address too; leave its groups if port->link is alive. */
	void (*link_down)(struct port *port);
	/*
	 * Claims an address inside `range` (first 0: a provisional one, E25; network 0
	 * where the network is not extended), `wish` first if it fits there.
	 * port_claimed() is called once it is ours.
	 */
	void (*claim)(struct port *port, struct at_range range, struct at_addr wish);
	void (*input)(struct port *port, struct pkt *frame);
	void (*send_node)(struct port *port, struct at_addr to, struct pkt *datagram);
	/* Only where the network is extended. */
	void (*send_hardware)(struct port *port, struct mac to, struct pkt *datagram);
	void (*send_broadcast)(struct port *port, struct pkt *datagram);
	void (*send_zone)(struct port *port, const struct at_name *zone, struct pkt *datagram);
	/* The multicast address of a zone; false if the medium has none. */
	bool (*zone_multicast)(struct port *port, const struct at_name *zone, struct mac *address);
	/* From now on hear what is sent to this zone of the cable (E30). */
	void (*join_zone)(struct port *port, const struct at_name *zone);
	/* The other nodes it knows; NULL if it need not know any. */
	void (*walk_nodes)(struct port *port, void (*each)(void *ctx, const struct aarp_info *),
		void *ctx);
};

struct port_counters {
	uint64_t rx, tx;		/* frames */
	uint64_t rx_bytes, tx_bytes;
	uint64_t drops[DROP_REASONS];
};

enum { CABLE_ROUTERS_MAX = 4 };

/* The zone list of the cable as one router tells it (Z37). */
struct cable_answer {
	struct at_addr from;
	struct at_name *zones;		/* of AT_ZONES_PER_NET_MAX; NULL: this place is free */
	size_t used;
	size_t expected;		/* total of an Extended Reply; 0 = not known */
	bool is_complete;
};

/* What other routers say about this cable: cable.c hears it, port_seed.c judges it. */
struct cable {
	struct at_range range;		/* first 0: nobody said anything */
	struct at_addr from;		/* who said so */
	struct at_name default_zone;	/* len 0: nobody said anything */
	struct at_addr default_from;
	struct cable_answer answers[CABLE_ROUTERS_MAX];
};

/* How a port comes to its range and zones: port_seed.c. */
struct port_seed {
	struct timer timer;		/* next question, or the next attempt after a conflict */
	unsigned asked;			/* questions since the present state began */
	bool is_settled;		/* `range` is decided; an address in it may be missing */
	bool uses_config;		/* range and zones are the configured ones */
	struct at_range range;
	struct at_addr last;		/* our address before the present start (E26) */
	struct instant retry_by;	/* PORT_CONFLICT: at the latest */
	struct cable cable;
};

/* A router that gives our cable another range. */
struct cable_contrary {
	struct at_addr from;		/* node 0: this place is free */
	struct at_range range;
	struct instant first;		/* when it was heard with that range first */
};

/* Is it still the cable we took it for? cable_watch.c. */
struct cable_watch {
	struct instant until;		/* contrary routers count up to then */
	struct timer timer;		/* next question */
	unsigned asked;
	struct at_range used;		/* numbers of ours that nodes have; first 0: none */
	struct cable_contrary contrary[CABLE_ROUTERS_MAX];
};

/* What is wrong with a cable, for as long as it lasts: port_notice.c. */
enum port_trouble { PORT_LOOP, PORT_TWIN, PORT_SHARED_CABLE, PORT_TROUBLES };

struct port_notice {
	bool is_known;			/* it was seen at all, ... */
	struct instant seen;		/* ... the last time then */
	struct instant said;
};

/* svc_rtmp.c */
struct port_rtmp {
	struct timer periodic;
	struct timer triggered;
	struct instant sent;		/* the last Data, ... */
	uint64_t told;			/* ... and routes.generation then */
};

enum port_name_state { NAME_NONE, NAME_CHECKING, NAME_REGISTERED };

/* Our NBP name on this cable: svc_nbp_name.c. */
struct port_name {
	enum port_name_state state;
	struct timer timer;
	unsigned asked;
	unsigned suffix;		/* 0, or the number behind the name because it was taken */
	uint8_t id;			/* of the look-ups that ask whether it is taken */
	struct nbp_tuple tuple;
};

struct port {
	struct list in_router;
	struct router *r;
	struct env *env;		/* its router's, as `routes` */
	struct route_table *routes;
	const struct port_ops *ops;
	struct config_port config;	/* our copy; zones included */
	void *link;
	struct mac mac;
	enum port_state state;
	struct at_range range;		/* in force; first 0 = unknown */
	struct at_addr addr;		/* ours, or the one being claimed */
	const struct zone *default_zone; /* of the attached network; NULL while unknown */
	struct port_counters count;
	void *medium;			/* of ops */
	struct port_seed seed;
	struct path_owner offers;	/* its networks in the routing table */
	struct cable_watch watch;
	struct port_notice notices[PORT_TROUBLES];
	struct port_rtmp rtmp;
	struct port_name name;
};

/* Heap; the medium follows config->kind. */
struct port *port_new(struct router *r, const struct config_port *config);
void port_free(struct port *port);

/* New settings for a port that stays; starts it anew on its link where that is needed. */
void port_apply(struct port *port, const struct config_port *config);

void port_link_up(struct port *port, void *link, struct mac mac);
void port_link_down(struct port *port);

/* The cable behind the link may be another one: verified anew, it goes on meanwhile. */
void port_link_changed(struct port *port);
void port_input(struct port *port, struct pkt *frame);

/* Last words before the end: what is lost with us is poisoned, names are withdrawn (R33, N28). */
void port_shutdown(struct port *port);

static inline bool port_is_up(const struct port *port)
{
	return port->state == PORT_UP;
}

/* Is it the port's own net.node? Net 0 counts on non-extended ports (D26, D27). */
bool port_has_address(const struct port *port, struct at_addr addr);

/* Puts a datagram on this link: to a node, to all, or to a zone of it (E03, E04, N04, N05). */
void port_send_node(struct port *port, struct at_addr to, struct pkt *datagram);
/* To a node whose hardware address is known from the frame it called with (Z20, Z21). */
void port_send_hardware(struct port *port, struct mac to, struct pkt *datagram);
void port_send_broadcast(struct port *port, struct pkt *datagram);
void port_send_zone(struct port *port, const struct at_name *zone, struct pkt *datagram);

/* Used by a medium: one frame out, counted. */
void port_transmit(struct port *port, const struct pkt *frame);
void port_drop(struct port *port, enum drop_reason reason);

/* The port that a path goes through; NULL: it goes through a tunnel, or the port went. */
struct port *port_of_path(const struct path *path);

/* The route of the attached network; NULL while the port is not up. */
struct route *port_route(const struct port *port);

/* Called by the medium: port->addr is ours. */
void port_claimed(struct port *port);

/*
 * Called by the medium: another node has port->addr, too, and we leave it to him. Another one
 * is claimed; what the port knows of its cable stays, and routes through it stay, too.
 */
void port_lost_address(struct port *port);

/* Does it need to hear about its range or zones? svc_rtmp.c and svc_zip.c then tell cable.h. */
bool port_is_seeking(const struct port *port);

/* Called by svc_rtmp.c and svc_zip.c: there is news in seed.cable. */
void port_judge_cable(struct port *port);

/*
 * A router gives our cable, which is in use, a range that is not ours. True:
 * that is proved, and the port has gone another way. False: R41 holds.
 */
bool port_is_contradicted(struct port *port, struct at_addr from, struct at_range range);

/*
 * The port hears another port of ours: both are on one cable. One of them stops
 * unless both are up; it is said of both what they are.
 */
void port_hears_own(struct port *port, const struct port *other);

/* A trouble was seen: says so, once a second at most. `other`: the port concerned, or NULL. */
void port_notice(struct port *port, enum port_trouble trouble, const struct port *other);

/* The troubles of the last minutes as words with commas between them; "" if there are none. */
enum { PORT_TROUBLE_TEXT = 64 };	/* of struct port_info */
void port_trouble_text(const struct port *port, char out[PORT_TROUBLE_TEXT]);

/* For port.c: starts acquisition on a link that is there; ends everything the port does. */
void port_seed_init(struct port *port);
void port_seed_start(struct port *port);
void port_seed_stop(struct port *port);
void port_seed_again(struct port *port);

/* For the dump. */
void port_describe(const struct port *port, struct port_info *info);
void port_walk_aarp(struct port *port, void (*each)(void *ctx, const struct aarp_info *),
	void *ctx);
void port_walk_counters(const struct port *port,
	void (*each)(void *ctx, const struct counter_info *), void *ctx);

#endif
