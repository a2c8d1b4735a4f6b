/*
 * core/aurp_recv.c and aurp_send.c: what a new connection must not know of the last
 * one. Each half ends in the middle of something and begins again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* The peer says farewell as data sender; both connections are over. */
static void leave(struct mate *m)
{
	mate_rd(m, m->dut_id, m->sequence, -1);
	assert_states(m->lab, m->name, "unconnected", "unconnected");
	mate_forget(m);
}

/* What comes within `d` is not this; an Open-Req is answered. */
static void assert_never(struct mate *m, enum aurp_msg msg, struct span d)
{
	struct instant end = instant_add(m->lab->rig->now, d);
	const struct sent *s;

	while ((s = mate_await_any(m, instant_since(end, m->lab->rig->now))) != NULL) {
		assert_int_not_equal(s->h.msg, msg);
		if (s->h.msg != AURP_OPEN_REQ)
			continue;
		m->dut_id = s->h.connection;
		mate_open_rsp(m, 1);
	}
}

/* --- data receiver --------------------------------------------------------------------- */

static void test_aurp_X5_a_peer_with_too_much_is_told_of_once_a_connection(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->tunnels[0].max_networks_per_peer = 2;
	lab_start(lab);
	m = mate_of(lab, 0);
	for (size_t i = 1; i <= 2; i++) {
		mate_serve(&m, NETWORKS({ net(201), 0 }, { net(202), 0 }, { net(203), 0 }));
		mate_update(&m, EVENTS({ AURP_EV_NA, net(204), 0 }));
		assert_int_equal(rig_noted(lab->rig, TRACE_PEER_FULL), i);
		leave(&m);
	}
	lab_free(lab);
}

static void test_aurp_O8_what_had_no_room_is_not_asked_of_a_new_connection(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->rig->config.max_networks = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(201), 0 }, { net(202), 0 }, { net(203), 0 }));
	assert_int_equal(rig_noted(lab->rig, TRACE_ROUTES_FULL), 1);
	leave(&m);
	mate_serve(&m, NETWORKS({ net(201), 0 }));
	assert_never(&m, AURP_RI_REQ, span_s(80));
	lab_free(lab);
}

/* The list that it was cut off in may have had what the new one has not. */
static void test_aurp_U45_a_list_begins_anew_with_its_connection(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate p0 = mate_of(lab, 0), p1 = mate_of(lab, 1);

	(void)state;
	mate_serve(&p0, NETWORKS({ nets(100, 109), 0 }));
	mate_resolve(&p1);
	p1.dut_id = mate_await(&p1, AURP_OPEN_REQ, span_s(10))->h.connection;
	mate_open_rsp(&p1, 1);
	mate_take(&p1, AURP_RI_REQ);
	mate_ri_rsp(&p1, 1, 0, NETWORKS({ nets(100, 105), 0 }));
	assert_int_equal(lab_count(lab, "p1", "aurp-overlap"), 1);
	p1.sequence = 2;
	leave(&p1);
	mate_serve(&p1, NETWORKS({ net(50), 0 }));
	mate_forget(&p0);
	mate_update(&p0, EVENTS({ AURP_EV_ND, nets(100, 109), 0 }));
	/* The numbers are free then; p1 does not want them any more. */
	assert_never(&p1, AURP_RI_REQ, span_s(80));
	assert_null(rig_route(lab->rig, 100));
	lab_free(lab);
}

/* --- data sender ----------------------------------------------------------------------- */

static void test_aurp_C38_an_update_that_was_due_is_not_told_to_who_has_no_list(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	lab_run(lab, span_s(11));
	lab_net(lab, net(60), 2, "Near");
	mate_forget(&m);
	leave(&m);
	m.id++;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	assert_never(&m, AURP_RI_UPD, span_s(30));
	lab_free(lab);
}

/* Nobody has shown yet that he hears us: another call replaces the first, update and all. */
static void test_aurp_C38_nor_to_who_called_again_before_it(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	lab_net(lab, net(60), 2, "Near");
	m.id++;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_open_rsp(&m, 1);
	assert_never(&m, AURP_RI_UPD, span_s(5));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_X5_a_peer_with_too_much_is_told_of_once_a_connection),
		cmocka_unit_test(test_aurp_O8_what_had_no_room_is_not_asked_of_a_new_connection),
		cmocka_unit_test(test_aurp_U45_a_list_begins_anew_with_its_connection),
		cmocka_unit_test(
			test_aurp_C38_an_update_that_was_due_is_not_told_to_who_has_no_list),
		cmocka_unit_test(test_aurp_C38_nor_to_who_called_again_before_it),
	};

	return cmocka_run_group_tests_name("aurp_anew", tests, NULL, NULL);
}
