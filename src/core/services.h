/* The router's sockets. forward.c calls them with a checked datagram addressed to us. */
#ifndef AURPD_SERVICES_H
#define AURPD_SERVICES_H

#include "forward.h"
#include "port.h"

/* Socket 1: RTMP Data, Response, Request and Route Data Request (Inside AppleTalk ch. 5). */
void rtmp_input(struct router *r, struct datagram *d);

/* Socket 2: BrRq, FwdReq, LkUp for our names (Inside AppleTalk ch. 7; 8, "NBP routing in IRs"). */
void nbp_input(struct router *r, struct datagram *d);

/* Socket 4: echo (Inside AppleTalk ch. 6). */
void aep_input(struct router *r, struct datagram *d);

/* Socket 6: ZIP and its ATP requests (Inside AppleTalk ch. 8). */
void zip_input(struct router *r, struct datagram *d);

/* Once per port, before anything else. */
void rtmp_port_init(struct port *port);

/* The port came up: Data at once and every 10 s from now on (R10, Q03). */
void rtmp_port_up(struct port *port);
void rtmp_port_down(struct port *port);

/* RTMP Data on one port now: split horizon, Bad entries as 31 (R10..R18, R32). */
void rtmp_send_data(struct port *port);

/* The same with every route but the cable's own declared unreachable: we go (R33). */
void rtmp_send_poison(struct port *port);

/*
 * Routes changed (routes.generation): the neighbours on every port are told
 * within a second, and not more often than once per second (R47).
 */
void rtmp_routes_changed(struct router *r);

/* Asks for the zones of routes learnt by RTMP whose lists are incomplete; every 10 s (Z01..Z04). */
void zip_scan(struct router *r);

/* Asks one router on a port for the zones of n networks (range starts) now (Z01, Z04). */
void zip_ask(struct port *port, struct at_addr router, const uint16_t *nets, size_t n);

/* Once per port, before anything else. */
void nbp_port_init(struct port *port);

/*
 * The zones of an attached network are known: registers `name:AppleRouter` in
 * its default zone after asking whether the name is taken (N17). Called again
 * when the router's name changes.
 */
void nbp_port_up(struct port *port);
void nbp_port_down(struct port *port);

#endif
