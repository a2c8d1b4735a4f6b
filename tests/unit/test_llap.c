/* proto/llap.c: LocalTalk packets and the frame check sequence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frames.h"
#include "llap.h"

static enum llap_result pull(const uint8_t *bytes, size_t n, struct llap *out, struct pkt *p)
{
	*p = (struct pkt){ (uint8_t *)bytes, (uint8_t *)bytes + n, (uint8_t *)bytes, n };
	return llap_pull(p, out);
}

static void expect(const uint8_t *bytes, size_t n, enum llap_result result)
{
	uint8_t *copy = exact_copy(bytes, n);
	struct llap h;
	struct pkt p;

	assert_int_equal(pull(copy, n, &h, &p), result);
	if (result != LLAP_OK)
		assert_int_equal(p.len, n);
	free(copy);
}

/* Header and data of the packet, without FCS, written again. */
static void check(const uint8_t *bytes, size_t n, uint8_t dst, uint8_t src, enum llap_type type)
{
	struct llap h;
	struct pkt p;
	struct pkt_buf b;
	struct pkt *out = pkt_buf_init(&b);

	assert_int_equal(pull(bytes, n, &h, &p), LLAP_OK);
	assert_int_equal(h.dst, dst);
	assert_int_equal(h.src, src);
	assert_int_equal(h.type, type);
	assert_int_equal(p.len, n - LLAP_HEADER);
	memcpy(out->data, p.data, p.len);
	out->len = p.len;
	assert_true(llap_push(out, &h));
	assert_int_equal(out->len, n);
	assert_memory_equal(out->data, bytes, n);
}

static void test_packets(void **state)
{
	static const struct {
		const char *name;
		uint8_t dst, src;
		enum llap_type type;
	} packets[] = {
		{ "V-L1", 0x2A, 0x2A, LLAP_ENQ }, { "V-L2", 0x2A, 0x2A, LLAP_ACK },
		{ "V-L3", 0x80, 0x2A, LLAP_RTS }, { "V-L4", 0x2A, 0x80, LLAP_CTS },
		{ "V-L5", 0x80, 0x2A, LLAP_DDP_SHORT }, { "V-L6", 2, 1, LLAP_ENQ },
		{ "V-L7", 1, 2, LLAP_ACK }, { "V-L8", 2, 1, LLAP_DDP_SHORT },
		{ "V-L9", 2, 1, LLAP_DDP_SHORT }, { "V-R2F", 0xFF, 0xFE, LLAP_DDP_SHORT },
		{ "V-N7F", 0xFF, 0xFE, LLAP_DDP_LONG },
	};

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		struct vector v = vector_load(packets[i].name);

		if (i == 8)
			v.byte[4] = 2;	/* V-L9 is there for its FCS: its length is a lie */
		check(v.byte, v.len - LLAP_FCS, packets[i].dst, packets[i].src, packets[i].type);
	}
}

static void test_packets_inside_other_framing(void **state)
{
	struct vector u1 = vector_load("V-U1"), u2 = vector_load("V-U2"), u3 = vector_load("V-U3");
	struct vector t1 = vector_load("V-T1");

	(void)state;
	check(u1.byte + 4, u1.len - 4, 42, 42, LLAP_ENQ);
	check(u2.byte + 4, u2.len - 4, 42, 42, LLAP_ACK);
	check(u3.byte + 4, u3.len - 4, 0x80, 42, LLAP_DDP_SHORT);
	assert_true(llap_fcs_ok(t1.byte + 1, t1.len - 1));
	check(t1.byte + 1, t1.len - 1 - LLAP_FCS, 0x80, 42, LLAP_DDP_SHORT);
}

static void test_frame_check_sequences(void **state)
{
	static const char *const names[] = { "V-L1", "V-L2", "V-L3", "V-L4", "V-L5", "V-L6", "V-L7",
		"V-L8", "V-L9", "V-R2F", "V-R4F", "V-N7F" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct vector v = vector_load(names[i]);
		uint16_t fcs = llap_fcs(v.byte, v.len - LLAP_FCS);

		assert_int_equal(v.byte[v.len - 2], fcs & 0xFF);
		assert_int_equal(v.byte[v.len - 1], fcs >> 8);
		assert_true(llap_fcs_ok(v.byte, v.len));
	}
}

static void test_every_flipped_bit_is_found(void **state)
{
	struct vector v = vector_load("V-L5");

	(void)state;
	for (size_t bit = 0; bit < v.len * 8; bit++) {
		v.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(llap_fcs_ok(v.byte, v.len));
		v.byte[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_false(llap_fcs_ok(v.byte, 0));
	assert_false(llap_fcs_ok(v.byte, 1));
}

static void test_other_types_are_refused(void **state)
{
	(void)state;
	for (int type = 0; type < 256; type++) {
		uint8_t bytes[] = { 0x80, 0x2A, (uint8_t)type, 0, 2 };
		bool data = type == 1 || type == 2;
		bool control = type == 0x81 || type == 0x82 || type == 0x84 || type == 0x85;

		expect(bytes, 5, data ? LLAP_OK : control ? LLAP_BAD_LENGTH : LLAP_BAD_TYPE);
		expect(bytes, 3, control ? LLAP_OK : data ? LLAP_BAD_LENGTH : LLAP_BAD_TYPE);
	}
}

static void test_length_is_that_of_the_data_field(void **state)
{
	uint8_t bytes[700] = { 0x80, 0x2A, 2 };

	(void)state;
	for (size_t n = 0; n < 650; n++) {
		bool good = n >= 2 && n <= 600;

		put_u16(bytes + 3, (uint16_t)(n | 0xFC00));	/* the other bits do not matter */
		expect(bytes, LLAP_HEADER + n, good ? LLAP_OK : LLAP_BAD_LENGTH);
		put_u16(bytes + 3, (uint16_t)(n + 1));
		expect(bytes, LLAP_HEADER + n, LLAP_BAD_LENGTH);
		put_u16(bytes + 3, (uint16_t)(n - 1));
		expect(bytes, LLAP_HEADER + n, LLAP_BAD_LENGTH);
	}
}

static bool pulls(const uint8_t *bytes, size_t n)
{
	struct llap h;
	struct pkt p;

	return pull(bytes, n, &h, &p) == LLAP_OK;
}

static void test_cut_at_every_length(void **state)
{
	static const char *const names[] = { "V-L1", "V-L5", "V-R2F", "V-N7F" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct vector v = vector_load(names[i]);

		assert_cuts_fail(v.byte, v.len - LLAP_FCS, pulls, NULL);
	}
	expect((const uint8_t *)"\x80\x2A", 2, LLAP_SHORT);
}

static void test_nodes_that_cannot_be(void **state)
{
	uint8_t bytes[] = { 0x80, 0x2A, 1, 0, 2 };

	(void)state;
	bytes[1] = 0x00;
	expect(bytes, 5, LLAP_BAD_NODE);
	bytes[1] = 0xFF;
	expect(bytes, 5, LLAP_BAD_NODE);
	bytes[1] = 0xFE;
	expect(bytes, 5, LLAP_OK);
	bytes[0] = 0x00;
	expect(bytes, 5, LLAP_BAD_NODE);
	bytes[0] = 0xFF;
	expect(bytes, 5, LLAP_OK);
}

static void test_push_refuses_what_pull_would(void **state)
{
	struct llap data = { 1, 2, LLAP_DDP_LONG }, enq = { 1, 1, LLAP_ENQ };
	struct pkt_buf b;
	struct pkt *p = pkt_buf_init(&b);

	(void)state;
	put_u16(p->data, 5);
	p->len = 4;
	assert_false(llap_push(p, &data));
	assert_false(llap_push(p, &enq));
	assert_int_equal(p->len, 4);
	p->len = 5;
	assert_true(llap_push(p, &data));
	*p = pkt_over(b.bytes, sizeof b.bytes, 2);
	assert_false(llap_push(p, &enq));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_packets_inside_other_framing),
		cmocka_unit_test(test_frame_check_sequences),
		cmocka_unit_test(test_every_flipped_bit_is_found),
		cmocka_unit_test(test_other_types_are_refused),
		cmocka_unit_test(test_length_is_that_of_the_data_field),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_nodes_that_cannot_be),
		cmocka_unit_test(test_push_refuses_what_pull_would),
	};

	return cmocka_run_group_tests_name("llap", tests, NULL, NULL);
}
