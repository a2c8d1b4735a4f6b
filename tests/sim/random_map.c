/*
 * The map of a random world: sites in one mesh, or in two or three joined by
 * hubs; cables of their own and shared ones, EtherTalk and LocalTalk; inner
 * routers that only know RTMP, in chains; second routers of a cable that seed it
 * too, softly, or not at all. Most of it connects; network numbers are unique.
 */
#include "random.h"

#include <stdlib.h>

#include "llap.h"

enum {
	MESHES_MAX = 3,
	HOSTS_MAX = 14,
	ZONE_POOL = 40,
	NET_GAP = 12,
	FIRST_NET = 50,
	UNKNOWN_MAX = 64,
	NAT_PORT_FIRST = 40000,
	NAT_PORT_LAST = 50000,
};

struct draft {
	struct world *w;
	struct prng prng;
	uint16_t next_net;
	size_t n_meshes;
};

static uint32_t draw(struct draft *d, uint32_t first, uint32_t last)
{
	return prng_range(&d->prng, first, last);
}

static bool likely(struct draft *d, uint32_t percent)
{
	return draw(d, 1, 100) <= percent;
}

/* --- cables ---------------------------------------------------------------------------- */

static struct at_name zone_name(struct draft *d, uint32_t number)
{
	struct at_name name;
	char text[AT_ZONE_NAME_MAX + 1];

	snprintf(text, sizeof text, "Zone %u", (unsigned)number);
	name = name_of(text);
	/* Some are as long as names can be, for packets of every size. */
	if (number % 7 == 0) {
		for (size_t i = name.len; i < AT_ZONE_NAME_MAX; i++)
			name.byte[i] = (uint8_t)('a' + i % 26);
		name.len = AT_ZONE_NAME_MAX;
	}
	(void)d;
	return name;
}

static size_t draw_zone_count(struct draft *d)
{
	uint32_t luck = draw(d, 1, 100);

	if (luck <= 50)
		return 1;
	if (luck <= 80)
		return draw(d, 2, 5);
	return luck <= 97 ? draw(d, 6, 20) : AT_ZONES_PER_NET_MAX;
}

static void give_zones(struct draft *d, struct site_port *p)
{
	size_t n = p->config.kind == PORT_ETHERTALK ? draw_zone_count(d) : 1;
	struct at_name *zones = world_alloc(n, sizeof(*zones));
	uint32_t first = draw(d, 1, ZONE_POOL);

	for (size_t i = 0; i < n; i++)
		zones[i] = zone_name(d, first + (uint32_t)i);
	port_set_zones(p, zones, n);
	free(zones);
}

static struct at_range draw_range(struct draft *d, enum port_kind kind)
{
	uint16_t first = d->next_net;
	uint16_t more = (uint16_t)(kind == PORT_ETHERTALK ? draw(d, 0, 6) : 0);

	d->next_net = (uint16_t)(first + NET_GAP);
	return (struct at_range){ first, (uint16_t)(first + more), kind == PORT_ETHERTALK };
}

/* A new cable with its first seed. */
static struct site_port *add_cable(struct draft *d, struct site *site)
{
	enum port_kind kind = likely(d, 20) ? PORT_LTOUDP : PORT_ETHERTALK;
	struct lan *lan = world_add_lan(d->w, kind);
	struct at_range range = draw_range(d, kind);
	struct site_port *p = site_add_port(site, lan, SEED_HARD, range, NULL);

	give_zones(d, p);
	return p;
}

/* Another router on a cable that is there: it agrees, or has no opinion. */
static void add_to_cable(struct draft *d, struct site *site, const struct site_port *seed)
{
	uint32_t luck = draw(d, 1, 100);
	enum seed_mode mode = luck <= 40 ? SEED_HARD : luck <= 70 ? SEED_SOFT : SEED_NONE;
	struct at_range none = { 0, 0, false };
	struct site_port *p = site_add_port(site, seed->lan, mode,
		mode == SEED_NONE ? none : seed->config.range, NULL);

	if (mode != SEED_NONE)
		port_set_zones(p, seed->config.zones, seed->config.n_zones);
}

/* The port that seeds some cable; there is at least one. */
static const struct site_port *any_seed(struct draft *d)
{
	const struct world *w = d->w;
	const struct lan *lan = w->lans.at[draw(d, 0, (uint32_t)w->lans.n - 1)];

	for (size_t i = 0; i < w->sites.n; i++)
		for (size_t k = 0; k < world_site(w, i)->ports.n; k++) {
			const struct site_port *p = site_port(world_site(w, i), k);

			if (p->lan == lan && p->config.seed == SEED_HARD)
				return p;
		}
	return NULL;
}

/* --- sites ----------------------------------------------------------------------------- */

static struct mesh *mesh_of(struct draft *d, size_t i)
{
	return d->w->meshes.at[i];
}

static void add_outer_site(struct draft *d, size_t i)
{
	struct site *site = world_add_site(d->w);

	/* A second router of somebody's cable, or one with a cable of its own. */
	if (i > 0 && likely(d, 15))
		add_to_cable(d, site, any_seed(d));
	else
		add_cable(d, site);
	if (likely(d, 15))
		add_cable(d, site);
	mesh_join(mesh_of(d, draw(d, 0, (uint32_t)d->n_meshes - 1)), site);
}

/* Knows no tunnel: behind another router's cable, with one of its own. */
static void add_inner_site(struct draft *d)
{
	struct site *site = world_add_site(d->w);

	add_to_cable(d, site, any_seed(d));
	add_cable(d, site);
}

/* Joins two meshes, and has a cable or not. */
static void add_hub(struct draft *d, size_t left, size_t right)
{
	struct site *site = world_add_site(d->w);

	if (likely(d, 70))
		add_cable(d, site);
	mesh_join(mesh_of(d, left), site);
	mesh_join(mesh_of(d, right), site);
}

/*
 * Habits of tunnels: how long they wait, a NAT that gives them another source port,
 * and members who take whoever calls and therefore list fewer than all.
 */
static void give_habits(struct draft *d, struct site_tunnel *t)
{
	t->config.last_heard_timeout = span_s(draw(d, 3, 9) * 10);
	t->config.update_interval = span_s(likely(d, 20) ? 20 : 10);
	if (likely(d, 10))
		t->jack.nat_port = (uint16_t)draw(d, NAT_PORT_FIRST, NAT_PORT_LAST);
	if (!likely(d, 20))
		return;
	t->config.accept_unknown = true;
	t->config.max_unknown_peers = UNKNOWN_MAX;
	for (size_t i = 0; i < t->peers.n; i++) {
		struct site_peer *peer = t->peers.at[i];

		/* Not if the other has dropped us as well: then nobody would call. */
		if (likely(d, 50) && tunnel_find_peer(peer->to->tunnel, &t->jack))
			peer->to = NULL;
	}
}

static size_t draw_site_count(struct draft *d)
{
	uint32_t luck = draw(d, 1, 100);

	if (luck <= 65)
		return draw(d, 2, 8);
	return luck <= 95 ? draw(d, 9, 13) : draw(d, 15, 40);
}

static size_t draw_mesh_count(struct draft *d)
{
	uint32_t luck = draw(d, 1, 100);

	return luck <= 60 ? 1 : luck <= 85 ? 2 : MESHES_MAX;
}

static void add_hosts(struct draft *d)
{
	for (size_t i = 0; i < d->w->lans.n && d->w->hosts.n < HOSTS_MAX; i++) {
		if (likely(d, 80))
			world_add_host(d->w, d->w->lans.at[i], NULL);
		if (likely(d, 20))
			world_add_host(d->w, d->w->lans.at[i], NULL);
	}
}

struct world *random_map(uint64_t seed)
{
	struct draft d = { .w = world_new(seed ^ 0x5EEDu), .next_net = FIRST_NET };
	size_t n;

	prng_init(&d.prng, seed);
	n = draw_site_count(&d);
	d.n_meshes = draw_mesh_count(&d);
	for (size_t i = 0; i < d.n_meshes; i++)
		world_add_mesh(d.w);
	for (size_t i = 0; i < n; i++) {
		if (i > 0 && likely(&d, 25))
			add_inner_site(&d);
		else
			add_outer_site(&d, i);
	}
	for (size_t i = 1; i < d.n_meshes; i++) {
		add_hub(&d, i - 1, i);
		/* A second hub beside the first: two ways around. */
		if (likely(&d, 20))
			add_hub(&d, i - 1, i);
	}
	for (size_t i = 0; i < d.w->sites.n; i++)
		for (size_t k = 0; k < world_site(d.w, i)->tunnels.n; k++)
			give_habits(&d, site_tunnel(world_site(d.w, i), k));
	for (size_t i = 0; i < d.n_meshes; i++)
		world_add_script(d.w, mesh_of(&d, i))->offers_nothing = true;
	add_hosts(&d);
	prng_init(&d.prng, seed ^ 0x0A47u);
	map_add_nats(d.w, &d.prng);
	map_add_mates(d.w, &d.prng, d.next_net);
	d.w->asks_names = true;
	return d.w;
}
