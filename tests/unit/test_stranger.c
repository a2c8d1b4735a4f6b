/*
 * core/stranger.c: routers that nobody configured, and what a forged address is
 * good for (aurp T29, C11, X4, X6, X7): no memory, no more bytes than it sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { OPEN_REQ_SIZE = 33 };	/* of UDP payload */

/* A router that welcomes `most` strangers, and one of them, called by its address. */
static struct lab *open_lab(size_t most, struct mate *m)
{
	struct lab *lab = lab_new(0);

	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = most;
	lab_start(lab);
	*m = mate_of(lab, 0);
	m->name = "10.0.0.2";
	return lab;
}

/* It calls, is asked back, answers, and so becomes a peer. */
static void become_a_peer(struct mate *m)
{
	mate_open_req(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(m, 1);
	mate_take(m, AURP_RI_REQ);
}

static const struct peer *peer_in(struct lab *lab)
{
	return container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
}

static size_t peers(struct lab *lab)
{
	return router_summary(lab->rig->r).peers;
}

static void test_aurp_T29_a_stranger_is_a_peer_when_it_has_answered_our_own_call(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	mate_open_req(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	assert_null(mate_find(&m));
	assert_int_equal(peers(lab), 0);
	mate_open_rsp(&m, 1);
	assert_int_equal(peers(lab), 1);
	assert_int_equal(mate_take(&m, AURP_RI_REQ)->h.connection, m.dut_id);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 200), 1);
	/* It repeats its Open-Req, as everybody does until it is answered. */
	assert_int_equal(mate_subscribe(&m), 1);
	assert_states(lab, "10.0.0.2", "connected", "connected");
	lab_free(lab);
}

static void test_aurp_T29_a_stranger_is_answered_at_the_port_it_called_from(void **state)
{
	struct mate m, other_port;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	m.at.port = 40001;
	other_port = m;
	other_port.at.port = 40002;
	mate_open_req(&m);
	m.dut_id = other_port.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&other_port, 1);
	assert_int_equal(peers(lab), 0);
	mate_open_rsp(&m, 1);
	assert_int_equal(mate_take(&m, AURP_RI_REQ)->to.port, 40001);
	lab_free(lab);
}

static void test_aurp_C11_there_is_a_limit_and_the_next_is_told(void **state)
{
	struct aurp_open_rsp rsp;
	struct mate first, second;
	struct lab *lab = open_lab(1, &first);
	struct rd r;

	(void)state;
	become_a_peer(&first);
	second = mate_of(lab, 6);
	mate_open_req(&second);
	r = mate_take(&second, AURP_OPEN_RSP)->body;
	assert_true(aurp_decode_open_rsp(&r, &rsp));
	assert_int_equal(rsp.rate, AURP_ERR_RESOURCES);
	assert_null(mate_find(&second));
	assert_int_equal(lab_count(lab, "t0", "peer-too-many"), 1);
	assert_int_equal(peers(lab), 1);
	lab_free(lab);
}

static void test_aurp_C10_C11_a_stranger_with_another_version_is_refused(void **state)
{
	struct aurp_open_rsp rsp;
	struct mate m;
	struct lab *lab = open_lab(4, &m);
	struct rd r;

	(void)state;
	mate_say(&m, (struct aurp){ 7, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x09\x00", 3);
	r = mate_take(&m, AURP_OPEN_RSP)->body;
	assert_true(aurp_decode_open_rsp(&r, &rsp));
	assert_int_equal(rsp.rate, AURP_ERR_VERSION);
	assert_int_equal(peers(lab), 0);
	lab_free(lab);
}

static void test_a_refusal_of_our_call_makes_no_peer(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	mate_open_req(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, AURP_ERR_RESOURCES);
	assert_int_equal(peers(lab), 0);
	lab_free(lab);
}

static void test_the_answer_may_take_half_a_minute_but_not_for_ever(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	mate_open_req(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	lab_run(lab, span_s(65));
	mate_open_rsp(&m, 1);
	assert_int_equal(peers(lab), 0);
	mate_open_req(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	lab_run(lab, span_s(30));
	mate_open_rsp(&m, 1);
	assert_int_equal(peers(lab), 1);
	lab_free(lab);
}

static void test_a_stranger_that_stays_away_is_forgotten(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	become_a_peer(&m);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	/* Tickles in vain, then five minutes in case that it comes back: it may never call. */
	lab_run(lab, span_s(90 + 290));
	assert_int_equal(peers(lab), 1);
	mate_forget(&m);
	mate_await(&m, AURP_OPEN_REQ, span_s(11));
	lab_run(lab, span_s(45));
	assert_int_equal(peers(lab), 0);
	mate_forget(&m);
	become_a_peer(&m);
	lab_free(lab);
}

/* A stranger is connected, and then the name of a peer turns out to be his. */
static struct lab *named_lab(struct mate *m)
{
	struct lab *lab = lab_new(1);

	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	*m = mate_of(lab, 0);
	become_a_peer(m);
	mate_open_req(m);
	mate_take(m, AURP_OPEN_RSP);
	assert_true(lab_has_peer(lab, "10.0.0.2"));
	mate_resolve(m);
	/* It is told farewell under its old name, then called under the new one. */
	mate_take(m, AURP_RD);
	mate_take(m, AURP_OPEN_REQ);
	return lab;
}

static void test_a_stranger_gives_way_to_the_name_it_turns_out_to_have(void **state)
{
	struct mate m;
	struct lab *lab = named_lab(&m);

	(void)state;
	lab_run(lab, span_s(6));
	assert_false(lab_has_peer(lab, "10.0.0.2"));
	assert_int_equal(peers(lab), 1);
	lab_free(lab);
}

/* Its RD would have number 1, and so would the first packet of the new connection. */
static void test_a_farewell_ends_when_the_router_calls_again(void **state)
{
	struct mate m;
	struct lab *lab = named_lab(&m);

	(void)state;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	assert_false(lab_has_peer(lab, "10.0.0.2"));
	assert_int_equal(mate_await(&m, AURP_OPEN_REQ, span_s(4))->h.connection,
		peer_in(lab)->recv.id);
	lab_free(lab);
}

/* --- forged addresses ---------------------------------------------------------------------- */

static void test_a_forged_call_from_another_port_does_not_move_a_connected_stranger(void **state)
{
	struct mate m, forger;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	m.at.port = 40001;
	become_a_peer(&m);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	forger = m;
	forger.at.port = 40002;
	mate_open_req(&forger);
	assert_int_equal(lab_peer(lab, "10.0.0.2:40001").addr.port, 40001);
	mate_forget(&m);
	assert_int_equal(mate_await(&m, AURP_TICKLE, span_s(91))->to.port, 40001);
	/* Nor does an answer from there, be its ID right; that place is asked for itself. */
	forger.dut_id = m.dut_id;
	mate_tickle_ack(&forger);
	assert_int_equal(lab_peer(lab, "10.0.0.2:40001").addr.port, 40001);
	lab_free(lab);
}

static uint64_t bytes_to(struct lab *lab, const struct mate *m)
{
	uint64_t n = 0;

	for (size_t i = 0; i < lab->n_sent; i++)
		if (endpoint_eq(lab->sent[i]->to, m->at))
			n += lab->sent[i]->raw_len;
	return n;
}

static void test_aurp_X7_a_forged_address_gets_no_more_than_was_sent_in_its_name(void **state)
{
	const uint16_t wanted[] = { 3 };
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	/* Who forges an address knows the ID that he chose, but hears nothing. */
	for (int i = 0; i < 200; i++) {
		mate_open_req(&m);
		mate_ri_req(&m, AURP_SUI_ALL);
		mate_ack(&m, 1, AURP_SZI);
		mate_zi_req(&m, wanted, 1);
		mate_tickle(&m);
		lab_run(lab, span_ms(i < 100 ? 1 : 500));
		assert_true(bytes_to(lab, &m) <= (uint64_t)(i + 1) * OPEN_REQ_SIZE);
		assert_int_equal(peers(lab), 0);
	}
	lab_run(lab, span_s(400));
	assert_true(bytes_to(lab, &m) <= 200u * OPEN_REQ_SIZE);
	lab_free(lab);
}

static void test_aurp_X7_no_answer_is_longer_than_the_call(void **state)
{
	uint8_t bytes[OPEN_REQ_SIZE];
	struct wr w = wr_over(bytes, sizeof(bytes));
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	/* With null identifiers the header of a call is shorter than ours. */
	aurp_encode_domain(&w, &(struct aurp_domain){ .type = AURP_ROUTING });
	aurp_encode(&w, &(struct aurp){ 7, 0, AURP_SUI_ALL, AURP_OPEN_REQ });
	aurp_encode_open_req(&w, &(struct aurp_open_req){ .version = AURP_VERSION });
	assert_true(wr_len(&w) < OPEN_REQ_SIZE);
	mate_say_raw(&m, bytes, wr_len(&w));
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "t0", "peer-too-many"), 1);
	lab_free(lab);
}

static void test_replies_to_strangers_come_at_a_limited_rate(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		struct mate one = m;

		one.at.ip = m.at.ip + i;
		mate_open_req(&one);
	}
	assert_true(lab->n_sent <= 32);
	assert_int_equal(lab_count(lab, "t0", "peer-too-many"), 1000 - lab->n_sent);
	lab_run(lab, span_s(10));
	lab_free_sent(lab);
	become_a_peer(&m);
	lab_free(lab);
}

static void test_aurp_X6_our_id_cannot_be_guessed_by_trying_for_an_hour(void **state)
{
	struct mate m;
	struct lab *lab = open_lab(4, &m);
	unsigned tries = 0, evaluated;

	(void)state;
	/* A hundred guesses a second; the real chance is 2 in 65,535 for each that is looked at. */
	for (int s = 0; s < 3600; s++) {
		for (int i = 0; i < 100; i++) {
			m.dut_id = (uint16_t)(1 + tries++ % 65535);
			mate_open_rsp(&m, 1);
		}
		lab_run(lab, span_s(1));
		lab_free_sent(lab);
	}
	evaluated = (unsigned)lab_count(lab, "t0", "aurp-bad-connection");
	assert_in_range(evaluated, 3600 * 4 - 100, 3600 * 4 + 100);
	assert_true(peers(lab) <= 2);
	lab_free(lab);
}

static void test_ids_differ_between_addresses_and_over_time(void **state)
{
	struct mate m, n;
	struct lab *lab = open_lab(4, &m);
	uint16_t first, second;

	(void)state;
	n = mate_of(lab, 1);
	mate_open_req(&m);
	first = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&n);
	assert_int_not_equal(mate_take(&n, AURP_OPEN_REQ)->h.connection, first);
	mate_open_req(&m);
	assert_int_equal(mate_take(&m, AURP_OPEN_REQ)->h.connection, first);
	lab_run(lab, span_s(70));
	mate_open_req(&m);
	second = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	assert_int_not_equal(first, second);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_aurp_T29_a_stranger_is_a_peer_when_it_has_answered_our_own_call),
		cmocka_unit_test(test_aurp_T29_a_stranger_is_answered_at_the_port_it_called_from),
		cmocka_unit_test(test_aurp_C11_there_is_a_limit_and_the_next_is_told),
		cmocka_unit_test(test_aurp_C10_C11_a_stranger_with_another_version_is_refused),
		cmocka_unit_test(test_a_refusal_of_our_call_makes_no_peer),
		cmocka_unit_test(test_the_answer_may_take_half_a_minute_but_not_for_ever),
		cmocka_unit_test(test_a_stranger_that_stays_away_is_forgotten),
		cmocka_unit_test(test_a_stranger_gives_way_to_the_name_it_turns_out_to_have),
		cmocka_unit_test(test_a_farewell_ends_when_the_router_calls_again),
		cmocka_unit_test(
			test_a_forged_call_from_another_port_does_not_move_a_connected_stranger),
		cmocka_unit_test(
			test_aurp_X7_a_forged_address_gets_no_more_than_was_sent_in_its_name),
		cmocka_unit_test(test_aurp_X7_no_answer_is_longer_than_the_call),
		cmocka_unit_test(test_replies_to_strangers_come_at_a_limited_rate),
		cmocka_unit_test(test_aurp_X6_our_id_cannot_be_guessed_by_trying_for_an_hour),
		cmocka_unit_test(test_ids_differ_between_addresses_and_over_time),
	};

	return cmocka_run_group_tests_name("stranger", tests, NULL, NULL);
}
