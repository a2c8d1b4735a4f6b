/*
 * core/peer_place.c: what proves a place, and how fast. The ID of an Open-Req to an unproven
 * place belongs to that place, for a while, and to one answer (aurp C7, C15..C17, X6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { NAT_PORT = 40001, OTHER_PORT = 40002 };

/* A peer that is dialled in vain at its configured place, and calls from another. */
static struct lab *called(struct mate *m)
{
	struct lab *lab = lab_up(1);
	struct mate at = mate_of(lab, 0);

	mate_resolve(&at);
	lab_run(lab, span_s(2));
	*m = at;
	m->at.port = NAT_PORT;
	mate_open_req(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
	return lab;
}

static bool is_there(struct lab *lab, uint16_t port)
{
	return lab_peer(lab, "p0").addr.port == port;
}

static void test_an_answer_proves_the_place_that_was_asked_and_no_other(void **state)
{
	struct mate m, other;
	struct lab *lab = called(&m);

	(void)state;
	other = m;
	other.at.port = OTHER_PORT;
	mate_open_rsp(&other, 1);
	assert_true(is_there(lab, AURP_PORT));
	assert_null(mate_find(&other));
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, NAT_PORT));
	lab_free(lab);
}

static void test_aurp_X6_the_id_of_a_place_is_not_found_by_trying(void **state)
{
	struct mate m, forger;
	struct lab *lab = called(&m);

	(void)state;
	forger = m;
	for (unsigned i = 0; i < 1000; i++) {
		forger.dut_id = (uint16_t)(m.dut_id + 1 + i);
		mate_open_rsp(&forger, 1);
	}
	/* Sixteen tries in a row; the right one comes too late. */
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, AURP_PORT));
	/* Four a second more. */
	lab_run(lab, span_s(1));
	for (unsigned i = 0; i < 3; i++)
		mate_open_rsp(&forger, 1);
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, NAT_PORT));
	lab_free(lab);
}

static void test_the_answer_of_a_place_may_take_half_a_minute_but_not_for_ever(void **state)
{
	struct mate m;
	struct lab *lab = called(&m);

	(void)state;
	lab_run(lab, span_s(31));
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, NAT_PORT));
	lab_free(lab);
	lab = called(&m);
	lab_run(lab, span_s(65));
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, AURP_PORT));
	lab_free(lab);
}

static void test_aurp_C7_the_id_of_a_place_is_used_once(void **state)
{
	struct mate m, at;
	struct lab *lab = called(&m);
	uint16_t first = m.dut_id;

	(void)state;
	at = mate_of(lab, 0);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_forget(&at);
	mate_rd(&m, m.dut_id, 1, AURP_ERR_NORMAL_CLOSE);
	/* The ID of a dial is the last one then. */
	router_refresh(lab->rig->r, lab->rig->now);
	mate_await(&at, AURP_OPEN_REQ, span_s(3));
	mate_forget(&m);
	m.id++;
	mate_open_req(&m);
	assert_int_not_equal(mate_await(&m, AURP_OPEN_REQ, span_s(3))->h.connection, first);
	lab_free(lab);
}

/* --- a proven place in doubt --------------------------------------------------------------- */

static struct lab *joined(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	lab_run(lab, span_s(5));
	mate_forget(m);
	return lab;
}

/* The round trip takes no time here: the four tries are 100 ms apart. */
static void test_aurp_C16_a_place_is_asked_four_times_before_another_is_dialled(void **state)
{
	struct mate m, caller;
	struct lab *lab = joined(&m);
	unsigned int updates = 0, tickles = 0;
	struct instant began = lab->rig->now;
	const struct sent *s;

	(void)state;
	caller = m;
	caller.at.port = NAT_PORT;
	caller.id = 0x7777;
	mate_open_req(&caller);
	while ((s = mate_await_any(&m, span_ms(100))) != NULL &&
		instant_since(lab->rig->now, began).us < span_ms(400).us) {
		updates += s->h.msg == AURP_RI_UPD;
		tickles += s->h.msg == AURP_TICKLE;
		assert_null(mate_find(&caller));
	}
	assert_int_equal(updates, 4);
	assert_int_equal(tickles, 4);
	mate_await(&caller, AURP_OPEN_REQ, span_ms(100));
	assert_in_range(span_to_ms(instant_since(lab->rig->now, began)), 400, 500);
	lab_free(lab);
}

/* An answer takes more than the half second that a try has at most. */
static void test_aurp_C16_a_slow_place_gets_two_seconds(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), caller;

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_ms(900));
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_run(lab, span_ms(900));
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&m, AURP_RI_ACK);
	mate_subscribe(&m);
	lab_run(lab, span_s(5));
	caller = m;
	caller.at.port = NAT_PORT;
	caller.id = 0x7777;
	mate_open_req(&caller);
	mate_assert_silence(&caller, span_ms(1900));
	mate_await(&caller, AURP_OPEN_REQ, span_ms(200));
	lab_free(lab);
}

static void test_aurp_C17_the_call_that_waits_is_not_forgotten_for_a_tickle(void **state)
{
	struct mate m, other;
	struct lab *lab = joined(&m);
	const struct sent *s;

	(void)state;
	other = m;
	other.at.port = NAT_PORT;
	m.id = 0x7777;
	mate_open_req(&m);
	mate_tickle(&other);		/* of the old connection, from another port */
	lab_run(lab, span_ms(450));
	assert_null(mate_find(&other));
	while ((s = mate_await_any(&m, span_ms(1))) != NULL)
		if (s->h.msg == AURP_OPEN_REQ)
			m.dut_id = s->h.connection;
	mate_open_rsp(&m, 1);
	/* It ends what was there, and the call is answered. */
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_take(&m, AURP_RI_REQ);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	lab_free(lab);
}

/* What ends with the old connection is its place, too; the new one is where the answer was. */
static void test_aurp_C17_a_peer_that_restarts_is_answered_at_its_translators_port(
	void **state)
{
	struct mate m;
	struct lab *lab = called(&m);
	const struct sent *s;

	(void)state;
	mate_open_rsp(&m, 1);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_forget(&m);
	mate_subscribe(&m);
	lab_run(lab, span_s(5));
	mate_forget(&m);
	m.id = 0x7777;
	mate_open_req(&m);
	lab_run(lab, span_ms(450));
	while ((s = mate_await_any(&m, span_ms(1))) != NULL)
		if (s->h.msg == AURP_OPEN_REQ)
			m.dut_id = s->h.connection;
	mate_open_rsp(&m, 1);
	assert_true(is_there(lab, NAT_PORT));
	mate_take(&m, AURP_RI_REQ);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	lab_free(lab);
}

/* With the ID that is in use: it reminds us, or somebody forges it. */
static void test_aurp_X7_repeated_calls_are_worth_one_question(void **state)
{
	struct mate m;
	struct lab *lab = joined(&m);
	unsigned int heard = 0;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		mate_open_req(&m);
		lab_run(lab, span_ms(1));
	}
	while (mate_await_any(&m, span_us(0)))
		heard++;
	assert_in_range(heard, 2, 12);
	lab_free(lab);
}

/* Only our data sender's half had ended. Perhaps it was restarted, and knows no half of us. */
static void test_a_peer_that_calls_anew_is_asked_whether_it_lives(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m);

	(void)state;
	forger = m;
	forger.id = 0x7777;
	mate_open_req(&forger);
	for (unsigned i = 0; i < 100; i++) {
		lab_run(lab, span_ms(100));
		mate_tickle_ack(&m);
	}
	assert_states(lab, "p0", "connected", "unconnected");
	mate_forget(&m);
	m.id = 0x8888;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_take(&m, AURP_TICKLE);
	lab_free(lab);
}

/* Who answers Tickles but acknowledges nothing stays in doubt, and costs no more for that. */
static void test_aurp_X7_a_doubt_asks_the_caller_four_times(void **state)
{
	struct mate m, caller;
	struct lab *lab = joined(&m);
	unsigned int asked = 0;

	(void)state;
	caller = m;
	caller.at.port = NAT_PORT;
	caller.id = 0x7777;
	mate_open_req(&caller);
	for (unsigned i = 0; i < 60; i++) {
		lab_run(lab, span_s(1));
		mate_tickle_ack(&m);
		mate_tickle(&m);
		while (mate_find(&caller)) {
			mate_take(&caller, AURP_OPEN_REQ);
			asked++;
		}
		mate_forget(&m);
	}
	assert_int_equal(asked, 4);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_proves_the_place_that_was_asked_and_no_other),
		cmocka_unit_test(test_aurp_X6_the_id_of_a_place_is_not_found_by_trying),
		cmocka_unit_test(
			test_the_answer_of_a_place_may_take_half_a_minute_but_not_for_ever),
		cmocka_unit_test(test_aurp_C7_the_id_of_a_place_is_used_once),
		cmocka_unit_test(
			test_aurp_C16_a_place_is_asked_four_times_before_another_is_dialled),
		cmocka_unit_test(test_aurp_C16_a_slow_place_gets_two_seconds),
		cmocka_unit_test(test_aurp_C17_the_call_that_waits_is_not_forgotten_for_a_tickle),
		cmocka_unit_test(
			test_aurp_C17_a_peer_that_restarts_is_answered_at_its_translators_port),
		cmocka_unit_test(test_aurp_X7_repeated_calls_are_worth_one_question),
		cmocka_unit_test(test_a_peer_that_calls_anew_is_asked_whether_it_lives),
		cmocka_unit_test(test_aurp_X7_a_doubt_asks_the_caller_four_times),
	};

	return cmocka_run_group_tests_name("place_proof", tests, NULL, NULL);
}
