/* AARP packets (Inside AppleTalk ch. 2, 3), for port_ethertalk.c. */
#include "aarp.h"

enum {
	HARDWARE_ETHERNET = 1,
	PROTOCOL_APPLETALK = 0x809B,
	HARDWARE_LENGTH = 6,
	PROTOCOL_LENGTH = 4,	/* an address fills it with a zero in front */
};

static struct at_addr read_addr(struct rd *r)
{
	struct at_addr a;

	rd_skip(r, 1);
	a.net = rd_u16(r);
	a.node = rd_u8(r);
	return a;
}

static void write_addr(struct wr *w, struct at_addr a)
{
	wr_u8(w, 0);
	wr_u16(w, a.net);
	wr_u8(w, a.node);
}

bool aarp_decode(struct rd *r, struct aarp *out)
{
	uint16_t hardware = rd_u16(r);
	uint16_t protocol = rd_u16(r);
	uint8_t hardware_length = rd_u8(r);
	uint8_t protocol_length = rd_u8(r);
	uint16_t function = rd_u16(r);

	out->function = (enum aarp_function)function;
	out->src_hw = rd_mac(r);
	out->src_addr = read_addr(r);
	out->dst_hw = rd_mac(r);
	out->dst_addr = read_addr(r);
	return rd_ok(r) && hardware == HARDWARE_ETHERNET && protocol == PROTOCOL_APPLETALK &&
	       hardware_length == HARDWARE_LENGTH && protocol_length == PROTOCOL_LENGTH &&
	       function >= AARP_REQUEST && function <= AARP_PROBE;
}

void aarp_encode(struct wr *w, const struct aarp *in)
{
	wr_u16(w, HARDWARE_ETHERNET);
	wr_u16(w, PROTOCOL_APPLETALK);
	wr_u8(w, HARDWARE_LENGTH);
	wr_u8(w, PROTOCOL_LENGTH);
	wr_u16(w, (uint16_t)in->function);
	wr_mac(w, in->src_hw);
	write_addr(w, in->src_addr);
	wr_mac(w, in->dst_hw);
	write_addr(w, in->dst_addr);
}
