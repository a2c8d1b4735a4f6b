/* aurpd/pause.h: what goes on and on is said at once, then ever more rarely. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurpd/pause.h"

static struct instant at(int64_t s)
{
	return instant_add((struct instant){ 5000000 }, span_s(s));
}

static void test_pauses_double_from_ten_minutes_to_a_day(void **state)
{
	static const int minutes[] = { 0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3990, 5430 };
	struct pause p = { 0 };
	size_t n = 0;

	(void)state;
	for (int64_t s = 0; s < 5500 * 60; s++) {
		bool is_due = n < 11 && s == minutes[n] * 60LL;

		assert_int_equal(pause_is_old(&p, at(s)) || pause_is_over(&p, at(s)), is_due);
		assert_int_equal(pause_pass(&p, at(s)), is_due);
		n += is_due;
	}
	assert_int_equal(n, 11);
}

static void test_a_year_of_trouble_is_a_line_a_day(void **state)
{
	struct pause p = { 0 };
	int said = 0;

	(void)state;
	for (int64_t minute = 0; minute < 365 * 1440; minute++)
		said += pause_pass(&p, at(60 * minute));
	assert_in_range(said, 365, 375);
}

static void test_after_two_quiet_days_a_trouble_is_another_one(void **state)
{
	const int64_t days = 2 * 86400;
	struct pause p = { 0 };

	(void)state;
	assert_true(pause_pass(&p, at(0)));
	assert_true(pause_pass(&p, at(600)));
	assert_true(pause_pass(&p, at(600 + days)));	/* the same: twenty, then forty minutes */
	assert_false(pause_pass(&p, at(600 + days + 2399)));
	assert_true(pause_pass(&p, at(600 + days + 2400)));
	assert_true(pause_pass(&p, at(600 + days + 2400 + days + 1)));
	assert_false(pause_pass(&p, at(600 + days + 2400 + days + 600)));
	assert_true(pause_pass(&p, at(600 + days + 2400 + days + 601)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pauses_double_from_ten_minutes_to_a_day),
		cmocka_unit_test(test_a_year_of_trouble_is_a_line_a_day),
		cmocka_unit_test(test_after_two_quiet_days_a_trouble_is_another_one),
	};

	return cmocka_run_group_tests_name("pause", tests, NULL, NULL);
}
