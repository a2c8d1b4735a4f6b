/* base/prng.c: SipHash-2-4 by its authors' vectors, and what is made of it; base/meter.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "meter.h"
#include "prng.h"

static void test_the_hash_is_siphash(void **state)
{
	/* Key 00 01 .. 0f; messages of 0, 8 and 16 bytes 00 01 ..: the reference's vectors. */
	const uint64_t key[2] = { 0x0706050403020100u, 0x0F0E0D0C0B0A0908u };

	(void)state;
	assert_true(keyed_hash(key, key, 0) == 0x726FDB47DD0E0E31u);
	assert_true(keyed_hash(key, key, 1) == 0x93F5F5799A932462u);
	assert_true(keyed_hash(key, key, 2) == 0x3F2ACC7F57C29BDBu);
}

static void test_the_seed_decides_everything(void **state)
{
	struct prng a, b, c;
	unsigned same = 0;

	(void)state;
	prng_init(&a, 1);
	prng_init(&b, 1);
	prng_init(&c, 2);
	for (int i = 0; i < 1000; i++) {
		uint32_t x = prng_u32(&a);

		assert_int_equal(x, prng_u32(&b));
		same += x == prng_u32(&c);
	}
	assert_true(same < 3);
}

static void test_a_range_is_used_evenly_ends_included(void **state)
{
	unsigned seen[6] = { 0 };
	struct prng p;

	(void)state;
	prng_init(&p, 3);
	for (int i = 0; i < 6000; i++) {
		uint32_t x = prng_range(&p, 10, 15);

		assert_in_range(x, 10, 15);
		seen[x - 10]++;
	}
	for (int i = 0; i < 6; i++)
		assert_in_range(seen[i], 850, 1150);
	assert_int_equal(prng_range(&p, 7, 7), 7);
}

static void test_a_meter_allows_a_burst_and_then_a_rate(void **state)
{
	const struct meter_rate rate = { 3, { 1000 } };
	struct instant now = { 5000 };
	struct meter m;
	int n = 0;

	(void)state;
	meter_fill(&m, &rate, now);
	for (int i = 0; i < 5 && meter_allows(&m, &rate, now); i++)
		meter_spend(&m);
	assert_int_equal(m.left, 0);
	assert_false(meter_allows(&m, &rate, instant_add(now, span_us(999))));
	/* Parts of an interval are not lost. */
	for (int i = 0; i < 100; i++) {
		now = instant_add(now, span_us(150));
		if (!meter_allows(&m, &rate, now))
			continue;
		meter_spend(&m);
		n++;
	}
	assert_int_equal(n, 15);
	now = instant_add(now, span_s(1000));
	assert_true(meter_allows(&m, &rate, now));
	assert_int_equal(m.left, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_hash_is_siphash),
		cmocka_unit_test(test_the_seed_decides_everything),
		cmocka_unit_test(test_a_range_is_used_evenly_ends_included),
		cmocka_unit_test(test_a_meter_allows_a_burst_and_then_a_rate),
	};

	return cmocka_run_group_tests_name("prng", tests, NULL, NULL);
}
