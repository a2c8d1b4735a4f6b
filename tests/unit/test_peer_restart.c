/*
 * We were restarted without a farewell. A peer that takes our call may still hold
 * the connection of its own that the dead process had accepted: aurp_recv_remind.c
 * reminds it. The mates know nothing of us here, nor we of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

static struct lab *restarted(struct mate *m)
{
	struct lab *lab = lab_up(1);
	struct peer *p = container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);

	p->recv.remind.rounds = 0;
	*m = mate_of(lab, 0);
	mate_serve(m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(m, 200, ZONES("Far"));
	mate_forget(m);
	return lab;
}

/* What the mate heard of reminders. */
struct reminders {
	unsigned int repeats;		/* Open-Reqs of the open connection */
	unsigned int receiver_rds, sender_rds;
	unsigned int calls;		/* Open-Reqs with another ID */
};

static void serve_again(struct mate *m, const struct sent *s)
{
	m->dut_id = s->h.connection;
	mate_open_rsp(m, 1);
}

/*
 * Lives on for `d`. Tickles are answered, calls are served; RDs of the data receiver are
 * acknowledged if it takes them (as jrouter does), those of the data sender never are.
 */
static struct reminders live(struct mate *m, struct span d, bool takes_rds)
{
	struct instant end = instant_add(m->lab->rig->now, d);
	struct reminders n = { 0 };
	const struct sent *s;

	while ((s = mate_await_any(m, instant_since(end, m->lab->rig->now))) != NULL) {
		if (s->h.msg == AURP_TICKLE) {
			mate_tickle_ack(m);
		} else if (s->h.msg == AURP_OPEN_REQ && s->h.connection == m->dut_id) {
			n.repeats++;
		} else if (s->h.msg == AURP_OPEN_REQ) {
			n.calls++;
			serve_again(m, s);
		} else if (s->h.msg == AURP_RI_REQ) {
			mate_ri_rsp(m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
			mate_zi_rsp(m, 200, ZONES("Far"));
		} else if (s->h.msg == AURP_RD && s->h.sequence == 0) {
			assert_int_equal(s->h.connection, m->dut_id);
			n.receiver_rds++;
			if (takes_rds)
				mate_say(m, (struct aurp){ m->dut_id, 0, 0, AURP_RI_ACK }, "", 0);
		} else if (s->h.msg == AURP_RD) {
			n.sender_rds++;
		}
	}
	return n;
}

static void test_aurp_C34_C35_a_peer_that_never_called_is_reminded_after_ten_seconds(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);
	struct reminders n = live(&m, span_s(9), true);

	(void)state;
	assert_int_equal(n.repeats + n.receiver_rds + n.sender_rds, 0);
	/* Gently first. */
	n = live(&m, span_ms(1500), true);
	assert_int_equal(n.repeats, 1);
	assert_int_equal(n.receiver_rds, 0);
	assert_int_equal(lab_distance(lab, 200), 1);
	/* Then by an RD; what it takes is over, and the next connection is there at once. */
	n = live(&m, span_s(2), true);
	assert_int_equal(n.receiver_rds, 1);
	n = live(&m, span_s(1), true);
	assert_states(lab, "p0", "connected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), 1);
	/* Now it notices, and calls. */
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&m, 1, 0);
	n = live(&m, span_s(3600), true);
	assert_int_equal(n.repeats + n.receiver_rds + n.calls, 0);
	lab_free(lab);
}

static void test_a_peer_that_wants_nothing_from_us_is_reminded_twice_and_left_alone(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);
	struct reminders n = live(&m, span_s(200), true);

	(void)state;
	assert_int_equal(n.receiver_rds, 2);
	n = live(&m, span_s(24 * 3600), true);
	assert_int_equal(n.repeats + n.receiver_rds + n.sender_rds + n.calls, 0);
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void test_a_peer_that_takes_no_rd_of_this_form_loses_nothing(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);
	struct instant end = instant_add(lab->rig->now, span_s(600));
	struct reminders all = { 0 };

	(void)state;
	while (instant_cmp(lab->rig->now, end) < 0) {
		struct reminders n = live(&m, span_ms(100), false);

		all.receiver_rds += n.receiver_rds;
		all.calls += n.calls;
		assert_int_equal(lab_distance(lab, 200), 1);
	}
	assert_int_equal(all.receiver_rds, 2);
	assert_int_equal(all.calls, 0);
	lab_free(lab);
}

static void test_a_peer_that_called_is_never_reminded(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);
	struct reminders n;

	(void)state;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	/* It does not use what it has opened, and that is its own business. */
	n = live(&m, span_s(3600), true);
	assert_int_equal(n.repeats + n.receiver_rds + n.sender_rds, 0);
	lab_free(lab);
}

static void test_who_is_asked_for_a_list_is_not_disturbed(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);

	(void)state;
	lab_run(lab, span_s(8));
	mate_forget(&m);
	router_refresh(lab->rig->r, lab->rig->now);
	mate_take(&m, AURP_RI_REQ);
	for (const struct sent *s; (s = mate_await_any(&m, span_s(5))) != NULL; )
		assert_int_not_equal(s->h.msg, AURP_RD);
	lab_free(lab);
}

/* It has called; then it acknowledged nothing for so long that our sending half is closed. */
static struct lab *half_closed(struct mate *m)
{
	struct lab *lab = lab_up(1);
	struct mate forger;

	*m = mate_of(lab, 0);
	mate_join(m);
	forger = *m;
	forger.id = 0x7777;
	mate_open_req(&forger);
	for (unsigned i = 0; i < 100; i++) {
		lab_run(lab, span_ms(100));
		mate_tickle_ack(m);
	}
	mate_forget(m);
	assert_states(lab, "p0", "connected", "unconnected");
	return lab;
}

static void test_who_misses_our_sending_half_is_reminded_in_all_ways(void **state)
{
	struct mate m;
	struct lab *lab = half_closed(&m);
	struct reminders n = live(&m, span_s(100), false);
	const struct sent *s;

	(void)state;
	/* It may not want us any more; but it tickles what has ended. */
	assert_int_equal(n.repeats + n.receiver_rds + n.sender_rds, 0);
	mate_tickle(&m);
	n = live(&m, span_s(19), false);
	assert_int_equal(n.repeats + n.receiver_rds + n.sender_rds, 0);
	n = live(&m, span_ms(1500), false);
	assert_int_equal(n.repeats, 1);
	n = live(&m, span_s(2), false);
	assert_int_equal(n.receiver_rds, 1);
	assert_int_equal(n.sender_rds, 0);
	do
		s = mate_await_any(&m, span_s(2));
	while (s && s->h.msg != AURP_RD);
	assert_non_null(s);
	assert_int_equal(s->h.connection, m.id);
	assert_int_not_equal(s->h.sequence, 0);
	/* Nothing has happened to what works; until it takes the RD. */
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_ack(&m, s->h.sequence, 0);
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_await(&m, AURP_OPEN_REQ, span_s(2));
	lab_free(lab);
}

/* It had closed that connection, and takes the repeated Open-Req for a new one. */
static void test_who_opens_anew_when_it_is_reminded_tells_its_networks(void **state)
{
	struct mate m;
	struct lab *lab = restarted(&m);
	struct reminders n = live(&m, span_ms(30500), false);

	(void)state;
	assert_int_equal(n.repeats, 1);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(201), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 201), 1);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_aurp_C34_C35_a_peer_that_never_called_is_reminded_after_ten_seconds),
		cmocka_unit_test(
			test_a_peer_that_wants_nothing_from_us_is_reminded_twice_and_left_alone),
		cmocka_unit_test(test_a_peer_that_takes_no_rd_of_this_form_loses_nothing),
		cmocka_unit_test(test_a_peer_that_called_is_never_reminded),
		cmocka_unit_test(test_who_is_asked_for_a_list_is_not_disturbed),
		cmocka_unit_test(test_who_misses_our_sending_half_is_reminded_in_all_ways),
		cmocka_unit_test(test_who_opens_anew_when_it_is_reminded_tells_its_networks),
	};

	return cmocka_run_group_tests_name("peer_restart", tests, NULL, NULL);
}
