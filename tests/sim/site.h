/* A site: a real router, its ports on LANs and its tunnels in meshes, on or off. */
#ifndef AURPD_SIM_SITE_H
#define AURPD_SIM_SITE_H

#include "aurpd/router.h"
#include "lan.h"
#include "mesh.h"
#include "timer.h"

struct site_port {
	struct site *site;
	struct lan *lan;		/* where it is plugged in while its link is up */
	struct station station;
	struct config_port config;	/* edit, then site_reconfigure() */
	bool is_removed;		/* not in the configuration */
	struct port *handle;		/* NULL: the router does not have it */
};

struct site_peer {
	char name[CONFIG_NAME_MAX + 1];
	const struct jack *to;		/* NULL: never resolved */
	bool is_removed;
	struct site_tunnel *tunnel;	/* that lists it */
	struct endpoint resolved;	/* what the router was told last; ip 0: nothing yet */
	struct timer ask;		/* site_fate.c: for its name, if the world has names; ... */
	bool is_lost;			/* ... often, while it is lost */
	struct instant lost;
	size_t asks;
};

struct site_tunnel {
	struct site *site;
	struct jack jack;
	struct config_tunnel config;	/* peers are taken from here: */
	struct things peers;		/* struct site_peer */
	bool is_removed;
	bool is_down;			/* site_tunnel_down() */
	bool has_lost_address;		/* while it moves: nothing can be sent */
	struct tunnel *handle;
};

struct site {
	struct world *world;
	size_t index;
	struct config config;		/* all but ports and tunnels; edit before reconfigure */
	struct things ports;		/* struct site_port */
	struct things tunnels;		/* struct site_tunnel */
	struct router *router;		/* NULL: off */
	struct timer tick;		/* the router's deadline */
	bool is_stopping;		/* orderly; off as soon as it has stopped */
	bool is_going;			/* being freed: must not send */
	bool is_frozen;			/* deaf, and its clock does not tick */
	struct list kept;		/* datagrams for it meanwhile */
	size_t n_kept;
	struct span pause;		/* of site_restart() */
	struct instant came;		/* when it was switched on, or thawed */
	bool is_dead;			/* the random worlds': for ever */
	bool is_excused;		/* see watch_excuse() */
	bool has_seed;
	bool has_old_ids;		/* its connection IDs are those of its last life */
	uint64_t seed;			/* for the next life */
	unsigned lives;
	uint64_t drops[DROP_REASONS];	/* of this life; from traces */
	uint64_t traces[TRACE_KINDS];
	/* called with every trace event, if set */
	void (*on_trace)(struct site *site, const struct trace_event *e);
	void *ctx;			/* the test's own */
};

struct site *world_add_site(struct world *w);

/* The i-th site, port, tunnel. */
struct site *world_site(const struct world *w, size_t i);
struct site_port *site_port(const struct site *site, size_t i);
struct site_tunnel *site_tunnel(const struct site *site, size_t i);

/*
 * A port on a LAN, named "p0", "p1", ... `zone` may be NULL (SEED_NONE); range.extended
 * follows from the LAN.
 */
struct site_port *site_add_port(struct site *site, struct lan *lan, enum seed_mode seed,
	struct at_range range, const char *zone);
void port_set_zones(struct site_port *p, const struct at_name *zones, size_t n);
void port_add_zone(struct site_port *p, const char *zone);

/* Is the port in the configuration now? */
static inline bool port_is_there(const struct site_port *p)
{
	return !p->is_removed && p->lan->off == 0;
}

/* The numbers that it is told: what the cable claims stands before what it should have. */
static inline struct at_range port_range(const struct site_port *p)
{
	bool has_claim = p->lan->claim.first != 0 && p->config.seed != SEED_NONE;

	return has_claim ? p->lan->claim : p->config.range;
}

/* Lists `to` as a peer of the tunnel; a running site learns of it by site_reconfigure(). */
struct site_peer *tunnel_add_peer(struct site_tunnel *t, const char *name, const struct jack *to);
struct site_peer *tunnel_find_peer(const struct site_tunnel *t, const struct jack *to);

/* The next life of the router gets this seed: the same seed, the same connection IDs. */
void site_set_seed(struct site *site, uint64_t seed);

void site_switch_on(struct site *site);
void site_crash(struct site *site);		/* no last words */
void site_begin_stop(struct site *site);	/* orderly, off by itself within 5 s */
void site_stop(struct site *site);		/* the same, and runs the world until it is off */
static inline bool site_is_on(const struct site *site)
{
	return site->router != NULL;
}

/* --- site_fate.c ----------------------------------------------------------------------- */

/* An orderly stop, and on again `pause` after its end. */
void site_restart(struct site *site, struct span pause);

/* A stopped process, until it goes on. */
void site_freeze(struct site *site);
void site_thaw(struct site *site);

/* A new address that the name service learns `lag` later. For worlds with `asks_names`. */
void site_move_unlisted(struct site *site, size_t tunnel, struct span lag);

/* The name service learns of all moves. */
void world_list_all(struct world *w);

/* For site.c: a datagram for a frozen site; its names are asked for from now on, no more. */
void site_keep(struct site_tunnel *t, struct endpoint from, const struct pkt *payload);
void site_forget_kept(struct site *site);
void site_begin_names(struct site *site);
void site_end_names(struct site *site);
void site_trace_names(struct site *site, const struct trace_event *e);
void peer_init_names(struct site_peer *peer);

/* For site_fate.c: tells the router where a peer is; lets its clock tick again. */
void peer_resolve(struct site_peer *peer);
void site_wake(struct site *site);

/* --- life goes on ---------------------------------------------------------------------- */

/* Hands the configuration as it is now to the running router, and the addresses of its peers. */
void site_reconfigure(struct site *site);

/* Tells the router where its peers are now, as the shell's resolver does. */
void site_resolve(struct site *site);

/* A new address for a tunnel; the others find out by site_resolve() when the test says so. */
void site_move(struct site *site, size_t tunnel);
void world_resolve_all(struct world *w);

/* The device of a port goes, and comes back. */
void site_link_down(struct site *site, size_t port);
void site_link_up(struct site *site, size_t port);
void site_tunnel_down(struct site *site, size_t tunnel);
void site_tunnel_up(struct site *site, size_t tunnel);
void site_refresh(struct site *site);		/* router_refresh() */

/* --- what a site knows ----------------------------------------------------------------- */

/* A usable route, with complete zones, to network `net`? Distance in *hops if not NULL. */
bool site_knows(const struct site *site, uint16_t net, unsigned *hops);
bool site_sees_zone(const struct site *site, const char *zone);
size_t site_networks(const struct site *site);
size_t site_connected(const struct site *site);	/* peers with a connection */

/* A peer as router_walk_peers() describes it; strings are copied. False: no such peer. */
struct peer_view {
	char recv[24], send[24];
	size_t routes, told;
	long rtt_ms, heard_s;
};

bool site_peer(const struct site *site, const char *name, struct peer_view *out);

/* Sum of a counter over owners of a kind: ("peer", "ri-upd-tx"). */
uint64_t site_counter(const struct site *site, const char *kind, const char *name);

#endif
