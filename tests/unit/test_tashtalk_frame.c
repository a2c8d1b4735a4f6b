/* os/tashtalk_frame.c: commands to the adapter, and escaped frames from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "tashtalk_frame.h"

/* V-L5 of the LocalTalk vectors: an AEP packet with its FCS, and as V-T1 and V-T4 on the line. */
static const uint8_t packet[] = {
	0x80, 0x2A, 0x01, 0x00, 0x07, 0x04, 0xFD, 0x04, 0x01, 0x41, 0x69, 0xB7
};
static const uint8_t received[] = {
	0x80, 0x2A, 0x01, 0x00, 0xFF, 0x07, 0x04, 0xFD, 0x04, 0x01, 0x41, 0x69, 0xB7, 0x00, 0xFD
};

/* The event of the last byte; all before it complete nothing. */
static enum tashtalk_event feed(struct tashtalk_rx *rx, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		assert_int_equal(tashtalk_rx_byte(rx, bytes[i]), TASHTALK_NOTHING);
	return tashtalk_rx_byte(rx, bytes[n - 1]);
}

static void expect_packet(struct tashtalk_rx *rx)
{
	assert_int_equal(feed(rx, received, sizeof received), TASHTALK_FRAME);
	assert_int_equal(rx->len, sizeof packet);
	assert_memory_equal(rx->frame, packet, sizeof packet);
}

static void test_atalk_L21_the_first_words_to_an_adapter(void **state)
{
	uint8_t bytes[TASHTALK_INIT], wanted[1024 + 33] = { 0 };

	(void)state;
	wanted[1024] = 2;
	tashtalk_init(bytes);
	assert_int_equal(sizeof bytes, sizeof wanted);
	assert_memory_equal(bytes, wanted, sizeof wanted);
}

static void test_atalk_L22_the_bitmap_has_our_node_and_never_0_or_255(void **state)
{
	uint8_t bytes[TASHTALK_NODES];

	(void)state;
	for (unsigned node = 0; node < 256; node++) {
		tashtalk_nodes((uint8_t)node, bytes);
		assert_int_equal(bytes[0], 2);
		for (unsigned n = 0; n < 256; n++)
			assert_int_equal(bytes[1 + n / 8] >> n % 8 & 1,
				n == node && n != 0 && n != 255);
	}
}

static void test_atalk_L23_a_frame_is_sent_as_it_is(void **state)
{
	uint8_t bytes[1 + sizeof packet];

	(void)state;
	tashtalk_transmit(packet, sizeof packet, bytes);
	assert_int_equal(bytes[0], 1);
	assert_memory_equal(bytes + 1, packet, sizeof packet);
}

static void test_atalk_L24_a_frame_is_received_without_its_escapes(void **state)
{
	struct tashtalk_rx rx = { 0 };

	(void)state;
	expect_packet(&rx);
	expect_packet(&rx);
}

static void test_atalk_L24_the_ends_of_a_frame_and_what_they_mean(void **state)
{
	static const struct {
		uint8_t mark;
		enum tashtalk_event event;
	} ends[] = {
		{ 0xFD, TASHTALK_FRAME },
		{ 0xFE, TASHTALK_BAD_FRAMING },
		{ 0xFA, TASHTALK_ABORTED },
		{ 0xFC, TASHTALK_BAD_FCS },
	};
	struct tashtalk_rx rx = { 0 };
	uint8_t bytes[sizeof received];

	(void)state;
	memcpy(bytes, received, sizeof bytes);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		bytes[sizeof bytes - 1] = ends[i].mark;
		assert_int_equal(feed(&rx, bytes, sizeof bytes), ends[i].event);
		expect_packet(&rx);
	}
}

static void test_atalk_L24_any_other_pair_spoils_the_frame_it_stands_in(void **state)
{
	(void)state;
	for (unsigned mark = 1; mark < 0x100; mark++) {
		struct tashtalk_rx rx = { 0 };
		const uint8_t odd[] = { 0x80, 0x2A, 0x00, (uint8_t)mark, 0x41, 0x00, 0xFD };

		if (mark == 0xFA || mark >= 0xFC)
			continue;
		assert_int_equal(feed(&rx, odd, sizeof odd), TASHTALK_GARBLED);
		expect_packet(&rx);
	}
}

static void test_a_lost_byte_behind_00_costs_one_frame(void **state)
{
	const uint8_t cut[] = { 0x80, 0x2A, 0x01, 0x00, 0x00, 0xFD };
	struct tashtalk_rx rx = { 0 };

	(void)state;
	assert_int_equal(feed(&rx, cut, sizeof cut), TASHTALK_GARBLED);
	expect_packet(&rx);
}

static void test_atalk_L29_what_never_ends_is_not_kept(void **state)
{
	struct tashtalk_rx rx = { 0 };

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(tashtalk_rx_byte(&rx, 0x55), TASHTALK_NOTHING);
	assert_int_equal(rx.len, TASHTALK_FRAME_MAX);
	assert_int_equal(tashtalk_rx_byte(&rx, 0x00), TASHTALK_NOTHING);
	assert_int_equal(tashtalk_rx_byte(&rx, 0xFD), TASHTALK_GARBLED);
	expect_packet(&rx);
}

static void test_the_largest_frame_fits_and_one_byte_more_does_not(void **state)
{
	struct tashtalk_rx rx = { 0 };

	(void)state;
	for (int more = 0; more < 2; more++) {
		for (int i = 0; i < TASHTALK_FRAME_MAX + more; i++)
			(void)tashtalk_rx_byte(&rx, 0x55);
		(void)tashtalk_rx_byte(&rx, 0x00);
		assert_int_equal(tashtalk_rx_byte(&rx, 0xFD),
			more ? TASHTALK_GARBLED : TASHTALK_FRAME);
		assert_int_equal(rx.len, TASHTALK_FRAME_MAX);
	}
}

/* Whatever came before: after at most one end of a frame the next frame is heard. */
static void test_after_any_noise_the_next_but_one_frame_is_whole(void **state)
{
	struct tashtalk_rx rx = { 0 };
	uint32_t chance = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		for (int i = 0; i < 40; i++) {
			chance = chance * 1664525 + 1013904223;
			(void)tashtalk_rx_byte(&rx, (uint8_t)(chance >> 28 ? chance >> 24 : 0));
		}
		(void)tashtalk_rx_byte(&rx, 0x01);	/* ends an escape */
		(void)tashtalk_rx_byte(&rx, 0x00);
		(void)tashtalk_rx_byte(&rx, 0xFD);
		expect_packet(&rx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_L21_the_first_words_to_an_adapter),
		cmocka_unit_test(test_atalk_L22_the_bitmap_has_our_node_and_never_0_or_255),
		cmocka_unit_test(test_atalk_L23_a_frame_is_sent_as_it_is),
		cmocka_unit_test(test_atalk_L24_a_frame_is_received_without_its_escapes),
		cmocka_unit_test(test_atalk_L24_the_ends_of_a_frame_and_what_they_mean),
		cmocka_unit_test(test_atalk_L24_any_other_pair_spoils_the_frame_it_stands_in),
		cmocka_unit_test(test_a_lost_byte_behind_00_costs_one_frame),
		cmocka_unit_test(test_atalk_L29_what_never_ends_is_not_kept),
		cmocka_unit_test(test_the_largest_frame_fits_and_one_byte_more_does_not),
		cmocka_unit_test(test_after_any_noise_the_next_but_one_frame_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
