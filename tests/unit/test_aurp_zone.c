/* proto/aurp_zone.c: ZI-Rsp with its offsets, GZN, GDZL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_vectors.h"

struct pair {
	uint16_t net;
	const char *zone;
};

static const struct pair v5[] = { { 5, "Sales" }, { 100, "Sales" }, { 100, "R&D" }, { 3, "R&D" } };
static const struct pair v6[] = { { 100, "Sales" }, { 100, "R&D" }, { 100, "Labs" } };

static void assert_zone(struct aurp_zone_reader *z, const struct pair *expected)
{
	struct aurp_zone t;

	assert_int_equal(aurp_next_zone(z, &t), TUPLE_OK);
	assert_int_equal(t.net, expected->net);
	assert_name(&t.zone, expected->zone);
}

/* Decodes the vector to the pairs and lets the writer make it again. */
static void check_zi_rsp(const char *name, enum aurp_msg msg, uint16_t count,
	const struct pair *pairs, size_t n)
{
	struct aurp_packet p;
	struct aurp_zone_reader z;
	struct aurp_zone_writer out;
	struct aurp_zone t;

	aurp_open(&p, name, msg);
	assert_true(aurp_decode_zi_rsp(&p.body, &z));
	assert_true(rd_at_end(&p.body));
	assert_int_equal(z.count, count);
	aurp_zones_begin(&out, &p.again, msg == AURP_ZI_RSP_EXT, count);
	for (size_t i = 0; i < n; i++) {
		struct at_name zone = name_of(pairs[i].zone);

		assert_zone(&z, &pairs[i]);
		assert_true(aurp_zones_add(&out, pairs[i].net, &zone));
	}
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
	aurp_zones_end(&out);
	assert_aurp_rebuilt(&p);
}

static void test_aurp_Z14_Z15_optimised_tuples_both_ways(void **state)
{
	(void)state;
	check_zi_rsp("V5", AURP_ZI_RSP, 4, v5, 4);
}

static void test_aurp_Z16_extended_form_has_long_tuples_and_the_whole_count(void **state)
{
	static const struct pair twice[] = { { 100, "Labs" }, { 100, "Labs" } };
	struct at_name labs = name_of("Labs");
	uint8_t bytes[64];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct aurp_zone_writer out;
	struct aurp_zone_reader z;
	struct rd r;

	(void)state;
	check_zi_rsp("V6a", AURP_ZI_RSP_EXT, 3, v6, 2);
	check_zi_rsp("V6b", AURP_ZI_RSP_EXT, 3, v6 + 2, 1);
	aurp_zones_begin(&out, &w, true, 9);
	assert_true(aurp_zones_add(&out, 100, &labs));
	assert_true(aurp_zones_add(&out, 100, &labs));
	aurp_zones_end(&out);
	assert_int_equal(wr_len(&w), 2 + 7 + 7);
	r = rd_over(bytes, wr_len(&w));
	assert_true(aurp_decode_zi_rsp(&r, &z));
	assert_int_equal(z.count, 9);
	assert_zone(&z, &twice[0]);
	assert_zone(&z, &twice[1]);
}

static void test_aurp_Z12_every_tuple_is_read_whatever_the_count(void **state)
{
	static const uint16_t counts[] = { 0, 1, 0xFFFF };
	struct aurp_packet p;
	struct aurp_zone_reader z;
	struct aurp_zone t;

	(void)state;
	for (size_t c = 0; c < 3; c++) {
		aurp_open(&p, "V5", AURP_ZI_RSP);
		put_u16(p.vector.byte + 32, counts[c]);
		assert_true(aurp_decode_zi_rsp(&p.body, &z));
		assert_int_equal(z.count, counts[c]);
		for (size_t i = 0; i < 4; i++)
			assert_zone(&z, &v5[i]);
		assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
	}
	aurp_open(&p, "X9", AURP_ZI_RSP_EXT);
	assert_true(aurp_decode_zi_rsp(&p.body, &z));
	assert_int_equal(z.count, 9);
	assert_zone(&z, &v6[0]);
	assert_zone(&z, &v6[1]);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
}

/* V5 has long names at 0 and 12 only: every other offset leads nowhere. */
static void test_only_offsets_of_long_names_are_followed(void **state)
{
	struct aurp_packet p;

	(void)state;
	for (unsigned int offset = 0; offset < 0x8000; offset++) {
		struct aurp_zone_reader z;
		struct aurp_zone t;

		if (offset == 0)
			aurp_open(&p, "X8", AURP_ZI_RSP);
		put_u16(p.vector.byte + p.vector.len - 2, (uint16_t)(0x8000 | offset));
		p.body = rd_over(p.vector.byte + 32, p.vector.len - 32);
		assert_true(aurp_decode_zi_rsp(&p.body, &z));
		for (size_t i = 0; i < 3; i++)
			assert_zone(&z, &v5[i]);
		assert_int_equal(aurp_next_zone(&z, &t),
			offset == 0 || offset == 12 ? TUPLE_OK : TUPLE_BAD);
		assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
	}
}

static void read_zones(struct aurp_zone_reader *z, const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);

	assert_true(aurp_decode_zi_rsp(&r, z));
}

static void test_an_offset_may_point_forward_but_not_to_an_offset(void **state)
{
	static const uint8_t forward[] = { 0, 2, 0, 5, 0x80, 4, 0, 3, 2, 'o', 'k' };
	static const uint8_t itself[] = { 0, 1, 0, 5, 0x80, 0 };
	static const uint8_t through[] = { 0, 3, 0, 5, 2, 'o', 'k', 0, 6, 0x80, 0, 0, 7, 0x80, 5 };
	static const struct pair a[] = { { 5, "ok" }, { 3, "ok" }, { 6, "ok" } };
	struct aurp_zone_reader z;
	struct aurp_zone t;

	(void)state;
	read_zones(&z, forward, sizeof forward);
	assert_zone(&z, &a[0]);
	assert_zone(&z, &a[1]);
	read_zones(&z, itself, sizeof itself);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_BAD);
	read_zones(&z, through, sizeof through);
	assert_zone(&z, &a[0]);
	assert_zone(&z, &a[2]);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_BAD);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
}

static void test_tuples_that_cannot_be_true_are_passed_over(void **state)
{
	static const uint8_t bytes[] = { 0, 9,
		0, 0, 2, 'o', 'k',		/* network 0 */
		0xFF, 0, 0x80, 0,		/* startup range, though the offset is good */
		0, 5, 0,			/* no name */
		0, 5, 33, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
		22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33,
		0, 5, 0x80, 12,			/* a name too long is no name to point at */
		0, 5, 0x80, 0 };
	static const struct pair ok = { 5, "ok" };
	struct aurp_zone_reader z;
	struct aurp_zone t;

	(void)state;
	read_zones(&z, bytes, sizeof bytes);
	for (int i = 0; i < 5; i++)
		assert_int_equal(aurp_next_zone(&z, &t), i == 2 ? TUPLE_NAMELESS : TUPLE_BAD);
	assert_zone(&z, &ok);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
}

static void test_a_name_cut_by_the_end_is_no_target(void **state)
{
	static const uint8_t bytes[] = { 0, 2, 0, 5, 0x80, 4, 0, 3, 5, 'o', 'k' };
	struct aurp_zone_reader z;
	struct aurp_zone t;
	uint8_t *copy = exact_copy(bytes, sizeof bytes);

	(void)state;
	read_zones(&z, copy, sizeof bytes);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_BAD);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_CUT);
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_CUT);
	free(copy);
}

/* The offset has 15 bits: names beyond are long again, and none is taken for one that is nearer. */
static void test_offsets_end_at_32767(void **state)
{
	enum { SIZE = 40000 };
	uint8_t *bytes = malloc(SIZE);
	struct wr w = wr_over(bytes, SIZE);
	struct aurp_zone_writer out;
	struct aurp_zone_reader z;
	struct at_name zone = name_of("????"), late = name_of("late");
	struct aurp_zone t;
	struct rd r;
	uint16_t n = 0;

	(void)state;
	aurp_zones_begin(&out, &w, false, 0);
	while (wr_len(&w) < 2 + 2 + 0x8000) {
		zone.byte[0] = (uint8_t)(n / 100);
		zone.byte[1] = (uint8_t)(n % 100);
		assert_true(aurp_zones_add(&out, ++n, &zone));
	}
	assert_true(aurp_zones_add(&out, 1, &late));
	assert_true(aurp_zones_add(&out, 2, &late));
	aurp_zones_end(&out);
	r = rd_over(bytes, wr_len(&w));
	assert_true(aurp_decode_zi_rsp(&r, &z));
	assert_int_equal(z.count, n + 2);
	for (uint16_t i = 0; i < n; i++) {
		assert_int_equal(aurp_next_zone(&z, &t), TUPLE_OK);
		assert_int_equal(t.net, i + 1);
		assert_int_equal(t.zone.byte[1], i % 100);
	}
	assert_int_equal(rd_left(&z.tuples), 7 + 7);
	assert_zone(&z, &(struct pair){ 1, "late" });
	assert_zone(&z, &(struct pair){ 2, "late" });
	free(bytes);
}

static void test_writer_compares_names_byte_for_byte(void **state)
{
	struct at_name lower = name_of("lab"), upper = name_of("LAB");
	uint8_t bytes[64];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct aurp_zone_writer out;

	(void)state;
	aurp_zones_begin(&out, &w, false, 0);
	assert_true(aurp_zones_add(&out, 1, &lower));
	assert_true(aurp_zones_add(&out, 2, &upper));
	assert_int_equal(wr_len(&w), 2 + 6 + 6);	/* two spellings, sent as they are (Z21) */
	assert_true(aurp_zones_add(&out, 3, &upper));
	assert_int_equal(wr_len(&w), 2 + 6 + 6 + 4);
}

static void test_writer_stops_before_the_end_and_can_go_back(void **state)
{
	struct at_name lab = name_of("Lab"), sales = name_of("Sales"), fits = name_of("Pub");
	uint8_t *bytes = exact_copy("..............", 2 + 6 + 6);
	struct wr w = wr_over(bytes, 2 + 6 + 6);
	struct aurp_zone_writer out;
	struct aurp_zone_mark mark;
	struct aurp_zone_reader z;
	struct aurp_zone t;

	(void)state;
	aurp_zones_begin(&out, &w, false, 0);
	assert_true(aurp_zones_add(&out, 1, &lab));
	mark = aurp_zones_mark(&out);
	assert_true(aurp_zones_add(&out, 2, &lab));
	assert_false(aurp_zones_add(&out, 2, &sales));
	assert_true(wr_ok(&w));
	aurp_zones_rewind(&out, mark);
	assert_false(aurp_zones_add(&out, 3, &sales));
	assert_true(aurp_zones_add(&out, 3, &fits));	/* to the last byte */
	aurp_zones_end(&out);
	assert_int_equal(wr_room(&w), 0);
	read_zones(&z, bytes, wr_len(&w));
	assert_int_equal(z.count, 2);
	assert_zone(&z, &(struct pair){ 1, "Lab" });
	assert_zone(&z, &(struct pair){ 3, "Pub" });
	assert_int_equal(aurp_next_zone(&z, &t), TUPLE_END);
	free(bytes);
}

static void test_gzn(void **state)
{
	static const struct at_range ranges[] = { { 100, 109, true }, { 3, 3, true } };
	struct aurp_packet p;
	struct aurp_gzn_rsp a;
	struct aurp_network n;
	struct at_name zone;

	(void)state;
	aurp_open(&p, "V9a", AURP_GZN_REQ);
	assert_true(aurp_decode_gzn_req(&p.body, &zone));
	assert_name(&zone, "R&D");
	aurp_encode_gzn_req(&p.again, &zone);
	assert_aurp_rebuilt(&p);
	aurp_open(&p, "V9b", AURP_GZN_RSP);
	assert_true(aurp_decode_gzn_rsp(&p.body, &a));
	assert_name(&a.zone, "R&D");
	assert_int_equal(a.count, 2);
	aurp_encode_gzn_rsp(&p.again, &zone, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(aurp_next_network(&a.networks, &n), TUPLE_OK);
		assert_true(at_range_eq(n.range, ranges[i]));
		aurp_encode_network(&p.again, &n);
	}
	assert_int_equal(aurp_next_network(&a.networks, &n), TUPLE_END);
	assert_aurp_rebuilt(&p);
}

static void test_gzn_not_supported_or_unknown(void **state)
{
	struct aurp_packet p;
	struct aurp_gzn_rsp a;
	struct at_name zone;
	struct rd r = rd_over("\0", 1);

	(void)state;
	aurp_open(&p, "V9c", AURP_GZN_RSP);
	assert_true(aurp_decode_gzn_rsp(&p.body, &a));
	assert_int_equal(a.count, AURP_NOT_SUPPORTED);
	assert_true(rd_at_end(&a.networks));
	aurp_encode_gzn_rsp(&p.again, &a.zone, AURP_NOT_SUPPORTED);
	assert_aurp_rebuilt(&p);
	p.vector.len += 6;	/* nothing follows "not supported", whatever follows */
	p.body = rd_over(p.vector.byte + 32, p.vector.len - 32);
	assert_true(aurp_decode_gzn_rsp(&p.body, &a));
	assert_true(rd_at_end(&a.networks));
	assert_false(aurp_decode_gzn_req(&r, &zone));
	r = rd_over("\0\0\1", 3);
	assert_false(aurp_decode_gzn_rsp(&r, &a));
}

static void test_gdzl(void **state)
{
	static const char *const zones[] = { "Sales", "R&D" };
	struct aurp_packet p;
	struct aurp_gdzl_rsp a;
	struct at_name zone;
	uint16_t start;

	(void)state;
	aurp_open(&p, "V8a", AURP_GDZL_REQ);
	assert_true(aurp_decode_gdzl_req(&p.body, &start));
	assert_int_equal(start, 1);
	aurp_encode_gdzl_req(&p.again, 1);
	assert_aurp_rebuilt(&p);
	aurp_open(&p, "V8b", AURP_GDZL_RSP);
	assert_int_equal(p.header.flags, AURP_LAST);
	assert_true(aurp_decode_gdzl_rsp(&p.body, &a));
	assert_int_equal(a.start, 1);
	aurp_encode_gdzl_rsp(&p.again, 1);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(aurp_next_zone_name(&a.zones, &zone), TUPLE_OK);
		assert_name(&zone, zones[i]);
		wr_name(&p.again, &zone);
	}
	assert_int_equal(aurp_next_zone_name(&a.zones, &zone), TUPLE_END);
	assert_aurp_rebuilt(&p);
	aurp_open(&p, "V8c", AURP_GDZL_RSP);
	assert_true(aurp_decode_gdzl_rsp(&p.body, &a));
	assert_int_equal(a.start, AURP_NOT_SUPPORTED);
	assert_true(rd_at_end(&a.zones));
	aurp_encode_gdzl_rsp(&p.again, AURP_NOT_SUPPORTED);
	assert_aurp_rebuilt(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_Z14_Z15_optimised_tuples_both_ways),
		cmocka_unit_test(test_aurp_Z16_extended_form_has_long_tuples_and_the_whole_count),
		cmocka_unit_test(test_aurp_Z12_every_tuple_is_read_whatever_the_count),
		cmocka_unit_test(test_only_offsets_of_long_names_are_followed),
		cmocka_unit_test(test_an_offset_may_point_forward_but_not_to_an_offset),
		cmocka_unit_test(test_tuples_that_cannot_be_true_are_passed_over),
		cmocka_unit_test(test_a_name_cut_by_the_end_is_no_target),
		cmocka_unit_test(test_offsets_end_at_32767),
		cmocka_unit_test(test_writer_compares_names_byte_for_byte),
		cmocka_unit_test(test_writer_stops_before_the_end_and_can_go_back),
		cmocka_unit_test(test_gzn),
		cmocka_unit_test(test_gzn_not_supported_or_unknown),
		cmocka_unit_test(test_gdzl),
	};

	return cmocka_run_group_tests_name("aurp_zone", tests, NULL, NULL);
}
