/* proto/aurp_route.c: network tuples and event tuples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_vectors.h"

static const struct aurp_network net_5 = { { 5, 5, false }, 0 };
static const struct aurp_network net_100 = { { 100, 109, true }, 2 };
static const struct aurp_network net_3 = { { 3, 3, true }, 1 };

static void assert_range(struct at_range range, struct at_range expected)
{
	assert_int_equal(range.first, expected.first);
	assert_int_equal(range.last, expected.last);
	assert_int_equal(range.extended, expected.extended);
}

static void assert_network(struct rd *r, const struct aurp_network *expected)
{
	struct aurp_network n;

	assert_int_equal(aurp_next_network(r, &n), TUPLE_OK);
	assert_range(n.range, expected->range);
	assert_int_equal(n.distance, expected->distance);
}

static void assert_event(struct rd *r, const struct aurp_event *expected)
{
	struct aurp_event e;

	assert_int_equal(aurp_next_event(r, &e), TUPLE_OK);
	assert_int_equal(e.code, expected->code);
	assert_range(e.range, expected->range);
	assert_int_equal(e.distance, expected->distance);
}

static void test_ri_rsp(void **state)
{
	static const struct aurp_network *const all[] = { &net_5, &net_100, &net_3 };
	struct aurp_packet p;
	struct aurp_network n;

	(void)state;
	aurp_open(&p, "V3", AURP_RI_RSP);
	assert_int_equal(p.header.sequence, 1);
	assert_int_equal(p.header.flags, AURP_LAST);
	for (size_t i = 0; i < 3; i++) {
		size_t before = wr_len(&p.again);

		assert_network(&p.body, all[i]);
		aurp_encode_network(&p.again, all[i]);
		assert_int_equal(wr_len(&p.again) - before, aurp_network_size(all[i]));
	}
	assert_int_equal(aurp_next_network(&p.body, &n), TUPLE_END);
	assert_aurp_rebuilt(&p);
}

static void test_a_cut_tuple_leaves_those_before_it(void **state)
{
	struct aurp_packet p;
	struct aurp_network n;

	(void)state;
	aurp_open(&p, "X6", AURP_RI_RSP);
	assert_network(&p.body, &net_5);
	assert_network(&p.body, &net_100);
	assert_int_equal(aurp_next_network(&p.body, &n), TUPLE_CUT);
	assert_int_equal(aurp_next_network(&p.body, &n), TUPLE_CUT);
}

static void test_a_bad_tuple_costs_only_itself(void **state)
{
	struct aurp_packet p;
	struct aurp_network n;

	(void)state;
	aurp_open(&p, "X7", AURP_RI_RSP);
	assert_int_equal(aurp_next_network(&p.body, &n), TUPLE_BAD);
	assert_network(&p.body, &net_100);
	assert_network(&p.body, &net_3);
	assert_int_equal(aurp_next_network(&p.body, &n), TUPLE_END);
}

static void test_numbers_that_cannot_be(void **state)
{
	static const uint8_t bytes[] = {
		0xFF, 0x00, 0x01,			/* above FEFF */
		0x00, 0x05, 0x81, 0xFF, 0x00, 0x00,
		0x00, 0x05, 0x81, 0x00, 0x04, 0x00,	/* ends before it starts */
		0x00, 0x00, 0x81, 0x00, 0x04, 0x00,
		0xFE, 0xFF, 0x7F,			/* the last number, the largest distance */
	};
	const struct aurp_network last = { { 0xFEFF, 0xFEFF, false }, 127 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct aurp_network n;

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(aurp_next_network(&r, &n), TUPLE_BAD);
	assert_network(&r, &last);
	assert_int_equal(aurp_next_network(&r, &n), TUPLE_END);
}

static void test_sixth_byte_is_ignored(void **state)
{
	static const uint8_t bytes[] = { 0, 100, 0x82, 0, 109, 0x82 };
	struct rd r = rd_over(bytes, sizeof bytes);

	(void)state;
	assert_network(&r, &net_100);
}

static void test_ri_upd(void **state)
{
	static const struct aurp_event all[] = {
		{ AURP_EV_NA, { 200, 203, true }, 1 },
		{ AURP_EV_ND, { 5, 5, false }, 0 },
		{ AURP_EV_NDC, { 100, 109, true }, AURP_DISTANCE_MAX },
	};
	struct aurp_packet p;
	struct aurp_event e;

	(void)state;
	aurp_open(&p, "V7a", AURP_RI_UPD);
	assert_int_equal(p.header.sequence, 65535);
	for (size_t i = 0; i < 3; i++) {
		size_t before = wr_len(&p.again);

		assert_event(&p.body, &all[i]);
		aurp_encode_event(&p.again, &all[i]);
		assert_int_equal(wr_len(&p.again) - before, aurp_event_size(&all[i]));
	}
	assert_int_equal(aurp_next_event(&p.body, &e), TUPLE_END);
	assert_aurp_rebuilt(&p);
}

static void test_null_event_in_both_forms(void **state)
{
	static const struct aurp_event null = { .code = AURP_EV_NULL };
	struct aurp_packet p;
	struct aurp_event e;

	(void)state;
	aurp_open(&p, "X10", AURP_RI_UPD);
	assert_event(&p.body, &null);
	assert_int_equal(aurp_next_event(&p.body, &e), TUPLE_END);
	aurp_open(&p, "V7b", AURP_RI_UPD);
	for (int i = 0; i < 4; i++)
		assert_event(&p.body, &null);
	assert_int_equal(aurp_next_event(&p.body, &e), TUPLE_END);
	aurp_encode_event(&p.again, &null);
	assert_aurp_rebuilt(&p);
	assert_int_equal(aurp_event_size(&null), 4);
}

static void test_zone_change_ends_the_reading_and_keeps_what_came(void **state)
{
	static const struct aurp_event first = { AURP_EV_NA, { 200, 203, true }, 1 };
	struct aurp_packet p;
	struct aurp_event e;

	(void)state;
	aurp_open(&p, "X11", AURP_RI_UPD);
	assert_event(&p.body, &first);
	assert_int_equal(aurp_next_event(&p.body, &e), TUPLE_UNKNOWN);
	assert_false(tuple_is_here(aurp_next_event(&p.body, &e)));
}

static void test_every_event_code(void **state)
{
	uint8_t bytes[] = { 0, 0, 5, 1 };

	(void)state;
	for (int code = 1; code < 256; code++) {
		struct rd r = rd_over(bytes, sizeof bytes);
		struct aurp_event e;

		bytes[0] = (uint8_t)code;
		assert_int_equal(aurp_next_event(&r, &e), code <= 4 ? TUPLE_OK : TUPLE_UNKNOWN);
		if (code <= 4)
			assert_int_equal(e.code, code);
	}
}

static void test_bad_and_cut_events(void **state)
{
	static const uint8_t bytes[] = {
		1, 0, 0, 1,		/* network 0 */
		3, 0, 9, 0x80, 0, 8,	/* ends before it starts */
		2, 0, 5, 0,
		1, 0, 6, 0x80, 0,
	};
	static const struct aurp_event nd = { AURP_EV_ND, { 5, 5, false }, 0 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct aurp_event e;

	(void)state;
	assert_int_equal(aurp_next_event(&r, &e), TUPLE_BAD);
	assert_int_equal(aurp_next_event(&r, &e), TUPLE_BAD);
	assert_event(&r, &nd);
	assert_int_equal(aurp_next_event(&r, &e), TUPLE_CUT);
	assert_int_equal(aurp_next_event(&r, &e), TUPLE_CUT);
}

static void test_zi_req_ignores_an_odd_byte(void **state)
{
	uint8_t bytes[5];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(bytes, sizeof bytes);
	uint16_t net;

	(void)state;
	aurp_encode_zi_net(&w, 100);
	aurp_encode_zi_net(&w, 3);
	wr_u8(&w, 7);
	assert_true(wr_ok(&w));
	assert_true(aurp_next_zi_net(&r, &net));
	assert_int_equal(net, 100);
	assert_true(aurp_next_zi_net(&r, &net));
	assert_int_equal(net, 3);
	assert_false(aurp_next_zi_net(&r, &net));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ri_rsp),
		cmocka_unit_test(test_a_cut_tuple_leaves_those_before_it),
		cmocka_unit_test(test_a_bad_tuple_costs_only_itself),
		cmocka_unit_test(test_numbers_that_cannot_be),
		cmocka_unit_test(test_sixth_byte_is_ignored),
		cmocka_unit_test(test_ri_upd),
		cmocka_unit_test(test_null_event_in_both_forms),
		cmocka_unit_test(test_zone_change_ends_the_reading_and_keeps_what_came),
		cmocka_unit_test(test_every_event_code),
		cmocka_unit_test(test_bad_and_cut_events),
		cmocka_unit_test(test_zi_req_ignores_an_odd_byte),
	};

	return cmocka_run_group_tests_name("aurp_route", tests, NULL, NULL);
}
