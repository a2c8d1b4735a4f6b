/*
 * A peer is back: restarted orderly or killed, cut off or stopped for minutes. How long it
 * takes until both directions work again, as far as it is ours (aurp C15..C17); and what
 * somebody gets who only says that a peer is back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

static struct lab *joined(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	mate_forget(m);
	return lab;
}

/* The next Open-Req with another ID than the connection that is open, within so many ms. */
static void await_new_call(struct mate *m, int64_t ms)
{
	struct instant end = instant_add(m->lab->rig->now, span_ms(ms));
	const struct sent *s;

	while ((s = mate_await_any(m, instant_since(end, m->lab->rig->now))) != NULL) {
		if (s->h.msg == AURP_OPEN_REQ && s->h.connection != m->dut_id) {
			m->dut_id = s->h.connection;
			return;
		}
	}
	fail_msg("no Open-Req within %ld ms", (long)ms);
}

static void test_aurp_C17_a_killed_peer_is_back_at_its_first_call(void **state)
{
	struct mate m;
	struct lab *lab = joined(&m);

	(void)state;
	lab_run(lab, span_s(5));
	m.id = 0x7777;
	mate_open_req(&m);
	await_new_call(&m, 600);
	/* Nothing has changed for the old connection and its networks. */
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_int_equal(lab_peer(lab, "p0").told, 1);
	mate_forget(&m);
	mate_open_rsp(&m, 1);
	/* Now it is over. */
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_take(&m, AURP_RI_REQ);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(201), 0 }));
	mate_take(&m, AURP_RI_ACK);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(lab_distance(lab, 201), 1);
	lab_free(lab);
}

static void test_aurp_C16_a_call_that_the_living_peer_did_not_make_is_forgotten(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m);

	(void)state;
	lab_run(lab, span_s(5));
	forger = m;
	forger.id = 0x7777;
	mate_open_req(&forger);
	mate_ack(&m, mate_take(&m, AURP_RI_UPD)->h.sequence, 0);
	mate_take(&m, AURP_TICKLE);
	mate_tickle_ack(&m);
	mate_assert_silence(&m, span_s(20));
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_a_peer_that_took_our_question_for_its_place_keeps_its_networks(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m);
	const struct sent *s;
	uint16_t sequence = 0;

	(void)state;
	lab_run(lab, span_s(5));
	forger = m;
	forger.id = 0x7777;
	mate_open_req(&forger);
	/* It was deaf for a while; then it answers everything in turn, as jrouter does. */
	while ((s = mate_await_any(&m, span_ms(600))) != NULL && s->h.msg != AURP_OPEN_REQ)
		if (s->h.msg == AURP_RI_UPD)
			sequence = s->h.sequence;
	assert_non_null(s);
	m.dut_id = s->h.connection;
	mate_ack(&m, sequence, 0);
	mate_open_rsp(&m, 1);
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_await_other_than(&m, AURP_TICKLE, span_ms(1));
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_aurp_X6_forged_calls_at_a_deaf_peer_cost_no_route(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m);
	uint16_t sequence = 0;
	bool is_tickled = false;
	const struct sent *s;

	(void)state;
	lab_run(lab, span_s(5));
	forger = m;
	/* 50,000 a second, for five seconds, from all ports. */
	for (unsigned i = 0; i < 250000; i++) {
		forger.id = (uint16_t)(i + 1);
		forger.at.port = i % 2 ? AURP_PORT : (uint16_t)(1024 + i % 60000);
		mate_open_req(&forger);
		if (i % 50 == 49)
			lab_run(lab, span_ms(1));
		while ((s = mate_find(&m)) != NULL) {
			s = mate_take(&m, s->h.msg);
			sequence = s->h.msg == AURP_RI_UPD ? s->h.sequence : sequence;
			is_tickled |= s->h.msg == AURP_TICKLE;
		}
		lab_free_sent(lab);
	}
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_true(is_tickled);
	mate_ack(&m, sequence, 0);
	mate_tickle_ack(&m);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_a_call_that_came_too_early_is_answered_by_ours_in_time(void **state)
{
	struct mate m;
	struct lab *lab = joined(&m);
	struct instant started;

	(void)state;
	lab_run(lab, span_s(5));
	/* It stops, and its last Open-Req comes from a socket that is about to close. */
	mate_rd(&m, m.id, 0, AURP_ERR_NORMAL_CLOSE);
	mate_forget(&m);
	m.id = 0x5555;
	mate_open_req(&m);
	mate_forget(&m);
	/* It is back half a second later. */
	lab_run(lab, span_ms(500));
	started = lab->rig->now;
	m.id = 0x7777;
	mate_open_req(&m);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	mate_ri_req(&m, AURP_SUI_ALL);
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(2))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_take(&m, AURP_RI_RSP);
	assert_true(instant_since(lab->rig->now, started).us <= span_s(2).us);
	lab_free(lab);
}

/* --- half open ---------------------------------------------------------------------------- */

/* Cut off for so long that we have given it up; it has not noticed. */
static struct lab *given_up(struct mate *m)
{
	struct lab *lab = joined(m);

	lab_run(lab, span_s(160));
	mate_forget(m);
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	return lab;
}

/* Whose router had noticed, and calls nobody: neither does it tickle (jrouter after 200 s). */
static void test_aurp_C40_a_peer_that_was_lost_is_called_every_ten_seconds_for_a_while(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m);
	struct instant last = mate_await(&m, AURP_OPEN_REQ, span_s(11))->at;
	struct instant end = instant_add(last, span_s(240));
	const struct sent *s;

	(void)state;
	while (instant_cmp(lab->rig->now, end) < 0) {
		s = mate_await(&m, AURP_OPEN_REQ, span_s(12));
		assert_in_range(instant_since(s->at, last).us, 2000000, 11000000);
		last = s->at;
	}
	/* It stays away: as everybody is called that is not there. */
	lab_run(lab, span_s(3600));
	mate_forget(&m);
	last = mate_await(&m, AURP_OPEN_REQ, span_s(400))->at;
	s = mate_await(&m, AURP_OPEN_REQ, span_s(400));
	assert_true(instant_since(s->at, last).us >= 270000000);
	lab_free(lab);
}

static void test_who_was_lost_and_refuses_or_leaves_is_not_called_often(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m);

	(void)state;
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(11))->h.connection;
	mate_open_rsp(&m, AURP_ERR_RESOURCES);
	mate_assert_silence(&m, span_s(260));
	lab_free(lab);
	lab = given_up(&m);
	/* It is connected again, and says farewell: it will call when it starts. */
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_rd(&m, m.dut_id, m.sequence, AURP_ERR_NORMAL_CLOSE);
	mate_take(&m, AURP_RI_ACK);
	mate_await(&m, AURP_OPEN_REQ, span_s(40));
	mate_assert_silence(&m, span_s(25));
	lab_free(lab);
}

static void test_a_peer_that_missed_its_end_is_back_within_seconds(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m);

	(void)state;
	/* It tickles the old connection; it gets no answer there, but a call. */
	mate_tickle(&m);
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(2))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&m, AURP_RI_ACK);
	mate_zi_rsp(&m, 200, ZONES("Far"));
	/* It does not call us, so it is told that the old one is over. */
	assert_int_equal(mate_await(&m, AURP_RD, span_s(1))->h.sequence, 0);
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_RI_ACK }, "", 0);
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(2))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

/* Whatever its data receiver says on the old connection shows that it missed the end. */
static void test_whatever_is_said_on_the_old_connection_brings_a_call(void **state)
{
	static const enum aurp_msg said[] = { AURP_RI_REQ, AURP_ZI_REQ, AURP_GZN_REQ,
		AURP_GDZL_REQ, AURP_RI_ACK, AURP_TICKLE };

	(void)state;
	for (size_t i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
		struct mate m;
		struct lab *lab = given_up(&m);

		mate_say_any(&m, (struct aurp){ .connection = m.id, .msg = said[i],
			.sequence = said[i] == AURP_RI_ACK });
		mate_await(&m, AURP_OPEN_REQ, span_s(2));
		lab_free(lab);
	}
}

static void test_an_acknowledgement_of_an_old_list_brings_our_call_forward(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m);

	(void)state;
	/* Our next call is some time away. */
	mate_await(&m, AURP_OPEN_REQ, span_s(60));
	mate_assert_silence(&m, span_s(3));
	mate_ack(&m, 1, 0);
	mate_take(&m, AURP_OPEN_REQ);
	lab_free(lab);
}

static void test_nothing_but_a_call_follows_from_a_tickle_alone(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m);
	const struct sent *s;

	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		mate_tickle(&m);
		while ((s = mate_await_any(&m, span_ms(500))) != NULL)
			assert_int_equal(s->h.msg, AURP_OPEN_REQ);
	}
	assert_true(lab_count(lab, "p0", "aurp-bad-connection") >= 20);
	/* One with another ID is nobody's. */
	lab_run(lab, span_s(400));
	mate_forget(&m);
	m.id ^= 0x0F0F;
	mate_tickle(&m);
	assert_null(mate_find(&m));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C17_a_killed_peer_is_back_at_its_first_call),
		cmocka_unit_test(
			test_aurp_C16_a_call_that_the_living_peer_did_not_make_is_forgotten),
		cmocka_unit_test(
			test_a_peer_that_took_our_question_for_its_place_keeps_its_networks),
		cmocka_unit_test(test_aurp_X6_forged_calls_at_a_deaf_peer_cost_no_route),
		cmocka_unit_test(test_a_call_that_came_too_early_is_answered_by_ours_in_time),
		cmocka_unit_test(
			test_aurp_C40_a_peer_that_was_lost_is_called_every_ten_seconds_for_a_while),
		cmocka_unit_test(test_who_was_lost_and_refuses_or_leaves_is_not_called_often),
		cmocka_unit_test(test_a_peer_that_missed_its_end_is_back_within_seconds),
		cmocka_unit_test(test_whatever_is_said_on_the_old_connection_brings_a_call),
		cmocka_unit_test(
			test_an_acknowledgement_of_an_old_list_brings_our_call_forward),
		cmocka_unit_test(test_nothing_but_a_call_follows_from_a_tickle_alone),
	};

	return cmocka_run_group_tests_name("peer_return", tests, NULL, NULL);
}
