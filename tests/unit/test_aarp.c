/* proto/aarp.c: AARP packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aarp.h"
#include "vectors.h"

enum {
	BODY = 22,	/* of the frame in a vector */
};

static const struct mac r_mac = { { 2, 0, 0, 0, 0, 1 } };
static const struct mac c_mac = { { 2, 0, 0, 0, 0, 2 } };
static const struct mac no_mac = { { 0 } };

static void check(const char *name, const struct aarp *expected)
{
	struct vector v = vector_load(name);
	uint8_t bytes[AARP_SIZE];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte + BODY, AARP_SIZE);
	struct aarp a;

	assert_true(aarp_decode(&r, &a));
	assert_true(rd_at_end(&r));
	assert_int_equal(a.function, expected->function);
	assert_true(mac_eq(a.src_hw, expected->src_hw));
	assert_true(mac_eq(a.dst_hw, expected->dst_hw));
	assert_true(at_addr_eq(a.src_addr, expected->src_addr));
	assert_true(at_addr_eq(a.dst_addr, expected->dst_addr));
	aarp_encode(&w, expected);
	v.len = BODY + AARP_SIZE;
	assert_written(&w, &v, BODY);
}

static void test_probe_request_and_response(void **state)
{
	const struct aarp probe = { AARP_PROBE, c_mac, { 0xFF01, 0x2A }, no_mac, { 0xFF01, 0x2A } };
	const struct aarp request = { AARP_REQUEST, r_mac, { 3, 128 }, no_mac, { 4, 42 } };
	const struct aarp response = { AARP_RESPONSE, c_mac, { 4, 42 }, r_mac, { 3, 128 } };

	(void)state;
	check("V-E1", &probe);
	check("V-E2", &request);
	check("V-E3", &response);
}

static bool decodes(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct aarp a;

	return aarp_decode(&r, &a);
}

static void test_cut_at_every_length(void **state)
{
	static const char *const names[] = { "V-E1", "V-E2", "V-E3" };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct vector v = vector_load(names[i]);

		assert_cuts_fail(v.byte + BODY, AARP_SIZE, decodes, NULL);
	}
}

static void test_atalk_E23_every_fixed_field_is_checked(void **state)
{
	struct vector v = vector_load("V-E2");

	(void)state;
	for (size_t at = 0; at < 8; at++) {
		for (int value = 0; value < 256; value++) {
			uint8_t was = v.byte[BODY + at];
			bool good = value == was || (at == 7 && (value == 2 || value == 3));

			v.byte[BODY + at] = (uint8_t)value;
			assert_int_equal(decodes(v.byte + BODY, AARP_SIZE), good);
			v.byte[BODY + at] = was;
		}
	}
}

static void test_atalk_E23_Q16_trailing_bytes_are_tolerated(void **state)
{
	struct vector v = vector_load("V-E2");
	struct rd r = rd_over(v.byte + BODY, 38);
	struct aarp a;

	(void)state;
	assert_true(aarp_decode(&r, &a));
	assert_int_equal(rd_left(&r), 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probe_request_and_response),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_atalk_E23_every_fixed_field_is_checked),
		cmocka_unit_test(test_atalk_E23_Q16_trailing_bytes_are_tolerated),
	};

	return cmocka_run_group_tests_name("aarp", tests, NULL, NULL);
}
