/* core/aurp_send.c: lists, acknowledgements, repetition, requests in between (aurp S, SUI, X). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* A mate whose receiver half is open and has asked nothing yet. */
static struct lab *lab_opened(struct mate *m)
{
	struct lab *lab = lab_new(1);

	/* No tickles between what a test counts. */
	lab->tunnels[0].last_heard_timeout = span_s(600);
	lab_start(lab);
	*m = mate_of(lab, 0);
	mate_serve(m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(m, 200, ZONES("Far"));
	mate_open_req(m);
	mate_take(m, AURP_OPEN_RSP);
	return lab;
}

/* n networks behind the neighbour: 1001, 1002, ... */
static void add_nets(struct lab *lab, uint16_t n)
{
	for (uint16_t i = 1; i <= n; i++)
		lab_net(lab, net((uint16_t)(1000 + i)), 2, "Near");
}

static void test_aurp_S1_S17_R10_the_list_starts_with_number_one(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	struct aurp_network n[4];
	const struct sent *s;

	(void)state;
	lab_net(lab, nets(20, 29), 3, "Near");
	mate_ri_req(&m, AURP_SUI_ALL);
	s = mate_take(&m, AURP_RI_RSP);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 1);
	assert_int_equal(s->h.flags, AURP_LAST);
	/* Our cable and what RTMP told us; not what the mate told us. */
	assert_int_equal(sent_networks(s, n, 4), 2);
	assert_int_equal(n[0].range.first, 3);
	assert_int_equal(n[0].distance, 0);
	assert_true(n[0].range.extended);
	assert_int_equal(n[1].range.first, 20);
	assert_int_equal(n[1].range.last, 29);
	assert_int_equal(n[1].distance, 3);
	assert_states(lab, "p0", "connected", "wait-ri-rsp-ack");
	mate_ack(&m, 1, 0);
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(lab_peer(lab, "p0").told, 2);
	lab_free(lab);
}

static void test_aurp_S21_an_empty_list_is_one_packet_with_last(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	const struct sent *s;

	(void)state;
	lab->rig->config.n_ports = 0;
	rig_start(lab->rig);
	lab->tunnel[0] = router_find_tunnel(lab->rig->r, "t0");
	router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[0], &lab->tunnels[0],
		(struct domain_id){ DI_IP, LAB_OWN_ID });
	m = mate_of(lab, 0);
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_open_rsp(&m, AURP_ERR_RESOURCES);
	mate_ri_req(&m, AURP_SUI_ALL);
	s = mate_take(&m, AURP_RI_RSP);
	assert_int_equal(s->h.flags, AURP_LAST);
	assert_int_equal(rd_left(&s->body), 0);
	lab_free(lab);
}

static void test_aurp_S3_S4_S21_a_long_list_comes_packet_by_packet(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	struct aurp_network n[300];
	const struct sent *s;
	size_t got = 0, packets = 0;

	(void)state;
	add_nets(lab, 500);
	mate_ri_req(&m, AURP_SUI_ALL);
	do {
		s = mate_take(&m, AURP_RI_RSP);
		packets++;
		assert_int_equal(s->h.sequence, packets);
		assert_null(mate_find(&m));
		got += sent_networks(s, n, 300);
		assert_int_equal(s->h.flags, got == 501 ? AURP_LAST : 0);
		mate_ack(&m, s->h.sequence, 0);
	} while (s->h.flags == 0);
	assert_int_equal(got, 501);
	assert_int_equal(packets, 3);
	lab_free(lab);
}

static void test_aurp_S11_S18_an_unacknowledged_list_is_repeated_byte_for_byte(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	const struct sent *first, *s;
	int64_t wait = 1000;
	int n = 0;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	mate_ri_req(&m, AURP_SUI_ALL);
	first = mate_take(&m, AURP_RI_RSP);
	/* What changes meanwhile does not change the packet. */
	lab_net_gone(lab, 20);
	for (const struct sent *before = first; (s = mate_await_any(&m, span_s(31))) != NULL; n++) {
		if (s->h.msg != AURP_RI_RSP)
			break;
		assert_int_equal(s->raw_len, first->raw_len);
		assert_memory_equal(s->raw, first->raw, s->raw_len);
		assert_int_equal(span_to_ms(instant_since(s->at, before->at)), wait);
		wait = wait * 2 > 30000 ? 30000 : wait * 2;
		before = s;
	}
	assert_int_equal(n, 10);
	if (!s)
		s = mate_await_any(&m, span_s(31));
	/* Then the connection counts as lost, and the other one is asked. */
	assert_int_equal(s->h.msg, AURP_TICKLE);
	assert_string_equal(lab_peer(lab, "p0").send, "unconnected");
	lab_free(lab);
}

static void test_aurp_S12_an_unacknowledged_update_is_repeated_then_given_up(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	const struct sent *first, *s;
	int n = 0;

	(void)state;
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, 0);
	lab_net(lab, net(20), 2, "Near");
	first = mate_await(&m, AURP_RI_UPD, span_s(11));
	assert_states(lab, "p0", "connected", "wait-ri-upd-ack");
	while ((s = mate_await_any(&m, span_s(31))) && s->h.msg == AURP_RI_UPD) {
		assert_int_equal(s->raw_len, first->raw_len);
		assert_memory_equal(s->raw, first->raw, s->raw_len);
		n++;
	}
	assert_int_equal(n, 10);
	assert_string_equal(lab_peer(lab, "p0").send, "unconnected");
	assert_int_equal(lab_peer(lab, "p0").told, 0);
	assert_int_equal(lab_count(lab, "p0", "retransmits"), 10);
	/* It was the data receiver that failed, not the data sender. */
	assert_int_equal(s->h.msg, AURP_TICKLE);
	mate_tickle_ack(&m);
	assert_string_equal(lab_peer(lab, "p0").recv, "connected");
	lab_free(lab);
}

static void test_aurp_S10_only_the_matching_ack_counts(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	struct mate wrong;

	(void)state;
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	wrong = m;
	wrong.id++;
	mate_ack(&wrong, 1, 0);
	mate_ack(&m, 2, AURP_SZI);
	mate_ack(&m, 65535, AURP_SZI);
	assert_string_equal(lab_peer(lab, "p0").send, "wait-ri-rsp-ack");
	assert_null(mate_find(&m));
	mate_ack(&m, 1, 0);
	assert_string_equal(lab_peer(lab, "p0").send, "connected");
	/* A second copy of it finds nothing to acknowledge. */
	mate_ack(&m, 1, AURP_SZI);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-sequence"), 2);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-state"), 1);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-connection"), 1);
	lab_free(lab);
}

static void test_aurp_S13_changes_wait_until_the_list_is_told(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);
	const struct sent *s;

	(void)state;
	add_nets(lab, 300);
	mate_ri_req(&m, AURP_SUI_ALL);
	s = mate_take(&m, AURP_RI_RSP);
	lab_net(lab, net(20), 2, "Near");
	lab_net_gone(lab, 1001);
	/* The update interval passes while the second packet is held up. */
	mate_assert_silence(&m, span_ms(500));
	mate_ack(&m, s->h.sequence, 0);
	s = mate_take(&m, AURP_RI_RSP);
	for (int i = 0; i < 12; i++) {
		const struct sent *repeat = mate_await_any(&m, span_s(1));

		assert_true(!repeat || repeat->h.msg == AURP_RI_RSP);
	}
	mate_ack(&m, s->h.sequence, 0);
	s = mate_await(&m, AURP_RI_UPD, span_s(11));
	assert_int_equal(s->h.sequence, 3);
	{
		struct aurp_event ev[4];

		assert_int_equal(sent_events(s, ev, 4), 2);
		assert_int_equal(ev[0].code, AURP_EV_NA);
		assert_int_equal(ev[0].range.first, 20);
		assert_int_equal(ev[1].code, AURP_EV_ND);
		assert_int_equal(ev[1].range.first, 1001);
	}
	lab_free(lab);
}

static void test_aurp_S14_S23_U44_a_request_during_an_update_waits_for_its_ack(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	struct aurp_network n[4];

	(void)state;
	mate_join(&m);
	lab_net(lab, net(20), 2, "Near");
	s = mate_await(&m, AURP_RI_UPD, span_s(11));
	assert_int_equal(s->h.sequence, 2);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_assert_silence(&m, span_ms(900));
	mate_ack(&m, 2, 0);
	/* Numbering goes on; the list is the whole list. */
	s = mate_take(&m, AURP_RI_RSP);
	assert_int_equal(s->h.sequence, 3);
	assert_int_equal(s->h.flags, AURP_LAST);
	assert_int_equal(sent_networks(s, n, 4), 2);
	mate_ack(&m, 3, 0);
	mate_ri_req(&m, AURP_SUI_ALL);
	s = mate_take(&m, AURP_RI_RSP);
	assert_int_equal(s->h.sequence, 4);
	assert_int_equal(sent_networks(s, n, 4), 2);
	lab_free(lab);
}

static void test_a_repeated_request_is_answered_by_the_list_on_its_way(void **state)
{
	struct mate m;
	struct lab *lab = lab_opened(&m);

	(void)state;
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_null(mate_find(&m));
	mate_ack(&m, 1, 0);
	assert_null(mate_find(&m));
	lab_free(lab);
}

/* --- send update information --------------------------------------------------------------- */

static void test_aurp_S24_U19_updates_go_only_to_those_who_asked_for_such(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_event ev[4];
	const struct sent *s;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, net(21), 2, "Near");
	mate_join(&m);
	mate_ri_req(&m, AURP_SUI_NA);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, 0);
	/* A deletion alone is not sent; with an addition it comes along (U16). */
	lab_net_gone(lab, 20);
	mate_assert_silence(&m, span_s(25));
	lab_net(lab, net(22), 2, "Near");
	s = mate_await(&m, AURP_RI_UPD, span_s(11));
	assert_int_equal(sent_events(s, ev, 4), 2);
	assert_int_equal(ev[0].code, AURP_EV_ND);
	assert_int_equal(ev[1].code, AURP_EV_NA);
	mate_ack(&m, s->h.sequence, 0);
	/* Deletions only. */
	mate_ri_req(&m, AURP_SUI_ND_NRC);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, 0);
	lab_net(lab, net(23), 2, "Near");
	lab_net(lab, net(21), 5, NULL);
	mate_assert_silence(&m, span_s(25));
	lab_net_gone(lab, 22);
	mate_await(&m, AURP_RI_UPD, span_s(11));
	lab_free(lab);
}

static void test_aurp_C38_U43_without_flags_nothing_comes_unasked(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_network n[4];

	(void)state;
	mate_join(&m);
	mate_ri_req(&m, 0);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, 0);
	lab_net(lab, net(20), 2, "Near");
	mate_assert_silence(&m, span_s(40));
	/* It polls. */
	mate_ri_req(&m, 0);
	assert_int_equal(sent_networks(mate_take(&m, AURP_RI_RSP), n, 4), 2);
	lab_free(lab);
}

static void test_darwin_gets_updates_although_its_ri_req_asks_for_none(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_OPEN_RSP }, "\0\1", 2);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_take(&m, AURP_RI_ACK);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, 0);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, 0);
	lab_net(lab, net(20), 2, "Near");
	s = mate_await_other_than(&m, AURP_ZI_REQ, span_s(11));
	assert_one_event(s, AURP_EV_NA, net(20), 2);
	lab_free(lab);
}

static void test_darwin_is_never_told_of_an_added_network_at_distance_zero(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	const struct sent *s;

	(void)state;
	rig_configure(lab->rig, 1, SEED_HARD, 6, 6, ZONES("Lab"));
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0, AURP_OPEN_RSP }, "\0\1", 2);
	mate_forget(&m);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(0), 0 }));
	mate_take(&m, AURP_RI_ACK);
	mate_subscribe(&m);
	/* A second cable of ours comes up. */
	lab->rig->config.n_ports = 2;
	lab_apply(lab);
	lab->rig->link[1].port = router_find_port(lab->rig->r, "ET1");
	router_link_up(lab->rig->r, lab->rig->now, lab->rig->link[1].port, &lab->rig->link[1],
		lab->rig->link[1].mac);
	s = mate_await(&m, AURP_RI_UPD, span_s(15));
	assert_one_event(s, AURP_EV_NA, nets(6, 6), 1);
	lab_free(lab);
}

/* --- several peers ------------------------------------------------------------------------- */

static void test_aurp_U22_every_peer_gets_every_update_in_the_end(void **state)
{
	struct lab *lab = lab_up(3);
	struct mate m[3];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		m[i] = mate_of(lab, i);
		mate_join(&m[i]);
	}
	lab_net(lab, net(20), 2, "Near");
	for (unsigned i = 0; i < 3; i++) {
		/* The first copies are lost. */
		mate_await(&m[i], AURP_RI_UPD, span_s(11));
	}
	for (unsigned i = 0; i < 3; i++) {
		const struct sent *s = mate_await(&m[i], AURP_RI_UPD, span_s(4));

		assert_one_event(s, AURP_EV_NA, net(20), 2);
		mate_ack(&m[i], s->h.sequence, 0);
		assert_int_equal(lab_peer(lab, m[i].name).told, 2);
	}
	lab_free(lab);
}

static void test_aurp_S2_numbers_go_round_and_never_are_zero(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	uint16_t expected = 2;

	(void)state;
	mate_join(&m);
	for (unsigned i = 0; i < 65536; i++) {
		const struct sent *s;

		mate_ri_req(&m, AURP_SUI_ALL);
		s = mate_take(&m, AURP_RI_RSP);
		assert_int_equal(s->h.sequence, expected);
		mate_ack(&m, expected, 0);
		expected = expected == 65535 ? 1 : (uint16_t)(expected + 1);
		if (i % 1000 == 0)
			lab_free_sent(lab);
	}
	assert_int_equal(expected, 3);
	lab_free(lab);
}

/* Which of the two the acknowledgement is for nobody knows: Karn. */
static void test_aurp_S18_what_was_repeated_measures_nothing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	long before;

	(void)state;
	mate_join(&m);
	before = lab_peer(lab, "p0").rtt_ms;
	lab_run(lab, span_s(11));
	lab_net(lab, net(20), 2, "Near");
	s = mate_await(&m, AURP_RI_UPD, span_s(30));
	mate_await(&m, AURP_RI_UPD, span_s(5));
	mate_ack(&m, s->h.sequence, 0);
	assert_int_equal(lab_peer(lab, "p0").rtt_ms, before);
	/* What is answered at once does. */
	lab_net(lab, net(21), 2, "Near");
	s = mate_await(&m, AURP_RI_UPD, span_s(30));
	lab_run(lab, span_ms(700));
	mate_ack(&m, s->h.sequence, 0);
	assert_true(lab_peer(lab, "p0").rtt_ms > before);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_S1_S17_R10_the_list_starts_with_number_one),
		cmocka_unit_test(test_aurp_S21_an_empty_list_is_one_packet_with_last),
		cmocka_unit_test(test_aurp_S3_S4_S21_a_long_list_comes_packet_by_packet),
		cmocka_unit_test(
			test_aurp_S11_S18_an_unacknowledged_list_is_repeated_byte_for_byte),
		cmocka_unit_test(test_aurp_S12_an_unacknowledged_update_is_repeated_then_given_up),
		cmocka_unit_test(test_aurp_S10_only_the_matching_ack_counts),
		cmocka_unit_test(test_aurp_S13_changes_wait_until_the_list_is_told),
		cmocka_unit_test(
			test_aurp_S14_S23_U44_a_request_during_an_update_waits_for_its_ack),
		cmocka_unit_test(test_a_repeated_request_is_answered_by_the_list_on_its_way),
		cmocka_unit_test(test_aurp_S24_U19_updates_go_only_to_those_who_asked_for_such),
		cmocka_unit_test(test_aurp_C38_U43_without_flags_nothing_comes_unasked),
		cmocka_unit_test(test_darwin_gets_updates_although_its_ri_req_asks_for_none),
		cmocka_unit_test(test_darwin_is_never_told_of_an_added_network_at_distance_zero),
		cmocka_unit_test(test_aurp_U22_every_peer_gets_every_update_in_the_end),
		cmocka_unit_test(test_aurp_S2_numbers_go_round_and_never_are_zero),
		cmocka_unit_test(test_aurp_S18_what_was_repeated_measures_nothing),
	};

	return cmocka_run_group_tests_name("aurp_send", tests, NULL, NULL);
}
