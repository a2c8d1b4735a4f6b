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
	bool has_in, has_out;
};

/* A network number range that some LAN has had at some time, first number in by_net. */
struct known_net {
	struct at_range range;
	const struct lan *lan;
	uint32_t next;			/* index + 1 of the next with the same first number */
};

/* Sites, LANs and meshes in connected parts, when one mesh is left out. */
struct parts {
	uint64_t topology;		/* for which it was computed */
	uint32_t *of;			/* sites, then LANs, then meshes */
	bool *is_open;			/* by part: anything may come from there */
	bool is_forest;
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
	bool loops;			/* asked for by watch_loops() */
	struct known_net *nets;
	size_t n_nets, cap_nets;
	uint32_t *by_net;
	struct instant looked;		/* at the tables of all routers */
	struct quarrel quarrel;
	struct parts *parts;		/* by mesh; the last one leaves no mesh out */
	size_t n_parts;
};

/* watch_topology.c */
void watch_topology_fini(struct watch *watch);
void watch_topology_forget(struct watch *watch);

/* Can `range` be behind `site` without crossing `mesh`? Always true where there are rings. */
bool watch_reaches(struct world *w, const struct site *site, const struct mesh *mesh,
	struct at_range range);

/* Has the LAN ever had this network? */
bool watch_lan_has(struct world *w, const struct lan *lan, uint16_t net);

/* No two ways from one thing to another: routing loops cannot be, even for a moment. */
bool watch_is_forest(struct world *w);

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
bool watch_sequenced(struct site_tunnel *from, uint32_t to, const struct aurp *h,
	struct rd aurp_packet);
void watch_acked(struct site_tunnel *at, uint32_t by, const struct aurp *h);

#endif
