/* core/aurp_send_open.c: our sender half is opened, again, and by whom (aurp C1, C9-C21). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

static void test_aurp_C9_U13_U14_open_rsp_tells_id_and_rate(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	const struct sent *s;

	(void)state;
	lab->tunnels[0].update_interval = span_s(30);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_resolve(&m);
	mate_forget(&m);
	mate_open_req(&m);
	s = mate_take(&m, AURP_OPEN_RSP);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0);
	assert_int_equal(rd_left(&s->body), 3);
	assert_memory_equal(s->body.pos, "\x00\x03\x00", 3);
	lab_free(lab);
}

static void test_aurp_C10_C11_another_version_is_refused(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	mate_say(&m, (struct aurp){ m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x02\x00", 3);
	s = mate_take(&m, AURP_OPEN_RSP);
	assert_memory_equal(s->body.pos, "\xFF\xFB\x00", 3);
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	/* Nothing was opened. */
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_null(mate_find(&m));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_REFUSED_BY_US), 1);
	lab_free(lab);
}

static void test_aurp_C12_unknown_options_are_ignored(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	mate_say(&m, (struct aurp){ m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ },
		"\x00\x01\x02\x05\x01\xDE\xAD\xBE\xEF\x01\x63", 11);
	mate_take(&m, AURP_OPEN_RSP);
	assert_states(lab, "p0", "wait-open-rsp", "connected");
	lab_free(lab);
}

static void test_malformed_open_req_is_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct aurp open_req = { m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ };

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	mate_say(&m, open_req, "\x00\x01\x01\x05\x01", 5);
	mate_say(&m, open_req, "\x00\x01\x01\x00\x00", 5);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "aurp-malformed"), 2);
	lab_free(lab);
}

static void test_aurp_C14_open_rsp_is_repeated_until_the_connection_is_used(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_forget(&m);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_open_req(&m);
	/* The packet on its way asks whether the mate still has its connection (A10, Q7). */
	mate_take(&m, AURP_RI_RSP);
	mate_take(&m, AURP_TICKLE);
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_C15_C16_C18_another_id_only_probes_a_live_connection(
	void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forged;
	const struct sent *s;

	(void)state;
	mate_join(&m);
	forged = m;
	forged.id = 0x7777;
	mate_open_req(&forged);
	/* Null RI-Upd in its four-byte form, on the old connection, and a Tickle the other way. */
	s = mate_take(&m, AURP_RI_UPD);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 2);
	assert_int_equal(rd_left(&s->body), 4);
	assert_memory_equal(s->body.pos, "\0\0\0\0", 4);
	assert_states(lab, "p0", "wait-tickle-ack", "wait-probe-ack");
	mate_take(&m, AURP_TICKLE);
	mate_ack(&m, 2, 0);
	mate_tickle_ack(&m);
	assert_states(lab, "p0", "connected", "connected");
	mate_assert_silence(&m, span_s(20));
	/* The old one works, the new one does not. */
	mate_tickle(&forged);
	assert_null(mate_find(&m));
	mate_tickle(&m);
	mate_take(&m, AURP_TICKLE_ACK);
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void test_aurp_C17_C29_a_dead_connection_gives_way_to_the_next_open_req(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), reborn;
	struct instant called;
	int quick = 0, probes = 0;

	(void)state;
	mate_join(&m);
	reborn = m;
	reborn.id = 0x7777;
	mate_open_req(&reborn);
	called = lab->rig->now;
	/* Routers in the field call every three or ten seconds, and give up after a few calls. */
	while (instant_cmp(lab->rig->now, instant_add(called, span_s(9))) < 0) {
		const struct sent *s = mate_await_any(&m, span_ms(250));
		bool is_quick = instant_since(lab->rig->now, called).us <= span_s(1).us;

		quick += s && s->h.msg == AURP_RI_UPD && is_quick;
		probes += s && s->h.msg == AURP_RI_UPD && !is_quick;
		assert_true(!s || s->h.msg != AURP_OPEN_RSP);
		/* Until seven seconds have passed, nothing has changed for the old connection. */
		if (instant_since(lab->rig->now, called).us < span_ms(6900).us)
			assert_states(lab, "p0", "wait-tickle-ack", "wait-probe-ack");
	}
	/* At the pace of the round trip, which takes no time here; then calmly. */
	assert_int_equal(quick, 1 + PLACE_QUICK_TRIES);
	assert_in_range(probes, 3, 4);
	assert_int_equal(lab_peer(lab, "p0").told, 0);
	mate_forget(&m);
	mate_open_req(&reborn);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	lab_free(lab);
}

/* A connection on which no list was asked for yet, and a call with another ID. */
static struct lab *called_before_it_asked(struct mate *m)
{
	struct lab *lab = lab_up(1);
	struct mate other;

	*m = mate_of(lab, 0);
	mate_resolve(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(m);
	mate_open_rsp(m, AURP_ERR_RESOURCES);
	mate_tickle(m);
	mate_forget(m);
	other = *m;
	other.id = 0x7777;
	mate_open_req(&other);
	return lab;
}

/* Who waits for its first list takes no RI-Upd: its request, repeated, is the answer (S14). */
static void test_a_peer_that_has_not_asked_yet_is_not_probed_by_an_update(void **state)
{
	struct mate m;
	struct lab *lab = called_before_it_asked(&m);

	(void)state;
	lab_run(lab, span_s(6));
	for (const struct sent *s; (s = mate_find(&m)) != NULL; mate_take(&m, s->h.msg))
		assert_int_not_equal(s->h.msg, AURP_RI_UPD);
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(mate_take(&m, AURP_RI_RSP)->h.sequence, 1);
	mate_ack(&m, 1, 0);
	lab_run(lab, span_s(10));
	assert_string_equal(lab_peer(lab, "p0").send, "connected");
	lab_free(lab);
}

/* A late copy of an older Open-Req opens another connection before the first one was used. */
static void test_who_asks_on_the_connection_that_was_replaced_gets_its_list_there(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), late;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_open_req(&m);
	late = m;
	late.id = 0x1111;
	mate_open_req(&late);
	mate_forget(&m);
	mate_ri_req(&m, AURP_SUI_ALL);
	do
		assert_non_null(mate_find(&m));
	while (mate_find(&m)->h.msg != AURP_RI_RSP && mate_take(&m, mate_find(&m)->h.msg));
	assert_int_equal(mate_find(&m)->h.connection, m.id);
	assert_int_equal(mate_find(&m)->h.sequence, 1);
	/* Once something was sent, it is this connection and no other. */
	mate_ack(&m, 1, 0);
	mate_forget(&m);
	mate_ri_req(&late, AURP_SUI_ALL);
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_a_farewell_to_who_has_not_asked_is_the_first_packet(void **state)
{
	struct mate m;
	struct lab *lab = called_before_it_asked(&m);

	(void)state;
	mate_forget(&m);
	router_shutdown(lab->rig->r, lab->rig->now);
	assert_int_equal(mate_await(&m, AURP_RD, span_s(2))->h.sequence, 1);
	lab_free(lab);
}

static void test_who_does_not_ask_either_makes_room_for_the_next_call(void **state)
{
	struct mate m;
	struct lab *lab = called_before_it_asked(&m);

	(void)state;
	lab_run(lab, span_s(6));
	assert_string_equal(lab_peer(lab, "p0").send, "wait-ri-req");
	lab_run(lab, span_s(2));
	assert_string_equal(lab_peer(lab, "p0").send, "unconnected");
	lab_free(lab);
}

/* Seen after a cut: a data receiver that waits for a Tickle-Ack takes no RI-Upd meanwhile. */
static void test_a_tickle_keeps_the_connection_that_is_probed(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), other;

	(void)state;
	mate_join(&m);
	other = m;
	other.id = 0x7777;
	mate_open_req(&other);
	for (int i = 0; i < 4; i++) {
		lab_run(lab, span_s(5));
		mate_forget(&m);
		mate_tickle(&m);
		mate_take(&m, AURP_TICKLE_ACK);
		mate_take(&m, AURP_RI_UPD);
		assert_string_equal(lab_peer(lab, "p0").send, "wait-probe-ack");
	}
	mate_ack(&m, 2, 0);
	assert_string_equal(lab_peer(lab, "p0").send, "connected");
	assert_int_equal(lab_peer(lab, "p0").told, 1);
	lab_free(lab);
}

static void test_aurp_C15_an_unused_connection_is_replaced_at_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	/* As from a process that dies right after its Open-Req, and its successor. */
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_forget(&m);
	m.id = 0x7777;
	mate_open_req(&m);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
	lab_free(lab);
}

static void test_restarted_peer_is_back_within_a_minute_both_ways(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), reborn;
	const struct sent *s;
	struct instant start;

	(void)state;
	mate_join(&m);
	reborn = m;
	reborn.id = 0x7777;
	start = lab->rig->now;
	/* The new process knows nothing of the old connections; it calls every 3, 6, 12.. s. */
	for (int wait = 3;; wait *= 2) {
		mate_open_req(&reborn);
		if (mate_find(&m) && mate_find(&m)->h.msg == AURP_OPEN_RSP)
			break;
		lab_run(lab, span_s(wait));
		mate_forget(&m);
	}
	assert_true(span_to_s(instant_since(lab->rig->now, start)) < 60);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&reborn, AURP_SUI_ALL);
	do	/* its place is questioned meanwhile */
		s = mate_await_any(&m, span_s(1));
	while (s && s->h.msg != AURP_RI_RSP);
	assert_non_null(s);
	assert_int_equal(s->h.connection, 0x7777);
	mate_ack(&reborn, 1, 0);
	/* The other way it is our own question that finds out. */
	while ((s = mate_await_any(&reborn, span_s(20))) != NULL && s->h.msg != AURP_OPEN_REQ)
		if (s->h.msg == AURP_RI_UPD)
			mate_ack(&reborn, s->h.sequence, 0);
	assert_non_null(s);
	reborn.dut_id = s->h.connection;
	assert_true(span_to_s(instant_since(lab->rig->now, start)) < 60);
	mate_forget(&m);
	mate_open_rsp(&reborn, 1);
	mate_take(&reborn, AURP_RI_REQ);
	/* What the old process told is gone too, by then or soon. */
	lab_run(lab, span_s(10));
	assert_int_equal(lab_distance(lab, 200), -1);
	lab_free(lab);
}

static void test_aurp_C19_packets_of_other_connections_are_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), wrong;

	(void)state;
	mate_join(&m);
	wrong = m;
	wrong.id++;
	wrong.dut_id++;
	mate_ri_upd(&wrong, m.sequence, EVENTS({ AURP_EV_NA, net(201), 0 }));
	mate_tickle(&wrong);
	mate_ri_req(&wrong, 0);
	mate_rd(&wrong, wrong.dut_id, m.sequence, -1);
	mate_rd(&wrong, wrong.id, 0, -1);
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 201), -1);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-connection"), 5);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_aurp_C1_C28_each_direction_lives_on_its_own(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_join(&m);
	assert_int_not_equal(m.id, m.dut_id);
	/* Our receiver half loses the connection; the sender half asks, is answered, stays. */
	mate_ri_upd(&m, m.sequence + 1, EVENTS({ AURP_EV_NA, net(201), 0 }));
	assert_states(lab, "p0", "unconnected", "connected");
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_tickle(&m);
	mate_take(&m, AURP_TICKLE_ACK);
	s = mate_await(&m, AURP_OPEN_REQ, span_s(3));
	assert_int_not_equal(s->h.connection, m.dut_id);
	lab_free(lab);
}

static void test_aurp_C21_both_directions_open_when_the_peer_calls_first(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(30));	/* back-off has grown */
	mate_forget(&m);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(2))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C9_U13_U14_open_rsp_tells_id_and_rate),
		cmocka_unit_test(test_aurp_C10_C11_another_version_is_refused),
		cmocka_unit_test(test_aurp_C12_unknown_options_are_ignored),
		cmocka_unit_test(test_malformed_open_req_is_dropped),
		cmocka_unit_test(test_aurp_C14_open_rsp_is_repeated_until_the_connection_is_used),
		cmocka_unit_test(test_aurp_C15_C16_C18_another_id_only_probes_a_live_connection),
		cmocka_unit_test(
			test_aurp_C17_C29_a_dead_connection_gives_way_to_the_next_open_req),
		cmocka_unit_test(test_a_peer_that_has_not_asked_yet_is_not_probed_by_an_update),
		cmocka_unit_test(
			test_who_asks_on_the_connection_that_was_replaced_gets_its_list_there),
		cmocka_unit_test(test_a_farewell_to_who_has_not_asked_is_the_first_packet),
		cmocka_unit_test(test_who_does_not_ask_either_makes_room_for_the_next_call),
		cmocka_unit_test(test_a_tickle_keeps_the_connection_that_is_probed),
		cmocka_unit_test(test_aurp_C15_an_unused_connection_is_replaced_at_once),
		cmocka_unit_test(test_restarted_peer_is_back_within_a_minute_both_ways),
		cmocka_unit_test(test_aurp_C19_packets_of_other_connections_are_dropped),
		cmocka_unit_test(test_aurp_C1_C28_each_direction_lives_on_its_own),
		cmocka_unit_test(test_aurp_C21_both_directions_open_when_the_peer_calls_first),
	};

	return cmocka_run_group_tests_name("peer_opened", tests, NULL, NULL);
}
