/*
 * The oracle: shortest paths over the map. A cable is at distance 0 from the
 * routers on it; a router on the same cable (RTMP) or in the same mesh (a tunnel)
 * is one hop further. Nothing is relayed within a mesh: who has a network through
 * it tells nobody there. Where the shortest paths of a router lie in two meshes,
 * which one it uses is a matter of history, so both are taken to be told; in
 * full meshes, which the random worlds have, that makes no difference. Distances
 * over 15 are unreachable, and 15 is not told to anybody. A cable is what the
 * routers on it that seed it and are on say; a network number has one cable. Mates
 * are nodes like sites, with cables that only they know.
 */
#include "world.h"

#include <stdlib.h>

#include "aurpd/macroman.h"

enum { NO_MESH = 0xFFFF, SEVERAL = 0xFFFE };

struct edge {
	uint32_t to;			/* a node */
	uint32_t mesh;			/* NO_MESH: a LAN */
};

struct oracle {
	const struct world *w;
	struct edge *edges;		/* sorted by the node they lead from */
	size_t *first;			/* of each node; one more at the end */
	size_t n_edges, cap_edges;
	const struct config_port **seeds;	/* of each LAN; NULL: none */
	size_t nodes;			/* sites, then mates */
	uint8_t *hops;			/* [lan * nodes + node] */
	uint32_t *via;			/* the same: the mesh it is reached through, if it is one */
};

/* --- the map --------------------------------------------------------------------------- */

static bool port_is_alive(const struct site_port *p)
{
	return p->handle && p->station.lan && port_is_there(p) && !p->lan->is_cut &&
	       !p->station.is_deaf && !p->station.is_mute;
}

static bool tunnel_is_alive(const struct site_tunnel *t)
{
	return t->handle && !t->is_removed;
}

static bool lists(const struct site_tunnel *t, const struct jack *to)
{
	const struct site_peer *peer = tunnel_find_peer(t, to);

	return peer && !peer->is_removed;
}

/* Can `a` call, and will `b` take it? */
static bool can_call(const struct site_tunnel *a, const struct site_tunnel *b)
{
	return lists(a, &b->jack) && jack_can_be_called(&b->jack, &a->jack) &&
	       (lists(b, &a->jack) || b->config.accept_unknown);
}

static bool are_peers(const struct site_tunnel *a, const struct site_tunnel *b)
{
	return can_call(a, b) || can_call(b, a);
}

/* A mate sends to port 387 alone, and who does not hear it there has no mate. */
static bool is_mate_of(const struct mate *mate, const struct site_tunnel *t)
{
	const struct jack *j = mate_jack(mate);

	return mate->is_on && tunnel_is_alive(t) && j->mesh == t->jack.mesh &&
	       j->group == t->jack.group && lists(t, j) && jack_hears_at_387(&t->jack, j);
}

static void add_edge(struct oracle *o, uint32_t to, uint32_t mesh)
{
	if (o->n_edges == o->cap_edges) {
		size_t cap = o->cap_edges ? 2 * o->cap_edges : 256;
		struct edge *edges = world_alloc(cap, sizeof(*edges));

		if (o->n_edges > 0)
			memcpy(edges, o->edges, o->n_edges * sizeof(*edges));
		free(o->edges);
		o->edges = edges;
		o->cap_edges = cap;
	}
	o->edges[o->n_edges++] = (struct edge){ to, mesh };
}

/* Those who hear this port's RTMP Data. */
static void add_lan_edges(struct oracle *o, const struct site_port *p)
{
	const struct list *it;

	if (!port_is_alive(p) || p->config.own_net_only)
		return;
	list_for_each(it, &p->lan->stations) {
		const struct station *s = container_of(it, struct station, in_lan);
		const struct site_port *other = container_of(s, struct site_port, station);

		if (s->receive == p->station.receive && other->site != p->site &&
			port_is_alive(other))
			add_edge(o, (uint32_t)other->site->index, NO_MESH);
	}
}

/* Those who are told through this tunnel. */
static void add_tunnel_edges(struct oracle *o, const struct site_tunnel *t)
{
	const struct mesh *m = t->jack.mesh;

	for (size_t i = 0; tunnel_is_alive(t) && i < m->jacks.n; i++) {
		const struct jack *j = m->jacks.at[i];

		if (j != &t->jack && j->tunnel && tunnel_is_alive(j->tunnel) &&
			j->group == t->jack.group && are_peers(t, j->tunnel))
			add_edge(o, (uint32_t)j->tunnel->site->index, (uint32_t)m->index);
	}
	for (size_t i = 0; i < o->w->mates.n; i++)
		if (is_mate_of(world_mate(o->w, i), t))
			add_edge(o, (uint32_t)(o->w->sites.n + i), (uint32_t)m->index);
}

static void add_mate_edges(struct oracle *o, const struct mate *mate)
{
	const struct mesh *m = mate_jack(mate)->mesh;

	for (size_t i = 0; i < m->jacks.n; i++) {
		const struct jack *j = m->jacks.at[i];

		if (j->tunnel && is_mate_of(mate, j->tunnel))
			add_edge(o, (uint32_t)j->tunnel->site->index, (uint32_t)m->index);
	}
	for (size_t i = 0; mate->is_on && i < mate->n_nets; i++)
		if (!mate->nets[i].is_gone)
			o->seeds[mate->nets[i].lan->index] = &mate->nets[i].config;
}

static void map(struct oracle *o)
{
	const struct world *w = o->w;

	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		o->first[i] = o->n_edges;
		for (size_t k = 0; k < site->ports.n; k++)
			add_lan_edges(o, site_port(site, k));
		for (size_t k = 0; k < site->tunnels.n; k++)
			add_tunnel_edges(o, site_tunnel(site, k));
		for (size_t k = 0; k < site->ports.n; k++) {
			const struct site_port *p = site_port(site, k);

			if (port_is_alive(p) && p->config.seed != SEED_NONE)
				o->seeds[p->lan->index] = &p->config;
		}
	}
	for (size_t i = 0; i < w->mates.n; i++) {
		o->first[w->sites.n + i] = o->n_edges;
		add_mate_edges(o, world_mate(w, i));
	}
	o->first[o->nodes] = o->n_edges;
}

/* --- shortest paths -------------------------------------------------------------------- */

/* One step further from every node of the last layer. Returns whether it reached anybody. */
static bool spread(const struct oracle *o, uint8_t *hops, uint32_t *via, unsigned layer)
{
	bool has_more = false;

	for (size_t u = 0; u < o->nodes; u++) {
		if (hops[u] != layer)
			continue;
		for (size_t e = o->first[u]; e < o->first[u + 1]; e++) {
			struct edge edge = o->edges[e];

			if (edge.mesh != NO_MESH && via[u] == edge.mesh)
				continue;
			if (hops[edge.to] == ORACLE_UNREACHABLE) {
				hops[edge.to] = (uint8_t)(layer + 1);
				via[edge.to] = edge.mesh;
				has_more = true;
			} else if (hops[edge.to] == layer + 1 && via[edge.to] != edge.mesh) {
				/* RTMP is preferred to a tunnel; of two meshes nobody knows. */
				via[edge.to] = via[edge.to] == NO_MESH || edge.mesh == NO_MESH ?
					NO_MESH : SEVERAL;
			}
		}
	}
	return has_more;
}

static void measure(struct oracle *o, const struct lan *lan)
{
	const struct world *w = o->w;
	uint32_t *via = o->via + lan->index * o->nodes;
	uint8_t *hops = o->hops + lan->index * o->nodes;

	memset(hops, ORACLE_UNREACHABLE, o->nodes);
	if (!o->seeds[lan->index])
		return;
	for (size_t i = 0; i < w->sites.n; i++)
		for (size_t k = 0; k < world_site(w, i)->ports.n; k++) {
			const struct site_port *p = site_port(world_site(w, i), k);

			if (p->lan == lan && port_is_alive(p)) {
				hops[i] = 0;
				via[i] = NO_MESH;
			}
		}
	for (size_t i = 0; i < w->mates.n; i++)
		for (size_t k = 0; k < world_mate(w, i)->n_nets; k++)
			if (world_mate(w, i)->nets[k].lan == lan) {
				hops[w->sites.n + i] = 0;
				via[w->sites.n + i] = NO_MESH;
			}
	for (unsigned layer = 0; layer < AT_HOPS_MAX; layer++)
		if (!spread(o, hops, via, layer))
			break;
}

struct oracle *oracle_new(const struct world *w)
{
	struct oracle *o = world_alloc(1, sizeof(*o));

	o->w = w;
	o->nodes = w->sites.n + w->mates.n;
	o->first = world_alloc(o->nodes + 1, sizeof(*o->first));
	o->seeds = world_alloc(w->lans.n, sizeof(*o->seeds));
	o->hops = world_alloc(w->lans.n * o->nodes, 1);
	o->via = world_alloc(w->lans.n * o->nodes, sizeof(*o->via));
	map(o);
	for (size_t i = 0; i < w->lans.n; i++)
		measure(o, w->lans.at[i]);
	return o;
}

void oracle_free(struct oracle *o)
{
	free(o->edges);
	free(o->first);
	free(o->seeds);
	free(o->hops);
	free(o->via);
	free(o);
}

unsigned oracle_hops(const struct oracle *o, const struct site *site, const struct lan *lan)
{
	return o->hops[lan->index * o->nodes + site->index];
}

unsigned oracle_mate_hops(const struct oracle *o, const struct mate *mate, const struct lan *lan)
{
	return o->hops[lan->index * o->nodes + o->w->sites.n + mate->index];
}

struct at_range oracle_range(const struct oracle *o, const struct lan *lan)
{
	const struct config_port *p = o->seeds[lan->index];

	return p ? p->range : (struct at_range){ 0, 0, false };
}

const struct config_port *oracle_seed(const struct oracle *o, const struct lan *lan)
{
	return o->seeds[lan->index];
}

const struct lan *oracle_lan(const struct oracle *o, struct at_range range)
{
	for (size_t i = 0; i < o->w->lans.n; i++)
		if (o->seeds[i] && at_range_eq(o->seeds[i]->range, range))
			return o->w->lans.at[i];
	return NULL;
}

void oracle_distort(struct oracle *o, const struct lan *lan)
{
	for (size_t i = 0; i < o->nodes; i++) {
		uint8_t *hops = &o->hops[lan->index * o->nodes + i];

		*hops += *hops < AT_HOPS_MAX;
	}
}

/* --- comparing ------------------------------------------------------------------------- */

struct comparison {
	const struct oracle *o;
	struct site *site;
	bool is_judged;
	size_t differences;
	bool *seen;			/* by LAN */
};

static void differ(struct comparison *c, struct at_range range, const char *what, unsigned is,
	unsigned should)
{
	c->differences++;
	if (c->is_judged)
		watch_say(c->site->world, c->site->config.name, "at rest, network %u-%u: %s "
			"(is %u, should be %u)", range.first, range.last, what, is, should);
}

static bool has_zone(const struct at_name *list, size_t n, const struct at_name *zone)
{
	for (size_t i = 0; i < n; i++)
		if (name_eq(&list[i], zone))
			return true;
	return false;
}

/* A digest of a zone name in which names that are the same have the same. */
static uint64_t digest_of(const struct at_name *zone)
{
	uint64_t d = 0xCBF29CE484222325u;

	for (size_t i = 0; i < zone->len; i++)
		d = (d ^ macroman_fold(zone->byte[i])) * 0x100000001B3u;
	return d;
}

/* The sum says at once whether two lists have the same names in whatever order. */
static bool has_same_zones(const struct route_info *info, const struct config_port *config)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < info->n_zones; i++)
		sum += digest_of(info->zones[i]);
	for (size_t i = 0; i < config->n_zones; i++)
		sum -= digest_of(&config->zones[i]);
	return info->zones_complete && info->n_zones == config->n_zones && sum == 0;
}

static void compare_zones(struct comparison *c, const struct route_info *info,
	const struct config_port *config)
{
	if (has_same_zones(info, config))
		return;
	c->differences++;
	if (!info->zones_complete || info->n_zones != config->n_zones)
		differ(c, info->range, info->zones_complete ? "number of zones" :
			"zones incomplete", (unsigned)info->n_zones, (unsigned)config->n_zones);
	for (size_t i = 0; i < info->n_zones; i++)
		if (!has_zone(config->zones, config->n_zones, info->zones[i]))
			differ(c, info->range, "strange zone", (unsigned)i, 0);
}

static void compare_route(void *ctx, const struct route_info *info)
{
	struct comparison *c = ctx;
	const struct lan *lan = oracle_lan(c->o, info->range);
	unsigned hops = lan ? oracle_hops(c->o, c->site, lan) : ORACLE_UNREACHABLE;

	/* Offered from too far away: known, of no use to anybody. */
	if (info->distance > AT_HOPS_MAX && strcmp(info->state, "bad") != 0)
		return;
	if (strcmp(info->state, "bad") == 0) {
		differ(c, info->range, "still dying", info->distance, hops);
		return;
	}
	if (hops == ORACLE_UNREACHABLE) {
		differ(c, info->range, "there is no such network", info->distance, hops);
		return;
	}
	c->seen[lan->index] = true;
	if (info->distance != hops)
		differ(c, info->range, "distance", info->distance, hops);
	compare_zones(c, info, c->o->seeds[lan->index]);
}

static void compare_zone(void *ctx, const struct zone_info *info)
{
	struct comparison *c = ctx;

	for (size_t i = 0; i < info->n_nets; i++)
		for (size_t k = 0; k < c->o->w->lans.n; k++) {
			const struct config_port *p = c->o->seeds[k];

			if (p && at_range_has(p->range, info->nets[i]) &&
				has_zone(p->zones, p->n_zones, info->name))
				return;
		}
	if (info->n_nets > 0)
		differ(c, (struct at_range){ info->nets[0], info->nets[0], false },
			"zone of a dead site", (unsigned)info->n_nets, 0);
}

/*
 * How many networks a site tells its peers in a mesh (split horizon: not those
 * that it reaches through it). False: that is a matter of history.
 */
static bool count_told(const struct comparison *c, const struct mesh *m, size_t *told)
{
	*told = 0;
	for (size_t i = 0; i < c->o->w->lans.n; i++) {
		const struct lan *lan = c->o->w->lans.at[i];
		uint32_t via = c->o->via[i * c->o->nodes + c->site->index];

		if (oracle_hops(c->o, c->site, lan) >= AT_HOPS_MAX)
			continue;
		if (via == SEVERAL)
			return false;
		*told += via != m->index;
	}
	return true;
}

static void compare_peer(void *ctx, const struct peer_info *info)
{
	struct comparison *c = ctx;
	size_t told;

	for (size_t i = 0; i < c->site->tunnels.n; i++) {
		const struct site_tunnel *t = site_tunnel(c->site, i);

		if (strcmp(t->config.name, info->tunnel) != 0 ||
			strcmp(info->send, "connected") != 0 ||
			!count_told(c, t->jack.mesh, &told) || told == info->told)
			continue;
		c->differences++;
		if (c->is_judged)
			watch_say(c->site->world, c->site->config.name, "at rest, has told %s of "
				"%zu networks instead of %zu", info->name, info->told, told);
	}
}

size_t oracle_compare(const struct oracle *o, struct site *site, bool is_judged)
{
	struct comparison c = { .o = o, .site = site, .is_judged = is_judged };

	c.seen = world_alloc(o->w->lans.n, sizeof(*c.seen));
	router_walk_routes(site->router, compare_route, &c);
	router_walk_peers(site->router, site->world->now, compare_peer, &c);
	if (is_judged)
		router_walk_zones(site->router, compare_zone, &c);
	for (size_t i = 0; i < o->w->lans.n; i++) {
		const struct lan *lan = o->w->lans.at[i];

		if (!c.seen[i] && oracle_hops(o, site, lan) != ORACLE_UNREACHABLE)
			differ(&c, oracle_range(o, lan), "is not known", 0,
				oracle_hops(o, site, lan));
	}
	free(c.seen);
	return c.differences;
}

size_t oracle_compare_all(struct world *w, bool is_judged)
{
	struct oracle *o = oracle_new(w);
	size_t differences = 0;

	for (size_t i = 0; i < w->sites.n; i++) {
		struct site *site = world_site(w, i);

		if (site->router && !site->is_excused)
			differences += oracle_compare(o, site, is_judged);
	}
	for (size_t i = 0; i < w->mates.n; i++)
		if (world_mate(w, i)->is_on)
			differences += oracle_compare_mate(o, world_mate(w, i), is_judged);
	oracle_free(o);
	return differences;
}
