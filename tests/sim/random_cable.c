/*
 * Faults of cables: off for a while, back with other zones or numbers, and
 * claims: all routers of a cable are told numbers that another cable has, or
 * some of them. Two things AppleTalk has no cure for are not asked of it here:
 * LocalTalk nodes that took one number while they could not hear each other, and
 * another zone list for numbers that somebody still knows. random_fault.c calls.
 */
#include "random.h"

#include <stdlib.h>

/* --- everybody on a cable -------------------------------------------------------------- */

/* Nodes that lived through an unreliable cable may have taken each other's address. */
static void restart_hosts(struct world *w, const struct lan *lan)
{
	for (size_t i = 0; i < w->hosts.n; i++)
		if (world_host(w, i)->lan == lan) {
			host_switch_off(world_host(w, i));
			host_switch_on(world_host(w, i));
		}
}

/*
 * LocalTalk has no cure for two routers that took one node number while they could
 * not hear each other (Inside AppleTalk ch. 1): somebody unplugs and plugs them in.
 */
static void replug_localtalk(struct world *w, const struct lan *lan)
{
	for (size_t i = 0; lan->kind == PORT_LTOUDP && i < w->sites.n; i++) {
		struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++)
			if (site_port(site, k)->lan == lan && site_port(site, k)->station.lan) {
				site_link_down(site, k);
				site_link_up(site, k);
			}
	}
}

void cable_mend(struct world *w, struct lan *lan)
{
	lan->is_cut = false;
	lan->loss = lan->dup = 0;
	replug_localtalk(w, lan);
	restart_hosts(w, lan);
}

/* Tells every router of a cable, after `what` was done to its port there, if anything. */
static void for_each_port(struct world *w, const struct lan *lan, const struct fault *f,
	void (*what)(struct site_port *p, const struct fault *f))
{
	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);
		bool has_any = false;

		for (size_t k = 0; k < site->ports.n; k++)
			if (site_port(site, k)->lan == lan) {
				if (what)
					what(site_port(site, k), f);
				has_any = true;
			}
		if (has_any)
			site_reconfigure(site);
	}
}

static bool has_overlap(const struct site *site, struct at_range range,
	const struct lan *but)
{
	for (size_t k = 0; k < site->ports.n; k++) {
		const struct site_port *p = site_port(site, k);

		if (p->lan != but && p->config.range.first != 0 &&
			(at_range_overlap(p->config.range, range) ||
			at_range_overlap(port_range(p), range)))
			return true;
	}
	return false;
}

/* No site may be told the same numbers for two of its cables: its configuration is checked. */
static bool could_have(const struct world *w, const struct lan *lan, struct at_range range)
{
	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n; k++)
			if (site_port(site, k)->lan == lan && has_overlap(site, range, lan))
				return false;
	}
	return true;
}

/* The numbers that a cable should have; first 0: nobody seeds it. */
static struct at_range range_of(const struct world *w, const struct lan *lan)
{
	for (size_t i = 0; i < w->sites.n; i++)
		for (size_t k = 0; k < world_site(w, i)->ports.n; k++) {
			const struct site_port *p = site_port(world_site(w, i), k);

			if (p->lan == lan && p->config.seed != SEED_NONE)
				return p->config.range;
		}
	return (struct at_range){ 0, 0, false };
}

/* --- off and on ------------------------------------------------------------------------ */

/*
 * A cable must be off for long before it may return as another, or some router far
 * away still holds what it was (Inside AppleTalk ch. 8, ten minutes). So it is off
 * as long as any fault keeps it off.
 */
void cable_switch_off(struct world *w, struct lan *lan)
{
	lan->off++;
	for_each_port(w, lan, NULL, NULL);
}

static void return_cable(struct world *w, struct lan *lan, const struct fault *f,
	void (*as)(struct site_port *p, const struct fault *f))
{
	lan->off--;
	for_each_port(w, lan, f, as);
	restart_hosts(w, lan);
}

struct search {
	struct at_range range;
	bool is_found;
};

static void look(void *ctx, const struct route_info *info)
{
	struct search *q = ctx;

	q->is_found |= at_range_overlap(info->range, q->range);
}

static bool mate_has(const struct mate *mate, struct at_range range)
{
	for (size_t i = 0; i < mate->peers.n; i++) {
		const struct mate_peer *p = mate->peers.at[i];

		for (size_t k = 0; k < p->n_routes; k++)
			if (at_range_overlap(p->routes[k].range, range))
				return true;
	}
	return false;
}

/*
 * Where two routers of one cable are in one mesh, a lost network counts up through RTMP
 * and the tunnel before it dies; in bad weather that can take longer than ten minutes.
 */
static bool is_forgotten(const struct world *w, struct at_range range)
{
	struct search q = { .range = range };

	for (size_t i = 0; i < w->sites.n && !q.is_found; i++)
		if (site_is_on(world_site(w, i)))
			router_walk_routes(world_site(w, i)->router, look, &q);
	for (size_t i = 0; i < w->mates.n; i++)
		q.is_found |= mate_has(world_mate(w, i), range);
	return !q.is_found;
}

/* Other zones for the same cable: the first goes, or a new one comes. */
static void rezone(struct site_port *p, const struct fault *f)
{
	struct at_name zone = name_of("New zone");

	if (p->config.seed == SEED_NONE)
		return;
	if (p->config.n_zones > 1) {
		struct at_name *rest = world_alloc(p->config.n_zones - 1, sizeof(*rest));

		memcpy(rest, p->config.zones + 1, (p->config.n_zones - 1) * sizeof(*rest));
		port_set_zones(p, rest, p->config.n_zones - 1);
		free(rest);
		return;
	}
	zone.byte[zone.len++] = (uint8_t)('A' + f->b % 26);
	port_set_zones(p, &zone, 1);
}

void cable_return_rezoned(struct world *w, struct lan *lan, const struct fault *f)
{
	return_cable(w, lan, f, is_forgotten(w, range_of(w, lan)) ? rezone : NULL);
}

/* Numbers that no cable has had: each fault has its own. */
static void renumber(struct site_port *p, const struct fault *f)
{
	uint16_t first = (uint16_t)(20000 + f->b % 3000 * 10);

	if (p->config.seed == SEED_NONE)
		return;
	p->config.range.first = first;
	p->config.range.last = (uint16_t)(first + (p->config.range.extended ? f->c % 5 : 0));
}

void cable_return_renumbered(struct world *w, struct lan *lan, const struct fault *f)
{
	return_cable(w, lan, f, renumber);
}

/* --- claims ---------------------------------------------------------------------------- */

/* Numbers of another cable, or some of them, or some more. */
static struct at_range draw_claim(const struct lan *lan, struct at_range of, uint32_t luck)
{
	uint16_t middle = (uint16_t)(of.first + luck / 8 % (uint32_t)(of.last - of.first + 1));

	if (lan->kind != PORT_ETHERTALK)
		return (struct at_range){ middle, middle, false };
	switch (luck % 6) {
	case 0:
		return (struct at_range){ of.first, (uint16_t)(of.last + 1), true };
	case 1:
		return (struct at_range){ middle, of.last, true };
	case 2:
		return (struct at_range){ (uint16_t)(of.first - 1), (uint16_t)(of.last + 1), true };
	case 3:
		return (struct at_range){ of.last, (uint16_t)(of.last + 2), true };
	case 4:
		return (struct at_range){ (uint16_t)(of.first - 2), middle, true };
	default:
		return (struct at_range){ of.first, of.last, true };
	}
}

/* Its routers start anew there, those too that learnt the old numbers. */
static void restart_cable(struct world *w, struct lan *lan)
{
	cable_switch_off(w, lan);
	return_cable(w, lan, NULL, NULL);
}

void cable_claim(struct world *w, struct lan *lan, const struct lan *of, const struct fault *f)
{
	struct at_range range = range_of(w, of);

	if (lan == of || lan->off > 0 || lan->claim.first != 0 || range.first == 0)
		return;
	range = draw_claim(lan, range, f->c);
	if (!could_have(w, lan, range))
		return;
	lan->claim = range;
	lan->claimed_by = f;
	w->claims++;
	restart_cable(w, lan);
}

/*
 * The zones of a network belong to its numbers (aurp Z23): who learnt those of the
 * wrong cable keeps them while he knows any way there. So the rightful one is off
 * until everybody has forgotten both.
 */
static void quarantine(struct world *w, struct lan *lan, struct at_range claim)
{
	if (!at_range_eq(range_of(w, lan), claim) || lan->awaits_oblivion.first != 0)
		return;
	lan->awaits_oblivion = claim;
	cable_switch_off(w, lan);
}

void cable_end_claim(struct world *w, struct lan *lan, struct lan *of, const struct fault *f)
{
	struct at_range claim = lan->claim;

	if (lan->claimed_by != f)
		return;
	lan->claim = (struct at_range){ 0 };
	lan->claimed_by = NULL;
	restart_cable(w, lan);
	quarantine(w, of, claim);
}

bool cables_end_quarantine(struct world *w)
{
	bool has_more = false;

	for (size_t i = 0; i < w->lans.n; i++) {
		struct lan *lan = w->lans.at[i];

		if (lan->awaits_oblivion.first == 0)
			continue;
		if (!is_forgotten(w, lan->awaits_oblivion)) {
			has_more = true;
			continue;
		}
		lan->awaits_oblivion = (struct at_range){ 0 };
		return_cable(w, lan, NULL, NULL);
	}
	return has_more;
}
