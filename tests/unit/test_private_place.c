/* daemon/private_place.c: where a dump in a private /tmp is for everybody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "private_place.h"

static const char service[] =
	"500 499 8:1 / / ro,relatime master:1 - ext4 /dev/sda1 rw\n"
	"501 500 0:22 / /run rw - tmpfs tmpfs rw\n"
	"502 500 8:1 /tmp/systemd-private-0a-aurpd.service-Xy/tmp /tmp rw - ext4 /dev/sda1 rw\n"
	"503 500 0:31 /systemd-private-0a-aurpd.service-Zz/tmp /var/tmp rw - tmpfs tmpfs rw\n";

static bool ask(const char *mounts, const char *path, char out[PRIVATE_PLACE_MAX])
{
	char text[2048];
	FILE *in;
	bool is_private;

	snprintf(text, sizeof text, "%s", mounts);
	in = fmemopen(text, strlen(text), "r");
	is_private = private_place(in, path, out);
	fclose(in);
	return is_private;
}

static void test_a_file_in_a_private_tmp_is_elsewhere_for_others(void **state)
{
	char out[PRIVATE_PLACE_MAX];

	(void)state;
	assert_true(ask(service, "/tmp/dump", out));
	assert_string_equal(out, "/tmp/systemd-private-0a-aurpd.service-Xy/tmp/dump");
	assert_true(ask(service, "/var/tmp/a/dump", out));
	assert_string_equal(out, "/var/tmp/systemd-private-0a-aurpd.service-Zz/tmp/a/dump");
}

static void test_other_places_are_what_they_are_called(void **state)
{
	static const char *const places[] = {
		"/run/aurpd/dump", "/tmpdump", "/var/lib/tmp/d", "/"
	};
	static const char plain[] = "25 1 0:22 / /tmp rw - tmpfs tmpfs rw\nnonsense\n";
	char out[PRIVATE_PLACE_MAX], over[1200];

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		assert_false(ask(service, places[i], out));
	assert_false(ask(plain, "/tmp/dump", out));
	snprintf(over, sizeof over, "%s%s", service, plain);	/* mounted over it later */
	assert_false(ask(over, "/tmp/dump", out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_file_in_a_private_tmp_is_elsewhere_for_others),
		cmocka_unit_test(test_other_places_are_what_they_are_called),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
