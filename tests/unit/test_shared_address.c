/*
 * Several routers behind one IPv4 address: whose packet is it, and who may be dialled there
 * (core/tunnel.c, core/peer_address.c). Ports tell them apart, or domain identifiers; who has
 * neither is a stranger.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { PORT_A = 40001, PORT_B = 40002, DI_A = 0x0A000107, DI_B = 0x0A000108 };

/* One more router at the first peer's address. */
static struct mate at_port(struct lab *lab, uint16_t port, uint32_t di)
{
	struct mate m = mate_of(lab, 0);

	m.at.port = port;
	m.di.ip = di;
	m.id = (uint16_t)(0x4000 + port % 1000);
	return m;
}

static struct lab *open_house(void)
{
	struct lab *lab = lab_new(0);

	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = 4;
	lab_start(lab);
	return lab;
}

/* It calls and gets our Open-Req, nothing else; it answers. */
static void come_in(struct mate *m)
{
	mate_open_req(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
	assert_null(mate_find(m));
	mate_open_rsp(m, 1);
	mate_take(m, AURP_RI_REQ);
	mate_forget(m);
	mate_ri_rsp(m, 1, AURP_LAST, NETWORKS({ net((uint16_t)(m->at.port % 500 + 200)), 0 }));
	mate_take(m, AURP_RI_ACK);
}

/* Both ways. */
static void join(struct mate *m)
{
	come_in(m);
	mate_subscribe(m);
	mate_forget(m);
}

/* The place of the living peer is asked, and answers. */
static void answer_questions(const struct mate *m)
{
	mate_ack(m, mate_take(m, AURP_RI_UPD)->h.sequence, 0);
	mate_take(m, AURP_TICKLE);
	mate_tickle_ack(m);
}

/* --- strangers ----------------------------------------------------------------------------- */

/* Both say the public address that they share, or the same private one of two homes. */
static void test_two_strangers_that_call_themselves_alike_both_become_peers(void **state)
{
	struct lab *lab = open_house();
	struct mate a = at_port(lab, PORT_A, DI_A), b = at_port(lab, PORT_B, DI_A);

	(void)state;
	join(&a);
	lab_run(lab, span_s(5));
	mate_forget(&a);
	mate_open_req(&b);
	assert_null(mate_find(&b));
	answer_questions(&a);
	assert_false(lab_has_peer(lab, "10.0.0.2:40002"));
	/* It has not moved there, so it is another router. */
	join(&b);
	assert_states(lab, "10.0.0.2:40001", "connected", "connected");
	assert_states(lab, "10.0.0.2:40002", "connected", "connected");
	lab_free(lab);
}

static void test_port_387_is_no_strangers_own(void **state)
{
	struct lab *lab = open_house();
	struct mate a = at_port(lab, PORT_A, DI_A), b = at_port(lab, AURP_PORT, DI_B);

	(void)state;
	join(&a);
	join(&b);
	assert_states(lab, "10.0.0.2:40001", "connected", "connected");
	assert_states(lab, "10.0.0.2", "connected", "connected");
	lab_free(lab);
}

/* --- configured peers ---------------------------------------------------------------------- */

static struct lab *with_peers(size_t n, uint32_t di_0, uint32_t di_1, uint16_t port_1)
{
	struct lab *lab = lab_new(n);

	lab->peers[0][0].domain_identifier = di_0;
	lab->peers[0][1].domain_identifier = di_1;
	lab->peers[0][1].port = port_1;
	lab_start(lab);
	for (unsigned i = 0; i < n; i++) {
		struct mate m = mate_of(lab, i);

		m.at = (struct endpoint){ mate_of(lab, 0).at.ip, i ? port_1 : AURP_PORT };
		mate_resolve(&m);
	}
	lab_run(lab, span_s(2));
	return lab;
}

static void test_the_second_that_calls_itself_alike_is_a_stranger(void **state)
{
	struct lab *lab = with_peers(1, 0, 0, 0);
	struct mate a = at_port(lab, PORT_A, DI_A), b = at_port(lab, PORT_B, DI_A);

	(void)state;
	join(&a);
	lab_run(lab, span_s(5));
	mate_forget(&a);
	mate_open_req(&b);
	answer_questions(&a);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 0);
	mate_open_req(&b);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 1);
	assert_null(mate_find(&b));
	assert_null(mate_find(&a));
	assert_int_equal(lab_peer(lab, "p0").addr.port, PORT_A);
	lab_free(lab);
}

/* Then the port may be the peer's, when its translator gives it another one. */
static void test_what_was_known_of_a_neighbour_goes_with_the_place(void **state)
{
	struct lab *lab = with_peers(1, 0, 0, 0);
	struct mate a = at_port(lab, PORT_A, DI_A), b = at_port(lab, PORT_B, DI_A);
	struct mate at = at_port(lab, AURP_PORT, DI_A);

	(void)state;
	join(&a);
	lab_run(lab, span_s(5));
	mate_forget(&a);
	mate_open_req(&b);
	answer_questions(&a);
	mate_forget(&at);
	mate_rd(&a, a.dut_id, 2, AURP_ERR_NORMAL_CLOSE);
	at.dut_id = mate_await(&at, AURP_OPEN_REQ, span_s(40))->h.connection;
	mate_open_rsp(&at, 1);
	mate_take(&at, AURP_RI_REQ);
	mate_ri_rsp(&at, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&at, AURP_RI_ACK);
	mate_subscribe(&at);
	lab_run(lab, span_s(5));
	mate_forget(&at);
	b.id = at.id;
	mate_tickle(&b);
	mate_take(&at, AURP_RI_UPD);
	lab_free(lab);
}

/* A translator has kept the port of the second one; 387 is where the first is dialled, too. */
/* Port 387 is forwarded to it, and its own packets get another one: it is one router, not two. */
static void test_the_port_that_a_translator_gives_a_peer_is_no_neighbours(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m = at_port(lab, AURP_PORT, DI_A), sends = at_port(lab, PORT_A, DI_A);

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = 4;
	lab_start(lab);
	mate_resolve(&m);
	sends.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&sends, 1);
	mate_take(&m, AURP_RI_REQ);
	sends.id = m.id;
	mate_open_req(&sends);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&sends, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&sends, 1, 0);
	lab_run(lab, span_s(5));
	mate_forget(&m);
	/* It calls anew, and then its old connection answers after all. */
	for (int i = 0; i < 2; i++) {
		struct mate again = sends;

		again.id = 0x7777;
		mate_open_req(&again);
		mate_ack(&sends, mate_take(&m, AURP_RI_UPD)->h.sequence, 0);
		lab_run(lab, span_s(5));
		mate_forget(&m);
	}
	assert_false(lab_has_peer(lab, "10.0.0.2:40001"));
	lab_free(lab);
}

static void test_an_identifier_counts_at_the_port_where_another_is_dialled(void **state)
{
	struct lab *lab = with_peers(2, DI_A, DI_B, AURP_PORT);
	struct mate a = at_port(lab, PORT_A, DI_A), b = at_port(lab, AURP_PORT, DI_B);
	const struct sent *s;
	struct instant end;

	(void)state;
	mate_forget(&b);
	join(&b);
	assert_states(lab, "p1", "connected", "connected");
	assert_int_equal(lab_peer(lab, "p1").addr.port, AURP_PORT);
	/* And the first is no longer looked for at a place that is another's. */
	end = instant_add(lab->rig->now, span_s(60));
	while ((s = mate_await_any(&b, instant_since(end, lab->rig->now))) != NULL) {
		assert_int_not_equal(s->h.msg, AURP_OPEN_REQ);
		if (s->h.msg == AURP_TICKLE)
			mate_tickle_ack(&b);
	}
	join(&a);
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(lab_peer(lab, "p0").addr.port, PORT_A);
	assert_states(lab, "p1", "connected", "connected");
	lab_free(lab);
}

/* It does not answer our question, but calls again, as we do: it is answered, and asked again. */
static void test_who_calls_back_from_there_is_asked_again(void **state)
{
	struct lab *lab = with_peers(2, DI_A, DI_B, AURP_PORT);
	struct mate b = at_port(lab, AURP_PORT, DI_B);

	(void)state;
	mate_forget(&b);
	mate_open_req(&b);
	mate_take(&b, AURP_OPEN_REQ);
	for (int i = 0; i < 2; i++)
		mate_tickle(&b);	/* both answers have no more bytes than came */
	mate_open_req(&b);
	mate_take(&b, AURP_OPEN_RSP);
	mate_take(&b, AURP_OPEN_REQ);
	lab_free(lab);
}

static void test_a_call_from_a_configured_port_is_for_that_peer(void **state)
{
	struct lab *lab = with_peers(2, 0, 0, 388);
	struct mate a = at_port(lab, PORT_A, DI_A), other = at_port(lab, AURP_PORT, DI_B);
	struct mate b = at_port(lab, 388, DI_B);

	(void)state;
	/* With two peers there, a port that is nobody's is nobody's call. */
	mate_open_req(&a);
	assert_null(mate_find(&a));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 1);
	b.dut_id = mate_take(&b, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&b, 1);
	mate_take(&b, AURP_RI_REQ);
	assert_states(lab, "p1", "wait-ri-rsp", "unconnected");
	/* Once only the first is missing, it is his; at his port another is asked about in vain. */
	join(&a);
	assert_int_equal(lab_peer(lab, "p0").addr.port, PORT_A);
	lab_run(lab, span_s(5));
	mate_forget(&a);
	mate_forget(&other);
	mate_open_req(&other);
	answer_questions(&a);
	assert_null(mate_find(&other));
	assert_int_equal(lab_peer(lab, "p1").addr.port, 388);
	lab_free(lab);
}

static void test_an_identifier_is_found_among_peers_without_one(void **state)
{
	struct lab *lab = with_peers(2, DI_A, 0, 388);
	struct mate a = at_port(lab, PORT_A, DI_A);

	(void)state;
	join(&a);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_a_wrong_identifier_does_no_harm_where_a_peer_is_dialled(void **state)
{
	struct lab *lab = with_peers(1, DI_A, 0, 0);
	struct mate m = at_port(lab, AURP_PORT, DI_B);

	(void)state;
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	assert_states(lab, "p0", "wait-ri-rsp", "unconnected");
	lab_free(lab);
}

static void test_a_proven_place_counts_for_more_than_an_identifier(void **state)
{
	struct lab *lab = with_peers(2, 0, 0, 388);
	struct mate a = at_port(lab, AURP_PORT, DI_A);

	(void)state;
	a.dut_id = mate_take(&a, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&a, 1);
	mate_take(&a, AURP_RI_REQ);
	lab->peers[0][1].domain_identifier = DI_A;
	lab_apply(lab);
	mate_ri_rsp(&a, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&a, AURP_RI_ACK);
	assert_states(lab, "p0", "connected", "unconnected");
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_two_strangers_that_call_themselves_alike_both_become_peers),
		cmocka_unit_test(test_port_387_is_no_strangers_own),
		cmocka_unit_test(test_the_second_that_calls_itself_alike_is_a_stranger),
		cmocka_unit_test(test_what_was_known_of_a_neighbour_goes_with_the_place),
		cmocka_unit_test(test_the_port_that_a_translator_gives_a_peer_is_no_neighbours),
		cmocka_unit_test(test_who_calls_back_from_there_is_asked_again),
		cmocka_unit_test(test_an_identifier_counts_at_the_port_where_another_is_dialled),
		cmocka_unit_test(test_a_call_from_a_configured_port_is_for_that_peer),
		cmocka_unit_test(test_an_identifier_is_found_among_peers_without_one),
		cmocka_unit_test(test_a_wrong_identifier_does_no_harm_where_a_peer_is_dialled),
		cmocka_unit_test(test_a_proven_place_counts_for_more_than_an_identifier),
	};

	return cmocka_run_group_tests_name("shared_address", tests, NULL, NULL);
}
