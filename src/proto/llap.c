/* LLAP packets (Inside AppleTalk ch. 1, app. B and C), for LocalTalk ports. */
#include "llap.h"

#include "wire.h"

enum {
	LENGTH_MASK = 0x03FF,
	/* CRC-16/X-25: CCITT's polynomial reflected, preset to ones, complemented */
	FCS_POLYNOMIAL = 0x8408,
	FCS_PRESET = 0xFFFF,
	FCS_RESIDUE = 0xF0B8,
};

static bool type_is_known(uint8_t type)
{
	switch (type) {
	case LLAP_DDP_SHORT:
	case LLAP_DDP_LONG:
	case LLAP_ENQ:
	case LLAP_ACK:
	case LLAP_RTS:
	case LLAP_CTS:
		return true;
	default:
		return false;
	}
}

static bool length_is_right(struct rd data, enum llap_type type)
{
	size_t n = rd_left(&data);

	if (llap_is_control(type))
		return n == 0;
	return n >= LLAP_DATA_MIN && n <= LLAP_DATA_MAX && (rd_u16(&data) & LENGTH_MASK) == n;
}

enum llap_result llap_pull(struct pkt *p, struct llap *out)
{
	struct rd r = rd_over(p->data, p->len);
	uint8_t type;

	out->dst = rd_u8(&r);
	out->src = rd_u8(&r);
	type = rd_u8(&r);
	out->type = (enum llap_type)type;
	if (!rd_ok(&r))
		return LLAP_SHORT;
	if (!type_is_known(type))
		return LLAP_BAD_TYPE;
	if (!length_is_right(r, out->type))
		return LLAP_BAD_LENGTH;
	if (out->dst == 0 || out->src == 0 || out->src == LLAP_BROADCAST)
		return LLAP_BAD_NODE;
	(void)pkt_pull(p, LLAP_HEADER);
	return LLAP_OK;
}

bool llap_push(struct pkt *p, const struct llap *h)
{
	struct wr w;

	if (!length_is_right(rd_over(p->data, p->len), h->type) || !pkt_push(p, LLAP_HEADER))
		return false;
	w = wr_over(p->data, LLAP_HEADER);
	wr_u8(&w, h->dst);
	wr_u8(&w, h->src);
	wr_u8(&w, (uint8_t)h->type);
	return true;
}

static uint16_t crc(const uint8_t *bytes, size_t n)
{
	unsigned int c = FCS_PRESET;

	for (size_t i = 0; i < n; i++) {
		c ^= bytes[i];
		for (int bit = 0; bit < 8; bit++)
			c = (c & 1) ? c >> 1 ^ FCS_POLYNOMIAL : c >> 1;
	}
	return (uint16_t)c;
}

uint16_t llap_fcs(const uint8_t *bytes, size_t n)
{
	return (uint16_t)(crc(bytes, n) ^ 0xFFFF);
}

bool llap_fcs_ok(const uint8_t *bytes, size_t n)
{
	return n >= LLAP_FCS && crc(bytes, n) == FCS_RESIDUE;
}
