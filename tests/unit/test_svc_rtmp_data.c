/* core/svc_rtmp_data.c: what we tell other routers, when, and in which packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "services.h"

/* Data decoded: its tuples, of this packet alone. */
struct data {
	struct rtmp_header header;
	struct rtmp_tuple tuple[200];
	size_t n;
};

static struct data data_of(const struct heard *h)
{
	struct rd body = h->body;
	struct data d = { .n = 0 };
	enum tuple_step step;

	assert_true(rtmp_decode_header(&body, true, &d.header));
	while ((step = rtmp_next_tuple(&body, &d.tuple[d.n])) == TUPLE_OK)
		d.n++;
	assert_int_equal(step, TUPLE_END);
	return d;
}

static const struct rtmp_tuple *tuple_of(const struct data *d, uint16_t net)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->tuple[i].range.first == net)
			return &d->tuple[i];
	return NULL;
}

/* The next Data on a link, within a period. */
static struct data next_data(struct rig *rig, unsigned link)
{
	rig_clear(rig);
	rig_run(rig, span_s(11));
	return data_of(rig_take(rig, link, DDP_RTMP));
}

static void test_atalk_R10_R11_Q01_data_every_10_s_even_if_there_is_nothing_to_say(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct instant last;
	const struct heard *h;
	bool jittered = false;

	(void)state;
	rig_start(rig);
	rig_run(rig, span_s(4));
	last = rig_take(rig, 0, DDP_RTMP)->at;
	for (int i = 0; i < 30; i++) {
		int64_t ms;

		rig_run(rig, span_s(11));
		h = rig_take(rig, 0, DDP_RTMP);
		assert_int_equal(data_of(h).n, 0);
		ms = span_to_ms(instant_since(h->at, last));
		assert_in_range(ms, 9000, 11000);
		jittered = jittered || ms < 9900 || ms > 10100;
		last = h->at;
		while ((h = rig_find(rig, 0, DDP_RTMP)) != NULL)
			last = h->at;
	}
	assert_true(jittered);
	rig_free(rig);
}

static void test_atalk_R12_R13_R17_format_and_addresses(void **state)
{
	struct rig *rig = rig_up();
	const struct heard *h;

	(void)state;
	rig_run(rig, span_s(11));
	h = rig_take(rig, 0, DDP_RTMP);
	assert_true(mac_eq(h->elap.dst, ELAP_BROADCAST));
	assert_int_equal(h->ddp.dst.net, 0);
	assert_int_equal(h->ddp.dst.node, 255);
	assert_int_equal(h->ddp.dst.socket, 1);
	assert_int_equal(h->ddp.src.socket, 1);
	assert_int_equal(h->ddp.src.net, 3);
	assert_int_equal(h->ddp.src.node, 128);
	assert_int_equal(rd_left(&h->body), 16);
	/* Sender, cable range, then 6-6 as a range although it is one number. */
	assert_memory_equal(h->body.pos,
		"\x00\x03\x08\x80\x00\x03\x80\x00\x05\x82\x00\x06\x80\x00\x06\x82", 16);
	rig_free(rig);
}

static void test_atalk_R14_R15_split_horizon_and_attached_networks(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct data d;

	(void)state;
	station_teach_baseline(&p);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	d = next_data(rig, 0);
	assert_int_equal(d.n, 1);
	assert_int_equal(tuple_of(&d, 6)->distance, 0);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	d = next_data(rig, 1);
	assert_int_equal(d.n, 3);
	assert_int_equal(tuple_of(&d, 3)->distance, 0);
	assert_int_equal(tuple_of(&d, 20)->distance, 3);
	assert_false(tuple_of(&d, 20)->range.extended);
	assert_int_equal(tuple_of(&d, 30)->distance, 2);
	assert_true(tuple_of(&d, 30)->range.extended);
	rig_free(rig);
}

static void test_atalk_R16_D35_distance_15_is_used_but_not_told_bad_is_31(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), b = station_b(rig);
	struct data d;

	(void)state;
	station_teach_baseline(&p);
	station_rtmp(&p, 3, 5,
		TUPLES(NONEXT(50, 14), NONEXT(51, 13), NONEXT(52, 15), NONEXT(20, 31),
			EXT(30, 34, 31)));
	assert_int_equal(rig_route(rig, 50)->best->distance, 15);
	assert_null(rig_route(rig, 52));
	d = next_data(rig, 1);
	assert_null(tuple_of(&d, 50));
	assert_int_equal(tuple_of(&d, 51)->distance, 14);
	assert_int_equal(tuple_of(&d, 20)->distance, 31);
	assert_int_equal(tuple_of(&d, 30)->distance, 31);
	/* The "whole table" on request (R36) is of what is told, too: without split horizon. */
	rig_clear(rig);
	station_send(&b, rig_socket(rig, 1, AT_SOCKET_RTMP), 200, DDP_RTMP_REQUEST, "\x03", 1);
	d = data_of(rig_take(rig, 1, DDP_RTMP));
	assert_null(tuple_of(&d, 50));
	assert_int_equal(tuple_of(&d, 51)->distance, 14);
	assert_int_equal(tuple_of(&d, 20)->distance, 31);
	/* Packets still go there. */
	rig_clear(rig);
	station_send(&b, (struct at_sockaddr){ 50, 1, 4 }, 253, DDP_AEP, "\x01", 1);
	assert_non_null(rig_find(rig, 0, DDP_AEP));
	rig_free(rig);
}

static void test_atalk_R18_long_tables_are_split_and_each_packet_stands_alone(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	bool seen[400] = { false };
	const struct heard *h;
	size_t packets = 0;

	(void)state;
	for (uint16_t block = 0; block < 8; block++) {
		struct rtmp_tuple t[51] = { 0 };

		for (uint16_t i = 0; i < 50; i++) {
			uint16_t net = (uint16_t)(1000 + 10 * (50 * block + i));

			t[i] = i % 2 ? (struct rtmp_tuple)NONEXT(net, 1)
				     : (struct rtmp_tuple)EXT(net, net + 5, 1);
		}
		station_rtmp(&p, 3, 5, t);
	}
	rig_run(rig, span_s(2));
	rig_clear(rig);
	rtmp_send_data(rig->link[1].port);
	while ((h = rig_find(rig, 1, DDP_RTMP)) != NULL) {
		struct data d = data_of(h);

		packets++;
		assert_true(rd_left(&h->body) <= DDP_DATA_MAX);
		assert_int_equal(d.header.cable.first, 6);
		for (size_t i = 0; i < d.n; i++) {
			if (d.tuple[i].range.first < 1000)
				continue;
			assert_false(seen[(d.tuple[i].range.first - 1000) / 10]);
			seen[(d.tuple[i].range.first - 1000) / 10] = true;
		}
	}
	assert_int_equal(packets, 4);	/* (200 * 6 + 200 * 3 + 6) / 576 */
	for (size_t i = 0; i < 400; i++)
		assert_true(seen[i]);
	rig_free(rig);
}

static void test_atalk_R33_N28_at_the_end_everything_is_poisoned_once(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	struct data d;

	(void)state;
	station_teach_baseline(&p);
	router_shutdown(rig->r, rig->now);
	d = data_of(rig_take(rig, 1, DDP_RTMP));
	assert_int_equal(d.n, 3);
	for (size_t i = 0; i < d.n; i++)
		assert_int_equal(d.tuple[i].distance, 31);
	d = data_of(rig_take(rig, 0, DDP_RTMP));
	assert_int_equal(d.n, 1);
	assert_int_equal(tuple_of(&d, 6)->distance, 31);
	rig_clear(rig);
	station_send_vector(&a, rig_socket(rig, 0, 2), 2, DDP_NBP, "V-N1");
	station_send(&a, rig_socket(rig, 0, 2), 2, DDP_NBP,
		"\x21\x01\x00\x04\x2A\xFD\x00\x01=\x01=\x01*", 12);
	rig_run(rig, span_s(4));
	assert_int_equal(rig_count(rig, 0, DDP_RTMP), 0);
	for (const struct heard *h; (h = rig_find(rig, 0, DDP_NBP)) != NULL;)
		assert_int_not_equal(h->body.pos[0] >> 4, NBP_LKUP_REPLY);
	rig_free(rig);
}

static void test_atalk_R34_R35_a_request_gets_the_cable_and_nothing_else(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	station_send(&a, (struct at_sockaddr){ 0, 255, 1 }, 0xFD, DDP_RTMP_REQUEST, "\x01", 1);
	h = rig_take(rig, 0, DDP_RTMP);
	assert_body_is(h, "V-R8");
	assert_int_equal(h->ddp.dst.net, 4);
	assert_int_equal(h->ddp.dst.node, 42);
	assert_int_equal(h->ddp.dst.socket, 0xFD);
	assert_int_equal(h->ddp.src.socket, 1);
	assert_true(mac_eq(h->elap.dst, a.mac));
	rig_free(rig);
}

static void test_atalk_R34_no_answer_before_the_range_is_known(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station a = station_a(rig);

	(void)state;
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_s(3));
	rig_clear(rig);
	station_send(&a, (struct at_sockaddr){ 0, 255, 1 }, 0xFD, DDP_RTMP_REQUEST, "\x01", 1);
	assert_int_equal(rig_count(rig, 0, DDP_RTMP), 0);
	rig_free(rig);
}

static void test_atalk_R01_R36_route_data_requests_with_and_without_split_horizon(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), a = station_a(rig);
	const struct heard *h;
	struct data d;

	(void)state;
	station_teach_baseline(&p);
	station_send(&a, rig_socket(rig, 0, 1), 200, DDP_RTMP_REQUEST, "\x02", 1);
	h = rig_take(rig, 0, DDP_RTMP);
	assert_int_equal(h->ddp.dst.socket, 200);
	d = data_of(h);
	assert_int_equal(d.n, 1);
	assert_int_equal(tuple_of(&d, 6)->distance, 0);
	/* From 20.1, through P: all entries, and our own cable in the header. */
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .hops = 2, .dst = { 3, 128, 1 },
		.src = { 20, 1, 200 }, .type = DDP_RTMP_REQUEST }, "\x03", 1);
	h = rig_take(rig, 0, DDP_RTMP);
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.dst.socket, 200);
	assert_true(mac_eq(h->elap.dst, p.mac));
	d = data_of(h);
	assert_int_equal(d.header.cable.first, 3);
	assert_int_equal(d.header.cable.last, 5);
	assert_int_equal(tuple_of(&d, 20)->distance, 3);
	assert_int_equal(tuple_of(&d, 30)->distance, 2);
	assert_int_equal(tuple_of(&d, 6)->distance, 0);
	assert_int_equal(d.n, 3);
	rig_free(rig);
}

static void test_atalk_R37_other_functions_are_ignored(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(&a, rig_socket(rig, 0, 1), 200, DDP_RTMP_REQUEST, "\x04", 1);
	station_send(&a, rig_socket(rig, 0, 1), 200, DDP_RTMP_REQUEST, "\x00", 1);
	station_send(&a, rig_socket(rig, 0, 1), 200, DDP_RTMP_REQUEST, "\xFF", 1);
	station_send(&a, rig_socket(rig, 0, 1), 200, DDP_RTMP_REQUEST, "", 0);
	rig_run(rig, span_s(2));
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_UNKNOWN_FUNCTION), 4);
	rig_assert_quiet(rig, 0);
	rig_free(rig);
}

static void test_atalk_R47_changes_are_told_soon_but_once_a_second(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct instant start;
	struct data d;
	size_t n;

	(void)state;
	start = rig->now;
	for (uint16_t i = 0; i < 30; i++) {
		station_rtmp(&p, 3, 5, TUPLES(NONEXT((uint16_t)(100 + i), 1)));
		rig_run(rig, span_ms(100));
	}
	n = rig_count(rig, 1, DDP_RTMP);
	assert_in_range(n, 3, 4);
	d = data_of(rig_take(rig, 1, DDP_RTMP));
	assert_non_null(tuple_of(&d, 100));
	rig_run(rig, span_s(1));
	rig_clear(rig);
	/* Nothing new: only the periodic ones from here on. */
	rig_run(rig, span_s(5));
	n = rig_count(rig, 1, DDP_RTMP);
	assert_true(n <= 1);
	assert_int_equal(span_to_s(instant_since(rig->now, start)), 9);
	rig_free(rig);
}

/* Q38: end nodes forget a router after 50 s; every disturbance must be shorter by far. */
static void test_atalk_Q38_reloads_and_new_links_do_not_hold_back_data(void **state)
{
	struct rig *rig = rig_up();
	struct instant last = rig->now;
	int64_t longest = 0;
	const struct heard *h;

	(void)state;
	for (int i = 0; i < 300; i++) {
		rig_run(rig, span_s(1));
		while ((h = rig_find(rig, 0, DDP_RTMP)) != NULL) {
			int64_t gap = span_to_s(instant_since(h->at, last));

			longest = gap > longest ? gap : longest;
			last = h->at;
		}
		rig_clear(rig);
		if (i == 100)
			rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("EtherTalk", "Bistro"));
		if (i == 200) {
			router_link_down(rig->r, rig->now, rig->link[0].port);
			rig->link[0].n_groups = 0;
			router_link_up(rig->r, rig->now, rig->link[0].port, &rig->link[0],
				rig->link[0].mac);
		}
		rig_apply(rig);
	}
	assert_in_range(longest, 9, 15);
	rig_free(rig);
}

static void test_atalk_Q02_own_net_only_names_the_cable_and_nothing_else(void **state)
{
	struct rig *rig = rig_new();
	struct data d;

	(void)state;
	rig->ports[0].own_net_only = true;
	rig_start(rig);
	rig_run(rig, span_s(6));
	d = next_data(rig, 0);
	assert_int_equal(d.n, 0);
	assert_int_equal(d.header.cable.last, 5);
	d = next_data(rig, 1);
	assert_int_equal(d.n, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_atalk_R10_R11_Q01_data_every_10_s_even_if_there_is_nothing_to_say),
		cmocka_unit_test(test_atalk_R12_R13_R17_format_and_addresses),
		cmocka_unit_test(test_atalk_R14_R15_split_horizon_and_attached_networks),
		cmocka_unit_test(test_atalk_R16_D35_distance_15_is_used_but_not_told_bad_is_31),
		cmocka_unit_test(test_atalk_R18_long_tables_are_split_and_each_packet_stands_alone),
		cmocka_unit_test(test_atalk_R33_N28_at_the_end_everything_is_poisoned_once),
		cmocka_unit_test(test_atalk_R34_R35_a_request_gets_the_cable_and_nothing_else),
		cmocka_unit_test(test_atalk_R34_no_answer_before_the_range_is_known),
		cmocka_unit_test(
			test_atalk_R01_R36_route_data_requests_with_and_without_split_horizon),
		cmocka_unit_test(test_atalk_R37_other_functions_are_ignored),
		cmocka_unit_test(test_atalk_R47_changes_are_told_soon_but_once_a_second),
		cmocka_unit_test(test_atalk_Q38_reloads_and_new_links_do_not_hold_back_data),
		cmocka_unit_test(test_atalk_Q02_own_net_only_names_the_cable_and_nothing_else),
	};

	return cmocka_run_group_tests_name("svc_rtmp_data", tests, NULL, NULL);
}
