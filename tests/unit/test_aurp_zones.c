/* core/aurp_zone_ask.c and aurp_zone_answer.c: ZI, GZN and GDZL in both directions (aurp Z, X7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* The numbers in a ZI-Req. */
static size_t asked_nets(const struct sent *s, uint16_t *n, size_t max)
{
	struct rd r = s->body;
	size_t count = 0;

	while (count < max && aurp_next_zi_net(&r, &n[count]))
		count++;
	return count;
}

/* The tuples of a ZI-Rsp; *count is its count field. */
static size_t answered(const struct sent *s, struct aurp_zone *t, size_t max, uint16_t *count)
{
	static struct aurp_zone_reader z;
	struct rd r = s->body;
	enum tuple_step step = TUPLE_OK;
	size_t n = 0;

	assert_true(aurp_decode_zi_rsp(&r, &z));
	*count = z.count;
	while (n < max && (step = aurp_next_zone(&z, &t[n])) == TUPLE_OK)
		n++;
	assert_int_equal(step, TUPLE_END);
	return n;
}

static void make_names(char name[][AT_ZONE_NAME_MAX + 1], const char **list, unsigned n, int width)
{
	for (unsigned i = 0; i < n; i++) {
		snprintf(name[i], sizeof(name[i]), "Zone %0*u", width, i);
		list[i] = name[i];
	}
	list[n] = NULL;
}

/* A whole ZI-Rsp body from tuples, as given. */
static void say_zones(const struct mate *m, enum aurp_msg msg, const char *body, size_t n)
{
	mate_say(m, (struct aurp){ m->dut_id, 0, 0, msg }, body, n);
}

/* --- we ask -------------------------------------------------------------------------------- */

static void test_aurp_Z6_szi_is_set_where_zones_are_missing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	assert_int_equal(mate_take(&m, AURP_RI_ACK)->h.flags, AURP_SZI);
	m.sequence = 2;
	mate_zi_rsp(&m, 200, ZONES("Far"));
	/* Nothing new to know. */
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NDC, net(200), 2 })), 0);
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 })), 0);
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 2 })), AURP_SZI);
	lab_free(lab);
}

static void test_aurp_Z7_zones_may_come_before_the_next_part_of_the_list(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_resolve(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_take(&m, AURP_RI_REQ);
	mate_ri_rsp(&m, 1, 0, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	assert_true(lab_has_zone(lab, 200, "Far"));
	mate_ri_rsp(&m, 2, AURP_LAST, NETWORKS({ net(201), 0 }));
	assert_true(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_aurp_Z1_Z2_Z8_lost_zones_are_asked_for_until_they_come(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	uint16_t n[8];
	const struct sent *s;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(200, 209), 0 }, { net(220), 1 }, { net(230), 1 }));
	mate_zi_rsp(&m, 220, ZONES("Near by"));
	/* Three times nothing comes back. */
	for (int i = 0; i < 3; i++) {
		s = mate_await(&m, AURP_ZI_REQ, span_s(41));
		assert_int_equal(s->h.connection, m.dut_id);
		assert_int_equal(s->h.sequence, 0);
		assert_int_equal(asked_nets(s, n, 8), 2);
		/* An extended network by its first number. */
		assert_int_equal(n[0], 200);
		assert_int_equal(n[1], 230);
	}
	mate_zi_rsp(&m, 200, ZONES("Far", "Further"));
	s = mate_await(&m, AURP_ZI_REQ, span_s(100));
	assert_int_equal(asked_nets(s, n, 8), 1);
	assert_int_equal(n[0], 230);
	mate_zi_rsp(&m, 230, ZONES("Furthest"));
	lab_run(lab, span_s(80));
	while ((s = mate_find(&m)) != NULL)
		mate_take(&m, AURP_TICKLE);
	assert_true(lab_has_zone(lab, 200, "Further"));
	lab_free(lab);
}

static void test_aurp_Z9_asking_gets_rarer_and_never_ends(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;
	struct instant last, start;
	int n = 0;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(100000);
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	start = last = lab->rig->now;
	for (int64_t gap = 10; span_to_s(instant_since(last, start)) < 3600; n++) {
		const struct sent *s = mate_await(&m, AURP_ZI_REQ, span_s(310));

		if (n > 0) {
			assert_int_equal(span_to_s(instant_since(s->at, last)), gap);
			gap = gap * 2 > 300 ? 300 : gap * 2;
		}
		last = s->at;
	}
	assert_in_range(n, 14, 20);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_ZONES_MISSING), 1);
	assert_int_equal(rig_last(lab->rig, TRACE_PEER_ZONES_MISSING)->event.range.first, 200);
	lab_free(lab);
}

static void test_aurp_Z12_Z15_every_tuple_counts_whatever_the_count(void **state)
{
	/* Vector V5 with 15 for 5 and a count of 1. */
	const char body[] = "\0\1\0\x0F\5Sales" "\0\x64\x80\0" "\0\x64\3R&D" "\0\x0D\x80\x0C";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(15), 0 }, { nets(100, 109), 2 }, { nets(13, 13), 1 }));
	say_zones(&m, AURP_ZI_RSP, body, sizeof(body) - 1);
	assert_true(lab_has_zone(lab, 15, "Sales"));
	assert_true(lab_has_zone(lab, 100, "Sales"));
	assert_true(lab_has_zone(lab, 100, "R&D"));
	assert_true(lab_has_zone(lab, 13, "R&D"));
	lab_free(lab);
}

static void test_aurp_Z17_an_extended_list_is_whole_with_its_total_and_grows_after(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct route *route;

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	route = (struct route *)(uintptr_t)rig_route(lab->rig, 100);
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\5Sales\0\x64\3R&D", 16);
	assert_false(route->zones.is_complete);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	/* The same again brings it no nearer: distinct names count. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\5SALES\0\x64\3R&D", 16);
	assert_false(route->zones.is_complete);
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\3\0\x64\4Labs", 9);
	assert_true(lab_has_zone(lab, 100, "Sales"));
	assert_true(lab_has_zone(lab, 100, "Labs"));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\4\0\x64\4Late", 9);
	assert_true(lab_has_zone(lab, 100, "Late"));
	assert_int_equal(route->zones.used, 4);
	lab_free(lab);
}

static void test_an_extended_total_that_is_never_reached_keeps_us_asking(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\x09\0\x64\5Sales\0\x64\3R&D", 16);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	mate_await(&m, AURP_ZI_REQ, span_s(21));
	assert_false(lab_has_zone(lab, 100, "Sales"));
	lab_free(lab);
}

static void test_extended_form_with_several_networks_is_read_as_darwin_means_it(void **state)
{
	const char body[] = "\0\3\0\x64\5Sales" "\0\x64\3R&D" "\0\x0D\x80\x08";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }, { nets(13, 13), 1 }));
	say_zones(&m, AURP_ZI_RSP_EXT, body, sizeof(body) - 1);
	assert_true(lab_has_zone(lab, 100, "R&D"));
	assert_true(lab_has_zone(lab, 13, "R&D"));
	/* Its next packet goes on where this one ended. */
	say_zones(&m, AURP_ZI_RSP_EXT, "\0\2\0\x0D\4More\0\x64\4Late", 17);
	assert_true(lab_has_zone(lab, 13, "More"));
	assert_true(lab_has_zone(lab, 100, "Late"));
	lab_free(lab);
}

static void test_lists_with_a_gap_are_not_whole(void **state)
{
	/* An offset that leads nowhere; then a name that is cut. */
	const char gap[] = "\0\2\0\x64\5Sales" "\0\x64\x80\x40";
	const char cut[] = "\0\2\0\x64\5Sales" "\0\x64\4La";
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ nets(100, 109), 2 }));
	say_zones(&m, AURP_ZI_RSP, gap, sizeof(gap) - 1);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-tuple"), 1);
	say_zones(&m, AURP_ZI_RSP, cut, sizeof(cut) - 1);
	assert_false(lab_has_zone(lab, 100, "Sales"));
	assert_int_equal(lab_count(lab, "p0", "aurp-malformed"), 1);
	mate_zi_rsp(&m, 100, ZONES("Sales", "Labs"));
	assert_true(lab_has_zone(lab, 100, "Sales"));
	lab_free(lab);
}

static void test_zones_of_networks_that_are_not_the_peers_are_ignored(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	mate_zi_rsp(&m, 300, ZONES("Mine"));
	mate_zi_rsp(&m, 3, ZONES("Mine"));
	mate_zi_rsp(&m, 999, ZONES("Mine"));
	assert_false(lab_has_zone(lab, 300, "Mine"));
	assert_false(lab_has_zone(lab, 3, "Mine"));
	assert_int_equal(lab_count(lab, "p0", "zip-unexpected"), 3);
	lab_free(lab);
}

static void test_aurp_Z23_zones_survive_a_change_of_path(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_serve(&n, NETWORKS({ net(200), 5 }));
	mate_forget(&n);
	mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_string_equal(lab_via(lab, 200), "p1");
	assert_true(lab_has_zone(lab, 200, "Far"));
	mate_assert_silence(&n, span_s(30));
	lab_free(lab);
}

static void test_a_network_that_comes_back_may_have_other_zones(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_update(&m, EVENTS({ AURP_EV_ND, net(200), 0 }));
	assert_int_equal(mate_update(&m, EVENTS({ AURP_EV_NA, net(200), 0 })), AURP_SZI);
	assert_false(lab_has_zone(lab, 200, "Far"));
	mate_zi_rsp(&m, 200, ZONES("Elsewhere"));
	assert_true(lab_has_zone(lab, 200, "Elsewhere"));
	assert_false(lab_has_zone(lab, 200, "Far"));
	lab_free(lab);
}

static void test_aurp_Z21_names_pass_byte_for_byte(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct route *route;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("\x80\xFF\x01 \xCA*"));
	route = rig_route(lab->rig, 200);
	assert_memory_equal(route->zones.zone[0]->name.byte, "\x80\xFF\x01 \xCA*", 6);
	lab_free(lab);
}

static void test_aurp_O8_zones_that_found_no_room_are_asked_for_again(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->rig->config.max_zones = 3;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_zi_rsp(&m, 201, ZONES("Further"));
	assert_false(lab_has_zone(lab, 201, "Further"));
	assert_int_equal(lab_count(lab, "p0", "aurp-table-full"), 1);
	lab->rig->config.max_zones = 10;
	lab_apply(lab);
	mate_await(&m, AURP_ZI_REQ, span_s(11));
	mate_zi_rsp(&m, 201, ZONES("Further"));
	assert_true(lab_has_zone(lab, 201, "Further"));
	lab_free(lab);
}

/* --- we answer ----------------------------------------------------------------------------- */

static void test_aurp_Z3_Z4_Z11_szi_on_the_ack_of_a_list_brings_all_its_zones(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_zone t[8];
	const struct sent *s;
	uint16_t count;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_take(&m, AURP_RI_RSP);
	mate_ack(&m, 1, AURP_SZI);
	s = mate_take(&m, AURP_ZI_RSP);
	assert_int_equal(s->h.connection, m.id);
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0);
	assert_int_equal(answered(s, t, 8, &count), 3);
	assert_int_equal(count, 3);
	assert_int_equal(t[0].net, 3);
	assert_name(&t[0].zone, "EtherTalk");
	assert_int_equal(t[1].net, 3);
	assert_name(&t[1].zone, "Caf\x8E");
	assert_int_equal(t[2].net, 20);
	assert_name(&t[2].zone, "Near");
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_Z5_Z6_szi_on_the_ack_of_an_update_brings_those_of_added_networks(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_zone t[8];
	uint16_t count;
	const struct sent *s;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, net(21), 2, "Near");
	mate_join(&m);
	lab_net_gone(lab, 20);
	lab_net(lab, net(21), 5, NULL);
	lab_net(lab, net(22), 2, "New");
	s = mate_await(&m, AURP_RI_UPD, span_s(11));
	mate_ack(&m, s->h.sequence, AURP_SZI);
	s = mate_take(&m, AURP_ZI_RSP);
	assert_int_equal(answered(s, t, 8, &count), 1);
	assert_int_equal(t[0].net, 22);
	/* Nothing was added: nothing comes; the same for a probe. */
	lab_net(lab, net(21), 3, NULL);
	mate_ack(&m, mate_await(&m, AURP_RI_UPD, span_s(11))->h.sequence, AURP_SZI);
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_Z26_what_is_not_exported_is_passed_over(void **state)
{
	const uint16_t ask[] = { 200, 20, 999, 0, 65535, 3, 23 };
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_zone t[8];
	uint16_t count;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, net(23), 2, NULL);
	mate_join(&m);
	mate_zi_req(&m, ask, 7);
	assert_int_equal(answered(mate_take(&m, AURP_ZI_RSP), t, 8, &count), 3);
	assert_int_equal(t[0].net, 20);
	assert_int_equal(t[1].net, 3);
	assert_int_equal(t[2].net, 3);
	assert_null(mate_find(&m));
	/* All of it unknown: no answer at all. */
	mate_zi_req(&m, ask + 2, 3);
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_Z14_a_name_is_written_once(void **state)
{
	const uint16_t ask[] = { 20, 21, 22 };
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	for (uint16_t n = 20; n <= 22; n++)
		lab_net(lab, net(n), 2, "Near");
	mate_join(&m);
	mate_zi_req(&m, ask, 3);
	s = mate_take(&m, AURP_ZI_RSP);
	assert_int_equal(rd_left(&s->body), 2 + 7 + 4 + 4);
	assert_memory_equal(s->body.pos, "\0\3\0\x14\4Near\0\x15\x80\0\0\x16\x80\0", 17);
	lab_free(lab);
}

static void test_aurp_Z10_Z13_lists_of_many_networks_fill_packets_network_by_network(void **state)
{
	char name[20][AT_ZONE_NAME_MAX + 1];
	const char *list[21];
	uint16_t ask[40], seen = 0;
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	int packets = 0;

	(void)state;
	/* Twenty names of 27 bytes for each of five ranges: each list fits a packet, no two do. */
	for (uint16_t k = 0; k < 5; k++) {
		make_names(name, list, 20, 20);
		for (int i = 0; i < 20; i++)
			name[i][0] = (char)('A' + k);
		lab_net(lab, nets((uint16_t)(100 + 10 * k), (uint16_t)(109 + 10 * k)), 2, NULL);
		lab_zones(lab, (uint16_t)(100 + 10 * k), list);
		ask[k] = (uint16_t)(100 + 10 * k);
	}
	mate_join(&m);
	mate_zi_req(&m, ask, 5);
	while ((s = mate_find(&m)) != NULL) {
		struct aurp_zone t[300];
		uint16_t count;
		size_t n = answered(s, t, 300, &count);

		mate_take(&m, AURP_ZI_RSP);
		assert_true(s->raw_len <= AURP_SEND_MAX);
		assert_int_equal(n, 20);
		assert_int_equal(count, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(t[i].net, 100 + 10 * packets);
		seen = t[0].net;
		packets++;
	}
	assert_int_equal(packets, 5);
	assert_int_equal(seen, 140);
	lab_free(lab);
}

static void test_one_list_too_long_for_a_packet_comes_in_a_longer_one(void **state)
{
	char name[40][AT_ZONE_NAME_MAX + 1];
	const char *list[41];
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_zone t[300];
	const struct sent *s;
	uint16_t count;

	(void)state;
	make_names(name, list, 40, 25);
	lab_net(lab, nets(100, 109), 2, NULL);
	lab_zones(lab, 100, list);
	mate_join(&m);
	mate_zi_req(&m, (const uint16_t[]){ 3, 100 }, 2);
	assert_int_equal(answered(mate_take(&m, AURP_ZI_RSP), t, 300, &count), 2);
	s = mate_take(&m, AURP_ZI_RSP);
	assert_in_range(s->raw_len, AURP_SEND_MAX + 1, AURP_SEND_ZONES_MAX);
	assert_int_equal(answered(s, t, 300, &count), 40);
	assert_null(mate_find(&m));
	lab_free(lab);
}

static void test_aurp_Z10_Z16_the_longest_list_comes_in_the_extended_form(void **state)
{
	static char name[255][AT_ZONE_NAME_MAX + 1];
	static const char *list[256];
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	size_t total = 0, packets = 0;

	(void)state;
	make_names(name, list, 255, 27);
	lab_net(lab, nets(100, 109), 2, NULL);
	lab_zones(lab, 100, list);
	mate_join(&m);
	mate_zi_req(&m, (const uint16_t[]){ 100, 3 }, 2);
	while (mate_find(&m)->h.msg == AURP_ZI_RSP_EXT) {
		struct aurp_zone t[300];
		uint16_t count;
		size_t n;

		s = mate_take(&m, AURP_ZI_RSP_EXT);
		n = answered(s, t, 300, &count);
		assert_int_equal(count, 255);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(t[i].net, 100);
			assert_int_equal(t[i].zone.len, 32);
		}
		/* Long tuples only. */
		assert_int_equal(rd_left(&s->body), 2 + 35 * n);
		total += n;
		packets++;
	}
	assert_int_equal(total, 255);
	assert_int_equal(packets, 16);
	mate_take(&m, AURP_ZI_RSP);
	lab_free(lab);
}

/* --- GZN and GDZL -------------------------------------------------------------------------- */

static const struct sent *ask_zone(const struct mate *m, const char *zone)
{
	const struct at_name name = name_of(zone);
	uint8_t body[40];
	struct wr w = wr_over(body, sizeof(body));

	aurp_encode_gzn_req(&w, &name);
	mate_say(m, (struct aurp){ m->id, 0, 0, AURP_GZN_REQ }, body, wr_len(&w));
	return mate_take(m, AURP_GZN_RSP);
}

static const struct sent *ask_zone_list(const struct mate *m, uint16_t start)
{
	const uint8_t body[2] = { (uint8_t)(start >> 8), (uint8_t)start };

	mate_say(m, (struct aurp){ m->id, 0, 0, AURP_GDZL_REQ }, body, 2);
	return mate_take(m, AURP_GDZL_RSP);
}

static void test_aurp_Z18_Z20_gzn_lists_the_networks_of_a_zone(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	struct aurp_gzn_rsp rsp;
	struct aurp_network n;
	struct rd r;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, nets(30, 39), 4, "NEAR");
	lab_net(lab, net(40), 4, "Other");
	mate_join(&m);
	s = ask_zone(&m, "nEar");
	assert_int_equal(s->h.sequence, 0);
	assert_int_equal(s->h.flags, 0);
	r = s->body;
	assert_true(aurp_decode_gzn_rsp(&r, &rsp));
	assert_name(&rsp.zone, "nEar");
	assert_int_equal(rsp.count, 2);
	assert_int_equal(aurp_next_network(&rsp.networks, &n), TUPLE_OK);
	assert_int_equal(n.range.first, 20);
	assert_int_equal(n.distance, 2);
	assert_int_equal(aurp_next_network(&rsp.networks, &n), TUPLE_OK);
	assert_int_equal(n.range.last, 39);
	assert_int_equal(aurp_next_network(&rsp.networks, &n), TUPLE_END);
	/* Unknown, and known behind the tunnel only. */
	r = ask_zone(&m, "Nowhere")->body;
	assert_true(aurp_decode_gzn_rsp(&r, &rsp));
	assert_int_equal(rsp.count, 0);
	r = ask_zone(&m, "Far")->body;
	assert_true(aurp_decode_gzn_rsp(&r, &rsp));
	assert_int_equal(rsp.count, 0);
	lab_free(lab);
}

static void test_aurp_Z20_gzn_counts_what_does_not_fit(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_gzn_rsp rsp;
	struct aurp_network n;
	size_t listed = 0;
	struct rd r;

	(void)state;
	for (uint16_t i = 1; i <= 250; i++)
		lab_net(lab, net((uint16_t)(1000 + i)), 2, "Near");
	mate_join(&m);
	r = ask_zone(&m, "Near")->body;
	assert_true(aurp_decode_gzn_rsp(&r, &rsp));
	assert_int_equal(rsp.count, 250);
	while (aurp_next_network(&rsp.networks, &n) == TUPLE_OK)
		listed++;
	assert_in_range(listed, 190, 197);
	lab_free(lab);
}

static void test_aurp_Z18_Z19_gdzl_lists_the_zones_of_the_local_internet(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct aurp_gdzl_rsp rsp;
	struct at_name name;
	const struct sent *s;
	struct rd r;

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	mate_join(&m);
	s = ask_zone_list(&m, 1);
	assert_int_equal(s->h.flags, AURP_LAST);
	assert_int_equal(s->h.sequence, 0);
	r = s->body;
	assert_true(aurp_decode_gdzl_rsp(&r, &rsp));
	assert_int_equal(rsp.start, 1);
	/* "Far" is behind the tunnel. */
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_OK);
	assert_name(&name, "Caf\x8E");
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_OK);
	assert_name(&name, "EtherTalk");
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_OK);
	assert_name(&name, "Near");
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_END);
	r = ask_zone_list(&m, 3)->body;
	assert_true(aurp_decode_gdzl_rsp(&r, &rsp));
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_OK);
	assert_name(&name, "Near");
	assert_int_equal(aurp_next_zone_name(&rsp.zones, &name), TUPLE_END);
	/* Past the end. */
	s = ask_zone_list(&m, 4);
	assert_int_equal(s->h.flags, AURP_LAST);
	assert_int_equal(rd_left(&s->body), 2);
	lab_free(lab);
}

static void test_aurp_Z19_gdzl_goes_on_where_the_last_answer_ended(void **state)
{
	static char name[100][AT_ZONE_NAME_MAX + 1];
	static const char *list[101];
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct sent *s;
	uint16_t next = 1;
	int packets = 0;

	(void)state;
	make_names(name, list, 100, 20);
	lab_net(lab, nets(100, 109), 2, NULL);
	lab_zones(lab, 100, list);
	mate_join(&m);
	do {
		struct aurp_gdzl_rsp rsp;
		struct at_name zone;
		struct rd r;

		s = ask_zone_list(&m, next);
		r = s->body;
		assert_true(aurp_decode_gdzl_rsp(&r, &rsp));
		assert_int_equal(rsp.start, next);
		while (aurp_next_zone_name(&rsp.zones, &zone) == TUPLE_OK)
			next++;
		packets++;
	} while (!(s->h.flags & AURP_LAST));
	/* A hundred and the two of our cable. */
	assert_int_equal(next, 103);
	assert_int_equal(packets, 5);
	lab_free(lab);
}

static void test_malformed_zone_queries_are_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	mate_say(&m, (struct aurp){ m.id, 0, 0, AURP_GZN_REQ }, "\0\0", 2);
	mate_say(&m, (struct aurp){ m.id, 0, 0, AURP_GZN_REQ }, "\x21" "AB", 3);
	mate_say(&m, (struct aurp){ m.id, 0, 0, AURP_GZN_REQ }, "\5AB", 3);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "aurp-malformed"), 3);
	lab_free(lab);
}

/* --- the meter ----------------------------------------------------------------------------- */

static void test_aurp_X7_queries_need_a_connection_and_are_metered(void **state)
{
	const uint16_t ask[] = { 3 };
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	unsigned answers = 0;

	(void)state;
	mate_resolve(&m);
	mate_forget(&m);
	mate_zi_req(&m, ask, 1);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "aurp-bad-connection"), 1);
	mate_join(&m);
	for (int i = 0; i < 1000; i++)
		mate_zi_req(&m, ask, 1);
	for (; mate_find(&m); answers++)
		mate_take(&m, AURP_ZI_RSP);
	assert_int_equal(answers, 256);
	assert_int_equal(lab_count(lab, "p0", "aurp-rate-limit"), 1000 - 256);
	/* It recovers. */
	lab_run(lab, span_s(1));
	for (int i = 0; i < 100; i++)
		mate_zi_req(&m, ask, 1);
	for (answers = 0; mate_find(&m); answers++)
		mate_take(&m, AURP_ZI_RSP);
	assert_int_equal(answers, 32);
	/* What an acknowledgement asks for comes all the same: some routers never ask again. */
	mate_ri_req(&m, AURP_SUI_ALL);
	mate_ack(&m, mate_take(&m, AURP_RI_RSP)->h.sequence, AURP_SZI);
	mate_take(&m, AURP_ZI_RSP);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_Z6_szi_is_set_where_zones_are_missing),
		cmocka_unit_test(test_aurp_Z7_zones_may_come_before_the_next_part_of_the_list),
		cmocka_unit_test(test_aurp_Z1_Z2_Z8_lost_zones_are_asked_for_until_they_come),
		cmocka_unit_test(test_aurp_Z9_asking_gets_rarer_and_never_ends),
		cmocka_unit_test(test_aurp_Z12_Z15_every_tuple_counts_whatever_the_count),
		cmocka_unit_test(test_aurp_Z17_an_extended_list_is_whole_with_its_total_and_grows_after),
		cmocka_unit_test(test_an_extended_total_that_is_never_reached_keeps_us_asking),
		cmocka_unit_test(test_extended_form_with_several_networks_is_read_as_darwin_means_it),
		cmocka_unit_test(test_lists_with_a_gap_are_not_whole),
		cmocka_unit_test(test_zones_of_networks_that_are_not_the_peers_are_ignored),
		cmocka_unit_test(test_aurp_Z23_zones_survive_a_change_of_path),
		cmocka_unit_test(test_a_network_that_comes_back_may_have_other_zones),
		cmocka_unit_test(test_aurp_Z21_names_pass_byte_for_byte),
		cmocka_unit_test(test_aurp_O8_zones_that_found_no_room_are_asked_for_again),
		cmocka_unit_test(test_aurp_Z3_Z4_Z11_szi_on_the_ack_of_a_list_brings_all_its_zones),
		cmocka_unit_test(test_aurp_Z5_Z6_szi_on_the_ack_of_an_update_brings_those_of_added_networks),
		cmocka_unit_test(test_aurp_Z26_what_is_not_exported_is_passed_over),
		cmocka_unit_test(test_aurp_Z14_a_name_is_written_once),
		cmocka_unit_test(test_aurp_Z10_Z13_lists_of_many_networks_fill_packets_network_by_network),
		cmocka_unit_test(test_one_list_too_long_for_a_packet_comes_in_a_longer_one),
		cmocka_unit_test(test_aurp_Z10_Z16_the_longest_list_comes_in_the_extended_form),
		cmocka_unit_test(test_aurp_Z18_Z20_gzn_lists_the_networks_of_a_zone),
		cmocka_unit_test(test_aurp_Z20_gzn_counts_what_does_not_fit),
		cmocka_unit_test(test_aurp_Z18_Z19_gdzl_lists_the_zones_of_the_local_internet),
		cmocka_unit_test(test_aurp_Z19_gdzl_goes_on_where_the_last_answer_ended),
		cmocka_unit_test(test_malformed_zone_queries_are_dropped),
		cmocka_unit_test(test_aurp_X7_queries_need_a_connection_and_are_metered),
	};

	return cmocka_run_group_tests_name("aurp_zones", tests, NULL, NULL);
}
