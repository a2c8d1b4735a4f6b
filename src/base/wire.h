/*
 * Checked cursors over bytes: the only place where packets meet pointer
 * arithmetic. A reader or writer that runs past its end turns bad and stays
 * bad; reads then yield zero, writes go nowhere, and the one test at the end
 * (rd_ok, wr_ok) tells. Big-endian throughout.
 */
#ifndef AURPD_WIRE_H
#define AURPD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "aurpd/at.h"

struct rd {
	const uint8_t *pos;
	const uint8_t *end;
	bool bad;
};

static inline struct rd rd_over(const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	return (struct rd){ p, p + len, false };
}

static inline bool rd_ok(const struct rd *r)
{
	return !r->bad;
}

static inline size_t rd_left(const struct rd *r)
{
	return r->bad ? 0 : (size_t)(r->end - r->pos);
}

static inline bool rd_at_end(const struct rd *r)
{
	return rd_left(r) == 0;
}

/* The next n bytes, consumed; NULL and bad if there are fewer. */
static inline const uint8_t *rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = r->pos;

	if (r->bad || (size_t)(r->end - r->pos) < n) {
		r->bad = true;
		return NULL;
	}
	r->pos += n;
	return p;
}

static inline void rd_skip(struct rd *r, size_t n)
{
	(void)rd_bytes(r, n);
}

static inline uint8_t rd_u8(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 1);

	return p ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 2);

	return p ? (uint16_t)(p[0] << 8 | p[1]) : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 4);

	return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

/* A sub-reader over the next n bytes, consumed here; empty and bad if there are fewer. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
	const uint8_t *p = rd_bytes(r, n);

	return p ? rd_over(p, n) : (struct rd){ r->end, r->end, true };
}

/* A byte the cursor has not reached yet; 0 and bad if it is not there. */
static inline uint8_t rd_peek_u8(struct rd *r, size_t offset)
{
	if (r->bad || (size_t)(r->end - r->pos) <= offset) {
		r->bad = true;
		return 0;
	}
	return r->pos[offset];
}

static inline struct mac rd_mac(struct rd *r)
{
	const uint8_t *p = rd_bytes(r, 6);
	struct mac m = { { 0 } };

	if (p)
		memcpy(m.byte, p, sizeof m.byte);
	return m;
}

/* A Pascal string of 0..32 bytes; longer turns the reader bad. */
static inline struct at_name rd_name(struct rd *r)
{
	struct at_name n = { .len = rd_u8(r) };
	const uint8_t *p;

	if (n.len > AT_ZONE_NAME_MAX)
		r->bad = true;
	p = rd_bytes(r, n.len);
	if (rd_ok(r))
		memcpy(n.byte, p, n.len);
	else
		n.len = 0;
	return n;
}

struct wr {
	uint8_t *start;
	uint8_t *pos;
	uint8_t *end;
	bool bad;
};

static inline struct wr wr_over(void *bytes, size_t size)
{
	uint8_t *p = bytes;

	return (struct wr){ p, p, p + size, false };
}

static inline bool wr_ok(const struct wr *w)
{
	return !w->bad;
}

static inline size_t wr_len(const struct wr *w)
{
	return (size_t)(w->pos - w->start);
}

static inline size_t wr_room(const struct wr *w)
{
	return w->bad ? 0 : (size_t)(w->end - w->pos);
}

static inline uint8_t *wr_claim(struct wr *w, size_t n)
{
	uint8_t *p = w->pos;

	if (w->bad || (size_t)(w->end - w->pos) < n) {
		w->bad = true;
		return NULL;
	}
	w->pos += n;
	return p;
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_claim(w, 1);

	if (p)
		p[0] = v;
}

static inline void put_u16(uint8_t *p, uint16_t v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_claim(w, 2);

	if (p)
		put_u16(p, v);
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	wr_u16(w, (uint16_t)(v >> 16));
	wr_u16(w, (uint16_t)v);
}

static inline void wr_bytes(struct wr *w, const void *bytes, size_t n)
{
	uint8_t *p = wr_claim(w, n);

	if (p && n > 0)
		memcpy(p, bytes, n);
}

static inline void wr_zeros(struct wr *w, size_t n)
{
	uint8_t *p = wr_claim(w, n);

	if (p && n > 0)
		memset(p, 0, n);
}

static inline void wr_mac(struct wr *w, struct mac m)
{
	wr_bytes(w, m.byte, sizeof m.byte);
}

static inline void wr_name(struct wr *w, const struct at_name *n)
{
	wr_u8(w, n->len);
	wr_bytes(w, n->byte, n->len);
}

/* Overwrites two bytes already written at `offset` from the start. */
static inline void wr_patch_u16(struct wr *w, size_t offset, uint16_t v)
{
	if (!w->bad && offset + 2 <= wr_len(w))
		put_u16(w->start + offset, v);
}

static inline void wr_patch_u8(struct wr *w, size_t offset, uint8_t v)
{
	if (!w->bad && offset < wr_len(w))
		w->start[offset] = v;
}

#endif
