/*
 * A tap device that we create (or find, made for our user) as a link: our end
 * of a cable whose other end is the host's interface. daemon/links.c makes it.
 * Frames go one by one here, as the kernel has no batches for taps.
 */
#include "link.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "at_filter.h"
#include "clock.h"
#include "link_state.h"
#include "xmem.h"

enum {
	FRAME_MIN = 60,
	FRAME_MAX = 1514,
	RETRY_S = 5,
};

struct tap {
	struct link link;
	struct link_state state;
	char device[CONFIG_DEVICE_MAX + 1];
	struct mac mac;			/* of our end */
	int fd;				/* -1: closed */
	struct event *readable;
	struct event *retry;
	struct loop *loop;
	struct losses losses;
	struct pkt_buf in;
};

static struct tap *tap_of(struct link *k)
{
	return (struct tap *)k;		/* its first member */
}

static void close_tap(struct tap *t)
{
	if (t->readable)
		event_free(t->readable);
	if (t->fd >= 0)
		close(t->fd);
	t->readable = NULL;
	t->fd = -1;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tap *t = arg;
	struct instant now = clock_now();

	(void)what;
	for (int i = 0; i < BATCH_MAX; i++) {
		struct pkt *p = pkt_buf_init(&t->in);
		ssize_t n = read(fd, p->data, pkt_tailroom(p));

		if (n <= 0)
			return;
		p->len = (size_t)n;
		t->state.hooks.received(t->state.hooks.ctx, now, p);
	}
}

/* The host's end must be up for frames to pass; we may raise it if we may create it. */
static bool raise_interface(const char *device)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	memcpy(r.ifr_name, device, strlen(device));
	if (ioctl(fd, SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_UP)) {
		r.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &r);
	}
	close(fd);
	return true;
}

static bool attach(struct tap *t)
{
	struct sock_filter code[AT_FILTER_LENGTH];
	struct sock_fprog filter = at_filter(t->mac, code);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	memcpy(r.ifr_name, t->device, strlen(t->device));
	if (ioctl(t->fd, TUNSETIFF, &r) < 0 || ioctl(t->fd, TUNATTACHFILTER, &filter) < 0)
		return false;
	if (!raise_interface(t->device))
		return false;
	t->readable = event_new(loop_base(t->loop), t->fd, EV_READ | EV_PERSIST, on_readable, t);
	return t->readable && event_add(t->readable, NULL) == 0;
}

/* TROUBLE_NONE when the tap is open; otherwise errno says why not. */
static enum link_trouble open_tap(struct tap *t)
{
	int error;

	t->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (t->fd >= 0 && attach(t))
		return TROUBLE_NONE;
	error = errno;
	close_tap(t);
	errno = error;
	return error == EPERM || error == EACCES ? TROUBLE_DENIED : TROUBLE_FAILED;
}

/* Open, but is the host's end there and up? */
static enum link_trouble judge(const struct tap *t)
{
	struct ifinfo info;

	if (!ifwatch_query(t->device, &info))
		return errno == ENODEV ? TROUBLE_ABSENT : TROUBLE_UNKNOWN;
	return info.flags & IFF_UP ? TROUBLE_NONE : TROUBLE_DOWN;
}

static void check(struct link *k)
{
	const struct timeval later = { RETRY_S, 0 };
	struct tap *t = tap_of(k);
	const bool was_up = t->state.trouble == TROUBLE_NONE;
	enum link_trouble trouble = TROUBLE_NONE;
	int error = 0;

	if (t->fd >= 0 && judge(t) == TROUBLE_ABSENT)
		close_tap(t);
	if (t->fd < 0) {
		trouble = open_tap(t);
		error = errno;
		if (trouble == TROUBLE_FAILED)
			event_add(t->retry, &later);
	}
	if (trouble == TROUBLE_NONE)
		trouble = judge(t);
	if (trouble == TROUBLE_UNKNOWN) {	/* nothing is known: nothing is done */
		event_add(t->retry, &later);
		return;
	}
	link_enter(&t->state, trouble, NULL, error);
	if (was_up && trouble != TROUBLE_NONE)
		t->state.hooks.down(t->state.hooks.ctx, clock_now());
	else if (!was_up && trouble == TROUBLE_NONE)
		t->state.hooks.up(t->state.hooks.ctx, clock_now(), t->mac);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check(arg);
}

static bool is_denied(const struct link *k)
{
	return ((const struct tap *)k)->state.trouble == TROUBLE_DENIED;
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	struct tap *t = tap_of(k);
	uint8_t bytes[FRAME_MAX] = { 0 };

	if (t->fd < 0)
		return;
	if (frame->len > sizeof bytes) {
		t->losses.refused++;
		t->losses.error = EMSGSIZE;
		return;
	}
	memcpy(bytes, frame->data, frame->len);
	if (write(t->fd, bytes, frame->len < FRAME_MIN ? FRAME_MIN : frame->len) >= 0)
		return;
	if (errno == EAGAIN || errno == ENOBUFS) {
		t->losses.no_buffer++;
	} else {
		t->losses.refused++;
		t->losses.error = errno;
	}
}

static void flush(struct link *k)
{
	(void)k;
}

static struct losses losses(const struct link *k)
{
	return ((const struct tap *)k)->losses;
}

static void close_link(struct link *k)
{
	struct tap *t = tap_of(k);

	close_tap(t);
	event_free(t->retry);
	free(t);
}

/* A locally administered address (IEEE 802: 02 in the first byte). */
static struct mac random_mac(void)
{
	uint64_t chance = clock_seed();
	struct mac m;

	memcpy(m.byte, &chance, sizeof m.byte);
	m.byte[0] = (uint8_t)((m.byte[0] & 0xFC) | 2);
	return m;
}

struct link *tap_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	static const struct link_ops ops = {
		.check = check,
		.is_denied = is_denied,
		.send = send_frame,
		.flush = flush,
		.losses = losses,
		.close = close_link,
	};
	struct tap *t = xmem_new(1, sizeof *t);

	(void)rb;
	t->link.ops = &ops;
	memcpy(t->device, config->device, sizeof t->device);
	t->state = (struct link_state){ t->device, TROUBLE_UNKNOWN, *hooks };
	t->mac = config->has_hardware_address ? config->hardware_address : random_mac();
	t->fd = -1;
	t->loop = l;
	t->retry = evtimer_new(loop_base(l), on_retry, t);
	if (!t->retry)
		abort();
	return &t->link;
}
