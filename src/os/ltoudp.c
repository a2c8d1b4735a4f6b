/*
 * LocalTalk over UDP multicast as a link: LLAP packets without FCS, four bytes
 * of sender ID before each. daemon/links.c makes it, link.c tells it when to
 * look and to open; the socket lives as long as the interface, so a new one
 * joins the group again. Emulators on this host bind the same port
 * and get every packet, ours by multicast loopback; we get ours back, too, and
 * know them by ID and address. Conformance L09-L13, L19, Q25.
 */
#include "link.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "clock.h"
#include "link_kind.h"
#include "xmem.h"

static const uint32_t group_ip = 0xEFC04C54;	/* 239.192.76.84: "LT" */

enum {
	LTOUDP_PORT = 1954,
	SENDER_ID = 4,			/* bytes */
	ADDRESSES_MS = 100,		/* the host's addresses are not asked for more often */
};

struct ltoudp {
	struct link link;
	uint8_t id[SENDER_ID];
	int index;			/* of the open interface */
	struct receive_batch *in;
	struct send_batch *out;
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

/* --- the socket -------------------------------------------------------------------------- */

static bool set_option(const struct link *k, int level, int name, int value)
{
	return setsockopt(k->fd, level, name, &value, sizeof value) == 0;
}

/*
 * The socket is bound to the group, so nobody reaches it by unicast; and to the
 * interface, because Linux (seen in 6.18) spreads the multicasts of one
 * interface over all sockets of a user that share a port by SO_REUSEPORT,
 * wherever they have joined. Where binding is refused (before 5.7, without
 * CAP_NET_RAW) the membership alone keeps other interfaces out.
 */
static bool bind_socket(struct link *k)
{
	const struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(LTOUDP_PORT),
		.sin_addr.s_addr = htonl(group_ip) };
	const struct ip_mreqn where = { .imr_multiaddr.s_addr = htonl(group_ip),
		.imr_ifindex = k->interface.index };

	socket_prepare(k->fd, &k->losses);
	setsockopt(k->fd, SOL_SOCKET, SO_BINDTODEVICE, k->interface.name,
		(socklen_t)strlen(k->interface.name));
	return set_option(k, SOL_SOCKET, SO_REUSEADDR, 1) &&
		set_option(k, SOL_SOCKET, SO_REUSEPORT, 1) &&
		set_option(k, IPPROTO_IP, IP_MULTICAST_ALL, 0) &&
		set_option(k, IPPROTO_IP, IP_MULTICAST_LOOP, 1) &&
		set_option(k, IPPROTO_IP, IP_MULTICAST_TTL, 1) &&
		bind(k->fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
		setsockopt(k->fd, IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where) == 0 &&
		setsockopt(k->fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &where, sizeof where) == 0;
}

static bool open_socket(struct link *k)
{
	ltoudp_of(k)->index = k->interface.index;
	k->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	return k->fd >= 0 && bind_socket(k);
}

static enum link_trouble look(struct link *k)
{
	enum link_trouble trouble = link_judge(k->device, false, &k->interface);
	int error = errno;
	struct ltoudp *u = ltoudp_of(k);

	read_addresses(u, clock_now());
	if (trouble != TROUBLE_UNKNOWN &&
		(trouble != TROUBLE_NONE || u->index != k->interface.index))
		link_shut(k);
	errno = error;
	return trouble;
}

/* --- packets ----------------------------------------------------------------------------- */

/* Our ID from another host is a stranger's who chose the same one, and is heard (L12). */
static void on_packet(void *ctx, struct instant now, struct endpoint from, struct pkt *p)
{
	struct ltoudp *u = ctx;
	bool has_our_id = p->len >= SENDER_ID && memcmp(p->data, u->id, SENDER_ID) == 0;

	if (!pkt_pull(p, SENDER_ID))
		link_dropped(&u->link, DROP_LTOUDP_SHORT);
	else if (has_our_id && is_of_this_host(u, from.ip, now))
		link_dropped(&u->link, DROP_LTOUDP_ECHO);
	else
		link_received(&u->link, now, p);
}

static void read_packets(struct link *k)
{
	const struct packet_hooks hooks = { k, on_packet };

	receive_batch_read(ltoudp_of(k)->in, k->fd, &k->losses, &hooks);
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	const struct endpoint group = { group_ip, LTOUDP_PORT };
	struct ltoudp *u = ltoudp_of(k);
	uint8_t *bytes = send_batch_room(u->out, k->fd, &group, SENDER_ID + frame->len);

	if (!bytes)
		return;
	memcpy(bytes, u->id, SENDER_ID);
	memcpy(bytes + SENDER_ID, frame->data, frame->len);
}

static void flush(struct link *k)
{
	send_batch_flush(ltoudp_of(k)->out, k->fd);
}

static void fini(struct link *k)
{
	struct ltoudp *u = ltoudp_of(k);

	send_batch_free(u->out);
	free(u->addresses);
}

static const struct link_remedy remedies[] = {
	{ EADDRINUSE,
	  "a program on this machine keeps UDP port 1954 for itself (see: sudo ss -lunp 'sport = "
	  ":1954'); end it, or use a version that shares the port (SO_REUSEADDR, SO_REUSEPORT); "
	  "trying again" },
	{ 0, NULL },
};

static const struct link_kind ltoudp_kind = {
	.size = sizeof(struct ltoudp),
	.option = "device",
	.wait_most_s = 5,
	.remedies = remedies,
	.look = look,
	.open = open_socket,
	.read = read_packets,
	.send = send_frame,
	.flush = flush,
	.fini = fini,
};

struct link *ltoudp_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	struct ltoudp *u = link_new(&ltoudp_kind, l, config, hooks);
	uint64_t chance = clock_seed();

	memcpy(u->id, &chance, sizeof u->id);
	u->in = rb;
	u->out = send_batch_new(&u->link.losses);
	return &u->link;
}
