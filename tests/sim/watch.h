/*
 * The invariants, checked on every packet of every world while it runs. What
 * breaks one is written down, never fatal: a test looks at world_violations()
 * at its end (check_world() does), the random worlds shrink what led there.
 */
#ifndef AURPD_SIM_WATCH_H
#define AURPD_SIM_WATCH_H

#include "mesh.h"

struct trace_event;
struct world;
struct site;
struct site_port;
struct site_tunnel;
struct lan;

enum { VIOLATIONS_KEPT = 100, VIOLATION_TEXT = 240 };

struct violation {
	struct instant at;
	char text[VIOLATION_TEXT];
};

size_t world_violations(const struct world *w);

/* The i-th of those kept. */
const struct violation *world_violation(const struct world *w, size_t i);

/* Prints those kept to stderr; returns how many there were in all. */
size_t world_print_violations(const struct world *w);
void world_forget_violations(struct world *w);

/* Writes one down: where, and what as printf() would print it. */
__attribute__((format(printf, 3, 4)))
void watch_say(struct world *w, const char *where, const char *format, ...);

/* From now on no allowance is made for turmoil in rings: see watch_calm.c. */
void watch_strictly(struct world *w);

/* This site is hostile or misconfigured on purpose: what it sends is not judged. */
void watch_excuse(struct site *site);

/* --- called by the world --------------------------------------------------------------- */

void watch_init(struct world *w);
void watch_fini(struct world *w);
/* A cable that no site has has this network: a mate's. */
void watch_know(struct lan *lan, struct at_range range);
/* A site's configuration goes to its router. */
void watch_configured(struct site *site);
void watch_tunnel_sent(struct site_tunnel *from, const struct passing *p);
void watch_tunnel_heard(struct site_tunnel *to, struct endpoint from, const struct pkt *payload);
/* What was heard has been dealt with. */
void watch_tunnel_done(struct site *site);
void watch_traced(struct site *site, const struct trace_event *e);
/* Time has passed: who does not know whom, though it could, for too long? watch_reach.c. */
void watch_reach(struct world *w);
/* Time has passed: looks at the tables if it is time to. */
void watch_tables(struct world *w);
void watch_link_sent(struct site_port *from, const struct pkt *frame);
void watch_link_heard(struct site_port *to, const struct pkt *frame);

/* A datagram with a long header that enters or leaves a router; `lan` NULL: by a tunnel. */
void watch_datagram_in(struct site *site, const struct pkt *p);
void watch_datagram_out(struct site *site, const struct lan *lan, const struct pkt *p);

#endif
