/*
 * AppleTalk values: network and node numbers, sockets, ranges, zone names,
 * hardware addresses, and the addresses of a tunnel.  Plain data, host byte
 * order, copied freely.  Inside AppleTalk ch. 4 (numbers), ch. 8 (zones);
 * RFC 1504 p. 12-16 (domain identifiers).
 */
#ifndef AURPD_AT_H
#define AURPD_AT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	AT_NET_FIRST = 1,
	AT_NET_LAST = 0xFEFF,		/* last network number that may be routed */
	AT_NET_STARTUP_FIRST = 0xFF00,	/* the startup range never leaves its cable */
	AT_NET_STARTUP_LAST = 0xFFFE,
	AT_NODE_ANY_ROUTER = 0x00,
	AT_NODE_BROADCAST = 0xFF,
	AT_NODE_EXTENDED_LAST = 0xFD,	/* FE is reserved on extended networks */
	AT_SOCKET_RTMP = 1,
	AT_SOCKET_NBP = 2,
	AT_SOCKET_AEP = 4,
	AT_SOCKET_ZIP = 6,
	AT_HOPS_MAX = 15,
	AT_ZONE_NAME_MAX = 32,
	AT_ZONES_PER_NET_MAX = 255,
};

/* A node: network 0 is "this network", where the medium allows it. */
struct at_addr {
	uint16_t net;
	uint8_t node;
};

/* An internet socket address. */
struct at_sockaddr {
	uint16_t net;
	uint8_t node;
	uint8_t socket;
};

/* The network numbers of one cable. A non-extended network has first == last. */
struct at_range {
	uint16_t first;
	uint16_t last;
	bool extended;
};

/* A Pascal string of up to 32 MacRoman bytes: zone, object and type names. */
struct at_name {
	uint8_t len;
	uint8_t byte[AT_ZONE_NAME_MAX];
};

struct mac {
	uint8_t byte[6];
};

/* Where an exterior router is reached: IPv4 address and UDP port. */
struct endpoint {
	uint32_t ip;
	uint16_t port;
};

/* Domain identifier (RFC 1504 p. 13, 16). */
struct domain_id {
	enum { DI_NULL = 0, DI_IP = 1 } authority;
	uint32_t ip;
};

static inline bool at_addr_eq(struct at_addr a, struct at_addr b)
{
	return a.net == b.net && a.node == b.node;
}

static inline bool mac_eq(struct mac a, struct mac b)
{
	return memcmp(a.byte, b.byte, sizeof a.byte) == 0;
}

static inline bool mac_is_group(struct mac m)
{
	return (m.byte[0] & 1) != 0;
}

static inline bool endpoint_eq(struct endpoint a, struct endpoint b)
{
	return a.ip == b.ip && a.port == b.port;
}

static inline bool domain_id_eq(struct domain_id a, struct domain_id b)
{
	return a.authority == b.authority && (a.authority == DI_NULL || a.ip == b.ip);
}

/* May this number be routed, learnt and advertised? (1..FEFF) */
static inline bool at_net_is_routable(uint16_t net)
{
	return net >= AT_NET_FIRST && net <= AT_NET_LAST;
}

static inline bool at_net_is_startup(uint16_t net)
{
	return net >= AT_NET_STARTUP_FIRST && net <= AT_NET_STARTUP_LAST;
}

static inline bool at_range_is_valid(struct at_range r)
{
	return at_net_is_routable(r.first) && at_net_is_routable(r.last) && r.first <= r.last &&
	       (r.extended || r.first == r.last);
}

static inline bool at_range_has(struct at_range r, uint16_t net)
{
	return net >= r.first && net <= r.last;
}

/* Same numbers; n and n-n are the same network (Inside AppleTalk ch. 5, tuple matching). */
static inline bool at_range_eq(struct at_range a, struct at_range b)
{
	return a.first == b.first && a.last == b.last;
}

static inline bool at_range_overlap(struct at_range a, struct at_range b)
{
	return a.first <= b.last && b.first <= a.last;
}

#endif
