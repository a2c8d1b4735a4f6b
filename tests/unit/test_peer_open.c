/* core/aurp_recv.c: our receiver half opens (aurp C2-C8, C20, C40, C41). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

static int64_t gap_ms(const struct sent *before, const struct sent *after)
{
	return span_to_ms(instant_since(after->at, before->at));
}

static void test_aurp_C2_C3_S17_open_req_has_everything_and_no_options(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	s = mate_take(&m, AURP_OPEN_REQ);
	assert_int_not_equal(s->h.connection, 0);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0x7800);
	assert_int_equal(s->raw_len, 33);
	/* Version 1, no option: some routers refuse any (field 1). */
	assert_memory_equal(s->body.pos, "\x00\x01\x00", 3);
	lab_free(lab);
}

static void test_aurp_C4_C5_C6_C40_open_req_is_repeated_ever_slower_and_for_ever(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *before, *s;
	int64_t expected = 3000;

	(void)state;
	mate_resolve(&m);
	before = mate_take(&m, AURP_OPEN_REQ);
	for (int i = 0; i < 40; i++) {
		s = mate_await(&m, AURP_OPEN_REQ, span_s(400));
		assert_int_equal(s->h.connection, before->h.connection);
		assert_memory_equal(s->raw, before->raw, s->raw_len);
		assert_in_range(gap_ms(before, s), expected * 9 / 10, expected * 11 / 10);
		assert_true(gap_ms(before, s) >= 2000);
		expected = expected * 2 > 300000 ? 300000 : expected * 2;
		before = s;
	}
	assert_int_equal(lab_count(lab, "p0", "retransmits"), 40);
	lab_free(lab);
}

static void test_aurp_C40_C21_an_open_req_from_the_peer_ends_a_long_wait(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(3600));
	mate_forget(&m);
	lab_run(lab, span_s(20));
	assert_null(mate_find(&m));
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_take(&m, AURP_OPEN_REQ);
	lab_free(lab);
}

static void test_aurp_C6_being_called_again_and_again_does_not_make_us_faster(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s, *before = NULL;
	int opened = 0;

	(void)state;
	mate_resolve(&m);
	for (int i = 0; i < 100; i++) {
		mate_open_req(&m);
		lab_run(lab, span_ms(100));
		while (mate_find(&m)) {
			s = mate_find(&m);
			mate_take(&m, s->h.msg);
			if (s->h.msg != AURP_OPEN_REQ)
				continue;
			if (before)
				assert_true(gap_ms(before, s) >= 2000);
			before = s;
			opened++;
		}
	}
	assert_in_range(opened, 4, 6);
	lab_free(lab);
}

static void test_aurp_C7_X6_connection_ids_are_random_and_never_the_last_one(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	uint16_t last = 0;
	unsigned steps = 0;

	(void)state;
	for (int i = 0; i < 50; i++) {
		mate_serve(&m, NETWORKS({ net(200), 0 }));
		assert_int_not_equal(m.dut_id, last);
		steps += (uint16_t)(m.dut_id - last) == 1;
		last = m.dut_id;
		mate_forget(&m);
		/* Out of sync: it opens anew. */
		mate_ri_upd(&m, 3, EVENTS({ AURP_EV_NA, net(201), 0 }));
		mate_forget(&m);
	}
	assert_true(steps < 5);
	lab_free(lab);
}

static void test_aurp_C7_a_restarted_router_uses_another_id(void **state)
{
	uint16_t id[5];

	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		struct lab *lab = lab_new(1);
		struct mate m;

		lab->rig->seed = 100 + i;
		lab_start(lab);
		m = mate_of(lab, 0);
		mate_resolve(&m);
		id[i] = mate_take(&m, AURP_OPEN_REQ)->h.connection;
		for (unsigned k = 0; k < i; k++)
			assert_int_not_equal(id[i], id[k]);
		lab_free(lab);
	}
}

static void test_aurp_C20_C8_ri_req_follows_at_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	s = mate_take(&m, AURP_RI_REQ);
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0x7800);
	assert_int_equal(s->raw_len, 30);
	assert_states(lab, "p0", "wait-ri-rsp", "unconnected");
	lab_free(lab);
}

static void test_aurp_C8_S9_first_list_with_another_number_means_reopen(void **state)
{
	const uint16_t strange[] = { 5, 2, 65535, 30000 };

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct lab *lab = lab_up(1);
		struct mate m = mate_of(lab, 0);
		const struct sent *s;

		mate_resolve(&m);
		m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
		mate_open_rsp(&m, 1);
		mate_take(&m, AURP_RI_REQ);
		mate_ri_rsp(&m, strange[i], AURP_LAST, NETWORKS({ net(200), 0 }));
		/* There is no connection the other way: it says why. */
		s = mate_take(&m, AURP_RD);
		assert_memory_equal(s->body.pos, "\xFF\xFD", 2);
		assert_int_equal(s->h.sequence, 0);
		s = mate_await(&m, AURP_OPEN_REQ, span_s(3));
		assert_int_not_equal(s->h.connection, m.dut_id);
		assert_int_equal(lab_distance(lab, 200), -1);
		lab_free(lab);
	}
}

static void test_aurp_C41_a_refusal_is_reported_and_tried_again_slowly(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *refused, *s;

	(void)state;
	mate_resolve(&m);
	refused = mate_take(&m, AURP_OPEN_REQ);
	m.dut_id = refused->h.connection;
	mate_open_rsp(&m, AURP_ERR_RESOURCES);
	assert_int_equal(rig_last(lab->rig, TRACE_PEER_REFUSED)->event.number, -6);
	assert_string_equal(
		rig_last(lab->rig, TRACE_PEER_REFUSED)->event.text, aurp_error_text(-6));
	assert_states(lab, "p0", "unconnected", "unconnected");
	s = mate_await(&m, AURP_OPEN_REQ, span_s(400));
	assert_in_range(gap_ms(refused, s), 270000, 330000);
	m.dut_id = s->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

static void test_open_rsp_without_option_count_is_accepted_as_darwin_sends_it(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_OPEN_RSP }, "\x00\x01", 2);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

static void test_environment_flags_of_the_peer_are_shown(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0x6000, AURP_OPEN_RSP }, "\x00\x03\x00", 3);
	assert_true(lab_peer(lab, "p0").remaps);
	assert_true(lab_peer(lab, "p0").reduces_hops);
	lab_free(lab);
}

static void test_aurp_O12_refresh_asks_the_connected_and_dials_the_others(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate here = mate_of(lab, 0), away = mate_of(lab, 1);

	(void)state;
	mate_resolve(&away);
	lab_run(lab, span_s(400));	/* in vain; its next turn is minutes away */
	mate_join(&here);
	mate_forget(&away);
	mate_forget(&here);
	router_refresh(lab->rig->r, lab->rig->now);
	lab_run(lab, span_s(1));
	assert_int_equal(mate_take(&here, AURP_RI_REQ)->h.connection, here.dut_id);
	mate_take(&away, AURP_OPEN_REQ);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C2_C3_S17_open_req_has_everything_and_no_options),
		cmocka_unit_test(
			test_aurp_C4_C5_C6_C40_open_req_is_repeated_ever_slower_and_for_ever),
		cmocka_unit_test(test_aurp_C40_C21_an_open_req_from_the_peer_ends_a_long_wait),
		cmocka_unit_test(test_aurp_C6_being_called_again_and_again_does_not_make_us_faster),
		cmocka_unit_test(test_aurp_C7_X6_connection_ids_are_random_and_never_the_last_one),
		cmocka_unit_test(test_aurp_C7_a_restarted_router_uses_another_id),
		cmocka_unit_test(test_aurp_C20_C8_ri_req_follows_at_once),
		cmocka_unit_test(test_aurp_C8_S9_first_list_with_another_number_means_reopen),
		cmocka_unit_test(test_aurp_C41_a_refusal_is_reported_and_tried_again_slowly),
		cmocka_unit_test(test_open_rsp_without_option_count_is_accepted_as_darwin_sends_it),
		cmocka_unit_test(test_environment_flags_of_the_peer_are_shown),
		cmocka_unit_test(test_aurp_O12_refresh_asks_the_connected_and_dials_the_others),
	};

	return cmocka_run_group_tests_name("peer_open", tests, NULL, NULL);
}
