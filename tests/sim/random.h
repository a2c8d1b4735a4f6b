/*
 * Random worlds: a map and a list of faults, both drawn from a seed; the faults
 * happen, end, and then everything must come to rest. The list is flat and each
 * fault brings its own end, so any part of it is a history of its own: that is
 * what makes it possible to shrink one (shrink.h).
 */
#ifndef AURPD_SIM_RANDOM_H
#define AURPD_SIM_RANDOM_H

#include <stdio.h>

#include "world.h"

enum fault_kind {
	FAULT_WEATHER,		/* a mesh loses, repeats, reorders, delays */
	FAULT_CUT_ONE_WAY,
	FAULT_CUT_PAIR,
	FAULT_PARTITION,
	FAULT_CRASH,
	FAULT_STOP,		/* orderly */
	FAULT_SAME_SEED,	/* a crash; the next life has the same connection IDs */
	FAULT_MOVE,		/* another address; the end: the others learn of it */
	FAULT_PORT_REMOVED,	/* from the configuration; the end: it is back */
	FAULT_PEER_REMOVED,	/* by one side */
	FAULT_TUNNEL_DOWN,
	FAULT_LINK_DOWN,
	FAULT_LAN_CUT,
	FAULT_LAN_LOSS,
	FAULT_REZONED,		/* the cable is off for a while and returns with other zones */
	FAULT_RENUMBERED,	/* and with other numbers */
	FAULT_CLAIM,		/* a cable has numbers that overlap another's; then its own again */
	FAULT_TRAFFIC,		/* everybody echoes to everybody */
	FAULT_REFRESH,
	FAULT_FORGERY,		/* packets with the address of a peer, and IDs that are guessed */
	FAULT_STRANGER,		/* packets from an address that nobody lists */
	FAULT_DEATH,		/* for ever */
	FAULT_QUICK_STOP,	/* orderly, and on again within two seconds */
	FAULT_QUICK_CRASH,	/* on again within twenty */
	FAULT_FREEZE,		/* a stopped process */
	FAULT_UNLISTED,		/* another address; who asks for its name learns it at the end */
	FAULT_NAT_FORGETS,
	FAULT_NAT_REBOOTS,
	FAULT_MATE_QUICK,	/* another make crashes, on again within twenty seconds */
	FAULT_MATE_CRASH,
	FAULT_MATE_STOP,
	FAULT_MATE_FREEZE,
	FAULT_MATE_NET,		/* it loses a network for a while */
	FAULT_KINDS,
	FAULT_SABOTAGE = FAULT_KINDS,	/* for the tests of the checkers; never drawn */
};

/* What a, b, c choose is taken modulo what there is. */
struct fault {
	struct span at, lasts;
	enum fault_kind kind;
	uint32_t a, b, c;
};

struct faults {
	struct fault *list;
	size_t n;
};

/* What a run came to. */
struct outcome {
	size_t violations;
	struct violation first;
	struct span converged, bound;	/* until rest; how long that might take */
	uint64_t packets, digest;
	uint64_t router_s;		/* simulated seconds, summed over routers that were on */
	size_t sites, lookups, echoes;
	struct judged judged;
	uint64_t claims, reports;
};

/* The faults that belong to a seed; free(list). */
struct faults random_faults(uint64_t seed);

/* The world of a seed, everything still off. */
struct world *random_map(uint64_t seed);

/* Lives through the map of a seed with these faults. `says` NULL: violations are not printed. */
struct outcome random_run(uint64_t seed, const struct fault *list, size_t n, bool prints);

/* What FAULT_SABOTAGE does, for the tests. */
extern void (*random_sabotage)(struct world *w, uint32_t a);

/* One line, as "12.500 s for 60 s: site 3 crashes". */
void fault_print(FILE *to, const struct fault *f);

/* Sites with their cables and meshes, end nodes with theirs. */
void map_print(FILE *to, const struct world *w);

/* --- between the files of the random worlds -------------------------------------------- */

struct fault fault_draw(struct prng *prng, struct span at);
void fault_begin(struct world *w, const struct fault *f);
void fault_end(struct world *w, const struct fault *f);

/* random_cable.c. Off: no router is configured for it; as often as that is said. */
void cable_mend(struct world *w, struct lan *lan);
void cable_switch_off(struct world *w, struct lan *lan);
void cable_return_rezoned(struct world *w, struct lan *lan, const struct fault *f);
void cable_return_renumbered(struct world *w, struct lan *lan, const struct fault *f);

/* FAULT_CLAIM. Where that is impossible, nothing happens. */
void cable_claim(struct world *w, struct lan *lan, const struct lan *of, const struct fault *f);
void cable_end_claim(struct world *w, struct lan *lan, struct lan *of, const struct fault *f);

/* Cables that wait for everybody to forget their numbers come back. True: some still wait. */
bool cables_end_quarantine(struct world *w);

/* random_nat.c, random_mate.c: a map may get some; their faults. */
void map_add_nats(struct world *w, struct prng *prng);
void map_add_mates(struct world *w, struct prng *prng, uint16_t next_net);
void nat_fault(struct world *w, const struct fault *f, bool is_end);
void mate_fault(struct world *w, const struct fault *f, bool is_end);

/* random_forge.c: FAULT_FORGERY and FAULT_STRANGER. */
void random_forge(struct world *w, const struct fault *f);

#endif
