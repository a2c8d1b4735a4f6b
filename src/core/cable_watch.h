/*
 * What may show, after a port is up, that its cable is another one than it
 * seemed: for five minutes after it came up, or after its carrier or bridge
 * changed, the routers that contradict its range are remembered. port_seed.c
 * decides what follows.
 */
#ifndef AURPD_CABLE_WATCH_H
#define AURPD_CABLE_WATCH_H

#include "port.h"

void cable_watch_init(struct port *port);

/* The five minutes begin now. */
void cable_watch_open(struct port *port);

/* The cable may be another one: they begin anew, and its routers are asked for their range. */
void cable_watch_again(struct port *port);

/* The port has no range any more: all is forgotten. */
void cable_watch_close(struct port *port);

/* A node of the cable has this address. */
void cable_watch_node(struct port *port, struct at_addr node);

/*
 * A router has said that the cable has a range that is not ours. True: it has
 * said so twice, at least ten seconds apart, within the five minutes.
 */
bool cable_watch_proves(struct port *port, struct at_addr from, struct at_range range);

/* Does a node have an address of ours that it would lose with this range? */
bool cable_watch_would_hurt(const struct port *port, struct at_range range);

#endif
