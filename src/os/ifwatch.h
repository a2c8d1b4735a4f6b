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
	/* Something about this interface changed; NULL: about any of them. */
	void (*interface)(void *ctx, const char *device);
	/* An IPv4 address came or went, or a route: soon after it. */
	void (*addresses)(void *ctx);
};

struct ifinfo {
	int index;
	unsigned flags;			/* IFF_UP, IFF_RUNNING ... */
	unsigned hardware;		/* ARPHRD_ETHER ... */
	struct mac mac;
	char master[IFNAMSIZ];		/* bridge, bond or team it belongs to, or "" */
	char master_kind[16];
	bool is_wireless;
	bool has_kernel_appletalk;	/* an AF_APPLETALK stack has an address on it */
};

/* NULL and errno if the kernel has no netlink. */
struct ifwatch *ifwatch_new(struct loop *l, const struct ifwatch_hooks *hooks);
void ifwatch_free(struct ifwatch *w);

/*
 * Asks the kernel about an interface. False and errno: ENODEV if there is none of
 * that name; anything else means that the kernel could not be asked, and nothing more.
 */
bool ifwatch_query(const char *device, struct ifinfo *out);

/* Does the kernel's list of AppleTalk interfaces (/proc/net/atalk/interface) name this device? */
bool atalk_list_has(FILE *list, const char *device);

#endif
