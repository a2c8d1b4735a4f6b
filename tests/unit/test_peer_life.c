/* core/peer.c and both halves: liveness, loss, tickle before data, counters (aurp C22-C31, O11). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* --- last-heard-from and tickles ----------------------------------------------------------- */

static void test_aurp_C22_C24_C39_silence_is_broken_by_a_tickle(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	struct instant heard;

	(void)state;
	mate_join(&m);
	mate_tickle(&m);
	mate_take(&m, AURP_TICKLE_ACK);
	mate_zi_rsp(&m, 200, ZONES("Far"));
	heard = lab->rig->now;
	s = mate_await(&m, AURP_TICKLE, span_s(120));
	assert_int_equal(span_to_s(instant_since(s->at, heard)), 90);
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0);
	assert_int_equal(s->raw_len, 30);
	assert_states(lab, "p0", "wait-tickle-ack", "connected");
	mate_tickle_ack(&m);
	assert_states(lab, "p0", "connected", "connected");
	/* The clock starts anew with the answer. */
	mate_assert_silence(&m, span_s(89));
	mate_await(&m, AURP_TICKLE, span_s(2));
	lab_free(lab);
}

static void test_aurp_C22_each_kind_of_answer_restarts_the_clock(void **state)
{
	(void)state;
	for (int kind = 0; kind < 4; kind++) {
		struct lab *lab = lab_up(1);
		struct mate m = mate_of(lab, 0);

		mate_join(&m);
		lab_run(lab, span_s(60));
		switch (kind) {
		case 0:
			mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), 3 }));
			break;
		case 1:
			mate_zi_rsp(&m, 200, ZONES("Far"));
			break;
		case 2:
			mate_ri_rsp(&m, m.sequence, AURP_LAST, NETWORKS({ net(200), 0 }));
			mate_take(&m, AURP_RI_ACK);
			break;
		default:
			/* Data is no proof (A13), so this one does not. */
			mate_data(&m, "\0\x0D\0\0\0\3\0\xC8\x80\x09\x04\x04\x16", 13);
			mate_await(&m, AURP_TICKLE, span_s(31));
			lab_free(lab);
			continue;
		}
		mate_assert_silence(&m, span_s(80));
		mate_await(&m, AURP_TICKLE, span_s(15));
		lab_free(lab);
	}
}

static void test_aurp_C24_tickle_is_answered_with_its_id_and_no_number(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	mate_tickle(&m);
	s = mate_take(&m, AURP_TICKLE_ACK);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->raw_len, 30);
	lab_free(lab);
}

static void test_aurp_C23_C28_C29_C30_silent_peer_is_given_up_with_everything_it_told(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	int tickles = 0, probes = 0;

	(void)state;
	mate_join(&m);
	rig_clear(lab->rig);
	for (const struct sent *s; lab_peer(lab, "p0").told > 0 || tickles == 0; ) {
		s = mate_await_any(&m, span_s(200));
		assert_non_null(s);
		tickles += s->h.msg == AURP_TICKLE;
		/* The other direction is asked once the tickles have failed. */
		if (s->h.msg == AURP_RI_UPD) {
			assert_int_equal(tickles, 4);
			probes++;
			assert_memory_equal(s->body.pos, "\0\0\0\0", 4);
			assert_int_equal(lab_distance(lab, 200), -1);
		}
		if (probes == 5)
			lab_run(lab, span_s(40));
	}
	assert_int_equal(tickles, 4);
	assert_int_equal(probes, 5);
	assert_int_equal(lab_peer(lab, "p0").told, 0);
	assert_int_equal(lab_peer(lab, "p0").routes, 0);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_DOWN), 1);
	/* Neighbours hear of the loss: 31 (C30). */
	assert_true(rig_route(lab->rig, 200) == NULL || route_is_bad(rig_route(lab->rig, 200)));
	lab_free(lab);
}

static void test_aurp_C28_the_other_direction_lives_if_it_answers(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	do
		s = mate_await_any(&m, span_s(200));
	while (s->h.msg == AURP_TICKLE);
	assert_int_equal(s->h.msg, AURP_RI_UPD);
	mate_ack(&m, s->h.sequence, 0);
	assert_string_equal(lab_peer(lab, "p0").send, "connected");
	assert_int_equal(lab_peer(lab, "p0").told, 1);
	/* It is alive, so it is called again at once. */
	mate_await(&m, AURP_OPEN_REQ, span_s(4));
	lab_free(lab);
}

static void test_aurp_C31_rediscovered_peer_exchanges_everything_again(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	lab_run(lab, span_s(600));
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	mate_forget(&m);
	m.id = 0x7777;
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 0 }));
	assert_int_equal(mate_subscribe(&m), 1);
	assert_int_equal(lab_distance(lab, 201), 1);
	assert_false(lab_has_zone(lab, 201, "Far"));
	lab_free(lab);
}

static void test_send_half_without_the_other_is_watched_as_well(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&m);
	mate_open_rsp(&m, AURP_ERR_RESOURCES);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&m, 1, 0);
	do
		s = mate_await_any(&m, span_s(100));
	while (s->h.msg == AURP_OPEN_REQ);
	assert_int_equal(s->h.msg, AURP_RI_UPD);
	assert_memory_equal(s->body.pos, "\0\0\0\0", 4);
	lab_free(lab);
}

static void test_aurp_C25_O2_timeout_is_configurable(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(30);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_join(&m);
	mate_await(&m, AURP_TICKLE, span_s(30));
	mate_tickle_ack(&m);
	lab->tunnels[0].last_heard_timeout = span_s(60);
	lab_apply(lab);
	mate_await(&m, AURP_TICKLE, span_s(30));
	mate_tickle_ack(&m);
	mate_assert_silence(&m, span_s(59));
	mate_await(&m, AURP_TICKLE, span_s(2));
	lab_free(lab);
}

static void test_idle_pair_says_nothing_but_tickles(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	struct instant end;

	(void)state;
	mate_join(&m);
	lab_net(lab, net(20), 2, "Near");
	mate_await(&m, AURP_RI_UPD, span_s(11));
	mate_ack(&m, 2, 0);
	end = instant_add(lab->rig->now, span_s(600));
	while (instant_cmp(lab->rig->now, end) < 0) {
		s = mate_await_any(&m, span_s(95));
		assert_non_null(s);
		assert_int_equal(s->h.msg, AURP_TICKLE);
		mate_tickle_ack(&m);
	}
	lab_free(lab);
}

/* --- tickle before data -------------------------------------------------------------------- */

static struct lab *lab_with_long_timeout(struct mate *m)
{
	struct lab *lab = lab_new(1);

	lab->tunnels[0].last_heard_timeout = span_s(600);
	lab_start(lab);
	*m = mate_of(lab, 0);
	mate_join(m);
	lab_run(lab, span_s(130));
	assert_null(mate_find(m));
	return lab;
}

static void test_aurp_C26_data_waits_for_the_tickle_after_a_long_silence(void **state)
{
	struct mate m;
	struct lab *lab = lab_with_long_timeout(&m);
	struct station a = station_a(lab->rig);
	char data[5] = "data0";

	(void)state;
	for (int i = 0; i < 3; i++, data[4]++)
		station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, data, 5);
	mate_take(&m, AURP_TICKLE);
	mate_assert_silence(&m, span_s(1));
	mate_tickle_ack(&m);
	for (char c = '0'; c < '3'; c++) {
		const struct sent *s = mate_take(&m, AURP_MSG_COUNT);

		assert_int_equal(s->raw[s->raw_len - 1], c);
		assert_int_equal(s->raw_len, AURP_DOMAIN_HEADER + DDP_LONG_HEADER + 5);
	}
	/* Now it has been heard: no more waiting. */
	station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, data, 5);
	mate_take(&m, AURP_MSG_COUNT);
	lab_free(lab);
}

static void test_aurp_C27_no_answer_to_that_tickle_closes_and_drops_what_was_held(void **state)
{
	struct mate m;
	struct lab *lab = lab_with_long_timeout(&m);
	struct station a = station_a(lab->rig);

	(void)state;
	for (int i = 0; i < 20; i++)
		station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, "data", 4);
	assert_int_equal(lab_count(lab, "p0", "peer-hold-full"), 4);
	lab_run(lab, span_s(60));
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(lab_count(lab, "p0", "peer-not-connected"), 16);
	assert_int_equal(lab_count(lab, "p0", "data-tx"), 0);
	lab_free(lab);
}

static void test_no_tickle_before_data_with_a_short_timeout(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct station a = station_a(lab->rig);

	(void)state;
	mate_join(&m);
	mate_await(&m, AURP_TICKLE, span_s(95));
	station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, "data", 4);
	mate_take(&m, AURP_MSG_COUNT);
	lab_free(lab);
}

/* --- what is said and counted --------------------------------------------------------------- */

static void test_up_and_down_are_said_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_RECV_OPEN), 1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_SEND_OPEN), 1);
	/* One half goes and comes: the peer was never down. */
	mate_ri_upd(&m, m.sequence + 1, EVENTS({ AURP_EV_NA, net(201), 0 }));
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_DOWN), 0);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 1);
	mate_rd(&m, m.dut_id, m.sequence, -1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_DOWN), 1);
	lab_free(lab);
}

static void test_aurp_O11_counters_and_line_of_a_peer(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct peer_info p;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 2 }));
	lab_run(lab, span_ms(300));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_subscribe(&m);
	lab_run(lab, span_s(4));
	p = lab_peer(lab, "p0");
	assert_int_equal(p.routes, 2);
	assert_int_equal(p.told, 1);
	assert_int_equal(p.heard_s, 4);
	assert_true(p.rtt_ms >= 0);
	assert_string_equal(p.tunnel, "t0");
	assert_int_equal(lab_count(lab, "p0", "zones-missing"), 1);
	assert_int_equal(lab_count(lab, "p0", "open-req-tx"), 1);
	assert_int_equal(lab_count(lab, "p0", "open-req-rx"), 1);
	assert_int_equal(lab_count(lab, "p0", "ri-rsp-rx"), 1);
	assert_int_equal(lab_count(lab, "p0", "ri-rsp-tx"), 1);
	assert_int_equal(lab_count(lab, "p0", "ri-upd-tx"), 0);
	/* Open-Rsp, RI-Rsp, ZI-Rsp, Open-Req, RI-Req and RI-Ack came. */
	assert_int_equal(lab_count(lab, "p0", "rx"), 6);
	assert_int_equal(lab_count(lab, "p0", "tx"), 5);
	assert_true(lab_count(lab, "p0", "rx-bytes") > 6 * 30);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	assert_int_equal(lab_count(lab, "p0", "duplicates"), 1);
	mate_ri_upd(&m, 3, EVENTS({ AURP_EV_NA, net(202), 0 }));
	assert_int_equal(lab_count(lab, "p0", "out-of-sync"), 1);
	assert_int_equal(lab_count(lab, "p0", "aurp-out-of-sync"), 1);
	lab_free(lab);
}

/*
 * A receiver that hears us is looked after though it says nothing, and again and again:
 * while our other connection lives, and when only this one is left.
 */
static void test_a_silent_receiver_is_probed_for_ever(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct instant leaves, end;
	const struct sent *s;
	unsigned probes = 0;

	(void)state;
	mate_join(&m);
	leaves = instant_add(lab->rig->now, span_s(300));
	end = instant_add(leaves, span_s(700));
	while ((s = mate_await_any(&m, instant_since(end, lab->rig->now))) != NULL) {
		if (s->h.msg == AURP_TICKLE && instant_cmp(lab->rig->now, leaves) < 0)
			mate_tickle_ack(&m);
		if (s->h.msg != AURP_RI_UPD)
			continue;
		probes++;
		mate_ack(&m, s->h.sequence, 0);
	}
	/* One when the other connection is lost, then every 90 s. */
	assert_true(probes >= 6 && probes <= 8);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C22_C24_C39_silence_is_broken_by_a_tickle),
		cmocka_unit_test(test_aurp_C22_each_kind_of_answer_restarts_the_clock),
		cmocka_unit_test(test_aurp_C24_tickle_is_answered_with_its_id_and_no_number),
		cmocka_unit_test(
			test_aurp_C23_C28_C29_C30_silent_peer_is_given_up_with_everything_it_told),
		cmocka_unit_test(test_aurp_C28_the_other_direction_lives_if_it_answers),
		cmocka_unit_test(test_aurp_C31_rediscovered_peer_exchanges_everything_again),
		cmocka_unit_test(test_send_half_without_the_other_is_watched_as_well),
		cmocka_unit_test(test_aurp_C25_O2_timeout_is_configurable),
		cmocka_unit_test(test_idle_pair_says_nothing_but_tickles),
		cmocka_unit_test(test_aurp_C26_data_waits_for_the_tickle_after_a_long_silence),
		cmocka_unit_test(
			test_aurp_C27_no_answer_to_that_tickle_closes_and_drops_what_was_held),
		cmocka_unit_test(test_no_tickle_before_data_with_a_short_timeout),
		cmocka_unit_test(test_up_and_down_are_said_once),
		cmocka_unit_test(test_aurp_O11_counters_and_line_of_a_peer),
		cmocka_unit_test(test_a_silent_receiver_is_probed_for_ever),
	};

	return cmocka_run_group_tests_name("peer_life", tests, NULL, NULL);
}
