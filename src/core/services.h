/* The router's sockets. forward.c calls them with a checked datagram addressed to us. */
#ifndef AURPD_SERVICES_H
#define AURPD_SERVICES_H

#include "forward.h"
#include "port.h"

/* Socket 1: RTMP Data, Response, Request and Route Data Request (Inside AppleTalk ch. 5). */
void rtmp_input(struct router *r, struct datagram *d);

/* Socket 2: BrRq, FwdReq, LkUp for our own names (Inside AppleTalk ch. 7; ch. 8, "NBP routing in IRs"). */
void nbp_input(struct router *r, struct datagram *d);

/* Socket 4: echo (Inside AppleTalk ch. 6). */
void aep_input(struct router *r, struct datagram *d);

/* Socket 6: ZIP and its ATP requests (Inside AppleTalk ch. 8). */
void zip_input(struct router *r, struct datagram *d);

/* RTMP Data on one port now: split horizon, Bad entries as 31 (R10..R18, R32). */
void rtmp_send_data(struct port *port);

/* Asks for the zones of RTMP and attached routes whose lists are incomplete; every 10 s (Z01..Z04). */
void zip_scan(struct router *r);

#endif
