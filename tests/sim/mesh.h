/*
 * A mesh: the part of the internet that one multipoint tunnel runs over, with
 * its weather. A jack is an address there: a site's tunnel, or a script.
 */
#ifndef AURPD_SIM_MESH_H
#define AURPD_SIM_MESH_H

#include "aurpd/at.h"
#include "aurpd/mtime.h"
#include "aurp.h"
#include "things.h"

struct world;
struct site;
struct site_tunnel;
struct mesh;
struct nat;

struct weather {
	unsigned loss, dup;		/* percent */
	unsigned reorder;		/* percent that are held back for several delays */
	struct span delay_min, delay_max;
};

struct jack {
	struct mesh *mesh;
	uint32_t number;		/* the same in every run */
	struct endpoint addr;		/* port: what it listens on */
	uint32_t listed;		/* its address as the name service has it */
	uint16_t nat_port;		/* not 0: others see this source port, and may send to it */
	struct nat *nat;		/* NULL: its address is good everywhere (nat.h) */
	unsigned group;			/* packets between different groups are lost */
	struct site_tunnel *tunnel;	/* NULL: a script */
	void (*receive)(struct jack *j, struct endpoint from, struct pkt *payload);
};

enum fate { FATE_PASS, FATE_LOSE, FATE_DOUBLE, FATE_DELAY };

/* One packet on its way; a tap may change its fate. */
struct passing {
	struct jack *from, *to;		/* to NULL: nobody has that address */
	struct endpoint src, dst;
	const struct pkt *payload;
	enum aurp_msg msg;		/* AURP_MSG_COUNT: data, or unreadable */
	enum fate fate;
	struct span delay;		/* extra, for FATE_DELAY and the copy of FATE_DOUBLE */
};

/* The `first`..`first + count - 1`-th packet (from 1) of a kind from one to another. */
struct intercept {
	const struct jack *from, *to;	/* NULL: anybody */
	enum aurp_msg msg;		/* AURP_MSG_COUNT: any packet, data included */
	unsigned first, count;
	enum fate fate;
	struct span delay;
	unsigned seen;			/* packets that fitted so far */
	unsigned hit;			/* of them, those that met their fate here */
};

/* A direction that is dead. */
struct cut {
	const struct jack *from, *to;
};

struct mesh {
	struct world *world;
	size_t index;
	struct weather weather;		/* at first 5..40 ms, nothing lost */
	struct things jacks;
	struct things intercepts;	/* struct intercept */
	struct cut *cuts;
	size_t n_cuts, cap_cuts;
	void (*tap)(void *ctx, struct passing *p);
	void *tap_ctx;
};

struct mesh *world_add_mesh(struct world *w);

/* A new tunnel of the site in this mesh; it and every site already in it list each other. */
struct site_tunnel *mesh_join(struct mesh *m, struct site *site);

/* The same, but nobody lists anybody: see tunnel_add_peer(). */
struct site_tunnel *mesh_join_alone(struct mesh *m, struct site *site);

/* Cuts or heals one direction; both with mesh_cut_pair(). */
void mesh_cut(struct mesh *m, const struct jack *from, const struct jack *to, bool is_cut);
void mesh_cut_pair(struct mesh *m, const struct jack *a, const struct jack *b, bool is_cut);

/* Do packets pass both ways, all of them and at once? */
bool mesh_passes(const struct mesh *m, const struct jack *a, const struct jack *b);

/* All cuts, groups and weather end; intercepts stay. */
void mesh_heal(struct mesh *m);

/* The rule is copied; look at ->hit of what is returned. mesh_forget_intercepts() removes all. */
struct intercept *mesh_intercept(struct mesh *m, struct intercept rule);
void mesh_forget_intercepts(struct mesh *m);

/* Plugs a jack in at the next free address, or gives it another. */
void jack_plug(struct jack *j, struct mesh *m);
void jack_move(struct jack *j);
void jack_unplug(struct jack *j);

/* Who has this address now; NULL: nobody. */
struct jack *world_find_jack(struct world *w, uint32_t ip);

/* Sends a UDP payload from a jack. */
void jack_send(struct jack *from, struct endpoint to, const struct pkt *payload);

/* A payload with a forged source: as if whoever has that address had sent it. Never lost. */
void mesh_forge(struct mesh *m, struct endpoint src, struct endpoint dst,
	const struct pkt *payload);

/* The command of an AURP packet; AURP_MSG_COUNT: it is data or cannot be read. */
enum aurp_msg payload_msg(const struct pkt *payload);

#endif
