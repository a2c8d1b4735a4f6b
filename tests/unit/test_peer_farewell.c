/* core/peer.c and both halves: farewell (aurp C32-C37). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* --- farewell ------------------------------------------------------------------------------ */

static void shut_down(struct lab *lab)
{
	router_shutdown(lab->rig->r, lab->rig->now);
}

static bool is_stopped(struct lab *lab)
{
	return router_is_stopped(lab->rig->r);
}

static void test_aurp_C32_C33_C34_C35_C37_data_sender_says_farewell(
	void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	shut_down(lab);
	s = mate_take(&m, AURP_RD);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 2);
	assert_int_equal(s->h.flags, 0);
	assert_int_equal(rd_left(&s->body), 2);
	assert_memory_equal(s->body.pos, "\xFF\xFF", 2);
	/* On that side only. */
	assert_null(mate_find(&m));
	assert_false(is_stopped(lab));
	assert_string_equal(lab_peer(lab, "p0").send, "wait-rd-ack");
	mate_ack(&m, 2, 0);
	assert_true(is_stopped(lab));
	mate_assert_silence(&m, span_s(60));
	lab_free(lab);
}

static void test_aurp_C34_C35_data_receiver_says_it_when_alone(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_forget(&m);
	shut_down(lab);
	s = mate_take(&m, AURP_RD);
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(s->h.sequence, 0);
	assert_memory_equal(s->body.pos, "\xFF\xFF", 2);
	assert_false(is_stopped(lab));
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_RI_ACK }, "", 0);
	assert_true(is_stopped(lab));
	lab_free(lab);
}

static void test_aurp_C37_farewell_ends_after_five_seconds_at_the_latest(void **state)
{
	(void)state;
	for (int both = 0; both < 2; both++) {
		struct lab *lab = lab_up(1);
		struct mate m = mate_of(lab, 0);
		const struct sent *s;
		int n = 0;

		mate_serve(&m, NETWORKS({ net(200), 0 }));
		if (both)
			mate_subscribe(&m);
		lab_run(lab, span_s(1));
		mate_forget(&m);
		shut_down(lab);
		for (; (s = mate_await_any(&m, span_ms(4900))) != NULL; n++) {
			bool is_senders = both && n < 3;

			/* The last is the data receiver's, for who hears only that (C34). */
			assert_int_equal(s->h.msg, AURP_RD);
			assert_int_equal(s->h.connection, is_senders ? m.id : m.dut_id);
			assert_int_equal(s->h.sequence != 0, is_senders);
		}
		assert_int_equal(n, 3 + both);
		assert_true(is_stopped(lab));
		lab_free(lab);
	}
}

static void test_aurp_C35_farewell_does_not_reuse_an_unacknowledged_number(
	void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	lab_net(lab, net(20), 2, "Near");
	s = mate_await(&m, AURP_RI_UPD, span_s(11));
	assert_int_equal(s->h.sequence, 2);
	shut_down(lab);
	/* It waits a moment for that ack first. */
	assert_null(mate_find(&m));
	s = mate_await(&m, AURP_RD, span_s(2));
	assert_int_equal(s->h.sequence, 3);
	mate_ack(&m, 3, 0);
	assert_true(is_stopped(lab));
	lab_free(lab);
}

static void test_farewell_follows_at_once_when_the_last_ack_comes(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	lab_net(lab, net(20), 2, "Near");
	mate_await(&m, AURP_RI_UPD, span_s(11));
	shut_down(lab);
	mate_ack(&m, 2, 0);
	assert_int_equal(mate_take(&m, AURP_RD)->h.sequence, 3);
	lab_free(lab);
}

static void test_aurp_U1_C32_every_peer_is_told(void **state)
{
	struct lab *lab = lab_up(3);
	struct mate m[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		m[i] = mate_of(lab, i);
		mate_join(&m[i]);
	}
	shut_down(lab);
	for (unsigned i = 0; i < 3; i++) {
		mate_take(&m[i], AURP_RD);
		mate_ack(&m[i], 2, 0);
	}
	assert_true(is_stopped(lab));
	lab_free(lab);
}

static void test_nobody_connected_means_stopped_at_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	shut_down(lab);
	assert_true(is_stopped(lab));
	mate_open_req(&m);
	mate_assert_silence(&m, span_s(5));
	lab_free(lab);
}

static void test_aurp_C36_farewell_of_the_data_sender_is_acknowledged_and_ends_both(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	/* A wrong number is no farewell (X6). */
	mate_rd(&m, m.dut_id, (uint16_t)(m.sequence + 5), -1);
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_rd(&m, m.dut_id, m.sequence, -1);
	s = mate_take(&m, AURP_RI_ACK);
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(s->h.sequence, m.sequence);
	assert_int_equal(s->h.flags, 0);
	assert_states(lab, "p0", "unconnected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_DOWN), 1);
	/* It may be away for a while. */
	mate_assert_silence(&m, span_s(25));
	mate_await(&m, AURP_OPEN_REQ, span_s(10));
	lab_free(lab);
}

static void test_aurp_C36_X6_farewell_of_the_data_receiver_has_number_zero(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	mate_rd(&m, (uint16_t)(m.id + 1), 0, -1);
	assert_states(lab, "p0", "connected", "connected");
	mate_rd(&m, m.id, 0, -1);
	s = mate_take(&m, AURP_RI_ACK);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 0);
	assert_states(lab, "p0", "unconnected", "unconnected");
	lab_free(lab);
}

static void test_peer_that_said_farewell_is_welcome_at_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	mate_rd(&m, m.dut_id, m.sequence, -1);
	mate_take(&m, AURP_RI_ACK);
	lab_run(lab, span_s(5));
	m.id = 0x7777;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_take(&m, AURP_OPEN_REQ);
	lab_free(lab);
}

static void test_aurp_C32_a_tunnel_that_closes_says_farewell_and_forgets(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate a = mate_of(lab, 0), b = mate_of(lab, 1);

	(void)state;
	mate_join(&a);
	mate_serve(&b, NETWORKS({ net(200), 0 }));
	mate_forget(&a);
	mate_forget(&b);
	router_tunnel_down(lab->rig->r, lab->rig->now, lab->tunnel[0]);
	assert_int_equal(mate_take(&a, AURP_RD)->h.connection, a.id);
	assert_int_equal(mate_take(&b, AURP_RD)->h.connection, b.dut_id);
	assert_states(lab, "p0", "unconnected", "unconnected");
	assert_states(lab, "p1", "unconnected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_assert_silence(&a, span_s(60));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C32_C33_C34_C35_C37_data_sender_says_farewell),
		cmocka_unit_test(test_aurp_C34_C35_data_receiver_says_it_when_alone),
		cmocka_unit_test(test_aurp_C37_farewell_ends_after_five_seconds_at_the_latest),
		cmocka_unit_test(test_aurp_C35_farewell_does_not_reuse_an_unacknowledged_number),
		cmocka_unit_test(test_farewell_follows_at_once_when_the_last_ack_comes),
		cmocka_unit_test(test_aurp_U1_C32_every_peer_is_told),
		cmocka_unit_test(test_nobody_connected_means_stopped_at_once),
		cmocka_unit_test(
			test_aurp_C36_farewell_of_the_data_sender_is_acknowledged_and_ends_both),
		cmocka_unit_test(test_aurp_C36_X6_farewell_of_the_data_receiver_has_number_zero),
		cmocka_unit_test(test_peer_that_said_farewell_is_welcome_at_once),
		cmocka_unit_test(test_aurp_C32_a_tunnel_that_closes_says_farewell_and_forgets),
	};

	return cmocka_run_group_tests_name("peer_farewell", tests, NULL, NULL);
}
