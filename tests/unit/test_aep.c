/* proto/aep.c: echo packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aep.h"
#include "frames.h"

static void check(struct rd r, enum aep_function expected, const char *data, struct wr *w)
{
	enum aep_function function;
	size_t n = strlen(data);

	assert_true(aep_decode(&r, &function));
	assert_int_equal(function, expected);
	assert_int_equal(rd_left(&r), n);
	assert_memory_equal(r.pos, data, n);
	aep_encode(w, expected, data, n);
}

static void test_request_and_reply(void **state)
{
	static const char *const names[] = { "V-A1", "V-A2" };

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		struct vector v = vector_load(names[i]);
		uint8_t bytes[8];
		struct wr w = wr_over(bytes, sizeof bytes);

		check(rd_over(v.byte, v.len), (enum aep_function)(AEP_REQUEST + i), "Hi", &w);
		assert_written(&w, &v, 0);
	}
}

static void test_in_frames(void **state)
{
	uint8_t bytes[8];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct frame f;

	(void)state;
	frame_open_ethertalk(&f, "V-E4");
	check(f.body, AEP_REQUEST, "Hi", &w);
	assert_ethertalk_rebuilds(&f, &w);
	frame_open_localtalk(&f, "V-L5");
	w = wr_over(bytes, sizeof bytes);
	check(f.body, AEP_REQUEST, "A", &w);
	assert_localtalk_rebuilds(&f, &w);
}

static void test_largest_data(void **state)
{
	uint8_t data[AEP_DATA_MAX], bytes[AEP_DATA_MAX + 1];
	struct wr w = wr_over(bytes, sizeof bytes);

	(void)state;
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 7);
	aep_encode(&w, AEP_REPLY, data, sizeof data);
	assert_true(wr_ok(&w));
	assert_int_equal(wr_len(&w), DDP_DATA_MAX);
	assert_memory_equal(bytes + 1, data, sizeof data);
}

static void test_atalk_P03_other_functions_and_no_data_are_refused(void **state)
{
	uint8_t bytes[1] = { 0 };
	struct rd r = rd_over(bytes, 0);
	enum aep_function function;

	(void)state;
	assert_false(aep_decode(&r, &function));
	for (int i = 0; i < 256; i++) {
		bytes[0] = (uint8_t)i;
		r = rd_over(bytes, 1);
		assert_int_equal(aep_decode(&r, &function), i == 1 || i == 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_request_and_reply),
		cmocka_unit_test(test_in_frames),
		cmocka_unit_test(test_largest_data),
		cmocka_unit_test(test_atalk_P03_other_functions_and_no_data_are_refused),
	};

	return cmocka_run_group_tests_name("aep", tests, NULL, NULL);
}
