/*
 * The zone list requests, GetMyZone, GetZoneList and GetLocalZones, and the
 * little of ATP that carries them: one request, one response packet, no state
 * (Inside AppleTalk ch. 8 and 9). For svc_zip.c.
 */
#include "zip.h"

enum {
	FUNCTION_MASK = 0xC0,	/* of the control byte; the rest is XO, EOM and timer bits */
	TREQ = 0x40,
	TRESP = 0x80,
	TRESP_EOM = 0x90,
	BITMAP_FIRST = 0x01,	/* wants packet 0 of the response */
	/* offsets from the start of a response */
	AT_LAST = 4,
	AT_COUNT = 6,
	HEADER = 8,
};

bool zip_decode_atp_request(struct rd *r, struct zip_atp_request *out)
{
	uint8_t control = rd_u8(r);
	uint8_t bitmap = rd_u8(r);
	uint8_t function;

	out->tid = rd_u16(r);
	function = rd_u8(r);
	out->function = (enum zip_atp_function)function;
	rd_skip(r, 1);
	out->start = rd_u16(r);
	return rd_ok(r) && (control & FUNCTION_MASK) == TREQ && (bitmap & BITMAP_FIRST) &&
	       function >= ZIP_GET_MY_ZONE && function <= ZIP_GET_LOCAL_ZONES;
}

void zip_encode_atp_request(struct wr *w, const struct zip_atp_request *in)
{
	wr_u8(w, TREQ);
	wr_u8(w, BITMAP_FIRST);
	wr_u16(w, in->tid);
	wr_u8(w, (uint8_t)in->function);
	wr_u8(w, 0);
	wr_u16(w, in->start);
}

bool zip_decode_atp_response(struct rd *r, struct zip_atp_response *out)
{
	uint8_t control = rd_u8(r);
	uint8_t sequence = rd_u8(r);

	out->tid = rd_u16(r);
	out->last = rd_u8(r) != 0;
	rd_skip(r, 1);
	out->count = rd_u16(r);
	out->zones = rd_sub(r, rd_left(r));
	return rd_ok(r) && (control & FUNCTION_MASK) == TRESP && sequence == 0;
}

void zip_zones_begin(struct zip_zone_writer *z, struct wr *w, uint16_t tid)
{
	*z = (struct zip_zone_writer){ .w = w, .start = wr_len(w) };
	wr_u8(w, TRESP_EOM);
	wr_u8(w, 0);
	wr_u16(w, tid);
	wr_zeros(w, HEADER - AT_LAST);
}

bool zip_zones_add(struct zip_zone_writer *z, const struct at_name *zone)
{
	size_t used = wr_len(z->w) - z->start - HEADER;
	size_t more = 1 + (size_t)zone->len;

	if (used + more > ZIP_ZONES_DATA_MAX || more > wr_room(z->w))
		return false;
	wr_name(z->w, zone);
	z->count++;
	return true;
}

void zip_zones_end(struct zip_zone_writer *z, bool last)
{
	wr_patch_u8(z->w, z->start + AT_LAST, last);
	wr_patch_u16(z->w, z->start + AT_COUNT, z->count);
}
