/*
 * Two whole routers over a tunnel that loses, doubles, delays and so reorders,
 * while their local internets change and strangers throw packets in: whatever
 * happened, once the tunnel behaves both know what the other exports (aurp U21,
 * U22). And one router under random packets with the right numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "aurp_rig.h"
#include "prng.h"

enum { IN_FLIGHT_MAX = 4096, NETS = 40 };

/* A UDP payload between the two. */
struct flight {
	struct instant due;
	unsigned to;
	uint8_t *bytes;
	size_t len;
};

struct world {
	struct lab *lab[2];
	struct prng rng;
	struct flight air[IN_FLIGHT_MAX];
	size_t n;
	unsigned loss, twice;	/* percent */
	unsigned slowest_ms;
	bool is_there[2][NETS];
};

static struct endpoint place(unsigned i)
{
	return (struct endpoint){ LAB_OWN_ID + i, AURP_PORT };
}

/* --- the tunnel ---------------------------------------------------------------------------- */

static void put(struct world *w, unsigned to, const uint8_t *bytes, size_t len)
{
	uint32_t ms = prng_range(&w->rng, 1, w->slowest_ms);

	if (prng_range(&w->rng, 0, 99) < w->loss)
		return;
	assert_true(w->n < IN_FLIGHT_MAX);
	w->air[w->n++] = (struct flight){ instant_add(w->lab[1 - to]->rig->now, span_ms(ms)), to,
		exact_copy(bytes, len), len };
}

static void on_sent(struct lab *lab, const struct sent *s)
{
	struct world *w = lab->user;
	unsigned to = lab == w->lab[0];

	assert_true(endpoint_eq(s->to, place(to)));
	put(w, to, s->raw, s->raw_len);
	if (prng_range(&w->rng, 0, 99) < w->twice)
		put(w, to, s->raw, s->raw_len);
}

static void deliver(struct world *w, unsigned to, uint8_t *bytes, size_t len)
{
	const struct mate from = { .lab = w->lab[to], .at = place(1 - to) };

	mate_say_raw(&from, bytes, len);
}

static void deliver_due(struct world *w)
{
	for (size_t i = 0; i < w->n;) {
		struct flight f = w->air[i];

		if (instant_cmp(f.due, w->lab[0]->rig->now) > 0) {
			i++;
			continue;
		}
		w->air[i] = w->air[--w->n];
		deliver(w, f.to, f.bytes, f.len);
		free(f.bytes);
	}
}

static struct instant next_event(const struct world *w)
{
	struct instant due = INSTANT_NEVER;

	for (unsigned i = 0; i < 2; i++) {
		struct instant d = router_deadline(w->lab[i]->rig->r);

		due = instant_cmp(d, due) < 0 ? d : due;
		due = instant_cmp(w->lab[i]->repeat, due) < 0 ? w->lab[i]->repeat : due;
	}
	for (size_t i = 0; i < w->n; i++)
		due = instant_cmp(w->air[i].due, due) < 0 ? w->air[i].due : due;
	return due;
}

/* Both clocks stay together; nothing is late. */
static void run(struct world *w, struct span d)
{
	struct instant end = instant_add(w->lab[0]->rig->now, d);

	while (instant_cmp(w->lab[0]->rig->now, end) < 0) {
		struct instant due = next_event(w), now = w->lab[0]->rig->now;
		struct span wait;

		due = instant_cmp(due, end) < 0 ? due : end;
		wait = instant_cmp(due, now) > 0 ? instant_since(due, now) : span_us(0);
		for (unsigned i = 0; i < 2; i++)
			lab_run(w->lab[i], wait);
		deliver_due(w);
	}
}

/* --- the world ----------------------------------------------------------------------------- */

static struct world *world_new(uint64_t seed)
{
	struct world *w = mem_new(1, sizeof(*w));

	prng_init(&w->rng, seed);
	w->slowest_ms = 50;
	for (unsigned i = 0; i < 2; i++) {
		struct lab *lab = lab_new(1);
		struct endpoint other = place(1 - i);

		lab->rig->seed = seed * 2 + i;
		lab_place(lab, (uint16_t)(10 + 10 * i), (uint16_t)(12 + 10 * i),
			i ? "East" : "West", place(i).ip);
		lab_start(lab);
		lab->user = w;
		lab->on_sent = on_sent;
		w->lab[i] = lab;
		router_peer_addresses(lab->rig->r, lab->rig->now, lab->tunnel[0], "p0", &other, 1);
	}
	return w;
}

static void world_free(struct world *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->air[i].bytes);
	for (unsigned i = 0; i < 2; i++)
		lab_free(w->lab[i]);
	free(w);
}

static struct peer *peer_in(const struct world *w, unsigned i)
{
	return container_of(w->lab[i]->tunnel[0]->peers.next, struct peer, in_tunnel);
}

/* Both sides use the numbers from 100 on: loops and alternatives come by themselves. */
static struct at_range range_of(unsigned k)
{
	uint16_t first = (uint16_t)(100 + 4 * k);

	return k % 3 ? net(first) : nets(first, (uint16_t)(first + 3));
}

static void change_a_network(struct world *w, unsigned i)
{
	unsigned k = prng_range(&w->rng, 0, NETS - 1);
	struct lab *lab = w->lab[i];

	/* Networks 0..19 belong to one side, 20..39 to the other, but for every fifth. */
	if ((k < NETS / 2) != (i == 0) && k % 5 != 0)
		return;
	if (w->is_there[i][k] && prng_range(&w->rng, 0, 2) == 0) {
		lab_net_gone(lab, range_of(k).first);
		w->is_there[i][k] = false;
		return;
	}
	lab_net(lab, range_of(k), (uint8_t)prng_range(&w->rng, 1, 15), NULL);
	if (prng_range(&w->rng, 0, 9) > 0)
		lab_say_zones(lab, range_of(k).first, ZONES(k % 2 ? "Odd" : "Even"));
	w->is_there[i][k] = true;
}

/* A packet with the peer's address that belongs to no connection. */
static void throw_a_stone(struct world *w, unsigned to)
{
	uint8_t bytes[64];
	struct wr wr = wr_over(bytes, sizeof(bytes));
	enum aurp_msg msg = (enum aurp_msg)prng_range(&w->rng, 0, AURP_MSG_COUNT - 1);
	struct aurp h = { (uint16_t)prng_u32(&w->rng), (uint16_t)prng_range(&w->rng, 0, 5),
		(uint16_t)prng_u32(&w->rng), msg };

	if (h.connection == peer_in(w, to)->recv.id || h.connection == peer_in(w, to)->send.id)
		return;
	aurp_encode_domain(&wr, &(struct aurp_domain){ {DI_IP, place(to).ip},
					{DI_IP, place(1 - to).ip}, AURP_ROUTING});
	aurp_encode(&wr, &h);
	if (msg == AURP_OPEN_REQ)
		aurp_encode_open_req(&wr, &(struct aurp_open_req){ .version = AURP_VERSION });
	else
		wr_u32(&wr, prng_u32(&w->rng));
	deliver(w, to, bytes, wr_len(&wr));
}

/* One of the two forgets everything: without a word, as when its process is killed, or with one. */
static void lose_memory(struct world *w, unsigned i)
{
	struct lab *lab = w->lab[i];
	unsigned loss = w->loss;

	if (prng_range(&w->rng, 0, 1))
		w->loss = 100;
	router_tunnel_down(lab->rig->r, lab->rig->now, lab->tunnel[0]);
	w->loss = loss;
	router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[0], &lab->tunnels[0], lab->own);
}

static void something_happens(struct world *w)
{
	unsigned i = prng_range(&w->rng, 0, 1);

	switch (prng_range(&w->rng, 0, 40)) {
	case 0:
		lose_memory(w, i);
		break;
	case 1:
		w->loss = prng_range(&w->rng, 0, 60);
		w->twice = prng_range(&w->rng, 0, 20);
		w->slowest_ms = prng_range(&w->rng, 1, 3000);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		throw_a_stone(w, i);
		break;
	case 6:
		w->loss = 100;
		break;
	default:
		change_a_network(w, i);
		break;
	}
}

/* --- what must be true in the end ---------------------------------------------------------- */

/* What `from` exports is what it has told, and what `to` knows of it, zones included. */
static void assert_view_is_known(const struct world *w, unsigned from)
{
	const struct peer *teller = peer_in(w, from), *hearer = peer_in(w, 1 - from);
	const struct route_table *t = &w->lab[from]->rig->r->routes;
	size_t n = 0, paths = 0;
	const struct list *it;

	for (size_t i = 0; i < t->used; i++) {
		const struct route *route = t->sorted[i], *there;
		const struct path *path;

		if (!view_exports(teller, route))
			continue;
		assert_true(n < teller->send.view.used);
		assert_true(at_range_eq(teller->send.view.told[n].range, route->range));
		assert_int_equal(teller->send.view.told[n].distance, route->best->distance);
		n++;
		there = rig_route(w->lab[1 - from]->rig, route->range.first);
		assert_non_null(there);
		path = route_path_by(there, &hearer->offers);
		assert_non_null(path);
		assert_int_equal(path->distance,
			route->best->distance < 15 ? route->best->distance + 1 : 16);
		/* Its own neighbour, if that is the way there, may keep the zones to itself. */
		if (peer_of_path(there->best) != hearer)
			continue;
		assert_true(there->zones->is_complete);
		for (size_t k = 0; k < route->zones->used; k++)
			assert_true(zone_is_of(there, &route->zones->zone[k]->name));
	}
	assert_int_equal(teller->send.view.used, n);
	list_for_each(it, &hearer->offers.paths)
		paths++;
	assert_int_equal(paths, n);
}

static bool is_connected(const struct world *w, unsigned i)
{
	const struct peer *p = peer_in(w, i);

	return p->recv.state == RECV_CONNECTED && p->send.state == SEND_CONNECTED;
}

static void settle(struct world *w)
{
	w->loss = w->twice = 0;
	w->slowest_ms = 50;
	/* Back-off, tickles, probes and zone requests all have their turn. */
	run(w, span_s(1800));
	/* A tickle may be under way just then. */
	for (int i = 0; i < 10 && !(is_connected(w, 0) && is_connected(w, 1)); i++)
		run(w, span_ms(100));
	for (unsigned i = 0; i < 2; i++) {
		assert_states(w->lab[i], "p0", "connected", "connected");
		assert_view_is_known(w, i);
	}
}

static void test_aurp_U21_U22_two_routers_agree_after_every_kind_of_trouble(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct world *w = world_new(seed);

		for (int round = 0; round < 3; round++) {
			for (int i = 0; i < 300; i++) {
				something_happens(w);
				run(w, span_ms(prng_range(&w->rng, 0, 4000)));
			}
			settle(w);
		}
		world_free(w);
	}
}

static void test_idle_pair_exchanges_nothing_but_tickles_in_ten_minutes(void **state)
{
	struct world *w = world_new(99);
	uint64_t tickles = 0, all = 0;

	(void)state;
	run(w, span_s(60));
	for (unsigned i = 0; i < 2; i++)
		lab_free_sent(w->lab[i]);
	run(w, span_s(600));
	for (unsigned i = 0; i < 2; i++) {
		for (size_t k = 0; k < w->lab[i]->n_sent; k++) {
			enum aurp_msg msg = w->lab[i]->sent[k]->h.msg;

			tickles += msg == AURP_TICKLE || msg == AURP_TICKLE_ACK;
			all++;
		}
	}
	assert_int_equal(tickles, all);
	assert_in_range(all, 4, 28);
	world_free(w);
}

/* --- random packets with the right numbers ------------------------------------------------- */

static void random_packet(struct prng *rng, const struct mate *m, const struct peer *p)
{
	struct aurp h = { .msg = (enum aurp_msg)prng_range(rng, 0, AURP_MSG_COUNT - 1) };
	uint8_t body[64];
	size_t n = prng_range(rng, 0, sizeof(body));

	for (size_t i = 0; i < n; i++)
		body[i] = prng_range(rng, 0, 3) ? (uint8_t)prng_range(rng, 0, 6)
						: (uint8_t)prng_u32(rng);
	h.flags = (uint16_t)prng_u32(rng);
	h.connection = prng_range(rng, 0, 1) ? p->recv.id : p->send.id;
	switch (prng_range(rng, 0, 4)) {
	case 0:
		h.sequence = p->recv.expected;
		break;
	case 1:
		h.sequence = p->send.sequence;
		break;
	case 2:
		h.sequence = (uint16_t)(p->recv.expected + prng_range(rng, 0, 3) - 1);
		break;
	case 3:
		h.sequence = (uint16_t)prng_u32(rng);
		break;
	default:
		break;
	}
	mate_say(m, h, body, n);
}

static void assert_told_is_in_order(const struct view *v)
{
	for (size_t i = 1; i < v->used; i++)
		assert_true(v->told[i - 1].range.last < v->told[i].range.first);
}

static void test_aurp_T27_X5_random_packets_with_right_numbers_do_no_harm(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct peer *p = container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
	struct prng rng;

	(void)state;
	prng_init(&rng, 4711);
	mate_resolve(&m);
	for (int i = 0; i < 40000; i++) {
		if (i % 500 == 0) {
			/* Back to a connected peer now and then. */
			m.id = (uint16_t)prng_u32(&rng);
			mate_open_req(&m);
			m.dut_id = p->recv.id;
			mate_open_rsp(&m, 1);
			lab_free_sent(lab);
			rig_clear(lab->rig);
		}
		random_packet(&rng, &m, p);
		if (prng_range(&rng, 0, 9) == 0)
			lab_run(lab, span_ms(prng_range(&rng, 0, 3000)));
		assert_told_is_in_order(&p->send.view);
	}
	/* It still works. */
	lab_run(lab, span_s(400));
	lab_free_sent(lab);
	m.id = 0x1235;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	assert_int_equal(lab_distance(lab, 3), 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_U21_U22_two_routers_agree_after_every_kind_of_trouble),
		cmocka_unit_test(test_idle_pair_exchanges_nothing_but_tickles_in_ten_minutes),
		cmocka_unit_test(test_aurp_T27_X5_random_packets_with_right_numbers_do_no_harm),
	};

	return cmocka_run_group_tests_name("peer_random", tests, NULL, NULL);
}
