/* core/peer.c: where a peer is, and where it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

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
	/* Round and round: the first again, then the second again, each heard anew. */
	for (int round = 0; round < 2; round++) {
		mate_forget(&m);
		mate_await(&m, AURP_OPEN_REQ, span_s(1000));
		mate_forget(&second);
		second.dut_id = mate_await(&second, AURP_OPEN_REQ, span_s(1000))->h.connection;
	}
	/* What answers there is the peer. */
	mate_open_rsp(&second, 1);
	mate_take(&second, AURP_RI_REQ);
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

static void test_a_new_address_is_called_as_often_as_a_new_peer(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), moved = m;

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(2000));	/* back-off has grown to its most */
	moved.at.ip += 100;
	resolve_to(&m, &moved.at, 1);
	mate_await(&moved, AURP_OPEN_REQ, span_s(3));
	/* The first ones are lost. */
	mate_await(&moved, AURP_OPEN_REQ, span_s(4));
	mate_await(&moved, AURP_OPEN_REQ, span_s(7));
	lab_free(lab);
}

/* The ID of the Open-Req that a call from there has bought; no Open-Rsp comes with it. */
static uint16_t call_from(struct mate *m)
{
	mate_open_req(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
	assert_null(mate_find(m));
	return m->dut_id;
}

static void test_peer_that_calls_from_another_of_its_addresses_is_there(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), second = m;

	(void)state;
	second.at.ip += 100;
	second.di.ip += 100;
	resolve_to(&m, (struct endpoint[]){ m.at, second.at }, 2);
	lab_run(lab, span_s(2));
	call_from(&second);
	assert_int_equal(lab_peer(lab, "p0").addr.ip, m.at.ip);
	mate_open_rsp(&second, 1);
	assert_int_equal(lab_peer(lab, "p0").addr.ip, second.at.ip);
	mate_take(&second, AURP_RI_REQ);
	assert_int_equal(mate_take(&second, AURP_OPEN_RSP)->h.connection, second.id);
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
	assert_string_equal(rig_last(lab->rig, TRACE_PEER_SAME_PLACE)->other, "p0");
	assert_string_equal(lab_peer(lab, "p1").same_as, "p0");
	assert_null(lab_peer(lab, "p0").same_as);
	/* It is told again while it lasts; the log says it ever more rarely. */
	lab_run(lab, span_s(3600));
	assert_in_range(rig_noted(lab->rig, TRACE_PEER_SAME_PLACE), 10, 14);
	/* When they part, the second one is called, too. */
	mate_forget(&m);
	resolve_to(&m, (struct endpoint[]){ { m.at.ip + 100, AURP_PORT } }, 1);
	mate_await(&m, AURP_OPEN_REQ, span_s(301));
	assert_states(lab, "p1", "wait-open-rsp", "unconnected");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_next_address_is_tried_when_the_first_is_silent),
		cmocka_unit_test(test_connected_peer_stays_while_its_address_is_still_in_the_list),
		cmocka_unit_test(test_peer_moves_to_its_new_address),
		cmocka_unit_test(test_a_new_address_is_called_as_often_as_a_new_peer),
		cmocka_unit_test(test_peer_that_calls_from_another_of_its_addresses_is_there),
		cmocka_unit_test(test_of_two_names_for_one_router_only_the_first_calls),
	};

	return cmocka_run_group_tests_name("peer_address", tests, NULL, NULL);
}
