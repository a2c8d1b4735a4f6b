/*
 * The framing between us and a TashTalk adapter; tashtalk.c calls. Towards the
 * adapter nothing is escaped, as it knows a frame's length from the frame. From
 * it, 00 announces a mark: a literal 00 or one of the ends of a frame. Pure.
 */
#include "tashtalk_frame.h"

#include <string.h>

enum {
	COMMAND_NOTHING = 0x00,
	COMMAND_TRANSMIT = 0x01,
	COMMAND_NODES = 0x02,
	ESCAPE = 0x00,
	MARK_ABORTED = 0xFA,
	MARK_BAD_FCS = 0xFC,
	MARK_END = 0xFD,
	MARK_BAD_FRAMING = 0xFE,
	MARK_LITERAL = 0xFF,
};

void tashtalk_nodes(uint8_t node, uint8_t out[TASHTALK_NODES])
{
	memset(out, 0, TASHTALK_NODES);
	out[0] = COMMAND_NODES;
	/* Bits 0 and 255 would be nobody and everybody (L22). */
	if (node != 0 && node != 0xFF)
		out[1 + node / 8] = (uint8_t)(1 << node % 8);
}

void tashtalk_init(uint8_t out[TASHTALK_INIT])
{
	memset(out, COMMAND_NOTHING, TASHTALK_SYNC);
	tashtalk_nodes(0, out + TASHTALK_SYNC);
}

void tashtalk_transmit(const uint8_t *frame, size_t len, uint8_t *out)
{
	out[0] = COMMAND_TRANSMIT;
	memcpy(out + 1, frame, len);
}

static void keep(struct tashtalk_rx *rx, uint8_t byte)
{
	if (rx->len < sizeof rx->frame)
		rx->frame[rx->len++] = byte;
	else
		rx->is_garbled = true;
}

static enum tashtalk_event end(struct tashtalk_rx *rx, enum tashtalk_event event)
{
	rx->is_done = true;
	return rx->is_garbled ? TASHTALK_GARBLED : event;
}

static enum tashtalk_event take_mark(struct tashtalk_rx *rx, uint8_t mark)
{
	rx->is_escaped = false;
	switch (mark) {
	case MARK_LITERAL:
		keep(rx, ESCAPE);
		return TASHTALK_NOTHING;
	case MARK_END:
		return end(rx, TASHTALK_FRAME);
	case MARK_BAD_FRAMING:
		return end(rx, TASHTALK_BAD_FRAMING);
	case MARK_ABORTED:
		return end(rx, TASHTALK_ABORTED);
	case MARK_BAD_FCS:
		return end(rx, TASHTALK_BAD_FCS);
	default:
		/* After 00 00 the second one may be the true announcement. */
		rx->is_garbled = true;
		rx->is_escaped = mark == ESCAPE;
		return TASHTALK_NOTHING;
	}
}

enum tashtalk_event tashtalk_rx_byte(struct tashtalk_rx *rx, uint8_t byte)
{
	if (rx->is_done) {
		rx->len = 0;
		rx->is_garbled = false;
		rx->is_done = false;
	}
	if (rx->is_escaped)
		return take_mark(rx, byte);
	if (byte == ESCAPE)
		rx->is_escaped = true;
	else
		keep(rx, byte);
	return TASHTALK_NOTHING;
}
