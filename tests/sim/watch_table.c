/*
 * The invariants of routing tables, looked at every ten seconds: no two entries
 * overlap, and a cable that a router is attached to is there as such, whoever
 * claims its numbers. And those of quarrels about numbers: whoever refuses a
 * network for the sake of another says so at once, and names both owners.
 */
#include "watch_state.h"

#include <stdio.h>

enum { LOOK_EVERY_S = 10 };

/* --- tables ---------------------------------------------------------------------------- */

static void note_port(void *ctx, const struct port_info *info)
{
	struct table_check *c = ctx;

	if (strcmp(info->state, "up") != 0 || c->n_ports == WATCH_PORTS_MAX)
		return;
	c->ports[c->n_ports].range = info->range;
	snprintf(c->ports[c->n_ports].name, sizeof c->ports->name, "%s", info->name);
	c->n_ports++;
}

void watch_table_entry(void *ctx, const struct route_info *info)
{
	struct table_check *c = ctx;

	if (c->last.first != 0 && info->range.first <= c->last.last)
		watch_say(c->site->world, c->site->config.name, "has %u-%u and %u-%u in its table",
			c->last.first, c->last.last, info->range.first, info->range.last);
	c->last = info->range;
	for (size_t i = 0; i < c->n_ports; i++)
		c->ports[i].is_there |= at_range_eq(info->range, c->ports[i].range) &&
			info->distance == 0 && strcmp(info->via, c->ports[i].name) == 0 &&
			strcmp(info->state, "good") == 0;
}

void watch_table_begin(struct table_check *c, struct site *site)
{
	*c = (struct table_check){ .site = site };
	router_walk_ports(site->router, note_port, c);
}

void watch_table_end(const struct table_check *c)
{
	for (size_t i = 0; i < c->n_ports; i++)
		if (!c->ports[i].is_there)
			watch_say(c->site->world, c->site->config.name,
				"port %s has lost its own %u-%u", c->ports[i].name,
				c->ports[i].range.first, c->ports[i].range.last);
}

static void check_table(struct site *site)
{
	struct table_check c;

	watch_table_begin(&c, site);
	router_walk_routes(site->router, watch_table_entry, &c);
	watch_table_end(&c);
}

void watch_tables(struct world *w)
{
	if (instant_since(w->now, w->watch->looked).us < span_s(LOOK_EVERY_S).us)
		return;
	w->watch->looked = w->now;
	for (size_t i = 0; i < w->sites.n; i++)
		if (world_site(w, i)->router && !world_site(w, i)->is_excused)
			check_table(world_site(w, i));
}

/* --- quarrels -------------------------------------------------------------------------- */

struct owner_search {
	struct at_range range;
	const char *owner;
	char via[64];
	bool is_coming;
};

static void look_for_owner(void *ctx, const struct route_info *info)
{
	struct owner_search *q = ctx;

	if (at_range_eq(info->range, q->range))
		snprintf(q->via, sizeof q->via, "%s", info->via);
}

static void look_for_port(void *ctx, const struct port_info *info)
{
	struct owner_search *q = ctx;

	q->is_coming |= strcmp(info->name, q->owner) == 0 && strcmp(info->state, "up") != 0;
}

/* Does the table say so, too? A port that is coming up says it before its network is there. */
static bool has(struct site *site, struct at_range range, const char *owner)
{
	struct owner_search q = { .range = range, .owner = owner };

	router_walk_routes(site->router, look_for_owner, &q);
	router_walk_ports(site->router, look_for_port, &q);
	return strcmp(q.via, owner) == 0 || q.is_coming;
}

static void check_report(struct site *site, const struct trace_event *e, bool is_same)
{
	const char *by = e->peer ? e->peer : e->port;
	struct at_range of = is_same ? e->range : e->range2;

	site->world->reports++;
	if (!by || !e->other || *e->other == '\0' || !has(site, of, e->other))
		watch_say(site->world, site->config.name, "%s of %u-%u: %s does not have %u-%u",
			trace_name(e->kind), e->range.first, e->range.last,
			e->other ? e->other : "nobody", of.first, of.last);
	if (!is_same && (at_range_eq(e->range, of) || !at_range_overlap(e->range, of)))
		watch_say(site->world, site->config.name, "%s: %u-%u does not overlap %u-%u",
			trace_name(e->kind), e->range.first, e->range.last, of.first, of.last);
}

void watch_traced(struct site *site, const struct trace_event *e)
{
	struct quarrel *q = &site->world->watch->quarrel;

	switch (e->kind) {
	case TRACE_DROPPED:
		q->has_refused |= e->drop == DROP_AURP_OVERLAP;
		break;
	case TRACE_PEER_OVERLAP:
		q->has_said = true;
		check_report(site, e, false);
		break;
	case TRACE_RTMP_OVERLAP:
		check_report(site, e, false);
		break;
	case TRACE_PEER_REFLECTS:
	case TRACE_PEER_DUPLICATE_NET:
		check_report(site, e, true);
		break;
	default:
		watch_route_traced(site, e);
		break;
	}
}

void watch_networks_heard(struct site *site, enum aurp_msg msg, struct rd tuples)
{
	struct quarrel *q = &site->world->watch->quarrel;
	size_t len = rd_left(&tuples);

	q->msg = msg;
	q->len = len <= sizeof q->tuples ? len : 0;
	memcpy(q->tuples, rd_bytes(&tuples, q->len), q->len);
}

struct overlap_search {
	struct at_range range;
	bool is_found;
};

static void look_for_overlap(void *ctx, const struct route_info *info)
{
	struct overlap_search *q = ctx;

	q->is_found |= at_range_overlap(info->range, q->range) &&
		!at_range_eq(info->range, q->range) && strcmp(info->state, "bad") != 0;
}

static bool overlaps(struct site *site, struct at_range range)
{
	struct overlap_search q = { .range = range };

	router_walk_routes(site->router, look_for_overlap, &q);
	return q.is_found;
}

/* The next network that the packet tells as new and reachable; TUPLE_BAD: something else. */
static enum tuple_step next_news(const struct quarrel *q, struct rd *r, struct at_range *range)
{
	struct aurp_event ev = { .code = AURP_EV_NA };
	struct aurp_network n;
	enum tuple_step step;

	if (q->msg == AURP_RI_RSP) {
		step = aurp_next_network(r, &n);
		ev.range = n.range;
		ev.distance = n.distance;
	} else {
		step = aurp_next_event(r, &ev);
	}
	if (step == TUPLE_OK && (ev.code != AURP_EV_NA || ev.distance >= AURP_DISTANCE_MAX))
		return TUPLE_BAD;
	*range = ev.range;
	return step;
}

/* How many of the packet's networks share numbers with this one, itself included. */
static unsigned int count_alike(const struct quarrel *q, struct at_range range)
{
	struct rd r = rd_over(q->tuples, q->len);
	struct at_range other;
	unsigned int n = 0;

	while (next_news(q, &r, &other) == TUPLE_OK)
		n += at_range_overlap(range, other);
	return n;
}

/*
 * Is a network that is new in somebody's way? Asked after the packet, so only of
 * packets that say nothing but news, and nothing twice: changes of distance are no
 * news, and may be refused in silence.
 */
static bool has_news(struct site *site, const struct quarrel *q)
{
	struct rd r = rd_over(q->tuples, q->len);
	struct at_range range;
	enum tuple_step step;
	bool is_in_the_way = false;

	while ((step = next_news(q, &r, &range)) == TUPLE_OK) {
		if (count_alike(q, range) > 1)
			return false;
		is_in_the_way |= overlaps(site, range);
	}
	return step == TUPLE_END && is_in_the_way;
}

void watch_tunnel_done(struct site *site)
{
	struct quarrel *q = &site->world->watch->quarrel;

	if (q->has_refused && !q->has_said && !site->is_excused && has_news(site, q))
		watch_say(site->world, site->config.name,
			"refuses a network for another and does not say so");
	q->has_refused = q->has_said = false;
	q->len = 0;
}
