/*
 * Configurations: a few settings that the script turns one at a time, or all at
 * once, made into what the daemon's parser would make. And what the shell does
 * around them: devices and sockets come and go.
 */
#include "stage.h"

static const struct {
	const char *name;
	enum port_kind kind;
} ports[STAGE_PORTS] = {
	{ "lan", PORT_ETHERTALK },
	{ "lab", PORT_ETHERTALK },
	{ "emu", PORT_LTOUDP },
	{ "desk", PORT_TASHTALK },
};

static const char *const tunnels[STAGE_TUNNELS] = { "wan", "hub" };

/* Seeding, range and zones that a port may have. */
static const struct {
	enum seed_mode seed;
	struct at_range range;
	const char *zones[4];
} variants[STAGE_PORTS][4] = {
	{
		{ SEED_HARD, { 10, 12, true }, { "Alpha" } },
		{ SEED_HARD, { 11, 14, true }, { "Beta", "Alpha", "Gamma" } },
		{ SEED_SOFT, { 10, 10, true }, { "Beta" } },
		{ SEED_NONE, { 0, 0, true }, { NULL } },
	},
	{
		{ SEED_SOFT, { 20, 21, true }, { "Beta" } },
		{ SEED_HARD, { 20, 29, true }, { "Lab", "Beta" } },
		{ SEED_NONE, { 0, 0, true }, { NULL } },
		{ SEED_HARD, { 22, 25, true }, { "Lab" } },
	},
	{
		{ SEED_HARD, { 30, 30, false }, { "Desk" } },
		{ SEED_SOFT, { 31, 31, false }, { "Alpha" } },
		{ SEED_NONE, { 0, 0, false }, { NULL } },
		{ SEED_HARD, { 32, 32, false }, { "Desk" } },
	},
	{
		{ SEED_SOFT, { 40, 40, false }, { "Desk" } },
		{ SEED_HARD, { 42, 42, false }, { "Gamma" } },
		{ SEED_NONE, { 0, 0, false }, { NULL } },
		{ SEED_HARD, { 41, 41, false }, { "Alpha" } },
	},
};

static const struct { size_t networks, zones; } limits[] = {
	{ 1000, 500 }, { 8, 500 }, { 40, 3 }, { 20, 12 },
};
static const struct { size_t networks, zones; } shares[] = {
	{ 0, 0 }, { 4, 0 }, { 0, 3 }, { 16, 16 },
};
static const struct { int update_s, heard_s; } timings[] = {
	{ 30, 90 }, { 10, 30 }, { 10, 600 }, { 600, 30 },
};

/* A configuration with the memory it points into. */
struct plan {
	struct config config;
	struct config_port port[STAGE_PORTS];
	struct at_name zone[STAGE_PORTS][4];
	struct config_tunnel tunnel[STAGE_TUNNELS];
	struct config_peer peer[STAGE_TUNNELS][STAGE_PEERS];
};

bool port_is_configured(const struct stage *s, size_t port)
{
	return (s->setup.ports >> port & 1) != 0;
}

bool port_is_ethertalk(size_t port)
{
	return ports[port].kind == PORT_ETHERTALK;
}

bool port_has_fcs(size_t port)
{
	return ports[port].kind == PORT_TASHTALK;
}

const char *port_name(size_t port)
{
	return ports[port].name;
}

const char *tunnel_name(size_t tunnel)
{
	return tunnels[tunnel];
}

const char *mate_name(size_t tunnel, size_t mate)
{
	static const char *const names[STAGE_TUNNELS][STAGE_PEERS] = {
		{ "wan-p0", "wan-p1", "wan-p2", "wan-p3" },
		{ "hub-p0", "hub-p1", "hub-p2", "hub-p3" },
	};

	return names[tunnel][mate];
}

/* --- from settings to a configuration ------------------------------------------------------ */

static void plan_port(struct plan *p, const struct setup *u, size_t i)
{
	struct config_port *c = &p->port[p->config.n_ports++];
	size_t v = u->variant[i];

	strcpy(c->name, ports[i].name);
	strcpy(c->device, ports[i].name);
	c->kind = ports[i].kind;
	c->seed = variants[i][v].seed;
	c->range = variants[i][v].range;
	c->zones = p->zone[i];
	for (; variants[i][v].zones[c->n_zones]; c->n_zones++) {
		const char *name = variants[i][v].zones[c->n_zones];
		struct at_name *zone = &p->zone[i][c->n_zones];

		zone->len = (uint8_t)strlen(name);
		memcpy(zone->byte, name, zone->len);
	}
	c->own_net_only = u->own_net_only;
}

static void plan_tunnel(struct plan *p, const struct setup *u, size_t i)
{
	struct config_tunnel *c = &p->tunnel[p->config.n_tunnels++];

	strcpy(c->name, tunnels[i]);
	c->listen = (struct endpoint){ 0, AURP_PORT };
	c->accept_unknown = u->accept_unknown[i];
	c->update_interval = span_s(timings[u->timing].update_s);
	c->last_heard_timeout = span_s(timings[u->timing].heard_s);
	c->max_unknown_peers = u->max_unknown;
	c->max_networks_per_peer = shares[u->share].networks;
	c->max_zones_per_peer = shares[u->share].zones;
	c->peers = p->peer[i];
	for (size_t k = 0; k < STAGE_PEERS; k++) {
		struct config_peer *peer = &p->peer[i][c->n_peers];

		if (!(u->peers[i] >> k & 1))
			continue;
		strcpy(peer->name, mate_name(i, k));
		strcpy(peer->host, "host");
		peer->port = k == STAGE_PEERS - 1 ? 5000 : AURP_PORT;
		c->n_peers++;
	}
}

static void plan_all(struct plan *p, const struct setup *u)
{
	*p = (struct plan){ .config = { .public_address_auto = true } };
	strcpy(p->config.name, "stage");
	p->config.nbp_name = (struct at_name){ 5, { 's', 't', 'a', 'g', 'e' } };
	p->config.max_networks = limits[u->limits].networks;
	p->config.max_zones = limits[u->limits].zones;
	p->config.keep_local = u->keep_local;
	p->config.ports = p->port;
	p->config.tunnels = p->tunnel;
	for (size_t i = 0; i < STAGE_PORTS; i++)
		if (u->ports >> i & 1)
			plan_port(p, u, i);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		if (u->tunnels >> i & 1)
			plan_tunnel(p, u, i);
}

/* --- devices and sockets ------------------------------------------------------------------- */

void stage_link(struct stage *s, size_t port, bool is_up)
{
	struct cable *c = &s->cable[port];
	struct port *handle = router_find_port(s->r, ports[port].name);

	CHECK((handle != NULL) == port_is_configured(s, port));
	if (handle && c->is_up && is_up)
		router_link_changed(s->r, s->now, handle);
	if (!handle || c->is_up == is_up)
		return;
	c->is_up = is_up;
	c->asked = ASKED_NOTHING;
	if (is_up)
		router_link_up(s->r, s->now, handle, c, c->mac);
	else
		router_link_down(s->r, s->now, handle);
}

/* The peers of the configuration have one address each, at first. */
static void resolve(struct stage *s, size_t tunnel)
{
	struct tunnel *handle = router_find_tunnel(s->r, tunnels[tunnel]);

	for (size_t k = 0; k < STAGE_PEERS; k++) {
		struct endpoint to = mate_place(&s->wan[tunnel], k);

		if (s->setup.peers[tunnel] >> k & 1) {
			s->wan[tunnel].mate[k].is_listed = true;
			router_peer_addresses(s->r, s->now, handle, mate_name(tunnel, k), &to, 1);
		}
	}
}

void stage_tunnel(struct stage *s, size_t tunnel, bool is_up)
{
	struct wan *w = &s->wan[tunnel];
	struct tunnel *handle = router_find_tunnel(s->r, tunnels[tunnel]);

	CHECK((handle != NULL) == (s->setup.tunnels >> tunnel & 1));
	if (!handle || w->is_up == is_up)
		return;
	if (is_up) {
		w->is_up = true;
		router_tunnel_up(s->r, s->now, handle, w, w->own);
		resolve(s, tunnel);
	} else {
		router_tunnel_down(s->r, s->now, handle);	/* it may say farewell */
		w->is_up = false;
	}
}

/* --- the change ---------------------------------------------------------------------------- */

/* What the new configuration allows; what is there already need not go at once. */
static void set_limits(struct stage *s)
{
	size_t networks = stage_networks(s), zones = router_summary(s->r).zones;

	s->most_networks = limits[s->setup.limits].networks;
	if (s->most_networks < networks)
		s->most_networks = networks;
	s->most_networks += STAGE_PORTS;	/* attached ones do not ask for room */
	s->most_zones = limits[s->setup.limits].zones;
	if (s->most_zones < zones)
		s->most_zones = zones;
	s->most_peers = 0;
	for (size_t i = 0; i < STAGE_TUNNELS; i++) {
		size_t strangers = stage_strangers(s, i);

		s->most_strangers[i] = s->setup.accept_unknown[i] ? s->setup.max_unknown : 0;
		if (s->most_strangers[i] < strangers)
			s->most_strangers[i] = strangers;
		s->most_peers += s->most_strangers[i];
		for (size_t k = 0; s->setup.tunnels >> i & 1 && k < STAGE_PEERS; k++)
			s->most_peers += s->setup.peers[i] >> k & 1;
	}
	s->settles = instant_add(s->now, span_s(6));
}

void stage_apply(struct stage *s)
{
	struct plan *p = malloc(sizeof *p);

	CHECK(p);
	plan_all(p, &s->setup);
	router_apply(s->r, s->now, &p->config);
	free(p);
	set_limits(s);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		if (s->setup.tunnels >> i & 1)
			resolve(s, i);
}

static void change_one(struct stage *s, struct setup *u)
{
	unsigned int what = stage_pick(s, 10), which = rd_u8(&s->script);

	switch (what) {
	case 0:
		u->ports ^= (uint8_t)(1u << which % STAGE_PORTS);
		break;
	case 1:
		u->variant[which % STAGE_PORTS] = (which >> 4) % 4;
		break;
	case 2:
		u->tunnels ^= (uint8_t)(1u << which % STAGE_TUNNELS);
		break;
	case 3:
	case 4:
		u->peers[which >> 4 & 1] ^= (uint8_t)(1u << which % STAGE_PEERS);
		break;
	case 5:
		u->accept_unknown[which & 1] = !u->accept_unknown[which & 1];
		break;
	case 6:
		u->max_unknown = which % 4;
		break;
	case 7:
		u->timing = which % 4;
		break;
	case 8:
		u->limits = which % 4;
		u->share = (which >> 2) % 4;
		break;
	default:
		u->keep_local = which & 1;
		u->own_net_only = which >> 1 & 1;
		break;
	}
}

static struct setup setup_of(uint32_t bits)
{
	struct setup u = {
		.ports = (uint8_t)(bits & 15) ? (uint8_t)(bits & 15) : 15,
		.tunnels = bits & 0x10 ? 1 : 3,
		.peers = { (uint8_t)(bits >> 5 & 15), (uint8_t)(bits >> 9 & 15) },
		.accept_unknown = { bits >> 13 & 1, bits >> 14 & 1 },
		.max_unknown = (uint8_t)(bits >> 15 & 3),
		.timing = (uint8_t)(bits >> 17 & 3),
		.limits = (uint8_t)(bits >> 19 & 3),
		.share = (uint8_t)(bits >> 21 & 3),
		.keep_local = bits >> 23 & 1,
	};

	for (size_t i = 0; i < STAGE_PORTS; i++)
		u.variant[i] = (uint8_t)(bits >> (24 + 2 * i) & 3);
	return u;
}

/* Devices whose section goes are closed before, as the seam asks. */
static void close_what_goes(struct stage *s, const struct setup *next)
{
	for (size_t i = 0; i < STAGE_PORTS; i++)
		if (!(next->ports >> i & 1))
			stage_link(s, i, false);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		if (!(next->tunnels >> i & 1))
			stage_tunnel(s, i, false);
}

void stage_set_up(struct stage *s, bool all)
{
	struct setup next = s->setup;

	if (all)
		next = setup_of(rd_u32(&s->script));
	else
		change_one(s, &next);
	/* A router has ports, or has had them: none at all is what ends one here. */
	if (next.ports == 0)
		next.ports = 1;
	close_what_goes(s, &next);
	s->setup = next;
	stage_apply(s);
}
