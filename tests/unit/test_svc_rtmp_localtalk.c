/*
 * RTMP on LocalTalk, and how such a port comes to its network number: what is
 * said on a network that is not extended, and what is made of what is heard.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig_localtalk.h"
#include "zip.h"

enum { NODE_P = 200 };	/* a neighbour router on LT0 */

/* Data of P: it is on network 10 (11), has 20 at distance 2. */
#define DATA_10 "\x00\x0A\x08\xC8\x00\x00\x82\x00\x14\x02", 10
#define DATA_11 "\x00\x0B\x08\xC8\x00\x00\x82\x00\x14\x02", 10

static const struct port *lt0(const struct rig *rig)
{
	return rig->link[LT0].port;
}

/* LT0 with this way of seeding, its node claimed. */
static struct rig *claimed(enum seed_mode seed)
{
	struct rig *rig = rig_localtalk_new();

	if (seed == SEED_NONE)
		rig_configure(rig, LT0, SEED_NONE, 0, 0, NULL);
	else
		rig_configure(rig, LT0, seed, 10, 10, ZONES("LocalTalk"));
	rig_start(rig);
	rig_run(rig, span_ms(2010));
	return rig;
}

static void say_zones(struct rig *rig, uint16_t net, uint8_t total, const char *const *zones)
{
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	zip_encode_reply_header(&w, true, total);
	for (; *zones; zones++) {
		struct at_name n = name_of(*zones);

		zip_encode_tuple(&w, net, &n);
	}
	llap_say_short(rig, NODE_US, NODE_P, 6, 6, DDP_ZIP, bytes, wr_len(&w));
}

/* --- what we say ------------------------------------------------------------------------- */

static void test_atalk_R12_R13_R15_R17_L18_data_on_localtalk_to_the_byte(void **state)
{
	struct rig *rig = rig_localtalk_new();
	const struct station p = station_p(rig);

	(void)state;
	/* The route list of the vector: ours, ET0, and what P has. */
	rig_configure(rig, ET1, SEED_NONE, 0, 0, NULL);
	/* What a network is, its medium says, not who configured it. */
	rig->ports[LT0].range.extended = true;
	rig_start(rig);
	rig_run(rig, span_s(6));
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 1), EXT(30, 34, 0)));
	rig_run(rig, span_s(2));
	rig_clear(rig);
	rig_run(rig, span_s(11));
	assert_llap_is(rig_take(rig, LT0, DDP_RTMP), "V-R2F");
	rig_free(rig);
}

static void test_atalk_R10_Q01_data_every_ten_seconds(void **state)
{
	struct rig *rig = rig_localtalk_up();
	size_t n;

	(void)state;
	rig_run(rig, span_s(60));
	n = rig_count(rig, LT0, DDP_RTMP);
	assert_in_range(n, 5, 8);
	rig_free(rig);
}

static void test_atalk_Q02_own_net_only_is_the_own_tuple(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	rig->ports[LT0].own_net_only = true;
	rig_apply(rig);
	rig_run(rig, span_s(11));
	h = rig_take(rig, LT0, DDP_RTMP);
	assert_int_equal(rd_left(&h->body), 10);
	assert_memory_equal(h->body.pos, "\x00\x0A\x08\xFE\x00\x00\x82\x00\x0A\x00", 10);
	rig_free(rig);
}

static void test_atalk_R34_a_request_is_answered_to_its_socket(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	llap_say_vector(rig, "V-R4F");
	h = rig_take(rig, LT0, DDP_RTMP);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->llap.src, NODE_US);
	assert_int_equal(h->ddp.dst.socket, 0xFD);
	assert_int_equal(h->ddp.src.socket, 1);
	assert_body_is(h, "V-R7");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_R34_not_before_the_network_is_known(void **state)
{
	struct rig *rig = claimed(SEED_NONE);

	(void)state;
	rig_clear(rig);
	llap_say_vector(rig, "V-R4F");
	assert_int_equal(rig_count(rig, LT0, DDP_RTMP), 0);
	rig_free(rig);
}

static void test_atalk_R36_a_route_data_request_has_the_whole_table(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;
	struct rtmp_header header;
	struct rtmp_tuple t;
	struct rd body;
	size_t n = 0;

	(void)state;
	llap_say_short(rig, NODE_US, NODE_L, 1, 200, DDP_RTMP_REQUEST, "\x03", 1);
	h = rig_take(rig, LT0, DDP_RTMP);
	assert_int_equal(h->ddp.dst.socket, 200);
	body = h->body;
	assert_true(rtmp_decode_header(&body, false, &header));
	assert_int_equal(header.sender.net, 10);
	while (rtmp_next_tuple(&body, &t) == TUPLE_OK)
		n++;
	assert_int_equal(n, rig->r->routes.used);
	rig_free(rig);
}

static void test_atalk_R46_R32_without_its_link_the_network_is_bad_elsewhere(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;
	struct rtmp_header header;
	struct rtmp_tuple t;
	struct rd body;
	bool is_poisoned = false;

	(void)state;
	router_link_down(rig->r, rig->now, rig->link[LT0].port);
	rig_run(rig, span_s(1));
	h = rig_take(rig, ET0, DDP_RTMP);
	body = h->body;
	assert_true(rtmp_decode_header(&body, true, &header));
	while (rtmp_next_tuple(&body, &t) == TUPLE_OK)
		if (t.range.first == 10)
			is_poisoned = !t.range.extended && t.distance == RTMP_UNREACHABLE;
	assert_true(is_poisoned);
	rig_free(rig);
}

/* --- what we hear ------------------------------------------------------------------------ */

static void test_atalk_R19_R38_a_neighbour_on_localtalk_is_a_next_router(void **state)
{
	struct rig *rig = rig_localtalk_new();
	const struct station b = station_b(rig);
	const struct heard *h;

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P, DATA_10);
	assert_int_equal(rig_route(rig, 20)->best->distance, 3);
	rig_clear(rig);
	station_send(&b, (struct at_sockaddr){ 20, 1, 4 }, 253, DDP_AEP, "\x01", 1);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, NODE_P);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.hops, 1);
	/* Our own words for a node behind it have a long header, too (L15). */
	llap_say(rig, NODE_US, NODE_P, LLAP_DDP_LONG,
		"\x04\x0E\x00\x00\x00\x0A\x00\x14\xFE\x05\x04\xFD\x04\x01", 14);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, NODE_P);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.src.net, 10);
	rig_free(rig);
}

static void test_atalk_R14_its_networks_are_not_told_back(void **state)
{
	struct rig *rig = rig_localtalk_new();
	const struct heard *h;

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P, DATA_10);
	rig_run(rig, span_s(11));
	h = rig_take(rig, LT0, DDP_RTMP);
	while (h) {
		struct rtmp_header header;
		struct rtmp_tuple t;
		struct rd body = h->body;

		assert_true(rtmp_decode_header(&body, false, &header));
		while (rtmp_next_tuple(&body, &t) == TUPLE_OK)
			assert_int_not_equal(t.range.first, 20);
		h = rig_find(rig, LT0, DDP_RTMP);
	}
	rig_free(rig);
}

static void test_atalk_R43_another_network_number_is_ignored_and_named(void **state)
{
	struct rig *rig = rig_localtalk_new();

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P, DATA_11);
	assert_null(rig_route(rig, 20));
	assert_int_equal(rig_drops(rig, LT0, DROP_RTMP_OTHER_RANGE), 1);
	assert_int_equal(rig_last(rig, TRACE_RTMP_RANGE_IGNORED)->event.range.first, 11);
	assert_true(port_is_up(lt0(rig)));
	/* Number 0 is no other number. */
	llap_say_rtmp(rig, NODE_P, "\x00\x00\x08\xC8\x00\x00\x82\x00\x14\x02", 10);
	assert_int_equal(rig_route(rig, 20)->best->next_router.net, 10);
	rig_free(rig);
}

static void test_atalk_R44_Q28_data_without_a_version_is_read(void **state)
{
	struct rig *rig = rig_localtalk_new();

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x08\xC8\x00\x14\x02\x00\x1E\x81\x00\x22\x82", 13);
	assert_int_equal(rig_route(rig, 20)->best->distance, 3);
	assert_int_equal(rig_route(rig, 34)->best->distance, 2);
	rig_free(rig);
}

static void test_atalk_R40_malformed_data_on_localtalk_teaches_nothing(void **state)
{
	struct rig *rig = rig_localtalk_new();

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x10\xC8\x00\x00\x82\x00\x14\x02", 10);
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x08\xC8\x00\x00\x81\x00\x14\x02", 10);
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x08", 3);
	assert_int_equal(rig_drops(rig, LT0, DROP_RTMP_MALFORMED), 3);
	assert_null(rig_route(rig, 20));
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x08\xC8\x00\x00\x82\x00\x14\x02\x00\x1E", 12);
	assert_non_null(rig_route(rig, 20));
	rig_free(rig);
}

static void test_atalk_R39_a_sender_that_is_another_node_teaches_nothing(void **state)
{
	struct rig *rig = rig_localtalk_new();

	(void)state;
	rig_bring_up(rig);
	llap_say_rtmp(rig, NODE_P + 1, DATA_10);
	llap_say_rtmp(rig, NODE_P, "\x00\x0A\x08\x00\x00\x00\x82\x00\x14\x02", 10);
	assert_null(rig_route(rig, 20));
	assert_int_equal(rig_drops(rig, LT0, DROP_RTMP_BAD_SENDER), 2);
	rig_free(rig);
}

/* --- how the port comes to its number ---------------------------------------------------- */

static void test_atalk_R02_a_hard_seed_asks_before_it_speaks(void **state)
{
	struct rig *rig = claimed(SEED_HARD);
	const struct heard *h;

	(void)state;
	rig_run(rig, span_ms(1400));
	assert_int_equal(lt0(rig)->state, PORT_VERIFYING);
	assert_int_equal(rig_count(rig, LT0, DDP_RTMP_REQUEST), 3);
	h = rig_take(rig, LT0, DDP_RTMP_REQUEST);
	assert_int_equal(h->llap.dst, LLAP_BROADCAST);
	assert_int_equal(h->llap.type, LLAP_DDP_SHORT);
	assert_int_equal(rig_count(rig, LT0, DDP_RTMP), 0);
	rig_run(rig, span_s(1));
	assert_true(port_is_up(lt0(rig)));
	assert_non_null(rig_find(rig, LT0, DDP_RTMP));
	rig_free(rig);
}

static void test_atalk_R03_a_hard_seed_stops_when_the_network_has_another_number(void **state)
{
	struct rig *rig = claimed(SEED_HARD);

	(void)state;
	llap_say_rtmp(rig, NODE_P, DATA_11);
	assert_int_equal(lt0(rig)->state, PORT_CONFLICT);
	assert_int_equal(rig_last(rig, TRACE_PORT_RANGE_CONFLICT)->event.range.first, 11);
	rig_clear(rig);
	rig_run(rig, span_s(30));
	assert_int_equal(rig_count(rig, LT0, DDP_RTMP), 0);
	rig_free(rig);
}

static void test_atalk_R04_the_same_number_or_none_is_no_conflict(void **state)
{
	struct rig *rig = claimed(SEED_HARD);

	(void)state;
	llap_say_rtmp(rig, NODE_P, DATA_10);
	llap_say_rtmp(rig, NODE_P, "\x00\x00\x08\xC8\x00\x00\x82", 7);
	rig_run(rig, span_s(4));
	assert_true(port_is_up(lt0(rig)));
	rig_free(rig);
}

static void test_atalk_R05_a_soft_seed_takes_over_the_number(void **state)
{
	struct rig *rig = claimed(SEED_SOFT);

	(void)state;
	llap_say_rtmp(rig, NODE_P, DATA_11);
	assert_true(port_is_up(lt0(rig)));
	assert_true(at_addr_eq(lt0(rig)->addr, (struct at_addr){ 11, NODE_US }));
	assert_int_equal(lt0(rig)->range.last, 11);
	assert_null(rig_route(rig, 10));
	rig_free(rig);
	/* Silence: the configured one. */
	rig = claimed(SEED_SOFT);
	rig_run(rig, span_s(4));
	assert_true(at_addr_eq(lt0(rig)->addr, (struct at_addr){ 10, NODE_US }));
	rig_free(rig);
}

static void test_atalk_R06_R07_a_port_without_a_number_learns_it_from_data(void **state)
{
	struct rig *rig = claimed(SEED_NONE);

	(void)state;
	rig_run(rig, span_s(60));
	assert_int_equal(lt0(rig)->state, PORT_LEARNING);
	assert_int_equal(rig_count(rig, LT0, DDP_RTMP), 0);
	assert_int_equal(rig->r->routes.used, 2);
	rig_clear(rig);
	llap_say_rtmp(rig, NODE_P, DATA_10);
	assert_true(port_is_up(lt0(rig)));
	assert_true(at_addr_eq(lt0(rig)->addr, (struct at_addr){ 10, NODE_US }));
	assert_false(lt0(rig)->range.extended);
	assert_int_equal(rig_route(rig, 10)->best->kind, PATH_ATTACHED);
	/* The node is claimed whatever the number is: not again. */
	assert_int_equal(rig_count(rig, LT0, ENQ), 0);
	rig_run(rig, span_s(10));
	assert_true(rig_count(rig, LT0, DDP_RTMP) >= 1);
	rig_free(rig);
}

static void test_atalk_R07_or_from_a_response(void **state)
{
	struct rig *rig = claimed(SEED_NONE);

	(void)state;
	/* Long headers that name us with the number, too, which we do not know yet. */
	llap_say_long(rig, &(struct ddp){ .dst = { 10, NODE_US, 1 }, .src = { 10, NODE_P, 1 },
		.type = DDP_RTMP }, "\x00\x0A\x08\xC8", 4);
	assert_true(port_is_up(lt0(rig)));
	assert_int_equal(lt0(rig)->range.first, 10);
	rig_free(rig);
}

static void test_a_range_is_no_number_for_localtalk(void **state)
{
	struct rig *rig = claimed(SEED_NONE);
	const struct zip_net_info info = {
		.flags = ZIP_ZONE_INVALID,
		.range = { 10, 12, true },
		.default_zone = name_of("Wide"),
	};
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	(void)state;
	zip_encode_net_info(&w, &info);
	llap_say_short(rig, NODE_US, NODE_P, 6, 6, DDP_ZIP, bytes, wr_len(&w));
	assert_int_equal(lt0(rig)->state, PORT_LEARNING);
	rig_free(rig);
}

static void test_atalk_R08_a_learnt_number_replaces_the_route_another_port_had(void **state)
{
	struct rig *rig = claimed(SEED_NONE);
	const struct station p = station_p(rig);

	(void)state;
	rig_run(rig, span_s(4));
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(10, 0)));
	assert_int_equal(rig_route(rig, 10)->best->distance, 1);
	llap_say_rtmp(rig, NODE_P, DATA_10);
	assert_int_equal(rig_route(rig, 10)->best->distance, 0);
	rig_free(rig);
}

static void test_atalk_Z36_Z10_the_zone_is_learnt_by_query_and_is_one(void **state)
{
	struct rig *rig = claimed(SEED_NONE);
	const struct heard *h;

	(void)state;
	llap_say_rtmp(rig, NODE_P, DATA_10);
	h = rig_take(rig, LT0, DDP_ZIP);
	while (h->body.pos[0] != ZIP_QUERY || h->body.pos[3] != 10)
		h = rig_take(rig, LT0, DDP_ZIP);
	assert_int_equal(h->llap.dst, LLAP_BROADCAST);
	assert_null(lt0(rig)->default_zone);
	say_zones(rig, 10, 2, ZONES("Hall", "Attic"));
	assert_name(&lt0(rig)->default_zone->name, "Hall");
	assert_int_equal(rig_route(rig, 10)->zones->used, 1);
	assert_null(zone_find(&rig->r->zones, &(struct at_name){ 5, "Attic" }));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_R12_R13_R15_R17_L18_data_on_localtalk_to_the_byte),
		cmocka_unit_test(test_atalk_R10_Q01_data_every_ten_seconds),
		cmocka_unit_test(test_atalk_Q02_own_net_only_is_the_own_tuple),
		cmocka_unit_test(test_atalk_R34_a_request_is_answered_to_its_socket),
		cmocka_unit_test(test_atalk_R34_not_before_the_network_is_known),
		cmocka_unit_test(test_atalk_R36_a_route_data_request_has_the_whole_table),
		cmocka_unit_test(test_atalk_R46_R32_without_its_link_the_network_is_bad_elsewhere),
		cmocka_unit_test(test_atalk_R19_R38_a_neighbour_on_localtalk_is_a_next_router),
		cmocka_unit_test(test_atalk_R14_its_networks_are_not_told_back),
		cmocka_unit_test(test_atalk_R43_another_network_number_is_ignored_and_named),
		cmocka_unit_test(test_atalk_R44_Q28_data_without_a_version_is_read),
		cmocka_unit_test(test_atalk_R40_malformed_data_on_localtalk_teaches_nothing),
		cmocka_unit_test(test_atalk_R39_a_sender_that_is_another_node_teaches_nothing),
		cmocka_unit_test(test_atalk_R02_a_hard_seed_asks_before_it_speaks),
		cmocka_unit_test(
			test_atalk_R03_a_hard_seed_stops_when_the_network_has_another_number),
		cmocka_unit_test(test_atalk_R04_the_same_number_or_none_is_no_conflict),
		cmocka_unit_test(test_atalk_R05_a_soft_seed_takes_over_the_number),
		cmocka_unit_test(test_atalk_R06_R07_a_port_without_a_number_learns_it_from_data),
		cmocka_unit_test(test_atalk_R07_or_from_a_response),
		cmocka_unit_test(test_a_range_is_no_number_for_localtalk),
		cmocka_unit_test(
			test_atalk_R08_a_learnt_number_replaces_the_route_another_port_had),
		cmocka_unit_test(test_atalk_Z36_Z10_the_zone_is_learnt_by_query_and_is_one),
	};

	return cmocka_run_group_tests_name("svc_rtmp_localtalk", tests, NULL, NULL);
}
