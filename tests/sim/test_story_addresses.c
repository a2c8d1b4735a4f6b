/*
 * Addresses: forged ones of peers that are dead, of peers that live when every
 * connection ID is tried, names with several addresses, and NATs that forget.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "ddp.h"
#include "story_front.h"

/* What site a sends to one address, and how many of it are longer than what asks for them. */
struct meter_of_a {
	const struct jack *a;
	uint32_t ip;
	uint64_t bytes, lists;
};

static void measure(void *ctx, struct passing *p)
{
	struct meter_of_a *m = ctx;

	if (p->from != m->a || p->dst.ip != m->ip)
		return;
	m->bytes += p->payload->len;
	m->lists += p->msg == AURP_RI_RSP || p->msg == AURP_RI_UPD || p->msg == AURP_ZI_RSP ||
		p->msg == AURP_ZI_RSP_EXT || p->msg == AURP_GDZL_RSP || p->msg == AURP_GZN_RSP;
}

static void send_as(struct script *s, struct endpoint as, const struct jack *to,
	const struct aurp *h, const void *body, size_t len)
{
	struct endpoint own = s->jack.addr;

	s->jack.addr = as;
	s->di = (struct domain_id){ DI_IP, as.ip };
	script_send(s, to, h, body, len);
	s->jack.addr = own;
}

/* --- the dead -------------------------------------------------------------------------- */

enum { OPEN_REQ_BYTES = 33 };

/* A configured peer that is dead: somebody opens and asks in its name, as fast as he can. */
static void test_aurp_X7_in_the_name_of_a_dead_peer(void **state)
{
	static const uint8_t open_req[] = { 0, 1, 0 }, zi_req[] = { 0x03, 0xE8 };
	struct front f;
	struct endpoint dead;

	(void)state;
	front_open(&f, 600);
	front_list_enemy(&f, NULL, NULL, 0);
	dead = f.enemy->jack.addr;
	/* What is answered goes to the dead. */
	mesh_cut(f.m, front_target(&f), &f.enemy->jack, true);
	world_run(f.w, span_s(2000));
	for (unsigned every_ms = 10; every_ms <= 1000; every_ms *= 10) {
		struct meter_of_a m = { .a = front_target(&f), .ip = dead.ip };
		uint64_t calls = 3000 * every_ms / 2000 * OPEN_REQ_BYTES + 10 * OPEN_REQ_BYTES;
		uint64_t sent = f.enemy->bytes_out;

		f.m->tap = measure;
		f.m->tap_ctx = &m;
		for (uint32_t i = 0; i < 3000; i++) {
			struct aurp h = { .connection = (uint16_t)(1 + i / 4),
				.flags = AURP_SUI_ALL };

			h.msg = (enum aurp_msg[]){ AURP_OPEN_REQ, AURP_RI_REQ, AURP_ZI_REQ,
				AURP_TICKLE }[i % 4];
			send_as(f.enemy, dead, front_target(&f), &h,
				h.msg == AURP_OPEN_REQ ? open_req : zi_req,
				h.msg == AURP_OPEN_REQ ? sizeof open_req :
				h.msg == AURP_ZI_REQ ? sizeof zi_req : 0);
			world_run(f.w, span_ms(every_ms));
		}
		f.m->tap = NULL;
		sent = f.enemy->bytes_out - sent;
		print_message("%u ms apart: %llu bytes in a dead peer's name got %llu\n",
			every_ms, (unsigned long long)sent, (unsigned long long)m.bytes);
		assert_int_equal(m.lists, 0);
		/* As much as was sent, and our own calls, as that peer may be there: one in 2 s. */
		assert_true(m.bytes <= sent + calls);
		front_assert_calm(&f);
	}
	mesh_heal(f.m);
	front_close(&f);
}

/* An echo request to the end node of site a, in a data packet of `as`. */
static void send_echo_as(struct front *f, struct endpoint as)
{
	struct endpoint own = f->enemy->jack.addr;
	uint8_t bytes[DDP_LONG_HEADER + 1];
	struct wr w = wr_over(bytes, sizeof bytes);

	ddp_encode_long(&w, &(struct ddp){ .len = sizeof bytes, .type = DDP_AEP,
		.dst = { f->at_a->addr.net, f->at_a->addr.node, 4 }, .src = { 7000, 7, 4 } });
	wr_u8(&w, 1);
	f->enemy->jack.addr = as;
	f->enemy->di = (struct domain_id){ DI_IP, as.ip };
	script_send_data(f->enemy, front_target(f), bytes, sizeof bytes);
	f->enemy->jack.addr = own;
}

static void test_no_data_in_the_name_of_a_dead_peer(void **state)
{
	static const uint8_t open_req[] = { 0, 1, 0 };
	struct front f;
	struct endpoint dead;
	uint64_t carried;

	(void)state;
	front_open(&f, 601);
	mesh_cut(f.m, front_target(&f), &f.enemy->jack, true);
	front_list_enemy(&f, NULL, NULL, 0);
	dead = f.enemy->jack.addr;
	carried = site_counter(f.a, "peer", "data-rx");
	for (int i = 0; i < 20; i++) {
		send_as(f.enemy, dead, front_target(&f), &(struct aurp){ .connection = 77,
			.msg = AURP_OPEN_REQ }, open_req, sizeof open_req);
		world_run(f.w, span_ms(200));
		send_echo_as(&f, dead);
		world_run(f.w, span_s(1));
	}
	assert_int_equal(site_counter(f.a, "peer", "data-rx"), carried);
	assert_int_equal(f.a->drops[DROP_PEER_NOT_CONNECTED], 20);
	assert_int_equal(site_connected(f.a), 1);
	/* The live peer's is carried, as every network of its may have sent it. */
	send_echo_as(&f, story_jack(f.b)->addr);
	world_run(f.w, span_s(1));
	assert_int_equal(site_counter(f.a, "peer", "data-rx"), carried + 1);
	mesh_heal(f.m);
	front_close(&f);
}

/* --- guesses --------------------------------------------------------------------------- */

/* Who may forge a live peer's address and tries every ID hits once: it costs a reconnection. */
static void test_every_connection_id_is_tried(void **state)
{
	static const uint8_t body[] = { 0xFF, 0xFF };
	static const enum aurp_msg tried[] = { AURP_RD, AURP_RI_UPD, AURP_RI_RSP, AURP_OPEN_RSP,
		AURP_RI_ACK, AURP_RI_REQ };

	(void)state;
	for (size_t k = 0; k < sizeof tried / sizeof *tried; k++) {
		struct front f;
		unsigned s;

		front_open(&f, 610);
		for (uint32_t id = 1; id <= UINT16_MAX; id++) {
			struct aurp h = { .connection = (uint16_t)id, .msg = tried[k] };

			send_as(f.enemy, story_jack(f.b)->addr, front_target(&f), &h, body,
				sizeof body);
			if (id % 64 == 0)
				world_run(f.w, span_ms(1));
		}
		/* Only an RD does harm: after 30 s we dial again, and the other end asks for us. */
		assert_int_equal(f.a->traces[TRACE_PEER_DOWN], tried[k] == AURP_RD);
		s = story_settle(f.w, 120);
		if (tried[k] == AURP_RD)
			print_message("a guessed connection ID in an RD costs %u s\n", s);
		world_run(f.w, span_s(60));
		assert_true(story_agrees(f.w));
		story_end_as_it_is(f.w);
	}
}

/* --- several addresses ----------------------------------------------------------------- */

static void give_addresses(const struct site *site, const struct endpoint *to, size_t n)
{
	memory_enter_router();
	router_peer_addresses(site->router, site->world->now, site_tunnel(site, 0)->handle,
		"site1", to, n);
	memory_leave_router();
}

static void test_a_name_with_several_addresses(void **state)
{
	(void)state;
	for (size_t at = 0; at < 4; at++) {
		struct front f;
		struct endpoint all[4];

		front_open(&f, 620 + at);
		/* Three of four are nobody's. */
		for (size_t i = 0; i < 4; i++)
			all[i] = (struct endpoint){ 0xC0000201 + (uint32_t)i, AURP_PORT };
		all[at] = story_jack(f.b)->addr;
		site_crash(f.b);
		world_run(f.w, span_s(300));
		give_addresses(f.a, all, 4);
		world_run(f.w, span_s(100));
		/* It calls, from one of them: that is where it is. */
		site_switch_on(f.b);
		story_settle(f.w, 20);
		site_crash(f.a);
		world_run(f.w, span_s(1));
		site_switch_on(f.a);
		give_addresses(f.a, all, 4);
		/* Now a must find the right one by itself: b does not know that it is back. */
		story_settle(f.w, 4 * 40);
		story_end(f.w, 0);
	}
}

/* --- NAT ------------------------------------------------------------------------------- */

/* A router that nobody configured sits behind a NAT that gives it other ports as it likes. */
static void test_a_stranger_behind_a_nat_that_forgets(void **state)
{
	struct world *w = world_new(630);
	struct mesh *m = world_add_mesh(w);
	struct site *a = story_add_site(w, 0), *b = story_add_site(w, 1);
	struct site_tunnel *t = mesh_join_alone(m, a), *u = mesh_join_alone(m, b);

	(void)state;
	t->config.accept_unknown = true;
	t->config.max_unknown_peers = 4;
	tunnel_add_peer(u, "a", &t->jack);
	u->jack.nat_port = 40000;
	story_switch_on(w);
	world_run(w, span_s(20));
	assert_true(site_knows(a, story_net(1), NULL));
	assert_true(site_knows(b, story_net(0), NULL));
	for (uint16_t i = 1; i < 30; i++) {
		/* What we send to the old port is lost until it says something. */
		u->jack.nat_port = (uint16_t)(40000 + i);
		world_run(w, span_s(50 + 37 * (i % 7)));
	}
	world_run(w, span_s(300));
	assert_true(site_knows(a, story_net(1), NULL));
	assert_true(site_knows(b, story_net(0), NULL));
	assert_int_equal(site_connected(a), 1);
	story_end_as_it_is(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_X7_in_the_name_of_a_dead_peer),
		cmocka_unit_test(test_no_data_in_the_name_of_a_dead_peer),
		cmocka_unit_test(test_every_connection_id_is_tried),
		cmocka_unit_test(test_a_name_with_several_addresses),
		cmocka_unit_test(test_a_stranger_behind_a_nat_that_forgets),
	};

	return cmocka_run_group_tests_name("story: addresses", tests, NULL, NULL);
}
