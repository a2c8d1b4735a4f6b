/*
 * An existing Ethernet interface as a link: a packet socket that only wakes for
 * AppleTalk. daemon/links.c makes it, link.c tells it when to look and to open.
 * The socket gets its filter and memberships before it is
 * bound, so that no foreign frame is ever queued on it.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "at_filter.h"
#include "link_kind.h"

enum { FRAME_MIN = 60 };		/* without the checksum: shorter ones are padded */

struct ether {
	struct link link;
	bool has_own_mac, all_multicast;
	struct mac own_mac;		/* configured; link.mac is in use */
	int index;			/* of the open interface */
	bool hears_all;			/* all-multicast was asked for on this socket */
	bool has_remarked;
	struct receive_batch *in;
	struct send_batch *out;
};

static struct ether *ether_of(struct link *k)
{
	return (struct ether *)k;	/* its first member */
}

/* --- the socket -------------------------------------------------------------------------- */

static bool change_membership(const struct ether *e, int type, const struct mac *address, bool join)
{
	struct packet_mreq m = { .mr_ifindex = e->index, .mr_type = (unsigned short)type };

	if (address) {
		m.mr_alen = sizeof address->byte;
		memcpy(m.mr_address, address->byte, sizeof address->byte);
	}
	return setsockopt(e->link.fd, SOL_PACKET,
		       join ? PACKET_ADD_MEMBERSHIP : PACKET_DROP_MEMBERSHIP, &m, sizeof m) == 0;
}

/* All-multicast where single addresses are refused or not enough (E30, Q20). */
static void hear_all_multicast(struct ether *e)
{
	if (e->hears_all)
		return;
	e->hears_all = change_membership(e, PACKET_MR_ALLMULTI, NULL, true);
	if (!e->hears_all)
		link_say(&e->link, LOG_LEVEL_WARNING,
			"the interface refuses to receive AppleTalk's multicast addresses; "
			"try: ip link set DEVICE allmulticast on, with the device's name");
}

static void set_multicast(struct link *k, struct mac group, bool join)
{
	struct ether *e = ether_of(k);

	if (!change_membership(e, PACKET_MR_MULTICAST, &group, join) && join)
		hear_all_multicast(e);
}

/* A second hardware address on the interface, by its address filter or by hearing everything. */
static void hear_own_mac(struct ether *e)
{
	if (!change_membership(e, PACKET_MR_UNICAST, &e->link.mac, true))
		change_membership(e, PACKET_MR_PROMISC, NULL, true);
}

static bool bind_socket(struct ether *e)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_802_2),
		.sll_ifindex = e->index };
	struct sock_filter code[AT_FILTER_LENGTH];
	struct sock_fprog filter = at_filter(e->link.mac, code);
	const int on = 1;

	if (setsockopt(e->link.fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0)
		return false;
	setsockopt(e->link.fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
	socket_prepare(e->link.fd, &e->link.losses);
	if (e->has_own_mac)
		hear_own_mac(e);
	if (e->all_multicast)
		hear_all_multicast(e);
	return bind(e->link.fd, (struct sockaddr *)&to, sizeof to) == 0;
}

static void remark(struct link *k)
{
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX];
	size_t n = link_remarks(k->device, &k->interface, texts);

	for (size_t i = 0; i < n; i++)
		link_say(k, LOG_LEVEL_WARNING, texts[i]);
}

static bool open_socket(struct link *k)
{
	struct ether *e = ether_of(k);

	e->index = k->interface.index;
	e->hears_all = false;
	k->mac = e->has_own_mac ? e->own_mac : k->interface.mac;
	k->fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (k->fd < 0 || !bind_socket(e))
		return false;
	if (!e->has_remarked)
		remark(k);
	e->has_remarked = true;
	return true;
}

static bool is_other_interface(const struct ether *e)
{
	const struct ifinfo *now = &e->link.interface;

	return e->index != now->index || (!e->has_own_mac && !mac_eq(e->link.mac, now->mac));
}

static enum link_trouble look(struct link *k)
{
	enum link_trouble trouble = link_judge(k->device, true, &k->interface);

	if (trouble != TROUBLE_UNKNOWN &&
		(trouble != TROUBLE_NONE || is_other_interface(ether_of(k))))
		link_shut(k);
	return trouble;
}

/* --- frames ------------------------------------------------------------------------------ */

static void on_packet(void *ctx, struct instant now, struct endpoint from, struct pkt *frame)
{
	(void)from;
	link_received(ctx, now, frame);
}

static void read_frames(struct link *k)
{
	const struct packet_hooks hooks = { k, on_packet };

	receive_batch_read(ether_of(k)->in, k->fd, &k->losses, &hooks);
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	send_batch_put(ether_of(k)->out, k->fd, NULL, frame, FRAME_MIN);
}

static void flush(struct link *k)
{
	send_batch_flush(ether_of(k)->out, k->fd);
}

static void fini(struct link *k)
{
	send_batch_free(ether_of(k)->out);
}

static const struct link_remedy remedies[] = {
	{ EPERM, "receiving its frames needs the capability CAP_NET_RAW" },
	{ 0, NULL },
};

static const struct link_kind ether_kind = {
	.size = sizeof(struct ether),
	.wait_most_s = 5,
	.needs_capability = true,
	.remedies = remedies,
	.look = look,
	.open = open_socket,
	.read = read_frames,
	.send = send_frame,
	.flush = flush,
	.set_multicast = set_multicast,
	.fini = fini,
};

struct link *ether_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	struct ether *e = link_new(&ether_kind, l, config, hooks);

	e->has_own_mac = config->has_hardware_address;
	e->own_mac = config->hardware_address;
	e->all_multicast = config->all_multicast;
	e->in = rb;
	e->out = send_batch_new(&e->link.losses);
	return &e->link;
}
