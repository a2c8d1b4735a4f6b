/* core/svc_rtmp.c: what Data from other routers does to our routes, and what it must not do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static const struct at_sockaddr all_rtmp = { 0, 255, 1 };

static const struct path *path_to(const struct rig *rig, uint16_t net)
{
	const struct route *route = rig_route(rig, net);

	return route ? route->best : NULL;
}

static bool is_good(const struct rig *rig, uint16_t net)
{
	return rig_route(rig, net) && route_is_usable(rig_route(rig, net));
}

/* Data from P byte by byte: header of ET0's cable, then these tuples. */
static void say_raw(const struct station *s, const char *hex_header, size_t n_header,
	const char *tuples, size_t n)
{
	uint8_t bytes[DDP_DATA_MAX];

	memcpy(bytes, hex_header, n_header);
	memcpy(bytes + n_header, tuples, n);
	station_send(s, all_rtmp, 1, DDP_RTMP, bytes, n_header + n);
}

#define HEADER_P "\x00\x05\x08\xC8\x00\x03\x80\x00\x05\x82", 10

static void test_atalk_R19_R38_an_offer_makes_a_route_via_the_sender(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), b = station_b(rig);
	const struct heard *h;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 14), EXT(40, 41, 15)));
	assert_int_equal(path_to(rig, 20)->distance, 3);
	assert_int_equal(path_to(rig, 20)->state, PATH_GOOD);
	assert_true(at_addr_eq(path_to(rig, 20)->next_router, p.addr));
	assert_int_equal(path_to(rig, 32)->distance, 15);
	assert_null(rig_route(rig, 40));
	rig_clear(rig);
	station_send(&b, (struct at_sockaddr){ 32, 1, 4 }, 253, DDP_AEP, "\x01", 1);
	h = rig_take(rig, 0, DDP_AEP);
	assert_true(mac_eq(h->elap.dst, p.mac));
	assert_int_equal(h->ddp.dst.net, 32);
	rig_free(rig);
}

static void test_atalk_R20_R21_a_tie_goes_to_the_newest_a_worse_offer_is_ignored(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 3)));
	assert_true(at_addr_eq(path_to(rig, 20)->next_router, p.addr));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 2)));
	assert_true(at_addr_eq(path_to(rig, 20)->next_router, q.addr));
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 1)));
	assert_true(at_addr_eq(path_to(rig, 20)->next_router, p.addr));
	assert_int_equal(path_to(rig, 20)->distance, 2);
	rig_free(rig);
}

static void test_atalk_R22_the_next_router_may_get_worse(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 5)));
	assert_int_equal(path_to(rig, 20)->distance, 6);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 15)));
	assert_null(rig_route(rig, 20));
	rig_free(rig);
}

static void test_atalk_R23_a_bad_entry_takes_any_offer_at_once(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	rig_run(rig, span_s(41));
	assert_true(route_is_bad(rig_route(rig, 20)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 9)));
	assert_true(is_good(rig, 20));
	assert_int_equal(path_to(rig, 20)->distance, 10);
	assert_true(at_addr_eq(path_to(rig, 20)->next_router, q.addr));
	rig_free(rig);
}

static void test_atalk_R24_R25_only_the_next_router_withdraws(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig);
	struct station other_port = station_b(rig);

	(void)state;
	other_port.addr = (struct at_addr){ 6, 200 };
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 31)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 15)));
	station_rtmp(&q, 3, 5, TUPLES(NONEXT(20, 16)));
	station_rtmp(&other_port, 6, 6, TUPLES(NONEXT(20, 31)));
	assert_true(is_good(rig, 20));
	assert_int_equal(path_to(rig, 20)->distance, 3);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 31)));
	assert_true(route_is_bad(rig_route(rig, 20)));
	rig_free(rig);
}

static void test_atalk_R26_31_for_an_unknown_network_makes_nothing_and_asks_nothing(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 31), EXT(30, 34, 31)));
	assert_null(rig_route(rig, 20));
	assert_null(rig_route(rig, 30));
	rig_run(rig, span_s(1));
	assert_int_equal(rig_count(rig, 0, DDP_ZIP), 0);
	rig_free(rig);
}

static void test_atalk_R27_a_number_alone_and_a_range_of_one_are_the_same(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	size_t before = rig->r->routes.used;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	station_rtmp(&p, 3, 5, TUPLES(EXT(20, 20, 4)));
	assert_int_equal(rig->r->routes.used, before + 1);
	assert_int_equal(path_to(rig, 20)->distance, 5);
	rig_free(rig);
}

static void test_atalk_R28_R29_Q37_overlapping_ranges_are_ignored_and_named(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct station b = station_b(rig);
	size_t used;

	(void)state;
	b.addr = (struct at_addr){ 6, 200 };
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	used = rig->r->routes.used;
	station_rtmp(&p, 3, 5, TUPLES(EXT(31, 40, 1)));
	assert_int_equal(rig_last(rig, TRACE_RTMP_OVERLAP)->event.range.first, 31);
	assert_int_equal(rig_last(rig, TRACE_RTMP_OVERLAP)->event.range2.first, 30);
	assert_string_equal(rig_last(rig, TRACE_RTMP_OVERLAP)->other, "ET0");
	station_rtmp(&b, 6, 6, TUPLES(EXT(4, 9, 0), EXT(3, 5, 0)));
	assert_int_equal(rig->r->routes.used, used);
	assert_null(rig_route(rig, 40));
	assert_null(rig_route(rig, 9));
	assert_int_equal(path_to(rig, 4)->kind, PATH_ATTACHED);
	/* A conflict of routes is not one of ports. */
	assert_true(port_is_up(rig->link[0].port) && port_is_up(rig->link[1].port));
	rig_free(rig);
}

static void test_atalk_R30_R31_R32_silence_ages_routes_but_never_our_own(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	struct instant start;
	int64_t bad_at = 0, gone_at = 0;

	(void)state;
	station_teach_baseline(&p);
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	start = rig->now;
	while (gone_at == 0) {
		const struct heard *h;

		rig_run(rig, span_s(1));
		while ((h = rig_find(rig, 1, DDP_RTMP)) != NULL)
			if (rd_left(&h->body) == 10 + 15 && h->body.pos[18] == 0x1F && !bad_at)
				bad_at = span_to_s(instant_since(rig->now, start));
		/* Split horizon holds for bad news too. */
		while ((h = rig_find(rig, 0, DDP_RTMP)) != NULL)
			assert_int_equal(rd_left(&h->body), 10 + 6);
		if (!rig_route(rig, 20))
			gone_at = span_to_s(instant_since(rig->now, start));
	}
	assert_in_range(bad_at, 20, 41);
	assert_in_range(gone_at, 60, 81);
	assert_null(rig_route(rig, 30));
	rig_run(rig, span_s(600));
	assert_int_equal(path_to(rig, 3)->state, PATH_GOOD);
	assert_int_equal(path_to(rig, 6)->state, PATH_GOOD);
	rig_free(rig);
}

static void test_atalk_R30_a_refreshed_route_stays_good(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	for (int i = 0; i < 30; i++) {
		station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
		assert_int_equal(path_to(rig, 20)->state, PATH_GOOD);
		rig_run(rig, span_s(10));
		assert_true(is_good(rig, 20));
	}
	rig_free(rig);
}

static void test_atalk_R39_Q08_senders_that_cannot_be_neighbours_teach_nothing(void **state)
{
	struct rig *rig = rig_up();
	static const struct at_addr bad[] = {
		{ 999, 1 },
		{ 6, 200 },
		{ 0xFF01, 200 },
		{ 5, 254 },
		{ 5, 0 },
		{ 5, 255 },
		{ 0, 200 },
	};
	const size_t used = rig->r->routes.used;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct station s = station_p(rig);

		s.addr = bad[i];
		station_rtmp(&s, 3, 5, TUPLES(NONEXT(20, 2)));
		assert_int_equal(rig->r->routes.used, used);
	}
	assert_int_equal(
		rig_drops(rig, 0, DROP_RTMP_BAD_SENDER) + rig_drops(rig, 0, DROP_DDP_BAD_SOURCE),
		sizeof(bad) / sizeof(*bad));
	rig_run(rig, span_s(3));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_R39_the_ddp_source_must_be_the_sender(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig), q = station_q(rig);

	(void)state;
	say_raw(&q, HEADER_P, "\x00\x14\x02", 3);
	assert_null(rig_route(rig, 20));
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_BAD_SENDER), 1);
	/* Data does not cross routers. */
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .hops = 1, .dst = { 3, 128, 1 },
		.src = { 5, 200, 1 }, .type = DDP_RTMP },
		"\x00\x05\x08\xC8\x00\x03\x80\x00\x05\x82\x00\x14\x02", 13);
	assert_null(rig_route(rig, 20));
	say_raw(&p, HEADER_P, "\x00\x14\x02", 3);
	assert_true(is_good(rig, 20));
	rig_free(rig);
}

static void test_atalk_R40_malformed_data_teaches_nothing_a_cut_tuple_ends_the_list(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	const size_t used = rig->r->routes.used;

	(void)state;
	say_raw(&p, "\x00\x05\x10\xC8\x00\x03\x80\x00\x05\x82", 10, "\x00\x14\x02", 3);
	say_raw(&p, "\x00\x05\x08\xC8\x00\x03\x00\x00\x05\x82", 10, "\x00\x14\x02", 3);
	say_raw(&p, "\x00\x05\x08\xC8\x00\x03\x80\x00\x05\x81", 10, "\x00\x14\x02", 3);
	for (size_t n = 0; n < 10; n++)
		say_raw(&p, "\x00\x05\x08\xC8\x00\x03\x80\x00\x05\x82", n, "", 0);
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_MALFORMED), 13);
	assert_int_equal(rig->r->routes.used, used);
	say_raw(&p, HEADER_P, "\x00\x14\x02\x00\x1E\x81\x00\x22", 8);
	assert_true(is_good(rig, 20));
	assert_null(rig_route(rig, 30));
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_MALFORMED), 14);
	rig_free(rig);
}

static void test_atalk_R41_another_range_for_our_cable_is_ignored_and_named(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 9, TUPLES(NONEXT(20, 2)));
	assert_null(rig_route(rig, 20));
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_OTHER_RANGE), 1);
	assert_int_equal(rig_last(rig, TRACE_RTMP_RANGE_IGNORED)->event.range.last, 9);
	assert_true(port_is_up(rig->link[0].port));
	rig_free(rig);
}

static void test_atalk_R42_D25_own_data_and_impossible_tuples_are_ignored(void **state)
{
	struct rig *rig = rig_up();
	struct station self = station_p(rig);
	const struct station p = station_p(rig);
	const size_t used = rig->r->routes.used;

	(void)state;
	self.addr = rig->link[0].port->addr;
	station_rtmp(&self, 3, 5, TUPLES(NONEXT(20, 2)));
	assert_int_equal(rig->r->routes.used, used);
	say_raw(&p, HEADER_P,
		"\x00\x00\x02"
		"\xFF\x10\x02"
		"\x00\x22\x81\x00\x1E\x82"
		"\xFE\xFF\x81\xFF\x00\x82"
		"\x00\x00\x81\x00\x05\x82"
		"\x00\x14\x02",
		3 + 3 + 6 + 6 + 6 + 3);
	assert_int_equal(rig->r->routes.used, used + 1);
	assert_true(is_good(rig, 20));
	rig_free(rig);
}

static void test_atalk_R45_the_distance_is_in_five_bits(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	say_raw(&p, HEADER_P, "\x00\x14\x62" "\x00\x1E\xE1\x00\x22\x82", 9);
	assert_int_equal(path_to(rig, 20)->distance, 3);
	assert_int_equal(path_to(rig, 30)->distance, 2);
	rig_free(rig);
}

static void test_atalk_R48_the_table_is_bounded(void **state)
{
	struct rig *rig = rig_new();
	const struct station p = station_p(rig);

	(void)state;
	rig->config.max_networks = 100;
	rig_start(rig);
	rig_run(rig, span_s(6));
	for (uint16_t net = 1000; net < 11000; net += 50) {
		struct rtmp_tuple t[51] = { 0 };

		for (uint16_t i = 0; i < 50; i++)
			t[i] = (struct rtmp_tuple)NONEXT((uint16_t)(net + i), 1);
		station_rtmp(&p, 3, 5, t);
	}
	assert_int_equal(rig->r->routes.used, 100);
	assert_int_equal(rig_noted(rig, TRACE_ROUTES_FULL), 1);
	assert_int_equal(path_to(rig, 3)->kind, PATH_ATTACHED);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_R19_R38_an_offer_makes_a_route_via_the_sender),
		cmocka_unit_test(
			test_atalk_R20_R21_a_tie_goes_to_the_newest_a_worse_offer_is_ignored),
		cmocka_unit_test(test_atalk_R22_the_next_router_may_get_worse),
		cmocka_unit_test(test_atalk_R23_a_bad_entry_takes_any_offer_at_once),
		cmocka_unit_test(test_atalk_R24_R25_only_the_next_router_withdraws),
		cmocka_unit_test(
			test_atalk_R26_31_for_an_unknown_network_makes_nothing_and_asks_nothing),
		cmocka_unit_test(test_atalk_R27_a_number_alone_and_a_range_of_one_are_the_same),
		cmocka_unit_test(test_atalk_R28_R29_Q37_overlapping_ranges_are_ignored_and_named),
		cmocka_unit_test(test_atalk_R30_R31_R32_silence_ages_routes_but_never_our_own),
		cmocka_unit_test(test_atalk_R30_a_refreshed_route_stays_good),
		cmocka_unit_test(
			test_atalk_R39_Q08_senders_that_cannot_be_neighbours_teach_nothing),
		cmocka_unit_test(test_atalk_R39_the_ddp_source_must_be_the_sender),
		cmocka_unit_test(
			test_atalk_R40_malformed_data_teaches_nothing_a_cut_tuple_ends_the_list),
		cmocka_unit_test(test_atalk_R41_another_range_for_our_cable_is_ignored_and_named),
		cmocka_unit_test(test_atalk_R42_D25_own_data_and_impossible_tuples_are_ignored),
		cmocka_unit_test(test_atalk_R45_the_distance_is_in_five_bits),
		cmocka_unit_test(test_atalk_R48_the_table_is_bounded),
	};

	return cmocka_run_group_tests_name("svc_rtmp", tests, NULL, NULL);
}
