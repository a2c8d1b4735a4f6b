/*
 * A LocalTalk bus behind a TashTalk adapter on a serial device as a link: LLAP
 * packets with FCS. daemon/links.c makes it. The adapter is initialised when
 * its device opens, and answers ENQ and RTS for our node once link_set_node()
 * has named it. A device that goes is waited for with growing patience. Neither
 * a stream of garbage nor an adapter that takes no bytes holds up the loop: one
 * read a turn, one bounded queue. Conformance L20-L24, L27, L29, L31.
 */
#include "link.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "tashtalk_frame.h"
#include "xmem.h"

enum {
	READ_MAX = 4096,		/* bytes a turn */
	/* Half a second of a LocalTalk bus: more would only make what waits stale. */
	QUEUE_SIZE = 16 << 10,
	NODES_RESERVE = 4 * TASHTALK_NODES,	/* of the queue: not for frames */
	WAIT_FIRST_S = 1,
	WAIT_MOST_S = 30,
	LAST_WORD_TURNS = 10,		/* of 5 ms, to tell the adapter that we go */
	LASTED_S = 30,			/* a device that was open this long was a good one */
	SENTENCE_MAX = CONFIG_PATH_MAX + 240,
};

struct tashtalk {
	struct link link;
	struct link_hooks hooks;
	char device[CONFIG_PATH_MAX + 1];
	int fd;				/* -1: closed */
	struct event *readable, *writable;
	struct event *retry;
	struct loop *loop;
	int said;			/* the errno we complained of last; 0: none */
	const char *broken;		/* why it is to be closed; NULL: it works */
	struct instant opened;
	int wait_s;			/* before the next attempt */
	struct losses losses;
	struct tashtalk_rx rx;
	uint8_t queue[QUEUE_SIZE];
	size_t begin, end;		/* what is still to be written */
};

static const char gone[] = "is gone (unplugged?)";

static struct tashtalk *tashtalk_of(struct link *k)
{
	return (struct tashtalk *)k;	/* its first member */
}

/* --- what a person is told --------------------------------------------------------------- */

static const char *remedy(int error)
{
	switch (error) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return "waiting for it (see: ls -l /dev/serial/by-id); the service needs the "
		       "drop-in aurpd-tashtalk.conf to see it";
	case EACCES:
	case EPERM:
		return "aurpd's user must be in the group of the device (dialout): see the "
		       "drop-in aurpd-tashtalk.conf; trying again";
	case ENOTTY:
		return "this is not a serial device; trying again";
	case EBUSY:
		return "another program uses it (see: fuser -v, with its name); trying again";
	case EINVAL:
		return "it cannot run at 1,000,000 bit/s; use another serial adapter";
	default:
		return "trying again";
	}
}

/* Each trouble once. */
static void complain(struct tashtalk *t, int error)
{
	char text[SENTENCE_MAX];

	if (error == t->said)
		return;
	t->said = error;
	snprintf(text, sizeof text, "%s cannot be opened: %s; %s", t->device, strerror(error),
		remedy(error));
	t->hooks.say(t->hooks.ctx, LOG_LEVEL_ERROR, text);
}

static void say_lost(struct tashtalk *t, const char *why)
{
	char text[SENTENCE_MAX];

	snprintf(text, sizeof text, "%s %s; opening it again as soon as it is there", t->device,
		why);
	t->hooks.say(t->hooks.ctx, LOG_LEVEL_WARNING, text);
	t->said = ENOENT;
}

/* --- the device -------------------------------------------------------------------------- */

/*
 * Without this, close() waits up to 30 s for an adapter that has stopped us by
 * RTS/CTS. What is still on its way gets `turns` of 5 ms, then it is discarded.
 */
static void empty_line(int fd, int turns)
{
	int waiting;

	for (; ioctl(fd, TIOCOUTQ, &waiting) == 0 && waiting > 0; turns--) {
		if (turns == 0) {
			tcflush(fd, TCOFLUSH);
			return;
		}
		poll(NULL, 0, 5);
	}
}

static void close_device(struct tashtalk *t)
{
	if (t->readable)
		event_free(t->readable);
	if (t->writable)
		event_free(t->writable);
	if (t->fd >= 0) {
		empty_line(t->fd, 0);
		close(t->fd);
	}
	t->readable = t->writable = NULL;
	t->fd = -1;
	t->broken = NULL;
	t->begin = t->end = 0;
	t->rx = (struct tashtalk_rx){ 0 };
}

static void try_later(struct tashtalk *t)
{
	const struct timeval wait = { t->wait_s, 0 };

	event_add(t->retry, &wait);
	t->wait_s = 2 * t->wait_s < WAIT_MOST_S ? 2 * t->wait_s : WAIT_MOST_S;
}

/* The open device does not work any longer. */
static void lose(struct tashtalk *t, const char *why)
{
	const struct instant now = clock_now();

	if (instant_cmp(now, instant_add(t->opened, span_s(LASTED_S))) >= 0)
		t->wait_s = WAIT_FIRST_S;
	close_device(t);
	say_lost(t, why);
	try_later(t);
	t->hooks.down(t->hooks.ctx, now);
}

/* 1,000,000 bit/s, 8N1, RTS/CTS, nothing interpreted (L20); false and errno. */
static bool configure(struct tashtalk *t)
{
	struct termios wanted, got;

	if (tcgetattr(t->fd, &wanted) < 0)
		return false;
	cfmakeraw(&wanted);
	wanted.c_iflag = IGNBRK;
	wanted.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB);
	wanted.c_cflag |= CS8 | CREAD | CLOCAL | CRTSCTS;
	wanted.c_cc[VMIN] = 1;
	wanted.c_cc[VTIME] = 0;
	if (cfsetspeed(&wanted, B1000000) < 0 || tcsetattr(t->fd, TCSANOW, &wanted) < 0 ||
		tcgetattr(t->fd, &got) < 0)
		return false;
	/* tcsetattr() is content when it could do anything at all. */
	if (cfgetospeed(&got) != B1000000) {
		errno = EINVAL;
		return false;
	}
	if (!(got.c_cflag & CRTSCTS))
		t->hooks.say(t->hooks.ctx, LOG_LEVEL_WARNING,
			"the serial adapter has no hardware flow control (RTS/CTS); TashTalk "
			"needs it, frames will be lost");
	tcflush(t->fd, TCIOFLUSH);
	return ioctl(t->fd, TIOCEXCL) == 0;
}

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_writable(evutil_socket_t fd, short what, void *arg);

static bool open_device(struct tashtalk *t)
{
	int error;

	t->fd = open(t->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->fd >= 0 && configure(t)) {
		t->readable = event_new(
			loop_base(t->loop), t->fd, EV_READ | EV_PERSIST, on_readable, t);
		t->writable = event_new(loop_base(t->loop), t->fd, EV_WRITE, on_writable, t);
	}
	if (t->readable && t->writable && event_add(t->readable, NULL) == 0)
		return true;
	error = errno;
	close_device(t);
	errno = error;
	return false;
}

static void check(struct link *k)
{
	static const struct mac none;
	struct tashtalk *t = tashtalk_of(k);

	if (t->fd >= 0 || event_pending(t->retry, EV_TIMEOUT, NULL))
		return;
	if (!open_device(t)) {
		complain(t, errno);
		try_later(t);
		return;
	}
	t->said = 0;
	t->opened = clock_now();
	tashtalk_init(t->queue);
	t->end = TASHTALK_INIT;
	t->hooks.up(t->hooks.ctx, t->opened, none);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct tashtalk *t = arg;

	(void)fd;
	(void)what;
	if (t->broken)
		lose(t, t->broken);
	else
		check(&t->link);
}

/* Its device may get its owner a moment after it appears: a refusal is no reason to end. */
static bool is_denied(const struct link *k)
{
	(void)k;
	return false;
}

/* --- from the adapter -------------------------------------------------------------------- */

static void take_byte(struct tashtalk *t, struct instant now, uint8_t byte)
{
	static const enum drop_reason reasons[] = {
		[TASHTALK_BAD_FRAMING] = DROP_TASHTALK_BAD_FRAMING,
		[TASHTALK_ABORTED] = DROP_TASHTALK_ABORTED,
		[TASHTALK_BAD_FCS] = DROP_TASHTALK_BAD_FCS,
		[TASHTALK_GARBLED] = DROP_TASHTALK_GARBLED,
	};
	enum tashtalk_event event = tashtalk_rx_byte(&t->rx, byte);
	struct pkt_buf buf;
	struct pkt *p;

	if (event == TASHTALK_NOTHING)
		return;
	if (event != TASHTALK_FRAME) {
		t->hooks.dropped(t->hooks.ctx, reasons[event]);
		return;
	}
	p = pkt_buf_init(&buf);
	memcpy(p->data, t->rx.frame, t->rx.len);
	p->len = t->rx.len;
	t->hooks.received(t->hooks.ctx, now, p);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tashtalk *t = arg;
	uint8_t bytes[READ_MAX];
	ssize_t n = read(fd, bytes, sizeof bytes);
	struct instant now = clock_now();

	(void)what;
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		lose(t, gone);
	for (ssize_t i = 0; i < n; i++)
		take_byte(t, now, bytes[i]);
}

/* --- to the adapter ---------------------------------------------------------------------- */

/* n bytes at the end of the queue, or NULL if there is no room for all of them and `reserve`. */
static uint8_t *extend(struct tashtalk *t, size_t n, size_t reserve)
{
	uint8_t *room;

	if (t->end - t->begin + n + reserve > sizeof t->queue)
		return NULL;
	if (t->end + n > sizeof t->queue) {
		memmove(t->queue, t->queue + t->begin, t->end - t->begin);
		t->end -= t->begin;
		t->begin = 0;
	}
	room = t->queue + t->end;
	t->end += n;
	return room;
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	struct tashtalk *t = tashtalk_of(k);
	uint8_t *room;

	if (t->fd < 0)
		return;
	room = extend(t, 1 + frame->len, NODES_RESERVE);
	if (room)
		tashtalk_transmit(frame->data, frame->len, room);
	else
		t->losses.no_buffer++;
}

/* Closed not here but by its own event: nobody down the stack expects it. */
static void give_up(struct tashtalk *t, const char *why)
{
	t->broken = why;
	event_active(t->retry, EV_TIMEOUT, 0);
}

/* Its place among the frames matters: after the claim, before what is sent as this node. */
static void set_node(struct link *k, uint8_t node)
{
	struct tashtalk *t = tashtalk_of(k);
	uint8_t *room;

	if (t->fd < 0)
		return;
	room = extend(t, TASHTALK_NODES, 0);
	if (room)
		tashtalk_nodes(node, room);
	else
		give_up(t, "takes no data");	/* for four claims: begin anew */
}

/* Whole frames in one write as far as the kernel takes them; the rest when it has room (L27). */
static void flush(struct link *k)
{
	struct tashtalk *t = tashtalk_of(k);

	while (t->fd >= 0 && !t->broken && t->begin < t->end) {
		ssize_t n = write(t->fd, t->queue + t->begin, t->end - t->begin);

		if (n >= 0) {
			t->begin += (size_t)n;
		} else if (errno == EAGAIN) {
			event_add(t->writable, NULL);
			return;
		} else if (errno != EINTR) {
			give_up(t, gone);
		}
	}
	if (t->begin == t->end)
		t->begin = t->end = 0;
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct tashtalk *t = arg;

	(void)fd;
	(void)what;
	flush(&t->link);
}

static struct losses losses(const struct link *k)
{
	return ((const struct tashtalk *)k)->losses;
}

static void close_link(struct link *k)
{
	struct tashtalk *t = tashtalk_of(k);

	/* Nobody is to answer for our node any more; what is left to send goes before. */
	set_node(k, 0);
	flush(k);
	if (t->fd >= 0)
		empty_line(t->fd, LAST_WORD_TURNS);
	close_device(t);
	event_free(t->retry);
	free(t);
}

struct link *tashtalk_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	static const struct link_ops ops = {
		.check = check,
		.is_denied = is_denied,
		.send = send_frame,
		.flush = flush,
		.set_node = set_node,
		.losses = losses,
		.close = close_link,
	};
	struct tashtalk *t = xmem_new(1, sizeof *t);

	(void)rb;
	t->link.ops = &ops;
	memcpy(t->device, config->device, sizeof t->device);
	t->hooks = *hooks;
	t->fd = -1;
	t->wait_s = WAIT_FIRST_S;
	t->loop = l;
	t->retry = evtimer_new(loop_base(l), on_retry, t);
	if (!t->retry)
		abort();
	return &t->link;
}
