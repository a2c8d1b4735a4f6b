/* core/port_localtalk.c: LLAP packets in and out, over LToUDP and behind a TashTalk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig_localtalk.h"

static const uint8_t ping[] = { 1, 'H', 'i' };

/* A rig on a TashTalk, where we are node 128 as in the vectors. */
static struct rig *tashtalk_up(void)
{
	struct rig *rig = rig_localtalk_new();

	rig->ports[LT0].kind = PORT_TASHTALK;
	rig->ports[LT0].address = (struct at_addr){ 10, 128 };
	rig_bring_up(rig);
	return rig;
}

static void test_atalk_L06_other_llap_types_are_dropped(void **state)
{
	struct rig *rig = rig_localtalk_up();
	uint64_t bad = 0;

	(void)state;
	for (unsigned type = 0; type <= 0xFF; type++) {
		const bool is_known = type == 0x01 || type == 0x02 || type == 0x81 ||
				      type == 0x82 || type == 0x84 || type == 0x85;

		if (is_known)
			continue;
		llap_say(rig, NODE_US, NODE_L, type, "\x00\x07\x04\xFD\x04\x01\x41", 7);
		llap_say(rig, NODE_US, NODE_US, type, NULL, 0);
		bad += 2;
	}
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_TYPE), bad);
	rig_assert_quiet(rig, LT0);
	rig_free(rig);
}

static void test_atalk_L07_the_length_field_must_be_right(void **state)
{
	struct rig *rig = rig_localtalk_up();
	uint8_t data[700] = { 0, 0, 4, 253, DDP_AEP, 1 };
	uint64_t bad = 0;

	(void)state;
	for (size_t n = 0; n <= 620; n++) {
		for (int off = -1; off <= 1; off++) {
			const size_t says = n + (size_t)(off + 1) - 1;
			const bool is_right = off == 0 && n >= 6 && n <= 591;

			data[0] = (uint8_t)(says >> 8 & 3);
			data[1] = (uint8_t)says;
			llap_say(rig, NODE_US, NODE_L, LLAP_DDP_SHORT, data, n);
			bad += !is_right;
			if (is_right)
				assert_non_null(rig_find(rig, LT0, DDP_AEP));
			rig_assert_quiet(rig, LT0);
		}
		if (n % 50 == 0)
			rig_clear(rig);
	}
	/* Headers without data, and data longer than DDP's: right for LLAP, not for DDP. */
	assert_true(rig_drops(rig, LT0, DROP_DDP_BAD_LENGTH) > 0);
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_LENGTH) +
				 rig_drops(rig, LT0, DROP_DDP_BAD_LENGTH) +
				 rig_drops(rig, LT0, DROP_AEP_MALFORMED) +
				 rig_drops(rig, LT0, DROP_DDP_BAD_SOCKET),
		bad);
	rig_inject(rig, LT0, "\xFE\x2A", 2);
	rig_inject(rig, LT0, "", 0);
	rig_assert_quiet(rig, LT0);
	rig_free(rig);
}

static void test_atalk_L08_only_for_us_or_all_and_from_a_node(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	llap_say_short(rig, 7, NODE_L, 4, 253, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_NOT_FOR_US), 1);
	llap_say_short(rig, NODE_US, 0, 4, 253, DDP_AEP, ping, sizeof(ping));
	llap_say_short(rig, NODE_US, 0xFF, 4, 253, DDP_AEP, ping, sizeof(ping));
	llap_say_short(rig, 0, NODE_L, 4, 253, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_NODE), 3);
	rig_assert_quiet(rig, LT0);
	for (unsigned node = 1; node < NODE_US; node++) {
		llap_say_short(rig, NODE_US, (uint8_t)node, 4, 253, DDP_AEP, ping, sizeof(ping));
		assert_int_equal(rig_take(rig, LT0, DDP_AEP)->llap.dst, node);
	}
	llap_say_short(rig, LLAP_BROADCAST, NODE_L, 4, 253, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_take(rig, LT0, DDP_AEP)->llap.dst, NODE_L);
	rig_free(rig);
}

static void test_atalk_L14_Q26_rts_and_cts_are_ignored_and_never_sent(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	/* Every packet sent in any test of this rig is checked not to be one. */
	llap_say(rig, NODE_US, NODE_L, LLAP_RTS, NULL, 0);
	llap_say(rig, LLAP_BROADCAST, NODE_L, LLAP_RTS, NULL, 0);
	llap_say(rig, NODE_US, NODE_L, LLAP_CTS, NULL, 0);
	rig_assert_quiet(rig, LT0);
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_IGNORED), 3);
	/* Data comes and goes without them. */
	llap_say_short(rig, NODE_US, NODE_L, 4, 253, DDP_AEP, ping, sizeof(ping));
	assert_non_null(rig_find(rig, LT0, DDP_AEP));
	rig_assert_quiet(rig, LT0);
	rig_free(rig);
}

static void test_atalk_L15_long_headers_leave_the_network_short_ones_may_stay(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	llap_say_short(rig, NODE_US, NODE_L, 4, 253, DDP_AEP, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.type, LLAP_DDP_SHORT);
	assert_memory_equal(h->body.pos, "\x02Hi", 3);
	/* From another network of ours, and from another node. */
	llap_say_long(rig, &(struct ddp){ .dst = { 3, 128, 4 }, .src = { 10, NODE_L, 253 },
		.type = DDP_AEP }, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->ddp.src.net, 3);
	assert_int_equal(h->ddp.dst.net, 10);
	station_send(&a, (struct at_sockaddr){ 10, NODE_L, 77 }, 253, DDP_AEP, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->llap.dst, NODE_L);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_L16_P06_short_and_long_headers_within_the_network_echo(void **state)
{
	struct rig *rig = tashtalk_up();
	const struct vector d3 = vector_load("V-D3"), d4 = vector_load("V-D4");
	const struct heard *h;

	(void)state;
	llap_say(rig, 128, NODE_L, LLAP_DDP_SHORT, d3.byte, d3.len);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.dst.socket, 253);
	assert_memory_equal(h->body.pos, "\x02\x41", 2);
	llap_say(rig, 128, NODE_L, LLAP_DDP_LONG, d4.byte, d4.len);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.dst.socket, 253);
	assert_memory_equal(h->body.pos, "\x02\x41", 2);
	rig_free(rig);
}

static void test_atalk_L17_Q27_network_0_is_this_network(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct at_sockaddr froms[] = { { 0, NODE_L, 253 }, { 10, NODE_L, 253 } };
	const uint16_t to_nets[] = { 0, 10 };
	const struct heard *h;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		llap_say_long(rig, &(struct ddp){ .dst = { to_nets[i % 2], NODE_US, 4 },
			.src = froms[i / 2], .type = DDP_AEP }, ping, sizeof(ping));
		h = rig_take(rig, LT0, DDP_AEP);
		assert_int_equal(h->llap.dst, NODE_L);
		assert_int_equal(h->ddp.dst.socket, 253);
	}
	/* To another node here, who is then called by his number. */
	llap_say_long(rig, &(struct ddp){ .dst = { 0, 43, 4 }, .src = { 0, NODE_L, 253 },
		.type = DDP_AEP }, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, 43);
	assert_int_equal(h->ddp.dst.net, 10);
	/* To another network of ours: the answer names the asker's. */
	llap_say_long(rig, &(struct ddp){ .dst = { 3, 128, 4 }, .src = { 0, NODE_L, 253 },
		.type = DDP_AEP }, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->ddp.dst.net, 10);
	assert_int_equal(h->ddp.dst.node, NODE_L);
	rig_free(rig);
}

static void test_atalk_L18_broadcasts_leave_to_all(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct station a = station_a(rig);

	(void)state;
	rig_run(rig, span_s(12));
	assert_int_equal(rig_take(rig, LT0, DDP_RTMP)->llap.dst, LLAP_BROADCAST);
	station_send(&a, (struct at_sockaddr){ 10, 255, 77 }, 253, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_take(rig, LT0, DDP_AEP)->llap.dst, LLAP_BROADCAST);
	rig_free(rig);
}

static void test_the_fcs_goes_low_byte_first_on_a_tashtalk(void **state)
{
	struct rig *rig = tashtalk_up();
	const struct heard *h;
	uint16_t fcs;

	(void)state;
	llap_say_vector(rig, "V-L5");
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->raw_len, 12);
	assert_memory_equal(h->raw, "\x2A\x80\x01\x00\x07\xFD\x04\x04\x02\x41", 10);
	fcs = llap_fcs(h->raw, 10);
	assert_int_equal(h->raw[10], fcs & 0xFF);
	assert_int_equal(h->raw[11], fcs >> 8);
	rig_free(rig);
}

static void test_atalk_L25_one_wrong_bit_and_the_packet_is_dropped(void **state)
{
	struct rig *rig = tashtalk_up();
	struct vector v = vector_load("V-L5");
	uint64_t bad = 0;

	(void)state;
	for (size_t bit = 0; bit < v.len * 8; bit++) {
		v.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		rig_inject(rig, LT0, v.byte, v.len);
		v.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_FCS), ++bad);
	}
	for (size_t n = 0; n < v.len; n++) {
		rig_inject(rig, LT0, v.byte, n);
		assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_FCS), ++bad);
	}
	rig_assert_quiet(rig, LT0);
	rig_inject(rig, LT0, v.byte, v.len);
	assert_non_null(rig_find(rig, LT0, DDP_AEP));
	rig_free(rig);
}

static void test_atalk_L28_what_a_promiscuous_adapter_hears_for_others_is_ignored(void **state)
{
	struct rig *rig = tashtalk_up();
	uint64_t others = 0;

	(void)state;
	for (unsigned node = 1; node <= 254; node++) {
		if (node == 128)
			continue;
		llap_say_short(rig, (uint8_t)node, 200, 4, 253, DDP_AEP, ping, sizeof(ping));
		assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_NOT_FOR_US), ++others);
	}
	rig_assert_quiet(rig, LT0);
	rig_free(rig);
}

static void test_the_largest_datagrams_pass_in_both_forms(void **state)
{
	struct rig *rig = tashtalk_up();
	const struct station a = station_a(rig);
	uint8_t body[DDP_DATA_MAX] = { 1 };

	(void)state;
	llap_say_short(rig, 128, NODE_L, 4, 253, DDP_AEP, body, sizeof(body));
	assert_int_equal(rd_left(&rig_take(rig, LT0, DDP_AEP)->body), sizeof(body));
	llap_say_long(rig, &(struct ddp){ .dst = { 10, 255, 4 }, .src = { 10, NODE_L, 253 },
		.type = DDP_AEP }, body, sizeof(body));
	assert_int_equal(rd_left(&rig_take(rig, LT0, DDP_AEP)->body), sizeof(body));
	station_send(&a, (struct at_sockaddr){ 10, NODE_L, 77 }, 253, DDP_AEP, body, sizeof(body));
	assert_int_equal(rig_take(rig, LT0, DDP_AEP)->raw_len, 3 + 599 + 2);
	rig_free(rig);
}

static void test_a_node_that_cannot_be_is_not_sent_to(void **state)
{
	struct rig *rig = rig_localtalk_up();
	struct vector v = vector_load("V-N1");

	(void)state;
	/* A LkUp that fits our name, whose requester is 10.0. */
	memcpy(v.byte, "\x21\x17\x00\x0A\x00", 5);
	memcpy(v.byte + 9, "\x01=\x00", 3);
	llap_say_short(rig, NODE_US, NODE_L, 2, 2, DDP_NBP, v.byte, 12);
	rig_assert_quiet(rig, LT0);
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_BAD_TARGET), 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_L06_other_llap_types_are_dropped),
		cmocka_unit_test(test_atalk_L07_the_length_field_must_be_right),
		cmocka_unit_test(test_atalk_L08_only_for_us_or_all_and_from_a_node),
		cmocka_unit_test(test_atalk_L14_Q26_rts_and_cts_are_ignored_and_never_sent),
		cmocka_unit_test(
			test_atalk_L15_long_headers_leave_the_network_short_ones_may_stay),
		cmocka_unit_test(test_atalk_L16_P06_short_and_long_headers_within_the_network_echo),
		cmocka_unit_test(test_atalk_L17_Q27_network_0_is_this_network),
		cmocka_unit_test(test_atalk_L18_broadcasts_leave_to_all),
		cmocka_unit_test(test_the_fcs_goes_low_byte_first_on_a_tashtalk),
		cmocka_unit_test(test_atalk_L25_one_wrong_bit_and_the_packet_is_dropped),
		cmocka_unit_test(
			test_atalk_L28_what_a_promiscuous_adapter_hears_for_others_is_ignored),
		cmocka_unit_test(test_the_largest_datagrams_pass_in_both_forms),
		cmocka_unit_test(test_a_node_that_cannot_be_is_not_sent_to),
	};

	return cmocka_run_group_tests_name("localtalk", tests, NULL, NULL);
}
