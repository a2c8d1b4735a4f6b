/*
 * What every router should know at rest, from the topology alone: what is
 * plugged in, on, and listed. No packet and no router is looked at.
 */
#ifndef AURPD_SIM_ORACLE_H
#define AURPD_SIM_ORACLE_H

#include "aurpd/at.h"
#include "mesh.h"

struct world;
struct site;
struct lan;
struct mate;
struct config_port;
struct oracle;

enum { ORACLE_UNREACHABLE = 255 };

struct oracle *oracle_new(const struct world *w);
void oracle_free(struct oracle *o);

/* Hops from a site that is on to the network of a LAN; ORACLE_UNREACHABLE if there is no way. */
unsigned oracle_hops(const struct oracle *o, const struct site *site, const struct lan *lan);

/* The same from a mate. */
unsigned oracle_mate_hops(const struct oracle *o, const struct mate *mate, const struct lan *lan);

/* Range and zones of a LAN; NULL: nobody that is on seeds it. The LAN of a network, or NULL. */
const struct config_port *oracle_seed(const struct oracle *o, const struct lan *lan);
const struct lan *oracle_lan(const struct oracle *o, struct at_range range);

/* The network of a LAN; first == 0: no router that is on seeds it. */
struct at_range oracle_range(const struct oracle *o, const struct lan *lan);

/*
 * Compares what a site knows with what it should know: ranges, distances, zones,
 * and nothing else. Returns the number of differences; each is also a violation
 * if `is_judged`.
 */
size_t oracle_compare(const struct oracle *o, struct site *site, bool is_judged);

/* The same of a mate, as far as its make can know it. */
size_t oracle_compare_mate(const struct oracle *o, const struct mate *mate, bool is_judged);

/* All sites that are on and not excused, and the mates. */
size_t oracle_compare_all(struct world *w, bool is_judged);

/* Wrong on purpose, to prove the comparison: the network of this LAN is one hop further. */
void oracle_distort(struct oracle *o, const struct lan *lan);

/* --- at rest (rest.c) ------------------------------------------------------------------ */

struct rest {
	struct span converged;		/* after the call: until nothing differed any more */
	size_t lookups, echoes;		/* that were asked for */
};

/* How long after its last fault a world is at rest at the latest; see rest.c. */
struct span rest_bound(const struct world *w);

/*
 * No fault is to come any more. Lets the bound pass, then checks: routes and zones
 * against the oracle, silence on the tunnels, every name from every end node
 * (in large worlds: from every node some), echo. What fails is a violation.
 */
struct rest world_rest(struct world *w);

#endif
