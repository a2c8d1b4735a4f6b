/*
 * A small world under simulated time: sites with a real router core each,
 * cables that several sites may share, and an internet between them that
 * delays, loses, repeats and reorders. Only the seam (include/aurpd) is used.
 * The same seed gives the same world, packet by packet.
 */
#ifndef AURPD_SIM_H
#define AURPD_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/router.h"
#include "prng.h"

enum { SIM_SITES_MAX = 128, SIM_TUNNELS_MAX = 2 };

struct sim;

struct site {
	struct sim *sim;
	size_t index;
	struct router *router;		/* NULL: switched off */
	struct config config;
	struct port *port;
	size_t cable;			/* number of the cable the port is on */
	uint64_t drops[DROP_REASONS];	/* of this life; from traces */
	uint64_t traces[TRACE_KINDS];
};

struct sim_event;

struct sim {
	struct instant now;
	struct prng prng;
	struct site sites[SIM_SITES_MAX];
	size_t n_sites;
	struct sim_event **heap;
	size_t n_events, cap_events;
	uint64_t next_order;
	/* the internet between the sites */
	unsigned loss_percent, dup_percent;
	struct span delay_min, delay_max;
	/* what crossed it */
	uint64_t sent[16];		/* AURP packets by command code */
	uint64_t data;			/* AppleTalk data packets */
	uint64_t digest;		/* of every byte sent and when */
	size_t largest;			/* AURP packet */
};

struct sim *sim_new(uint64_t seed);
void sim_free(struct sim *s);

/*
 * A site with network range first..last in one zone on cable `cable`, not yet
 * on. Site i has the address 10.0.0.(i + 1). A range of 0..0: no port.
 */
struct site *sim_add_site(struct sim *s, uint16_t first, uint16_t last, const char *zone,
	size_t cable);

/* Lists every site of `members` as a peer of every other, in tunnel `tunnel` (0 or 1). */
void sim_mesh(struct sim *s, size_t tunnel, const size_t *members, size_t n);

void site_switch_on(struct site *site);
void site_crash(struct site *site);			/* no last words */
/* orderly: runs the world until it has stopped */
void site_stop(struct site *site);

void sim_run(struct sim *s, struct span d);
void sim_forget_counts(struct sim *s);

/*
 * Does this site know a usable route, with complete zones, to network `net`? Distance in *hops if
 * not NULL.
 */
bool site_knows(struct site *site, uint16_t net, unsigned *hops);
bool site_sees_zone(struct site *site, const char *zone);
size_t site_networks(struct site *site);

#endif
