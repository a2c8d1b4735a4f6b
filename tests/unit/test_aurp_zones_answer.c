/* core/aurp_zone_answer.c: ZI, GZN and GDZL, asked of us (aurp Z, X7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

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
		cmocka_unit_test(test_aurp_Z3_Z4_Z11_szi_on_the_ack_of_a_list_brings_all_its_zones),
		cmocka_unit_test(
			test_aurp_Z5_Z6_szi_on_the_ack_of_an_update_brings_those_of_added_networks),
		cmocka_unit_test(test_aurp_Z26_what_is_not_exported_is_passed_over),
		cmocka_unit_test(test_aurp_Z14_a_name_is_written_once),
		cmocka_unit_test(
			test_aurp_Z10_Z13_lists_of_many_networks_fill_packets_network_by_network),
		cmocka_unit_test(test_one_list_too_long_for_a_packet_comes_in_a_longer_one),
		cmocka_unit_test(test_aurp_Z10_Z16_the_longest_list_comes_in_the_extended_form),
		cmocka_unit_test(test_aurp_Z18_Z20_gzn_lists_the_networks_of_a_zone),
		cmocka_unit_test(test_aurp_Z20_gzn_counts_what_does_not_fit),
		cmocka_unit_test(test_aurp_Z18_Z19_gdzl_lists_the_zones_of_the_local_internet),
		cmocka_unit_test(test_aurp_Z19_gdzl_goes_on_where_the_last_answer_ended),
		cmocka_unit_test(test_malformed_zone_queries_are_dropped),
		cmocka_unit_test(test_aurp_X7_queries_need_a_connection_and_are_metered),
	};

	return cmocka_run_group_tests_name("aurp_zones_answer", tests, NULL, NULL);
}
