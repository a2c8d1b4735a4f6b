/*
 * Sends frames as fast as it is told, for the load tests: a file of frames
 * again and again, on an interface of the namespace it is started in.
 *
 *     flood DEVICE FILE RATE SECONDS
 *
 * The file is frame after frame, each with its length (two bytes, high byte
 * first) before it. In the end it prints how many frames it sent, and in how
 * many seconds; a machine that cannot send that many sends fewer.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 32, FRAMES_MAX = 1 << 16 };

struct frames {
	struct iovec v[FRAMES_MAX];
	size_t n, next;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void load(struct frames *f, const char *path)
{
	FILE *in = fopen(path, "rb");
	uint8_t head[2];

	if (!in)
		die(path);
	while (f->n < FRAMES_MAX && fread(head, 1, sizeof head, in) == sizeof head) {
		size_t len = (size_t)head[0] << 8 | head[1];
		uint8_t *bytes = malloc(len ? len : 1);

		if (!bytes || fread(bytes, 1, len, in) != len)
			die(path);
		f->v[f->n++] = (struct iovec){ bytes, len };
	}
	fclose(in);
	if (f->n == 0) {
		fprintf(stderr, "%s: no frames\n", path);
		exit(1);
	}
}

static int open_device(const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET,
		.sll_ifindex = (int)if_nametoindex(name) };
	const int size = 4 << 20;
	int fd = socket(AF_PACKET, SOCK_RAW, 0);

	if (fd < 0 || to.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&to, sizeof to) < 0)
		die(name);
	setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
	return fd;
}

/* Sends up to BATCH frames; how many the kernel took. */
static unsigned send_some(int fd, struct frames *f, unsigned wanted)
{
	struct mmsghdr msg[BATCH] = { 0 };
	unsigned n = wanted < BATCH ? wanted : BATCH;
	int sent;

	for (unsigned i = 0; i < n; i++) {
		msg[i].msg_hdr.msg_iov = &f->v[(f->next + i) % f->n];
		msg[i].msg_hdr.msg_iovlen = 1;
	}
	sent = sendmmsg(fd, msg, n, 0);
	if (sent < 0 && errno != ENOBUFS && errno != EINTR && errno != EAGAIN)
		die("sendmmsg");
	if (sent < 0)
		return 0;
	f->next = (f->next + (unsigned)sent) % f->n;
	return (unsigned)sent;
}

int main(int argc, char **argv)
{
	static struct frames frames;
	const struct timespec nap = { 0, 200000 };
	unsigned long sent = 0;
	double rate, seconds, began, t;
	int fd;

	if (argc != 5) {
		fprintf(stderr, "usage: flood DEVICE FILE RATE SECONDS\n");
		return 64;
	}
	fd = open_device(argv[1]);
	load(&frames, argv[2]);
	rate = atof(argv[3]);
	seconds = atof(argv[4]);
	began = now();
	while ((t = now() - began) < seconds) {
		unsigned long due = (unsigned long)(t * rate);

		if (due > sent)
			sent += send_some(fd, &frames, (unsigned)(due - sent));
		else
			nanosleep(&nap, NULL);
	}
	printf("%lu %.6f\n", sent, now() - began);
	return 0;
}
