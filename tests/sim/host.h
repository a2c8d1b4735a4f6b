/*
 * An end node, as a Macintosh would be one: acquires an address (AARP probes or
 * ENQ), learns its cable from the routers, has a name in a zone, looks names up
 * through its router, answers look-ups and echoes.
 */
#ifndef AURPD_SIM_HOST_H
#define AURPD_SIM_HOST_H

#include "aarp.h"
#include "lan.h"
#include "llap.h"
#include "nbp.h"
#include "timer.h"

/* The first four bytes in the data of an echo; a tag follows, for watch_ddp.c to know it by. */
#define ECHO_MARK 0x53494D54u

enum { HOST_TAGS = 64 };

enum host_state {
	HOST_OFF,
	HOST_PROBING,			/* claims an address */
	HOST_ASKING,			/* waits for a router to tell range and zone */
	HOST_UP,			/* has its final address */
};

struct host_found {
	struct at_sockaddr addr;
	struct at_name object;
};

struct host {
	struct world *world;
	size_t index;
	struct lan *lan;
	struct station station;
	enum host_state state;
	struct at_addr addr;
	struct at_range range;		/* first == 0: no router has told it */
	struct at_name object, type;	/* "Host <index>", "AFPServer": answers to this name */
	struct at_name zone;		/* the zone it is in; len 0 unknown */
	struct at_name wished_zone;	/* set before it is switched on; len 0: the default zone */
	struct mac zone_group;
	struct at_addr router;		/* the last one heard; net 0: none */
	struct mac router_mac;
	struct instant router_heard;
	unsigned tries;
	struct timer timer;
	/* nodes of the cable */
	struct host_neighbour {
		struct at_addr addr;
		struct mac mac;
	} *neighbours;
	size_t n_neighbours, cap_neighbours;
	struct list waiting;		/* datagrams that wait for an AARP answer */
	/* the last look-up */
	uint8_t lookup_id;
	struct nbp_tuple lookup;
	unsigned lookup_tries;
	struct timer lookup_timer;
	struct host_found found[64];
	size_t n_found;
	/* echo */
	uint32_t next_tag;
	uint32_t echo_tag;		/* of the last request */
	unsigned echo_hops;		/* of its reply */
	bool has_echo;
	uint64_t echoes;		/* replies heard in all */
	uint64_t requests;		/* echo requests answered */
	uint32_t answered[HOST_TAGS];	/* their tags, the latest of them */
};

struct host *world_add_host(struct world *w, struct lan *lan, const char *zone);
struct host *world_host(const struct world *w, size_t i);
void host_switch_on(struct host *h);
void host_switch_off(struct host *h);

/*
 * Asks for names in a zone ("=" is every name); three requests, a second apart.
 * Results gather in found[] while time passes.
 */
void host_look_up(struct host *h, const char *object, const char *type,
	const struct at_name *zone);

/* The address a name was found at. False: not found (yet). */
bool host_has_found(const struct host *h, const struct at_name *object, struct at_sockaddr *at);

/* Sends one echo request with a new tag; has_echo says whether the reply came. */
void host_echo(struct host *h, struct at_addr to);

/* Sends one datagram, by AARP or through the router as its network asks. */
void host_send(struct host *h, struct at_sockaddr to, uint8_t src_socket, uint8_t type,
	const void *data, size_t len);

/* --- between the files of the host ----------------------------------------------------- */

/* A datagram that has arrived, its header decoded. */
struct host_datagram {
	struct at_sockaddr dst, src;
	uint8_t hops, type;
	struct rd body;
	struct mac mac;			/* EtherTalk: of the frame's sender */
};

void host_put_aarp(struct host *h, struct mac dst, const struct aarp *a);
void host_put_llap(struct host *h, const struct llap *l);
void host_broadcast(struct host *h, uint8_t socket, uint8_t type, const void *data, size_t len);
void host_learn(struct host *h, struct at_addr addr, struct mac mac);
void host_release(struct host *h, struct at_addr addr, struct mac mac);
void host_forget_cable(struct host *h);

/* host_claim.c */
void host_claim(struct host *h);
void host_on_claim_timer(struct timer *t);
void host_on_aarp(struct host *h, const struct aarp *a);
void host_on_llap_control(struct host *h, const struct llap *l);
void host_on_rtmp(struct host *h, const struct host_datagram *d);
void host_on_zip(struct host *h, const struct host_datagram *d);

/* host_name.c */
void host_on_nbp(struct host *h, const struct host_datagram *d);
void host_on_aep(struct host *h, const struct host_datagram *d);
void host_on_lookup_timer(struct timer *t);

#endif
