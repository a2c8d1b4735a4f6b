/* core/svc_zip_answer.c, svc_zip_list.c: GetNetInfo, and the zone lists of the Chooser. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"
#include "zip.h"

static const struct at_sockaddr all_zip = { 0, 255, 6 };

/* --- GetNetInfo -------------------------------------------------------------------------- */

static void test_atalk_Z14_Z16_Z21_D32_a_starting_node_is_answered_by_its_frame(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	rig_inject_vector(rig, 0, "V-Z4F");
	assert_frame_is(rig_take(rig, 0, DDP_ZIP), "V-Z5F");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_Z15_Q06_unknown_or_no_zone_gets_the_default_zone(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(&a, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x07Nowhere", 14);
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z6");
	station_send(&a, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x00", 7);
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z6n");
	/* A zone of the internet, but not of this cable. */
	station_send(&a, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x03Lab", 10);
	assert_int_equal(rig_take(rig, 0, DDP_ZIP)->body.pos[1], ZIP_ZONE_INVALID);
	rig_free(rig);
}

static void test_atalk_Z16_the_echo_keeps_the_bytes_of_the_asker(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	station_send(&a, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x04" "cAf\x83", 11);
	h = rig_take(rig, 0, DDP_ZIP);
	assert_int_equal(h->body.pos[1], 0);
	assert_memory_equal(h->body.pos + 6, "\x04" "cAf\x83", 5);
	rig_free(rig);
}

static void test_atalk_Z17_only_one_zone_is_flagged(void **state)
{
	struct rig *rig = rig_up();
	const struct station b = station_b(rig);
	const struct heard *h;

	(void)state;
	station_send(&b, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x03Lab", 10);
	h = rig_take(rig, 1, DDP_ZIP);
	assert_int_equal(h->body.pos[1], ZIP_ONLY_ONE_ZONE);
	assert_memory_equal(h->body.pos + 2, "\x00\x06\x00\x06", 4);
	station_send(&b, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x00", 7);
	assert_int_equal(
		rig_take(rig, 1, DDP_ZIP)->body.pos[1], ZIP_ONLY_ONE_ZONE | ZIP_ZONE_INVALID);
	rig_free(rig);
}

static void test_atalk_Z19_Q05_a_stale_network_number_is_answered_by_broadcast(void **state)
{
	struct rig *rig = rig_up();
	struct station stale = station_a(rig);

	(void)state;
	stale.addr = (struct at_addr){ 1234, 9 };
	station_send(&stale, all_zip, 6, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x07Nowhere", 14);
	assert_frame_is(rig_take(rig, 0, DDP_ZIP), "V-Z6F");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_Z19_a_broadcast_answer_goes_to_the_socket_that_asked(void **state)
{
	struct rig *rig = rig_up();
	struct station stale = station_a(rig);
	const struct heard *h;

	(void)state;
	stale.addr = (struct at_addr){ 1234, 9 };
	station_send(&stale, all_zip, 77, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x00", 7);
	h = rig_take(rig, 0, DDP_ZIP);
	assert_int_equal(h->ddp.dst.socket, 77);
	assert_true(mac_eq(h->elap.dst, ELAP_BROADCAST));
	rig_free(rig);
}

static void test_atalk_Z20_what_is_asked_of_us_alone_is_answered_directly(void **state)
{
	struct rig *rig = rig_up();
	struct station stale = station_a(rig);
	const struct heard *h;

	(void)state;
	stale.addr = (struct at_addr){ 1234, 9 };
	station_send_vector(&stale, rig_socket(rig, 0, 6), 6, DDP_ZIP, "V-Z4");
	h = rig_take(rig, 0, DDP_ZIP);
	assert_body_is(h, "V-Z5");
	assert_true(mac_eq(h->elap.dst, stale.mac));
	assert_int_equal(h->ddp.dst.net, 1234);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_Z23_the_five_filler_bytes_may_hold_anything(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(&a, all_zip, 6, DDP_ZIP, "\x05\xFF\x01\x02\x03\x04\x04" "CAF\x83", 11);
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z5");
	rig_free(rig);
}

static void test_malformed_requests_are_counted(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	for (size_t n = 0; n < 11; n++)
		station_send(&a, rig_socket(rig, 0, 6), 6, DDP_ZIP,
			"\x05\x00\x00\x00\x00\x00\x04"
			"CAF\x83",
			n);
	station_send(&a, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x01\x03\x00\x03", 4);
	station_send(&a, rig_socket(rig, 0, 6), 6, DDP_ZIP, "\x63", 1);
	station_send(&a, rig_socket(rig, 0, 6), 6, DDP_AEP, "\x05", 1);
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_MALFORMED), 14);
	rig_assert_quiet(rig, 0);
	rig_free(rig);
}

/* --- zone lists -------------------------------------------------------------------------- */

static const struct heard *ask_list(
	const struct station *s, struct at_sockaddr dst, uint8_t function, uint16_t index)
{
	const uint8_t q[] = { 0x40, 1, 0x12, 0x35, function, 0, (uint8_t)(index >> 8),
		(uint8_t)index };

	station_send(s, dst, 200, DDP_ATP, q, sizeof(q));
	return rig_take(s->rig, s->link, DDP_ATP);
}

/* n zones on net 20 through P, named Z000.. with the given length. */
static void teach_zones(const struct station *p, unsigned n, int length)
{
	struct at_sockaddr us = rig_socket(p->rig, p->link, 6);
	char text[80];

	station_rtmp(p, 3, 5, TUPLES(EXT(30, 34, 1)));
	for (unsigned i = 0; i < n; i++) {
		snprintf(text, sizeof(text), "Z%03u%0*d", i, length - 4, 0);
		station_zip_reply(p, us, 30, (uint8_t)n, ZONES(text));
	}
	assert_true(rig_route(p->rig, 30)->zones->is_complete);
}

/* Pages through a list until the LastFlag; every name once; returns how many. */
static size_t sweep(const struct station *s, uint8_t function, struct at_name names[300])
{
	uint16_t index = 1;
	size_t n = 0;
	bool last = false;

	while (!last) {
		const struct heard *h =
			ask_list(s, rig_socket(s->rig, s->link, 6), function, index);
		struct rd body = h->body;
		struct zip_atp_response answer;
		struct at_name name;
		size_t before = n;

		assert_true(zip_decode_atp_response(&body, &answer));
		assert_int_equal(answer.tid, 0x1235);
		assert_true(rd_left(&answer.zones) <= ZIP_ZONES_DATA_MAX);
		while (zip_next_zone(&answer.zones, &name) == TUPLE_OK)
			names[n++] = name;
		assert_int_equal(answer.count, n - before);
		assert_true(n > before || answer.last);
		index = (uint16_t)(index + answer.count);
		last = answer.last;
	}
	return n;
}

static void test_atalk_Z24_Z26_every_zone_once_in_a_stable_order(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	struct at_name first[300], second[300];
	size_t n;

	(void)state;
	teach_zones(&p, 60, 20);
	n = sweep(&a, ZIP_GET_ZONE_LIST, first);
	assert_int_equal(n, 63);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < i; k++)
			assert_memory_not_equal(&first[i], &first[k], sizeof(first[i]));
	for (size_t i = 0; i < 3; i++) {
		struct at_name own =
			name_of(((const char *[]){ "EtherTalk", "Caf\x8E", "Lab" })[i]);
		bool found = false;

		for (size_t k = 0; k < n; k++)
			found = found || memcmp(&own, &first[k], sizeof(own)) == 0;
		assert_true(found);
	}
	assert_int_equal(sweep(&a, ZIP_GET_ZONE_LIST, second), n);
	assert_memory_equal(first, second, n * sizeof(*first));
	rig_free(rig);
}

static void test_atalk_Z25_names_are_whole_and_17_long_ones_fill_a_packet(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	struct at_name names[300];
	const struct heard *h;
	size_t n;

	(void)state;
	teach_zones(&p, 40, 32);
	/* From the first long name on: behind our own three. */
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_ZONE_LIST, 4);
	assert_int_equal(h->body.pos[7], 17);
	assert_int_equal(h->body.pos[4], 0);
	assert_int_equal(rd_left(&h->body), 8 + 17 * 33);
	n = sweep(&a, ZIP_GET_ZONE_LIST, names);
	assert_int_equal(n, 43);
	rig_free(rig);
}

static void test_atalk_Z27_Z28_Q29_indexes_at_the_edges(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;
	struct vector first;

	(void)state;
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_ZONE_LIST, 1);
	first.len = rd_left(&h->body);
	memcpy(first.byte, h->body.pos, first.len);
	assert_int_equal(first.byte[4], 1);
	assert_int_equal(first.byte[7], 3);
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_ZONE_LIST, 0);
	assert_int_equal(rd_left(&h->body), first.len);
	assert_memory_equal(h->body.pos, first.byte, first.len);
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_ZONE_LIST, 3);
	assert_int_equal(h->body.pos[4], 1);
	assert_int_equal(h->body.pos[7], 1);
	station_send_vector(&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "V-Z15");
	assert_body_is(rig_take(rig, 0, DDP_ATP), "V-Z16");
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_ZONE_LIST, 0xFFFF);
	assert_memory_equal(h->body.pos + 4, "\x01\x00\x00\x00", 4);
	assert_int_equal(rd_left(&h->body), 8);
	rig_free(rig);
}

static void test_atalk_Z29_local_zones_are_those_of_the_cable_default_first(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig), b = station_b(rig);
	struct at_name names[300];

	(void)state;
	station_teach_baseline(&p);
	station_send_vector(&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "V-Z17");
	assert_body_is(rig_take(rig, 0, DDP_ATP), "V-Z18");
	assert_int_equal(sweep(&b, ZIP_GET_LOCAL_ZONES, names), 1);
	assert_name(&names[0], "Lab");
	rig_free(rig);
}

static void test_atalk_Z29_a_learnt_default_zone_comes_first_too(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig), a = station_a(rig);
	struct at_name names[300];

	(void)state;
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_s(3));
	station_rtmp(&p, 3, 5, NULL);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 3, ZONES("One", "Two", "Three"));
	station_net_info(&p, rig_socket(rig, 0, 6), 3, 5, "Two");
	assert_int_equal(sweep(&a, ZIP_GET_LOCAL_ZONES, names), 3);
	assert_name(&names[0], "Two");
	assert_name(&names[1], "One");
	assert_name(&names[2], "Three");
	rig_free(rig);
}

static void test_atalk_Z31_Z32_my_zone_is_the_default_zone_nothing_while_unknown(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig), b = station_b(rig);
	struct rig *other;
	struct station c, p;
	const struct heard *h;

	(void)state;
	h = ask_list(&a, rig_socket(rig, 0, 6), ZIP_GET_MY_ZONE, 0);
	assert_int_equal(rd_left(&h->body), 18);
	assert_memory_equal(h->body.pos + 4, "\x00\x00\x00\x01\x09" "EtherTalk", 14);
	h = ask_list(&b, rig_socket(rig, 1, 6), ZIP_GET_MY_ZONE, 0);
	assert_memory_equal(h->body.pos + 4, "\x00\x00\x00\x01\x03" "Lab", 8);
	rig_free(rig);
	other = rig_new_with(1);
	rig_configure(other, 0, SEED_NONE, 0, 0, NULL);
	rig_start(other);
	rig_run(other, span_s(3));
	p = station_p(other);
	c = station_a(other);
	station_rtmp(&p, 3, 5, NULL);
	h = ask_list(&c, rig_socket(other, 0, 6), ZIP_GET_MY_ZONE, 0);
	assert_int_equal(rd_left(&h->body), 8);
	assert_memory_equal(h->body.pos + 6, "\x00\x00", 2);
	h = ask_list(&c, rig_socket(other, 0, 6), ZIP_GET_LOCAL_ZONES, 1);
	assert_memory_equal(h->body.pos + 4, "\x01\x00\x00\x00", 4);
	rig_free(other);
}

static void test_atalk_Z33_xo_and_any_bitmap_get_one_response(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x60\xFF\xAB\xCD\x08\x00\x00\x01", 8);
	h = rig_take(rig, 0, DDP_ATP);
	assert_memory_equal(h->body.pos, "\x90\x00\xAB\xCD", 4);
	assert_int_equal(h->ddp.src.socket, 6);
	assert_int_equal(h->ddp.dst.socket, 200);
	assert_null(rig_find(rig, 0, DDP_ATP));
	/* Exactly once does not mean that we remember: again is again. */
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x60\xFF\xAB\xCD\x08\x00\x00\x01", 8);
	assert_non_null(rig_find(rig, 0, DDP_ATP));
	rig_free(rig);
}

static void test_atalk_Z34_releases_and_requests_without_bit_0_are_ignored(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\xC0\x00\xAB\xCD\x08\x00\x00\x01", 8);
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x40\xFE\xAB\xCD\x08\x00\x00\x01", 8);
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x90\x01\xAB\xCD\x08\x00\x00\x01", 8);
	station_send(
		&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x40\x01\xAB\xCD\x0A\x00\x00\x01", 8);
	station_send(&a, rig_socket(rig, 0, 6), 200, DDP_ATP, "\x40\x01\xAB\xCD\x08\x00\x00", 7);
	rig_run(rig, span_s(2));
	assert_int_equal(rig_count(rig, 0, DDP_ATP), 0);
	assert_int_equal(rig_drops(rig, 0, DROP_ZIP_MALFORMED), 5);
	rig_free(rig);
}

static void test_atalk_Z45_any_router_and_broadcast_are_answered_too(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	static const struct at_sockaddr to[] = { { 3, 0, 6 }, { 4, 0, 6 }, { 0, 255, 6 },
		{ 3, 255, 6 }, { 6, 0, 6 } };

	(void)state;
	for (size_t i = 0; i < sizeof(to) / sizeof(*to); i++) {
		const struct heard *h = ask_list(&a, to[i], ZIP_GET_ZONE_LIST, 1);

		assert_int_equal(h->body.pos[7], 3);
		assert_int_equal(h->ddp.src.net, 3);
		assert_int_equal(h->ddp.src.node, 128);
	}
	rig_free(rig);
}

static void test_atalk_Z46_requests_never_change_tables(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	uint64_t generation;
	struct prng prng;
	size_t zones;

	(void)state;
	station_teach_baseline(&p);
	generation = rig->r->routes.generation;
	zones = rig->r->zones.used;
	prng_init(&prng, 7);
	for (int i = 0; i < 20000; i++) {
		uint8_t bytes[60];
		size_t n = prng_range(&prng, 0, sizeof(bytes));
		bool is_atp = prng_range(&prng, 0, 1);

		for (size_t k = 0; k < n; k++)
			bytes[k] = (uint8_t)prng_u32(&prng);
		if (n > 4 && is_atp) {
			bytes[0] = 0x40;
			bytes[4] = (uint8_t)prng_range(&prng, 7, 9);
		} else if (n > 0) {
			bytes[0] = is_atp ? bytes[0] : ZIP_GET_NET_INFO;
		}
		station_send(&a, i % 2 ? all_zip : rig_socket(rig, 0, 6), 200,
			is_atp ? DDP_ATP : DDP_ZIP, bytes, n);
		if (i % 1000 == 0)
			rig_clear(rig);
	}
	assert_int_equal(rig->r->routes.generation, generation);
	assert_int_equal(rig->r->zones.used, zones);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_atalk_Z14_Z16_Z21_D32_a_starting_node_is_answered_by_its_frame),
		cmocka_unit_test(test_atalk_Z15_Q06_unknown_or_no_zone_gets_the_default_zone),
		cmocka_unit_test(test_atalk_Z16_the_echo_keeps_the_bytes_of_the_asker),
		cmocka_unit_test(test_atalk_Z17_only_one_zone_is_flagged),
		cmocka_unit_test(
			test_atalk_Z19_Q05_a_stale_network_number_is_answered_by_broadcast),
		cmocka_unit_test(test_atalk_Z19_a_broadcast_answer_goes_to_the_socket_that_asked),
		cmocka_unit_test(test_atalk_Z20_what_is_asked_of_us_alone_is_answered_directly),
		cmocka_unit_test(test_atalk_Z23_the_five_filler_bytes_may_hold_anything),
		cmocka_unit_test(test_malformed_requests_are_counted),
		cmocka_unit_test(test_atalk_Z24_Z26_every_zone_once_in_a_stable_order),
		cmocka_unit_test(test_atalk_Z25_names_are_whole_and_17_long_ones_fill_a_packet),
		cmocka_unit_test(test_atalk_Z27_Z28_Q29_indexes_at_the_edges),
		cmocka_unit_test(test_atalk_Z29_local_zones_are_those_of_the_cable_default_first),
		cmocka_unit_test(test_atalk_Z29_a_learnt_default_zone_comes_first_too),
		cmocka_unit_test(
			test_atalk_Z31_Z32_my_zone_is_the_default_zone_nothing_while_unknown),
		cmocka_unit_test(test_atalk_Z33_xo_and_any_bitmap_get_one_response),
		cmocka_unit_test(test_atalk_Z34_releases_and_requests_without_bit_0_are_ignored),
		cmocka_unit_test(test_atalk_Z45_any_router_and_broadcast_are_answered_too),
		cmocka_unit_test(test_atalk_Z46_requests_never_change_tables),
	};

	return cmocka_run_group_tests_name("svc_zip_info", tests, NULL, NULL);
}
