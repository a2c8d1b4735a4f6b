/* core/aurp_rto.c and aurp_seq.h: round trips, back-off, and the ring of sequence numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rto.h"
#include "aurp_seq.h"

static int64_t timeout_ms(const struct aurp_rto *rto, unsigned int repeats)
{
	return span_to_ms(aurp_rto_timeout(rto, repeats));
}

static void test_starts_at_three_seconds_and_doubles_up_to_thirty(void **state)
{
	struct aurp_rto rto;

	(void)state;
	aurp_rto_init(&rto);
	assert_int_equal(timeout_ms(&rto, 0), 3000);
	assert_int_equal(timeout_ms(&rto, 1), 6000);
	assert_int_equal(timeout_ms(&rto, 3), 24000);
	assert_int_equal(timeout_ms(&rto, 4), 30000);
	assert_int_equal(timeout_ms(&rto, 4000000000u), 30000);
}

static void test_aurp_S18_timeout_follows_mean_and_deviation(void **state)
{
	struct aurp_rto near, far;

	(void)state;
	aurp_rto_init(&near);
	aurp_rto_init(&far);
	for (int i = 0; i < 8; i++) {
		aurp_rto_sample(&near, span_ms(20));
		aurp_rto_sample(&far, span_ms(2000));
	}
	/* Never below a second, however near; a steady trip leaves little beside the mean. */
	assert_int_equal(timeout_ms(&near, 0), 1000);
	assert_in_range(timeout_ms(&far, 0), 2000, 2100);
	/* An unsteady one with the same mean waits longer. */
	for (int i = 0; i < 8; i++)
		aurp_rto_sample(&far, span_ms(i % 2 ? 3000 : 1000));
	assert_true(timeout_ms(&far, 0) > 4000);
}

static void test_aurp_S19_three_samples_reach_a_new_round_trip(void **state)
{
	struct aurp_rto rto;

	(void)state;
	aurp_rto_init(&rto);
	for (int i = 0; i < 20; i++)
		aurp_rto_sample(&rto, span_ms(100));
	for (int i = 0; i < 3; i++)
		aurp_rto_sample(&rto, span_ms(4000));
	/* TCP's gain of 1/8 would stand at 1387 ms. */
	assert_true(span_to_ms(rto.mean) > 3500);
	assert_true(timeout_ms(&rto, 0) > 4000);
	assert_true(timeout_ms(&rto, 0) <= 30000);
}

static void test_aurp_S2_one_follows_65535_and_zero_is_never_in_sequence(void **state)
{
	(void)state;
	assert_int_equal(seq_next(1), 2);
	assert_int_equal(seq_next(65534), 65535);
	assert_int_equal(seq_next(65535), 1);
	assert_int_equal(seq_before(1), 65535);
	assert_int_equal(seq_before(2), 1);
	assert_int_equal(seq_place(1, 65535), SEQ_DUPLICATE);
	assert_int_equal(seq_place(65535, 1), SEQ_LOST);
	assert_int_equal(seq_place(65535, 65535), SEQ_EXPECTED);
	assert_int_equal(seq_place(1, 0), SEQ_STRANGE);
	assert_int_equal(seq_place(65535, 0), SEQ_STRANGE);
	assert_int_equal(seq_place(7, 9), SEQ_STRANGE);
	assert_int_equal(seq_place(7, 5), SEQ_STRANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_at_three_seconds_and_doubles_up_to_thirty),
		cmocka_unit_test(test_aurp_S18_timeout_follows_mean_and_deviation),
		cmocka_unit_test(test_aurp_S19_three_samples_reach_a_new_round_trip),
		cmocka_unit_test(test_aurp_S2_one_follows_65535_and_zero_is_never_in_sequence),
	};

	return cmocka_run_group_tests_name("aurp_rto", tests, NULL, NULL);
}
