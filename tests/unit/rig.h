/*
 * A router core on simulated EtherTalk cables, and on a LocalTalk network where
 * a test wants one (rig_localtalk.h): configuration, time, frames in from
 * stations that a test plays, frames out decoded, traces kept. Every frame that
 * the core sends is checked for its shape on the way (atalk E01-E03, L14). Time
 * passes only in rig_run(), which wakes the core exactly when it asks for it.
 */
#ifndef AURPD_RIG_H
#define AURPD_RIG_H

#include "aarp.h"
#include "aurpd/router.h"
#include "ddp.h"
#include "elap.h"
#include "llap.h"
#include "port.h"
#include "router_state.h"
#include "rtmp.h"
#include "vectors.h"

enum {
	RIG_LINKS_MAX = 4,
	RIG_GROUPS_MAX = 300,
	/* what was heard: the type of a datagram, ... */
	HEARD_AARP = 256,	/* ... this + the function of an AARP packet, ... */
	HEARD_LLAP = 512,	/* ... this + the type of an LLAP control packet */
};

/* A frame that the router sent. */
struct heard {
	unsigned link;
	struct instant at;
	int kind;
	bool is_taken;
	uint8_t *raw;
	size_t raw_len;
	struct elap elap;	/* on EtherTalk, ... */
	struct llap llap;	/* ... or on LocalTalk */
	struct aarp aarp;
	struct ddp ddp;		/* of a short header: nodes from LLAP, networks 0 */
	struct pkt pkt;		/* DDP datagram, or AARP packet */
	struct rd body;		/* DDP data */
};

/* A trace event with its own copy of what it points to. */
struct noted {
	struct trace_event event;
	char port[CONFIG_NAME_MAX + 1];
	char other[CONFIG_NAME_MAX + 1];
	struct at_name name;
};

struct rig_link {
	struct rig *rig;
	struct port *port;
	struct mac mac;
	struct mac groups[RIG_GROUPS_MAX];
	size_t n_groups;
	uint8_t node;		/* LocalTalk: as the router told the adapter; 0: none */
};

struct rig {
	struct router *r;
	struct instant now;
	struct config config;
	struct config_port ports[RIG_LINKS_MAX];
	struct config_tunnel tunnels[1];
	struct rig_link link[RIG_LINKS_MAX];
	uint64_t seed;
	struct heard **heard;
	size_t n_heard, cap_heard;
	struct noted *noted;
	size_t n_noted, cap_noted;
	/* For tests with tunnels: called for every packet; NULL: there must be none. */
	void (*on_tunnel)(
		struct rig *rig, void *sock, struct endpoint to, const struct pkt *payload);
	void *user;
};

/* --- making one -------------------------------------------------------------------------- */

/*
 * The baseline: ET0 hard seed 3-5 "EtherTalk" (default), "Café"; ET1 hard seed
 * 6-6 "Lab"; we are 3.128 and 6.128.
 */
struct rig *rig_new(void);

/* The same with only the first n ports; the third is LT0, LToUDP, hard seed 10 "LocalTalk". */
struct rig *rig_new_with(size_t n_ports);

/* Changes a port before rig_start() or rig_apply(); zones: MacRoman strings up to NULL. */
void rig_configure(struct rig *rig, unsigned link, enum seed_mode seed, uint16_t first,
	uint16_t last, const char *const *zones);

#define ZONES(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* Makes the router, gives it the configuration and brings all links up. */
void rig_start(struct rig *rig);

/* rig_new(), rig_start() and six seconds: ports up, names registered; what was heard is cleared. */
struct rig *rig_up(void);

/* The same with a rig of the test's own. */
void rig_bring_up(struct rig *rig);

/* Gives the (changed) configuration to the running router. */
void rig_apply(struct rig *rig);

void rig_free(struct rig *rig);

/* --- time -------------------------------------------------------------------------------- */

void rig_run(struct rig *rig, struct span d);

/* --- what the router says ---------------------------------------------------------------- */

/* Forgets everything heard and noted. */
void rig_clear(struct rig *rig);

/* The first frame of this kind on the link not taken yet; the test fails if there is none. */
const struct heard *rig_take(struct rig *rig, unsigned link, int kind);

/* The same, NULL if there is none. */
const struct heard *rig_find(struct rig *rig, unsigned link, int kind);

/* Frames of this kind not taken yet. */
size_t rig_count(const struct rig *rig, unsigned link, int kind);

/* Nothing is left but RTMP Data to all. */
void rig_assert_quiet(const struct rig *rig, unsigned link);
void rig_assert_all_quiet(const struct rig *rig);

/* DDP data, or a whole frame, equals the vector. */
void assert_body_is(const struct heard *h, const char *vector);
void assert_frame_is(const struct heard *h, const char *vector);

/* Trace events of a kind so far, and the last of them (NULL: none). */
size_t rig_noted(const struct rig *rig, enum trace_kind kind);
const struct noted *rig_last(const struct rig *rig, enum trace_kind kind);

uint64_t rig_drops(const struct rig *rig, unsigned link, enum drop_reason reason);

bool rig_hears_group(const struct rig *rig, unsigned link, struct mac group);

/* The route to a network; NULL if there is none. */
const struct route *rig_route(const struct rig *rig, uint16_t net);

/* --- stations ---------------------------------------------------------------------------- */

struct station {
	struct rig *rig;
	unsigned link;
	struct mac mac;
	struct at_addr addr;
};

/* A on ET0 (4.42, MAC 02:..:02), B on ET1 (6.9), P a router on ET0 (5.200), Q another (5.201). */
struct station station_a(struct rig *rig);
struct station station_b(struct rig *rig);
struct station station_p(struct rig *rig);
struct station station_q(struct rig *rig);

/* A whole frame, in memory of exactly its size (and PKT_HEADROOM before it). */
void rig_inject(struct rig *rig, unsigned link, const void *frame, size_t len);
void rig_inject_vector(struct rig *rig, unsigned link, const char *name);

/*
 * A DDP datagram from the station in a frame to `to`. h->len 0: computed;
 * h->src.node 0: the station's address.
 */
void station_send_to(
	const struct station *s, struct mac to, const struct ddp *h, const void *body, size_t n);

/* The same to the router's MAC, or to all if the destination is 0.255. */
void station_send(const struct station *s, struct at_sockaddr dst, uint8_t src_socket, uint8_t type,
	const void *body, size_t n);

/* The data of a vector, sent likewise. */
void station_send_vector(const struct station *s, struct at_sockaddr dst, uint8_t src_socket,
	uint8_t type, const char *vector);

void station_aarp(const struct station *s, struct mac to, enum aarp_function function,
	struct at_addr src, struct mac dst_hw, struct at_addr dst);

/* RTMP Data to all from a router with this cable range; tuples end with range.first 0. */
void station_rtmp(
	const struct station *s, uint16_t first, uint16_t last, const struct rtmp_tuple *tuples);

#define TUPLES(...) ((const struct rtmp_tuple[]){ __VA_ARGS__, { { 0, 0, false }, 0 } })
#define EXT(first, last, distance) { { first, last, true }, distance }
#define NONEXT(net, distance) { { net, net, false }, distance }

/* ZIP Extended Reply with n names of `total`. */
void station_zip_reply(const struct station *s, struct at_sockaddr dst, uint16_t net, uint8_t total,
	const char *const *zones);

/* GetNetInfo reply, broadcast or directed. */
void station_net_info(const struct station *s, struct at_sockaddr dst, uint16_t first,
	uint16_t last, const char *default_zone);

/*
 * P tells its networks (20 nonextended d2, 30-34 d1) and the zones of both: Far;
 * East, Café. Clears what was heard.
 */
void station_teach_baseline(const struct station *p);

/* Our address on a link, with a socket. */
struct at_sockaddr rig_socket(const struct rig *rig, unsigned link, uint8_t socket);

#endif
