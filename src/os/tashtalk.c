/*
 * A LocalTalk bus behind a TashTalk adapter on a serial device as a link: LLAP
 * packets with FCS. daemon/links.c makes it. The adapter is initialised when
 * its device opens, and answers ENQ and RTS for our node once link_set_node()
 * has named it. Neither a stream of garbage nor an adapter that takes no bytes
 * holds up the loop: one read a turn, one bounded queue. Conformance L20-L24,
 * L27, L29.
 */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "clock.h"
#include "link_kind.h"
#include "tashtalk_frame.h"

enum {
	READ_MAX = 4096,		/* bytes a turn */
	/* Half a second of a LocalTalk bus: more would only make what waits stale. */
	QUEUE_SIZE = 16 << 10,
	NODES_RESERVE = 4 * TASHTALK_NODES,	/* of the queue: not for frames */
	LAST_WORD_TURNS = 10,		/* of 5 ms, to tell the adapter that we go */
};

struct tashtalk {
	struct link link;
	struct loop_watch *writable;
	struct tashtalk_rx rx;
	uint8_t queue[QUEUE_SIZE];
	size_t begin, end;		/* what is still to be written */
};

static const char gone[] = "is gone (unplugged?)";

static struct tashtalk *tashtalk_of(struct link *k)
{
	return (struct tashtalk *)k;	/* its first member */
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

/* 1,000,000 bit/s, 8N1, RTS/CTS, nothing interpreted (L20); false and errno. */
static bool configure(struct link *k)
{
	struct termios wanted, got;

	if (tcgetattr(k->fd, &wanted) < 0)
		return false;
	cfmakeraw(&wanted);
	wanted.c_iflag = IGNBRK;
	wanted.c_cflag &= ~(tcflag_t)(CSTOPB | PARENB);
	wanted.c_cflag |= CS8 | CREAD | CLOCAL | CRTSCTS;
	wanted.c_cc[VMIN] = 1;
	wanted.c_cc[VTIME] = 0;
	if (cfsetspeed(&wanted, B1000000) < 0 || tcsetattr(k->fd, TCSANOW, &wanted) < 0 ||
		tcgetattr(k->fd, &got) < 0)
		return false;
	/* tcsetattr() is content when it could do anything at all. */
	if (cfgetospeed(&got) != B1000000) {
		errno = EINVAL;
		return false;
	}
	if (!(got.c_cflag & CRTSCTS))
		link_say(k, LOG_LEVEL_WARNING,
			"the serial adapter has no hardware flow control (RTS/CTS); TashTalk "
			"needs it, frames will be lost");
	tcflush(k->fd, TCIOFLUSH);
	return ioctl(k->fd, TIOCEXCL) == 0;
}

static void on_writable(void *ctx);

/* The adapter is told first who we are: nobody yet. */
static bool open_line(struct link *k)
{
	struct tashtalk *t = tashtalk_of(k);

	k->fd = open(k->device, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (k->fd < 0 || !configure(k))
		return false;
	t->writable = loop_watch_writable(k->loop, k->fd, on_writable, t);
	t->rx = (struct tashtalk_rx){ 0 };
	t->begin = 0;
	t->end = TASHTALK_INIT;
	tashtalk_init(t->queue);
	return true;
}

static void closing(struct link *k)
{
	struct tashtalk *t = tashtalk_of(k);

	loop_watch_free(t->writable);
	t->writable = NULL;
	empty_line(k->fd, k->broken ? 0 : LAST_WORD_TURNS);
}

/* Only opening tells whether it is there; and a line that goes is found broken. */
static enum link_trouble look(struct link *k)
{
	(void)k;
	return TROUBLE_NONE;
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
		link_dropped(&t->link, reasons[event]);
		return;
	}
	p = pkt_buf_init(&buf);
	memcpy(p->data, t->rx.frame, t->rx.len);
	p->len = t->rx.len;
	link_received(&t->link, now, p);
}

static void read_bytes(struct link *k)
{
	uint8_t bytes[READ_MAX];
	ssize_t n = read(k->fd, bytes, sizeof bytes);
	struct instant now = clock_now();

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		link_break(k, gone);
	for (ssize_t i = 0; i < n; i++)
		take_byte(tashtalk_of(k), now, bytes[i]);
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

	room = extend(t, 1 + frame->len, NODES_RESERVE);
	if (room)
		tashtalk_transmit(frame->data, frame->len, room);
	else
		k->losses.no_buffer++;
}

/* Its place among the frames matters: after the claim, before what is sent as this node. */
static void set_node(struct link *k, uint8_t node)
{
	struct tashtalk *t = tashtalk_of(k);
	uint8_t *room;

	room = extend(t, TASHTALK_NODES, 0);
	if (room)
		tashtalk_nodes(node, room);
	else
		link_break(k, "takes no data");	/* for four claims: begin anew */
}

/* Whole frames in one write as far as the kernel takes them; the rest when it has room (L27). */
static void flush(struct link *k)
{
	struct tashtalk *t = tashtalk_of(k);

	while (!k->broken && t->begin < t->end) {
		ssize_t n = write(k->fd, t->queue + t->begin, t->end - t->begin);

		if (n > 0) {
			t->begin += (size_t)n;
		} else if (n == 0 || errno == EAGAIN) {
			loop_watch_set(t->writable);
			return;
		} else if (errno != EINTR) {
			link_break(k, gone);
		}
	}
	if (t->begin == t->end)
		t->begin = t->end = 0;
}

static void on_writable(void *ctx)
{
	flush(ctx);
}

static const char absent[] = "waiting for it (see: ls -l /dev/serial/by-id); the service needs the "
			     "drop-in aurpd-tashtalk.conf to see it",
		  refused[] = "aurpd's user must be in the group of the device (dialout): see the "
			      "drop-in aurpd-tashtalk.conf; trying again";

static const struct link_remedy remedies[] = {
	{ ENOENT, absent },
	{ ENODEV, absent },
	{ ENXIO, absent },
	{ EACCES, refused },
	{ EPERM, refused },
	{ ENOTTY, "this is not a serial device; trying again" },
	{ EBUSY, "another program uses it (see: sudo fuser -v, with its name); trying again" },
	{ EINVAL, "it cannot run at 1,000,000 bit/s; use another serial adapter" },
	{ 0, NULL },
};

/* Its device may get its owner a moment after it appears: a refusal is no reason to end. */
static const struct link_kind tashtalk_kind = {
	.size = sizeof(struct tashtalk),
	.wait_most_s = 30,
	.remedies = remedies,
	.look = look,
	.open = open_line,
	.read = read_bytes,
	.send = send_frame,
	.flush = flush,
	.set_node = set_node,
	.closing = closing,
};

struct link *tashtalk_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	(void)rb;
	return link_new(&tashtalk_kind, l, config, hooks);
}
