/* The memory of the invariants: shared by the files of the watch alone. */
#ifndef AURPD_SIM_WATCH_STATE_H
#define AURPD_SIM_WATCH_STATE_H

#include "world.h"

/* A one-way connection: the latest sequenced packet that its data sender sent. */
struct flow {
	uint64_t key;			/* 0: free */
	unsigned life;			/* of the sending router */
	uint16_t sequence;
	bool is_open;			/* an Open-Rsp for it was sent */
	bool may_restart;		/* it was sent after the last sequenced packet */
	bool is_outstanding;		/* no RI-Ack for it was delivered */
	uint64_t bytes;			/* their digest */
};

/* One end node's datagram at one router. */
struct passage {
	uint64_t key;			/* tag and function; 0: free */
	uint32_t site;
	uint8_t hops_in, hops_out;	/* the least that came in; the first that went out */
	uint16_t all_out;		/* a bit for every hop count that went out */
	bool has_in, has_out;
};

/* What a router thinks of a network, by its first number. */
struct entry {
	uint64_t key;			/* site and number; 0: free */
	uint8_t distance;
};

/* A network number range that some LAN has had at some time, first number in by_net. */
struct known_net {
	struct at_range range;
	const struct lan *lan;
	uint32_t next;			/* index + 1 of the next with the same first number */
};

/* Sites, LANs and meshes in connected parts, when one tunnel is left out. */
struct parts {
	uint64_t topology;		/* for which it was computed */
	uint32_t *of;			/* sites, then LANs, then meshes */
	bool *is_open;			/* by part: anything may come from there */
	int32_t *excess;		/* by part: things less edges */
};

/* What a router hears of networks in one packet, and what it says of them. */
struct quarrel {
	enum aurp_msg msg;
	uint8_t tuples[1472];
	size_t len;
	bool has_refused, has_said;
};

struct watch {
	struct violation violations[VIOLATIONS_KEPT];
	size_t n;			/* kept */
	size_t total;
	struct flow *flows;
	size_t n_flows, cap_flows;
	struct passage *passages;
	size_t n_passages, cap_passages;
	struct known_net *nets;
	size_t n_nets, cap_nets;
	uint32_t *by_net;
	struct instant looked;		/* at the tables of all routers */
	struct quarrel quarrel;
	struct parts *parts;		/* by tunnel; the first leaves none out */
	size_t n_parts, cap_parts;
	bool makes_no_allowance;	/* for turmoil: watch_strictly() */
	struct entry *entries;		/* of all routing tables; a hash table */
	size_t n_entries, cap_entries;
	struct instant *changed;	/* by network: by any router, in distance */
	struct reaches *reaches;	/* by mesh; NULL: nobody looks */
	size_t n_reaches;
};

/* watch_reach.c */
void watch_reach_fini(struct watch *watch);

/* watch_topology.c */
void watch_topology_fini(struct watch *watch);

/* Can `range` be on this side of the tunnel, which the site exports it through? */
bool watch_reaches(struct site_tunnel *t, struct at_range range);

/* Two ways from one thing to another, among all that is connected to the site? */
bool watch_has_ring(struct world *w, const struct site *site, const struct site_tunnel *without);

/* Has the LAN ever had this network? */
bool watch_lan_has(struct world *w, const struct lan *lan, uint16_t net);

/* watch_calm.c */
void watch_calm_fini(struct watch *watch);
void watch_route_traced(struct site *site, const struct trace_event *e);

/* Does every router know its way there, for so long that nobody can be wrong any more? */
bool watch_is_calm(const struct world *w, uint16_t net);

/*
 * Is `broken`, a rule about this network, to be reported? Counts how it was judged.
 * `has_ring`: what the rule concerns has one.
 */
bool watch_judges(struct world *w, uint16_t net, bool has_ring, bool broken);

/* watch_table.c: a routing table, entry by entry in its order. */
enum { WATCH_PORTS_MAX = 8 };

struct table_check {
	struct site *site;
	struct at_range last;		/* first 0: none yet */
	struct attached {
		char name[CONFIG_NAME_MAX + 1];
		struct at_range range;
		bool is_there;
	} ports[WATCH_PORTS_MAX];
	size_t n_ports;
};

void watch_table_begin(struct table_check *c, struct site *site);
void watch_table_entry(void *check, const struct route_info *info);
void watch_table_end(const struct table_check *c);

/* watch_table.c: `tuples` stand in an RI-Rsp or RI-Upd that a router is about to read. */
void watch_networks_heard(struct site *site, enum aurp_msg msg, struct rd tuples);

/* watch_flow.c: the one-way connections. */
void watch_open_rsp(struct site_tunnel *from, uint32_t to, const struct aurp *h);
/* Returns true for a first transmission, false for a repetition. */
bool watch_sequenced(struct site_tunnel *from, const struct passing *p, const struct aurp *h,
	struct rd aurp_packet);
void watch_acked(struct site_tunnel *at, uint32_t by, const struct aurp *h);

#endif
