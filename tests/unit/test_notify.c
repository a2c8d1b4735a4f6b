/* os/notify.c against a socket of ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "notify.h"

/* A datagram socket at the address, '@' for the abstract name space. */
static int listen_at(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	memcpy(a.sun_path, path, strlen(path));
	if (path[0] == '@')
		a.sun_path[0] = '\0';
	assert_int_equal(bind(fd, (struct sockaddr *)&a,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path))), 0);
	return fd;
}

static void hears(const char *path)
{
	int fd = listen_at(path);
	char got[64] = "";

	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(notify_send("READY=1\nSTATUS=ok"));
	assert_int_equal(recv(fd, got, sizeof got, 0), 17);
	assert_string_equal(got, "READY=1\nSTATUS=ok");
	close(fd);
}

static void test_both_kinds_of_sockets_hear(void **state)
{
	char path[64];

	(void)state;
	snprintf(path, sizeof path, "/tmp/aurpd-test-notify-%ld", (long)getpid());
	hears(path);
	unlink(path);
	snprintf(path, sizeof path, "@aurpd-test-notify-%ld", (long)getpid());
	hears(path);
}

static void test_without_a_listener_nobody_minds(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_false(notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
	assert_false(notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "relative", 1);
	assert_false(notify_send("READY=1"));
	setenv("NOTIFY_SOCKET", "", 1);
	assert_false(notify_send("READY=1"));
}

static void watchdog(const char *us, const char *pid, int64_t expected)
{
	if (us)
		setenv("WATCHDOG_USEC", us, 1);
	else
		unsetenv("WATCHDOG_USEC");
	if (pid)
		setenv("WATCHDOG_PID", pid, 1);
	else
		unsetenv("WATCHDOG_PID");
	assert_int_equal(notify_watchdog_interval().us, expected);
}

static void test_the_watchdog_is_fed_twice_in_its_time(void **state)
{
	char own[32];

	(void)state;
	snprintf(own, sizeof own, "%ld", (long)getpid());
	watchdog("30000000", NULL, 15000000);
	watchdog("30000000", own, 15000000);
	watchdog("30000000", "1", 0);
	watchdog(NULL, NULL, 0);
	watchdog("", NULL, 0);
	watchdog("soon", NULL, 0);
	watchdog("-5", NULL, 0);
}

static void test_the_journal_is_known_by_its_file(void **state)
{
	char stream[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_true(notify_stderr_is_journal());
	snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)st.st_dev,
		(unsigned long long)st.st_ino + 1);
	setenv("JOURNAL_STREAM", stream, 1);
	assert_false(notify_stderr_is_journal());
	unsetenv("JOURNAL_STREAM");
	assert_false(notify_stderr_is_journal());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_both_kinds_of_sockets_hear),
		cmocka_unit_test(test_without_a_listener_nobody_minds),
		cmocka_unit_test(test_the_watchdog_is_fed_twice_in_its_time),
		cmocka_unit_test(test_the_journal_is_known_by_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
