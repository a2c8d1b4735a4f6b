/*
 * At rest. The bound after the last fault is the sum of the longest waits that
 * can follow one another in the routers:
 *
 *	330 s	a peer thought dead is dialled again: 300 s and a tenth of jitter
 *	        (also the wait after a refusal, and of a port in conflict)
 *	300 s	a port that found a conflict meanwhile tries again
 *	130 s	silence of a half-open connection is noticed: 90 s, four tickles
 *	210 s	a sequenced packet without an answer is given up: ten repeats
 *	100 s	an RTMP route ages: Good, Suspect, Bad, gone, with their intervals
 *	330 s	distances count to 15 around a loop: 22 s a step (RTMP, update interval)
 *
 * and with mates, who look for a peer at their own pace:
 *
 *	190 s	silence is noticed: 90 s, ten tickles (the slowest make)
 *	660 s	a round of calls, and the wait from one round's beginning to the next
 *
 * How long it really took is measured (rest.converged).
 */
#include "world.h"

#include <stdlib.h>

enum {
	BOUND_S = 330 + 300 + 130 + 210 + 100 + 330,
	BOUND_OF_MATES_S = 190 + 660,
	STEP_S = 10,
	QUIET_S = 300,
	LOOKUP_S = 4,
	ECHO_S = 3,
	ROUNDS_ALL = 12,		/* so many end nodes, or fewer: all pairs */
	ROUNDS_SOME = 5,
};

struct span rest_bound(const struct world *w)
{
	return span_s(BOUND_S + (w->mates.n > 0 ? BOUND_OF_MATES_S : 0));
}

static struct span converge(struct world *w)
{
	struct span converged = span_us(0);
	struct instant from = w->now;

	for (int s = 0; s < span_to_s(rest_bound(w)); s += STEP_S) {
		world_run(w, span_s(STEP_S));
		if (oracle_compare_all(w, false) > 0)
			converged = instant_since(w->now, from);
	}
	(void)oracle_compare_all(w, true);
	return converged;
}

static void check_silence(struct world *w)
{
	struct instant from = w->now;

	world_run(w, span_s(QUIET_S));
	if (instant_cmp(w->unquiet, from) > 0)
		watch_say(w, "at rest", "a tunnel carried more than Tickle and Tickle-Ack at "
			"%lld s", (long long)(w->unquiet.us / 1000000));
}

/* --- names ----------------------------------------------------------------------------- */

/* The most hops of any live router on a LAN to the network of another. */
static unsigned worst_hops(const struct world *w, const struct oracle *o, const struct lan *from,
	const struct lan *to)
{
	unsigned worst = 0;

	for (size_t i = 0; i < w->sites.n; i++)
		if (world_site(w, i)->router && oracle_hops(o, world_site(w, i), from) == 0 &&
			oracle_hops(o, world_site(w, i), to) > worst)
			worst = oracle_hops(o, world_site(w, i), to);
	return worst;
}

/* Can they talk? At 15 hops a datagram to a router fails where one to a node may not. */
static bool can_talk(const struct world *w, const struct oracle *o, const struct host *a,
	const struct host *b)
{
	return oracle_range(o, a->lan).first != 0 && oracle_range(o, b->lan).first != 0 &&
	       worst_hops(w, o, a->lan, b->lan) < AT_HOPS_MAX &&
	       worst_hops(w, o, b->lan, a->lan) < AT_HOPS_MAX;
}

static void check_addresses(struct world *w, const struct oracle *o)
{
	for (size_t i = 0; i < w->hosts.n; i++) {
		const struct host *h = world_host(w, i);
		struct at_range range = oracle_range(o, h->lan);

		if (h->state == HOST_OFF || range.first == 0)
			continue;
		if (h->state != HOST_UP || !at_range_has(range, h->addr.net))
			watch_say(w, "at rest", "host %zu has no address in %u-%u: %u.%u, state %d",
				i, range.first, range.last, h->addr.net, h->addr.node,
				(int)h->state);
	}
}

struct pairing {
	struct host *of;		/* whom the i-th host asks for; NULL: nobody */
};

static void ask_round(struct world *w, const struct oracle *o, size_t offset,
	struct pairing *pairs, struct rest *rest)
{
	for (size_t i = 0; i < w->hosts.n; i++) {
		struct host *a = world_host(w, i), *b = world_host(w, (i + offset) % w->hosts.n);
		char object[AT_ZONE_NAME_MAX + 1] = { 0 };

		pairs[i].of = NULL;
		if (a->state != HOST_UP || b->state != HOST_UP || !can_talk(w, o, a, b))
			continue;
		memcpy(object, b->object.byte, b->object.len);
		pairs[i].of = b;
		rest->lookups++;
		host_look_up(a, object, "AFPServer", &b->zone);
	}
	world_run(w, span_s(LOOKUP_S));
}

static void check_round(struct world *w, struct pairing *pairs, struct rest *rest)
{
	for (size_t i = 0; i < w->hosts.n; i++) {
		struct host *a = world_host(w, i), *b = pairs[i].of;
		struct at_sockaddr at;

		if (!b)
			continue;
		if (!host_has_found(a, &b->object, &at)) {
			watch_say(w, "at rest", "host %zu (%u.%u) does not find host %zu (%u.%u)",
				i, a->addr.net, a->addr.node, b->index, b->addr.net, b->addr.node);
			pairs[i].of = NULL;
		} else if (at.net != b->addr.net || at.node != b->addr.node) {
			watch_say(w, "at rest", "host %zu finds host %zu at %u.%u, it is at %u.%u",
				i, b->index, at.net, at.node, b->addr.net, b->addr.node);
		}
		if (pairs[i].of) {
			rest->echoes++;
			host_echo(a, b->addr);
		}
	}
	world_run(w, span_s(ECHO_S));
	for (size_t i = 0; i < w->hosts.n; i++)
		if (pairs[i].of && !world_host(w, i)->has_echo)
			watch_say(w, "at rest", "no echo from host %zu to host %zu",
				pairs[i].of->index, i);
}

static void check_names(struct world *w, struct rest *rest)
{
	struct oracle *o = oracle_new(w);
	struct pairing *pairs = world_alloc(w->hosts.n, sizeof(*pairs));
	size_t n = w->hosts.n, rounds = n <= ROUNDS_ALL ? n : ROUNDS_SOME;

	check_addresses(w, o);
	for (size_t k = 1; k < rounds; k++) {
		size_t offset = n <= ROUNDS_ALL ? k :
			prng_range(&w->prng, 1, (uint32_t)n - 1);

		ask_round(w, o, offset, pairs, rest);
		check_round(w, pairs, rest);
	}
	free(pairs);
	oracle_free(o);
}

struct rest world_rest(struct world *w)
{
	struct rest rest = { .converged = converge(w) };

	check_silence(w);
	check_names(w, &rest);
	return rest;
}
