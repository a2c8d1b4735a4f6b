/*
 * Bytes from a TashTalk adapter. The adapter's side of the framing is written
 * down here: each frame taken out of the input, put on the line by it, comes out
 * the same; what we put on the line has the frame in it as it is.
 */
#include "fuzz.h"
#include "tashtalk_frame.h"

enum { MARK = 0x00, LITERAL = 0xFF, END = 0xFD };

static void check_transmit(const uint8_t *frame, size_t len)
{
	uint8_t line[1 + TASHTALK_FRAME_MAX];

	tashtalk_transmit(frame, len, line);
	CHECK(line[0] == 0x01 && memcmp(line + 1, frame, len) == 0);
}

static void check_frame(const uint8_t *frame, size_t len)
{
	struct tashtalk_rx again = { .len = 0 };

	for (size_t i = 0; i < len; i++) {
		CHECK(tashtalk_rx_byte(&again, frame[i]) == TASHTALK_NOTHING);
		if (frame[i] == MARK)
			CHECK(tashtalk_rx_byte(&again, LITERAL) == TASHTALK_NOTHING);
	}
	CHECK(tashtalk_rx_byte(&again, MARK) == TASHTALK_NOTHING);
	CHECK(tashtalk_rx_byte(&again, END) == TASHTALK_FRAME);
	CHECK(again.len == len && memcmp(again.frame, frame, len) == 0);
	check_transmit(frame, len);
}

/* The adapter answers for one node, or for none. */
static void check_nodes(uint8_t node)
{
	uint8_t line[TASHTALK_NODES];
	int bits = 0;

	tashtalk_nodes(node, line);
	for (int i = 0; i < 256; i++)
		if (line[1 + i / 8] & 1 << i % 8) {
			CHECK(i == node);
			bits++;
		}
	CHECK(bits == (node != 0 && node != 0xFF));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct tashtalk_rx rx = { .len = 0 };

	for (size_t i = 0; i < n; i++) {
		enum tashtalk_event event = tashtalk_rx_byte(&rx, bytes[i]);

		CHECK(event <= TASHTALK_GARBLED && rx.len <= sizeof rx.frame);
		if (event == TASHTALK_FRAME)
			check_frame(rx.frame, rx.len);
	}
	if (n > 0)
		check_nodes(bytes[0]);
	return 0;
}
