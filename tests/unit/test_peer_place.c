/*
 * core/peer_place.c: where a peer is. Translators change its port, forget it, give it
 * another one; several peers share an address; whoever forges moves nobody (aurp A19, X6, X7).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

enum { NAT_PORT = 40001, OTHER_PORT = 40002 };

/* The mate behind a translator: it is configured at 387, and calls from this port. */
static struct mate behind(const struct mate *m, uint16_t port)
{
	struct mate out = *m;

	out.at.port = port;
	out.di.ip = 0xC0A80105;
	return out;
}

/* It calls and gets an Open-Req back, and nothing else; takes its ID. */
static void call(struct mate *m)
{
	const struct sent *s;

	mate_open_req(m);
	s = mate_take(m, AURP_OPEN_REQ);
	assert_int_equal(s->domain.dst.ip, m->di.ip);
	m->dut_id = s->h.connection;
	assert_null(mate_find(m));
}

/* It answers, and so it is there; its call is answered, too. Then both lists. */
static void prove(struct mate *m)
{
	mate_open_rsp(m, 1);
	mate_take(m, AURP_RI_REQ);
	assert_int_equal(mate_take(m, AURP_OPEN_RSP)->h.connection, m->id);
	mate_ri_rsp(m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(m, AURP_RI_ACK);
	mate_ri_req(m, AURP_SUI_ALL);
	mate_take(m, AURP_RI_RSP);
	mate_ack(m, 1, 0);
	mate_zi_rsp(m, 200, ZONES("Far"));
	m->sequence = 2;
}

static struct lab *connected(struct mate *m, uint16_t port)
{
	struct lab *lab = lab_up(1);
	struct mate at = mate_of(lab, 0);

	mate_resolve(&at);
	*m = behind(&at, port);
	lab_run(lab, span_s(2));
	call(m);
	prove(m);
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(lab_peer(lab, "p0").addr.port, port);
	mate_forget(m);
	return lab;
}

/* The mate acknowledges for that long whatever asks whether it is there; the Tickles among it. */
static unsigned int answer_all(struct mate *m, struct span d)
{
	unsigned int tickles = 0;
	const struct sent *s;

	while ((s = mate_await_any(m, d)) != NULL)
		if (s->h.msg == AURP_TICKLE) {
			tickles++;
			mate_tickle_ack(m);
		} else if (s->h.msg == AURP_RI_UPD) {
			mate_ack(m, s->h.sequence, 0);
		}
	return tickles;
}

static void test_a_peer_whose_port_was_changed_connects_where_it_calls_from(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, NAT_PORT);

	(void)state;
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_true(lab_has_zone(lab, 200, "Far"));
	/* Everything goes there now. */
	lab_net(lab, net(20), 2, "Near");
	mate_await(&m, AURP_RI_UPD, span_s(11));
	lab_free(lab);
}

static void test_the_dials_to_the_configured_place_keep_their_pace(void **state)
{
	struct instant at[2][6];

	(void)state;
	for (unsigned calls = 0; calls < 2; calls++) {
		struct lab *lab = lab_up(1);
		struct mate m = mate_of(lab, 0), away = behind(&m, NAT_PORT);

		mate_resolve(&m);
		for (unsigned i = 0; i < 6;) {
			const struct sent *s = mate_await_any(&m, span_ms(500));

			if (s)
				at[calls][i++] = s->at;
			if (calls == 1)
				mate_open_req(&away);
			mate_forget(&away);
		}
		lab_free(lab);
	}
	/* But for the jitter that the asking took from the same generator. */
	for (unsigned i = 1; i < 6; i++) {
		int64_t alone = instant_since(at[0][i], at[0][0]).us;
		int64_t called = instant_since(at[1][i], at[1][0]).us;

		assert_in_range(called, alone * 80 / 100, alone * 125 / 100);
	}
}

static void test_a_dial_that_is_under_way_is_waited_for(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), away = behind(&m, NAT_PORT);

	(void)state;
	mate_resolve(&m);
	mate_take(&m, AURP_OPEN_REQ);
	mate_open_req(&away);
	mate_assert_silence(&away, span_ms(1900));
	/* The other place did not answer. */
	away.dut_id = mate_await(&away, AURP_OPEN_REQ, span_ms(200))->h.connection;
	prove(&away);
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	lab_free(lab);
}

static void test_who_calls_back_instead_of_answering_is_answered(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), away = behind(&m, NAT_PORT);

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(2));
	call(&away);
	mate_open_req(&away);
	assert_int_equal(mate_take(&away, AURP_OPEN_RSP)->h.connection, away.id);
	/* That proves nothing. */
	assert_int_equal(lab_peer(lab, "p0").addr.port, AURP_PORT);
	mate_ri_req(&away, AURP_SUI_ALL);
	assert_null(mate_find(&away));
	mate_open_rsp(&away, 1);
	mate_take(&away, AURP_RI_REQ);
	mate_take(&away, AURP_RI_RSP);
	lab_free(lab);
}

static void test_what_a_place_answers_must_be_an_open_rsp_that_says_yes(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), away = behind(&m, NAT_PORT);

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(2));
	call(&away);
	/* An option count without its options. */
	mate_say(&away, (struct aurp){ away.dut_id, 0, 0, AURP_OPEN_RSP }, "\0\1\5", 3);
	assert_int_equal(lab_count(lab, "p0", "aurp-malformed"), 1);
	mate_open_rsp(&away, AURP_ERR_RESOURCES);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_REFUSED), 1);
	assert_int_equal(lab_peer(lab, "p0").addr.port, AURP_PORT);
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	lab_free(lab);
}

/* Somebody speaks from another port, by a call or a packet; the place answers, then he does. */
static void answer_too_late(void (*speak)(const struct mate *), uint16_t id)
{
	struct mate m, away;
	struct lab *lab = connected(&m, NAT_PORT);
	const struct sent *s;
	uint16_t sequence = 0;

	lab_run(lab, span_s(5));
	away = m;
	away.at.port = OTHER_PORT;
	away.id = id ? id : m.id;
	speak(&away);
	away.dut_id = mate_await(&away, AURP_OPEN_REQ, span_s(1))->h.connection;
	while ((s = mate_find(&m)) != NULL)
		if (mate_take(&m, s->h.msg)->h.msg == AURP_RI_UPD)
			sequence = s->h.sequence;
	mate_ack(&m, sequence, 0);
	mate_tickle_ack(&m);
	mate_open_rsp(&away, 1);
	assert_null(mate_find(&away));
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	assert_states(lab, "p0", "connected", "connected");
	lab_free(lab);
}

static void test_an_answer_from_elsewhere_is_too_late_when_the_place_has_answered(void **state)
{
	(void)state;
	answer_too_late(mate_open_req, 0x7777);
	answer_too_late(mate_tickle, 0);
}

static void test_a_router_that_stops_asks_nobody_any_more(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), away = behind(&m, NAT_PORT);

	(void)state;
	mate_resolve(&m);
	mate_open_req(&away);
	/* It would be asked in two seconds, when our dial has had its time. */
	router_shutdown(lab->rig->r, lab->rig->now);
	mate_assert_silence(&away, span_s(4));
	lab_free(lab);
}

static void test_a_lost_peer_is_dialled_at_its_configured_place(void **state)
{
	struct mate m, at;
	struct lab *lab = connected(&m, NAT_PORT);

	(void)state;
	at = mate_of(lab, 0);
	mate_rd(&m, m.dut_id, m.sequence, AURP_ERR_NORMAL_CLOSE);
	assert_int_equal(lab_peer(lab, "p0").addr.port, AURP_PORT);
	mate_await(&at, AURP_OPEN_REQ, span_s(40));
	lab_free(lab);
}

static void test_a_translator_that_gives_another_port_moves_the_peer(void **state)
{
	struct mate m, moved;
	struct lab *lab = connected(&m, NAT_PORT);

	(void)state;
	/* It knows its connections still, and speaks from another port. */
	moved = m;
	moved.at.port = OTHER_PORT;
	mate_tickle(&moved);
	/* The old place is asked first; its silence opens the way. */
	mate_take(&m, AURP_RI_UPD);
	mate_take(&m, AURP_TICKLE);
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	moved.dut_id = mate_await(&moved, AURP_OPEN_REQ, span_s(2))->h.connection;
	assert_int_not_equal(moved.dut_id, m.dut_id);
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_open_rsp(&moved, 1);
	mate_take(&moved, AURP_RI_REQ);
	assert_int_equal(lab_peer(lab, "p0").addr.port, OTHER_PORT);
	/* It is the same router: its networks were never gone. */
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_ri_rsp(&moved, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&moved, AURP_RI_ACK);
	lab_run(lab, span_s(5));
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void test_while_the_proven_place_answers_no_other_is_tried(void **state)
{
	struct mate m, forger;
	struct lab *lab = connected(&m, NAT_PORT);
	struct instant end = instant_add(lab->rig->now, span_s(60));

	(void)state;
	forger = m;
	for (unsigned i = 0; instant_cmp(lab->rig->now, end) < 0; i++) {
		forger.at.port = (uint16_t)(30000 + i % 1000);
		forger.id = (uint16_t)(m.id + 1 + i % 999);
		mate_open_req(&forger);
		mate_tickle(&forger);
		answer_all(&m, span_ms(10));
		assert_null(mate_find(&forger));
		assert_int_equal(lab_distance(lab, 200), 1);
		lab_free_sent(lab);
	}
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	lab_free(lab);
}

/* One that forwards 387 and lets its router speak from another port is reached both ways. */
static void test_a_second_port_of_a_peer_is_asked_about_once(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), speaks;
	unsigned int tickles = 0;

	(void)state;
	mate_join(&m);
	speaks = m;
	speaks.at.port = NAT_PORT;
	for (unsigned i = 0; i < 100; i++) {
		mate_tickle(&speaks);
		tickles += answer_all(&m, span_ms(500));
	}
	assert_int_equal(tickles, 1);
	assert_int_equal(lab_peer(lab, "p0").addr.port, AURP_PORT);
	lab_free(lab);
}

static void test_port_0_is_nobodys(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), zero = behind(&m, 0);

	(void)state;
	mate_resolve(&m);
	mate_open_req(&zero);
	mate_data(&zero, "x", 1);
	assert_int_equal(lab_count(lab, "t0", "tunnel-bad-port"), 2);
	assert_null(mate_find(&zero));
	lab_free(lab);
}

/* --- several peers at one address --------------------------------------------------------- */

/* Two peers at one address and one port; their identifiers tell them apart. */
static struct lab *flat(struct mate *a, struct mate *b)
{
	struct lab *lab = lab_new(2);

	lab->peers[0][0].domain_identifier = 0x0A000107;
	lab->peers[0][1].domain_identifier = 0x0A000108;
	lab_start(lab);
	*a = mate_of(lab, 0);
	*b = mate_of(lab, 1);
	b->at = a->at;
	mate_resolve(a);
	mate_resolve(b);
	a->di.ip = 0x0A000107;
	b->di.ip = 0x0A000108;
	a->at.port = NAT_PORT;
	b->at.port = OTHER_PORT;
	b->id = 0x4444;
	lab_run(lab, span_s(2));
	return lab;
}

static void test_peers_that_share_an_address_are_told_apart_by_their_identifiers(void **state)
{
	struct mate a, b, other;
	struct lab *lab = flat(&a, &b);

	(void)state;
	call(&b);
	prove(&b);
	assert_states(lab, "p1", "connected", "connected");
	call(&a);
	mate_open_rsp(&a, 1);
	mate_take(&a, AURP_RI_REQ);
	assert_int_equal(mate_take(&a, AURP_OPEN_RSP)->h.connection, a.id);
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	assert_int_equal(lab_peer(lab, "p1").addr.port, OTHER_PORT);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_SAME_DI), 0);
	/* A third one there is a stranger. */
	other = a;
	other.at.port = 40003;
	other.di.ip++;
	other.di.ip++;
	mate_open_req(&other);
	assert_null(mate_find(&other));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 1);
	lab_free(lab);
}

static void test_an_identifier_proves_nothing(void **state)
{
	struct mate a, b, liar;
	struct lab *lab = flat(&a, &b);

	(void)state;
	call(&a);
	prove(&a);
	liar = a;
	liar.at.port = OTHER_PORT;
	liar.id = 0x5555;
	mate_open_req(&liar);
	assert_null(mate_find(&liar));
	mate_ack(&a, mate_take(&a, AURP_RI_UPD)->h.sequence, 0);
	mate_take(&a, AURP_TICKLE);
	mate_tickle_ack(&a);
	lab_run(lab, span_s(1));
	assert_null(mate_find(&liar));
	assert_int_equal(lab_peer(lab, "p0").addr.port, NAT_PORT);
	lab_free(lab);
}

static void test_two_strangers_at_one_address_both_become_peers(void **state)
{
	struct lab *lab = lab_new(0);
	struct mate a, b;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = 4;
	lab_start(lab);
	a = mate_of(lab, 0);
	a.at.port = NAT_PORT;
	b = a;
	b.at.port = OTHER_PORT;
	b.di.ip++;
	b.id = 0x4444;
	call(&a);
	mate_open_rsp(&a, 1);
	mate_take(&a, AURP_RI_REQ);
	call(&b);
	mate_open_rsp(&b, 1);
	mate_take(&b, AURP_RI_REQ);
	assert_states(lab, "10.0.0.2:40001", "wait-ri-rsp", "unconnected");
	assert_states(lab, "10.0.0.2:40002", "wait-ri-rsp", "unconnected");
	lab_free(lab);
}

/* --- what a forger gets -------------------------------------------------------------------- */

static void test_aurp_X7_all_places_of_a_peer_share_one_budget(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forger;
	uint64_t dials = 0, before, heard;

	(void)state;
	mate_resolve(&m);
	lab_run(lab, span_s(2));
	before = lab_count(lab, "p0", "tx-bytes");
	/* 50,000 a second. */
	for (unsigned i = 0; i < 100000; i++) {
		const struct sent *s;

		forger = behind(&m, (uint16_t)(1024 + i * 7 % 60000));
		forger.id = (uint16_t)i;
		if (i % 3 == 0)
			mate_tickle(&forger);
		else
			mate_open_req(&forger);
		if (i % 1000 == 999) {
			lab_run(lab, span_ms(20));
			while ((s = mate_find(&m)) != NULL) {
				dials += mate_take(&m, s->h.msg)->raw_len;
			}
			lab_free_sent(lab);
		}
	}
	heard = lab_count(lab, "p0", "rx-bytes");
	assert_true(heard > 2000000);
	assert_true(lab_count(lab, "p0", "tx-bytes") - before - dials < 1000);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 0);
	/* And who is really there connects nevertheless, as soon as it has stopped. */
	forger = behind(&m, NAT_PORT);
	lab_run(lab, span_s(40));
	lab_free_sent(lab);
	call(&forger);
	prove(&forger);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_peer_whose_port_was_changed_connects_where_it_calls_from),
		cmocka_unit_test(test_the_dials_to_the_configured_place_keep_their_pace),
		cmocka_unit_test(test_a_dial_that_is_under_way_is_waited_for),
		cmocka_unit_test(test_who_calls_back_instead_of_answering_is_answered),
		cmocka_unit_test(test_what_a_place_answers_must_be_an_open_rsp_that_says_yes),
		cmocka_unit_test(
			test_an_answer_from_elsewhere_is_too_late_when_the_place_has_answered),
		cmocka_unit_test(test_a_router_that_stops_asks_nobody_any_more),
		cmocka_unit_test(test_a_lost_peer_is_dialled_at_its_configured_place),
		cmocka_unit_test(test_a_translator_that_gives_another_port_moves_the_peer),
		cmocka_unit_test(test_while_the_proven_place_answers_no_other_is_tried),
		cmocka_unit_test(test_a_second_port_of_a_peer_is_asked_about_once),
		cmocka_unit_test(test_port_0_is_nobodys),
		cmocka_unit_test(
			test_peers_that_share_an_address_are_told_apart_by_their_identifiers),
		cmocka_unit_test(test_an_identifier_proves_nothing),
		cmocka_unit_test(test_two_strangers_at_one_address_both_become_peers),
		cmocka_unit_test(test_aurp_X7_all_places_of_a_peer_share_one_budget),
	};

	return cmocka_run_group_tests_name("peer_place", tests, NULL, NULL);
}
