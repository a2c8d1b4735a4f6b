/*
 * Faults: drawn, begun, ended, told. What a fault takes away its end gives back,
 * unless something else took it meanwhile; random.c heals what is left.
 */
#include "random.h"

void (*random_sabotage)(struct world *w, uint32_t a);

/* How often which fault is drawn, and the shortest and longest time that it lasts. */
static const struct {
	unsigned weight;
	uint32_t least_s, most_s;
} odds[FAULT_KINDS] = {
	[FAULT_WEATHER] =	{ 12, 20, 900 },
	[FAULT_CUT_ONE_WAY] =	{ 8, 5, 900 },
	[FAULT_CUT_PAIR] =	{ 8, 5, 900 },
	[FAULT_PARTITION] =	{ 5, 10, 900 },
	[FAULT_CRASH] =		{ 12, 1, 600 },
	[FAULT_STOP] =		{ 10, 6, 600 },
	[FAULT_SAME_SEED] =	{ 6, 1, 60 },
	[FAULT_MOVE] =		{ 6, 1, 300 },
	[FAULT_PORT_REMOVED] =	{ 6, 10, 600 },
	[FAULT_PEER_REMOVED] =	{ 5, 5, 300 },
	[FAULT_TUNNEL_DOWN] =	{ 4, 1, 300 },
	[FAULT_LINK_DOWN] =	{ 5, 1, 300 },
	[FAULT_LAN_CUT] =	{ 4, 5, 200 },
	[FAULT_LAN_LOSS] =	{ 3, 20, 300 },
	[FAULT_REZONED] =	{ 3, 900, 1200 },
	[FAULT_RENUMBERED] =	{ 2, 900, 1200 },
	[FAULT_CLAIM] =		{ 5, 30, 1200 },
	[FAULT_TRAFFIC] =	{ 4, 0, 0 },
	[FAULT_REFRESH] =	{ 2, 0, 0 },
	[FAULT_FORGERY] =	{ 4, 0, 0 },
	[FAULT_STRANGER] =	{ 3, 0, 0 },
	[FAULT_DEATH] =		{ 2, 0, 0 },
	[FAULT_QUICK_STOP] =	{ 8, 0, 2 },
	[FAULT_QUICK_CRASH] =	{ 8, 2, 20 },
	[FAULT_FREEZE] =	{ 5, 120, 200 },
	[FAULT_UNLISTED] =	{ 6, 1, 300 },
	[FAULT_NAT_FORGETS] =	{ 5, 0, 0 },
	[FAULT_NAT_REBOOTS] =	{ 5, 5, 90 },
	[FAULT_MATE_QUICK] =	{ 8, 2, 20 },
	[FAULT_MATE_CRASH] =	{ 4, 20, 900 },
	[FAULT_MATE_STOP] =	{ 5, 1, 60 },
	[FAULT_MATE_FREEZE] =	{ 3, 120, 200 },
	[FAULT_MATE_NET] =	{ 4, 10, 600 },
};

struct fault fault_draw(struct prng *prng, struct span at)
{
	struct fault f = { .at = at };
	uint32_t total = 0, luck;

	for (int i = 0; i < FAULT_KINDS; i++)
		total += odds[i].weight;
	luck = prng_range(prng, 1, total);
	while (luck > odds[f.kind].weight)
		luck -= odds[f.kind++].weight;
	f.lasts = span_ms((int64_t)prng_range(prng, odds[f.kind].least_s * 1000,
		odds[f.kind].most_s * 1000));
	f.a = prng_u32(prng);
	f.b = prng_u32(prng);
	f.c = prng_u32(prng);
	return f;
}

/* --- whom it concerns ------------------------------------------------------------------ */

static struct site *site_of(const struct world *w, uint32_t a)
{
	return world_site(w, a % w->sites.n);
}

static struct mesh *mesh_of(const struct world *w, uint32_t a)
{
	return w->meshes.at[a % w->meshes.n];
}

static struct lan *lan_of(const struct world *w, uint32_t a)
{
	return w->lans.at[a % w->lans.n];
}

/* A port of the site; NULL: it has none. */
static struct site_port *port_of(const struct site *site, uint32_t b)
{
	return site->ports.n > 0 ? site_port(site, b % site->ports.n) : NULL;
}

static struct jack *jack_of(const struct mesh *m, uint32_t a)
{
	return m->jacks.n > 0 ? m->jacks.at[a % m->jacks.n] : NULL;
}

/* Only sites that nobody's cable depends on may die. */
static bool may_die(const struct world *w, const struct site *site)
{
	for (size_t i = 0; i < site->ports.n; i++)
		for (size_t k = 0; k < w->sites.n; k++)
			for (size_t n = 0; n < world_site(w, k)->ports.n; n++)
				if (world_site(w, k) != site &&
					site_port(world_site(w, k), n)->lan ==
					site_port(site, i)->lan)
					return false;
	return true;
}

/* --- sites ----------------------------------------------------------------------------- */

static void everybody_echoes(struct world *w)
{
	for (size_t i = 0; i < w->hosts.n; i++)
		for (size_t k = 0; k < w->hosts.n; k++)
			if (i != k && world_host(w, i)->state == HOST_UP &&
				world_host(w, k)->state == HOST_UP)
				host_echo(world_host(w, i), world_host(w, k)->addr);
}

static void switch_on(struct site *site)
{
	if (!site->router && !site->is_dead)
		site_switch_on(site);
}

static void set_port_removed(struct site *site, const struct fault *f, bool is_removed)
{
	struct site_port *p = port_of(site, f->b);

	if (!p)
		return;
	p->is_removed = is_removed;
	site_reconfigure(site);
}

static void set_peer_removed(struct jack *j, const struct fault *f, bool is_removed)
{
	struct site_peer *peer;

	if (!j || !j->tunnel || j->tunnel->peers.n == 0)
		return;
	peer = j->tunnel->peers.at[f->c % j->tunnel->peers.n];
	peer->is_removed = is_removed;
	site_reconfigure(j->tunnel->site);
}

static void move(struct site *site, const struct fault *f)
{
	if (site->router && site->tunnels.n > 0)
		site_move_unlisted(site, f->b % site->tunnels.n, f->lasts);
}

static void partition(struct mesh *m, const struct fault *f)
{
	for (size_t i = 0; i < m->jacks.n; i++)
		((struct jack *)m->jacks.at[i])->group = f->b >> i % 32 & 1;
}

static void set_cut(struct mesh *m, const struct fault *f, bool is_cut)
{
	struct jack *a = jack_of(m, f->b), *b = jack_of(m, f->c);

	if (!a || a == b)
		return;
	mesh_cut(m, a, b, is_cut);
	if (f->kind == FAULT_CUT_PAIR)
		mesh_cut(m, b, a, is_cut);
}

static void set_weather(struct mesh *m, const struct fault *f)
{
	m->weather = (struct weather){
		.loss = f->b % 50,
		.dup = f->b / 64 % 40,
		.reorder = f->b / 4096 % 60,
		.delay_min = span_ms(1 + f->c % 100),
		.delay_max = span_ms(101 + f->c / 128 % 3000),
	};
}

static void die(struct world *w, struct site *site)
{
	if (!may_die(w, site))
		return;
	site->is_dead = true;
	site_crash(site);
}

/* --- begin and end --------------------------------------------------------------------- */

static void begin_at_site(struct world *w, struct site *site, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_CRASH:
	case FAULT_QUICK_CRASH:
		site_crash(site);
		break;
	case FAULT_STOP:
		site_begin_stop(site);
		break;
	case FAULT_SAME_SEED:
		site_set_seed(site, site->seed);
		site_crash(site);
		break;
	case FAULT_MOVE:
	case FAULT_UNLISTED:
		move(site, f);
		break;
	case FAULT_QUICK_STOP:
		site_restart(site, f->lasts);
		break;
	case FAULT_FREEZE:
		site_freeze(site);
		break;
	case FAULT_PORT_REMOVED:
		set_port_removed(site, f, true);
		break;
	case FAULT_TUNNEL_DOWN:
		if (site->tunnels.n > 0)
			site_tunnel_down(site, f->b % site->tunnels.n);
		break;
	case FAULT_LINK_DOWN:
		if (site->ports.n > 0)
			site_link_down(site, f->b % site->ports.n);
		break;
	case FAULT_REFRESH:
		if (site->router)
			site_refresh(site);
		break;
	case FAULT_DEATH:
		die(w, site);
		break;
	default:
		break;
	}
}

void fault_begin(struct world *w, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_WEATHER:
		set_weather(mesh_of(w, f->a), f);
		break;
	case FAULT_CUT_ONE_WAY:
	case FAULT_CUT_PAIR:
		set_cut(mesh_of(w, f->a), f, true);
		break;
	case FAULT_PARTITION:
		partition(mesh_of(w, f->a), f);
		break;
	case FAULT_PEER_REMOVED:
		set_peer_removed(jack_of(mesh_of(w, f->a), f->b), f, true);
		break;
	case FAULT_LAN_CUT:
		lan_of(w, f->a)->is_cut = true;
		break;
	case FAULT_LAN_LOSS:
		lan_of(w, f->a)->loss = 5 + f->b % 40;
		lan_of(w, f->a)->dup = f->c % 20;
		break;
	case FAULT_REZONED:
	case FAULT_RENUMBERED:
		cable_switch_off(w, lan_of(w, f->a));
		break;
	case FAULT_CLAIM:
		cable_claim(w, lan_of(w, f->a), lan_of(w, f->b), f);
		break;
	case FAULT_TRAFFIC:
		everybody_echoes(w);
		break;
	case FAULT_FORGERY:
	case FAULT_STRANGER:
		random_forge(w, f);
		break;
	case FAULT_NAT_FORGETS:
	case FAULT_NAT_REBOOTS:
		nat_fault(w, f, false);
		break;
	case FAULT_MATE_QUICK:
	case FAULT_MATE_CRASH:
	case FAULT_MATE_STOP:
	case FAULT_MATE_FREEZE:
	case FAULT_MATE_NET:
		mate_fault(w, f, false);
		break;
	case FAULT_SABOTAGE:
		random_sabotage(w, f->a);
		break;
	default:
		begin_at_site(w, site_of(w, f->a), f);
		break;
	}
}

static void end_at_site(struct world *w, struct site *site, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_CRASH:
	case FAULT_QUICK_CRASH:
	case FAULT_STOP:
	case FAULT_SAME_SEED:
		switch_on(site);
		break;
	case FAULT_MOVE:
		world_list_all(w);
		world_resolve_all(w);
		break;
	case FAULT_FREEZE:
		site_thaw(site);
		break;
	case FAULT_PORT_REMOVED:
		set_port_removed(site, f, false);
		break;
	case FAULT_TUNNEL_DOWN:
		if (site->tunnels.n > 0)
			site_tunnel_up(site, f->b % site->tunnels.n);
		break;
	case FAULT_LINK_DOWN:
		if (site->ports.n > 0)
			site_link_up(site, f->b % site->ports.n);
		break;
	default:
		break;
	}
}

void fault_end(struct world *w, const struct fault *f)
{
	switch (f->kind) {
	case FAULT_WEATHER:
	case FAULT_PARTITION:
		mesh_heal(mesh_of(w, f->a));
		break;
	case FAULT_CUT_ONE_WAY:
	case FAULT_CUT_PAIR:
		set_cut(mesh_of(w, f->a), f, false);
		break;
	case FAULT_PEER_REMOVED:
		set_peer_removed(jack_of(mesh_of(w, f->a), f->b), f, false);
		break;
	case FAULT_LAN_CUT:
	case FAULT_LAN_LOSS:
		cable_mend(w, lan_of(w, f->a));
		break;
	case FAULT_REZONED:
		cable_return_rezoned(w, lan_of(w, f->a), f);
		break;
	case FAULT_RENUMBERED:
		cable_return_renumbered(w, lan_of(w, f->a), f);
		break;
	case FAULT_CLAIM:
		cable_end_claim(w, lan_of(w, f->a), lan_of(w, f->b), f);
		break;
	case FAULT_NAT_FORGETS:
	case FAULT_NAT_REBOOTS:
		nat_fault(w, f, true);
		break;
	case FAULT_MATE_QUICK:
	case FAULT_MATE_CRASH:
	case FAULT_MATE_STOP:
	case FAULT_MATE_FREEZE:
	case FAULT_MATE_NET:
		mate_fault(w, f, true);
		break;
	default:
		end_at_site(w, site_of(w, f->a), f);
		break;
	}
}
