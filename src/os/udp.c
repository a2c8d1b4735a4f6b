/*
 * A tunnel's socket; daemon/tunnels.c opens and closes it. Fragmentation is
 * left to IP (649-byte datagrams must pass a 576-byte link), and no error of
 * one peer may stop the others.
 */
#include "udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>			/* linux/errqueue.h needs it */
#include <unistd.h>

#include <linux/errqueue.h>

#include "xmem.h"

/* Of the kernel's queue of errors, at most so many at a time; the rest waits for the next turn. */
enum { ERRORS_MOST = 64 };

struct udp {
	int fd;
	struct loop_watch *readable;
	struct udp_hooks hooks;
	struct receive_batch *in;
	struct send_batch *out;
	struct losses *losses;
};

/* What the kernel says of one packet. False: it is no ICMP Destination Unreachable. */
static bool read_error(struct msghdr *h, const struct sockaddr_in *to, struct unreachable *out)
{
	struct {
		struct sock_extended_err error;
		struct sockaddr_in by;
	} e;
	struct cmsghdr *c = CMSG_FIRSTHDR(h);

	while (c && (c->cmsg_level != IPPROTO_IP || c->cmsg_type != IP_RECVERR))
		c = CMSG_NXTHDR(h, c);
	if (!c || c->cmsg_len < CMSG_LEN(sizeof e))
		return false;
	memcpy(&e, CMSG_DATA(c), sizeof e);
	*out = (struct unreachable){
		.to = { ntohl(to->sin_addr.s_addr), ntohs(to->sin_port) },
		.by = e.by.sin_family == AF_INET ? ntohl(e.by.sin_addr.s_addr) : 0,
		.code = e.error.ee_code,
	};
	return e.error.ee_origin == SO_EE_ORIGIN_ICMP && e.error.ee_type == ICMP_DEST_UNREACH;
}

/*
 * Errors of packets sent before. Who leaves them in the kernel is woken for them without end,
 * and has less room for packets.
 */
static void read_errors(struct udp *s)
{
	for (int i = 0; i < ERRORS_MOST; i++) {
		union {
			char bytes[256];
			struct cmsghdr align;
		} control;
		struct sockaddr_in to = { 0 };
		struct msghdr h = { .msg_name = &to,
			.msg_namelen = sizeof to,
			.msg_control = control.bytes,
			.msg_controllen = sizeof control.bytes };
		struct unreachable u;

		if (recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		if (read_error(&h, &to, &u))
			s->hooks.unreachable(s->hooks.packet.ctx, &u);
	}
}

static void on_readable(void *arg)
{
	struct udp *s = arg;

	receive_batch_read(s->in, s->fd, s->losses, &s->hooks.packet);
	read_errors(s);
}

static struct sockaddr_in address_of(struct endpoint e)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(e.port),
		.sin_addr.s_addr = htonl(e.ip) };
}

/*
 * Linux accepts a packet for any of its addresses on any interface. An address inside a VPN
 * is safe from the world outside only if the socket belongs to the VPN's interface.
 */
static bool bind_socket(int fd, struct endpoint listen, const char *device)
{
	const struct sockaddr_in own = address_of(listen);

	if (*device && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, device,
			(socklen_t)strlen(device)) < 0)
		return false;
	return bind(fd, (const struct sockaddr *)&own, sizeof own) == 0;
}

struct udp *udp_open(struct loop *l, struct receive_batch *rb, struct losses *losses,
	struct endpoint listen, const char *device, const struct udp_hooks *hooks)
{
	const int fragment = IP_PMTUDISC_DONT, on = 1;
	struct udp *s = xmem_new(1, sizeof *s);
	int error;

	s->hooks = *hooks;
	s->in = rb;
	s->losses = losses;
	s->out = send_batch_new(losses);
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd >= 0) {
		setsockopt(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, &fragment, sizeof fragment);
		setsockopt(s->fd, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
		socket_prepare(s->fd, losses);
		if (bind_socket(s->fd, listen, device))
			s->readable = loop_watch_readable(l, s->fd, on_readable, s);
	}
	if (s->readable)
		return s;
	error = errno;
	udp_close(s);
	errno = error;
	return NULL;
}

void udp_close(struct udp *s)
{
	loop_watch_free(s->readable);
	if (s->fd >= 0)
		close(s->fd);
	send_batch_free(s->out);
	free(s);
}

void udp_send(struct udp *s, struct endpoint to, const struct pkt *payload)
{
	send_batch_put(s->out, s->fd, &to, payload, 0);
}

void udp_flush(struct udp *s)
{
	send_batch_flush(s->out, s->fd);
}

bool udp_source_address(uint32_t to, uint32_t *out)
{
	struct sockaddr_in far = address_of((struct endpoint){ to, 9 }), own = { 0 };
	socklen_t size = sizeof own;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = connect(fd, (struct sockaddr *)&far, sizeof far) == 0 &&
	     getsockname(fd, (struct sockaddr *)&own, &size) == 0 && own.sin_addr.s_addr != 0;
	close(fd);
	if (ok)
		*out = ntohl(own.sin_addr.s_addr);
	return ok;
}
