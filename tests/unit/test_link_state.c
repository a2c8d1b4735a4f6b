/*
 * os/link_state.c and the kernel's AppleTalk list of os/ifwatch.c: what is said about an interface,
 * and once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "link_state.h"

static char said[4][400];
static size_t n_said;

static void say(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	assert_true(n_said < 4);
	snprintf(said[n_said++], sizeof said[0], "%s", text);
}

static struct link_state state_of(const char *device)
{
	n_said = 0;
	return (struct link_state){ .device = device, .hooks = { .say = say } };
}

static void test_atalk_Q19_a_wireless_interface_is_remarked_upon(void **state)
{
	struct link_state s = state_of("wlan0");

	(void)state;
	link_warn(&s, &(struct ifinfo){ .is_wireless = true });
	assert_int_equal(n_said, 1);
	assert_non_null(strstr(said[0], "wlan0 is a wireless interface"));
	link_warn(&s, &(struct ifinfo){ 0 });
	assert_int_equal(n_said, 1);
}

static void test_atalk_Q22_the_kernels_own_appletalk_is_remarked_upon(void **state)
{
	static char list[] = "Interface        Address   Networks  Status\n"
			     "eth0             0064:80   0064-0065 0\n";
	struct link_state s = state_of("eth0");
	FILE *f = fmemopen(list, sizeof list - 1, "r");

	(void)state;
	assert_true(atalk_list_has(f, "eth0"));
	rewind(f);
	assert_false(atalk_list_has(f, "eth1"));
	fclose(f);
	link_warn(&s, &(struct ifinfo){ .has_kernel_appletalk = true });
	assert_int_equal(n_said, 1);
	assert_non_null(strstr(said[0], "hardware-address of its own"));
}

static void test_a_trouble_is_said_once_until_it_changes(void **state)
{
	struct link_state s = state_of("eth7");
	struct ifinfo member = { .master = "br0", .master_kind = "bridge" };

	(void)state;
	link_enter(&s, TROUBLE_ABSENT, NULL, 0);
	link_enter(&s, TROUBLE_ABSENT, NULL, 0);
	assert_int_equal(n_said, 1);
	link_enter(&s, TROUBLE_MEMBER, &member, 0);
	assert_int_equal(n_said, 2);
	assert_non_null(strstr(said[1], "write device = br0"));
	link_enter(&s, TROUBLE_NONE, &member, 0);
	link_enter(&s, TROUBLE_ABSENT, NULL, 0);
	assert_int_equal(n_said, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_Q19_a_wireless_interface_is_remarked_upon),
		cmocka_unit_test(test_atalk_Q22_the_kernels_own_appletalk_is_remarked_upon),
		cmocka_unit_test(test_a_trouble_is_said_once_until_it_changes),
	};

	return cmocka_run_group_tests_name("link_state", tests, NULL, NULL);
}
