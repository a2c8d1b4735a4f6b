/*
 * Peers that stop half-way, routers that nobody configured, and packets under
 * forged addresses. Who has not answered costs nothing; who does not know the
 * connection ID changes nothing; who falls silent is forgotten and may return.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "story_front.h"

/* --- half-way -------------------------------------------------------------------------- */

enum { NETS = 120, NETS_FIRST = 7000 };

static struct aurp_network nets[NETS];
static struct at_name zones[NETS];

static void fill(void)
{
	for (size_t i = 0; i < NETS; i++) {
		uint16_t first = (uint16_t)(NETS_FIRST + 2 * i);

		nets[i] = (struct aurp_network){ { first, (uint16_t)(first + 1), true }, 1 };
		zones[i] = name_of("Enemy");
	}
}

static size_t count_known(const struct site *site)
{
	size_t n = 0;

	for (size_t i = 0; i < NETS; i++)
		n += site_knows(site, nets[i].range.first, NULL);
	return n;
}

/* After `most` packets of the enemy the rest is lost. */
struct halt {
	const struct jack *of;
	unsigned sent, most;
};

static void lose_the_rest(void *ctx, struct passing *p)
{
	struct halt *halt = ctx;

	if (p->from == halt->of && ++halt->sent > halt->most)
		p->fate = FATE_LOSE;
}

/*
 * The enemy stops after so many packets; after `back_s` it goes on, or never if
 * that is 0. False: it says nothing more that could be lost, but for tickles.
 */
static bool stop_half_way(unsigned most, unsigned back_s)
{
	struct front f;
	struct halt halt = { .most = most };
	unsigned waited = 0;

	front_open(&f, 400);
	halt.of = &f.enemy->jack;
	f.m->tap = lose_the_rest;
	f.m->tap_ctx = &halt;
	front_list_enemy(&f, nets, zones, NETS);
	for (; halt.sent <= most && waited < 300; waited++)
		world_run(f.w, span_s(1));
	world_run(f.w, span_s(back_s ? back_s : 400));
	front_assert_calm(&f);
	if (back_s == 0) {
		/* Silent for long: as if it had never been there. */
		assert_int_equal(halt.sent > most ? count_known(f.a) : 0, 0);
		assert_int_equal(site_connected(f.a), halt.sent > most ? 1 : 2);
	} else {
		halt.most = UINT32_MAX;
		world_run(f.w, span_s(700));
		assert_int_equal(count_known(f.a), NETS);
	}
	front_close(&f);
	return waited < 300;
}

static void test_a_peer_stops_after_each_of_its_packets(void **state)
{
	unsigned worlds = 0;
	bool has_more = true;

	(void)state;
	fill();
	for (unsigned most = 0; has_more; most++) {
		has_more = stop_half_way(most, 0);
		(void)stop_half_way(most, 20);
		(void)stop_half_way(most, 150);
		(void)stop_half_way(most, 600);
		worlds += 4;
	}
	print_message("%u worlds in which a peer stopped half-way\n", worlds);
	assert_in_range(worlds, 60, 200);
}

/* It comes back as another: with another connection ID, and other networks. */
static void test_a_peer_stops_half_way_and_returns_as_another(void **state)
{
	static const struct aurp_network other[] = { { { 8000, 8009, true }, 0 } };
	static const struct at_name zone[] = { { 5, "Other" } };

	(void)state;
	fill();
	for (unsigned most = 0; most < 20; most++) {
		struct front f;
		struct halt halt = { .most = most };

		front_open(&f, 401);
		halt.of = &f.enemy->jack;
		f.m->tap = lose_the_rest;
		f.m->tap_ctx = &halt;
		front_list_enemy(&f, nets, zones, NETS);
		world_run(f.w, span_s(45));
		halt.most = UINT32_MAX;
		script_behave(f.enemy, other, zone, 1);
		script_send_open_req(f.enemy, front_target(&f), script_own_connection(f.enemy));
		world_run(f.w, span_s(700));
		assert_int_equal(count_known(f.a), 0);
		assert_true(site_knows(f.a, 8000, NULL));
		front_close(&f);
	}
}

/* --- routers that nobody configured ---------------------------------------------------- */

enum { STRANGERS = 10, WELCOME = 4 };

struct crowd {
	struct front f;
	struct script *at[STRANGERS];
	struct aurp_network net[STRANGERS];
	struct at_name zone[STRANGERS];
};

static void open_to_strangers(struct crowd *c, uint64_t seed)
{
	front_open(&c->f, seed);
	site_tunnel(c->f.a, 0)->config.accept_unknown = true;
	site_tunnel(c->f.a, 0)->config.max_unknown_peers = WELCOME;
	site_reconfigure(c->f.a);
	for (uint16_t i = 0; i < STRANGERS; i++) {
		c->net[i] = (struct aurp_network){ { (uint16_t)(9000 + 10 * i),
			(uint16_t)(9009 + 10 * i), true }, 0 };
		c->zone[i] = name_of("Strangers");
		c->at[i] = world_add_script(c->f.w, c->f.m);
		script_behave(c->at[i], &c->net[i], &c->zone[i], 1);
	}
}

/* Those who have no connection call, every 3 s. */
static void call(struct world *w, void *ctx)
{
	struct crowd *c = ctx;

	(void)w;
	for (size_t i = 0; i < STRANGERS; i++)
		if (c->at[i]->msg[AURP_RI_ACK] == 0)
			script_send_open_req(c->at[i], front_target(&c->f),
				script_own_connection(c->at[i]));
}

static size_t count_strangers(const struct crowd *c)
{
	size_t n = 0;

	for (size_t i = 0; i < STRANGERS; i++)
		n += site_knows(c->f.a, c->net[i].range.first, NULL);
	return n;
}

static void test_aurp_T29_strangers_get_in_until_the_house_is_full(void **state)
{
	struct crowd c;
	size_t left = 0;

	(void)state;
	open_to_strangers(&c, 410);
	story_repeat(c.f.w, span_s(120), span_s(3), call, &c);
	assert_int_equal(count_strangers(&c), WELCOME);
	assert_int_equal(site_connected(c.f.a), 1 + WELCOME);
	assert_true(c.f.a->drops[DROP_PEER_TOO_MANY] > 0);
	front_assert_calm(&c.f);
	/* Two leave in good order, two fall silent; others take their places. */
	for (size_t i = 0; i < STRANGERS && left < 4; i++) {
		struct script *s = c.at[i];

		if (!site_knows(c.f.a, c.net[i].range.first, NULL))
			continue;
		if (left++ < 2)
			script_send_rd(s, front_target(&c.f), script_connection(s),
				script_sequence(s), -1);
		mesh_cut_pair(c.f.m, &s->jack, front_target(&c.f), true);
	}
	assert_int_equal(left, WELCOME);
	story_repeat(c.f.w, span_s(600), span_s(3), call, &c);
	assert_int_equal(count_strangers(&c), WELCOME);
	front_close(&c.f);
}

/* Of site a. */
static void count_bytes(void *ctx, struct passing *p)
{
	uint64_t *bytes = ctx;

	if (p->from->tunnel && p->from->tunnel->site->index == 0)
		*bytes += p->payload->len;
}

static void test_aurp_T29_strangers_that_never_answer_cost_nothing(void **state)
{
	struct crowd c;
	struct script *s;
	struct endpoint own;
	uint64_t bytes_of_a = 0;

	(void)state;
	open_to_strangers(&c, 411);
	s = c.at[0];
	own = s->jack.addr;
	s->bytes_out = 0;
	world_run(c.f.w, span_s(5));
	c.f.before = memory_of_routers();
	c.f.m->tap = count_bytes;
	c.f.m->tap_ctx = &bytes_of_a;
	/* Forged addresses; what we answer is on its way to somebody else. */
	for (uint32_t i = 0; i < 20000; i++) {
		s->jack.addr = (struct endpoint){ 0xC0000000 + i, (uint16_t)(1024 + i % 5000) };
		if (i % 4 == 0)
			script_send_open_rsp(s, front_target(&c.f), (uint16_t)i, 1);
		else
			script_send_open_req(s, front_target(&c.f), (uint16_t)(i | 1));
		world_run(c.f.w, span_ms(2));
	}
	s->jack.addr = own;
	c.f.m->tap = NULL;
	print_message("%llu bytes under forged addresses made a site send %llu\n",
		(unsigned long long)s->bytes_out, (unsigned long long)bytes_of_a);
	assert_true(bytes_of_a < s->bytes_out);
	assert_int_equal(memory_of_routers().blocks, c.f.before.blocks);
	assert_int_equal(site_connected(c.f.a), 1);
	front_assert_calm(&c.f);
	/* And then an honest one gets in, as if nothing had been. */
	story_repeat(c.f.w, span_s(30), span_s(3), call, &c);
	assert_int_equal(count_strangers(&c), WELCOME);
	front_close(&c.f);
}

/* --- forged addresses ------------------------------------------------------------------ */

/* What the attacker cannot see: the connection IDs of the pair. And what a sends. */
struct forger {
	struct front f;
	bool is_id[UINT16_MAX + 1];
	uint64_t bytes_of_a;
};

static void overhear(void *ctx, struct passing *p)
{
	struct forger *g = ctx;
	struct rd r = rd_over(p->payload->data, p->payload->len);
	struct aurp_domain domain;
	struct aurp h;

	if (p->from == story_jack(g->f.a))
		g->bytes_of_a += p->payload->len;
	if (p->from->tunnel && p->msg != AURP_MSG_COUNT &&
		aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK &&
		aurp_decode(&r, &h) == AURP_OK)
		g->is_id[h.connection] = true;
}

static void encode_body(struct wr *w, enum aurp_msg msg, struct prng *prng)
{
	const struct at_range theirs = { story_net(1), (uint16_t)(story_net(1) + 1), true };
	const struct at_range new = { 9500, 9509, true };

	switch (msg) {
	case AURP_OPEN_REQ:
		aurp_encode_open_req(w, &(struct aurp_open_req){ .version = AURP_VERSION });
		break;
	case AURP_OPEN_RSP:
		aurp_encode_open_rsp(w, &(struct aurp_open_rsp){
			.rate = (int16_t)prng_range(prng, 0, 3) });
		break;
	case AURP_RD:
		aurp_encode_rd(w, AURP_ERR_NORMAL_CLOSE);
		break;
	case AURP_RI_RSP:
		aurp_encode_network(w, &(struct aurp_network){ new, 0 });
		break;
	case AURP_RI_UPD:
		aurp_encode_event(w, &(struct aurp_event){ AURP_EV_ND, theirs, 0 });
		aurp_encode_event(w, &(struct aurp_event){ AURP_EV_NA, new, 0 });
		break;
	default:
		/* Zone transactions: any bytes are a body. */
		for (int i = 0; i < 60; i++)
			wr_u8(w, (uint8_t)prng_range(prng, 0, 255));
	}
}

/* One packet of any command, as from b (or a itself, or nobody), with an ID that is not in use. */
static void forge(struct world *w, void *ctx)
{
	struct forger *g = ctx;
	struct script *s = g->f.enemy;
	const struct jack *to = front_target(&g->f), *b = story_jack(g->f.b);
	struct endpoint own = s->jack.addr;
	struct aurp h = { .msg = (enum aurp_msg)prng_range(&w->prng, 0, AURP_MSG_COUNT - 1) };
	uint8_t body[200];
	struct wr out = wr_over(body, sizeof body);

	do
		h.connection = (uint16_t)prng_range(&w->prng, 0, UINT16_MAX);
	while (g->is_id[h.connection]);
	h.sequence = (uint16_t)prng_range(&w->prng, 0, 6);
	h.flags = (uint16_t)prng_range(&w->prng, 0, UINT16_MAX);
	encode_body(&out, h.msg, &w->prng);
	switch (prng_range(&w->prng, 0, 9)) {
	case 0:
		s->jack.addr = to->addr;
		break;
	case 1:
		break;
	case 2:
		s->jack.addr = (struct endpoint){ b->addr.ip, 40000 };
		break;
	default:
		s->jack.addr = b->addr;
	}
	s->di = (struct domain_id){ DI_IP, s->jack.addr.ip };
	script_send(s, to, &h, body, wr_len(&out));
	s->jack.addr = own;
}

static void assert_as_before(const struct forger *g)
{
	struct peer_view view;

	assert_true(site_peer(g->f.a, "site1", &view));
	assert_string_equal(view.recv, "connected");
	assert_string_equal(view.send, "connected");
	assert_int_equal(view.routes, 1);
	assert_int_equal(view.told, 1);
	assert_int_equal(site_networks(g->f.a), 2);
	assert_int_equal(g->f.a->traces[TRACE_PEER_DOWN], 0);
	assert_int_equal(g->f.a->traces[TRACE_ROUTE_BAD], 0);
	assert_false(site_knows(g->f.a, 9500, NULL));
}

static void test_aurp_C19_X6_forged_packets_without_the_id_change_nothing(void **state)
{
	struct forger *g = calloc(1, sizeof(*g));
	uint64_t before;

	(void)state;
	assert_non_null(g);
	front_open(&g->f, 420);
	g->f.m->tap = overhear;
	g->f.m->tap_ctx = g;
	/* A tickle each way at the least shows the IDs of both connections. */
	world_run(g->f.w, span_s(200));
	before = memory_of_routers().blocks;
	for (int round = 0; round < 20; round++) {
		g->bytes_of_a = g->f.enemy->bytes_out = 0;
		story_repeat(g->f.w, span_s(10), span_ms(1), forge, g);
		/* A null RI-Upd and a tickle every 2 s at most, for Open-Reqs as from b. */
		assert_true(g->bytes_of_a < 10 * 100);
		assert_true(g->bytes_of_a < g->f.enemy->bytes_out / 100);
		front_assert_calm(&g->f);
		world_run(g->f.w, span_s(10));
		assert_as_before(g);
	}
	assert_int_equal(memory_of_routers().blocks, before);
	front_close(&g->f);
	free(g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_peer_stops_after_each_of_its_packets),
		cmocka_unit_test(test_a_peer_stops_half_way_and_returns_as_another),
		cmocka_unit_test(test_aurp_T29_strangers_get_in_until_the_house_is_full),
		cmocka_unit_test(test_aurp_T29_strangers_that_never_answer_cost_nothing),
		cmocka_unit_test(test_aurp_C19_X6_forged_packets_without_the_id_change_nothing),
	};

	return cmocka_run_group_tests_name("story: strangers", tests, NULL, NULL);
}
