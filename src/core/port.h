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
#include "timer.h"

struct port;

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
	void (*link_up)(struct port *port);		/* start claiming an address */
	void (*link_down)(struct port *port);		/* forget everything learnt about the link */
	void (*input)(struct port *port, struct pkt *frame);
	void (*send_node)(struct port *port, struct at_addr to, struct pkt *datagram);
	void (*send_broadcast)(struct port *port, struct pkt *datagram);
	void (*send_zone)(struct port *port, const struct at_name *zone, struct pkt *datagram);
	/* The multicast address of a zone; false if the medium has none. */
	bool (*zone_multicast)(struct port *port, const struct at_name *zone, struct mac *address);
	void (*free)(struct port *port);
};

struct port_counters {
	uint64_t rx, tx;		/* frames */
	uint64_t rx_bytes, tx_bytes;
	uint64_t drops[DROP_REASONS];
};

struct port {
	struct list in_router;
	struct router *r;
	const struct port_ops *ops;
	struct config_port config;	/* our copy; zones included */
	void *link;
	struct mac mac;
	enum port_state state;
	struct at_range range;		/* in force; first 0 = unknown */
	struct at_addr addr;		/* ours, or the one being claimed */
	const struct zone *default_zone; /* of the attached network; NULL while unknown */
	struct port_counters count;
	/* ... the author of port.c adds timers and the state of verification here */
};

/* Heap; the medium follows config->kind. */
struct port *port_new(struct router *r, const struct config_port *config);
void port_free(struct port *port);

/* New settings for a port that stays; restarts it where that is needed. */
void port_apply(struct port *port, const struct config_port *config);

void port_link_up(struct port *port, void *link, struct mac mac);
void port_link_down(struct port *port);
void port_input(struct port *port, struct pkt *frame);

/* Last words before the end: routes lost through us are poisoned on this port, names withdrawn (R33, N28). */
void port_shutdown(struct port *port);

static inline bool port_is_up(const struct port *port)
{
	return port->state == PORT_UP;
}

/* Is it the port's own net.node? Net 0 counts on non-extended ports (D26, D27). */
bool port_has_address(const struct port *port, struct at_addr addr);

/* Puts a datagram on this link: to a node, to all, or to a zone of the cable (E03, E04, N04, N05). */
void port_send_node(struct port *port, struct at_addr to, struct pkt *datagram);
void port_send_broadcast(struct port *port, struct pkt *datagram);
void port_send_zone(struct port *port, const struct at_name *zone, struct pkt *datagram);

/* Used by a medium: one frame out, counted. */
void port_transmit(struct port *port, const struct pkt *frame);
void port_drop(struct port *port, enum drop_reason reason);

/* For the dump. */
void port_describe(const struct port *port, struct port_info *info);
void port_walk_aarp(struct port *port, void (*each)(void *ctx, const struct aarp_info *), void *ctx);
void port_walk_counters(const struct port *port, void (*each)(void *ctx, const struct counter_info *), void *ctx);

#endif
