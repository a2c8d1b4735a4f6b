/*
 * Batches of packets for udp.c, ether_linux.c and ltoudp.c. Receive slots
 * hold the largest UDP datagram; their pages cost nothing until one that large
 * comes. Packets to send are copied once, because the core goes on rewriting
 * headers in place for the next receiver.
 */
#include "batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "clock.h"
#include "xmem.h"

enum {
	/* 64 KiB and a bit: consecutive slots do not fall into the same cache lines. */
	SLOT_SIZE = (64 << 10) + 704,
	CONTROL_SIZE = CMSG_SPACE(sizeof(uint32_t)) + CMSG_SPACE(sizeof(struct tpacket_auxdata)),
	VLAN_MASK = 0x0FFF,
	SOCKET_BUFFER = 4 << 20,
	SEND_TRIES = 4,
};

struct receive_batch {
	struct mmsghdr msg[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	union {
		struct sockaddr_in ip;
		struct sockaddr_ll frame;
	} from[BATCH_MAX];
	union {
		char bytes[CONTROL_SIZE];
		size_t align;
	} control[BATCH_MAX];
	uint8_t *slots;
};

struct receive_batch *receive_batch_new(void)
{
	struct receive_batch *rb = xmem_new(1, sizeof *rb);

	rb->slots = mmap(NULL, (size_t)BATCH_MAX * SLOT_SIZE, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (rb->slots == MAP_FAILED)
		abort();
	for (int i = 0; i < BATCH_MAX; i++) {
		struct msghdr *h = &rb->msg[i].msg_hdr;

		rb->iov[i].iov_base = rb->slots + (size_t)i * SLOT_SIZE + PKT_HEADROOM;
		rb->iov[i].iov_len = SLOT_SIZE - PKT_HEADROOM;
		h->msg_iov = &rb->iov[i];
		h->msg_iovlen = 1;
		h->msg_name = &rb->from[i];
		h->msg_control = rb->control[i].bytes;
	}
	return rb;
}

void receive_batch_free(struct receive_batch *rb)
{
	if (!rb)
		return;
	munmap(rb->slots, (size_t)BATCH_MAX * SLOT_SIZE);
	free(rb);
}

/*
 * The kernel's running count comes with every packet; the last one knows best.
 * It begins with 0 in each socket, and again after 2^32.
 */
static void count_overflow(struct msghdr *h, struct losses *losses)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		uint32_t overflow;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
			continue;
		memcpy(&overflow, CMSG_DATA(c), sizeof overflow);
		losses->no_buffer += overflow - losses->overflow;
		losses->overflow = overflow;
	}
}

static int fill(struct receive_batch *rb, int fd, struct losses *losses)
{
	int n;

	for (int i = 0; i < BATCH_MAX; i++) {
		rb->msg[i].msg_hdr.msg_namelen = sizeof rb->from[i];
		rb->msg[i].msg_hdr.msg_controllen = CONTROL_SIZE;
	}
	n = recvmmsg(fd, rb->msg, BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n > 0)
		count_overflow(&rb->msg[n - 1].msg_hdr, losses);
	return n;
}

static struct pkt packet_at(const struct receive_batch *rb, int i)
{
	struct pkt p = pkt_over(rb->slots + (size_t)i * SLOT_SIZE, SLOT_SIZE, PKT_HEADROOM);

	p.len = rb->msg[i].msg_len;
	return p;
}

void receive_batch_read(
	struct receive_batch *rb, int fd, struct losses *losses, const struct packet_hooks *hooks)
{
	const int n = fill(rb, fd, losses);
	const struct instant now = clock_now();

	for (int i = 0; i < n; i++) {
		const struct sockaddr_in *ip = &rb->from[i].ip;
		const struct endpoint from = { ntohl(ip->sin_addr.s_addr), ntohs(ip->sin_port) };
		struct pkt p = packet_at(rb, i);

		hooks->received(hooks->ctx, now, from, &p);
	}
}

static struct frame_origin origin_of(struct receive_batch *rb, int i)
{
	struct frame_origin o = { .type = rb->from[i].frame.sll_pkttype };
	struct msghdr *h = &rb->msg[i].msg_hdr;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c)) {
		struct tpacket_auxdata aux;

		if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA)
			continue;
		memcpy(&aux, CMSG_DATA(c), sizeof aux);
		o.has_tag = aux.tp_status & TP_STATUS_VLAN_VALID;
		o.vlan = aux.tp_vlan_tci & VLAN_MASK;
	}
	return o;
}

void receive_batch_read_frames(
	struct receive_batch *rb, int fd, struct losses *losses, const struct frame_hooks *hooks)
{
	const int n = fill(rb, fd, losses);
	const struct instant now = clock_now();

	for (int i = 0; i < n; i++) {
		const struct frame_origin origin = origin_of(rb, i);
		struct pkt p = packet_at(rb, i);

		hooks->received(hooks->ctx, now, &origin, &p);
	}
}

struct send_batch {
	struct mmsghdr msg[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct sockaddr_in to[BATCH_MAX];
	unsigned n;
	size_t used;			/* of the bytes */
	struct losses *losses;
	uint8_t bytes[BATCH_MAX * SEND_PACKET_MAX];
};

struct send_batch *send_batch_new(struct losses *losses)
{
	struct send_batch *sb = xmem_new(1, sizeof *sb);

	sb->losses = losses;
	for (int i = 0; i < BATCH_MAX; i++) {
		sb->msg[i].msg_hdr.msg_iov = &sb->iov[i];
		sb->msg[i].msg_hdr.msg_iovlen = 1;
	}
	return sb;
}

void send_batch_free(struct send_batch *sb)
{
	free(sb);
}

uint8_t *send_batch_room(struct send_batch *sb, int fd, const struct endpoint *to, size_t len)
{
	struct msghdr *h;
	uint8_t *bytes;

	if (len > SEND_PACKET_MAX) {
		losses_count(sb->losses, EMSGSIZE, 1);
		return NULL;
	}
	if (sb->n == BATCH_MAX)
		send_batch_flush(sb, fd);
	bytes = sb->bytes + sb->used;
	h = &sb->msg[sb->n].msg_hdr;
	sb->iov[sb->n] = (struct iovec){ bytes, len };
	if (to) {
		sb->to[sb->n] = (struct sockaddr_in){ .sin_family = AF_INET,
			.sin_port = htons(to->port),
			.sin_addr.s_addr = htonl(to->ip) };
		h->msg_name = &sb->to[sb->n];
		h->msg_namelen = sizeof sb->to[sb->n];
	}
	sb->used += len;
	sb->n++;
	return bytes;
}

void send_batch_put(
	struct send_batch *sb, int fd, const struct endpoint *to, const struct pkt *p, size_t least)
{
	size_t len = p->len < least ? least : p->len;
	uint8_t *bytes = send_batch_room(sb, fd, to, len);

	if (!bytes)
		return;
	memcpy(bytes, p->data, p->len);
	memset(bytes + p->len, 0, len - p->len);
}

static bool is_full(int error)
{
	return error == EAGAIN || error == ENOBUFS || error == ENOMEM;
}

void losses_count(struct losses *losses, int error, size_t packets)
{
	if (is_full(error)) {
		losses->no_buffer += packets;
	} else {
		losses->refused += packets;
		losses->error = error;
	}
}

/* What ICMP may have said of a packet sent before (Linux, icmp_err_convert). */
static bool is_of_icmp(int error)
{
	return error == ECONNREFUSED || error == EHOSTUNREACH || error == ENETUNREACH ||
		error == EHOSTDOWN || error == ENONET || error == ENOPROTOOPT ||
		error == EOPNOTSUPP || error == EPROTO;
}

/*
 * Trouble of one receiver fails the next send, to whomever that goes. It does so once: the
 * packet that suffered for another is sent again. In a flood of forged ICMP the next one may
 * have come by then.
 */
static int send_some(struct send_batch *sb, int fd, unsigned done)
{
	int n = -1;

	for (int tries = 0; tries < SEND_TRIES && n < 0; tries++) {
		n = sendmmsg(fd, sb->msg + done, sb->n - done, MSG_DONTWAIT);
		if (n < 0 && !is_of_icmp(errno))
			break;
	}
	return n;
}

void send_batch_flush(struct send_batch *sb, int fd)
{
	unsigned done = 0;

	while (done < sb->n) {
		int n = send_some(sb, fd, done);

		if (n > 0) {
			done += (unsigned)n;
		} else if (is_full(errno)) {
			losses_count(sb->losses, errno, sb->n - done);
			break;
		} else if (errno != EINTR) {
			losses_count(sb->losses, errno, 1);	/* an error of this packet alone */
			done++;
		}
	}
	sb->n = 0;
	sb->used = 0;
}

void socket_prepare(int fd, struct losses *losses)
{
	const int size = SOCKET_BUFFER, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
	losses->overflow = 0;
}
