/*
 * One random world from beginning to end: the map is switched on, the faults
 * happen and end, everything is healed, and world_rest() judges. What routers
 * hold at the end of the program is checked by who runs many.
 */
#include "random.h"

#include <stdlib.h>

enum {
	FAULTS_MAX = 30,
	HISTORY_MAX_S = 3600,
	HISTORY_MIN_S = 300,
	BOOT_SPREAD_MS = 5000,
	LOOK_EVERY_S = 5,
	QUARANTINE_STEP_S = 10,
	QUARANTINE_MAX_S = 3600,
};

struct faults random_faults(uint64_t seed)
{
	struct prng prng;
	struct faults faults;
	uint32_t span_ms_total;

	prng_init(&prng, seed ^ 0xFA017u);
	faults.n = prng_range(&prng, 0, FAULTS_MAX);
	span_ms_total = prng_range(&prng, HISTORY_MIN_S, HISTORY_MAX_S) * 1000;
	faults.list = world_alloc(faults.n, sizeof(*faults.list));
	for (size_t i = 0; i < faults.n; i++) {
		uint32_t at = prng_range(&prng, BOOT_SPREAD_MS, span_ms_total);

		faults.list[i] = fault_draw(&prng, span_ms(at));
	}
	return faults;
}

/* --- history --------------------------------------------------------------------------- */

static void on_begin(struct world *w, void *ctx)
{
	fault_begin(w, ctx);
}

static void on_end(struct world *w, void *ctx)
{
	fault_end(w, ctx);
}

static void on_boot(struct world *w, void *ctx)
{
	struct site *site = ctx;

	(void)w;
	if (!site->router && !site->is_dead)
		site_switch_on(site);
}

/* Sites come up one after the other, end nodes soon; the last end of a fault is returned. */
static struct span schedule(struct world *w, struct fault *list, size_t n)
{
	struct span end = span_ms(BOOT_SPREAD_MS);

	for (size_t i = 0; i < w->sites.n; i++) {
		uint32_t after = prng_range(&w->prng, 0, BOOT_SPREAD_MS);

		world_call(w, span_ms(after), on_boot, world_site(w, i));
	}
	for (size_t i = 0; i < w->hosts.n; i++)
		host_switch_on(world_host(w, i));
	for (size_t i = 0; i < w->mates.n; i++)
		mate_switch_on(world_mate(w, i));
	for (size_t i = 0; i < n; i++) {
		struct span over = span_us(list[i].at.us + list[i].lasts.us);

		world_call(w, list[i].at, on_begin, &list[i]);
		world_call(w, over, on_end, &list[i]);
		if (span_cmp(over, end) > 0)
			end = over;
	}
	return end;
}

static void heal_mate(struct mate *mate)
{
	mate_switch_on(mate);
	mate_thaw(mate);
	for (size_t i = 0; i < mate->n_nets; i++)
		mate_set_net(mate, i, false);
}

/* Whatever is still broken is mended, but the dead stay dead. */
static void heal(struct world *w)
{
	for (size_t i = 0; i < w->meshes.n; i++)
		mesh_heal(w->meshes.at[i]);
	for (size_t i = 0; i < w->nats.n; i++)
		((struct nat *)w->nats.at[i])->is_off = false;
	for (size_t i = 0; i < w->mates.n; i++)
		heal_mate(world_mate(w, i));
	for (size_t i = 0; i < w->lans.n; i++) {
		struct lan *lan = w->lans.at[i];

		lan->is_cut = false;
		lan->off = lan->awaits_oblivion.first != 0;
		lan->loss = lan->dup = 0;
	}
	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++)
			site_port(site, k)->is_removed = false;
		for (size_t k = 0; k < site->tunnels.n; k++)
			for (size_t p = 0; p < site_tunnel(site, k)->peers.n; p++)
				((struct site_peer *)site_tunnel(site, k)->peers.at[p])->is_removed
					= false;
		site_thaw(site);
		if (!site->router && !site->is_dead)
			site_switch_on(site);
		else
			site_reconfigure(site);
		for (size_t k = 0; site->router && k < site->ports.n; k++)
			site_link_up(site, k);
	}
	world_list_all(w);
	world_resolve_all(w);
}

static uint64_t count_on(const struct world *w)
{
	uint64_t on = 0;

	for (size_t i = 0; i < w->sites.n; i++)
		on += world_site(w, i)->router != NULL;
	return on;
}

static uint64_t live_through(struct world *w, struct span history)
{
	struct instant end = instant_add(w->now, history);
	uint64_t router_s = 0;

	while (instant_cmp(w->now, end) < 0) {
		world_run(w, span_s(1));
		router_s += count_on(w);
		if (span_to_s(instant_since(w->now, (struct instant){ 0 })) % LOOK_EVERY_S == 0)
			watch_reach(w);
		(void)cables_end_quarantine(w);
	}
	return router_s;
}

/* All is mended but cables that nobody may know any more when they return. */
static uint64_t wait_for_quarantine(struct world *w)
{
	uint64_t router_s = 0;

	for (int s = 0; cables_end_quarantine(w); s += QUARANTINE_STEP_S) {
		if (s >= QUARANTINE_MAX_S) {
			watch_say(w, "quarantine", "a cable that is off is still known");
			break;
		}
		router_s += live_through(w, span_s(QUARANTINE_STEP_S));
	}
	return router_s;
}

struct outcome random_run(uint64_t seed, const struct fault *list, size_t n, bool prints)
{
	struct world *w = random_map(seed);
	struct fault *copy = world_alloc(n, sizeof(*copy));
	struct outcome out = { .sites = w->sites.n };
	struct instant from;
	struct rest rest;

	if (n > 0)
		memcpy(copy, list, n * sizeof(*copy));
	out.router_s = live_through(w, schedule(w, copy, n));
	heal(w);
	out.router_s += wait_for_quarantine(w);
	from = w->now;
	rest = world_rest(w);
	out.router_s += count_on(w) * (uint64_t)span_to_s(instant_since(w->now, from));
	out.converged = rest.converged;
	out.bound = rest_bound(w);
	out.lookups = rest.lookups;
	out.echoes = rest.echoes;
	out.packets = w->packets;
	out.judged = w->judged;
	out.claims = w->claims;
	out.reports = w->reports;
	out.digest = w->digest;
	out.violations = world_violations(w);
	if (out.violations > 0)
		out.first = *world_violation(w, 0);
	if (prints)
		(void)world_print_violations(w);
	world_free(w);
	free(copy);
	if (memory_of_routers().blocks > 0) {
		if (out.violations++ == 0)
			snprintf(out.first.text, sizeof out.first.text,
				"%zu blocks of memory are left over", memory_of_routers().blocks);
		if (prints)
			fprintf(stderr, "%zu blocks of memory are left over\n",
				memory_of_routers().blocks);
	}
	return out;
}
