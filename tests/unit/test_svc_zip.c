/* core/svc_zip.c: how we learn the zones of other networks, and Queries that we answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"
#include "zip.h"

/* Sends DDP data of type ZIP to us, built by the caller in `w`. */
static void say_zip(const struct station *s, const struct wr *w)
{
	assert_true(wr_ok(w));
	station_send(s, rig_socket(s->rig, s->link, 6), 6, DDP_ZIP, w->start, wr_len(w));
}

static const struct zone_list *zones_of(const struct rig *rig, uint16_t net)
{
	return rig_route(rig, net)->zones;
}

/* The networks of a Query that was heard. */
static size_t nets_of(const struct heard *h, uint16_t nets[ZIP_QUERY_NETS_MAX])
{
	struct rd body = h->body, list;
	uint16_t net;
	size_t n = 0;

	assert_true(zip_decode_query(&body, &list));
	while (zip_next_net(&list, &net))
		nets[n++] = net;
	return n;
}

/* P is known to AARP, so that Queries to it leave at once. */
static struct rig *up_with(const struct station *p)
{
	struct rig *rig = p->rig;

	station_aarp(p, ELAP_BROADCAST, AARP_REQUEST, p->addr, (struct mac){ { 0 } },
		rig->link[0].port->addr);
	rig_clear(rig);
	return rig;
}

/* --- asking ------------------------------------------------------------------------------ */

static void test_atalk_Z01_Z02_Z04_a_new_route_is_asked_about_at_once(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	uint16_t nets[ZIP_QUERY_NETS_MAX];
	const struct heard *h;

	(void)state;
	up_with(&p);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	h = rig_take(rig, 0, DDP_ZIP);
	assert_true(mac_eq(h->elap.dst, p.mac));
	assert_int_equal(h->ddp.dst.net, 5);
	assert_int_equal(h->ddp.dst.node, 200);
	assert_int_equal(h->ddp.dst.socket, 6);
	assert_int_equal(nets_of(h, nets), 2);
	assert_int_equal(nets[0], 20);
	assert_int_equal(nets[1], 30);
	assert_null(rig_find(rig, 0, DDP_ZIP));
	rig_free(rig);
}

static void test_atalk_Z01_a_network_that_went_is_asked_about_again(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_teach_baseline(&p);
	assert_true(zones_of(rig, 20)->is_complete);
	rig_run(rig, span_s(100));
	assert_null(rig_route(rig, 20));
	up_with(&p);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	assert_false(zones_of(rig, 20)->is_complete);
	assert_non_null(rig_find(rig, 0, DDP_ZIP));
	rig_free(rig);
}

static void test_atalk_Z03_a_mute_router_is_asked_every_10_s_for_ever(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	up_with(&p);
	for (int i = 0; i < 60; i++) {
		station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
		rig_run(rig, span_s(10));
		assert_in_range(rig_count(rig, 0, DDP_ZIP), 1, i == 0 ? 2 : 1);
		rig_clear(rig);
	}
	rig_free(rig);
}

static void test_atalk_Z04_many_networks_are_asked_for_in_few_packets(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig);
	bool seen[600] = { false };
	uint16_t nets[ZIP_QUERY_NETS_MAX];
	const struct heard *h;
	size_t packets = 0;

	(void)state;
	for (uint16_t block = 0; block < 12; block++) {
		struct rtmp_tuple t[51] = { 0 };

		for (uint16_t i = 0; i < 50; i++)
			t[i] = (struct rtmp_tuple)NONEXT((uint16_t)(1000 + 50 * block + i), 1);
		station_rtmp(block % 2 ? &p : &q, 3, 5, t);
	}
	rig_run(rig, span_ms(10500));
	up_with(&p);
	station_aarp(&q, ELAP_BROADCAST, AARP_REQUEST, q.addr, (struct mac){ { 0 } },
		(struct at_addr){ 3, 128 });
	rig_run(rig, span_ms(500));
	rig_clear(rig);
	rig_run(rig, span_ms(9900));
	while ((h = rig_find(rig, 0, DDP_ZIP)) != NULL) {
		size_t n = nets_of(h, nets);

		packets++;
		for (size_t i = 0; i < n; i++) {
			uint16_t k = (uint16_t)(nets[i] - 1000);

			assert_false(seen[k]);
			seen[k] = true;
			/* Each router is asked for its own. */
			assert_int_equal(h->ddp.dst.node, k / 50 % 2 ? 200 : 201);
		}
	}
	assert_int_equal(packets, 4);
	for (size_t i = 0; i < 600; i++)
		assert_true(seen[i]);
	rig_free(rig);
}

/* --- Replies ----------------------------------------------------------------------------- */

static void test_atalk_Z05_Q30_plain_replies_are_read_to_their_end(void **state)
{
	static const char *const vectors[] = { "V-Z2", "V-Z2b" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct rig *rig = rig_up();
		const struct station p = station_p(rig);
		uint8_t bytes[] = "\x02\x01\x00\x1E\x04"
				  "East"
				  "\x00\x14\x03"
				  "Far"
				  "\x00\x1E\x04"
				  "Caf\x8E";

		/* The vector's networks are 3 and 10: 10 is new here, 3 is our own. */
		station_rtmp(&p, 3, 5, TUPLES(NONEXT(10, 1), NONEXT(20, 2), EXT(30, 34, 1)));
		station_send_vector(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, vectors[i]);
		assert_true(zones_of(rig, 10)->is_complete);
		assert_name(&zones_of(rig, 10)->zone[0]->name, "LocalTalk");
		assert_int_equal(zones_of(rig, 3)->used, 2);
		/* Lists in pieces, with a count that fits nothing. */
		station_send(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, bytes, sizeof(bytes) - 1);
		assert_true(zones_of(rig, 20)->is_complete && zones_of(rig, 30)->is_complete);
		assert_int_equal(zones_of(rig, 20)->used, 1);
		assert_int_equal(zones_of(rig, 30)->used, 2);
		rig_free(rig);
	}
}

static void test_atalk_Z06_extended_replies_pile_up_until_the_total(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct at_sockaddr us;

	(void)state;
	us = rig_socket(rig, 0, 6);
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	station_zip_reply(&p, us, 30, 5, ZONES("Four", "Five"));
	station_zip_reply(&p, us, 30, 5, ZONES("One", "Two"));
	station_zip_reply(&p, us, 30, 5, ZONES("one", "two"));
	assert_false(zones_of(rig, 30)->is_complete);
	assert_int_equal(zones_of(rig, 30)->used, 4);
	station_zip_reply(&p, us, 30, 5, ZONES("Three"));
	assert_true(zones_of(rig, 30)->is_complete);
	assert_int_equal(zones_of(rig, 30)->used, 5);
	/* A LocalTalk network has one zone, whatever total an odd router gives. */
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 1)));
	station_zip_reply(&p, us, 20, 3, ZONES("Only"));
	assert_true(zones_of(rig, 20)->is_complete);
	rig_free(rig);
}

static void test_atalk_Z06_another_total_starts_the_list_afresh(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct at_sockaddr us;

	(void)state;
	us = rig_socket(rig, 0, 6);
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	station_zip_reply(&p, us, 30, 3, ZONES("Old", "Older"));
	station_zip_reply(&p, us, 30, 2, ZONES("New"));
	assert_false(zones_of(rig, 30)->is_complete);
	station_zip_reply(&p, us, 30, 2, ZONES("Newer"));
	assert_true(zones_of(rig, 30)->is_complete);
	assert_false(zone_is_of(rig_route(rig, 30), &(struct at_name){ 3, "Old" }));
	rig_free(rig);
}

static void test_atalk_Z05_Z06_a_plain_reply_replaces_the_beginning_of_an_extended_one(void **state)
{
	static const uint8_t plain[] = "\x02\x01\x00\x1E\x03"
				       "New";
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct at_sockaddr us;

	(void)state;
	us = rig_socket(rig, 0, 6);
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	station_zip_reply(&p, us, 30, 3, ZONES("Old", "Older"));
	station_send(&p, us, 6, DDP_ZIP, plain, sizeof(plain) - 1);
	assert_true(zones_of(rig, 30)->is_complete);
	assert_int_equal(zones_of(rig, 30)->used, 1);
	assert_name(&zones_of(rig, 30)->zone[0]->name, "New");
	rig_free(rig);
}

static void test_atalk_Z07_Z11_an_incomplete_list_is_hidden_and_asked_for_again(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	struct at_name east = name_of("East");

	(void)state;
	up_with(&p);
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 30, 3, ZONES("East"));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 30, 3, ZONES("Caf\x8E"));
	assert_false(zone_is_visible(zone_find(&rig->r->zones, &east)));
	rig_clear(rig);
	station_send(&a, rig_socket(rig, 0, 6), 99, DDP_ZIP, "\x01\x01\x00\x1E", 4);
	assert_int_equal(rig_count(rig, 0, DDP_ZIP), 0);
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_NOT_READY), 1);
	rig_run(rig, span_s(10));
	assert_int_equal(rig_take(rig, 0, DDP_ZIP)->body.pos[0], ZIP_QUERY);
	rig_free(rig);
}

static void test_atalk_Z08_Z09_nobody_else_tells_zones(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig), b = station_b(rig);
	struct at_sockaddr us;
	size_t zones;

	(void)state;
	us = rig_socket(rig, 0, 6);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	zones = rig->r->zones.used;
	station_zip_reply(&p, us, 77, 1, ZONES("Ghost"));
	station_zip_reply(&q, us, 20, 1, ZONES("Forged"));
	station_zip_reply(&b, rig_socket(rig, 1, 6), 20, 1, ZONES("Forged"));
	station_zip_reply(&p, us, 3, 1, ZONES("Forged"));
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_UNEXPECTED), 3);
	assert_int_equal(rig_drops(rig, 1, DROP_ZIP_UNEXPECTED), 1);
	assert_int_equal(rig->r->zones.used, zones);
	assert_false(zones_of(rig, 20)->is_complete);
	station_zip_reply(&p, us, 20, 1, ZONES("Far"));
	assert_true(zones_of(rig, 20)->is_complete);
	/* And a list that is complete stays as it is. */
	station_zip_reply(&p, us, 20, 2, ZONES("Farther"));
	assert_int_equal(zones_of(rig, 20)->used, 1);
	rig_free(rig);
}

static void test_atalk_Z10_Q31_names_and_numbers_of_zones_are_bounded(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));
	struct at_name name;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1), EXT(40, 41, 1)));
	zip_encode_reply_header(&w, false, 1);
	name = (struct at_name){ 0 };
	zip_encode_tuple(&w, 30, &name);
	wr_u16(&w, 30);
	wr_u8(&w, 33);
	for (int i = 0; i < 33; i++)
		wr_u8(&w, 'x');
	name = name_of("East");
	zip_encode_tuple(&w, 30, &name);
	name = name_of("One");
	zip_encode_tuple(&w, 20, &name);
	name = name_of("Two");
	zip_encode_tuple(&w, 20, &name);
	say_zip(&p, &w);
	assert_int_equal(zones_of(rig, 30)->used, 1);
	assert_name(&zones_of(rig, 30)->zone[0]->name, "East");
	assert_int_equal(zones_of(rig, 20)->used, 1);
	for (int block = 0; block < 15; block++) {
		w = wr_over(bytes, sizeof(bytes));
		zip_encode_reply_header(&w, true, 255);
		for (int i = 0; i < 20; i++) {
			char text[16];

			snprintf(text, sizeof(text), "Z%d", block * 20 + i);
			name = name_of(text);
			zip_encode_tuple(&w, 40, &name);
		}
		say_zip(&p, &w);
	}
	assert_int_equal(zones_of(rig, 40)->used, 255);
	assert_true(zones_of(rig, 40)->is_complete);
	rig_free(rig);
}

static void test_a_cut_or_empty_reply_changes_nothing(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	const uint8_t whole[] = "\x02\x01\x00\x14\x03" "Far" "\x00\x1E\x04" "East";
	size_t legal = 0;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	for (size_t n = 0; n < sizeof(whole) - 1; n++) {
		/* Between two tuples it is a shorter, whole Reply. */
		if (n == 2 || n == 8) {
			legal++;
			continue;
		}
		station_send(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, whole, n);
	}
	station_send(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x08\x00", 2);
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_MALFORMED), sizeof(whole) - 1 - legal + 1);
	assert_int_equal(zones_of(rig, 20)->used, 0);
	assert_int_equal(zones_of(rig, 30)->used, 0);
	rig_free(rig);
}

/* --- answering --------------------------------------------------------------------------- */

static void test_atalk_Z11_Z13_Q36_queries_get_extended_replies_one_network_each(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	const struct heard *h;

	(void)state;
	station_teach_baseline(&p);
	station_send(&p, rig_socket(rig, 0, 6), 99, DDP_ZIP, "\x01\x03\x00\x03\x00\x63\x00\x14", 8);
	h = rig_take(rig, 0, DDP_ZIP);
	assert_body_is(h, "V-Z3");
	assert_int_equal(h->ddp.dst.socket, 99);
	assert_int_equal(h->ddp.src.socket, 6);
	assert_int_equal(h->ddp.dst.node, 200);
	h = rig_take(rig, 0, DDP_ZIP);
	assert_int_equal(rd_left(&h->body), 8);
	assert_memory_equal(h->body.pos, "\x08\x01\x00\x14\x03" "Far", 8);
	assert_null(rig_find(rig, 0, DDP_ZIP));
	/* A number inside a range; the same network again is one answer. */
	station_send(&p, rig_socket(rig, 0, 6), 99, DDP_ZIP, "\x01\x03\x00\x04\x00\x05\x00\x04", 8);
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z3");
	assert_null(rig_find(rig, 0, DDP_ZIP));
	rig_free(rig);
}

static void test_atalk_Z12_a_long_list_takes_several_packets_with_the_same_total(void **state)
{
	struct rig *rig = rig_new();
	const struct station a = station_a(rig);
	char text[200][48];
	const char *names[201] = { NULL };
	bool seen[200] = { false };
	const struct heard *h;
	size_t packets = 0, zones = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(text[i], sizeof(text[i]), "%03d-%0*d", i, 8 + i % 20, 7);
		names[i] = text[i];
	}
	rig_configure(rig, 0, SEED_HARD, 3, 5, names);
	rig_start(rig);
	rig_run(rig, span_s(6));
	rig_clear(rig);
	station_send(&a, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x01\x01\x00\x03", 4);
	while ((h = rig_find(rig, 0, DDP_ZIP)) != NULL) {
		struct rd body = h->body;
		struct zip_reply reply;
		struct zip_tuple t;

		packets++;
		assert_true(rd_left(&body) <= DDP_DATA_MAX);
		assert_true(zip_decode_reply(&body, &reply));
		assert_true(reply.extended);
		assert_int_equal(reply.count, 200);
		while (zip_next_tuple(&reply.tuples, &t) == TUPLE_OK) {
			int i = (t.zone.byte[0] - '0') * 100 + (t.zone.byte[1] - '0') * 10 +
				t.zone.byte[2] - '0';

			assert_int_equal(t.net, 3);
			assert_name(&t.zone, text[i]);
			assert_false(seen[i]);
			seen[i] = true;
			zones++;
		}
	}
	assert_int_equal(zones, 200);
	assert_true(packets > 5);
	rig_free(rig);
}

static void test_atalk_Z40_Z41_notify_takedown_and_bringup_are_ignored(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	uint64_t generation;

	(void)state;
	station_teach_baseline(&p);
	generation = rig->r->routes.generation;
	station_send_vector(&p, (struct at_sockaddr){ 0, 255, 6 }, 6, DDP_ZIP, "V-Z8");
	station_send(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x03\x00\x00", 3);
	station_send(&p, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x04\x00\x00", 3);
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_IGNORED), 3);
	assert_int_equal(rig->r->routes.generation, generation);
	rig_run(rig, span_s(2));
	rig_assert_quiet(rig, 0);
	rig_free(rig);
}

static void test_atalk_Z43_the_spelling_seen_first_is_kept(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct at_name cafe = name_of("cAF\x8E");
	const struct zone *zone;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 20, 1, ZONES("CAF\x83"));
	zone = zone_find(&rig->r->zones, &cafe);
	assert_name(&zone->name, "Caf\x8E");
	assert_int_equal(zone->used, 2);
	assert_ptr_equal(zones_of(rig, 20)->zone[0], zone);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_Z01_Z02_Z04_a_new_route_is_asked_about_at_once),
		cmocka_unit_test(test_atalk_Z01_a_network_that_went_is_asked_about_again),
		cmocka_unit_test(test_atalk_Z03_a_mute_router_is_asked_every_10_s_for_ever),
		cmocka_unit_test(test_atalk_Z04_many_networks_are_asked_for_in_few_packets),
		cmocka_unit_test(test_atalk_Z05_Q30_plain_replies_are_read_to_their_end),
		cmocka_unit_test(test_atalk_Z06_extended_replies_pile_up_until_the_total),
		cmocka_unit_test(test_atalk_Z06_another_total_starts_the_list_afresh),
		cmocka_unit_test(
			test_atalk_Z05_Z06_a_plain_reply_replaces_the_beginning_of_an_extended_one),
		cmocka_unit_test(
			test_atalk_Z07_Z11_an_incomplete_list_is_hidden_and_asked_for_again),
		cmocka_unit_test(test_atalk_Z08_Z09_nobody_else_tells_zones),
		cmocka_unit_test(test_atalk_Z10_Q31_names_and_numbers_of_zones_are_bounded),
		cmocka_unit_test(test_a_cut_or_empty_reply_changes_nothing),
		cmocka_unit_test(
			test_atalk_Z11_Z13_Q36_queries_get_extended_replies_one_network_each),
		cmocka_unit_test(
			test_atalk_Z12_a_long_list_takes_several_packets_with_the_same_total),
		cmocka_unit_test(test_atalk_Z40_Z41_notify_takedown_and_bringup_are_ignored),
		cmocka_unit_test(test_atalk_Z43_the_spelling_seen_first_is_kept),
	};

	return cmocka_run_group_tests_name("svc_zip", tests, NULL, NULL);
}
