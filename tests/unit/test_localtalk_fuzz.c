/* LocalTalk ports in every state under packets that nobody should send: nothing breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "prng.h"
#include "rig_localtalk.h"

/* DDP data to start from, with its type and socket. */
static const struct {
	const char *name;
	uint8_t type, socket;
} bodies[] = {
	{ "V-R2", 1, 1 }, { "V-R7", 1, 1 }, { "V-R3", 1, 1 }, { "V-Z1", 6, 6 }, { "V-Z2", 6, 6 },
	{ "V-Z3", 6, 6 }, { "V-Z5", 6, 6 }, { "V-Z7", 6, 6 }, { "V-Z9", 3, 6 }, { "V-Z11", 3, 6 },
	{ "V-Z17", 3, 6 }, { "V-N5", 2, 2 }, { "V-N6", 2, 2 }, { "V-N4", 2, 2 }, { "V-A1", 4, 4 },
};

static uint32_t pick(struct prng *prng, uint32_t n)
{
	return prng_range(prng, 0, n - 1);
}

static uint8_t pick_node(const struct rig *rig, struct prng *prng)
{
	const uint8_t nodes[] = { rig->link[LT0].port->addr.node, LLAP_BROADCAST, NODE_L, 200,
		(uint8_t)prng_u32(prng) };

	return nodes[pick(prng, sizeof(nodes))];
}

static void mutate(struct prng *prng, uint8_t *bytes, size_t *n)
{
	for (uint32_t k = pick(prng, 4); k > 0 && *n > 0; k--)
		bytes[pick(prng, (uint32_t)*n)] = (uint8_t)prng_u32(prng);
	if (pick(prng, 10) == 0)
		*n = pick(prng, (uint32_t)*n + 1);
}

/* A data field with a short or long header around a vector. */
static size_t build(const struct rig *rig, struct prng *prng, unsigned type, uint8_t *bytes,
	size_t size)
{
	const uint32_t i = pick(prng, sizeof(bodies) / sizeof(*bodies));
	struct vector v = vector_load(bodies[i].name);
	const size_t header = type == LLAP_DDP_SHORT ? DDP_SHORT_HEADER : DDP_LONG_HEADER;
	const uint16_t nets[] = { 0, 10, 11, 20, 3 };
	struct wr w = wr_over(bytes, size);
	struct ddp h = { .dst = { 0, 0, bodies[i].socket }, .src = { 0, 0, bodies[i].socket },
		.type = bodies[i].type };

	mutate(prng, v.byte, &v.len);
	h.len = (uint16_t)(header + v.len);
	h.dst.net = nets[pick(prng, 5)];
	h.dst.node = pick_node(rig, prng);
	h.src.net = nets[pick(prng, 5)];
	h.src.node = pick_node(rig, prng);
	h.checksum = pick(prng, 8) ? 0 : (uint16_t)prng_u32(prng);
	if (type == LLAP_DDP_SHORT)
		ddp_encode_short(&w, &h);
	else
		ddp_encode_long(&w, &h);
	wr_bytes(&w, v.byte, v.len);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

static void say_something(struct rig *rig, struct prng *prng)
{
	const uint8_t types[] = { LLAP_DDP_SHORT, LLAP_DDP_LONG, LLAP_DDP_SHORT, LLAP_DDP_LONG,
		LLAP_ENQ, LLAP_ACK, LLAP_RTS, (uint8_t)prng_u32(prng) };
	const unsigned type = types[pick(prng, sizeof(types))];
	uint8_t bytes[VECTOR_MAX + DDP_LONG_HEADER];
	size_t n = 0;

	if (type == LLAP_DDP_SHORT || type == LLAP_DDP_LONG)
		n = build(rig, prng, type, bytes, sizeof(bytes));
	if (pick(prng, 4) == 0)
		mutate(prng, bytes, &n);
	if (pick(prng, 20) == 0)
		rig_inject(rig, LT0, bytes, n);
	else
		llap_say(rig, pick_node(rig, prng), pick_node(rig, prng), type, bytes, n);
}

static void fuzz(struct rig *rig, uint64_t seed, unsigned packets)
{
	struct prng prng;

	prng_init(&prng, seed);
	for (unsigned i = 0; i < packets; i++) {
		say_something(rig, &prng);
		if (pick(&prng, 20) == 0)
			rig_run(rig, span_ms(prng_range(&prng, 1, 3000)));
		if (i % 500 == 0)
			rig_clear(rig);
	}
}

static void assert_still_works(struct rig *rig)
{
	uint8_t us;

	rig_configure(rig, LT0, SEED_HARD, 10, 10, ZONES("LocalTalk"));
	router_link_down(rig->r, rig->now, rig->link[LT0].port);
	rig_apply(rig);
	/* What came from the vectors ages away. */
	rig_run(rig, span_s(200));
	router_link_up(rig->r, rig->now, rig->link[LT0].port, &rig->link[LT0], rig->link[LT0].mac);
	rig_run(rig, span_s(6));
	rig_clear(rig);
	assert_true(port_is_up(rig->link[LT0].port));
	assert_int_equal(rig->r->routes.used, 3);
	assert_int_equal(rig->r->zones.used, 4);
	us = rig->link[LT0].port->addr.node;
	llap_say_short(rig, us, us == NODE_L ? 43 : NODE_L, 4, 253, DDP_AEP, "\x01Hi", 3);
	assert_non_null(rig_find(rig, LT0, DDP_AEP));
}

static void test_atalk_D37_a_localtalk_port_that_is_up_survives_mutated_packets(void **state)
{
	static const enum port_kind kinds[] = { PORT_LTOUDP, PORT_TASHTALK };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_localtalk_new();

		rig->ports[LT0].kind = kinds[i];
		rig_bring_up(rig);
		fuzz(rig, i + 1, 15000);
		assert_still_works(rig);
		rig_free(rig);
	}
}

static void test_atalk_D37_a_localtalk_port_that_learns_survives_mutated_packets(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct rig *rig = rig_localtalk_new();

		rig->ports[LT0].kind = seed % 2 ? PORT_LTOUDP : PORT_TASHTALK;
		if (seed % 3 == 0)
			rig_configure(rig, LT0, SEED_NONE, 0, 0, NULL);
		else
			rig_configure(rig, LT0, seed % 3 == 1 ? SEED_SOFT : SEED_HARD, 10, 10,
				ZONES("LocalTalk"));
		rig->seed = seed;
		rig_start(rig);
		fuzz(rig, seed, 500);
		assert_still_works(rig);
		rig_free(rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_atalk_D37_a_localtalk_port_that_is_up_survives_mutated_packets),
		cmocka_unit_test(
			test_atalk_D37_a_localtalk_port_that_learns_survives_mutated_packets),
	};

	return cmocka_run_group_tests_name("localtalk_fuzz", tests, NULL, NULL);
}
