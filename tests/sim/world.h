/*
 * A world under simulated time: sites with a real router each, end nodes,
 * scripted peers, the LANs and the internet between them. One queue of timers
 * carries everything that will happen, so the same seed gives the same world,
 * packet by packet, whatever the compiler. Sites are driven through the seam
 * (include/aurpd) alone; end nodes and scripts speak through src/proto.
 *
 *	struct world *w = world_new(seed);
 *	struct lan *lan = world_add_lan(w, PORT_ETHERTALK);
 *	struct mesh *mesh = world_add_mesh(w);
 *	struct site *a = world_add_site(w);
 *	site_add_port(a, lan, SEED_HARD, (struct at_range){ 100, 101, true }, "Zone A");
 *	mesh_join(mesh, a);		... and b, c, ...
 *	site_switch_on(a);
 *	world_run(w, span_s(60));
 *	world_free(w);
 *
 * This file: the clock, what happens by itself, what was seen. lan.h, mesh.h,
 * site.h, host.h, script.h: the things in it. watch.h: the invariants, checked
 * on every packet of every world.
 */
#ifndef AURPD_SIM_WORLD_H
#define AURPD_SIM_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/router.h"
#include "aurp.h"
#include "list.h"
#include "prng.h"
#include "things.h"
#include "timer.h"

struct watch;

/* What crossed the tunnels since world_forget_counts(). */
struct traffic {
	uint64_t msg[AURP_MSG_COUNT];
	uint64_t data;			/* AppleTalk datagrams */
	size_t largest;			/* AURP packet, domain header included */
};

/* Exports into tunnels and datagrams of end nodes through routers: see watch_calm.c. */
struct judged {
	uint64_t strict;
	uint64_t lenient;		/* there was turmoil in a ring, */
	uint64_t forgiven;		/* and of these so many were against the rule */
};

/* 44.0.0.1: public, so that a router takes an address of its own for a private one
   only where it stands behind a translator. */
enum { WORLD_FIRST_IP = 0x2C000001 };

struct world {
	struct instant now;
	struct prng prng;		/* of the world: delays, losses, choices of tests */
	struct timer_queue queue;
	struct things sites, lans, meshes, hosts, scripts, mates, nats;
	struct things addresses;	/* struct jack, by IP address from WORLD_FIRST_IP on */
	bool asks_names;		/* sites ask for names by themselves, as the shell does */
	struct list calls;		/* world_call()s still to come */
	struct list in_flight;		/* frames and packets */
	uint64_t topology;		/* changes with every port, LAN, mesh and membership */
	struct traffic traffic;
	struct instant unquiet;		/* when a tunnel last carried what it does not at rest */
	uint64_t packets;		/* frames and tunnel packets sent in all */
	struct judged judged;
	uint64_t claims;		/* cables that were told numbers of another one */
	uint64_t reports;		/* that two want the same numbers, by any router */
	uint64_t digest;		/* of every packet: when, by whom, its bytes */
	struct watch *watch;
};

struct world *world_new(uint64_t seed);

/* Switches everything off and frees it. Router memory is then as it was before world_new(). */
void world_free(struct world *w);

/* Lets time pass. */
void world_run(struct world *w, struct span d);
void world_run_until(struct world *w, struct instant end);

/* Calls `what` after a while, once; `w` is its first argument. */
void world_call(struct world *w, struct span after, void (*what)(struct world *w, void *ctx),
	void *ctx);

void world_forget_counts(struct world *w);

/* True in `percent` of cases, by the world's generator. */
bool world_chance(struct world *w, unsigned percent);
struct span world_between(struct world *w, struct span least, struct span most);

/* A packet was sent: part of the digest. `sender` is any number that is the same in every run. */
void world_note(struct world *w, uint32_t sender, const struct pkt *p);

/* A frame or packet on its way: stands first in an allocation that the world may free. */
struct flight {
	struct timer timer;
	struct list in_world;
};

void world_take_off(struct world *w, struct flight *f, void (*land)(struct timer *t),
	struct span delay);

/* Called by world_free() alone. */
void world_free_sites(struct world *w);
void world_free_hosts(struct world *w);
void world_free_scripts(struct world *w);
void world_free_meshes(struct world *w);
void world_free_lans(struct world *w);

/* --- memory ---------------------------------------------------------------------------- */

/*
 * What the routers of this process hold: blocks allocated inside calls of the
 * core and not freed. The world's own memory is not part of it.
 */
struct memory {
	size_t blocks;
	size_t bytes;
};

struct memory memory_of_routers(void);

/* Brackets a call of the core; nested brackets are one. */
void memory_enter_router(void);
void memory_leave_router(void);

/* Brackets what the world does when a router calls it. */
bool memory_leave_for_world(void);
void memory_back_to_router(bool was);

/* Zeroed memory of the world; free with free(). */
void *world_alloc(size_t count, size_t size);

static inline struct at_name name_of(const char *text)
{
	struct at_name n = { .len = (uint8_t)strlen(text) };

	memcpy(n.byte, text, n.len);
	return n;
}

#include "lan.h"
#include "mesh.h"
#include "nat.h"
#include "site.h"
#include "host.h"
#include "script.h"
#include "mate.h"
#include "watch.h"
#include "oracle.h"

#endif
