/* Up to 64 packets in, up to 64 packets out, with one system call each. */
#ifndef AURPD_BATCH_H
#define AURPD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"

enum {
	BATCH_MAX = 64,
	SEND_PACKET_MAX = 2048,		/* more than any frame or payload the core makes */
};

/* What got lost between the kernel and us, since the socket was opened. */
struct losses {
	uint64_t no_buffer;		/* the kernel's buffer was full, in or out */
	uint64_t refused;		/* the kernel would not send */
	int error;			/* errno of the last refusal */
};

/*
 * Where packets are received: one for the whole process, as every socket hands
 * its packets on before the next one reads.
 */
struct receive_batch;

struct receive_batch *receive_batch_new(void);
void receive_batch_free(struct receive_batch *rb);

/*
 * Reads what is there, at most BATCH_MAX packets; the count, or -1 with errno.
 * *lost becomes the socket's count of packets that found no room (SO_RXQ_OVFL).
 */
int receive_batch_read(struct receive_batch *rb, int fd, uint32_t *lost);

/* Packet i of the last read, with PKT_HEADROOM before it; and who sent it (UDP). */
struct pkt receive_batch_packet(struct receive_batch *rb, int i);
struct endpoint receive_batch_from(const struct receive_batch *rb, int i);

struct send_batch;

struct send_batch *send_batch_new(void);
void send_batch_free(struct send_batch *sb);

/*
 * Copies a packet, padded with zeros to at least `least` bytes; `to` is NULL on
 * a socket that needs no address. Flushes first if there is no room.
 */
void send_batch_put(struct send_batch *sb, int fd, const struct endpoint *to, const struct pkt *p,
	size_t least);
void send_batch_flush(struct send_batch *sb, int fd);
struct losses send_batch_losses(const struct send_batch *sb);

/* Asks for 4 MiB in both directions, as much of it as the kernel grants; bursts fit. */
void socket_set_buffers(int fd);

#endif
