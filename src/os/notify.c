/*
 * The notification protocol of systemd, spoken without its library: datagrams
 * to a Unix socket. app.c and control.c in the daemon use it. Our socket stays
 * open, so that the watchdog is fed even when the process has no descriptors
 * left.
 */
#include "notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

bool notify_send(const char *message)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t n = path ? strlen(path) : 0;
	static int fd = -1;

	if (n < 2 || n >= sizeof to.sun_path || (path[0] != '/' && path[0] != '@'))
		return false;
	memcpy(to.sun_path, path, n);
	if (path[0] == '@')			/* the abstract name space */
		to.sun_path[0] = '\0';
	if (fd < 0)
		fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return fd >= 0 &&
		sendto(fd, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
			(struct sockaddr *)&to,
			(socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) >= 0;
}

static bool read_number(const char *name, long long *out)
{
	const char *text = getenv(name);
	char *end;

	if (!text || !*text)
		return false;
	errno = 0;
	*out = strtoll(text, &end, 10);
	return errno == 0 && !*end && *out > 0;
}

struct span notify_watchdog_interval(void)
{
	long long us, pid;

	if (!read_number("WATCHDOG_USEC", &us))
		return span_us(0);
	if (read_number("WATCHDOG_PID", &pid) && pid != getpid())
		return span_us(0);
	return span_us(us / 2);
}

bool notify_stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;
	char *end;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	device = strtoull(stream, &end, 10);
	if (*end != ':')
		return false;
	inode = strtoull(end + 1, &end, 10);
	return !*end && st.st_dev == device && st.st_ino == inode;
}
