/*
 * What the other routers of a cable say about it: its range, its zones, its
 * default zone. cable_ask() asks, the cable_hear functions put answers into
 * port->seed.cable, and port_seed.c judges them. Inside AppleTalk ch. 5
 * ("Initialization"), ch. 8 ("Zones list assignment").
 */
#ifndef AURPD_CABLE_H
#define AURPD_CABLE_H

#include "port.h"
#include "zip.h"

/* Broadcasts what is not answered yet: RTMP Request, GetNetInfo without a zone, ZIP Query. */
void cable_ask(struct port *port);

/* The RTMP Request alone. */
void cable_ask_range(struct port *port);

/*
 * A router gave a range to this cable. A range that agrees with the configured
 * one never hides one that does not. False: it says nothing (range 0, R04).
 */
bool cable_hear_range(struct port *port, struct at_addr from, struct at_range range);

/* A GetNetInfo reply: range and default zone. False: it says nothing. */
bool cable_hear_net_info(struct port *port, struct at_addr from, const struct zip_net_info *info);

/*
 * A ZIP Reply or Extended Reply, known to be whole. Lists are kept apart by
 * router (Z37). False: nothing in it is about this cable, or too many routers answer.
 */
bool cable_hear_zones(struct port *port, struct at_addr from, const struct zip_reply *reply);

/* The first complete zone list anybody told; NULL if there is none. */
const struct cable_answer *cable_zones(const struct cable *c);

void cable_forget(struct cable *c);
void cable_forget_zones(struct cable *c);

#endif
