/* RTMP packets (Inside AppleTalk ch. 5), for svc_rtmp.c and for ports that learn their range. */
#include "rtmp.h"

#include <assert.h>

enum {
	ID_BITS = 8,
	VERSION = 0x82,
	EXTENDED = 0x80,
	DISTANCE_MASK = 0x1F,
};

static bool read_version(struct rd *r)
{
	if (rd_left(r) < 3 || rd_peek_u8(r, 0) != 0 || rd_peek_u8(r, 1) != 0)
		return true;	/* left out: a Response, or an old router (R44) */
	rd_skip(r, 2);
	return rd_u8(r) == VERSION;
}

bool rtmp_decode_header(struct rd *r, bool extended, struct rtmp_header *out)
{
	uint8_t mark, version;

	out->sender.net = rd_u16(r);
	if (rd_u8(r) != ID_BITS)
		return false;
	out->sender.node = rd_u8(r);
	out->cable = (struct at_range){ out->sender.net, out->sender.net, extended };
	if (!extended)
		return rd_ok(r) && read_version(r);
	out->cable.first = rd_u16(r);
	mark = rd_u8(r);
	out->cable.last = rd_u16(r);
	version = rd_u8(r);
	return rd_ok(r) && (mark & EXTENDED) && version == VERSION;
}

enum tuple_step rtmp_next_tuple(struct rd *r, struct rtmp_tuple *out)
{
	uint8_t distance;

	if (rd_ok(r) && rd_at_end(r))
		return TUPLE_END;
	out->range.first = rd_u16(r);
	distance = rd_u8(r);
	out->distance = distance & DISTANCE_MASK;
	out->range.extended = (distance & EXTENDED) != 0;
	out->range.last = out->range.first;
	if (out->range.extended) {
		out->range.last = rd_u16(r);
		rd_skip(r, 1);
	}
	if (!rd_ok(r))
		return TUPLE_CUT;
	return at_range_is_valid(out->range) ? TUPLE_OK : TUPLE_BAD;
}

static void write_extended(struct wr *w, struct at_range range, uint8_t distance)
{
	wr_u16(w, range.first);
	wr_u8(w, EXTENDED | distance);
	wr_u16(w, range.last);
	wr_u8(w, VERSION);
}

static void write_sender(struct wr *w, struct at_addr sender)
{
	wr_u16(w, sender.net);
	wr_u8(w, ID_BITS);
	wr_u8(w, sender.node);
}

void rtmp_encode_header(struct wr *w, const struct rtmp_header *in)
{
	write_sender(w, in->sender);
	if (in->cable.extended) {
		write_extended(w, in->cable, 0);
	} else {
		wr_u16(w, 0);
		wr_u8(w, VERSION);
	}
}

void rtmp_encode_tuple(struct wr *w, const struct rtmp_tuple *in)
{
	assert(in->distance <= DISTANCE_MASK);
	if (in->range.extended) {
		write_extended(w, in->range, in->distance);
	} else {
		wr_u16(w, in->range.first);
		wr_u8(w, in->distance);
	}
}

void rtmp_encode_response(struct wr *w, const struct rtmp_header *in)
{
	write_sender(w, in->sender);
	if (in->cable.extended)
		write_extended(w, in->cable, 0);
}

bool rtmp_decode_request(struct rd *r, enum rtmp_function *out)
{
	uint8_t function = rd_u8(r);

	*out = (enum rtmp_function)function;
	return rd_ok(r) && function >= RTMP_REQUEST && function <= RTMP_LOOP_PROBE;
}

void rtmp_encode_request(struct wr *w, enum rtmp_function function)
{
	wr_u8(w, (uint8_t)function);
}

bool rtmp_decode_loop_probe(struct rd *r, struct rd *cookie)
{
	struct rd before = *r;
	uint8_t function = rd_u8(r);
	uint32_t zero = rd_u32(r);

	if (function != RTMP_LOOP_PROBE) {
		zero = rd_u32(&before);
		function = rd_u8(&before);
	}
	*cookie = rd_sub(r, rd_left(r));
	return rd_ok(r) && function == RTMP_LOOP_PROBE && zero == 0;
}

void rtmp_encode_loop_probe(struct wr *w, const void *cookie, size_t n)
{
	wr_u8(w, RTMP_LOOP_PROBE);
	wr_u32(w, 0);
	wr_bytes(w, cookie, n);
}
