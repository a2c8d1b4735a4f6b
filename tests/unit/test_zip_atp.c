/* proto/zip_atp.c: GetMyZone, GetZoneList, GetLocalZones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "vectors.h"
#include "zip.h"

static void check_request(const char *name, uint16_t tid, enum zip_atp_function function,
	uint16_t start)
{
	struct vector v = vector_load(name);
	uint8_t bytes[8];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct zip_atp_request q;

	assert_true(zip_decode_atp_request(&r, &q));
	assert_int_equal(q.tid, tid);
	assert_int_equal(q.function, function);
	assert_int_equal(q.start, start);
	zip_encode_atp_request(&w, &q);
	assert_written(&w, &v, 0);
}

static void test_requests(void **state)
{
	(void)state;
	check_request("V-Z9", 0x1234, ZIP_GET_MY_ZONE, 0);
	check_request("V-Z11", 0x1235, ZIP_GET_ZONE_LIST, 1);
	check_request("V-Z13", 0x1236, ZIP_GET_ZONE_LIST, 3);
	check_request("V-Z15", 0x1237, ZIP_GET_ZONE_LIST, 4);
	check_request("V-Z17", 0x1238, ZIP_GET_LOCAL_ZONES, 1);
}

static void check_response(const char *name, uint16_t tid, bool last, const char *const *zones)
{
	struct vector v = vector_load(name);
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct zip_atp_response p;
	struct zip_zone_writer z;
	struct at_name zone;
	uint16_t n = 0;

	assert_true(zip_decode_atp_response(&r, &p));
	assert_int_equal(p.tid, tid);
	assert_int_equal(p.last, last);
	zip_zones_begin(&z, &w, tid);
	for (; *zones; zones++, n++) {
		assert_int_equal(zip_next_zone(&p.zones, &zone), TUPLE_OK);
		assert_name(&zone, *zones);
		assert_true(zip_zones_add(&z, &zone));
	}
	assert_int_equal(zip_next_zone(&p.zones, &zone), TUPLE_END);
	assert_int_equal(p.count, n);
	zip_zones_end(&z, last);
	assert_written(&w, &v, 0);
}

static void test_responses(void **state)
{
	static const char *const local[] = { "LocalTalk", NULL };
	static const char *const two[] = { "EtherTalk", "Caf\x8E", NULL };
	static const char *const none[] = { NULL };

	(void)state;
	check_response("V-Z10", 0x1234, false, local);
	check_response("V-Z12", 0x1235, false, two);
	check_response("V-Z14", 0x1236, true, local);
	check_response("V-Z16", 0x1237, true, none);
	check_response("V-Z18", 0x1238, true, two);
}

static bool decodes_request(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct zip_atp_request q;

	return zip_decode_atp_request(&r, &q);
}

/* All of it, with as many names as it says. */
static bool decodes_response(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct zip_atp_response p;
	struct at_name zone;
	enum tuple_step step;
	int names = 0;

	if (!zip_decode_atp_response(&r, &p))
		return false;
	while (tuple_is_here(step = zip_next_zone(&p.zones, &zone)))
		names++;
	return step == TUPLE_END && names == p.count;
}

static void test_cut_at_every_length(void **state)
{
	static const char *const requests[] = { "V-Z9", "V-Z11", "V-Z13", "V-Z15", "V-Z17" };
	static const char *const responses[] = { "V-Z10", "V-Z12", "V-Z14", "V-Z16", "V-Z18" };

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		struct vector q = vector_load(requests[i]), p = vector_load(responses[i]);

		assert_cuts_fail(q.byte, q.len, decodes_request, NULL);
		assert_true(decodes_response(p.byte, p.len));
		assert_cuts_fail(p.byte, p.len, decodes_response, NULL);
	}
}

static void test_atalk_Z34_only_requests_for_the_first_packet(void **state)
{
	struct vector v = vector_load("V-Z11");

	(void)state;
	for (int control = 0; control < 256; control++) {
		v.byte[0] = (uint8_t)control;
		assert_int_equal(decodes_request(v.byte, v.len), (control & 0xC0) == 0x40);
	}
	v.byte[0] = 0x60;	/* exactly once */
	for (int bitmap = 0; bitmap < 256; bitmap++) {
		v.byte[1] = (uint8_t)bitmap;
		assert_int_equal(decodes_request(v.byte, v.len), bitmap & 1);
	}
	v.byte[1] = 0xFF;
	for (int function = 0; function < 256; function++) {
		v.byte[4] = (uint8_t)function;
		assert_int_equal(decodes_request(v.byte, v.len), function >= 7 && function <= 9);
	}
}

static void test_responses_that_are_none(void **state)
{
	struct vector v = vector_load("V-Z12");

	(void)state;
	for (int control = 0; control < 256; control++) {
		v.byte[0] = (uint8_t)control;
		assert_int_equal(decodes_response(v.byte, v.len), (control & 0xC0) == 0x80);
	}
	v.byte[0] = 0x90;
	v.byte[1] = 1;
	assert_false(decodes_response(v.byte, v.len));
}

static void test_names_that_cannot_be_are_passed_over(void **state)
{
	static const uint8_t bytes[] = { 0, 33, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 2, 'o', 'k',
		3, 'n' };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct at_name zone;

	(void)state;
	assert_int_equal(zip_next_zone(&r, &zone), TUPLE_BAD);
	assert_int_equal(zip_next_zone(&r, &zone), TUPLE_BAD);
	assert_int_equal(zip_next_zone(&r, &zone), TUPLE_OK);
	assert_name(&zone, "ok");
	assert_int_equal(zip_next_zone(&r, &zone), TUPLE_CUT);
	assert_int_equal(zip_next_zone(&r, &zone), TUPLE_CUT);
}

static void test_atalk_Z25_names_stay_whole_within_578_bytes(void **state)
{
	struct at_name longest = name_of("12345678901234567890123456789012");
	struct at_name rest = name_of("1234567890123456");
	uint8_t bytes[2 * 586];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct zip_zone_writer z;
	int n = 0;

	(void)state;
	wr_zeros(&w, 3);	/* the response need not start the buffer */
	zip_zones_begin(&z, &w, 7);
	while (zip_zones_add(&z, &longest))
		n++;
	assert_int_equal(n, 17);
	assert_true(zip_zones_add(&z, &rest));	/* 17 * 33 + 17 = 578 */
	rest.len = 1;
	assert_false(zip_zones_add(&z, &rest));
	zip_zones_end(&z, false);
	assert_true(wr_ok(&w));
	assert_int_equal(wr_len(&w), 3 + 586);
	assert_true(decodes_response(bytes + 3, 586));
}

static void test_names_stay_whole_within_the_buffer(void **state)
{
	struct at_name zone = name_of("Lab");
	uint8_t *bytes = exact_copy("............", 8 + 4);
	struct wr w = wr_over(bytes, 8 + 4);
	struct zip_zone_writer z;

	(void)state;
	zip_zones_begin(&z, &w, 7);
	assert_true(zip_zones_add(&z, &zone));
	assert_false(zip_zones_add(&z, &zone));
	zip_zones_end(&z, true);
	assert_true(wr_ok(&w));
	assert_true(decodes_response(bytes, 12));
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_responses),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_atalk_Z34_only_requests_for_the_first_packet),
		cmocka_unit_test(test_responses_that_are_none),
		cmocka_unit_test(test_names_that_cannot_be_are_passed_over),
		cmocka_unit_test(test_atalk_Z25_names_stay_whole_within_578_bytes),
		cmocka_unit_test(test_names_stay_whole_within_the_buffer),
	};

	return cmocka_run_group_tests_name("zip_atp", tests, NULL, NULL);
}
