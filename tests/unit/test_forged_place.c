/*
 * What somebody can do about where a peer is, who forges its address, and hears
 * nothing: calls from other ports, answers that nobody asked for (aurp X6, X7, C7).
 * See peer_place.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { OTHER_PORT = 40002 };

static struct peer *peer_in(struct lab *lab)
{
	return container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
}

/* A peer that is dialled and does not answer; the forger speaks from another of its ports. */
static struct lab *away(struct mate *m, struct mate *forger, uint64_t seed)
{
	struct lab *lab = lab_new(1);

	lab->rig->seed = seed;
	lab_start(lab);
	*m = mate_of(lab, 0);
	mate_resolve(m);
	lab_run(lab, span_s(2));
	*forger = *m;
	forger->at.port = OTHER_PORT;
	return lab;
}

static struct lab *joined(struct mate *m, struct mate *forger)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	lab_run(lab, span_s(5));
	mate_forget(m);
	*forger = *m;
	forger->at.port = OTHER_PORT;
	return lab;
}

static uint16_t ask(struct mate *forger)
{
	mate_open_req(forger);
	return mate_take(forger, AURP_OPEN_REQ)->h.connection;
}

/* --- the ID of an Open-Req that nobody remembers ------------------------------------------- */

static void test_aurp_X6_no_router_asks_with_an_id_that_another_would_use(void **state)
{
	struct mate m, forger;
	uint16_t id[2];

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct lab *lab = away(&m, &forger, 1 + i);

		id[i] = ask(&forger);
		lab_free(lab);
	}
	assert_int_not_equal(id[0], id[1]);
}

static void test_aurp_X6_who_answers_with_every_id_at_once_is_not_believed(void **state)
{
	struct mate m, forger;
	struct lab *lab = away(&m, &forger, 1);

	(void)state;
	ask(&forger);
	/* But the one that the configured place was dialled with: that does not move the peer. */
	for (uint32_t id = 1; id <= UINT16_MAX; id++) {
		forger.dut_id = (uint16_t)id;
		if (id != peer_in(lab)->recv.id)
			mate_open_rsp(&forger, 1);
	}
	assert_int_equal(lab_peer(lab, "p0").addr.port, AURP_PORT);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 0);
	lab_free(lab);
}

static void test_an_answer_to_what_was_never_asked_proves_nothing(void **state)
{
	struct mate m, forger;
	struct lab *lab = away(&m, &forger, 1);

	(void)state;
	forger.dut_id = stranger_id(lab->tunnel[0], forger.at, 0, 0);
	mate_open_rsp(&forger, 1);
	assert_null(mate_find(&forger));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 0);
	lab_free(lab);
}

/* Somebody calls from this port, and is where the peer is as soon as it has answered; its ID. */
static uint16_t moves_to(struct mate *m, uint16_t port)
{
	m->at.port = port;
	mate_forget(m);
	m->id++;
	mate_open_req(m);
	m->dut_id = mate_await(m, AURP_OPEN_REQ, span_s(3))->h.connection;
	mate_open_rsp(m, 1);
	mate_take(m, AURP_RI_REQ);
	mate_take(m, AURP_OPEN_RSP);
	mate_ri_req(m, AURP_SUI_ALL);
	mate_forget(m);
	assert_int_equal(lab_peer(m->lab, "p0").addr.port, port);
	return m->dut_id;
}

static void test_aurp_C7_an_id_that_has_proved_a_place_proves_it_no_more(void **state)
{
	struct mate m, moving;
	struct lab *lab = away(&m, &moving, 1);
	uint16_t first = moves_to(&moving, OTHER_PORT);

	(void)state;
	moves_to(&moving, OTHER_PORT + 1);
	assert_int_not_equal(moves_to(&moving, OTHER_PORT), first);
	/* All that before the clock of the IDs moved. */
	assert_true(lab->rig->now.us < span_s(32).us);
	lab_free(lab);
}

static void test_aurp_C7_a_place_is_not_asked_with_the_id_of_a_connection(void **state)
{
	struct mate m, forger;
	struct lab *lab = away(&m, &forger, 1);
	uint16_t id = stranger_id(lab->tunnel[0], forger.at, 0, 0);

	(void)state;
	/* As chance may have it. */
	peer_in(lab)->recv.id = id;
	assert_int_not_equal(ask(&forger), id);
	lab_free(lab);
}

static void test_aurp_X7_a_flood_is_not_repaid_for_ever(void **state)
{
	static const uint8_t datagram[600];
	struct mate m, forger;
	struct lab *lab = away(&m, &forger, 1);

	(void)state;
	for (unsigned int i = 0; i < 10000; i++)
		mate_data(&m, datagram, sizeof(datagram));
	assert_true(lab_count(lab, "p0", "rx-bytes") > 6000000);
	assert_true(peer_in(lab)->unanswered < 70000);
	lab_free(lab);
}

/* --- a peer that is deaf ------------------------------------------------------------------- */

/* However long it is deaf, and whoever calls: its caller is asked four times. */
static void test_aurp_X7_a_doubt_asks_the_caller_four_times_at_most(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m, &forger);
	unsigned int asks = 0;

	(void)state;
	forger.id = 0x7777;
	while (lab_distance(lab, 200) == 1) {
		mate_open_req(&forger);
		for (const struct sent *s; (s = mate_await_any(&forger, span_ms(100))) != NULL;) {
			assert_int_equal(s->h.msg, AURP_OPEN_REQ);
			asks++;
		}
		mate_forget(&m);
	}
	assert_in_range(asks, 1, 4);
	lab_free(lab);
}

static void test_aurp_C15_the_proven_place_has_four_tries_before_another_is_asked(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m, &forger);
	unsigned int tickles = 0, probes = 0;

	(void)state;
	forger.id = 0x7777;
	mate_open_req(&forger);
	while (!mate_find(&forger)) {
		const struct sent *s = mate_await_any(&m, span_ms(50));

		tickles += s && s->h.msg == AURP_TICKLE;
		probes += s && s->h.msg == AURP_RI_UPD;
	}
	mate_take(&forger, AURP_OPEN_REQ);
	assert_in_range(tickles, 4, 5);
	assert_in_range(probes, 4, 5);
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

/* Its call over and over, as whoever has overheard it may repeat it. */
static void test_aurp_C15_a_call_that_is_repeated_costs_a_question_every_two_seconds(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m, &forger);
	unsigned int tickles = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		mate_open_req(&m);
		for (const struct sent *s; (s = mate_await_any(&m, span_ms(100))) != NULL;) {
			if (s->h.msg == AURP_RI_UPD) {
				mate_ack(&m, s->h.sequence, 0);
				continue;
			}
			assert_int_equal(s->h.msg, AURP_TICKLE);
			mate_tickle_ack(&m);
			tickles++;
		}
	}
	assert_in_range(tickles, 4, 6);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_of_several_callers_the_last_one_is_asked(void **state)
{
	struct mate m, forger, true_one;
	struct lab *lab = joined(&m, &forger);

	(void)state;
	forger.id = 0x7777;
	mate_open_req(&forger);
	true_one = m;
	true_one.at.port = OTHER_PORT + 1;
	true_one.id = 0x5555;
	mate_open_req(&true_one);
	/* A packet of a connection says less than a call. */
	forger.id = m.id;
	mate_tickle(&forger);
	mate_await(&true_one, AURP_OPEN_REQ, span_s(3));
	assert_null(mate_find(&forger));
	lab_free(lab);
}

static void test_the_memory_of_a_call_answers_only_where_it_came_from(void **state)
{
	struct mate m, forger, elsewhere;
	struct lab *lab = joined(&m, &forger);

	(void)state;
	forger.id = 0x7777;
	mate_open_req(&forger);
	forger.dut_id = mate_await(&forger, AURP_OPEN_REQ, span_s(3))->h.connection;
	/* Somebody else calls before the first one answers. */
	elsewhere = m;
	elsewhere.at.port = OTHER_PORT + 1;
	elsewhere.id = 0x5555;
	mate_open_req(&elsewhere);
	mate_open_rsp(&forger, 1);
	mate_take(&forger, AURP_RI_REQ);
	assert_null(mate_find(&forger));
	assert_null(mate_find(&elsewhere));
	/* The old connection has ended both ways: who answers there does not know it. */
	assert_states(lab, "p0", "wait-ri-rsp", "unconnected");
	lab_free(lab);
}

static void test_another_domain_at_the_configured_place_inherits_nothing(void **state)
{
	struct mate m, moving;
	struct lab *lab = away(&m, &moving, 1);

	(void)state;
	moves_to(&moving, OTHER_PORT);
	mate_ri_rsp(&moving, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	lab_run(lab, span_s(3));
	assert_int_equal(lab_distance(lab, 200), 1);
	/* A packet of its connection comes from there; who answers there is another. */
	moving.at.port = AURP_PORT;
	mate_forget(&moving);
	mate_tickle(&moving);
	moving.dut_id = mate_await(&moving, AURP_OPEN_REQ, span_s(3))->h.connection;
	assert_int_equal(lab_distance(lab, 200), 1);
	moving.di.ip ^= 0xFF;
	mate_open_rsp(&moving, 1);
	mate_take(&moving, AURP_RI_REQ);
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_states(lab, "p0", "wait-ri-rsp", "unconnected");
	lab_free(lab);
}

/* It receives from us and answers our dial; its place is not in doubt. */
static void test_no_other_domain_answers_for_a_peer_that_is_there(void **state)
{
	struct mate m, other;
	struct lab *lab = joined(&m, &other);

	(void)state;
	recv_redial(peer_in(lab), "a test");
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(5))->h.connection;
	other = m;
	other.di.ip ^= 0xFF;
	mate_open_rsp(&other, 1);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "peer-bad-di"), 1);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

/* Of two answers the later one counts, but only as long as nothing was heard on the first. */
static void test_the_answer_to_an_older_dial_is_too_late_when_the_list_is_here(void **state)
{
	struct mate m, moving;
	struct lab *lab = away(&m, &moving, 1);

	(void)state;
	m.dut_id = peer_in(lab)->recv.id;
	moves_to(&moving, OTHER_PORT);
	assert_int_equal(peer_in(lab)->recv.dialled, m.dut_id);
	mate_ri_rsp(&moving, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_open_rsp(&m, 1);
	assert_int_equal(peer_in(lab)->recv.id, moving.dut_id);
	assert_string_equal(lab_peer(lab, "p0").recv, "connected");
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-connection"), 1);
	lab_free(lab);
}

/* We had given up our sending half; it calls anew, and uses what it has opened. */
static void test_a_call_that_was_answered_stays_so_when_the_other_half_ends(void **state)
{
	struct mate m, forger;
	struct lab *lab = joined(&m, &forger);

	(void)state;
	send_close(peer_in(lab), "a test");
	m.id = 0x5555;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_forget(&m);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_await(&m, AURP_RI_RSP, span_ms(1));
	m.dut_id = mate_await_other_than(&m, AURP_TICKLE, span_s(3))->h.connection;
	mate_forget(&m);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	assert_null(mate_find(&m));
	assert_int_equal(peer_in(lab)->send.id, 0x5555);
	assert_string_equal(lab_peer(lab, "p0").send, "wait-ri-rsp-ack");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_X6_no_router_asks_with_an_id_that_another_would_use),
		cmocka_unit_test(test_aurp_X6_who_answers_with_every_id_at_once_is_not_believed),
		cmocka_unit_test(test_an_answer_to_what_was_never_asked_proves_nothing),
		cmocka_unit_test(test_aurp_C7_an_id_that_has_proved_a_place_proves_it_no_more),
		cmocka_unit_test(test_aurp_C7_a_place_is_not_asked_with_the_id_of_a_connection),
		cmocka_unit_test(test_aurp_X7_a_flood_is_not_repaid_for_ever),
		cmocka_unit_test(test_aurp_X7_a_doubt_asks_the_caller_four_times_at_most),
		cmocka_unit_test(
			test_aurp_C15_the_proven_place_has_four_tries_before_another_is_asked),
		cmocka_unit_test(
			test_aurp_C15_a_call_that_is_repeated_costs_a_question_every_two_seconds),
		cmocka_unit_test(test_of_several_callers_the_last_one_is_asked),
		cmocka_unit_test(test_the_memory_of_a_call_answers_only_where_it_came_from),
		cmocka_unit_test(test_another_domain_at_the_configured_place_inherits_nothing),
		cmocka_unit_test(test_no_other_domain_answers_for_a_peer_that_is_there),
		cmocka_unit_test(
			test_the_answer_to_an_older_dial_is_too_late_when_the_list_is_here),
		cmocka_unit_test(test_a_call_that_was_answered_stays_so_when_the_other_half_ends),
	};

	return cmocka_run_group_tests_name("forged_place", tests, NULL, NULL);
}
