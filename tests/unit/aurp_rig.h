/*
 * A router core with tunnels, and exterior routers that a test plays: on top of
 * rig.h, whose first cable (3-5, "EtherTalk", "Café") is our local internet,
 * with a neighbour that repeats by RTMP whatever networks a test gives it.
 * Every packet that the core sends into a tunnel is checked for its headers and
 * its size, and kept until a test takes it.
 */
#ifndef AURPD_AURP_RIG_H
#define AURPD_AURP_RIG_H

#include "aurp.h"
#include "peer_state.h"
#include "rig.h"
#include "tunnel.h"

enum {
	LAB_TUNNELS = 2,
	LAB_PEERS_MAX = 8,
	LAB_NETS_MAX = 2000,
	/* 10.0.0.1, our domain identifier on the first tunnel; 10.0.1.1 on the second. */
	LAB_OWN_ID = 0x0A000001,
};

/* A packet that the router sent into a tunnel. */
struct sent {
	struct instant at;
	unsigned tunnel;
	struct endpoint to;
	bool is_taken;
	uint8_t *raw;
	size_t raw_len;
	struct aurp_domain domain;
	struct aurp h;		/* type 3 only */
	struct rd body;		/* behind header and subcode; of type 2 the datagram */
};

struct lab {
	struct rig *rig;
	struct config_tunnel tunnels[LAB_TUNNELS];
	struct config_peer peers[LAB_TUNNELS][LAB_PEERS_MAX];
	struct tunnel *tunnel[LAB_TUNNELS];
	struct sent **sent;
	size_t n_sent, cap_sent;
	struct at_range cable;	/* of the first port; the neighbour lives in its last network */
	struct domain_id own;	/* ours on the first tunnel */
	struct rtmp_tuple nets[LAB_NETS_MAX];	/* what the neighbour repeats, by network number */
	size_t n_nets;
	struct instant repeat;
	/* What a test does about a packet at once; NULL: nothing. */
	void (*on_sent)(struct lab *lab, const struct sent *s);
	void *user;
};

/* An exterior router that the test plays. */
struct mate {
	struct lab *lab;
	unsigned tunnel;
	const char *name;
	struct endpoint at;
	struct domain_id di;
	uint16_t id;		/* of its connection as data receiver: it chose it */
	uint16_t dut_id;	/* of the router's connection as data receiver */
	uint16_t sequence;	/* of the next sequenced packet it sends */
};

/* --- making one -------------------------------------------------------------------------- */

/* One tunnel ("t0"), peers "p0", "p1".. configured and not resolved; nothing runs yet. */
struct lab *lab_new(size_t n_peers);

/*
 * The router comes up: cable, tunnels, four seconds. Changes to lab->tunnels[] come before.
 * It knows its mates from before: that they do not call it does not trouble it.
 */
void lab_start(struct lab *lab);

/* Another place for the same: cable first-last, own address ip; before lab_start(). */
void lab_place(struct lab *lab, uint16_t first, uint16_t last, const char *zone, uint32_t ip);

/* Both: the usual beginning. */
struct lab *lab_up(size_t n_peers);

/* Gives the (changed) configuration to the running router. */
void lab_apply(struct lab *lab);
void lab_free(struct lab *lab);

/* Frees what was sent so far, taken or not. */
void lab_free_sent(struct lab *lab);

/* Lets time pass, the neighbour repeating itself. */
void lab_run(struct lab *lab, struct span d);

/* The same as far as the next thing that happens, at most to `end`. */
void lab_step(struct lab *lab, struct instant end);

/* --- the local internet ------------------------------------------------------------------ */

/* A network behind the neighbour, 1..15 hops from us; zone NULL: nobody tells its zone. */
void lab_net(struct lab *lab, struct at_range range, uint8_t distance, const char *zone);

/* The neighbour tells its zones, all of them. */
void lab_say_zones(struct lab *lab, uint16_t net, const char *const *zones);

/* The same, and the router must believe it. */
void lab_zones(struct lab *lab, uint16_t net, const char *const *zones);

/* It goes: the neighbour says 31. */
void lab_net_gone(struct lab *lab, uint16_t net);

static inline struct at_range net(uint16_t n)
{
	return (struct at_range){ n, n, false };
}

static inline struct at_range nets(uint16_t first, uint16_t last)
{
	return (struct at_range){ first, last, true };
}

/* --- what the router does ---------------------------------------------------------------- */

/* Counters of the peer or tunnel; a name of drop.def counts its drops. */
uint64_t lab_count(struct lab *lab, const char *owner, const char *counter);

/* The peer's line in the dump. Fails if there is none. */
struct peer_info lab_peer(struct lab *lab, const char *name);
bool lab_has_peer(struct lab *lab, const char *name);

/* Does the peer's line say so? */
void assert_states(struct lab *lab, const char *peer, const char *recv, const char *send);

/* Distance of the route in use to this network; -1: none that could be used. */
int lab_distance(struct lab *lab, uint16_t net);

/* Name of the port or peer that it goes through. */
const char *lab_via(struct lab *lab, uint16_t net);

/* Is the zone visible, and with this network? */
bool lab_has_zone(struct lab *lab, uint16_t net, const char *zone);

/* --- mates ------------------------------------------------------------------------------- */

/* p<n> of the first tunnel, at 10.0.0.(2 + n) port 387; not resolved yet. */
struct mate mate_of(struct lab *lab, unsigned n);

/* The router learns its address, and so dials. */
void mate_resolve(const struct mate *m);

/* The next packet to the mate, not taken yet; NULL if there is none. */
const struct sent *mate_find(const struct mate *m);

/* Takes it: it must be there and be this. AURP_MSG_COUNT: data. */
const struct sent *mate_take(const struct mate *m, enum aurp_msg msg);

/* The same, letting at most `within` pass until it comes. */
const struct sent *mate_await(const struct mate *m, enum aurp_msg msg, struct span within);

/* Lets time pass and takes the next packet, whatever it is; NULL: none came. */
const struct sent *mate_await_any(const struct mate *m, struct span within);

/* The next packet that is not of this kind: those are thrown away. */
const struct sent *mate_await_other_than(
	const struct mate *m, enum aurp_msg msg, struct span within);

/* Nothing comes for so long. */
void mate_assert_silence(const struct mate *m, struct span d);

/* Throws away what waits to be taken. */
void mate_forget(const struct mate *m);

/* A packet from the mate: header as given, body as it is. */
void mate_say(const struct mate *m, struct aurp h, const void *body, size_t n);

/* With a body that fits its command: of network 210 and, for ZI-Rsp, of zone "Evil" in 200. */
void mate_say_any(const struct mate *m, struct aurp h);
void mate_say_raw(const struct mate *m, const void *payload, size_t n);

void mate_open_req(const struct mate *m);			/* with m->id */
void mate_open_rsp(const struct mate *m, int16_t rate);		/* for m->dut_id */
void mate_ri_req(const struct mate *m, uint16_t sui);
void mate_ack(const struct mate *m, uint16_t sequence, uint16_t flags);
void mate_tickle(const struct mate *m);
void mate_tickle_ack(const struct mate *m);
void mate_rd(const struct mate *m, uint16_t id, uint16_t sequence, int16_t error);
void mate_zi_req(const struct mate *m, const uint16_t *nets, size_t n);
void mate_data(const struct mate *m, const void *datagram, size_t n);

/* Lists end with range.first 0. */
#define NETWORKS(...) ((const struct aurp_network[]){ __VA_ARGS__, { { 0, 0, false }, 0 } })
#define EVENTS(...)   ((const struct aurp_event[]){ __VA_ARGS__, {AURP_EV_NULL, {0, 0, false}, 0}})

void mate_ri_rsp(
	const struct mate *m, uint16_t sequence, uint16_t flags, const struct aurp_network *list);
void mate_ri_upd(const struct mate *m, uint16_t sequence, const struct aurp_event *list);

/* The whole list of one network's zones, nonextended form. */
void mate_zi_rsp(const struct mate *m, uint16_t net, const char *const *zones);

/* --- stories ----------------------------------------------------------------------------- */

/* The router's receiver half opens to the mate and gets this list; sets dut_id and sequence. */
void mate_serve(struct mate *m, const struct aurp_network *list);

/* Its next RI-Upd, which must be acknowledged; returns the flags of the RI-Ack. */
uint16_t mate_update(struct mate *m, const struct aurp_event *list);

/* The mate opens to the router's sender half, asks and acknowledges; how many networks it got. */
size_t mate_subscribe(struct mate *m);

/* Both ways, with one network and its zone from the mate: net 200, zone "Far". */
void mate_join(struct mate *m);

/* --- lists in packets -------------------------------------------------------------------- */

/* The events of an RI-Upd, or networks of an RI-Rsp: how many, and the i-th. */
size_t sent_events(const struct sent *s, struct aurp_event *event, size_t max);
size_t sent_networks(const struct sent *s, struct aurp_network *network, size_t max);

/* The packet holds exactly this event. */
void assert_one_event(
	const struct sent *s, enum aurp_event_code code, struct at_range range, uint8_t distance);

#endif
