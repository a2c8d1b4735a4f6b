/* core/trace.c: every reason and event has a name of its own, which the dump and the log show. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurpd/trace.h"

/* As in a dump: words of small letters and digits with hyphens between. */
static void assert_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";

	assert_int_equal(strspn(name, letters), strlen(name));
	assert_in_range(strlen(name), 3, 40);
}

static void test_every_drop_reason_has_a_name_and_a_meaning_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < DROP_REASONS; i++) {
		assert_name(drop_name((enum drop_reason)i));
		assert_in_range(strlen(drop_meaning((enum drop_reason)i)), 10, 100);
		for (int k = 0; k < i; k++) {
			assert_string_not_equal(drop_name((enum drop_reason)i),
				drop_name((enum drop_reason)k));
			assert_string_not_equal(drop_meaning((enum drop_reason)i),
				drop_meaning((enum drop_reason)k));
		}
	}
	assert_string_equal(drop_name(DROP_DDP_NO_ROUTE), "ddp-no-route");
}

static void test_every_event_has_a_name_and_a_level(void **state)
{
	(void)state;
	for (int i = 0; i < TRACE_KINDS; i++) {
		assert_name(trace_name((enum trace_kind)i));
		assert_true(trace_level((enum trace_kind)i) <= LOG_LEVEL_DEBUG);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(trace_name((enum trace_kind)i),
				trace_name((enum trace_kind)k));
	}
	assert_string_equal(trace_name(TRACE_PEER_UP), "peer-up");
	assert_int_equal(trace_level(TRACE_PEER_UP), LOG_LEVEL_INFO);
	assert_int_equal(trace_level(TRACE_DROPPED), LOG_LEVEL_DEBUG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_drop_reason_has_a_name_and_a_meaning_of_its_own),
		cmocka_unit_test(test_every_event_has_a_name_and_a_level),
	};

	return cmocka_run_group_tests_name("trace", tests, NULL, NULL);
}
