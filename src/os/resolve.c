/*
 * Peers by name; daemon/lookups.c keeps a lookup for each. Names change where
 * sites have no fixed address, so a name is asked for again every few minutes,
 * and with back-off and jitter while it has no address. libevent's resolver
 * reads resolv.conf once in its life: so it lives for one round of queries.
 */
#include "resolve.h"

#include <arpa/inet.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <event2/util.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "clock.h"
#include "xmem.h"

enum { ROUND_AGE_MAX_S = 60 };

/* One resolver of libevent with what is asked of it. */
struct round {
	LIST_ENTRY(round) link;
	struct evdns_base *dns;
	struct instant born;
	unsigned pending;
};

struct resolver {
	struct loop *loop;
	char *resolv_conf;
	struct resolver_times times;
	uint64_t chance;
	LIST_HEAD(round_list, round) rounds;
	struct event *reap;
};

struct query {
	struct lookup *owner;		/* NULL: nobody waits for it any more */
	struct round *round;
	struct resolver *resolver;
};

struct lookup {
	struct resolver *resolver;
	struct lookup_hooks hooks;
	char *host;
	bool is_address;		/* not a name: nothing is asked */
	struct event *timer;
	struct query *query;
	int delay_s;			/* of the last retry; 0 after a success */
	unsigned failures;		/* in a row */
	const char *why;		/* of the last one */
};

/* 32 bits of chance (splitmix64, public domain). */
static uint32_t chance(struct resolver *r)
{
	uint64_t z = r->chance += 0x9E3779B97F4A7C15;

	z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
	z = (z ^ z >> 27) * 0x94D049BB133111EB;
	return (uint32_t)(z >> 32);
}

/* Three to five quarters of s seconds: peers shall not all ask at once. */
static void ask_later(struct lookup *k, int s)
{
	int64_t us = (int64_t)s * 750000 + (int64_t)(chance(k->resolver) % 1000) * s * 500;
	struct timeval wait = { us / 1000000, us % 1000000 };

	event_add(k->timer, &wait);
}

static void on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct resolver *r = arg;
	struct round *d = LIST_FIRST(&r->rounds), *next;

	(void)fd;
	(void)what;
	for (; d; d = next) {
		next = LIST_NEXT(d, link);
		if (d->pending > 0)
			continue;
		LIST_REMOVE(d, link);
		evdns_base_free(d->dns, 0);
		free(d);
	}
}

/* NULL if libevent cannot make one. */
static struct round *round_now(struct resolver *r)
{
	struct instant now = clock_now();
	struct round *d = LIST_FIRST(&r->rounds);
	struct evdns_base *dns;

	if (d && span_to_s(instant_since(now, d->born)) < ROUND_AGE_MAX_S)
		return d;
	dns = evdns_base_new(loop_base(r->loop), EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (!dns)
		return NULL;
	d = xmem_new(1, sizeof *d);
	d->born = now;
	d->dns = dns;
	/* Without a usable file it asks 127.0.0.1, as resolv.conf(5) says. */
	evdns_base_resolv_conf_parse(d->dns, DNS_OPTIONS_ALL, r->resolv_conf);
	LIST_INSERT_HEAD(&r->rounds, d, link);
	return d;
}

static void take_failure(struct lookup *k, const char *why)
{
	const struct resolver_times *t = &k->resolver->times;

	k->why = why;
	k->failures++;
	k->delay_s = k->delay_s ? k->delay_s * 2 : t->retry_first_s;
	if (k->delay_s > t->retry_most_s)
		k->delay_s = t->retry_most_s;
	ask_later(k, k->delay_s);
	k->hooks.failed(k->hooks.ctx, why);
}

static void take_addresses(struct lookup *k, const uint32_t *ip, size_t n)
{
	k->failures = 0;
	k->delay_s = 0;
	ask_later(k, k->resolver->times.refresh_s);
	k->hooks.resolved(k->hooks.ctx, ip, n);
}

/* Adds an address to a list without repetitions; its new length. */
static size_t add_address(uint32_t ip[RESOLVE_ADDRESSES_MAX], size_t n, uint32_t address)
{
	if (n == RESOLVE_ADDRESSES_MAX)
		return n;
	for (size_t i = 0; i < n; i++)
		if (ip[i] == address)
			return n;		/* seldom, a server names one twice */
	ip[n] = address;
	return n + 1;
}

static size_t collect(const struct evutil_addrinfo *list, uint32_t ip[RESOLVE_ADDRESSES_MAX])
{
	size_t n = 0;

	for (; list; list = list->ai_next) {
		struct sockaddr_in a;

		if (list->ai_family != AF_INET)
			continue;
		memcpy(&a, list->ai_addr, sizeof a);
		n = add_address(ip, n, ntohl(a.sin_addr.s_addr));
	}
	return n;
}

/* The query is over; whoever waits for its answer, or NULL. */
static struct lookup *end_query(struct query *q)
{
	const struct timeval now = { 0, 0 };
	struct lookup *k = q->owner;

	if (--q->round->pending == 0)
		event_add(q->resolver->reap, &now);	/* not from inside its own callback */
	free(q);
	if (k)
		k->query = NULL;
	return k;
}

static const char *reason_of(int result)
{
	switch (result) {
	case DNS_ERR_NONE:
	case DNS_ERR_NODATA:
		return "it has no IPv4 address";
	case DNS_ERR_NOTEXIST:
		return "there is no such name";
	case DNS_ERR_TIMEOUT:			/* also after SERVFAIL from all of them */
	case DNS_ERR_SERVERFAILED:
		return "no name server gives an answer";
	case DNS_ERR_REFUSED:
		return "the name server refuses to answer";
	default:
		return evdns_err_to_string(result);
	}
}

static void on_reason(int result, char type, int count, int ttl, void *addresses, void *arg)
{
	struct lookup *k = end_query(arg);
	uint32_t ip[RESOLVE_ADDRESSES_MAX];
	size_t n = 0;

	(void)ttl;
	if (!k)
		return;
	for (int i = 0; result == DNS_ERR_NONE && type == DNS_IPv4_A && i < count; i++) {
		uint32_t address;

		memcpy(&address, (const char *)addresses + (size_t)i * sizeof address,
			sizeof address);
		n = add_address(ip, n, ntohl(address));
	}
	if (n > 0)
		take_addresses(k, ip, n);
	else
		take_failure(k, reason_of(result));
}

/* libevent's getaddrinfo() knows /etc/hosts, but calls nearly every failure "non-recoverable". */
static bool ask_for_reason(struct query *q)
{
	const char *host = q->owner->host;
	int flags = strchr(host, '.') ? DNS_QUERY_NO_SEARCH : 0;

	return evdns_base_resolve_ipv4(q->round->dns, host, flags, on_reason, q) != NULL;
}

/* The reason may change: after the 1st failure, the 2nd, the 4th, ... it is asked for. */
static bool wants_reason(const struct lookup *k)
{
	return ((k->failures + 1) & k->failures) == 0;
}

static void on_answer(int error, struct evutil_addrinfo *list, void *arg)
{
	uint32_t ip[RESOLVE_ADDRESSES_MAX];
	struct query *q = arg;
	size_t n = error ? 0 : collect(list, ip);
	struct lookup *k;

	if (list)
		evutil_freeaddrinfo(list);
	if (q->owner && n == 0 && wants_reason(q->owner) && ask_for_reason(q))
		return;
	k = end_query(q);
	if (!k)
		return;
	if (n > 0)
		take_addresses(k, ip, n);
	else
		take_failure(k, k->why ? k->why : reason_of(DNS_ERR_UNKNOWN));
}

static void ask(struct lookup *k)
{
	const struct evutil_addrinfo want = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM };
	struct round *d = round_now(k->resolver);
	struct query *q;

	if (!d) {
		take_failure(k, "the resolver cannot be started");
		return;
	}
	q = xmem_new(1, sizeof *q);
	q->owner = k;
	q->resolver = k->resolver;
	q->round = d;
	q->round->pending++;
	k->query = q;
	/* May call back before it returns; then q is gone. */
	evdns_getaddrinfo(q->round->dns, k->host, NULL, &want, on_answer, q);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	ask(arg);
}

struct resolver *resolver_new(
	struct loop *l, const char *resolv_conf, const struct resolver_times *times, uint64_t seed)
{
	struct resolver *r = xmem_new(1, sizeof *r);

	r->loop = l;
	r->resolv_conf = strdup(resolv_conf);
	r->times = *times;
	r->chance = seed;
	LIST_INIT(&r->rounds);
	r->reap = evtimer_new(loop_base(l), on_reap, r);
	if (!r->reap || !r->resolv_conf)
		abort();
	return r;
}

void resolver_free(struct resolver *r)
{
	struct round *d;

	while ((d = LIST_FIRST(&r->rounds))) {
		LIST_REMOVE(d, link);
		/* The queries are called back, with an error, by the base. */
		evdns_base_free(d->dns, 1);
		while (d->pending > 0 &&
			event_base_loop(loop_base(r->loop), EVLOOP_ONCE | EVLOOP_NONBLOCK) == 0)
			continue;
		free(d);
	}
	event_free(r->reap);
	free(r->resolv_conf);
	free(r);
}

struct lookup *lookup_new(struct resolver *r, const char *host, const struct lookup_hooks *hooks)
{
	const struct timeval at_once = { 0, 0 };
	struct lookup *k = xmem_new(1, sizeof *k);
	struct in_addr ip;

	k->resolver = r;
	k->hooks = *hooks;
	k->host = strdup(host);
	k->timer = evtimer_new(loop_base(r->loop), on_timer, k);
	if (!k->timer || !k->host)
		abort();
	if (inet_pton(AF_INET, host, &ip) == 1) {
		uint32_t address = ntohl(ip.s_addr);

		k->is_address = true;
		k->hooks.resolved(k->hooks.ctx, &address, 1);
	} else {
		event_add(k->timer, &at_once);
	}
	return k;
}

void lookup_ask(struct lookup *k)
{
	if (k->is_address || k->query)
		return;
	event_del(k->timer);
	ask(k);
}

void lookup_free(struct lookup *k)
{
	if (!k)
		return;
	if (k->query)
		k->query->owner = NULL;
	event_free(k->timer);
	free(k->host);
	free(k);
}
