/*
 * DDP headers (Inside AppleTalk ch. 4). forward.c reads and edits them, ports
 * and services write them; the short form exists on LocalTalk only.
 */
#include "ddp.h"

#include <assert.h>

#include "sum16.h"

enum {
	LENGTH_MASK = 0x03FF,
	HOPS_SHIFT = 10,
	HOPS_MASK = 0x0F,
	RESERVED_BITS = 0xC0,
	/* offsets in a long header */
	AT_CHECKSUM = 2,
	AT_DST_NET = 4,
	AT_SRC_NET = 6,
};

static bool read_length(struct rd *r, uint16_t word, size_t header, struct ddp *out)
{
	out->len = word & LENGTH_MASK;
	return rd_ok(r) && out->len >= header && out->len <= header + DDP_DATA_MAX &&
	       out->len - header <= rd_left(r);
}

bool ddp_decode_long(struct rd *r, struct ddp *out)
{
	uint16_t word = rd_u16(r);

	out->hops = word >> HOPS_SHIFT & HOPS_MASK;
	out->checksum = rd_u16(r);
	out->dst.net = rd_u16(r);
	out->src.net = rd_u16(r);
	out->dst.node = rd_u8(r);
	out->src.node = rd_u8(r);
	out->dst.socket = rd_u8(r);
	out->src.socket = rd_u8(r);
	out->type = rd_u8(r);
	return read_length(r, word, DDP_LONG_HEADER, out);
}

void ddp_encode_long(struct wr *w, const struct ddp *in)
{
	assert(in->len >= DDP_LONG_HEADER && in->len <= DDP_MAX && in->hops <= HOPS_MASK);
	wr_u16(w, (uint16_t)(in->hops << HOPS_SHIFT | in->len));
	wr_u16(w, in->checksum);
	wr_u16(w, in->dst.net);
	wr_u16(w, in->src.net);
	wr_u8(w, in->dst.node);
	wr_u8(w, in->src.node);
	wr_u8(w, in->dst.socket);
	wr_u8(w, in->src.socket);
	wr_u8(w, in->type);
}

bool ddp_push_long(struct pkt *p, const struct ddp *h)
{
	struct ddp whole = *h;
	struct wr w;
	uint8_t *at;

	if (p->len > DDP_DATA_MAX)
		return false;
	whole.len = (uint16_t)(DDP_LONG_HEADER + p->len);
	at = pkt_push(p, DDP_LONG_HEADER);
	if (!at)
		return false;
	w = wr_over(at, DDP_LONG_HEADER);
	ddp_encode_long(&w, &whole);
	return true;
}

bool ddp_decode_short(struct rd *r, struct ddp *out)
{
	uint16_t word = rd_u16(r);

	*out = (struct ddp){ .hops = 0 };
	out->dst.socket = rd_u8(r);
	out->src.socket = rd_u8(r);
	out->type = rd_u8(r);
	return read_length(r, word, DDP_SHORT_HEADER, out);
}

void ddp_encode_short(struct wr *w, const struct ddp *in)
{
	assert(in->len >= DDP_SHORT_HEADER && in->len <= DDP_SHORT_HEADER + DDP_DATA_MAX);
	wr_u16(w, in->len);
	wr_u8(w, in->dst.socket);
	wr_u8(w, in->src.socket);
	wr_u8(w, in->type);
}

uint16_t ddp_checksum(const uint8_t *datagram, size_t len)
{
	uint16_t sum = 0;

	assert(len >= DDP_LONG_HEADER);
	for (size_t i = AT_DST_NET; i < len; i++)
		sum = sum16_add(sum, datagram[i]);
	return sum16_end(sum);
}

bool ddp_checksum_ok(const uint8_t *datagram, size_t len)
{
	struct rd r = rd_over(datagram, len);
	uint16_t carried;

	rd_skip(&r, AT_CHECKSUM);
	carried = rd_u16(&r);
	return carried == 0 || carried == ddp_checksum(datagram, len);
}

void ddp_set_hops(uint8_t *datagram, uint8_t hops)
{
	assert(hops <= HOPS_MASK);
	datagram[0] = (uint8_t)((datagram[0] & (RESERVED_BITS | LENGTH_MASK >> 8)) | hops << 2);
}

void ddp_set_checksum(uint8_t *datagram, uint16_t checksum)
{
	put_u16(datagram + AT_CHECKSUM, checksum);
}

void ddp_set_dst_net(uint8_t *datagram, uint16_t net)
{
	put_u16(datagram + AT_DST_NET, net);
}

void ddp_set_src_net(uint8_t *datagram, uint16_t net)
{
	put_u16(datagram + AT_SRC_NET, net);
}
