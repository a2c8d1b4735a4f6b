/*
 * We have closed our sending half, and the peer does not know: it speaks on the
 * connection that it believes in. That is a call that anybody could have forged, who
 * knows the ID (aurp X7, C19, C35). See recv_is_missed().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { CALL_LEN = 33 };

static struct peer *peer_in(struct lab *lab)
{
	return container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
}

static struct lab *joined(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	lab_run(lab, span_s(5));
	mate_forget(m);
	return lab;
}

/* Cut off for so long that we have given the peer up. */
static struct lab *given_up(struct mate *m, unsigned int away_s)
{
	struct lab *lab = joined(m);

	lab_run(lab, span_s(away_s));
	mate_forget(m);
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	return lab;
}

static void test_an_acknowledgement_on_the_last_connection_is_a_call_too(void **state)
{
	struct mate m;
	struct lab *lab = given_up(&m, 600);

	(void)state;
	/* As long as our call, with its sequence number and all, it is not. */
	mate_ack(&m, 7, 0);
	mate_ack(&m, 7, 0);
	mate_await(&m, AURP_OPEN_REQ, span_s(2));
	lab_free(lab);
}

/* What a data sender says has nothing to do with it, nor has a farewell. */
static void test_nothing_else_on_the_last_connection_is_a_call(void **state)
{
	const uint32_t calls = 1u << AURP_OPEN_REQ | 1u << AURP_TICKLE | 1u << AURP_RI_ACK |
		1u << AURP_RI_REQ | 1u << AURP_ZI_REQ | 1u << AURP_GZN_REQ | 1u << AURP_GDZL_REQ;
	struct mate m;
	struct lab *lab = given_up(&m, 600);

	(void)state;
	mate_await(&m, AURP_OPEN_REQ, span_s(400));
	lab_run(lab, span_s(3));
	for (unsigned int msg = 0; msg < AURP_MSG_COUNT; msg++)
		if (!(calls & 1u << msg))
			mate_say_any(&m, (struct aurp){ m.id, 1, 0, (enum aurp_msg)msg });
	mate_assert_silence(&m, span_s(3));
	lab_free(lab);
}

/* Our receiving half is open, and it tickles the sending half that we have closed. */
static void test_aurp_C35_no_rd_follows_from_a_tickle_alone(void **state)
{
	struct mate m;
	struct lab *lab = joined(&m);
	struct instant end = instant_add(lab->rig->now, span_s(19));
	const struct sent *s;

	(void)state;
	send_close(peer_in(lab), "a test");
	while (instant_cmp(lab->rig->now, end) < 0) {
		mate_tickle(&m);
		mate_assert_silence(&m, span_ms(500));
	}
	/* Gently first, once, and later than most would have called. */
	s = mate_await(&m, AURP_OPEN_REQ, span_s(2));
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(lab_distance(lab, 200), 1);
	/* It takes the hint: that is all. */
	m.id = 0x5555;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_take(&m, AURP_TICKLE);
	mate_tickle_ack(&m);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&m, 1, 0);
	end = instant_add(lab->rig->now, span_s(60));
	while ((s = mate_await_any(&m, instant_since(end, lab->rig->now))) != NULL)
		if (s->h.msg == AURP_TICKLE)
			mate_tickle_ack(&m);
		else
			assert_int_not_equal(s->h.msg, AURP_RD);
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void forge_nothing(const struct mate *m, unsigned int step)
{
	(void)m;
	(void)step;
}

static void forge_tickles(const struct mate *m, unsigned int step)
{
	(void)step;
	mate_tickle(m);
}

static void forge_acks(const struct mate *m, unsigned int step)
{
	mate_ack(m, (uint16_t)step, AURP_SZI);
}

/* With the ID, though from other ports. */
static void forge_from_ports(const struct mate *m, unsigned int step)
{
	struct mate forger = *m;

	forger.at.port = (uint16_t)(1024 + step % 60000);
	mate_tickle(&forger);
}

/* What we send in an hour to a peer that we have given up, and whom `forge` plays. */
static uint64_t bytes_of_an_hour(unsigned int away_s,
	void (*forge)(const struct mate *m, unsigned int step), unsigned int every_ms,
	uint64_t *heard)
{
	struct mate m;
	struct lab *lab = given_up(&m, away_s);
	uint64_t tx = lab_count(lab, "p0", "tx-bytes"), rx = lab_count(lab, "p0", "rx-bytes");
	size_t owed = peer_in(lab)->unanswered;		/* from before it was connected */

	for (unsigned int step = 0; step * every_ms < 3600 * 1000; step++) {
		forge(&m, step);
		lab_run(lab, span_ms(every_ms));
		for (const struct sent *s; (s = mate_find(&m)) != NULL;)
			mate_take(&m, AURP_OPEN_REQ);
		lab_free_sent(lab);
	}
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	*heard = lab_count(lab, "p0", "rx-bytes") - rx + owed;
	tx = lab_count(lab, "p0", "tx-bytes") - tx;
	lab_free(lab);
	return tx;
}

static void test_aurp_X7_the_last_connection_buys_no_more_bytes_than_were_sent_on_it(void **state)
{
	static void (*const forgers[])(const struct mate *m, unsigned int step) = {
		forge_tickles, forge_acks, forge_from_ports,
	};
	static const unsigned int every_ms[] = { 100, 2500, 30000, 290000 };
	/* While it is called every ten seconds, and later. */
	static const unsigned int away_s[] = { 200, 600 };
	const size_t n = sizeof(every_ms) / sizeof(every_ms[0]);
	const size_t n_forgers = sizeof(forgers) / sizeof(forgers[0]);

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		uint64_t heard, own = bytes_of_an_hour(away_s[i], forge_nothing, 1000, &heard);

		assert_true(own >= 10 * CALL_LEN);
		for (size_t k = 0; k < n * n_forgers; k++) {
			uint64_t sent = bytes_of_an_hour(away_s[i], forgers[k / n],
				every_ms[k % n], &heard);

			assert_true(heard > 0);
			assert_true(sent <= own + 2 * CALL_LEN + heard);
		}
	}
}

/* Who knows the ID of a connection that is over does nothing to the one that is open. */
static void test_aurp_C19_the_last_connection_is_nothing_while_the_next_is_open(void **state)
{
	struct mate m, old;
	struct lab *lab = given_up(&m, 600);

	(void)state;
	old = m;
	m.id = 0x5555;
	mate_join(&m);
	for (unsigned int i = 0; i < 600; i++) {
		mate_tickle(&old);
		mate_ack(&old, (uint16_t)i, AURP_SZI);
		for (const struct sent *s; (s = mate_await_any(&m, span_ms(100))) != NULL;) {
			assert_int_equal(s->h.msg, AURP_TICKLE);
			mate_tickle_ack(&m);
		}
	}
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(peer_in(lab)->recv.id, m.dut_id);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-connection"), 1200);
	lab_free(lab);
}

/* Its new data receiver acknowledges our list, but our data receiver has a dead connection. */
static void test_a_list_that_is_taken_on_the_new_connection_does_not_save_the_old(void **state)
{
	struct mate m;
	struct lab *lab = joined(&m);
	const struct sent *s;
	struct instant end;

	(void)state;
	send_close(peer_in(lab), "a test");
	mate_forget(&m);
	/* Then it is killed, and calls. */
	m.id = 0x7777;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_take(&m, AURP_TICKLE);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&m, 1, 0);
	end = instant_add(lab->rig->now, span_s(4));
	do
		s = mate_await_any(&m, instant_since(end, lab->rig->now));
	while (s && (s->h.msg != AURP_OPEN_REQ || s->h.connection == m.dut_id));
	assert_non_null(s);
	lab_free(lab);
}

/* Its old connection is heard, in words that answer no question; nobody answers where it is. */
static void test_a_doubt_ends_and_the_next_call_is_a_new_one(void **state)
{
	struct mate m, again;
	struct lab *lab = joined(&m);

	(void)state;
	send_close(peer_in(lab), "a test");
	m.id = 0x7777;
	mate_open_req(&m);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_ack(&m, 1, 0);
	for (int i = 0; i < 12; i++) {
		lab_run(lab, span_s(1));
		mate_say_any(&m, (struct aurp){ m.dut_id, 0, 0, AURP_GZN_RSP });
	}
	mate_forget(&m);
	again = m;
	again.id = 0x5555;
	mate_open_req(&again);
	assert_int_equal(mate_take(&m, AURP_RI_UPD)->h.connection, m.id);
	lab_free(lab);
}

/* A call waits while the old connection is asked; it is answered; then its place is proven. */
static void test_a_call_that_was_answered_is_not_answered_once_more(void **state)
{
	struct mate m, again;
	struct lab *lab = joined(&m);
	const struct sent *s;

	(void)state;
	again = m;
	again.id = 0x5555;
	mate_open_req(&again);
	again.dut_id = 0;
	/* Seven seconds, in which its place is asked, too. */
	while (strcmp(lab_peer(lab, "p0").send, "unconnected") != 0) {
		lab_run(lab, span_ms(100));
		while ((s = mate_find(&m)) != NULL)
			if (mate_take(&m, s->h.msg)->h.msg == AURP_OPEN_REQ)
				again.dut_id = s->h.connection;
	}
	mate_forget(&m);
	mate_open_req(&again);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&again, AURP_SUI_ALL);
	assert_int_not_equal(again.dut_id, 0);
	mate_forget(&m);
	mate_open_rsp(&again, 1);
	while ((s = mate_find(&m)) != NULL)
		assert_int_not_equal(mate_take(&m, s->h.msg)->h.msg, AURP_OPEN_RSP);
	/* Its list has its number still. */
	mate_ack(&again, 1, 0);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-state"), 0);
	assert_states(lab, "p0", "wait-ri-rsp", "connected");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_acknowledgement_on_the_last_connection_is_a_call_too),
		cmocka_unit_test(test_nothing_else_on_the_last_connection_is_a_call),
		cmocka_unit_test(test_aurp_C35_no_rd_follows_from_a_tickle_alone),
		cmocka_unit_test(
			test_aurp_X7_the_last_connection_buys_no_more_bytes_than_were_sent_on_it),
		cmocka_unit_test(
			test_aurp_C19_the_last_connection_is_nothing_while_the_next_is_open),
		cmocka_unit_test(
			test_a_list_that_is_taken_on_the_new_connection_does_not_save_the_old),
		cmocka_unit_test(test_a_doubt_ends_and_the_next_call_is_a_new_one),
		cmocka_unit_test(test_a_call_that_was_answered_is_not_answered_once_more),
	};

	return cmocka_run_group_tests_name("half_open", tests, NULL, NULL);
}
