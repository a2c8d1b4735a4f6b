/* Ports in every state under bytes that nobody should send: nothing breaks, and work goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ethertalk.h"
#include "rig.h"

/* Whole frames to start from; the mutations find the rest. */
static const char *const seeds[] = {
	"V-E1", "V-E2", "V-E3", "V-E4", "V-R1F", "V-Z4F", "V-Z5F", "V-Z6F", "V-N3F",
};

/* DDP data to start from, with its type and socket. */
static const struct {
	const char *name;
	uint8_t type, socket;
} bodies[] = {
	{ "V-R1", 1, 1 }, { "V-R3", 1, 1 }, { "V-R8", 1, 1 }, { "V-Z1", 6, 6 }, { "V-Z2", 6, 6 },
	{ "V-Z3", 6, 6 }, { "V-Z5", 6, 6 }, { "V-Z6", 6, 6 }, { "V-Z8", 6, 6 }, { "V-Z11", 3, 6 },
	{ "V-Z17", 3, 6 }, { "V-N1", 2, 2 }, { "V-N2", 2, 2 }, { "V-N4", 2, 2 }, { "V-A1", 4, 4 },
};

static void mutate(struct prng *prng, struct vector *v)
{
	for (uint32_t n = prng_range(prng, 0, 3); n > 0; n--)
		v->byte[prng_range(prng, 0, (uint32_t)v->len - 1)] = (uint8_t)prng_u32(prng);
	if (prng_range(prng, 0, 9) == 0)
		v->len = prng_range(prng, 0, (uint32_t)v->len);
}

static void say_something(struct rig *rig, struct prng *prng, unsigned link)
{
	struct station s = prng_range(prng, 0, 1) ? station_p(rig) : station_a(rig);
	struct at_sockaddr dst = { 0, 255, 0 };
	struct vector v;
	size_t i;

	s.link = link;
	if (prng_range(prng, 0, 1)) {
		v = vector_load(seeds[prng_range(prng, 0, sizeof(seeds) / sizeof(*seeds) - 1)]);
		mutate(prng, &v);
		rig_inject(rig, link, v.byte, v.len);
		return;
	}
	i = prng_range(prng, 0, sizeof(bodies) / sizeof(*bodies) - 1);
	v = vector_load(bodies[i].name);
	mutate(prng, &v);
	if (prng_range(prng, 0, 1) && rig->link[link].port->addr.node)
		dst = rig_socket(rig, link, 0);
	dst.socket = bodies[i].socket;
	station_send(&s, dst, dst.socket, bodies[i].type, v.byte, v.len);
}

static void fuzz(struct rig *rig, uint64_t seed, unsigned packets)
{
	struct prng prng;

	prng_init(&prng, seed);
	for (unsigned i = 0; i < packets; i++) {
		say_something(rig, &prng, i % 2);
		if (prng_range(&prng, 0, 19) == 0)
			rig_run(rig, span_ms(prng_range(&prng, 1, 3000)));
		if (i % 500 == 0)
			rig_clear(rig);
	}
}

static void assert_still_works(struct rig *rig)
{
	const struct station b = station_b(rig);

	rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("EtherTalk", "Caf\x8E"));
	rig_configure(rig, 1, SEED_HARD, 6, 6, ZONES("Lab"));
	for (unsigned i = 0; i < 2; i++) {
		router_link_down(rig->r, rig->now, rig->link[i].port);
		rig->link[i].n_groups = 0;
	}
	rig_apply(rig);
	rig_run(rig, span_s(200));
	for (unsigned i = 0; i < 2; i++)
		router_link_up(
			rig->r, rig->now, rig->link[i].port, &rig->link[i], rig->link[i].mac);
	rig_run(rig, span_s(6));
	rig_clear(rig);
	/* What came from the vectors has aged away. */
	assert_int_equal(rig->r->routes.used, 2);
	assert_int_equal(rig->r->zones.used, 3);
	station_send(&b, rig_socket(rig, 1, 4), 253, DDP_AEP, "\x01Hi", 3);
	assert_non_null(rig_find(rig, 1, DDP_AEP));
}

static void test_atalk_D37_ports_that_are_up_survive_mutated_packets(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	fuzz(rig, 1, 30000);
	assert_still_works(rig);
	rig_free(rig);
}

static void test_atalk_D37_ports_that_learn_survive_mutated_packets(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct rig *rig = rig_new();

		rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
		rig_configure(rig, 1, seed % 2 ? SEED_SOFT : SEED_HARD, 6, 6, ZONES("Lab"));
		rig->seed = seed;
		rig_start(rig);
		fuzz(rig, seed, 500);
		assert_still_works(rig);
		rig_free(rig);
	}
}

static void test_the_same_seed_and_input_give_the_same_output(void **state)
{
	size_t heard[2];
	uint8_t last[2][60];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rig *rig = rig_new();

		rig->ports[0].address = (struct at_addr){ 0, 0 };
		rig->seed = 77;
		rig_start(rig);
		fuzz(rig, 5, 499);
		heard[i] = rig->n_heard;
		assert_true(heard[i] > 10);
		memcpy(last[i], rig->heard[heard[i] - 1]->raw, 60);
		rig_free(rig);
	}
	assert_int_equal(heard[0], heard[1]);
	assert_memory_equal(last[0], last[1], 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_D37_ports_that_are_up_survive_mutated_packets),
		cmocka_unit_test(test_atalk_D37_ports_that_learn_survive_mutated_packets),
		cmocka_unit_test(test_the_same_seed_and_input_give_the_same_output),
	};

	return cmocka_run_group_tests_name("port_fuzz", tests, NULL, NULL);
}
