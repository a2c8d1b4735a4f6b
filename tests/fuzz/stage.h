/*
 * A stage for one whole router, whose script is a byte string: what the fuzzer
 * of fuzz_router.c plays on. The router stands behind its seam (include/aurpd)
 * with up to four ports and two tunnels; on the cables and behind the tunnels
 * are actors that say what the script wants, with the right numbers if it wants
 * so. Whatever the router sends is read and judged (stage_watch*.c).
 */
#ifndef AURPD_STAGE_H
#define AURPD_STAGE_H

#include "aurp.h"
#include "aurpd/router.h"
#include "ddp.h"
#include "fuzz.h"

enum {
	STAGE_PORTS = 4,	/* two of EtherTalk, LToUDP, TashTalk */
	STAGE_TUNNELS = 2,
	STAGE_MATES = 8,	/* addresses behind a tunnel, ... */
	STAGE_PEERS = 4,	/* ... of which the configuration may name the first */
	STAGE_IDS = 8,
	STAGE_NETS = 16,
	STAGE_ZONES = 8,
	STAGE_HELD = 16,	/* datagrams that may wait for a peer */
	STORY_HEAD = 5,		/* a byte for the chance, four of settings */
	TAG_TYPE = 0x42,	/* DDP type of a tagged datagram, and how its data begins */
	TAG_MARK = 0x54414721,
};

/* What a step begins with. */
enum stage_step {
	STEP_WAIT,
	STEP_WAIT_TOO,
	STEP_CABLE,
	STEP_CABLE_TOO,
	STEP_CABLE_ANSWER,
	STEP_WAN,
	STEP_WAN_ANSWER,
	STEP_CHANGE,
	STEP_TALK,		/* a peer answers several times */
	STEP_CALL,		/* it opens a connection before */
	STEP_DAMAGE,		/* the next packet comes changed or cut */
	STEP_KINDS,
};

/* What the router has asked last on a cable or tunnel, for an actor to answer. */
enum asked {
	ASKED_NOTHING,
	ASKED_AARP,		/* who is addr? */
	ASKED_ENQ,		/* is addr.node taken? */
	ASKED_NET_INFO,		/* range and zones of the cable, from its ZIP socket */
	ASKED_ZONES,		/* zones of nets[] */
	ASKED_RTMP,
};

struct cable {
	struct stage *stage;
	size_t index;
	bool is_up;
	struct mac mac;			/* of the router */
	uint8_t node;			/* that the router has given to set_node() */
	struct at_addr own;		/* of the router, as its packets say */
	enum asked asked;
	struct at_addr asked_addr;
	uint16_t nets[STAGE_NETS];
	size_t n_nets;
};

/* A sequenced packet of the router that was not acknowledged yet. */
struct flight {
	bool is_on;
	uint16_t id, sequence;
	size_t len;
	uint8_t bytes[AURP_SEND_MAX];
};

/* Whoever is at one address behind a tunnel. */
struct mate {
	bool is_listed;			/* has been in the configuration: the router may call it */
	bool is_proven;			/* has echoed an ID that the router sent to it */
	uint64_t in, out;		/* bytes from it, and to it, before that */
	uint16_t ids[STAGE_IDS];	/* the latest IDs of the router's Open-Reqs */
	size_t n_ids;
	uint16_t own_id;		/* of our own Open-Req */
	uint16_t sequence;		/* of our next packet */
	uint16_t to_ack;		/* sequence number of the router's last packet */
	enum aurp_msg heard;		/* what that or a later packet was */
	uint16_t nets[STAGE_NETS];	/* of its ZI-Req */
	size_t n_nets;
	struct flight flight;
	uint32_t lost;			/* tag of the latest datagram that it must never get */
	struct instant held_until;	/* when it got datagrams that had been held, ... */
	size_t n_held;			/* ... and how many */
};

struct wan {
	struct stage *stage;
	size_t index;
	bool is_up;
	struct domain_id own;
	struct mate mate[STAGE_MATES];
};

/* The settings from which a configuration is made; indices into tables. */
struct setup {
	uint8_t ports, tunnels;			/* bit per port, per tunnel */
	uint8_t variant[STAGE_PORTS];
	uint8_t peers[STAGE_TUNNELS];		/* bit per peer */
	bool accept_unknown[STAGE_TUNNELS];
	uint8_t max_unknown, timing, limits, share;
	bool keep_local, own_net_only;
};

struct stage {
	struct router *r;
	struct instant now;
	struct rd story;		/* the steps to come */
	struct rd script;		/* the one being played */
	size_t blocks;			/* of memory, before there was a router */
	struct setup setup;
	struct cable cable[STAGE_PORTS];
	struct wan wan[STAGE_TUNNELS];
	uint64_t digest;		/* of everything the router has said, and when */
	struct span used;		/* simulated time */
	/* as the limits are, or what there was when they sank */
	size_t most_networks, most_zones, most_peers, most_strangers[STAGE_TUNNELS];
	struct instant settles;		/* when the peers that the configuration lost are gone */
	bool is_stopping;
	bool damages;			/* the next packet: bits of one byte, or its end */
	bool cuts;
	uint8_t damage, damage_at;
	uint32_t tag;			/* of the latest tagged datagram, ... */
	uint8_t hops[256];		/* ... and how far each had come; 0xFF: not used yet */
};

/* --- stage_memory.c ------------------------------------------------------------------------ */

/* How many blocks of memory are taken. */
size_t memory_blocks(void);

/* --- stage.c ------------------------------------------------------------------------------ */

/* STORY_HEAD bytes of it are the beginning; what a story lacks is 0. */
void stage_open(struct stage *s, const uint8_t *story, size_t n);
/* The next step: its length, then its bytes. False: there is none. */
bool stage_next(struct stage *s);
void stage_close(struct stage *s);

/* Lets the time pass and the router's timers fire; after that checks its tables. */
void stage_wait(struct stage *s, struct span d);
void stage_check(struct stage *s);

/* How many networks there are, without those that are only told to be gone. */
size_t stage_networks(const struct stage *s);

/* How many peers of a tunnel nobody configured. */
size_t stage_strangers(const struct stage *s, size_t tunnel);

/* All that a person may want to know: it must make sense. */
void stage_dump(struct stage *s);

/* One number of the script: below n. */
unsigned int stage_pick(struct stage *s, unsigned int n);

/* A network number and a zone name as the script wants them. */
uint16_t stage_net(struct stage *s);
struct at_name stage_zone(struct stage *s);

/*
 * A packet for the router, from the heap and of its exact size, so that a sanitizer sees who
 * reads beyond; damaged if it is its turn. Free p->data - PKT_HEADROOM.
 */
struct pkt stage_packet(struct stage *s, const uint8_t *bytes, size_t n);

void stage_digest(struct stage *s, const void *bytes, size_t n);

struct endpoint mate_place(const struct wan *w, size_t mate);

/* --- stage_setup.c ------------------------------------------------------------------------ */

/* Takes another configuration: the script changes all settings, or one. */
void stage_set_up(struct stage *s, bool all);
void stage_apply(struct stage *s);

void stage_link(struct stage *s, size_t port, bool is_up);
void stage_tunnel(struct stage *s, size_t tunnel, bool is_up);

bool port_is_configured(const struct stage *s, size_t port);
bool port_is_ethertalk(size_t port);
bool port_has_fcs(size_t port);
const char *port_name(size_t port);
const char *tunnel_name(size_t tunnel);
const char *mate_name(size_t tunnel, size_t mate);

/* --- stage_watch.c, stage_watch_wan.c: what the router does --------------------------------- */

struct router_io stage_io(struct stage *s);

/* A datagram of the router's own reads whole; `is_extended`: the cable it is on. */
void watch_service(struct cable *c, const struct ddp *d, struct rd data);

/* The tag of a datagram; 0: it has none. */
uint32_t tag_of(const struct ddp *d, struct rd data);

/* Is it a tagged one? Then its hop count has risen, but for 15 hops on its last cable. */
void watch_hops(struct stage *s, const struct ddp *d, struct rd data, bool on_cable);

void watch_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload);

/* We are no longer this peer's data receiver: nothing that came before may go to it later. */
void watch_end(struct stage *s, const struct trace_event *e);

/* --- stage_cast.c, stage_cable.c, stage_wan.c: what the actors say -------------------------- */

/* The data of a datagram of the script; its type is set, and its sockets if they matter. */
void cast_data(struct stage *s, struct ddp *d, bool is_extended, struct wr *w);

/* Makes a long-header datagram. */
void cast_datagram(struct stage *s, struct ddp *d, bool is_extended, struct wr *w);

void cable_step(struct stage *s);
void cable_answer(struct stage *s);
void wan_step(struct stage *s);
void wan_answer(struct stage *s);
void wan_talk(struct stage *s, bool calls);

/* --- stage_mutate.c ------------------------------------------------------------------------ */

/* Makes another story of one, of at most `max` bytes in place, or of two; the new size. */
size_t stage_mutate(uint8_t *bytes, size_t n, size_t max, unsigned int seed);
size_t stage_splice(const struct rd parent[2], uint8_t *bytes, size_t max, unsigned int seed);

#endif
