/*
 * What somebody can do who knows a peer's address and can forge it, but hears
 * nothing (aurp X4..X7, C15, C16, C19); and what a peer can do who lies about its
 * networks (X5, R7, O8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

static const struct peer *peer_in(struct lab *lab)
{
	return container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
}

/* What must not change on a live pair. */
static void assert_untouched(struct lab *lab, uint16_t recv_id, uint16_t send_id)
{
	assert_states(lab, "p0", "connected", "connected");
	assert_int_equal(peer_in(lab)->recv.id, recv_id);
	assert_int_equal(peer_in(lab)->send.id, send_id);
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_true(lab_has_zone(lab, 200, "Far"));
	assert_false(lab_has_zone(lab, 200, "Evil"));
	assert_int_equal(lab_distance(lab, 210), -1);
}

/* Lets time pass; the true mate answers the probes that forged packets cause. */
static void live(const struct mate *m, struct span d)
{
	struct instant end = instant_add(m->lab->rig->now, d);
	const struct sent *s;

	while ((s = mate_await_any(m, instant_since(end, m->lab->rig->now))) != NULL) {
		if (s->h.msg == AURP_RI_UPD && s->h.connection == m->id)
			mate_ack(m, s->h.sequence, 0);
		else if (s->h.msg == AURP_TICKLE && s->h.connection == m->dut_id)
			mate_tickle_ack(m);
	}
}

static void test_aurp_X6_C19_without_the_connection_id_nothing_changes(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forger;

	(void)state;
	mate_join(&m);
	forger = m;
	for (unsigned msg = 0; msg < AURP_MSG_COUNT; msg++) {
		for (uint16_t sequence = 0; sequence < 5; sequence++) {
			for (uint16_t off = 1; off < 300; off += 13) {
				uint16_t id = (uint16_t)((msg & 1 ? m.id : m.dut_id) + off);

				if (id == m.id || id == m.dut_id)
					continue;
				mate_say_any(&forger,
					(struct aurp){ id, sequence, 0, (enum aurp_msg)msg });
			}
			live(&m, span_ms(20));
			assert_untouched(lab, m.dut_id, m.id);
		}
		live(&m, span_s(5));
		lab_free_sent(lab);
	}
	assert_untouched(lab, m.dut_id, m.id);
	lab_free(lab);
}

static void test_aurp_C15_C16_a_flood_of_open_reqs_costs_a_probe_every_two_seconds(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forger;
	uint64_t before;

	(void)state;
	mate_join(&m);
	forger = m;
	before = lab_count(lab, "p0", "tx-bytes");
	for (uint16_t i = 0; i < 10000; i++) {
		forger.id = (uint16_t)(m.id + 1 + i % 60000);
		mate_open_req(&forger);
		live(&m, span_ms(1));
	}
	/* A probe and a Tickle each time. */
	assert_true(lab_count(lab, "p0", "tx-bytes") - before <= 6 * (34 + 30));
	assert_untouched(lab, m.dut_id, m.id);
	lab_free(lab);
}

/* --- a peer that is not there -------------------------------------------------------------- */

static void test_aurp_X7_who_did_not_hear_us_gets_no_list_no_zones_and_no_data(void **state)
{
	const uint16_t wanted[] = { 3 };
	uint8_t ddp[32];
	struct wr w = wr_over(ddp, sizeof(ddp));
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	ddp_encode_long(&w, &(struct ddp){ .len = DDP_LONG_HEADER + 4, .dst = { 4, 42, 77 },
		.src = { 200, 9, 4 }, .type = 22 });
	wr_bytes(&w, "data", 4);
	mate_resolve(&m);
	mate_take(&m, AURP_OPEN_REQ);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_ack(&m, 1, AURP_SZI);
	mate_zi_req(&m, wanted, 1);
	mate_say(&m, (struct aurp){ m.id, 0, 0, AURP_GZN_REQ }, "\x09" "EtherTalk", 10);
	mate_say(&m, (struct aurp){ m.id, 0, 0, AURP_GDZL_REQ }, "\0\1", 2);
	assert_int_equal(lab_count(lab, "p0", "aurp-unproven"), 3);
	rig_clear(lab->rig);
	mate_data(&m, ddp, wr_len(&w));
	assert_int_equal(lab_count(lab, "p0", "peer-not-connected"), 1);
	assert_null(rig_find(lab->rig, 0, 22));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 0);
	/* Nobody is there: after a while the connection is forgotten, without a probe. */
	do
		assert_int_equal(mate_await(&m, AURP_OPEN_REQ, span_s(100))->h.msg, AURP_OPEN_REQ);
	while (strcmp(lab_peer(lab, "p0").send, "connected") == 0);
	assert_states(lab, "p0", "wait-open-rsp", "unconnected");
	lab_free(lab);
}

static void test_what_was_asked_for_comes_as_soon_as_the_peer_has_answered(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_null(mate_find(&m));
	assert_int_equal(router_summary(lab->rig->r).peers_connected, 0);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_take(&m, AURP_RI_RSP);
	assert_int_equal(router_summary(lab->rig->r).peers_connected, 1);
	lab_free(lab);
}

static void test_a_forged_connection_gives_way_to_the_true_one(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forger;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	forger = m;
	forger.id = 0x6666;
	mate_open_req(&forger);
	mate_tickle(&forger);
	mate_forget(&m);
	mate_open_req(&m);
	assert_int_equal(mate_take(&m, AURP_OPEN_RSP)->h.connection, m.id);
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(mate_take(&m, AURP_RI_RSP)->h.connection, m.id);
	lab_free(lab);
}

static void test_only_an_answer_moves_a_peer_to_another_of_its_addresses(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), elsewhere = mate_of(lab, 3);
	const struct endpoint both[] = { m.at, elsewhere.at };

	(void)state;
	router_peer_addresses(lab->rig->r, lab->rig->now, lab->tunnel[0], "p0", both, 2);
	mate_take(&m, AURP_OPEN_REQ);
	lab_run(lab, span_s(2));
	mate_tickle(&elsewhere);
	mate_rd(&elsewhere, 1, 0, -1);
	mate_data(&elsewhere, "x", 1);
	assert_int_equal(lab_peer(lab, "p0").addr.ip, m.at.ip);
	assert_int_equal(lab_count(lab, "p0", "peer-unknown"), 3);
	mate_open_req(&elsewhere);
	elsewhere.dut_id = mate_take(&elsewhere, AURP_OPEN_REQ)->h.connection;
	assert_int_equal(lab_peer(lab, "p0").addr.ip, m.at.ip);
	mate_open_rsp(&elsewhere, 1);
	assert_int_equal(lab_peer(lab, "p0").addr.ip, elsewhere.at.ip);
	lab_free(lab);
}

/* What a router sends in an hour to a peer that never answers and that `forge` may play. */
static uint64_t bytes_of_an_hour(void (*forge)(const struct mate *forger, unsigned int step),
	unsigned int every_ms, uint64_t *heard)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct endpoint both[] = { m.at, mate_of(lab, 3).at };
	uint64_t sent;

	router_peer_addresses(lab->rig->r, lab->rig->now, lab->tunnel[0], "p0", both, 2);
	for (unsigned int step = 0; step * every_ms < 3600 * 1000; step++) {
		if (forge)
			forge(&m, step);
		lab_run(lab, span_ms(every_ms));
		lab_free_sent(lab);
	}
	sent = lab_count(lab, "p0", "tx-bytes");
	*heard = lab_count(lab, "p0", "rx-bytes");
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UP), 0);
	lab_free(lab);
	return sent;
}

static void forge_calls(const struct mate *forger, unsigned int step)
{
	struct mate m = *forger;

	m.id = (uint16_t)(1 + step % 60000);
	mate_open_req(&m);
}

/* One call, and whatever is legal on a connection. */
static void forge_use(const struct mate *forger, unsigned int step)
{
	if (step % 16 == 0)
		mate_open_req(forger);
	else if (step % 4 == 0)
		mate_tickle(forger);
	else if (step % 4 == 1)
		mate_ri_req(forger, AURP_SUI_ALL);
	else
		mate_say_any(forger, (struct aurp){ forger->id, 0, 0,
			(enum aurp_msg)(step / 4 % AURP_MSG_COUNT) });
}

/* Now from this, now from that of its addresses. */
static void forge_moves(const struct mate *forger, unsigned int step)
{
	struct mate m = mate_of(forger->lab, step % 2 ? 3 : 0);

	m.id = (uint16_t)(1 + step % 60000);
	mate_open_req(&m);
}

/* With the shortest header there is: both identifiers null. */
static void forge_short_calls(const struct mate *forger, unsigned int step)
{
	const struct aurp_domain domain = { .type = AURP_ROUTING };
	uint8_t bytes[AURP_DOMAIN_HEADER + AURP_HEADER + 3];
	struct wr w = wr_over(bytes, sizeof(bytes));

	aurp_encode_domain(&w, &domain);
	aurp_encode(&w, &(struct aurp){ (uint16_t)(1 + step % 60000), 0, 0, AURP_OPEN_REQ });
	aurp_encode_open_req(&w, &(struct aurp_open_req){ .version = AURP_VERSION });
	mate_say_raw(forger, bytes, wr_len(&w));
}

/* From all its ports, and by more than calls. */
static void forge_ports(const struct mate *forger, unsigned int step)
{
	struct mate m = *forger;

	m.at.port = (uint16_t)(1024 + step % 60000);
	if (step % 3 == 0)
		mate_tickle(&m);
	else
		forge_short_calls(&m, step);
}

static void test_aurp_X7_a_peers_name_buys_no_more_bytes_than_were_sent_in_it(void **state)
{
	static void (*const forgers[])(const struct mate *forger, unsigned int step) = {
		forge_calls, forge_use, forge_moves, forge_short_calls, forge_ports,
	};
	static const unsigned int every_ms[] = { 100, 1700, 2500, 30000, 290000, 900000 };
	const uint64_t call = 33;
	uint64_t heard, own = bytes_of_an_hour(NULL, 1000, &heard);

	(void)state;
	assert_int_equal(heard, 0);
	assert_true(own >= 15 * call);
	for (size_t f = 0; f < sizeof(forgers) / sizeof(forgers[0]); f++) {
		for (size_t i = 0; i < sizeof(every_ms) / sizeof(every_ms[0]); i++) {
			uint64_t sent = bytes_of_an_hour(forgers[f], every_ms[i], &heard);

			assert_true(heard > 0);
			/* Our own calls go on, one of them perhaps earlier. */
			assert_true(sent >= own - 2 * call);
			assert_true(sent <= own + call + heard);
		}
	}
}

/* --- a peer that lies ---------------------------------------------------------------------- */

static void test_aurp_X5_O8_a_peer_gets_its_share_of_networks_or_more_with_room(
	void **state)
{
	struct lab *lab = lab_new(2);
	struct mate m, other;

	(void)state;
	lab->tunnels[0].max_networks_per_peer = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	other = mate_of(lab, 1);
	mate_serve(&m, NETWORKS({ net(201), 0 }, { net(202), 0 }, { net(203), 0 }, { net(204), 0 },
		{ net(205), 0 }));
	assert_int_equal(lab_peer(lab, "p0").routes, 3);
	assert_int_equal(lab_distance(lab, 203), 1);
	assert_int_equal(lab_distance(lab, 204), -1);
	assert_int_equal(lab_count(lab, "p0", "aurp-table-full"), 2);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_FULL), 1);
	/* It is the share of one: another has its own. */
	mate_serve(&other, NETWORKS({ net(206), 0 }));
	assert_int_equal(lab_distance(lab, 206), 1);
	/* What it has may change, and what it gives up makes room: the list is asked for again. */
	mate_forget(&m);
	mate_update(&m, EVENTS({ AURP_EV_NDC, net(201), 4 }));
	assert_int_equal(lab_distance(lab, 201), 5);
	mate_update(&m, EVENTS({ AURP_EV_ND, net(201), 0 }));
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, m.sequence, AURP_LAST,
		NETWORKS({ net(202), 0 }, { net(203), 0 }, { net(204), 0 }, { net(205), 0 }));
	assert_int_equal(lab_distance(lab, 204), 1);
	assert_int_equal(lab_peer(lab, "p0").routes, 3);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_FULL), 1);
	lab_free(lab);
}

static void test_aurp_X5_a_peer_gets_its_share_of_zones(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->tunnels[0].max_zones_per_peer = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ nets(200, 201), 0 }, { nets(202, 203), 0 }, { net(204), 0 }));
	mate_zi_rsp(&m, 200, ZONES("One", "Two"));
	assert_true(lab_has_zone(lab, 200, "Two"));
	mate_zi_rsp(&m, 202, ZONES("Three", "Four"));
	assert_false(lab_has_zone(lab, 202, "Three"));
	assert_int_equal(lab_count(lab, "p0", "aurp-table-full"), 1);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_FULL), 1);
	/* Room again: the whole list is, too. */
	mate_update(&m, EVENTS({ AURP_EV_ND, nets(200, 201), 0 }));
	lab_run(lab, span_s(61));
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_zi_rsp(&m, 202, ZONES("Three", "Four"));
	assert_true(lab_has_zone(lab, 202, "Three") && lab_has_zone(lab, 202, "Four"));
	lab_free(lab);
}

static void test_aurp_R7_our_own_network_stays_and_both_owners_are_named(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct noted *said;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(3, 5), 0 }));
	assert_int_equal(lab_distance(lab, 3), 0);
	said = rig_last(lab->rig, TRACE_PEER_REFLECTS);
	assert_non_null(said);
	assert_string_equal(said->other, lab_via(lab, 3));
	lab_free(lab);
}

static void test_a_network_behind_a_port_is_not_left_to_a_peer_that_says_it_is_nearer(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	const struct noted *said;

	(void)state;
	lab->rig->config.keep_local = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	lab_net(lab, net(20), 4, "Near");
	mate_serve(&m, NETWORKS({ net(20), 0 }));
	assert_int_equal(lab_distance(lab, 20), 4);
	said = rig_last(lab->rig, TRACE_PEER_DUPLICATE_NET);
	assert_non_null(said);
	assert_string_equal(said->other, lab_via(lab, 20));
	mate_update(&m, EVENTS({ AURP_EV_NDC, net(20), 1 }));
	lab_net(lab, net(20), 3, NULL);
	assert_int_equal(lab_distance(lab, 20), 3);
	/* When its own way gets worse, the shortest wins (aurp U6); and so it is without one. */
	lab_net(lab, net(20), 9, NULL);
	assert_int_equal(lab_distance(lab, 20), 2);
	lab_net(lab, net(20), 2, NULL);
	assert_int_equal(lab_distance(lab, 20), 2);
	assert_string_not_equal(lab_via(lab, 20), "p0");
	lab_net_gone(lab, 20);
	assert_string_equal(lab_via(lab, 20), "p0");
	lab_free(lab);
}

static void test_the_zones_of_a_network_behind_a_port_are_not_a_peers_to_tell(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	lab_net(lab, net(20), 2, NULL);
	mate_serve(&m, NETWORKS({ net(20), 7 }));
	mate_zi_rsp(&m, 20, ZONES("Evil"));
	assert_false(lab_has_zone(lab, 20, "Evil"));
	lab_zones(lab, 20, ZONES("Near"));
	assert_true(lab_has_zone(lab, 20, "Near"));
	assert_false(lab_has_zone(lab, 20, "Evil"));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_X6_C19_without_the_connection_id_nothing_changes),
		cmocka_unit_test(
			test_aurp_C15_C16_a_flood_of_open_reqs_costs_a_probe_every_two_seconds),
		cmocka_unit_test(
			test_aurp_X7_who_did_not_hear_us_gets_no_list_no_zones_and_no_data),
		cmocka_unit_test(
			test_what_was_asked_for_comes_as_soon_as_the_peer_has_answered),
		cmocka_unit_test(test_a_forged_connection_gives_way_to_the_true_one),
		cmocka_unit_test(
			test_aurp_X7_a_peers_name_buys_no_more_bytes_than_were_sent_in_it),
		cmocka_unit_test(
			test_only_an_answer_moves_a_peer_to_another_of_its_addresses),
		cmocka_unit_test(
			test_aurp_X5_O8_a_peer_gets_its_share_of_networks_or_more_with_room),
		cmocka_unit_test(test_aurp_X5_a_peer_gets_its_share_of_zones),
		cmocka_unit_test(test_aurp_R7_our_own_network_stays_and_both_owners_are_named),
		cmocka_unit_test(
			test_a_network_behind_a_port_is_not_left_to_a_peer_that_says_it_is_nearer),
		cmocka_unit_test(
			test_the_zones_of_a_network_behind_a_port_are_not_a_peers_to_tell),
	};

	return cmocka_run_group_tests_name("forged", tests, NULL, NULL);
}
