/* A LAN: one broadcast domain with stations on it, EtherTalk or LocalTalk (LToUDP's frames). */
#ifndef AURPD_SIM_LAN_H
#define AURPD_SIM_LAN_H

#include "aurpd/config.h"

struct world;

struct lan {
	struct world *world;
	size_t index;
	enum port_kind kind;		/* PORT_ETHERTALK or PORT_LTOUDP */
	struct list stations;
	struct span delay;		/* of every frame; 100 us */
	unsigned loss;			/* percent, for each station by itself */
	unsigned dup;
	bool is_cut;			/* nothing is delivered */
	unsigned off;			/* not 0: no router is configured for it */
	/* first not 0: the numbers that its routers are told, instead of their own */
	struct at_range claim;
	const void *claimed_by;		/* random_cable.c: these, ... */
	struct at_range awaits_oblivion;	/* ... and first not 0: off until nobody knows it */
};

/* Whatever is plugged into a LAN: a port of a site, an end node. Owners embed it. */
struct station {
	struct lan *lan;		/* NULL: not plugged in */
	struct list in_lan;
	struct mac mac;			/* EtherTalk: unicast frames for others are not heard */
	struct mac *groups;		/* multicast addresses it listens to */
	size_t n_groups, cap_groups;
	bool all_groups;
	bool is_deaf, is_mute;		/* a broken cable, each way */
	void (*receive)(struct station *s, struct pkt *frame);
};

struct lan *world_add_lan(struct world *w, enum port_kind kind);

void lan_plug(struct lan *lan, struct station *s);
void lan_unplug(struct station *s);

/* Starts or stops listening to a multicast address. */
void station_listen(struct station *s, struct mac group, bool join);

/* Puts a frame on the LAN; every other station that listens gets it after the delay. */
void lan_send(struct station *from, uint32_t sender, const struct pkt *frame);

#endif
