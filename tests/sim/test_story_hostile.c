/*
 * A configured peer that has gone mad or was taken over: it reflects what it
 * hears, offers networks that are not its own, floods, and lies. Site a must
 * keep its other peer, its cable and its own networks, and have all its memory
 * back when the mad one is struck off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "story_front.h"

static const struct aurp_network one_net[] = { { { 7000, 7009, true }, 0 } };
static const struct at_name one_zone[] = { { 5, "Enemy" } };

static struct aurp_network extended(uint16_t first, uint16_t last, uint8_t distance)
{
	return (struct aurp_network){ { first, last, true }, distance };
}

/* --- what is ours ---------------------------------------------------------------------- */

static void test_aurp_R7_R13_a_peer_offers_all_that_others_have(void **state)
{
	struct aurp_network nets[3] = { extended(story_net(0), story_net(0) + 1, 0),
		extended(story_net(1), story_net(1) + 1, 0), one_net[0] };
	const struct at_name zones[3] = { name_of("Mine"), name_of("Mine"), one_zone[0] };
	struct front f;
	char via[64];

	(void)state;
	front_open(&f, 300);
	front_admit(&f, nets, zones, 3);
	for (int i = 0; i < 10; i++) {
		world_run(f.w, span_s(60));
		front_assert_calm(&f);
		assert_string_equal(front_via(f.a, story_net(0), via), "p0");
		assert_string_equal(front_via(f.a, story_net(1), via), "site1");
		assert_string_equal(front_via(f.a, 7000, via), "enemy");
	}
	assert_false(site_sees_zone(f.a, "Mine"));
	assert_true(f.a->drops[DROP_AURP_REFLECTED] > 0);
	assert_int_equal(f.a->traces[TRACE_PEER_REFLECTS], 1);
	assert_int_equal(f.a->traces[TRACE_PEER_DUPLICATE_NET], 1);
	front_close(&f);
}

/* Sends back, as its own and nearer, every network that it is told. */
static void reflect(struct script *s, const struct script_packet *p)
{
	struct rd body = script_body(p);
	const struct jack *to = world_find_jack(s->world, p->from.ip);
	struct aurp_network n;
	struct aurp_event ev[64];
	size_t used = 0;

	if (p->msg != AURP_RI_RSP)
		return;
	while (used < 64 && tuple_is_here(aurp_next_network(&body, &n)))
		ev[used++] = (struct aurp_event){ AURP_EV_NA, n.range, 0 };
	script_send_events(s, to, script_connection(s), script_sequence(s), ev, used);
}

static void test_aurp_R7_a_peer_reflects_our_routes(void **state)
{
	struct front f;
	char via[64];

	(void)state;
	front_open(&f, 301);
	f.enemy->on_packet = reflect;
	front_admit(&f, one_net, one_zone, 1);
	for (int i = 0; i < 20; i++) {
		/* It asks for the list again and again, and returns it. */
		script_send(f.enemy, front_target(&f), &(struct aurp){
			.connection = script_own_connection(f.enemy), .flags = AURP_SUI_ALL,
			.msg = AURP_RI_REQ }, NULL, 0);
		world_run(f.w, span_s(30));
		assert_string_equal(front_via(f.a, story_net(0), via), "p0");
	}
	assert_true(f.a->drops[DROP_AURP_REFLECTED] >= 20);
	/* Said once, however often it happens. */
	assert_int_equal(f.a->traces[TRACE_PEER_REFLECTS], 1);
	front_assert_calm(&f);
	front_close(&f);
}

/* Two routers behind cable a: 5100 is two hops away. */
static void add_inner_routers(struct world *w)
{
	struct lan *between = world_add_lan(w, PORT_ETHERTALK);
	struct site *first = world_add_site(w), *second = world_add_site(w);

	site_add_port(first, w->lans.at[0], SEED_NONE, (struct at_range){ 0, 0, true }, NULL);
	site_add_port(first, between, SEED_HARD, (struct at_range){ 5000, 5001, true }, "Between");
	site_add_port(second, between, SEED_NONE, (struct at_range){ 0, 0, true }, NULL);
	story_add_net(second, 5100, "Inner");
	site_switch_on(first);
	site_switch_on(second);
	story_settle(w, 120);
}

static const struct aurp_network inner_nets[] = { { { 5000, 5001, true }, 0 },
	{ { 5100, 5101, true }, 0 } };
static const struct at_name stolen[] = { { 6, "Stolen" }, { 6, "Stolen" } };

static void test_aurp_U38_a_peer_offers_a_shorter_way_to_our_inner_networks(void **state)
{
	struct front f;
	char via[64];

	(void)state;
	front_open(&f, 302);
	add_inner_routers(f.w);
	f.before = memory_of_routers();
	front_admit(&f, inner_nets, stolen, 2);
	world_run(f.w, span_s(120));
	/* RFC 1504 p. 35: the shorter way wins, at equal distances the local one. */
	assert_string_equal(front_via(f.a, 5000, via), "p0");
	assert_string_equal(front_via(f.a, 5100, via), "enemy");
	front_close(&f);
}

/* Whoever wants keeps his own, as long as his own way to it does not get worse. */
static void test_what_is_kept_local_stays_so(void **state)
{
	struct front f;
	char via[64];

	(void)state;
	front_open(&f, 303);
	add_inner_routers(f.w);
	f.before = memory_of_routers();
	f.a->config.keep_local = true;
	site_reconfigure(f.a);
	front_admit(&f, inner_nets, stolen, 2);
	world_run(f.w, span_s(600));
	assert_string_equal(front_via(f.a, 5000, via), "p0");
	assert_string_equal(front_via(f.a, 5100, via), "p0");
	assert_false(site_sees_zone(f.a, "Stolen"));
	assert_int_equal(f.a->traces[TRACE_PEER_DUPLICATE_NET], 2);
	/* While its router is away the other way is better than none. */
	site_crash(world_site(f.w, 3));
	world_run(f.w, span_s(300));
	assert_string_equal(front_via(f.a, 5100, via), "enemy");
	site_switch_on(world_site(f.w, 3));
	world_run(f.w, span_s(120));
	front_close(&f);
}

/* --- floods ---------------------------------------------------------------------------- */

enum { FLOOD_S = 30, PER_S = 3000 };

struct flood {
	struct front f;
	unsigned i;
	bool is_there;
};

/* As soon as one update is acknowledged, the next: a network that comes and goes. */
static void flap(struct script *s, const struct script_packet *p)
{
	struct flood *flood = s->ctx;
	struct aurp_event ev = { flood->is_there ? AURP_EV_ND : AURP_EV_NA, { 7100, 7109, true },
		0 };

	if (p->msg != AURP_RI_ACK)
		return;
	flood->is_there = !flood->is_there;
	script_send_events(s, front_target(&flood->f), script_connection(s), script_sequence(s),
		&ev, 1);
}

static void flood_once(struct world *w, void *ctx)
{
	static const enum aurp_msg kinds[] = { AURP_TICKLE, AURP_ZI_REQ, AURP_OPEN_REQ,
		AURP_RI_REQ, AURP_GDZL_REQ, AURP_GZN_REQ, AURP_RI_UPD, AURP_ZI_RSP };
	struct flood *flood = ctx;
	struct script *s = flood->f.enemy;
	const struct jack *to = front_target(&flood->f);
	enum aurp_msg msg = kinds[flood->i++ % (sizeof kinds / sizeof *kinds)];
	uint8_t body[64] = { 0 };

	(void)w;
	for (size_t i = 0; i + 1 < sizeof body; i += 2) {
		body[i] = (uint8_t)(story_net(0) >> 8);
		body[i + 1] = (uint8_t)story_net(0);
	}
	if (msg == AURP_OPEN_REQ) {
		script_send_open_req(s, to, (uint16_t)(flood->i | 1));
		return;
	}
	script_send(s, to, &(struct aurp){ .connection = msg == AURP_RI_UPD || msg == AURP_ZI_RSP ?
		script_connection(s) : script_own_connection(s),
		.sequence = msg == AURP_RI_UPD ? (uint16_t)(script_sequence(s) + 100) : 0,
		.flags = AURP_SUI_ALL, .msg = msg }, body, sizeof body);
}

static void test_aurp_X7_a_peer_floods_with_all_that_there_is(void **state)
{
	struct flood flood = { .i = 0 };
	struct front *f = &flood.f;
	struct memory at_most;

	(void)state;
	front_open(f, 310);
	f->enemy->ctx = &flood;
	f->enemy->on_packet = flap;
	front_admit(f, one_net, one_zone, 1);
	at_most = memory_of_routers();
	f->enemy->bytes_in = f->enemy->bytes_out = 0;
	for (int s = 0; s < FLOOD_S; s++) {
		story_repeat(f->w, span_s(1), span_us(1000000 / PER_S), flood_once, &flood);
		if (s % 10 == 9)
			front_assert_calm(f);
		assert_true(memory_of_routers().bytes < at_most.bytes + 65536);
	}
	print_message("a flood of %llu bytes got %llu in return\n",
		(unsigned long long)f->enemy->bytes_out, (unsigned long long)f->enemy->bytes_in);
	/* It gets what its queries are entitled to, and no more than it sent. */
	assert_true(f->enemy->bytes_in < f->enemy->bytes_out);
	assert_true(f->a->drops[DROP_AURP_RATE_LIMIT] > 0);
	/* The other peer hears nothing of it: one mesh, split horizon. */
	f->enemy->on_packet = NULL;
	front_close(f);
}

/* --- lies ------------------------------------------------------------------------------ */

/* Bodies of any bytes in the next sequenced packet, which is accepted. */
static void test_aurp_T27_lists_and_updates_of_any_bytes(void **state)
{
	struct front f;

	(void)state;
	front_open(&f, 320);
	front_admit(&f, one_net, one_zone, 1);
	for (int i = 0; i < 3000; i++) {
		struct prng *prng = &f.w->prng;
		uint8_t body[200];
		size_t len = prng_range(prng, 0, sizeof body);
		bool is_list = prng_range(prng, 0, 1);

		for (size_t k = 0; k < len; k++)
			body[k] = (uint8_t)prng_range(prng, 0, prng_range(prng, 0, 1) ? 5 : 255);
		script_send(f.enemy, front_target(&f), &(struct aurp){
			.connection = script_connection(f.enemy),
			.sequence = script_sequence(f.enemy),
			.flags = (uint16_t)prng_range(prng, 0, UINT16_MAX),
			.msg = is_list ? AURP_RI_RSP : AURP_RI_UPD }, body, len);
		world_run(f.w, span_ms(100));
	}
	assert_true(f.a->drops[DROP_AURP_BAD_TUPLE] > 100);
	assert_true(site_knows(f.a, story_net(0), NULL));
	assert_int_equal(f.b->traces[TRACE_PEER_DOWN], 0);
	front_close(&f);
}

static void send_many(struct front *f, uint32_t first, uint32_t last)
{
	struct aurp_network nets[90];
	size_t used = 0;

	for (uint32_t net = first; net <= last; net++) {
		if (net < 2000)
			continue;
		nets[used++] = (struct aurp_network){ { (uint16_t)net, (uint16_t)net, false }, 0 };
		if (used < 90 && net < last)
			continue;
		script_send_networks(f->enemy, front_target(f), script_connection(f->enemy),
			script_sequence(f->enemy), net == last ? AURP_LAST : 0, nets, used);
		world_run(f->w, span_ms(100));
		used = 0;
	}
}

static void test_aurp_X5_a_peer_offers_65000_networks(void **state)
{
	struct front f;
	struct memory at_most;

	(void)state;
	front_open(&f, 321);
	site_tunnel(f.a, 0)->config.max_networks_per_peer = 100;
	front_admit(&f, one_net, one_zone, 1);
	at_most = memory_of_routers();
	send_many(&f, 1, 0xFEFF);
	world_run(f.w, span_s(20));
	assert_in_range(site_networks(f.a), 100, 102);
	assert_int_equal(f.a->traces[TRACE_PEER_FULL], 1);
	assert_true(f.a->drops[DROP_AURP_TABLE_FULL] > 60000);
	assert_true(memory_of_routers().bytes < at_most.bytes + 100 * 1024);
	front_assert_calm(&f);
	front_close(&f);
}

enum { GLUT = 400 };

/* Without a cap of its own it fills the table, and the others recover when it has gone. */
static void test_aurp_O7_O8_a_full_table_recovers_when_the_glutton_has_gone(void **state)
{
	static struct aurp_network nets[GLUT];
	static struct at_name zones[GLUT];
	struct front f;

	(void)state;
	for (size_t i = 0; i < GLUT; i++) {
		nets[i] = extended((uint16_t)(20000 + 2 * i), (uint16_t)(20001 + 2 * i), 1);
		zones[i] = one_zone[0];
	}
	front_open(&f, 322);
	f.a->config.max_networks = GLUT / 2;
	site_reconfigure(f.a);
	front_admit(&f, nets, zones, GLUT);
	assert_int_equal(site_networks(f.a), GLUT / 2);
	assert_true(f.a->traces[TRACE_ROUTES_FULL] > 0);
	/* A new cable of the other finds no room. */
	story_add_net(f.b, 600, "Late");
	site_reconfigure(f.b);
	world_run(f.w, span_s(300));
	assert_false(site_knows(f.a, 600, NULL));
	front_assert_calm(&f);
	f.as_peer->is_removed = true;
	site_reconfigure(f.a);
	story_end(f.w, 120);
}

/* Zones of a network that come without end, each packet promising 65,535 in all. */
static void send_endless(struct flood *flood, uint16_t net)
{
	struct script *s = flood->f.enemy;
	uint8_t body[PKT_BODY_MAX];
	struct wr w = wr_over(body, sizeof body);
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, &w, true, UINT16_MAX);
	for (int i = 0; i < 20; i++, flood->i++) {
		struct at_name name = { .len = 32 };

		memset(name.byte, 'e', sizeof name.byte);
		name.byte[0] = (uint8_t)(flood->i >> 8);
		name.byte[1] = (uint8_t)flood->i;
		if (!aurp_zones_add(&z, net, &name))
			break;
	}
	aurp_zones_end(&z);
	script_send(s, front_target(&flood->f), &(struct aurp){ .connection = script_connection(s),
		.msg = AURP_ZI_RSP_EXT }, body, wr_len(&w));
}

static void endless_zones(struct script *s, const struct script_packet *p)
{
	struct rd nets = script_body(p);
	uint16_t net;

	if (p->msg == AURP_ZI_REQ)
		while (aurp_next_zi_net(&nets, &net))
			send_endless(s->ctx, net);
}

static void more_zones(struct world *w, void *ctx)
{
	struct flood *flood = ctx;

	(void)w;
	send_endless(flood, (uint16_t)(7000 + 10 * (flood->i % 3)));
}

static void test_aurp_X5_zone_lists_without_end(void **state)
{
	static const struct aurp_network nets[] = { { { 7000, 7009, true }, 0 },
		{ { 7010, 7019, true }, 0 }, { { 7020, 7029, true }, 0 } };
	struct flood flood = { .i = 0 };
	struct front *f = &flood.f;
	struct at_name zones[3] = { one_zone[0], one_zone[0], one_zone[0] };
	struct memory at_most;

	(void)state;
	front_open(f, 323);
	site_tunnel(f->a, 0)->config.max_zones_per_peer = 300;
	f->enemy->ctx = &flood;
	/* Its own answers are lost; only the endless ones come. */
	mesh_intercept(f->m, (struct intercept){ .from = &f->enemy->jack, .msg = AURP_ZI_RSP,
		.first = 1, .count = 1000000, .fate = FATE_LOSE });
	front_admit(f, nets, zones, 3);
	at_most = memory_of_routers();
	f->enemy->on_packet = endless_zones;
	world_run(f->w, span_s(300));
	story_repeat(f->w, span_s(60), span_ms(10), more_zones, &flood);
	assert_false(site_knows(f->a, 7000, NULL));
	/* 300 names, each in the zone table and in a list. */
	assert_true(memory_of_routers().bytes < at_most.bytes + 300 * 512);
	front_assert_calm(f);
	front_close(f);
}

static void test_zone_names_of_every_byte(void **state)
{
	static struct aurp_network nets[256];
	static struct at_name zones[256];
	struct front f;

	(void)state;
	for (size_t i = 0; i < 256; i++) {
		uint16_t first = (uint16_t)(7000 + 10 * i);

		nets[i] = extended(first, first, 1);
		zones[i] = (struct at_name){ .len = (uint8_t)(i % 32 + 1) };
		memset(zones[i].byte, (int)i, zones[i].len);
	}
	front_open(&f, 324);
	front_admit(&f, nets, zones, 256);
	world_run(f.w, span_s(60));
	/* But for blanks, which nobody could choose. */
	for (size_t i = 0; i < 256; i++)
		assert_int_equal(site_knows(f.a, nets[i].range.first, NULL), i != ' ' && i != 0xCA);
	front_assert_calm(&f);
	front_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_R7_R13_a_peer_offers_all_that_others_have),
		cmocka_unit_test(test_aurp_R7_a_peer_reflects_our_routes),
		cmocka_unit_test(test_aurp_U38_a_peer_offers_a_shorter_way_to_our_inner_networks),
		cmocka_unit_test(test_what_is_kept_local_stays_so),
		cmocka_unit_test(test_aurp_X7_a_peer_floods_with_all_that_there_is),
		cmocka_unit_test(test_aurp_T27_lists_and_updates_of_any_bytes),
		cmocka_unit_test(test_aurp_X5_a_peer_offers_65000_networks),
		cmocka_unit_test(test_aurp_O7_O8_a_full_table_recovers_when_the_glutton_has_gone),
		cmocka_unit_test(test_aurp_X5_zone_lists_without_end),
		cmocka_unit_test(test_zone_names_of_every_byte),
	};

	return cmocka_run_group_tests_name("story: hostile", tests, NULL, NULL);
}
