/*
 * Batches of packets for udp.c, ether_linux.c and tap_linux.c. Receive slots
 * hold the largest UDP datagram; their pages cost nothing until one that large
 * comes. Packets to send are copied once, because the core goes on rewriting
 * headers in place for the next receiver.
 */
#include "batch.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "xmem.h"

enum {
	/* 64 KiB and a bit: consecutive slots do not fall into the same cache lines. */
	SLOT_SIZE = (64 << 10) + 704,
	CONTROL_SIZE = CMSG_SPACE(sizeof(uint32_t)),
	SOCKET_BUFFER = 4 << 20,
};

struct receive_batch {
	struct mmsghdr msg[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct sockaddr_in from[BATCH_MAX];
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

/* The kernel's running count comes with every packet; the last one knows best. */
static void read_lost(struct msghdr *h, uint32_t *lost)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c; c = CMSG_NXTHDR(h, c))
		if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL)
			memcpy(lost, CMSG_DATA(c), sizeof *lost);
}

int receive_batch_read(struct receive_batch *rb, int fd, uint32_t *lost)
{
	int n;

	for (int i = 0; i < BATCH_MAX; i++) {
		rb->msg[i].msg_hdr.msg_namelen = sizeof rb->from[i];
		rb->msg[i].msg_hdr.msg_controllen = CONTROL_SIZE;
	}
	n = recvmmsg(fd, rb->msg, BATCH_MAX, MSG_DONTWAIT, NULL);
	if (n > 0)
		read_lost(&rb->msg[n - 1].msg_hdr, lost);
	return n;
}

struct pkt receive_batch_packet(struct receive_batch *rb, int i)
{
	struct pkt p = pkt_over(rb->slots + (size_t)i * SLOT_SIZE, SLOT_SIZE, PKT_HEADROOM);

	p.len = rb->msg[i].msg_len;
	return p;
}

struct endpoint receive_batch_from(const struct receive_batch *rb, int i)
{
	return (struct endpoint){ ntohl(rb->from[i].sin_addr.s_addr), ntohs(rb->from[i].sin_port) };
}

struct send_batch {
	struct mmsghdr msg[BATCH_MAX];
	struct iovec iov[BATCH_MAX];
	struct sockaddr_in to[BATCH_MAX];
	unsigned n;
	size_t used;			/* of the bytes */
	struct losses losses;
	uint8_t bytes[BATCH_MAX * SEND_PACKET_MAX];
};

struct send_batch *send_batch_new(void)
{
	struct send_batch *sb = xmem_new(1, sizeof *sb);

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

void send_batch_put(
	struct send_batch *sb, int fd, const struct endpoint *to, const struct pkt *p, size_t least)
{
	size_t len = p->len < least ? least : p->len;
	struct msghdr *h;
	uint8_t *bytes;

	if (len > SEND_PACKET_MAX) {
		sb->losses.refused++;
		sb->losses.error = EMSGSIZE;
		return;
	}
	if (sb->n == BATCH_MAX)
		send_batch_flush(sb, fd);
	bytes = sb->bytes + sb->used;
	memcpy(bytes, p->data, p->len);
	memset(bytes + p->len, 0, len - p->len);
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
}

void send_batch_flush(struct send_batch *sb, int fd)
{
	unsigned done = 0;

	while (done < sb->n) {
		int n = sendmmsg(fd, sb->msg + done, sb->n - done, MSG_DONTWAIT);

		if (n > 0) {
			done += (unsigned)n;
		} else if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
			sb->losses.no_buffer += sb->n - done;
			break;
		} else if (errno != EINTR) {
			/* An error of this packet alone, or an old one of its receiver. */
			sb->losses.refused++;
			sb->losses.error = errno;
			done++;
		}
	}
	sb->n = 0;
	sb->used = 0;
}

struct losses send_batch_losses(const struct send_batch *sb)
{
	return sb->losses;
}

void socket_set_buffers(int fd)
{
	const int size = SOCKET_BUFFER, on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
}
