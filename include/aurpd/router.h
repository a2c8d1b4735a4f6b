/*
 * The router core: bytes and the time go in; bytes, and the next moment it
 * wants to be woken, come out. It never touches the operating system. One
 * thread; every entry point takes the present instant, which never goes back.
 *
 * The shell's part: router_apply() makes the ports and tunnels of a
 * configuration; the shell opens a device or socket for each and hands it over
 * with router_link_up() or router_tunnel_up(); after each turn of its loop it
 * arms one timer to router_deadline().
 */
#ifndef AURPD_ROUTER_H
#define AURPD_ROUTER_H

#include "aurpd/at.h"
#include "aurpd/config.h"
#include "aurpd/mtime.h"
#include "aurpd/pkt.h"
#include "aurpd/router_io.h"

struct router;
struct port;
struct tunnel;

/* `seed` decides every random choice: the same seed and input give the same output. */
struct router *router_new(const struct router_io *io, uint64_t seed, struct instant now);
void router_free(struct router *r);

/*
 * Takes a configuration by difference; the first call is a difference to
 * nothing. `config` is valid (conf.c's business) and only read during the call.
 * Ports, tunnels and peers whose names and settings stay keep running. A port
 * whose range, zones or seeding change starts anew on its link. Handles of what
 * the new configuration no longer has are dead afterwards: the shell closes
 * those devices before it calls.
 */
void router_apply(struct router *r, struct instant now, const struct config *config);

/* Handles by name; NULL if there is none. Valid until router_apply() removes it. */
struct port *router_find_port(struct router *r, const char *name);
struct tunnel *router_find_tunnel(struct router *r, const char *name);

/* The device of a port is there (again): acquisition starts. `link` comes back in send_link(). */
void router_link_up(struct router *r, struct instant now, struct port *port, void *link,
	struct mac mac);
void router_link_down(struct router *r, struct instant now, struct port *port);

/*
 * The cable behind this link may be another one now, or a larger one: it joined
 * or left a bridge, or something did that it shares a bridge with. Range and
 * zones are verified anew; that alone never takes a port down.
 */
void router_link_changed(struct router *r, struct instant now, struct port *port);

/*
 * The socket of a tunnel is there; `own` is our domain identifier on it. `sock` comes back in
 * send_tunnel().
 */
void router_tunnel_up(struct router *r, struct instant now, struct tunnel *tunnel, void *sock,
	struct domain_id own);
void router_tunnel_down(struct router *r, struct instant now, struct tunnel *tunnel);

/*
 * The address that packets of this tunnel leave from, where it is another one than in our
 * domain identifier; 0: the same, or not known. A private one has a translator before it.
 */
void router_tunnel_leaves_from(struct router *r, struct instant now, struct tunnel *tunnel,
	uint32_t ip);

/*
 * The addresses a configured peer's host resolves to, best first (n > 0). A
 * connected peer whose address is among them stays; otherwise it moves.
 */
void router_peer_addresses(struct router *r, struct instant now, struct tunnel *tunnel,
	const char *peer, const struct endpoint *to, size_t n);

/*
 * A frame from a link, from its header on, as send_link() gets them. Its bytes may be
 * changed; needs no headroom beyond PKT_HEADROOM.
 */
void router_rx_link(struct router *r, struct instant now, struct port *port, struct pkt *frame);

/* A UDP payload from a tunnel, with PKT_HEADROOM before it. */
void router_rx_tunnel(struct router *r, struct instant now, struct tunnel *tunnel,
	struct endpoint from, struct pkt *payload);

/* When router_tick() is due; INSTANT_NEVER if never. */
struct instant router_deadline(const struct router *r);
void router_tick(struct router *r, struct instant now);

/*
 * Looks after the peers now: the connected ones are asked for all their networks
 * again (RI-Req, RFC 1504 p. 28), the others are dialled without waiting for
 * their next turn.
 */
void router_refresh(struct router *r, struct instant now);

/*
 * Orderly end: poisons our routes on the ports, tells every peer (RFC 1504
 * p. 38). Go on feeding packets and ticks until router_is_stopped(), which is
 * true at the latest 5 s later.
 */
void router_shutdown(struct router *r, struct instant now);
bool router_is_stopped(const struct router *r);

/* --- what a person may want to know ----------------------------------------------------- */

struct router_summary {
	size_t ports_up, ports;
	size_t peers_connected, peers;
	size_t networks;
	size_t zones;
};

struct router_summary router_summary(const struct router *r);

struct port_info {
	const char *name;
	const char *kind;		/* "ethertalk", "ltoudp", "tashtalk" */
	const char *device;
	/* "down", "probing", "verifying", "learning", "up", "conflict" */
	const char *state;
	struct at_range range;
	struct at_addr addr;
	struct mac mac;
	const struct at_name *default_zone;	/* NULL while unknown */
	size_t zones;
	/* what was wrong in the last ten minutes: words with commas between them, or "" */
	char troubles[64];
};

struct tunnel_info {
	const char *name;
	bool is_up;
	struct endpoint listen;
	struct domain_id di;
	size_t peers, connected;
};

struct peer_info {
	const char *name;
	const char *tunnel;
	const char *host;		/* "" for a peer that nobody configured */
	struct endpoint addr;		/* ip 0: not resolved yet */
	const char *recv;		/* state of our data receiver, as in aurpd.conf(5) */
	const char *send;		/* state of our data sender */
	size_t routes;			/* networks it offers us */
	size_t told;			/* networks we have told it */
	long rtt_ms;			/* -1: not measured yet */
	long heard_s;			/* seconds since it was last heard; -1: never */
	bool remaps, reduces_hops;	/* environment flags of its Open-Rsp */
	bool is_us;			/* our own call to it came back */
	const char *same_as;		/* NULL, or the peer that is the same router */
};

struct route_info {
	struct at_range range;
	uint8_t distance;
	const char *via;		/* port or peer */
	struct at_addr next_router;	/* net 0: directly attached, or through a tunnel */
	const char *state;		/* "good", "suspect", "bad" */
	bool zones_complete;
	const struct at_name *const *zones;
	size_t n_zones;
	size_t alternatives;		/* paths besides the one in use */
	const char *other_zones;	/* port or peer that has it too, with others; or NULL */
	size_t unfit_zones;		/* that are not shown, as nobody could choose them */
};

struct zone_info {
	const struct at_name *name;
	const uint16_t *nets;		/* first network number of each */
	size_t n_nets;
};

struct aarp_info {
	const char *port;
	struct at_addr addr;
	struct mac mac;
	long age_s;
};

struct counter_info {
	const char *kind;		/* "port", "tunnel", "peer" or "drop" */
	/* whose; for "drop" the port, tunnel or peer, or "router" */
	const char *owner;
	const char *name;		/* "rx", "ri-upd-tx", ...; for "drop" the reason */
	uint64_t value;
};

/* Each calls `each` once per item, in a stable order. Nothing in an item outlives the call. */
void router_walk_ports(struct router *r, void (*each)(void *ctx, const struct port_info *),
	void *ctx);
void router_walk_tunnels(struct router *r, void (*each)(void *ctx, const struct tunnel_info *),
	void *ctx);
void router_walk_peers(struct router *r, struct instant now,
	void (*each)(void *ctx, const struct peer_info *), void *ctx);
void router_walk_routes(struct router *r, void (*each)(void *ctx, const struct route_info *),
	void *ctx);
void router_walk_zones(struct router *r, void (*each)(void *ctx, const struct zone_info *),
	void *ctx);
void router_walk_aarp(struct router *r, struct instant now,
	void (*each)(void *ctx, const struct aarp_info *), void *ctx);
/* All counters of one owner come together. Drop reasons that never happened are left out. */
void router_walk_counters(struct router *r, void (*each)(void *ctx, const struct counter_info *),
	void *ctx);

#endif
