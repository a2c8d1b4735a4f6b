/*
 * ELAP framing (Inside AppleTalk ch. 3), for port_ethertalk.c. Phase 1 frames,
 * which carry a type where ours carry a length, are not AppleTalk Phase 2.
 */
#include "elap.h"

#include "aarp.h"
#include "aurpd/macroman.h"
#include "ddp.h"
#include "wire.h"

enum {
	HEADER_8023 = 14,
	LENGTH_LIMIT = 0x0600,
	LLC_SNAP = 8,		/* bytes of both */
	SAP_SNAP = 0xAA,
	UI = 0x03,
	OUI_APPLE = 0x080007,
	OUI_NONE = 0x000000,
	PROTOCOL_DDP = 0x809B,
	PROTOCOL_AARP = 0x80F3,
};

static uint32_t read_u24(struct rd *r)
{
	uint32_t high = rd_u8(r);

	return high << 16 | rd_u16(r);
}

enum elap_result elap_pull(struct pkt *p, struct elap *out)
{
	struct rd r = rd_over(p->data, p->len);
	uint32_t llc, oui;
	uint16_t len, protocol;
	size_t least;

	out->dst = rd_mac(&r);
	out->src = rd_mac(&r);
	len = rd_u16(&r);
	if (!rd_ok(&r))
		return ELAP_SHORT;
	if (len >= LENGTH_LIMIT)
		return ELAP_NOT_8023;
	if (len > rd_left(&r))
		return ELAP_BAD_LENGTH;
	r = rd_sub(&r, len);
	llc = read_u24(&r);
	if (!rd_ok(&r))
		return ELAP_BAD_LENGTH;
	if (llc != (SAP_SNAP << 16 | SAP_SNAP << 8 | UI))
		return ELAP_NOT_SNAP;
	oui = read_u24(&r);
	protocol = rd_u16(&r);
	if (!rd_ok(&r))
		return ELAP_BAD_LENGTH;
	if (oui == OUI_APPLE && protocol == PROTOCOL_DDP)
		out->kind = ELAP_DDP;
	else if (oui == OUI_NONE && protocol == PROTOCOL_AARP)
		out->kind = ELAP_AARP;
	else
		return ELAP_NOT_APPLETALK;
	least = out->kind == ELAP_DDP ? DDP_LONG_HEADER : AARP_SIZE;
	if (rd_left(&r) < least)
		return ELAP_BAD_LENGTH;
	pkt_trim(p, HEADER_8023 + (size_t)len);
	(void)pkt_pull(p, ELAP_HEADER);
	return ELAP_OK;
}

bool elap_push(struct pkt *p, const struct elap *h)
{
	size_t body = p->len;
	size_t frame = ELAP_HEADER + body;
	size_t pad = frame < ELAP_FRAME_MIN ? ELAP_FRAME_MIN - frame : 0;
	bool ddp = h->kind == ELAP_DDP;
	struct wr w;

	if (LLC_SNAP + body >= LENGTH_LIMIT || pkt_tailroom(p) < pad || !pkt_push(p, ELAP_HEADER))
		return false;
	p->len += pad;
	w = wr_over(p->data, p->len);
	wr_mac(&w, h->dst);
	wr_mac(&w, h->src);
	wr_u16(&w, (uint16_t)(LLC_SNAP + body));
	wr_u16(&w, SAP_SNAP << 8 | SAP_SNAP);
	wr_u8(&w, UI);
	wr_u8(&w, (ddp ? OUI_APPLE : OUI_NONE) >> 16);
	wr_u16(&w, (ddp ? OUI_APPLE : OUI_NONE) & 0xFFFF);
	wr_u16(&w, ddp ? PROTOCOL_DDP : PROTOCOL_AARP);
	(void)wr_claim(&w, body);
	wr_zeros(&w, pad);
	return true;
}

bool elap_is_multicast(struct mac m)
{
	static const uint8_t prefix[] = { 0x09, 0x00, 0x07, 0x00, 0x00 };

	return mac_eq(m, ELAP_BROADCAST) ||
	       (memcmp(m.byte, prefix, sizeof prefix) == 0 && m.byte[5] < ZONE_MULTICASTS);
}
