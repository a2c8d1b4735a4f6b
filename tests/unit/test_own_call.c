/* core/own_call.c: our own entry in a list of peers that many routers share. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* What we sent to the mate, as it comes back to us from there. */
static void come_back(const struct mate *m, const struct sent *s)
{
	mate_say_raw(m, s->raw, s->raw_len);
}

static void test_our_own_call_comes_back_and_opens_nothing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	come_back(&m, mate_take(&m, AURP_OPEN_REQ));
	assert_states(lab, "p0", "unconnected", "unconnected");
	assert_int_equal(lab_count(lab, "t0", "aurp-own-call"), 1);
	assert_string_equal(rig_last(lab->rig, TRACE_PEER_IS_US)->event.peer, "p0");
	assert_true(endpoint_eq(rig_last(lab->rig, TRACE_PEER_IS_US)->event.endpoint, m.at));
	assert_true(lab_peer(lab, "p0").is_us);
	mate_assert_silence(&m, span_s(260));
	lab_free(lab);
}

/* A translator gives it another source, which may be nobody's address. */
static void test_our_own_call_is_known_from_wherever_it_comes(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), translator = m;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab_apply(lab);
	translator.at = (struct endpoint){ m.at.ip + 99, 50000 };
	mate_resolve(&m);
	come_back(&translator, mate_take(&m, AURP_OPEN_REQ));
	assert_true(lab_peer(lab, "p0").is_us);
	assert_null(mate_find(&translator));
	lab_free(lab);
}

/* Two tunnels of ours, and a list that names both. */
static void test_our_own_call_is_known_in_another_tunnel(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m, there;

	(void)state;
	lab->rig->config.n_tunnels = 2;
	lab->tunnels[1].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	there = m;
	there.tunnel = 1;
	mate_resolve(&m);
	come_back(&there, mate_take(&m, AURP_OPEN_REQ));
	assert_null(mate_find(&there));
	assert_true(lab_peer(lab, "p0").is_us);
	assert_int_equal(lab_count(lab, "t1", "aurp-own-call"), 1);
	lab_free(lab);
}

/* At the pace of our calls; the log makes it rarer still. */
static void test_that_a_peer_is_us_is_told_with_every_call(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	for (int i = 0; i < 20; i++)
		come_back(&m, mate_await(&m, AURP_OPEN_REQ, span_s(400)));
	assert_int_equal(lab_count(lab, "t0", "aurp-own-call"), 20);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_IS_US), 20);
	lab_free(lab);
}

/* Sites behind translators may have the same private identifier: the connection ID decides. */
static void test_a_call_with_our_identifier_and_another_id_is_not_ours(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	m.di = lab->own;
	mate_resolve(&m);
	m.id = (uint16_t)(mate_take(&m, AURP_OPEN_REQ)->h.connection ^ 1);
	mate_open_req(&m);
	assert_int_equal(lab_count(lab, "t0", "aurp-own-call"), 0);
	assert_false(lab_peer(lab, "p0").is_us);
	mate_take(&m, AURP_OPEN_RSP);
	lab_free(lab);
}

static void test_a_call_with_our_id_and_another_identifier_is_not_ours(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&m);
	assert_int_equal(lab_count(lab, "t0", "aurp-own-call"), 0);
	mate_take(&m, AURP_OPEN_RSP);
	lab_free(lab);
}

/* Whoever guesses the ID keeps us from nobody for long, and not at all from one that calls. */
static void test_a_peer_that_was_taken_for_us_connects_when_it_answers(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	come_back(&m, mate_take(&m, AURP_OPEN_REQ));
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(400))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	assert_false(lab_peer(lab, "p0").is_us);
	lab_free(lab);
}

static void test_a_peer_that_moves_is_not_us_any_more(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), moved = m;

	(void)state;
	mate_resolve(&m);
	come_back(&m, mate_take(&m, AURP_OPEN_REQ));
	moved.at.ip += 100;
	mate_resolve(&moved);
	assert_false(lab_peer(lab, "p0").is_us);
	mate_await(&moved, AURP_OPEN_REQ, span_s(3));
	lab_free(lab);
}

/* --- who calls and is no peer ------------------------------------------------------------ */

static void assert_told(struct lab *lab, enum trace_kind kind, const struct mate *m)
{
	const struct trace_event *e = &rig_last(lab->rig, kind)->event;

	assert_string_equal(e->tunnel, "t0");
	assert_true(endpoint_eq(e->endpoint, m->at));
	assert_true(domain_id_eq(e->di, m->di));
}

static void test_a_stranger_is_told_with_its_identifier(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	m.di.ip = 0x0A070707;
	mate_open_req(&m);
	assert_told(lab, TRACE_PEER_UNKNOWN, &m);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_STRANGER), 0);
	/* It may become a peer: no reason not to tell. */
	lab->tunnels[0].accept_unknown = true;
	lab_apply(lab);
	m.di.ip++;
	mate_open_req(&m);
	assert_told(lab, TRACE_PEER_STRANGER, &m);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 1);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_our_own_call_comes_back_and_opens_nothing),
		cmocka_unit_test(test_our_own_call_is_known_from_wherever_it_comes),
		cmocka_unit_test(test_our_own_call_is_known_in_another_tunnel),
		cmocka_unit_test(test_that_a_peer_is_us_is_told_with_every_call),
		cmocka_unit_test(test_a_call_with_our_identifier_and_another_id_is_not_ours),
		cmocka_unit_test(test_a_call_with_our_id_and_another_identifier_is_not_ours),
		cmocka_unit_test(test_a_peer_that_was_taken_for_us_connects_when_it_answers),
		cmocka_unit_test(test_a_peer_that_moves_is_not_us_any_more),
		cmocka_unit_test(test_a_stranger_is_told_with_its_identifier),
	};

	return cmocka_run_group_tests_name("own_call", tests, NULL, NULL);
}
