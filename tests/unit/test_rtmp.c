/* proto/rtmp.c: Data, Response, requests, loop probe. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "frames.h"
#include "rtmp.h"

static const struct rtmp_tuple own_10 = { { 10, 10, false }, 0 };
static const struct rtmp_tuple own_3_5 = { { 3, 5, true }, 0 };
static const struct rtmp_tuple far_20 = { { 20, 20, false }, 2 };
static const struct rtmp_tuple far_30_34 = { { 30, 34, true }, 1 };
static const struct rtmp_tuple lost_20 = { { 20, 20, false }, RTMP_UNREACHABLE };
static const struct rtmp_tuple lost_30_34 = { { 30, 34, true }, RTMP_UNREACHABLE };

static const struct rtmp_header on_ethertalk = { { 3, 128 }, { 3, 5, true } };
static const struct rtmp_header on_localtalk = { { 10, 254 }, { 10, 10, false } };

static void assert_header(const struct rtmp_header *h, const struct rtmp_header *expected)
{
	assert_true(at_addr_eq(h->sender, expected->sender));
	assert_true(at_range_eq(h->cable, expected->cable));
	assert_int_equal(h->cable.extended, expected->cable.extended);
}

static void assert_tuple(struct rd *r, const struct rtmp_tuple *expected)
{
	struct rtmp_tuple t;

	assert_int_equal(rtmp_next_tuple(r, &t), TUPLE_OK);
	assert_true(at_range_eq(t.range, expected->range));
	assert_int_equal(t.range.extended, expected->range.extended);
	assert_int_equal(t.distance, expected->distance);
}

/* Decodes Data to these tuples and writes it again. */
static void check(struct rd r, const struct rtmp_header *header,
	const struct rtmp_tuple *const *tuples, struct wr *w)
{
	struct rtmp_header h;
	struct rtmp_tuple none;

	assert_true(rtmp_decode_header(&r, header->cable.extended, &h));
	assert_header(&h, header);
	rtmp_encode_header(w, header);
	for (; *tuples; tuples++) {
		size_t before = wr_len(w);

		assert_tuple(&r, *tuples);
		rtmp_encode_tuple(w, *tuples);
		assert_int_equal(wr_len(w) - before, rtmp_tuple_size(*tuples));
	}
	assert_int_equal(rtmp_next_tuple(&r, &none), TUPLE_END);
}

static void check_data(const char *name, const struct rtmp_header *header,
	const struct rtmp_tuple *const *tuples)
{
	struct vector v = vector_load(name);
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);

	check(rd_over(v.byte, v.len), header, tuples, &w);
	assert_written(&w, &v, 0);
}

static void test_data(void **state)
{
	const struct rtmp_tuple *r1[] = { &own_10, &far_20, &far_30_34, NULL };
	const struct rtmp_tuple *r2[] = { &own_10, &own_3_5, &far_20, &far_30_34, NULL };
	const struct rtmp_tuple *r3[] = { &lost_20, &lost_30_34, NULL };

	(void)state;
	check_data("V-R1", &on_ethertalk, r1);
	check_data("V-R2", &on_localtalk, r2);
	check_data("V-R3", &on_ethertalk, r3);
}

static void test_atalk_R12_data_in_its_frames(void **state)
{
	const struct rtmp_tuple *r1[] = { &own_10, &far_20, &far_30_34, NULL };
	const struct rtmp_tuple *r2[] = { &own_10, &own_3_5, &far_20, &far_30_34, NULL };
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct frame f;

	(void)state;
	frame_open_ethertalk(&f, "V-R1F");
	check(f.body, &on_ethertalk, r1, &w);
	assert_ethertalk_rebuilds(&f, &w);
	w = wr_over(bytes, sizeof bytes);
	frame_open_localtalk(&f, "V-R2F");
	check(f.body, &on_localtalk, r2, &w);
	assert_localtalk_rebuilds(&f, &w);
}

static void test_atalk_R17_extended_tuples_are_six_bytes_with_version(void **state)
{
	const struct rtmp_tuple one = { { 6, 6, true }, 0 };
	uint8_t bytes[6];
	struct wr w = wr_over(bytes, sizeof bytes);

	(void)state;
	rtmp_encode_tuple(&w, &one);
	assert_true(wr_ok(&w));
	assert_memory_equal(bytes, "\x00\x06\x80\x00\x06\x82", 6);
}

static void check_response(const char *name, const struct rtmp_header *header)
{
	struct vector v = vector_load(name);
	uint8_t bytes[16];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct rtmp_header h;
	struct rtmp_tuple none;

	assert_true(rtmp_decode_header(&r, header->cable.extended, &h));
	assert_header(&h, header);
	assert_int_equal(rtmp_next_tuple(&r, &none), TUPLE_END);
	rtmp_encode_response(&w, header);
	assert_written(&w, &v, 0);
}

static void test_responses(void **state)
{
	(void)state;
	check_response("V-R7", &on_localtalk);
	check_response("V-R8", &on_ethertalk);
}

static bool whole(const uint8_t *bytes, size_t n, bool extended)
{
	struct rd r = rd_over(bytes, n);
	struct rtmp_header h;
	struct rtmp_tuple t;
	enum tuple_step step;

	if (!rtmp_decode_header(&r, extended, &h))
		return false;
	while (tuple_is_here(step = rtmp_next_tuple(&r, &t)))
		;
	assert_int_equal(rtmp_next_tuple(&r, &t), step);
	return step == TUPLE_END;
}

static bool whole_extended(const uint8_t *bytes, size_t n)
{
	return whole(bytes, n, true);
}

static bool whole_nonextended(const uint8_t *bytes, size_t n)
{
	return whole(bytes, n, false);
}

/* The legal cuts are those between tuples; on LocalTalk also before the version (R44). */
static void test_cut_at_every_length(void **state)
{
	struct vector r1 = vector_load("V-R1"), r2 = vector_load("V-R2"), r3 = vector_load("V-R3");
	struct vector r7 = vector_load("V-R7"), r8 = vector_load("V-R8");

	(void)state;
	assert_cuts_fail(r1.byte, r1.len, whole_extended, CUTS(10, 13, 16));
	assert_cuts_fail(r2.byte, r2.len, whole_nonextended, CUTS(4, 7, 10, 16, 19));
	assert_cuts_fail(r3.byte, r3.len, whole_extended, CUTS(10, 13));
	assert_cuts_fail(r7.byte, r7.len, whole_nonextended, NULL);
	assert_cuts_fail(r8.byte, r8.len, whole_extended, NULL);
}

static bool header(const struct vector *v, bool extended)
{
	struct rd r = rd_over(v->byte, v->len);
	struct rtmp_header h;

	return rtmp_decode_header(&r, extended, &h);
}

static void test_atalk_R40_headers_that_are_none(void **state)
{
	struct vector e = vector_load("V-R1"), n = vector_load("V-R2");

	(void)state;
	e.byte[2] = 7;
	assert_false(header(&e, true));
	e.byte[2] = 8;
	assert_true(header(&e, true));
	e.byte[6] = 0;		/* first tuple without bit 7 */
	assert_false(header(&e, true));
	e.byte[6] = 0x80;
	e.byte[9] = 0x83;	/* first tuple without version */
	assert_false(header(&e, true));
	n.byte[2] = 16;
	assert_false(header(&n, false));
	n.byte[2] = 8;
	n.byte[6] = 0x81;	/* 00 00 and another version */
	assert_false(header(&n, false));
	n.byte[6] = 0x82;
	assert_true(header(&n, false));
}

static void test_atalk_R40_a_cut_tuple_ends_the_list_and_keeps_the_rest(void **state)
{
	struct vector v = vector_load("V-R1");
	struct rd r = rd_over(v.byte, v.len - 1);
	struct rtmp_header h;
	struct rtmp_tuple t;

	(void)state;
	assert_true(rtmp_decode_header(&r, true, &h));
	assert_tuple(&r, &own_10);
	assert_tuple(&r, &far_20);
	assert_int_equal(rtmp_next_tuple(&r, &t), TUPLE_CUT);
	assert_int_equal(rtmp_next_tuple(&r, &t), TUPLE_CUT);
}

static void test_atalk_R44_Q28_data_without_version_is_read_from_byte_four(void **state)
{
	struct vector v = vector_load("V-R2");
	struct rd r;
	struct rtmp_header h;

	(void)state;
	memmove(v.byte + 4, v.byte + 7, v.len - 7);
	r = rd_over(v.byte, v.len - 3);
	assert_true(rtmp_decode_header(&r, false, &h));
	assert_header(&h, &on_localtalk);
	assert_tuple(&r, &own_10);
	assert_tuple(&r, &own_3_5);
	assert_tuple(&r, &far_20);
	assert_tuple(&r, &far_30_34);
	assert_true(rd_at_end(&r));
}

static void test_atalk_R45_distance_is_five_bits(void **state)
{
	uint8_t bytes[] = { 0, 20, 0x62, 0, 30, 0xFF, 0, 34, 0x82 };
	struct rd r = rd_over(bytes, sizeof bytes);

	(void)state;
	assert_tuple(&r, &far_20);
	assert_tuple(&r, &lost_30_34);
}

static void test_tuples_that_cannot_be_true_are_bad_and_passed_over(void **state)
{
	static const uint8_t bytes[] = {
		0x00, 0x00, 0x01,			/* network 0 */
		0xFF, 0x10, 0x01,			/* startup range */
		0x00, 0x22, 0x81, 0x00, 0x1E, 0x82,	/* ends before it starts */
		0x00, 0x1E, 0x81, 0xFF, 0x00, 0x82,	/* reaches into the startup range */
		0x00, 0x14, 0x02,
	};
	struct rd r = rd_over(bytes, sizeof bytes);
	struct rtmp_tuple t;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(rtmp_next_tuple(&r, &t), TUPLE_BAD);
	assert_tuple(&r, &far_20);
	assert_int_equal(rtmp_next_tuple(&r, &t), TUPLE_END);
}

static void test_requests(void **state)
{
	uint8_t bytes[8];
	struct wr w = wr_over(bytes, sizeof bytes);
	enum rtmp_function function;
	struct frame f;

	(void)state;
	frame_open_localtalk(&f, "V-R4F");
	assert_int_equal(f.ddp.type, DDP_RTMP_REQUEST);
	assert_true(rtmp_decode_request(&f.body, &function));
	assert_int_equal(function, RTMP_REQUEST);
	rtmp_encode_request(&w, RTMP_REQUEST);
	assert_localtalk_rebuilds(&f, &w);
	for (int i = 0; i < 256; i++) {
		uint8_t byte = (uint8_t)i;
		struct rd r = rd_over(&byte, 1);

		assert_int_equal(rtmp_decode_request(&r, &function), i >= 1 && i <= 4);
		assert_int_equal(function, i);
	}
	struct rd empty = rd_over(bytes, 0);

	assert_false(rtmp_decode_request(&empty, &function));
}

static void test_loop_probe(void **state)
{
	static const uint8_t cookie[] = "\xC0\x00\x02\x02\x00\x01\x5A\x3C\x96\xE1\x77\x08";
	struct vector v = vector_load("V10b");
	uint8_t bytes[64];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte + 22, v.len - 22);
	struct rd found;
	struct ddp d;

	(void)state;
	assert_true(ddp_decode_long(&r, &d));
	assert_int_equal(d.len, 30);
	assert_int_equal(d.dst.net, 2103);
	assert_int_equal(d.src.net, 103);
	assert_int_equal(d.type, DDP_RTMP_REQUEST);
	assert_true(rtmp_decode_loop_probe(&r, &found));
	assert_int_equal(rd_left(&found), 12);
	assert_memory_equal(found.pos, cookie, 12);
	ddp_encode_long(&w, &d);
	rtmp_encode_loop_probe(&w, cookie, 12);
	assert_written(&w, &v, 22);
}

static void test_loop_probe_with_its_words_swapped(void **state)
{
	static const uint8_t swapped[] = { 0, 0, 0, 0, 4, 'x' }, other[] = { 4, 0, 0, 0, 1, 'x' };
	struct rd r = rd_over(swapped, sizeof swapped);
	struct rd cookie;

	(void)state;
	assert_true(rtmp_decode_loop_probe(&r, &cookie));
	assert_int_equal(rd_left(&cookie), 1);
	r = rd_over(other, sizeof other);
	assert_false(rtmp_decode_loop_probe(&r, &cookie));
	r = rd_over(swapped, 4);
	assert_false(rtmp_decode_loop_probe(&r, &cookie));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_data),
		cmocka_unit_test(test_atalk_R12_data_in_its_frames),
		cmocka_unit_test(test_atalk_R17_extended_tuples_are_six_bytes_with_version),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_atalk_R40_headers_that_are_none),
		cmocka_unit_test(test_atalk_R40_a_cut_tuple_ends_the_list_and_keeps_the_rest),
		cmocka_unit_test(test_atalk_R44_Q28_data_without_version_is_read_from_byte_four),
		cmocka_unit_test(test_atalk_R45_distance_is_five_bits),
		cmocka_unit_test(test_tuples_that_cannot_be_true_are_bad_and_passed_over),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_loop_probe),
		cmocka_unit_test(test_loop_probe_with_its_words_swapped),
	};

	return cmocka_run_group_tests_name("rtmp", tests, NULL, NULL);
}
