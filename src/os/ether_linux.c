/*
 * An existing Ethernet interface as a link: a packet socket that only wakes for
 * AppleTalk. daemon/links.c makes it, link.c tells it when to look and to open.
 * The socket gets its filter and memberships before it is
 * bound, so that no foreign frame is ever queued on it.
 *
 * Frames with a VLAN tag are another cable's. A socket for 802.2 frames gets
 * those that no VLAN interface of this machine took, with the tag taken off: the
 * kernel only marks them as another host's. With a hardware address of our own
 * all unicast frames bear that mark; such a port hears frames of all types,
 * before the kernel takes the tag off, and looks at it.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "at_filter.h"
#include "ether_frame.h"
#include "link_kind.h"

enum {
	FRAME_MIN = 60,			/* without the checksum: shorter ones are padded */
	PHASE_1_TYPES = 2,
};

struct ether;

/* A socket for what never reaches one for 802.2 frames: a type of EtherTalk Phase 1. */
struct phase_1 {
	struct ether *ether;
	int fd;
	struct loop_watch *readable;
	struct losses losses;		/* of no interest */
};

struct ether {
	struct link link;
	struct phase_1 phase_1[PHASE_1_TYPES];
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

/* A packet socket that hears nothing yet. */
static int new_socket(const struct ether *e)
{
	struct sock_filter code[AT_FILTER_LENGTH];
	const struct sock_fprog filter = at_filter(e->link.mac, code);
	const int on = 1;
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), error;

	if (fd < 0)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) < 0) {
		error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
	return fd;
}

static bool bind_to(const struct ether *e, int fd, uint16_t protocol)
{
	const struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(protocol),
		.sll_ifindex = e->index };

	return bind(fd, (const struct sockaddr *)&to, sizeof to) == 0;
}

static bool bind_socket(struct ether *e)
{
	const int on = 1;

	socket_prepare(e->link.fd, &e->link.losses);
	if (e->has_own_mac)
		hear_own_mac(e);
	if (e->all_multicast)
		hear_all_multicast(e);
	if (!e->has_own_mac)
		return bind_to(e, e->link.fd, ETH_P_802_2);
	return setsockopt(e->link.fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) == 0 &&
		bind_to(e, e->link.fd, ETH_P_ALL);
}

static void remark(struct link *k)
{
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX];
	size_t n = link_remarks(k->device, &k->interface, texts);

	for (size_t i = 0; i < n; i++)
		link_say(k, LOG_LEVEL_WARNING, texts[i]);
}

static void on_phase_1(void *ctx);

/* These only count: without one of them the port works as well. */
static void open_phase_1(struct ether *e)
{
	static const uint16_t types[PHASE_1_TYPES] = { ETHER_TYPE_DDP, ETHER_TYPE_AARP };

	for (size_t i = 0; i < PHASE_1_TYPES; i++) {
		struct phase_1 *s = &e->phase_1[i];

		s->ether = e;
		s->fd = new_socket(e);
		if (s->fd >= 0 && bind_to(e, s->fd, types[i]))
			s->readable = loop_watch_readable(e->link.loop, s->fd, on_phase_1, s);
	}
}

static void closing(struct link *k)
{
	for (size_t i = 0; i < PHASE_1_TYPES; i++) {
		struct phase_1 *s = &ether_of(k)->phase_1[i];

		loop_watch_free(s->readable);
		if (s->ether && s->fd >= 0)
			close(s->fd);
		*s = (struct phase_1){ 0 };
	}
}

static bool open_socket(struct link *k)
{
	struct ether *e = ether_of(k);

	e->index = k->interface.index;
	e->hears_all = false;
	k->mac = e->has_own_mac ? e->own_mac : k->interface.mac;
	k->fd = new_socket(e);
	if (k->fd < 0 || !bind_socket(e))
		return false;
	if (!e->has_own_mac)
		open_phase_1(e);
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

/* Is it another VLAN's? VLAN 0 is none: such a tag is there for its priority. */
static bool is_tagged(const struct ether *e, const struct frame_origin *origin)
{
	if (e->has_own_mac)
		return origin->has_tag && origin->vlan != 0;
	return origin->type == PACKET_OTHERHOST;
}

static void on_frame(
	void *ctx, struct instant now, const struct frame_origin *origin, struct pkt *frame)
{
	struct ether *e = ctx;

	if (origin->type == PACKET_OUTGOING)	/* kernels before 4.20 cannot leave it out */
		return;
	if (is_tagged(e, origin))
		link_dropped(&e->link, DROP_VLAN_TAGGED);
	else
		ether_received(&e->link, now, frame);
}

static void read_frames(struct link *k)
{
	const struct frame_hooks hooks = { k, on_frame };

	receive_batch_read_frames(ether_of(k)->in, k->fd, &k->losses, &hooks);
}

static void on_phase_1(void *ctx)
{
	struct phase_1 *s = ctx;
	const struct frame_hooks hooks = { s->ether, on_frame };

	receive_batch_read_frames(s->ether->in, s->fd, &s->losses, &hooks);
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
	.option = "device",
	.wait_most_s = 5,
	.needs_capability = true,
	.remedies = remedies,
	.look = look,
	.open = open_socket,
	.read = read_frames,
	.send = send_frame,
	.flush = flush,
	.set_multicast = set_multicast,
	.closing = closing,
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
