/* os/own_addresses.c: which addresses this machine has, and on which interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "own_addresses.h"

static void test_localhost_is_ours_on_its_interface_alone(void **state)
{
	struct own_addresses own = { 0 };

	(void)state;
	assert_false(own_addresses_has(&own, 0x7F000001, ""));
	own_addresses_read(&own);
	assert_true(own_addresses_has(&own, 0x7F000001, ""));
	assert_true(own_addresses_has(&own, 0x7F000001, "lo"));
	assert_false(own_addresses_has(&own, 0x7F000001, "nowhere0"));
	assert_false(own_addresses_has(&own, 0xC0000201, ""));
	own_addresses_fini(&own);
}

static void test_they_are_read_anew_not_added(void **state)
{
	struct own_addresses own = { 0 };
	size_t n;

	(void)state;
	own_addresses_read(&own);
	n = own.n;
	own_addresses_read(&own);
	assert_int_equal(own.n, n);
	own_addresses_fini(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_localhost_is_ours_on_its_interface_alone),
		cmocka_unit_test(test_they_are_read_anew_not_added),
	};

	return cmocka_run_group_tests_name("own_addresses", tests, NULL, NULL);
}
