/*
 * Translators: a home router or a carrier's between jacks and their mesh. A flow
 * is an inside place and a far one; it has an outside port until it was idle for
 * too long. Only who was called may answer; a forwarded port takes everybody.
 */
#ifndef AURPD_SIM_NAT_H
#define AURPD_SIM_NAT_H

#include "mesh.h"

struct nat_flow {
	struct endpoint inside, far;
	uint16_t port;
	struct instant used;
};

struct nat_forward {
	uint16_t port;
	const struct jack *to;		/* at the port that it listens on */
};

struct nat {
	struct mesh *mesh;
	size_t index;
	uint32_t ip;			/* outside */
	uint32_t listed;		/* the same, as the name service has it */
	struct nat *outer;		/* NULL: the mesh is outside */
	bool keeps_port;		/* wherever it is free */
	bool is_symmetric;		/* a port of its own for each far place */
	bool is_off;
	struct span forgets;		/* what was idle for so long; 60 s */
	struct nat_flow *flows;
	size_t n_flows, cap_flows;
	struct nat_forward *forwards;
	size_t n_forwards, cap_forwards;
};

struct nat *mesh_add_nat(struct mesh *m);

/* From now on the jack's address, or the translator's, is only good inside this one. */
void jack_put_behind(struct jack *j, struct nat *n);
void nat_put_behind(struct nat *n, struct nat *outer);

/* Port `port` outside is the jack's. */
void nat_forward(struct nat *n, uint16_t port, const struct jack *to);

/* All flows are gone: what a reboot does besides being away. */
void nat_forget(struct nat *n);

/* Another outside address; `listed` stays. */
void nat_move(struct nat *n);

/* --- for mesh.c ------------------------------------------------------------------------ */

/*
 * Where a packet from a jack has got when it finds its destination or leaves the
 * outermost translator (NULL), with the source that it has there. False: it is lost.
 */
bool nat_out(const struct jack *from, struct endpoint to, struct endpoint *src,
	struct nat **where);

/* Who gets what is sent there to `to`; NULL: nobody. Not `is_real`: it is only asked. */
struct jack *nat_in(struct mesh *m, struct nat *where, struct endpoint src, struct endpoint to,
	bool is_real);

/* --- where others find a jack ---------------------------------------------------------- */

/* The place under which `by` lists it, as the name service has it; its true one. */
struct endpoint jack_listed(const struct jack *j, const struct jack *by);
struct endpoint jack_place(const struct jack *j, const struct jack *by);

/* Whose place that is, or was: as somebody outside saw it. NULL: nobody's. */
struct jack *nat_owner(const struct world *w, struct endpoint place);

/* The address that its machine has: a private one behind a translator. */
uint32_t jack_leaves_from(const struct jack *j);

/* Does an Open-Req from `by` to that place arrive, whoever else called before? */
bool jack_can_be_called(const struct jack *j, const struct jack *by);

/* Does an answer to port AURP_PORT arrive, if it has called? `by` NULL: somebody's outside. */
bool jack_hears_at_387(const struct jack *j, const struct jack *by);

/* Can it be called, at another port than it calls from? */
bool jack_calls_from_elsewhere(const struct jack *j);

/* Are others behind the same translator, so that its address does not tell who it is? */
bool jack_shares_address(const struct jack *j);

/* No translator on its way is off. */
bool jack_has_way_out(const struct jack *j);

void world_free_nats(struct world *w);

#endif
