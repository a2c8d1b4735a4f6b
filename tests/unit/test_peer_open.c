/* core/peer.c, aurp_recv.c, aurp_send.c: how connections open (aurp C1-C21, C40, C41), and where to. */
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

/* --- our receiver half opens --------------------------------------------------------------- */

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
	assert_string_equal(rig_last(lab->rig, TRACE_PEER_REFUSED)->event.text, aurp_error_text(-6));
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

/* --- our sender half is opened ------------------------------------------------------------- */

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
	mate_say(&m, (struct aurp){ m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x01\x02\x05\x01\xDE\xAD\xBE\xEF\x01\x63", 11);
	mate_take(&m, AURP_OPEN_RSP);
	assert_states(lab, "p0", "wait-open-rsp", "connected");
	lab_free(lab);
}

static void test_malformed_open_req_is_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	mate_say(&m, (struct aurp){ m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x01\x01\x05\x01", 5);
	mate_say(&m, (struct aurp){ m.id, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x01\x01\x00\x00", 5);
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
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_C15_C16_C18_open_req_with_another_id_only_probes_a_live_connection(void **state)
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
	int probes = 0;

	(void)state;
	mate_join(&m);
	reborn = m;
	reborn.id = 0x7777;
	mate_open_req(&reborn);
	for (const struct sent *s; lab_peer(lab, "p0").told > 0; ) {
		s = mate_await_any(&m, span_s(40));
		probes += s && s->h.msg == AURP_RI_UPD;
		assert_true(!s || s->h.msg != AURP_OPEN_RSP);
	}
	assert_int_equal(probes, 5);
	mate_forget(&m);
	mate_open_req(&reborn);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, 0x7777);
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
	struct instant start;
	bool is_open = false;

	(void)state;
	mate_join(&m);
	reborn = m;
	reborn.id = 0x7777;
	start = lab->rig->now;
	/* The new process knows nothing of the old connections; it calls every 3, 6, 12.. s. */
	for (int wait = 3; !is_open; wait *= 2) {
		mate_open_req(&reborn);
		is_open = mate_find(&m) && mate_find(&m)->h.msg == AURP_OPEN_RSP;
		if (!is_open)
			lab_run(lab, span_s(wait));
		mate_forget(&m);
	}
	assert_true(span_to_s(instant_since(lab->rig->now, start)) < 60);
	mate_ri_req(&reborn, AURP_SUI_ALL);
	assert_int_equal(mate_take(&m, AURP_RI_RSP)->h.connection, 0x7777);
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
	struct lab *lab = lab_new(0);
	struct mate m;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	m.name = "10.0.0.2";
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	m.dut_id = mate_await(&m, AURP_OPEN_REQ, span_s(2))->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	lab_free(lab);
}

/* --- where the peer is --------------------------------------------------------------------- */

static void resolve_to(const struct mate *m, const struct endpoint *to, size_t n)
{
	router_peer_addresses(m->lab->rig->r, m->lab->rig->now, m->lab->tunnel[0], m->name, to, n);
}

static void test_next_address_is_tried_when_the_first_is_silent(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), second = m;
	uint16_t id;

	(void)state;
	second.at.ip += 100;
	second.di.ip += 100;
	resolve_to(&m, (struct endpoint[]){ m.at, second.at }, 2);
	id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	assert_int_not_equal(mate_await(&second, AURP_OPEN_REQ, span_s(60))->h.connection, id);
	mate_forget(&second);
	lab_run(lab, span_s(400));
	/* Round and round. */
	assert_int_equal(mate_await(&m, AURP_OPEN_REQ, span_s(400))->to.ip, m.at.ip);
	lab_free(lab);
}

static void test_connected_peer_stays_while_its_address_is_still_in_the_list(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct endpoint other = { m.at.ip + 100, AURP_PORT };

	(void)state;
	mate_join(&m);
	resolve_to(&m, (struct endpoint[]){ other, m.at }, 2);
	assert_states(lab, "p0", "connected", "connected");
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void test_peer_moves_to_its_new_address(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), moved = m;

	(void)state;
	mate_join(&m);
	moved.at.ip += 100;
	moved.di.ip += 100;
	resolve_to(&m, &moved.at, 1);
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(rig_last(lab->rig, TRACE_PEER_ADDRESS)->event.endpoint.ip, moved.at.ip);
	moved.dut_id = mate_await(&moved, AURP_OPEN_REQ, span_s(3))->h.connection;
	mate_open_rsp(&moved, 1);
	mate_take(&moved, AURP_RI_REQ);
	/* The old address is nobody now. */
	mate_tickle(&m);
	assert_int_equal(lab_count(lab, "t0", "peer-unknown"), 1);
	lab_free(lab);
}

static void test_peer_that_calls_from_another_of_its_addresses_is_there(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), second = m;

	(void)state;
	second.at.ip += 100;
	second.di.ip += 100;
	resolve_to(&m, (struct endpoint[]){ m.at, second.at }, 2);
	mate_forget(&m);
	mate_open_req(&second);
	mate_take(&second, AURP_OPEN_RSP);
	mate_await(&second, AURP_OPEN_REQ, span_s(3));
	assert_int_equal(lab_peer(lab, "p0").addr.ip, second.at.ip);
	lab_free(lab);
}

static void test_of_two_names_for_one_router_only_the_first_calls(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), same = mate_of(lab, 1);

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	resolve_to(&same, &m.at, 1);
	assert_null(mate_find(&m));
	assert_states(lab, "p1", "unconnected", "unconnected");
	assert_string_equal(rig_last(lab->rig, TRACE_PEER_SAME_DI)->other, "p0");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_C2_C3_S17_open_req_has_everything_and_no_options),
		cmocka_unit_test(test_aurp_C4_C5_C6_C40_open_req_is_repeated_ever_slower_and_for_ever),
		cmocka_unit_test(test_aurp_C40_C21_an_open_req_from_the_peer_ends_a_long_wait),
		cmocka_unit_test(test_aurp_C6_being_called_again_and_again_does_not_make_us_faster),
		cmocka_unit_test(test_aurp_C7_X6_connection_ids_are_random_and_never_the_last_one),
		cmocka_unit_test(test_aurp_C7_a_restarted_router_uses_another_id),
		cmocka_unit_test(test_aurp_C20_C8_ri_req_follows_at_once),
		cmocka_unit_test(test_aurp_C8_S9_first_list_with_another_number_means_reopen),
		cmocka_unit_test(test_aurp_C41_a_refusal_is_reported_and_tried_again_slowly),
		cmocka_unit_test(test_open_rsp_without_option_count_is_accepted_as_darwin_sends_it),
		cmocka_unit_test(test_environment_flags_of_the_peer_are_shown),
		cmocka_unit_test(test_aurp_C9_U13_U14_open_rsp_tells_id_and_rate),
		cmocka_unit_test(test_aurp_C10_C11_another_version_is_refused),
		cmocka_unit_test(test_aurp_C12_unknown_options_are_ignored),
		cmocka_unit_test(test_malformed_open_req_is_dropped),
		cmocka_unit_test(test_aurp_C14_open_rsp_is_repeated_until_the_connection_is_used),
		cmocka_unit_test(test_aurp_C15_C16_C18_open_req_with_another_id_only_probes_a_live_connection),
		cmocka_unit_test(test_aurp_C17_C29_a_dead_connection_gives_way_to_the_next_open_req),
		cmocka_unit_test(test_aurp_C15_an_unused_connection_is_replaced_at_once),
		cmocka_unit_test(test_restarted_peer_is_back_within_a_minute_both_ways),
		cmocka_unit_test(test_aurp_C19_packets_of_other_connections_are_dropped),
		cmocka_unit_test(test_aurp_C1_C28_each_direction_lives_on_its_own),
		cmocka_unit_test(test_aurp_C21_both_directions_open_when_the_peer_calls_first),
		cmocka_unit_test(test_next_address_is_tried_when_the_first_is_silent),
		cmocka_unit_test(test_connected_peer_stays_while_its_address_is_still_in_the_list),
		cmocka_unit_test(test_peer_moves_to_its_new_address),
		cmocka_unit_test(test_peer_that_calls_from_another_of_its_addresses_is_there),
		cmocka_unit_test(test_of_two_names_for_one_router_only_the_first_calls),
	};

	return cmocka_run_group_tests_name("peer_open", tests, NULL, NULL);
}
