/* What the kernel knows about network interfaces, and when it changes. */
#ifndef AURPD_IFWATCH_H
#define AURPD_IFWATCH_H

#include <net/if.h>
#include <stdbool.h>
#include <stdio.h>

#include "aurpd/at.h"
#include "loop.h"

struct ifwatch;

struct ifwatch_hooks {
	void *ctx;
	/*
	 * Something about an interface changed. Which one is not said: a port may know it by
	 * another name, or depend on it through a bridge.
	 */
	void (*interface)(void *ctx);
	/* An IPv4 address came or went, or a route: soon after it. */
	void (*addresses)(void *ctx);
};

struct ifinfo {
	int index;
	char name[IFNAMSIZ];		/* the kernel's, whatever it was asked for by */
	char kind[16];			/* "bridge", "tun" ...; "": a card */
	unsigned flags;			/* IFF_UP, IFF_RUNNING ... */
	unsigned hardware;		/* ARPHRD_ETHER ... */
	struct mac mac;
	char master[IFNAMSIZ];		/* bridge, bond or team it belongs to, or "" */
	char master_kind[16];
	int master_index;
	bool is_forwarding;		/* ... of a bridge that passes its frames on */
	/*
	 * Stands for the working members of the bridge that it is, or belongs to: another
	 * number is another cable. 0: there is no bridge.
	 */
	uint64_t cable;
	bool is_wireless;
	bool has_kernel_appletalk;	/* an AF_APPLETALK stack has an address on it */
};

/* NULL and errno if the kernel has no netlink. */
struct ifwatch *ifwatch_new(struct loop *l, const struct ifwatch_hooks *hooks);
void ifwatch_free(struct ifwatch *w);

/*
 * Asks the kernel about an interface, by its name or an alternative one. False
 * and errno: ENODEV if there is none of that name; anything else means that the
 * kernel could not be asked, and nothing more.
 */
bool ifwatch_query(const char *device, struct ifinfo *out);

/*
 * The same of the interface that out->index is already, whatever it is called by
 * now, as long as it exists; by name if it does not, or is 0.
 */
bool ifwatch_follow(const char *device, struct ifinfo *out);

/* Does the kernel's list of AppleTalk interfaces (/proc/net/atalk/interface) name this device? */
bool atalk_list_has(FILE *list, const char *device);

#endif
