/*
 * The stage itself: its clock, its script, and what must be true of the router's
 * tables and timers at every moment.
 */
#include "stage.h"

enum {
	TICKS_AT_AN_INSTANT = 2,
	TICKS_AT_ONCE = 200,		/* timers that may come together */
	TICKS_PER_SECOND = 60,
};

/* The routing timers of four ports make most of the work. */
static const struct span longest = { 1500 * (int64_t)1000000 };

/* --- the script --------------------------------------------------------------------------- */

unsigned int stage_pick(struct stage *s, unsigned int n)
{
	return rd_u8(&s->script) % n;
}

uint16_t stage_net(struct stage *s)
{
	static const uint16_t known[] = { 10, 11, 12, 13, 20, 21, 29, 30, 40, 0, 0xFEFF, 0xFF00,
		0xFFFF, 9, 14, 28 };
	uint8_t byte = rd_u8(&s->script);

	if (byte < sizeof known / sizeof known[0])
		return known[byte];
	return byte == 0xFF ? rd_u16(&s->script) : (uint16_t)(84 + byte);
}

struct at_name stage_zone(struct stage *s)
{
	static const char *const known[] = { "Alpha", "Beta", "BETA", "*", "", "=",
		"a zone of thirty-two characters!", "\x8A\x1B[2J\"\\\xFF", "Desk" };
	uint8_t byte = rd_u8(&s->script);
	struct at_name name = { .len = 0 };

	if (byte < sizeof known / sizeof known[0]) {
		name.len = (uint8_t)strlen(known[byte]);
		memcpy(name.byte, known[byte], name.len);
	} else {
		name = (struct at_name){ 3, { 'Z', byte, (uint8_t)(byte * 7) } };
	}
	return name;
}

/* --- packets ------------------------------------------------------------------------------ */

/* Then its hops are watched, which cannot be told from damage. */
static bool is_tagged(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + 4 <= n; i++) {
		struct rd r = rd_over(bytes + i, 4);

		if (rd_u32(&r) == TAG_MARK)
			return true;
	}
	return false;
}

struct pkt stage_packet(struct stage *s, const uint8_t *bytes, size_t n)
{
	bool damages = s->damages && n > 0 && !is_tagged(bytes, n);
	size_t at = n > 0 ? s->damage_at % n : 0;
	uint8_t *storage;
	struct pkt p;

	if (damages && s->cuts)
		n = at;
	storage = malloc(PKT_HEADROOM + n);
	CHECK(storage);
	p = pkt_over(storage, PKT_HEADROOM + n, PKT_HEADROOM);
	p.len = n;
	if (n > 0)
		memcpy(p.data, bytes, n);
	if (damages && !s->cuts)
		p.data[at] ^= s->damage;
	s->damages = false;
	return p;
}

/* FNV-1a, eight bytes at a time. */
void stage_digest(struct stage *s, const void *bytes, size_t n)
{
	const uint8_t *b = bytes;

	while (n > 0) {
		size_t part = n < sizeof(uint64_t) ? n : sizeof(uint64_t);
		uint64_t word = 0;

		memcpy(&word, b, part);
		s->digest = (s->digest ^ word) * 0x100000001B3;
		s->digest ^= s->digest >> 32;
		b += part;
		n -= part;
	}
}

struct endpoint mate_place(const struct wan *w, size_t mate)
{
	uint32_t ip = 0x0A000001 + (uint32_t)(w->index << 8 | mate);

	return (struct endpoint){ ip, mate == STAGE_PEERS - 1 ? 5000 : AURP_PORT };
}

/* --- time --------------------------------------------------------------------------------- */

/*
 * The deadline has come: ticks until the next one is later. A tick that changes
 * routes may want another at once, for the news; not more than that.
 */
static int64_t tick(struct stage *s)
{
	struct instant due = router_deadline(s->r);
	int64_t ticks = 0;

	if (instant_cmp(due, s->now) > 0)
		s->now = due;
	do {
		router_tick(s->r, s->now);
		CHECK(++ticks <= TICKS_AT_AN_INSTANT);
	} while (instant_cmp(router_deadline(s->r), s->now) <= 0);
	return ticks;
}

void stage_wait(struct stage *s, struct span d)
{
	struct instant end;
	int64_t ticks = 0;

	if (s->used.us + d.us > longest.us) {	/* a long story: it ends here */
		d = span_us(longest.us - s->used.us);
		rd_skip(&s->story, rd_left(&s->story));
	}
	s->used = span_us(s->used.us + d.us);
	end = instant_add(s->now, d);
	while (instant_cmp(router_deadline(s->r), end) <= 0) {
		ticks += tick(s);
		CHECK(ticks <= TICKS_AT_ONCE + (1 + span_to_s(d)) * TICKS_PER_SECOND);
	}
	s->now = end;
}

/* --- tables ------------------------------------------------------------------------------- */

static void look_for_network(void *ctx, const struct route_info *route)
{
	size_t *networks = ctx;

	*networks += strcmp(route->state, "bad") != 0;
}

size_t stage_networks(const struct stage *s)
{
	size_t networks = 0;

	router_walk_routes(s->r, look_for_network, &networks);
	return networks;
}

struct crowd {
	const char *tunnel;
	size_t strangers;
};

static void look_for_stranger(void *ctx, const struct peer_info *peer)
{
	struct crowd *crowd = ctx;

	crowd->strangers += peer->host[0] == '\0' && strcmp(peer->tunnel, crowd->tunnel) == 0;
}

size_t stage_strangers(const struct stage *s, size_t tunnel)
{
	struct crowd crowd = { .tunnel = tunnel_name(tunnel) };

	router_walk_peers(s->r, s->now, look_for_stranger, &crowd);
	return crowd.strangers;
}

void stage_check(struct stage *s)
{
	struct router_summary now = router_summary(s->r);

	CHECK(now.ports_up <= now.ports && now.peers_connected <= now.peers);
	CHECK(stage_networks(s) <= s->most_networks && now.zones <= s->most_zones);
	/* At the end of all, nobody goes any more. */
	if (!s->is_stopping && instant_cmp(s->now, s->settles) > 0)
		CHECK(now.peers <= s->most_peers);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		CHECK(stage_strangers(s, i) <= s->most_strangers[i]);
}

struct look {
	struct stage *stage;
	size_t n;
	struct at_range latest;
};

static void look_at_port(void *ctx, const struct port_info *port)
{
	struct look *look = ctx;

	look->n++;
	CHECK(port->name && port->kind && port->state);
	CHECK(port->zones <= AT_ZONES_PER_NET_MAX);
}

static void look_at_peer(void *ctx, const struct peer_info *peer)
{
	struct look *look = ctx;

	look->n++;
	CHECK(peer->name && peer->tunnel && peer->recv && peer->send);
	CHECK(peer->rtt_ms >= -1 && peer->heard_s >= -1);
}

/* In order, without two for one number, each with a zone or none. */
static void look_at_route(void *ctx, const struct route_info *route)
{
	struct look *look = ctx;

	look->n++;
	CHECK(at_range_is_valid(route->range) && route->range.first > look->latest.last);
	look->latest = route->range;
	CHECK(!route->zones_complete || route->n_zones > 0);
	for (size_t i = 0; i < route->n_zones; i++)
		CHECK(route->zones[i]->len >= 1 && route->zones[i]->len <= AT_ZONE_NAME_MAX);
}

static void look_at_zone(void *ctx, const struct zone_info *zone)
{
	struct look *look = ctx;

	look->n++;
	CHECK(zone->name->len >= 1 && zone->n_nets > 0);
}

static void look_at_aarp(void *ctx, const struct aarp_info *entry)
{
	struct look *look = ctx;

	look->n++;
	CHECK(entry->age_s >= 0);
}

static void look_at_counter(void *ctx, const struct counter_info *c)
{
	struct look *look = ctx;

	look->n++;
	CHECK(c->kind && c->owner && c->name);
	stage_digest(look->stage, &c->value, sizeof c->value);
}

void stage_dump(struct stage *s)
{
	struct router_summary now = router_summary(s->r);
	struct look look = { .stage = s };

	router_walk_ports(s->r, look_at_port, &look);
	CHECK(look.n == now.ports);
	look.n = 0;
	router_walk_peers(s->r, s->now, look_at_peer, &look);
	CHECK(look.n == now.peers);
	look.n = 0;
	router_walk_routes(s->r, look_at_route, &look);
	CHECK(look.n == now.networks);
	look.n = 0;
	router_walk_zones(s->r, look_at_zone, &look);
	CHECK(look.n == now.zones);
	router_walk_aarp(s->r, s->now, look_at_aarp, &look);
	router_walk_counters(s->r, look_at_counter, &look);
}

/* --- life --------------------------------------------------------------------------------- */

void stage_open(struct stage *s, const uint8_t *story, size_t n)
{
	struct router_io io;

	*s = (struct stage){ .now = { 1000 * (int64_t)1000000 }, .digest = 0xCBF29CE484222325,
		.blocks = memory_blocks() };
	s->story = rd_over(story, n);
	s->script = rd_sub(&s->story, STORY_HEAD);
	memset(s->hops, 0xFF, sizeof s->hops);
	for (size_t i = 0; i < STAGE_PORTS; i++)
		s->cable[i] = (struct cable){ .stage = s, .index = i,
			.mac = { { 0x02, 0xAA, 0, 0, 0, (uint8_t)i } } };
	for (size_t i = 0; i < STAGE_TUNNELS; i++) {
		s->wan[i] = (struct wan){ .stage = s, .index = i,
			.own = { DI_IP, 0xC0000201 + (uint32_t)i } };
		for (size_t k = 0; k < STAGE_MATES; k++)
			s->wan[i].mate[k].heard = AURP_MSG_COUNT;
	}
	io = stage_io(s);
	s->r = router_new(&io, 1 + stage_pick(s, 4), s->now);
	stage_set_up(s, true);
	for (size_t i = 0; i < STAGE_PORTS; i++)
		stage_link(s, i, true);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		stage_tunnel(s, i, true);
}

void stage_close(struct stage *s)
{
	router_free(s->r);
	CHECK(memory_blocks() == s->blocks);
}

bool stage_next(struct stage *s)
{
	size_t n = rd_u8(&s->story), left = rd_left(&s->story);

	s->script = rd_sub(&s->story, n < left ? n : left);
	return rd_ok(&s->story);
}
