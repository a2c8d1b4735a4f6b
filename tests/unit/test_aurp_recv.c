/* core/aurp_learn.c: sequence numbers, acknowledgements and the tuples of RI-Rsp and RI-Upd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"
#include "route_offer.h"

/* A connected receiver half: net 200 from the mate, zone known. */
static struct lab *lab_served(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_serve(m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(m, 200, ZONES("Far"));
	mate_forget(m);
	return lab;
}

/* --- sequence ------------------------------------------------------------------------------ */

static void test_aurp_S5_S25_the_next_packet_is_acknowledged_with_its_number(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);
	const struct sent *s;

	(void)state;
	mate_ri_upd(&m, 2, EVENTS({ AURP_EV_NDC, net(200), 4 }));
	s = mate_take(&m, AURP_RI_ACK);
	assert_int_equal(s->h.connection, m.dut_id);
	assert_int_equal(s->h.sequence, 2);
	assert_int_equal(s->h.flags, 0);
	assert_int_equal(s->raw_len, 30);
	assert_int_equal(lab_distance(lab, 200), 5);
	mate_ri_upd(&m, 3, EVENTS({ AURP_EV_NDC, net(200), 2 }));
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 3);
	lab_free(lab);
}

static void test_aurp_S6_a_duplicate_is_acknowledged_again_and_not_applied_again(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);
	const struct aurp_event *added = EVENTS({ AURP_EV_NA, net(201), 0 });
	const struct sent *s;

	(void)state;
	mate_ri_upd(&m, 2, added);
	s = mate_take(&m, AURP_RI_ACK);
	assert_int_equal(s->h.flags, AURP_SZI);
	/* As if something withdrew it meanwhile, so that applying it twice would show. */
	router_tick(lab->rig->r, lab->rig->now);
	route_offer_no_peer(&lab->rig->r->routes,
		&container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel)->offers);
	mate_ri_upd(&m, 2, added);
	s = mate_take(&m, AURP_RI_ACK);
	assert_int_equal(s->h.sequence, 2);
	/* The first one was lost, so this one asks for the zones again. */
	assert_int_equal(s->h.flags, AURP_SZI);
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 201), -1);
	assert_int_equal(lab_count(lab, "p0", "duplicates"), 1);
	lab_free(lab);
}

static void test_aurp_S7_one_too_many_ends_the_connection(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);
	const struct sent *s;

	(void)state;
	mate_subscribe(&m);
	mate_forget(&m);
	mate_ri_upd(&m, 3, EVENTS({ AURP_EV_NA, net(201), 0 }));
	/* No ack, no RD while there is a connection the other way (A9); routes gone; new ID. */
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(lab_distance(lab, 201), -1);
	s = mate_await(&m, AURP_OPEN_REQ, span_s(3));
	assert_int_not_equal(s->h.connection, m.dut_id);
	assert_int_equal(lab_count(lab, "p0", "out-of-sync"), 1);
	lab_free(lab);
}

static void test_aurp_S8_other_numbers_are_ignored(void **state)
{
	const uint16_t strange[] = { 5, 7, 65535, 0, 30000, 8 };
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	for (uint16_t i = 0; i < 4; i++)
		mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), (uint8_t)i }));
	/* Six is expected: five was seen, seven would be too many. */
	for (unsigned i = 2; i < 6; i++)
		mate_ri_upd(&m, strange[i], EVENTS({ AURP_EV_NA, net(201), 0 }));
	mate_ri_upd(&m, 4, EVENTS({ AURP_EV_NA, net(201), 0 }));
	assert_null(mate_find(&m));
	assert_int_equal(lab_distance(lab, 201), -1);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-sequence"), 5);
	mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 0 }));
	assert_int_equal(lab_distance(lab, 201), 1);
	lab_free(lab);
}

static void test_aurp_S2_numbers_go_round(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	/* 65534 updates, as the connection would see them in years. */
	for (unsigned n = 2; n <= 65535; n++) {
		mate_ri_upd(&m, (uint16_t)n, EVENTS({ AURP_EV_NDC, net(200), (uint8_t)(n & 7) }));
		assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, n);
		if (n % 1000 == 0) {
			lab_free_sent(lab);
			rig_clear(lab->rig);
		}
	}
	mate_ri_upd(&m, 1, EVENTS({ AURP_EV_NDC, net(200), 9 }));
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 1);
	assert_int_equal(lab_distance(lab, 200), 10);
	/* And 65535 is the one before it. */
	mate_ri_upd(&m, 1, EVENTS({ AURP_EV_NDC, net(200), 3 }));
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 200), 10);
	lab_free(lab);
}

/* --- the list ------------------------------------------------------------------------------ */

static void test_aurp_R2_stored_distance_is_one_more(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	/* The networks of vector V3. */
	mate_serve(&m, NETWORKS({ net(15), 0 }, { nets(100, 109), 2 }, { nets(13, 13), 1 }));
	assert_int_equal(lab_distance(lab, 15), 1);
	assert_int_equal(lab_distance(lab, 100), 3);
	assert_int_equal(lab_distance(lab, 109), 3);
	assert_int_equal(lab_distance(lab, 13), 2);
	assert_string_equal(lab_via(lab, 105), "p0");
	lab_free(lab);
}

static void test_aurp_S15_ri_req_is_repeated_and_then_given_up(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	int asked = 1;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	while ((s = mate_await_any(&m, span_s(60))) && s->h.msg == AURP_RI_REQ) {
		assert_int_equal(s->h.connection, m.dut_id);
		asked++;
	}
	assert_int_equal(asked, 10);
	assert_int_equal(s->h.msg, AURP_OPEN_REQ);
	assert_int_not_equal(s->h.connection, m.dut_id);
	lab_free(lab);
}

static void test_list_in_several_packets(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, 0, NETWORKS({ net(200), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_states(lab, "p0", "wait-ri-rsp", "unconnected");
	/* The rest does not come: it asks again, on the same connection. */
	mate_await(&m, AURP_RI_REQ, span_s(10));
	mate_ri_rsp(&m, 2, AURP_LAST, NETWORKS({ net(201), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_states(lab, "p0", "connected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_int_equal(lab_distance(lab, 201), 1);
	lab_free(lab);
}

static void test_aurp_U45_a_new_list_replaces_the_old_one_when_it_is_whole(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 0 }, { net(202), 0 }));
	mate_ri_rsp(&m, 2, 0, NETWORKS({ net(200), 0 }));
	mate_ri_rsp(&m, 3, 0, NETWORKS({ net(203), 0 }));
	assert_int_equal(lab_distance(lab, 201), 1);
	mate_ri_rsp(&m, 4, AURP_LAST, NETWORKS({ net(202), 3 }));
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_int_equal(lab_distance(lab, 201), -1);
	assert_int_equal(lab_distance(lab, 202), 4);
	assert_int_equal(lab_distance(lab, 203), 1);
	assert_int_equal(lab_peer(lab, "p0").routes, 3);
	lab_free(lab);
}

static void test_empty_list_is_a_list(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(0), 0 }));
	assert_states(lab, "p0", "connected", "unconnected");
	lab_free(lab);
}

/* --- odd packets --------------------------------------------------------------------------- */

static void test_aurp_X5_impossible_tuples_are_left_out_and_counted(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	/* Net 0; FF00; 109-100; 200; then a tuple that is cut short. */
	const char body[] = "\0\0\0" "\xFF\0\0" "\0\x6D\x80\0\x64\0" "\0\xC8\0" "\0\xC9\x80\0";

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_say(&m, (struct aurp){ m.dut_id, 1, AURP_LAST, AURP_RI_RSP }, body, sizeof(body) - 1);
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_peer(lab, "p0").routes, 1);
	assert_int_equal(lab_distance(lab, 200), 1);
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-tuple"), 4);
	assert_int_equal(rig_last(lab->rig, TRACE_PEER_BAD_TUPLES)->event.number, 4);
	lab_free(lab);
}

static void test_aurp_U10_zone_change_ends_the_packet_but_not_the_session(void **state)
{
	const char body[] = "\1\0\xC9\0" "\5\0\xC8\0\1\0\xCA\0";
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_say(&m, (struct aurp){ m.dut_id, 2, 0, AURP_RI_UPD }, body, sizeof(body) - 1);
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 2);
	assert_int_equal(lab_distance(lab, 201), 1);
	assert_int_equal(lab_distance(lab, 202), -1);
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_ri_upd(&m, 3, EVENTS({ AURP_EV_NA, net(202), 0 }));
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 202), 1);
	lab_free(lab);
}

static void test_aurp_U11_null_events_are_acknowledged_in_every_form(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_say(&m, (struct aurp){ m.dut_id, 2, 0, AURP_RI_UPD }, "\0\0\0\0", 4);
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 2);
	mate_say(&m, (struct aurp){ m.dut_id, 3, 0, AURP_RI_UPD }, "\0", 1);
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 3);
	mate_say(&m, (struct aurp){ m.dut_id, 4, 0, AURP_RI_UPD }, "\0\0\1\0\xC9\0\0", 7);
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.sequence, 4);
	assert_int_equal(lab_distance(lab, 201), 1);
	lab_free(lab);
}

static void test_aurp_S20_spare_flags_mean_nothing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_say(&m, (struct aurp){ m.dut_id, 0, 0x9FFF, AURP_OPEN_RSP }, "\0\1\0", 3);
	mate_take(&m, AURP_RI_REQ);
	assert_false(lab_peer(lab, "p0").remaps);
	mate_say(&m, (struct aurp){ m.dut_id, 1, 0x7FFF, AURP_RI_RSP }, "\0\xC8\0", 3);
	mate_take(&m, AURP_RI_ACK);
	assert_string_equal(lab_peer(lab, "p0").recv, "wait-ri-rsp");
	mate_say(&m, (struct aurp){ m.dut_id, 2, 0xFFFF, AURP_RI_RSP }, "", 0);
	mate_take(&m, AURP_RI_ACK);
	assert_string_equal(lab_peer(lab, "p0").recv, "connected");
	mate_say(&m, (struct aurp){ m.dut_id, 3, 0xFFFF, AURP_RI_UPD }, "\4\0\xC8\5", 4);
	mate_take(&m, AURP_RI_ACK);
	assert_int_equal(lab_distance(lab, 200), 6);
	mate_say(&m, (struct aurp){ m.id, 0, 0x87FF, AURP_OPEN_REQ }, "\0\1\0", 3);
	s = mate_take(&m, AURP_OPEN_RSP);
	assert_int_equal(s->h.flags, 0);
	mate_say(&m, (struct aurp){ m.id, 0, 0xFFFF, AURP_TICKLE }, "", 0);
	assert_int_equal(mate_take(&m, AURP_TICKLE_ACK)->h.flags, 0);
	lab_free(lab);
}

/* --- events -------------------------------------------------------------------------------- */

static void test_aurp_U8_distance_change_to_fifteen_is_a_deletion(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), 15 }));
	assert_int_equal(lab_distance(lab, 200), -1);
	assert_int_equal(lab_peer(lab, "p0").routes, 0);
	/* Not for an unknown network either. */
	mate_update(&m, EVENTS({ AURP_EV_NDC, net(300), 15 }));
	assert_null(rig_route(lab->rig, 300));
	lab_free(lab);
}

/* What an NA or a whole list says of a known network counts as an NDC does. */
static void test_aurp_U8_a_known_network_offered_again_at_fifteen_turns_bad(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_update(&m, EVENTS({ AURP_EV_NA, net(200), 14 }));
	assert_int_equal(lab_distance(lab, 200), 15);
	for (uint8_t distance = 15; distance <= 31; distance += 16) {
		mate_update(&m, EVENTS({ AURP_EV_NA, net(200), distance }));
		assert_int_equal(lab_distance(lab, 200), -1);
		assert_true(route_is_bad(rig_route(lab->rig, 200)));
		assert_int_equal(lab_peer(lab, "p0").routes, 0);
		mate_update(&m, EVENTS({ AURP_EV_NA, net(200), 3 }));
		assert_int_equal(lab_distance(lab, 200), 4);
	}
	lab_free(lab);
}

static void test_aurp_U18_events_count_in_their_order(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 0 }, { AURP_EV_ND, net(201), 0 },
			       { AURP_EV_ND, net(200), 0 }, { AURP_EV_NA, net(200), 6 }));
	assert_int_equal(lab_distance(lab, 201), -1);
	assert_int_equal(lab_distance(lab, 200), 7);
	lab_free(lab);
}

static void test_aurp_U24_deletion_of_the_unknown_is_ignored(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	mate_update(&m, EVENTS({ AURP_EV_ND, net(300), 0 }, { AURP_EV_NRC, net(301), 0 },
			       { AURP_EV_ND, net(20), 0 }));
	assert_null(rig_route(lab->rig, 300));
	assert_int_equal(lab_distance(lab, 20), 2);
	assert_int_equal(lab_distance(lab, 200), 1);
	lab_free(lab);
}

static void test_aurp_U25_distance_change_of_the_unknown_is_an_addition(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);
	const struct sent *s;

	(void)state;
	/* SZI would not cover it (Z5), so its zones are asked for. */
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NDC, net(201), 3 })), 0);
	assert_int_equal(lab_distance(lab, 201), 4);
	s = mate_await(&m, AURP_ZI_REQ, span_s(1));
	assert_memory_equal(s->body.pos, "\0\xC9", 2);
	lab_free(lab);
}

static void test_aurp_U26_U32_addition_of_the_known_is_a_distance_change(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NA, net(200), 6 })), 0);
	assert_int_equal(lab_distance(lab, 200), 7);
	assert_int_equal(lab_peer(lab, "p0").routes, 1);
	assert_true(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_aurp_U20_all_kinds_of_events_are_taken_in_one_packet(void **state)
{
	struct mate m;
	struct lab *lab = lab_served(&m);

	(void)state;
	mate_update(&m, EVENTS({ AURP_EV_NA, nets(300, 309), 0 }, { AURP_EV_NA, net(310), 0 }));
	mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), 4 }, { AURP_EV_NRC, net(310), 0 },
			       { AURP_EV_ND, nets(300, 309), 0 }, { AURP_EV_NA, net(311), 2 }));
	assert_int_equal(lab_distance(lab, 200), 5);
	assert_int_equal(lab_distance(lab, 310), -1);
	assert_int_equal(lab_distance(lab, 305), -1);
	assert_int_equal(lab_distance(lab, 311), 3);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_S5_S25_the_next_packet_is_acknowledged_with_its_number),
		cmocka_unit_test(
			test_aurp_S6_a_duplicate_is_acknowledged_again_and_not_applied_again),
		cmocka_unit_test(test_aurp_S7_one_too_many_ends_the_connection),
		cmocka_unit_test(test_aurp_S8_other_numbers_are_ignored),
		cmocka_unit_test(test_aurp_S2_numbers_go_round),
		cmocka_unit_test(test_aurp_R2_stored_distance_is_one_more),
		cmocka_unit_test(test_aurp_S15_ri_req_is_repeated_and_then_given_up),
		cmocka_unit_test(test_list_in_several_packets),
		cmocka_unit_test(test_aurp_U45_a_new_list_replaces_the_old_one_when_it_is_whole),
		cmocka_unit_test(test_empty_list_is_a_list),
		cmocka_unit_test(test_aurp_X5_impossible_tuples_are_left_out_and_counted),
		cmocka_unit_test(test_aurp_U10_zone_change_ends_the_packet_but_not_the_session),
		cmocka_unit_test(test_aurp_U11_null_events_are_acknowledged_in_every_form),
		cmocka_unit_test(test_aurp_S20_spare_flags_mean_nothing),
		cmocka_unit_test(test_aurp_U8_distance_change_to_fifteen_is_a_deletion),
		cmocka_unit_test(
			test_aurp_U8_a_known_network_offered_again_at_fifteen_turns_bad),
		cmocka_unit_test(test_aurp_U18_events_count_in_their_order),
		cmocka_unit_test(test_aurp_U24_deletion_of_the_unknown_is_ignored),
		cmocka_unit_test(test_aurp_U25_distance_change_of_the_unknown_is_an_addition),
		cmocka_unit_test(test_aurp_U26_U32_addition_of_the_known_is_a_distance_change),
		cmocka_unit_test(test_aurp_U20_all_kinds_of_events_are_taken_in_one_packet),
	};

	return cmocka_run_group_tests_name("aurp_recv", tests, NULL, NULL);
}
