/*
 * LocalTalk over UDP multicast as a link: LLAP packets without FCS, four bytes
 * of sender ID before each. daemon/links.c makes it and calls link_check() when
 * an interface or address changes; the socket lives as long as the interface,
 * so a new one joins the group again. Emulators on this host bind the same port
 * and get every packet, ours by multicast loopback; we get ours back, too, and
 * know them by ID and address. Conformance L09-L13, L19.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "link_state.h"
#include "xmem.h"

static const uint32_t group_ip = 0xEFC04C54;	/* 239.192.76.84: "LT" */

enum {
	SENDER_ID = 4,			/* bytes */
	RETRY_S = 5,
	ADDRESSES_MS = 100,		/* the host's addresses are not asked for more often */
};

struct ltoudp {
	struct link link;
	struct link_state state;
	char device[CONFIG_DEVICE_MAX + 1];
	uint8_t id[SENDER_ID];
	int index;			/* of the open interface */
	int fd;				/* -1: closed */
	struct event *readable;
	struct event *retry;
	struct loop *loop;
	struct receive_batch *in;
	struct send_batch *out;
	uint32_t lost, lost_before;	/* on this socket; on those before it */
	uint32_t *addresses;		/* of this host */
	size_t n_addresses, cap;
	struct instant addresses_old;	/* from then on they may be asked for again */
};

static struct ltoudp *ltoudp_of(struct link *k)
{
	return (struct ltoudp *)k;	/* its first member */
}

/* --- whose packet is it? ----------------------------------------------------------------- */

static void read_addresses(struct ltoudp *u, struct instant now)
{
	struct ifaddrs *all;

	u->addresses_old = instant_add(now, span_ms(ADDRESSES_MS));
	if (getifaddrs(&all) < 0)
		return;
	u->n_addresses = 0;
	for (const struct ifaddrs *i = all; i; i = i->ifa_next) {
		struct sockaddr_in a;

		if (!i->ifa_addr || i->ifa_addr->sa_family != AF_INET)
			continue;
		memcpy(&a, i->ifa_addr, sizeof a);
		u->addresses = xmem_grow(
			u->addresses, u->n_addresses, &u->cap, sizeof *u->addresses);
		u->addresses[u->n_addresses++] = ntohl(a.sin_addr.s_addr);
	}
	freeifaddrs(all);
}

static bool knows(const struct ltoudp *u, uint32_t ip)
{
	for (size_t i = 0; i < u->n_addresses; i++)
		if (u->addresses[i] == ip)
			return true;
	return false;
}

/*
 * An address may be so new that netlink's word of it still waits to be read.
 * None at all is what a host without addresses hears of itself alone.
 */
static bool is_of_this_host(struct ltoudp *u, uint32_t ip, struct instant now)
{
	if (ip == 0 || knows(u, ip))
		return true;
	if (instant_cmp(now, u->addresses_old) < 0)
		return false;
	read_addresses(u, now);
	return knows(u, ip);
}

/* Our ID from another host is a stranger's who chose the same one, and is heard (L12). */
static void hear(struct ltoudp *u, struct instant now, struct endpoint from, struct pkt *p)
{
	const struct link_hooks *h = &u->state.hooks;
	bool has_our_id = p->len >= SENDER_ID && memcmp(p->data, u->id, SENDER_ID) == 0;

	if (!pkt_pull(p, SENDER_ID))
		h->dropped(h->ctx, DROP_LTOUDP_SHORT);
	else if (has_our_id && is_of_this_host(u, from.ip, now))
		h->dropped(h->ctx, DROP_LTOUDP_ECHO);
	else
		h->received(h->ctx, now, p);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ltoudp *u = arg;
	int n = receive_batch_read(u->in, fd, &u->lost);
	struct instant now = clock_now();

	(void)what;
	for (int i = 0; i < n; i++) {
		struct pkt p = receive_batch_packet(u->in, i);

		hear(u, now, receive_batch_from(u->in, i), &p);
	}
}

/* --- the socket -------------------------------------------------------------------------- */

static bool set_option(const struct ltoudp *u, int level, int name, int value)
{
	return setsockopt(u->fd, level, name, &value, sizeof value) == 0;
}

/*
 * The socket is bound to the group, so nobody reaches it by unicast; and to the
 * interface, because Linux (seen in 6.18) spreads the multicasts of one
 * interface over all sockets of a user that share a port by SO_REUSEPORT,
 * wherever they have joined. Where binding is refused (before 5.7, without
 * CAP_NET_RAW) the membership alone keeps other interfaces out.
 */
static bool bind_socket(const struct ltoudp *u)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LTOUDP_PORT),
		.sin_addr.s_addr = htonl(group_ip) };
	const struct ip_mreqn where = { .imr_multiaddr.s_addr = htonl(group_ip),
		.imr_ifindex = u->index };

	socket_set_buffers(u->fd);
	setsockopt(u->fd, SOL_SOCKET, SO_BINDTODEVICE, u->device, (socklen_t)strlen(u->device));
	return set_option(u, SOL_SOCKET, SO_REUSEADDR, 1) &&
		set_option(u, SOL_SOCKET, SO_REUSEPORT, 1) &&
		set_option(u, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
		set_option(u, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
		set_option(u, IPPROTO_IP, IP_MULTICAST_TTL, 1) &&
		bind(u->fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
		setsockopt(u->fd, IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where) == 0 &&
		setsockopt(u->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &where, sizeof where) == 0;
}

static void close_socket(struct ltoudp *u)
{
	if (u->readable)
		event_free(u->readable);
	if (u->fd >= 0)
		close(u->fd);
	u->readable = NULL;
	u->fd = -1;
	u->lost_before += u->lost;
	u->lost = 0;
}

/* TROUBLE_NONE when the socket is open and heard; otherwise errno says why not. */
static enum link_trouble open_socket(struct ltoudp *u, const struct ifinfo *info)
{
	int error;

	u->index = info->index;
	u->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (u->fd >= 0 && bind_socket(u))
		u->readable =
			event_new(loop_base(u->loop), u->fd, EV_READ | EV_PERSIST, on_readable, u);
	if (u->readable && event_add(u->readable, NULL) == 0)
		return TROUBLE_NONE;
	error = errno;
	close_socket(u);
	errno = error;
	return error == EADDRINUSE ? TROUBLE_IN_USE : TROUBLE_FAILED;
}

static void check(struct link *k)
{
	static const struct mac none;
	const struct timeval later = { RETRY_S, 0 };
	struct ltoudp *u = ltoudp_of(k);
	struct ifinfo info = { 0 };
	enum link_trouble trouble = link_judge(u->device, false, &info);
	int error = errno;

	read_addresses(u, clock_now());
	if (trouble == TROUBLE_UNKNOWN) {
		event_add(u->retry, &later);
		if (u->fd < 0)
			link_enter(&u->state, TROUBLE_FAILED, &info, error);
		return;
	}
	if (u->fd >= 0 && (trouble != TROUBLE_NONE || u->index != info.index)) {
		close_socket(u);
		u->state.hooks.down(u->state.hooks.ctx, clock_now());
	}
	if (trouble == TROUBLE_NONE && u->fd < 0) {
		trouble = open_socket(u, &info);
		error = errno;
		if (trouble == TROUBLE_NONE)
			u->state.hooks.up(u->state.hooks.ctx, clock_now(), none);
		else
			event_add(u->retry, &later);
	}
	link_enter(&u->state, trouble, &info, error);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check(arg);
}

/* The port number is free for everybody. */
static bool is_denied(const struct link *k)
{
	(void)k;
	return false;
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	const struct endpoint group = { group_ip, LTOUDP_PORT };
	struct ltoudp *u = ltoudp_of(k);
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	if (u->fd < 0)
		return;
	assert(frame->len <= pkt_tailroom(p));
	memcpy(p->data, frame->data, frame->len);
	p->len = frame->len;
	memcpy(pkt_push(p, SENDER_ID), u->id, SENDER_ID);
	send_batch_put(u->out, u->fd, &group, p, 0);
}

static void flush(struct link *k)
{
	struct ltoudp *u = ltoudp_of(k);

	if (u->fd >= 0)
		send_batch_flush(u->out, u->fd);
}

static struct losses losses(const struct link *k)
{
	const struct ltoudp *u = (const struct ltoudp *)k;
	struct losses l = send_batch_losses(u->out);

	l.no_buffer += u->lost + u->lost_before;
	return l;
}

static void close_link(struct link *k)
{
	struct ltoudp *u = ltoudp_of(k);

	close_socket(u);
	event_free(u->retry);
	send_batch_free(u->out);
	free(u->addresses);
	free(u);
}

struct link *ltoudp_link_new(struct loop *l, struct receive_batch *rb,
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
	struct ltoudp *u = xmem_new(1, sizeof *u);
	uint64_t chance = clock_seed();

	u->link.ops = &ops;
	memcpy(u->device, config->device, sizeof u->device);
	memcpy(u->id, &chance, sizeof u->id);
	u->state = (struct link_state){ u->device, TROUBLE_UNKNOWN, *hooks };
	u->fd = -1;
	u->loop = l;
	u->in = rb;
	u->out = send_batch_new();
	u->retry = evtimer_new(loop_base(l), on_retry, u);
	if (!u->retry)
		abort();
	return &u->link;
}
