/*
 * An existing Ethernet interface as a link: a packet socket that only wakes for
 * AppleTalk. daemon/links.c makes it and calls link_check() when netlink tells
 * of the interface. The socket gets its filter and memberships before it is
 * bound, so that no foreign frame is ever queued on it.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "at_filter.h"
#include "clock.h"
#include "link_state.h"
#include "xmem.h"

enum {
	FRAME_MIN = 60,			/* without the checksum: shorter ones are padded */
	RETRY_S = 5,
};

struct ether {
	struct link link;
	struct link_state state;
	char device[CONFIG_DEVICE_MAX + 1];
	bool has_own_mac, all_multicast;
	struct mac own_mac, mac;	/* configured; in use */
	int index;			/* of the open interface */
	int fd;				/* -1: closed */
	bool hears_all;			/* all-multicast was asked for on this socket */
	bool has_warned;
	struct event *readable;
	struct event *retry;
	struct loop *loop;
	struct receive_batch *in;
	struct send_batch *out;
	uint32_t lost, lost_before;	/* on this socket; on those before it */
};

static struct ether *ether_of(struct link *k)
{
	return (struct ether *)k;	/* its first member */
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ether *e = arg;
	int n = receive_batch_read(e->in, fd, &e->lost);
	struct instant now = clock_now();

	(void)what;
	/* n < 0 (ENETDOWN) is netlink's business. */
	for (int i = 0; i < n; i++) {
		struct pkt p = receive_batch_packet(e->in, i);

		e->state.hooks.received(e->state.hooks.ctx, now, &p);
	}
}

static bool change_membership(const struct ether *e, int type, const struct mac *address, bool join)
{
	struct packet_mreq m = { .mr_ifindex = e->index, .mr_type = (unsigned short)type };

	if (address) {
		m.mr_alen = sizeof address->byte;
		memcpy(m.mr_address, address->byte, sizeof address->byte);
	}
	return setsockopt(e->fd, SOL_PACKET, join ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP,
		       &m, sizeof m) == 0;
}

/* All-multicast where single addresses are refused or not enough (E30, Q20). */
static void hear_all_multicast(struct ether *e)
{
	if (e->hears_all)
		return;
	e->hears_all = change_membership(e, PACKET_MR_ALLMULTI, NULL, true);
	if (!e->hears_all)
		e->state.hooks.say(e->state.hooks.ctx, LOG_LEVEL_WARNING,
			"the interface refuses to receive AppleTalk's multicast addresses; "
			"try: ip link set DEVICE allmulticast on, with the device's name");
}

static void set_multicast(struct link *k, struct mac group, bool join)
{
	struct ether *e = ether_of(k);

	if (e->fd < 0)
		return;
	if (!change_membership(e, PACKET_MR_MULTICAST, &group, join) && join)
		hear_all_multicast(e);
}

/* A second hardware address on the interface, by its address filter or by hearing everything. */
static void hear_own_mac(struct ether *e)
{
	if (!change_membership(e, PACKET_MR_UNICAST, &e->mac, true))
		change_membership(e, PACKET_MR_PROMISC, NULL, true);
}

static bool bind_socket(struct ether *e)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_2),
		.sll_ifindex = e->index };
	struct sock_filter code[AT_FILTER_LENGTH];
	struct sock_fprog filter = at_filter(e->mac, code);
	const int on = 1;

	if (setsockopt(e->fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
		return false;
	setsockopt(e->fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
	socket_set_buffers(e->fd);
	if (e->has_own_mac)
		hear_own_mac(e);
	if (e->all_multicast)
		hear_all_multicast(e);
	return bind(e->fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static void close_socket(struct ether *e)
{
	if (e->readable)
		event_free(e->readable);
	if (e->fd >= 0)
		close(e->fd);
	e->readable = NULL;
	e->fd = -1;
	e->hears_all = false;
	e->lost_before += e->lost;
	e->lost = 0;
}

/* TROUBLE_NONE when the socket is open and heard; otherwise errno says why not. */
static enum link_trouble open_socket(struct ether *e, const struct ifinfo *info)
{
	int error;

	e->index = info->index;
	e->mac = e->has_own_mac ? e->own_mac : info->mac;
	e->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (e->fd >= 0 && bind_socket(e))
		e->readable =
			event_new(loop_base(e->loop), e->fd, EV_READ | EV_PERSIST, on_readable, e);
	if (e->readable && event_add(e->readable, NULL) == 0)
		return TROUBLE_NONE;
	error = errno;
	close_socket(e);
	errno = error;
	return error == EPERM || error == EACCES ? TROUBLE_DENIED : TROUBLE_FAILED;
}

static bool is_other_interface(const struct ether *e, const struct ifinfo *info)
{
	return e->index != info->index || (!e->has_own_mac && !mac_eq(e->mac, info->mac));
}

static void came_up(struct ether *e, const struct ifinfo *info)
{
	if (!e->has_warned)
		link_warn(&e->state, info);
	e->has_warned = true;
	e->state.hooks.up(e->state.hooks.ctx, clock_now(), e->mac);
}

static void check(struct link *k)
{
	const struct timeval later = { RETRY_S, 0 };
	struct ether *e = ether_of(k);
	struct ifinfo info = { 0 };
	enum link_trouble trouble = link_judge(e->device, true, &info);
	int error = errno;

	if (trouble == TROUBLE_UNKNOWN) {
		event_add(e->retry, &later);
		if (e->fd < 0)
			link_enter(&e->state, TROUBLE_FAILED, &info, error);
		return;
	}
	if (e->fd >= 0 && (trouble != TROUBLE_NONE || is_other_interface(e, &info))) {
		close_socket(e);
		e->state.hooks.down(e->state.hooks.ctx, clock_now());
	}
	if (trouble == TROUBLE_NONE && e->fd < 0) {
		trouble = open_socket(e, &info);
		error = errno;
		if (trouble == TROUBLE_NONE)
			came_up(e, &info);
		else if (trouble == TROUBLE_FAILED)
			event_add(e->retry, &later);
	}
	link_enter(&e->state, trouble, &info, error);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	check(arg);
}

static bool is_denied(const struct link *k)
{
	return ((const struct ether *)k)->state.trouble == TROUBLE_DENIED;
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	struct ether *e = ether_of(k);

	if (e->fd >= 0)
		send_batch_put(e->out, e->fd, NULL, frame, FRAME_MIN);
}

static void flush(struct link *k)
{
	struct ether *e = ether_of(k);

	if (e->fd >= 0)
		send_batch_flush(e->out, e->fd);
}

static struct losses losses(const struct link *k)
{
	const struct ether *e = (const struct ether *)k;
	struct losses l = send_batch_losses(e->out);

	l.no_buffer += e->lost + e->lost_before;
	return l;
}

static void close_link(struct link *k)
{
	struct ether *e = ether_of(k);

	close_socket(e);
	event_free(e->retry);
	send_batch_free(e->out);
	free(e);
}

struct link *ether_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	static const struct link_ops ops = {
		.check = check,
		.is_denied = is_denied,
		.send = send_frame,
		.flush = flush,
		.set_multicast = set_multicast,
		.losses = losses,
		.close = close_link,
	};
	struct ether *e = xmem_new(1, sizeof *e);

	e->link.ops = &ops;
	memcpy(e->device, config->device, sizeof e->device);
	e->state = (struct link_state){ e->device, TROUBLE_UNKNOWN, *hooks };
	e->has_own_mac = config->has_hardware_address;
	e->own_mac = config->hardware_address;
	e->all_multicast = config->all_multicast;
	e->fd = -1;
	e->loop = l;
	e->in = rb;
	e->out = send_batch_new();
	e->retry = evtimer_new(loop_base(l), on_retry, e);
	if (!e->retry)
		abort();
	return &e->link;
}
