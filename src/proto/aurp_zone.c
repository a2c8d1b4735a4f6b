/*
 * The zone transactions ZI, GZN and GDZL (RFC 1504 p. 52-55), for aurp_recv.c
 * and aurp_send.c. What needs care is the ZI-Rsp: a tuple may hold, in place of
 * a name, the offset of a name elsewhere in the packet.
 */
#include "aurp.h"

#include <assert.h>

enum {
	OPTIMISED = 0x80,	/* in the byte where a long tuple has its length */
	OFFSET_MASK = 0x7FFF,
	COUNT_SIZE = 2,
	TO_NAME = COUNT_SIZE + 2,	/* from the count to the first name's length byte */
};

static bool is_optimised(struct rd *r)
{
	return (rd_peek_u8(r, 0) & OPTIMISED) != 0;
}

/* Marks where long names start, so that an offset cannot lead anywhere else. */
static void find_names(struct aurp_zone_reader *z)
{
	struct rd walk = z->tuples;
	size_t whole = rd_left(&z->names);
	struct at_name ignored;

	while (rd_left(&walk) > 2) {
		enum tuple_step step;
		size_t at;

		rd_skip(&walk, 2);
		if (is_optimised(&walk)) {
			rd_skip(&walk, 2);
			continue;
		}
		at = whole - rd_left(&walk);
		step = tuple_read_zone(&walk, &ignored);
		if ((step == TUPLE_OK || step == TUPLE_NAMELESS) && at < AURP_OFFSETS)
			z->starts[at / 8] |= (uint8_t)(1u << at % 8);
	}
}

bool aurp_decode_zi_rsp(struct rd *r, struct aurp_zone_reader *out)
{
	uint16_t count = rd_u16(r);

	if (!rd_ok(r))
		return false;
	*out = (struct aurp_zone_reader){ .count = count, .tuples = *r, .names = *r };
	rd_skip(&out->names, 2);
	find_names(out);
	rd_skip(r, rd_left(r));
	return true;
}

static enum tuple_step resolve(const struct aurp_zone_reader *z, uint16_t offset,
	struct at_name *out)
{
	struct rd name = z->names;

	if (!(z->starts[offset / 8] & 1u << offset % 8))
		return TUPLE_BAD;
	rd_skip(&name, offset);
	*out = rd_name(&name);
	assert(rd_ok(&name));
	return out->len > 0 ? TUPLE_OK : TUPLE_NAMELESS;
}

enum tuple_step aurp_next_zone(struct aurp_zone_reader *z, struct aurp_zone *out)
{
	enum tuple_step step;

	if (rd_ok(&z->tuples) && rd_at_end(&z->tuples))
		return TUPLE_END;
	out->net = rd_u16(&z->tuples);
	if (is_optimised(&z->tuples)) {
		uint16_t offset = rd_u16(&z->tuples) & OFFSET_MASK;

		step = rd_ok(&z->tuples) ? resolve(z, offset, &out->zone) : TUPLE_CUT;
	} else {
		step = tuple_read_zone(&z->tuples, &out->zone);
	}
	return tuple_is_here(step) && !at_net_is_routable(out->net) ? TUPLE_BAD : step;
}

void aurp_zones_begin(struct aurp_zone_writer *z, struct wr *w, bool extended, uint16_t total)
{
	*z = (struct aurp_zone_writer){ .w = w, .extended = extended, .start = wr_len(w) };
	z->count = extended ? total : 0;
	wr_u16(w, z->count);
}

/* The offset of a name already written, byte for byte the same; -1 if there is none. */
static int find_written(const struct aurp_zone_writer *z, const struct at_name *zone)
{
	size_t written = wr_len(z->w) - z->start;
	struct rd walk = rd_over(z->w->start + z->start, written);

	rd_skip(&walk, COUNT_SIZE);
	while (!rd_at_end(&walk)) {
		struct at_name name;
		size_t at;

		rd_skip(&walk, 2);
		if (is_optimised(&walk)) {
			rd_skip(&walk, 2);
			continue;
		}
		at = written - rd_left(&walk) - TO_NAME;
		name = rd_name(&walk);
		if (at <= OFFSET_MASK && name.len == zone->len &&
			memcmp(name.byte, zone->byte, name.len) == 0)
			return (int)at;
	}
	return -1;
}

bool aurp_zones_add(struct aurp_zone_writer *z, uint16_t net, const struct at_name *zone)
{
	int offset = z->extended ? -1 : find_written(z, zone);
	size_t size = offset < 0 ? 3 + (size_t)zone->len : 4;

	assert(zone->len > 0);
	if (size > wr_room(z->w))
		return false;
	wr_u16(z->w, net);
	if (offset < 0)
		wr_name(z->w, zone);
	else
		wr_u16(z->w, (uint16_t)(OPTIMISED << 8 | offset));
	if (!z->extended)
		z->count++;
	return true;
}

struct aurp_zone_mark aurp_zones_mark(const struct aurp_zone_writer *z)
{
	return (struct aurp_zone_mark){ *z->w, z->count };
}

void aurp_zones_rewind(struct aurp_zone_writer *z, struct aurp_zone_mark mark)
{
	*z->w = mark.w;
	z->count = mark.count;
}

void aurp_zones_end(struct aurp_zone_writer *z)
{
	wr_patch_u16(z->w, z->start, z->count);
}

bool aurp_decode_gzn_req(struct rd *r, struct at_name *zone)
{
	*zone = rd_name(r);
	return rd_ok(r) && zone->len > 0;
}

void aurp_encode_gzn_req(struct wr *w, const struct at_name *zone)
{
	wr_name(w, zone);
}

bool aurp_decode_gzn_rsp(struct rd *r, struct aurp_gzn_rsp *out)
{
	out->zone = rd_name(r);
	out->count = rd_u16(r);
	out->networks = rd_sub(r, out->count == AURP_NOT_SUPPORTED ? 0 : rd_left(r));
	return rd_ok(r) && out->zone.len > 0;
}

void aurp_encode_gzn_rsp(struct wr *w, const struct at_name *zone, uint16_t count)
{
	wr_name(w, zone);
	wr_u16(w, count);
}

bool aurp_decode_gdzl_req(struct rd *r, uint16_t *start)
{
	*start = rd_u16(r);
	return rd_ok(r);
}

void aurp_encode_gdzl_req(struct wr *w, uint16_t start)
{
	wr_u16(w, start);
}

bool aurp_decode_gdzl_rsp(struct rd *r, struct aurp_gdzl_rsp *out)
{
	out->start = rd_u16(r);
	out->zones = rd_sub(r, out->start == AURP_NOT_SUPPORTED ? 0 : rd_left(r));
	return rd_ok(r);
}

void aurp_encode_gdzl_rsp(struct wr *w, uint16_t start)
{
	wr_u16(w, start);
}

enum tuple_step aurp_next_zone_name(struct rd *zones, struct at_name *out)
{
	if (rd_ok(zones) && rd_at_end(zones))
		return TUPLE_END;
	return tuple_read_name(zones, out);
}
