/* Up to 64 packets in, up to 64 packets out, with one system call each. */
#ifndef AURPD_BATCH_H
#define AURPD_BATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/mtime.h"
#include "aurpd/pkt.h"

enum {
	BATCH_MAX = 64,
	SEND_PACKET_MAX = 2048,		/* more than any frame or payload the core makes */
};

/* What got lost between the kernel and us. */
struct losses {
	uint64_t no_buffer;		/* the kernel's buffer was full, in or out */
	uint64_t refused;		/* the kernel would not send */
	int error;			/* errno of the last refusal */
	uint32_t overflow;		/* SO_RXQ_OVFL of the open socket, as last seen */
};

/*
 * Where packets are received: one for the whole process, as every socket hands
 * its packets on before the next one reads.
 */
struct receive_batch;

struct receive_batch *receive_batch_new(void);
void receive_batch_free(struct receive_batch *rb);

struct packet_hooks {
	void *ctx;
	/*
	 * A packet with PKT_HEADROOM before it came; it is lent for the call. `from` is who sent
	 * it over UDP, and means nothing elsewhere. The socket may not be closed inside.
	 */
	void (*received)(void *ctx, struct instant now, struct endpoint from, struct pkt *p);
};

/*
 * Reads what is there, at most BATCH_MAX packets, and hands on one after the other. An error is
 * passed over: it tells of an earlier packet, or of an interface that others watch.
 */
void receive_batch_read(
	struct receive_batch *rb, int fd, struct losses *losses, const struct packet_hooks *hooks);

/* What the kernel knows of a frame besides its bytes. */
struct frame_origin {
	unsigned char type;		/* PACKET_HOST, PACKET_OTHERHOST ... of packet(7) */
	/* It had a VLAN tag with this VLAN; known where PACKET_AUXDATA is on. */
	bool has_tag;
	uint16_t vlan;
};

struct frame_hooks {
	void *ctx;
	/* As packet_hooks.received(). */
	void (*received)(void *ctx, struct instant now, const struct frame_origin *origin,
		struct pkt *frame);
};

/* The same from a packet socket. */
void receive_batch_read_frames(
	struct receive_batch *rb, int fd, struct losses *losses, const struct frame_hooks *hooks);

struct send_batch;

/* `losses` counts what is not sent; it outlives the batch. */
struct send_batch *send_batch_new(struct losses *losses);
void send_batch_free(struct send_batch *sb);

/*
 * Room for a packet of `len` bytes, for the caller to fill before anything else is done
 * with the batch; NULL, and counted: no packet is that long. `to` is NULL on a socket that
 * needs no address. Flushes first if the batch is full.
 */
uint8_t *send_batch_room(struct send_batch *sb, int fd, const struct endpoint *to, size_t len);

/* Copies a packet into such room, padded with zeros to at least `least` bytes. */
void send_batch_put(struct send_batch *sb, int fd, const struct endpoint *to, const struct pkt *p,
	size_t least);
void send_batch_flush(struct send_batch *sb, int fd);

/* Counts a packet that the kernel did not take for this errno. */
void losses_count(struct losses *losses, int error, size_t packets);

/*
 * For a socket just made: asks for 4 MiB in both directions, as much of it as the kernel grants;
 * bursts fit. From now on `losses` counts what this socket has no room for.
 */
void socket_prepare(int fd, struct losses *losses);

#endif
