/*
 * A packet on its way through the router: a window [data, data + len) into
 * storage that somebody else owns, with headroom before it so that a header
 * can be exchanged for another without a copy. Packets are lent for the call.
 */
#ifndef AURPD_PKT_H
#define AURPD_PKT_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PKT_HEADROOM = 64,
	/* Storage behind the headroom of a packet we build: the largest AURP packet we
	 * send (1400) or EtherTalk frame fits, with room for the domain header. */
	PKT_BODY_MAX = 1500,
};

struct pkt {
	uint8_t *start;		/* first byte of the storage */
	uint8_t *end;		/* one past its last byte */
	uint8_t *data;
	size_t len;
};

/* A packet with its own storage, for what the router itself says. */
struct pkt_buf {
	struct pkt pkt;
	uint8_t bytes[PKT_HEADROOM + PKT_BODY_MAX];
};

/* An empty packet over [start, start + size) with `headroom` bytes kept free before it. */
static inline struct pkt pkt_over(uint8_t *start, size_t size, size_t headroom)
{
	assert(headroom <= size);
	return (struct pkt){ start, start + size, start + headroom, 0 };
}

static inline struct pkt *pkt_buf_init(struct pkt_buf *b)
{
	b->pkt = pkt_over(b->bytes, sizeof b->bytes, PKT_HEADROOM);
	return &b->pkt;
}

/* Bytes that could still be appended. */
static inline size_t pkt_tailroom(const struct pkt *p)
{
	return (size_t)(p->end - p->data) - p->len;
}

/* Opens n bytes before the data; the caller fills them. NULL if the headroom is too small. */
static inline uint8_t *pkt_push(struct pkt *p, size_t n)
{
	if ((size_t)(p->data - p->start) < n)
		return NULL;
	p->data -= n;
	p->len += n;
	return p->data;
}

/* Removes n bytes from the front; false (and nothing done) if there are fewer. */
static inline bool pkt_pull(struct pkt *p, size_t n)
{
	if (p->len < n)
		return false;
	p->data += n;
	p->len -= n;
	return true;
}

/* Cuts the packet to at most n bytes. */
static inline void pkt_trim(struct pkt *p, size_t n)
{
	if (p->len > n)
		p->len = n;
}

#endif
