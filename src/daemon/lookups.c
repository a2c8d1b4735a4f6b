/*
 * One lookup (os/resolve.h) per configured peer; what it finds goes to the
 * router, but for places where no other router can be. app.c opens and closes
 * them by the reload plan. hunt.c decides when a name is asked for besides.
 */
#include "lookups.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr_text.h"
#include "aurpd/pause.h"
#include "clock.h"
#include "resolve.h"
#include "xmem.h"

enum { TROUBLE_MAX = 2 * CONFIG_HOST_MAX + 160 };

struct peer_lookup {
	struct lookups *all;
	char tunnel[CONFIG_NAME_MAX + 1];
	struct config_peer peer;
	struct lookup *lookup;
	bool is_name;			/* not an address: it may be asked for again */
	struct hunt hunt;
	uint32_t ip[RESOLVE_ADDRESSES_MAX];	/* the last answer */
	size_t n;
	char trouble[TROUBLE_MAX];	/* what is wrong with it; "": nothing */
	bool is_failing;		/* the last question had no answer */
	bool has_said;			/* that there is no address to go to */
	struct pause unreachable_pause;
};

#define hunt_owner(h)                                                                              \
	((struct peer_lookup *)(void *)((char *)(h) - offsetof(struct peer_lookup, hunt)))

/* --- what an answer is good for ------------------------------------------------------------ */

/* Each trouble at once, then ever more rarely. */
static void say_trouble(struct peer_lookup *p)
{
	if (p->trouble[0])
		log_recurring(&p->all->shell->log, LOG_LEVEL_WARNING, p->peer.name, "peer %s: %s",
			p->peer.name, p->trouble);
}

static void take_trouble(struct peer_lookup *p, const char *text)
{
	snprintf(p->trouble, sizeof p->trouble, "%s", text);
	say_trouble(p);
}

/* An address that no other host has: this network, loopback, multicast, reserved (RFC 6890). */
static bool is_nowhere(uint32_t ip)
{
	return ip >> 24 == 0 || ip >> 24 == 127 || ip >> 29 == 7;
}

enum verdict { PLACE_IS_GOOD, PLACE_IS_DOUBTFUL, PLACE_IS_REFUSED };

/* May the peer be there? If it is not good, `why` says so. */
static enum verdict judge_place(
	const struct peer_lookup *p, struct endpoint to, char why[TROUBLE_MAX])
{
	const char *host = p->peer.host;
	char place[ADDR_TEXT_SIZE];
	enum own_place own = tunnels_own_place(p->all->tunnels, to);

	endpoint_text(to, place);
	if (p->is_name && is_nowhere(to.ip)) {
		snprintf(why, TROUBLE_MAX, "%s resolves to %s, where no router can be; ignored",
			host, place);
		return PLACE_IS_REFUSED;
	}
	if (own == OWN_SOCKET) {
		snprintf(why, TROUBLE_MAX, "%s is this router itself (%s); skipped", host, place);
		return PLACE_IS_REFUSED;
	}
	if (own != OWN_PUBLIC)
		return PLACE_IS_GOOD;
	snprintf(why, TROUBLE_MAX,
		"%s has our own public-address (%s): if it is this router, remove the peer; two "
		"routers at one address need different ports",
		host, place);
	return PLACE_IS_DOUBTFUL;
}

static void say_address(struct peer_lookup *p)
{
	if (p->has_said && !p->is_failing)
		log_printf(&p->all->shell->log, LOG_LEVEL_INFO, "peer %s: %s has an address now",
			p->peer.name, p->peer.host);
	p->has_said &= p->is_failing;
}

/* Tells the router where the peer may be, as far as the last answer is of use. */
static void apply(struct peer_lookup *p)
{
	struct shell *shell = p->all->shell;
	struct tunnel *tunnel = router_find_tunnel(shell->router, p->tunnel);
	struct endpoint to[RESOLVE_ADDRESSES_MAX];
	char why[TROUBLE_MAX];
	size_t n = 0;

	if (!p->is_failing)
		p->trouble[0] = '\0';
	for (size_t i = 0; i < p->n; i++) {
		enum verdict verdict;

		to[n] = (struct endpoint){ p->ip[i], p->peer.port };
		verdict = judge_place(p, to[n], why);
		if (verdict != PLACE_IS_GOOD)
			take_trouble(p, why);
		n += verdict != PLACE_IS_REFUSED;
	}
	if (n == 0)
		p->has_said |= p->n > 0;
	if (n == 0 || !tunnel)
		return;
	say_address(p);
	router_peer_addresses(shell->router, clock_now(), tunnel, p->peer.name, to, n);
	tunnels_note_peer(p->all->tunnels, p->tunnel, to[0].ip);
}

static void on_resolved(void *ctx, const uint32_t *ip, size_t n)
{
	struct peer_lookup *p = ctx;

	memcpy(p->ip, ip, n * sizeof *ip);
	p->n = n;
	p->is_failing = false;
	apply(p);
}

static void on_failed(void *ctx, const char *why)
{
	struct peer_lookup *p = ctx;
	char text[TROUBLE_MAX];

	snprintf(text, sizeof text,
		"no address for %s: %s; trying again (see: getent ahostsv4 %s)", p->peer.host, why,
		p->peer.host);
	p->is_failing = true;
	p->has_said = true;
	take_trouble(p, text);
}

/* --- lost peers ------------------------------------------------------------------------------ */

static void on_hunted(struct hunt *h)
{
	lookup_ask(hunt_owner(h)->lookup);
}

static void plan_hunting(struct lookups *ls)
{
	if (!instant_is_never(ls->hunts.due))
		loop_timer_set(ls->hunting, instant_since(ls->hunts.due, clock_now()));
}

static void on_hunting(void *ctx)
{
	struct lookups *ls = ctx;

	hunts_run(&ls->hunts, clock_now(), on_hunted);
	plan_hunting(ls);
}

static struct peer_lookup *find(const struct lookups *ls, const char *tunnel, const char *peer)
{
	for (size_t i = 0; i < ls->n; i++)
		if (strcmp(ls->v[i]->peer.name, peer) == 0 &&
			strcmp(ls->v[i]->tunnel, tunnel) == 0)
			return ls->v[i];
	return NULL;
}

/* An address that was configured is what it is: nobody is to be asked for it. */
static void on_lost(struct lookups *ls, struct peer_lookup *p)
{
	if (p && p->is_name)
		hunt_lost(&ls->hunts, &p->hunt, clock_now());
}

void lookups_hear(struct lookups *ls, const struct trace_event *e)
{
	struct instant before = ls->hunts.due;
	struct peer_lookup *p;

	switch (e->kind) {
	case TRACE_PEER_UP:
		p = find(ls, e->tunnel, e->peer);
		if (p)
			hunt_found(&p->hunt);
		break;
	case TRACE_PEER_DOWN:
		on_lost(ls, find(ls, e->tunnel, e->peer));
		break;
	case TRACE_PEER_UNKNOWN:
	case TRACE_PEER_STRANGER:
		hunts_called(&ls->hunts, e->tunnel, e->di.authority == DI_IP ? e->di.ip : 0,
			clock_now());
		break;
	default:
		return;
	}
	if (instant_cmp(ls->hunts.due, before) != 0)
		plan_hunting(ls);
}

/* --- what cannot be delivered ---------------------------------------------------------------- */

/* The peer whose place this is; of several at one address, the one with the port. */
static struct peer_lookup *find_at(
	const struct lookups *ls, const char *tunnel, struct endpoint to)
{
	struct peer_lookup *best = NULL;

	for (size_t i = 0; i < ls->n; i++) {
		struct peer_lookup *p = ls->v[i];

		for (size_t j = 0; j < p->n && strcmp(p->tunnel, tunnel) == 0; j++)
			if (p->ip[j] == to.ip && (!best || p->peer.port == to.port))
				best = p;
	}
	return best;
}

static const char *meaning_of(uint8_t code)
{
	switch (code) {
	case 2:				/* protocol, port (RFC 792) */
	case 3:
	case 9:				/* prohibited (RFC 1122, RFC 1812) */
	case 10:
	case 13:
		return "its router does not run, or its home router forwards nothing";
	default:
		return "its machine, or the line to it, is down";
	}
}

/* Whoever forges ICMP must not keep us busy searching for peers. */
static bool may_look(struct lookups *ls, struct instant now)
{
	const int looks_most = 200;		/* in a second */

	if (instant_since(now, ls->looking_since).us >= span_s(1).us) {
		ls->looking_since = now;
		ls->looks = 0;
	}
	return ls->looks++ < looks_most;
}

/* Anybody can forge it, so it is said and changes nothing. */
static void on_unreachable(void *ctx, const char *tunnel, const struct unreachable *u)
{
	struct lookups *ls = ctx;
	struct instant now = clock_now();
	struct peer_lookup *p = may_look(ls, now) ? find_at(ls, tunnel, u->to) : NULL;
	char to[ADDR_TEXT_SIZE], by[ADDR_TEXT_SIZE];

	if (!p || !pause_pass(&p->unreachable_pause, now))
		return;
	log_printf(&ls->shell->log, LOG_LEVEL_WARNING,
		"peer %s: %s says that nobody can be reached at %s (ICMP, code %u): %s",
		p->peer.name, ip_text(u->by, by), endpoint_text(u->to, to), u->code,
		meaning_of(u->code));
}

/* --- life ------------------------------------------------------------------------------------ */

void lookups_init(struct lookups *ls, struct shell *shell, struct tunnels *tunnels)
{
	*ls = (struct lookups){ .shell = shell, .tunnels = tunnels };
	ls->report_due = instant_add(clock_now(), span_s(PAUSE_FIRST_S));
	hunts_init(&ls->hunts);
	ls->hunting = loop_timer_new(shell->loop, on_hunting, ls);
	tunnels->hooks = (struct tunnels_hooks){ ls, on_unreachable };
}

static void close_at(struct lookups *ls, size_t i)
{
	hunt_end(&ls->v[i]->hunt);
	lookup_free(ls->v[i]->lookup);
	free(ls->v[i]);
	ls->v[i] = ls->v[--ls->n];
}

void lookups_fini(struct lookups *ls)
{
	while (ls->n > 0)
		close_at(ls, ls->n - 1);
	loop_timer_free(ls->hunting);
	free(ls->v);
	ls->v = NULL;
}

static void start(struct peer_lookup *p, const struct config_peer *peer)
{
	const struct lookup_hooks hooks = { p, on_resolved, on_failed };
	uint32_t ip;

	p->peer = *peer;
	p->is_name = !ip_parse(peer->host, &ip);
	p->n = 0;
	p->trouble[0] = '\0';
	p->is_failing = p->has_said = false;
	p->unreachable_pause = (struct pause){ 0 };
	hunt_begin(&p->all->hunts, &p->hunt, p->tunnel, peer->domain_identifier);
	p->lookup = lookup_new(p->all->shell->resolver, peer->host, &hooks);
}

void lookups_open(struct lookups *ls, const char *tunnel, const struct config_peer *peer)
{
	struct peer_lookup *p = xmem_new(1, sizeof *p);

	p->all = ls;
	memcpy(p->tunnel, tunnel, strlen(tunnel) + 1);
	ls->v = xmem_grow(ls->v, ls->n, &ls->cap, sizeof *ls->v);
	ls->v[ls->n++] = p;
	start(p, peer);
	on_lost(ls, p);			/* until we hear of it */
	plan_hunting(ls);
}

void lookups_reopen(struct lookups *ls, const char *tunnel, const struct config_peer *peer)
{
	struct peer_lookup *p = find(ls, tunnel, peer->name);
	bool was_lost;

	if (!p)
		return;
	was_lost = p->hunt.is_lost;
	hunt_end(&p->hunt);
	lookup_free(p->lookup);
	start(p, peer);
	if (was_lost)
		on_lost(ls, p);
	plan_hunting(ls);
}

void lookups_close(struct lookups *ls, const char *tunnel, const char *peer)
{
	for (size_t i = 0; i < ls->n; i++) {
		if (strcmp(ls->v[i]->tunnel, tunnel) != 0 || strcmp(ls->v[i]->peer.name, peer) != 0)
			continue;
		close_at(ls, i);
		return;
	}
}

void lookups_check(struct lookups *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		apply(ls->v[i]);
}

void lookups_report(struct lookups *ls, struct instant now)
{
	if (instant_cmp(now, ls->report_due) < 0)
		return;
	ls->report_due = instant_add(now, span_s(PAUSE_FIRST_S));
	for (size_t i = 0; i < ls->n; i++)
		say_trouble(ls->v[i]);
}

size_t lookups_troubles(const struct lookups *ls, struct dump_name *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ls->n; i++) {
		const struct peer_lookup *p = ls->v[i];

		if (p->trouble[0] && n < max)
			out[n++] = (struct dump_name){
				p->peer.name, p->tunnel, p->peer.host, p->trouble };
	}
	return n;
}
