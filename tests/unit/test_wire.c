/* base/wire.h: a cursor never leaves its bytes, and once bad stays bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vectors.h"
#include "wire.h"

static void test_reads_big_endian_in_order(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct mac m;

	(void)state;
	assert_int_equal(rd_left(&r), 13);
	assert_int_equal(rd_peek_u8(&r, 2), 3);
	assert_int_equal(rd_u8(&r), 0x01);
	assert_int_equal(rd_u16(&r), 0x0203);
	assert_int_equal(rd_u32(&r), 0x04050607);
	m = rd_mac(&r);
	assert_memory_equal(m.byte, bytes + 7, 6);
	assert_true(rd_ok(&r));
	assert_true(rd_at_end(&r));
}

static void test_reading_past_the_end_turns_bad_and_stays_bad(void **state)
{
	uint8_t *bytes = exact_copy("\x01\x02\x03", 3);
	struct rd r = rd_over(bytes, 3);

	(void)state;
	assert_int_equal(rd_u32(&r), 0);
	assert_false(rd_ok(&r));
	assert_int_equal(rd_left(&r), 0);
	assert_int_equal(rd_u8(&r), 0);
	assert_null(rd_bytes(&r, 0));
	assert_int_equal(rd_mac(&r).byte[0], 0);
	assert_false(rd_ok(&r));
	r = rd_over(bytes, 3);
	assert_int_equal(rd_peek_u8(&r, 3), 0);
	assert_false(rd_ok(&r));
	free(bytes);
}

static void test_huge_lengths_do_not_wrap(void **state)
{
	uint8_t bytes[4] = { 0 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct wr w = wr_over(bytes, sizeof bytes);

	(void)state;
	rd_skip(&r, SIZE_MAX);
	assert_false(rd_ok(&r));
	assert_null(wr_claim(&w, SIZE_MAX));
	assert_false(wr_ok(&w));
}

static void test_sub_reader_sees_its_bytes_only(void **state)
{
	const uint8_t bytes[] = { 1, 2, 3, 4 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct rd sub = rd_sub(&r, 2);

	(void)state;
	assert_int_equal(rd_u16(&sub), 0x0102);
	assert_int_equal(rd_u8(&sub), 0);
	assert_false(rd_ok(&sub));
	assert_true(rd_ok(&r));
	assert_int_equal(rd_u16(&r), 0x0304);
	sub = rd_sub(&r, 1);
	assert_false(rd_ok(&sub));
	assert_false(rd_ok(&r));
}

static void test_names_are_checked(void **state)
{
	uint8_t bytes[64] = { 3, 'L', 'a', 'b' };
	uint8_t *cut = exact_copy("\x03La", 3);
	struct rd r = rd_over(bytes, 4);
	struct at_name name = rd_name(&r);

	(void)state;
	assert_true(rd_ok(&r));
	assert_name(&name, "Lab");
	bytes[0] = 33;
	r = rd_over(bytes, sizeof bytes);
	name = rd_name(&r);
	assert_false(rd_ok(&r));
	assert_int_equal(name.len, 0);
	r = rd_over(cut, 3);
	name = rd_name(&r);
	assert_false(rd_ok(&r));
	assert_int_equal(name.len, 0);
	free(cut);
	bytes[0] = 32;
	r = rd_over(bytes, 33);
	name = rd_name(&r);
	assert_true(rd_ok(&r));
	assert_int_equal(name.len, 32);
}

static void test_writes_big_endian_in_order(void **state)
{
	static const uint8_t expected[] = { 1, 2, 3, 4, 5, 6, 7, 0, 0, 2, 'o', 'k', 9 };
	struct at_name ok = name_of("ok");
	uint8_t *bytes = exact_copy(expected, sizeof expected);
	struct wr w;

	(void)state;
	memset(bytes, 0xEE, sizeof expected);
	w = wr_over(bytes, sizeof expected);
	wr_u8(&w, 1);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_zeros(&w, 2);
	wr_name(&w, &ok);
	assert_int_equal(wr_room(&w), 1);
	wr_bytes(&w, "\x09", 1);
	assert_true(wr_ok(&w));
	assert_int_equal(wr_len(&w), sizeof expected);
	assert_memory_equal(bytes, expected, sizeof expected);
	free(bytes);
}

static void test_writing_past_the_end_turns_bad_and_writes_nothing(void **state)
{
	uint8_t *bytes = exact_copy("\xEE\xEE\xEE", 3);
	struct wr w = wr_over(bytes, 3);

	(void)state;
	wr_u16(&w, 0x0102);
	wr_u16(&w, 0x0304);
	assert_false(wr_ok(&w));
	wr_u8(&w, 5);
	assert_false(wr_ok(&w));
	assert_int_equal(wr_room(&w), 0);
	assert_memory_equal(bytes, "\x01\x02\xEE", 3);
	free(bytes);
}

static void test_patches_only_what_was_written(void **state)
{
	uint8_t bytes[4] = { 0 };
	struct wr w = wr_over(bytes, sizeof bytes);

	(void)state;
	wr_zeros(&w, 3);
	wr_patch_u16(&w, 1, 0x0102);
	wr_patch_u8(&w, 0, 7);
	assert_memory_equal(bytes, "\x07\x01\x02\x00", 4);
	wr_patch_u16(&w, 2, 0xFFFF);
	wr_patch_u8(&w, 3, 0xFF);
	assert_memory_equal(bytes, "\x07\x01\x02\x00", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_big_endian_in_order),
		cmocka_unit_test(test_reading_past_the_end_turns_bad_and_stays_bad),
		cmocka_unit_test(test_huge_lengths_do_not_wrap),
		cmocka_unit_test(test_sub_reader_sees_its_bytes_only),
		cmocka_unit_test(test_names_are_checked),
		cmocka_unit_test(test_writes_big_endian_in_order),
		cmocka_unit_test(test_writing_past_the_end_turns_bad_and_writes_nothing),
		cmocka_unit_test(test_patches_only_what_was_written),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
