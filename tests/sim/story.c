/*
 * What the scenario tests have in common. Its oracle is simple on purpose: the
 * distance of a network is the number of LANs and meshes to cross, as nobody in
 * these stories prefers a longer way.
 */
#include "story.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NETS = 65536, UNREACHED = 255 };

bool story_is_long(void)
{
	return getenv("AURPD_SIM_LONG") != NULL;
}

bool story_is_slow(void)
{
#if defined(__SANITIZE_ADDRESS__)
	return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
	return true;
#else
	return false;
#endif
#else
	return false;
#endif
}

/* --- making worlds --------------------------------------------------------------------- */

const char *story_zone(size_t i, char *text)
{
	snprintf(text, 32, "Zone %zu", i);
	return text;
}

uint16_t story_net(size_t i)
{
	return (uint16_t)(1000 + 10 * i);
}

struct site_port *story_add_net(struct site *site, uint16_t net, const char *zone)
{
	struct lan *lan = world_add_lan(site->world, PORT_ETHERTALK);

	return site_add_port(site, lan, SEED_HARD,
		(struct at_range){ net, (uint16_t)(net + 1), true }, zone);
}

struct site *story_add_site(struct world *w, size_t i)
{
	struct site *site = world_add_site(w);
	char zone[32];

	story_add_net(site, story_net(i), story_zone(i, zone));
	return site;
}

struct world *story_mesh(uint64_t seed, size_t n)
{
	struct world *w = world_new(seed);
	struct mesh *m = world_add_mesh(w);

	for (size_t i = 0; i < n; i++)
		mesh_join(m, story_add_site(w, i));
	return w;
}

struct mesh *story_mesh_of(const struct world *w)
{
	return w->meshes.at[0];
}

void story_switch_on(struct world *w)
{
	for (size_t i = 0; i < w->sites.n; i++)
		if (!site_is_on(world_site(w, i)))
			site_switch_on(world_site(w, i));
}

struct jack *story_jack(const struct site *site)
{
	return &site_tunnel(site, 0)->jack;
}

/* --- what everybody must know ---------------------------------------------------------- */

/* Seen from one site: how far the others are, what of their networks it knows. */
struct survey {
	const struct world *w;
	const struct site *from;
	bool say;
	bool is_right;
	size_t known;
	uint8_t *hops;			/* to every site, by index */
	const struct site_port **port_of;	/* first network number -> a port of a site that is on */
};

static bool is_in_use(const struct site_port *p)
{
	return !p->is_removed && p->station.lan && !p->lan->is_cut;
}

static bool share_a_lan(const struct site *a, const struct site *b)
{
	for (size_t i = 0; i < a->ports.n; i++)
		for (size_t k = 0; k < b->ports.n; k++)
			if (is_in_use(site_port(a, i)) && is_in_use(site_port(b, k)) &&
				site_port(a, i)->lan == site_port(b, k)->lan)
				return true;
	return false;
}

static bool is_cut(const struct mesh *m, const struct jack *a, const struct jack *b)
{
	for (size_t i = 0; i < m->n_cuts; i++)
		if ((m->cuts[i].from == a && m->cuts[i].to == b) ||
			(m->cuts[i].from == b && m->cuts[i].to == a))
			return true;
	return a->group != b->group;
}

static bool lists(const struct site_tunnel *a, const struct site_tunnel *b)
{
	const struct site_peer *peer = tunnel_find_peer(a, &b->jack);

	return a->config.accept_unknown || (peer && !peer->is_removed);
}

static bool share_a_mesh(const struct site *a, const struct site *b)
{
	for (size_t i = 0; i < a->tunnels.n; i++)
		for (size_t k = 0; k < b->tunnels.n; k++) {
			const struct site_tunnel *t = site_tunnel(a, i), *u = site_tunnel(b, k);

			if (t->jack.mesh == u->jack.mesh && t->handle && u->handle &&
				!is_cut(t->jack.mesh, &t->jack, &u->jack) && lists(t, u) &&
				lists(u, t))
				return true;
		}
	return false;
}

/* Breadth first. */
static void measure(struct survey *s)
{
	size_t n = s->w->sites.n, head = 0, tail = 0;
	size_t *queue = world_alloc(n, sizeof(*queue));

	memset(s->hops, UNREACHED, n);
	s->hops[s->from->index] = 0;
	queue[tail++] = s->from->index;
	while (head < tail) {
		const struct site *at = world_site(s->w, queue[head++]);

		for (size_t i = 0; i < n; i++) {
			const struct site *next = world_site(s->w, i);

			if (s->hops[i] != UNREACHED || !site_is_on(next) ||
				(!share_a_lan(at, next) && !share_a_mesh(at, next)))
				continue;
			s->hops[i] = (uint8_t)(s->hops[at->index] + 1);
			queue[tail++] = i;
		}
	}
	free(queue);
}

static unsigned hops_to_net(const struct survey *s, uint16_t net)
{
	unsigned least = UNREACHED;

	for (size_t i = 0; i < s->w->sites.n; i++) {
		const struct site *site = world_site(s->w, i);

		for (size_t k = 0; k < site->ports.n && s->hops[i] < least; k++)
			if (is_in_use(site_port(site, k)) &&
				site_port(site, k)->config.range.first == net)
				least = s->hops[i];
	}
	return least;
}

static bool has_zone(const struct route_info *info, const struct at_name *zone)
{
	for (size_t i = 0; i < info->n_zones; i++)
		if (info->zones[i]->len == zone->len &&
			memcmp(info->zones[i]->byte, zone->byte, zone->len) == 0)
			return true;
	return false;
}

static bool has_zones_of(const struct route_info *info, const struct config_port *c)
{
	for (size_t i = 0; i < c->n_zones; i++)
		if (!has_zone(info, &c->zones[i]))
			return false;
	return info->zones_complete && info->n_zones == c->n_zones;
}

static void on_route(void *ctx, const struct route_info *info)
{
	struct survey *s = ctx;
	const struct site_port *p = s->port_of[info->range.first];
	unsigned hops = p ? hops_to_net(s, info->range.first) : UNREACHED;

	if (p && hops != UNREACHED && at_range_eq(p->config.range, info->range) &&
		strcmp(info->state, "bad") != 0 && info->distance == hops &&
		has_zones_of(info, &p->config)) {
		s->known++;
		return;
	}
	s->is_right = false;
	if (s->say)
		print_message("%s: %u-%u at %u (%s, %s, %zu zones); expected at %u\n",
			s->from->config.name, info->range.first, info->range.last, info->distance,
			info->via, info->state, info->n_zones, hops);
}

/* Networks that this site should know. */
static size_t count_reached(const struct survey *s)
{
	size_t n = 0;

	for (size_t net = 0; net < NETS; net++)
		n += s->port_of[net] && hops_to_net(s, (uint16_t)net) != UNREACHED;
	return n;
}

static bool is_right_at(struct survey *s)
{
	size_t reached;

	s->is_right = true;
	s->known = 0;
	measure(s);
	router_walk_routes(s->from->router, on_route, s);
	reached = count_reached(s);
	if (s->say && s->known != reached)
		print_message("%s: knows %zu of %zu networks\n", s->from->config.name, s->known,
			reached);
	return s->is_right && s->known == reached;
}

bool story_agrees(const struct world *w, bool say)
{
	struct survey s = { .w = w, .say = say };
	bool is_right = true;

	s.hops = world_alloc(w->sites.n, 1);
	s.port_of = world_alloc(NETS, sizeof(struct site_port *));
	for (size_t i = 0; i < w->sites.n; i++) {
		const struct site *site = world_site(w, i);

		for (size_t k = 0; k < site->ports.n && site_is_on(site); k++)
			if (is_in_use(site_port(site, k)))
				s.port_of[site_port(site, k)->config.range.first] =
					site_port(site, k);
	}
	for (size_t i = 0; i < w->sites.n && is_right; i++) {
		s.from = world_site(w, i);
		is_right = !site_is_on(s.from) || is_right_at(&s);
	}
	free(s.hops);
	free(s.port_of);
	return is_right;
}

/* --- the end --------------------------------------------------------------------------- */

unsigned story_settle(struct world *w, unsigned most_s)
{
	unsigned s = 0;

	while (!story_agrees(w, false) && s < most_s) {
		world_run(w, span_s(1));
		s++;
	}
	if (!story_agrees(w, true))
		fail_msg("not settled after %u s", most_s);
	return s;
}

void story_end_as_it_is(struct world *w)
{
	assert_int_equal(world_print_violations(w), 0);
	world_free(w);
	assert_int_equal(memory_of_routers().blocks, 0);
}

void story_end(struct world *w, unsigned most_s)
{
	story_settle(w, most_s);
	story_end_as_it_is(w);
}

void story_repeat(struct world *w, struct span d, struct span every,
	void (*what)(struct world *w, void *ctx), void *ctx)
{
	struct instant end = instant_add(w->now, d);

	while (instant_cmp(w->now, end) < 0) {
		what(w, ctx);
		world_run(w, every);
	}
}
