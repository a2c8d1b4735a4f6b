/* Host names to IPv4 addresses, again and again, without ever waiting. */
#ifndef AURPD_RESOLVE_H
#define AURPD_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"

enum { RESOLVE_ADDRESSES_MAX = 16 };

struct resolver;
struct lookup;

struct lookup_hooks {
	void *ctx;
	/* Addresses in host order, best first; n > 0. Also when nothing changed. */
	void (*resolved)(void *ctx, const uint32_t *ip, size_t n);
	/* A failure; it is tried again. `why` is a phrase that begins like "it has no". */
	void (*failed)(void *ctx, const char *why);
};

struct resolver_times {
	int retry_first_s, retry_most_s;	/* after failures, doubling from first to most */
	int refresh_s;				/* after a success */
};

/* `resolv_conf` is normally "/etc/resolv.conf"; `seed` decides the jitter of all times. */
struct resolver *resolver_new(
	struct loop *l, const char *resolv_conf, const struct resolver_times *times, uint64_t seed);

/* Every lookup has been freed before. Runs the loop's base until the last query is gone. */
void resolver_free(struct resolver *r);

/*
 * Starts to look up a name, and keeps doing so. For an IPv4 address in dotted
 * form resolved() is called at once, and never again.
 */
struct lookup *lookup_new(struct resolver *r, const char *host, const struct lookup_hooks *hooks);

/* Asks for a name now, unless a question is on its way. May call back before it returns. */
void lookup_ask(struct lookup *k);
void lookup_free(struct lookup *k);

#endif
