/* ZIP and NBP on LocalTalk: the one zone of the network, and look-ups to and from its nodes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "nbp.h"
#include "rig_localtalk.h"
#include "zip.h"

enum { DYNAMIC = 253 };

static const struct at_sockaddr l_asks = { 10, NODE_L, DYNAMIC };

/* The baseline; we have no name, so that only what is routed is heard. */
static struct rig *up_without_name(void)
{
	struct rig *rig = rig_localtalk_up();

	rig->config.nbp_name.len = 0;
	rig_apply(rig);
	for (unsigned i = 0; i < 3; i++)
		rig->link[i].port->name.state = NAME_NONE;
	return rig;
}

static size_t question(uint8_t *bytes, enum nbp_function function, struct at_sockaddr from,
	const char *object, const char *zone)
{
	const struct nbp h = { .function = function, .count = 1, .id = 23 };
	const struct nbp_tuple t = {
		.addr = from,
		.object = name_of(object),
		.type = name_of("="),
		.zone = name_of(zone),
	};
	struct wr w = wr_over(bytes, DDP_DATA_MAX);

	nbp_encode(&w, &h);
	nbp_encode_tuple(&w, &t);
	assert_true(wr_ok(&w));
	return wr_len(&w);
}

/* A question from L, short header, to us. */
static void l_looks_up(struct rig *rig, enum nbp_function function, struct at_sockaddr from,
	const char *zone)
{
	uint8_t bytes[DDP_DATA_MAX];
	size_t n = question(bytes, function, from, "=", zone);

	llap_say_short(rig, NODE_US, NODE_L, AT_SOCKET_NBP, AT_SOCKET_NBP, DDP_NBP, bytes, n);
}

static void a_looks_up(struct rig *rig, enum nbp_function function, struct at_sockaddr dst,
	const char *zone)
{
	const struct station a = station_a(rig);
	uint8_t bytes[DDP_DATA_MAX];
	size_t n = question(bytes, function, (struct at_sockaddr){ 4, 42, DYNAMIC }, "=", zone);

	station_send(&a, dst, AT_SOCKET_NBP, DDP_NBP, bytes, n);
}

static struct nbp_tuple tuple_of(const struct heard *h, enum nbp_function function)
{
	struct rd r = h->body;
	struct nbp_tuple t;
	struct nbp nbp;

	assert_true(nbp_decode(&r, &nbp));
	assert_int_equal(nbp.function, function);
	assert_true(nbp_decode_tuple(&r, &t));
	return t;
}

/* A LkUp on LT0 as it must be: long header, from us to all of the network (Q12). */
static struct nbp_tuple take_lkup(struct rig *rig)
{
	const struct heard *h = rig_take(rig, LT0, DDP_NBP);

	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->llap.dst, LLAP_BROADCAST);
	assert_int_equal(h->ddp.dst.net, 10);
	assert_int_equal(h->ddp.dst.node, 255);
	assert_int_equal(h->ddp.dst.socket, AT_SOCKET_NBP);
	assert_int_equal(h->ddp.src.net, 10);
	assert_int_equal(h->ddp.src.node, NODE_US);
	return tuple_of(h, NBP_LKUP);
}

/* P has another network whose zone is LT0's. */
static void teach_second_localtalk(struct rig *rig)
{
	const struct station p = station_p(rig);

	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1), NONEXT(40, 1)));
	station_zip_reply(&p, rig_socket(rig, ET0, 6), 40, 1, ZONES("LocalTalk"));
	rig_clear(rig);
}

/* --- ZIP --------------------------------------------------------------------------------- */

static void test_atalk_Z18_there_is_no_multicast_address_on_localtalk(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	llap_say_short(rig, LLAP_BROADCAST, NODE_L, 6, DYNAMIC, DDP_ZIP,
		"\x05\x00\x00\x00\x00\x00\x00", 7);
	h = rig_take(rig, LT0, DDP_ZIP);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.dst.socket, DYNAMIC);
	assert_body_is(h, "V-Z7");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_Z31_get_my_zone(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	llap_say_body(rig, NODE_US, 6, DYNAMIC, DDP_ATP, "V-Z9");
	h = rig_take(rig, LT0, DDP_ATP);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.src.socket, 6);
	assert_int_equal(h->ddp.dst.socket, DYNAMIC);
	assert_body_is(h, "V-Z10");
	rig_free(rig);
}

static void test_atalk_Z31_an_unknown_zone_is_no_zone(void **state)
{
	struct rig *rig = rig_localtalk_new();
	const struct heard *h;

	(void)state;
	rig_configure(rig, LT0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_s(3));
	llap_say_rtmp(rig, 200, "\x00\x0A\x08\xC8\x00\x00\x82", 7);
	llap_say_body(rig, NODE_US, 6, DYNAMIC, DDP_ATP, "V-Z9");
	h = rig_take(rig, LT0, DDP_ATP);
	assert_int_equal(rd_left(&h->body), 8);
	assert_memory_equal(h->body.pos, "\x90\x00\x12\x34\x00\x00\x00\x00", 8);
	rig_free(rig);
}

static void test_atalk_Z30_local_zones_are_my_zone(void **state)
{
	struct rig *rig = rig_localtalk_up();
	struct zip_atp_response response;
	const struct heard *h;
	struct at_name zone;
	struct rd body;

	(void)state;
	llap_say_body(rig, NODE_US, 6, DYNAMIC, DDP_ATP, "V-Z17");
	h = rig_take(rig, LT0, DDP_ATP);
	body = h->body;
	assert_true(zip_decode_atp_response(&body, &response));
	assert_int_equal(response.count, 1);
	assert_true(response.last);
	assert_int_equal(zip_next_zone(&response.zones, &zone), TUPLE_OK);
	assert_name(&zone, "LocalTalk");
	assert_int_equal(zip_next_zone(&response.zones, &zone), TUPLE_END);
	rig_free(rig);
}

static void test_atalk_Z24_Z28_the_zones_of_the_internet_page_by_page(void **state)
{
	struct rig *rig = rig_localtalk_new();
	char names[57][AT_ZONE_NAME_MAX + 1];
	const char *list[58] = { NULL };
	const struct zone *seen_zones[60];
	size_t seen = 0;
	bool is_last = false;

	(void)state;
	for (size_t i = 0; i < 57; i++) {
		snprintf(names[i], sizeof(names[i]), "A zone whose name is long %06zu", i);
		list[i] = names[i];
	}
	rig_configure(rig, ET0, SEED_HARD, 3, 5, list);
	rig_bring_up(rig);
	/* Index 0 is 1 to old clients. */
	for (uint16_t index = 0; !is_last; index = (uint16_t)(seen + 1)) {
		const struct zip_atp_request q = { 9, ZIP_GET_ZONE_LIST, index };
		struct zip_atp_response response;
		uint8_t bytes[8];
		struct wr w = wr_over(bytes, sizeof(bytes));
		const struct heard *h;
		struct at_name zone;
		struct rd body;
		size_t n = 0;

		zip_encode_atp_request(&w, &q);
		llap_say_short(rig, NODE_US, NODE_L, 6, DYNAMIC, DDP_ATP, bytes, wr_len(&w));
		h = rig_take(rig, LT0, DDP_ATP);
		body = h->body;
		assert_true(zip_decode_atp_response(&body, &response));
		while (zip_next_zone(&response.zones, &zone) == TUPLE_OK) {
			const struct zone *z = zone_find(&rig->r->zones, &zone);

			assert_non_null(z);
			for (size_t i = 0; i < seen; i++)
				assert_ptr_not_equal(seen_zones[i], z);
			assert_true(seen < 59);
			seen_zones[seen++] = z;
			n++;
		}
		assert_int_equal(response.count, n);
		assert_true(n > 0);
		is_last = response.last;
	}
	/* ET0, Lab and LocalTalk. */
	assert_int_equal(seen, 59);
	rig_free(rig);
}

static void test_a_query_about_localtalk(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	station_send(&a, rig_socket(rig, ET0, 6), DYNAMIC, DDP_ZIP, "\x01\x01\x00\x0A", 4);
	h = rig_take(rig, ET0, DDP_ZIP);
	assert_int_equal(rd_left(&h->body), 14);
	assert_memory_equal(h->body.pos, "\x08\x01\x00\x0A\x09LocalTalk", 14);
	rig_free(rig);
}

/* --- NBP --------------------------------------------------------------------------------- */

static void test_atalk_N05_Q12_a_lkup_on_localtalk_to_the_byte(void **state)
{
	struct rig *rig = up_without_name();
	const struct vector v = vector_load("V-N7F");
	const struct station a = station_a(rig);
	uint8_t brrq[DDP_DATA_MAX];
	const size_t before = LLAP_HEADER + DDP_LONG_HEADER, n = v.len - before - LLAP_FCS;

	(void)state;
	memcpy(brrq, v.byte + before, n);
	brrq[0] = NBP_BRRQ << 4 | 1;
	station_send(&a, rig_socket(rig, ET0, 2), DYNAMIC, DDP_NBP, brrq, n);
	assert_llap_is(rig_take(rig, LT0, DDP_NBP), "V-N7F");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N06_a_fwdreq_for_localtalk_stays_on_it(void **state)
{
	struct rig *rig = up_without_name();
	struct nbp_tuple t;

	(void)state;
	a_looks_up(rig, NBP_FWDREQ, (struct at_sockaddr){ 10, 0, 2 }, "LocalTalk");
	t = take_lkup(rig);
	assert_name(&t.zone, "LocalTalk");
	assert_int_equal(t.addr.net, 4);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N08_a_fwdreq_without_a_zone_is_for_localtalk_only(void **state)
{
	struct rig *rig = up_without_name();
	static const char *const own[] = { "*", "" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		a_looks_up(rig, NBP_FWDREQ, (struct at_sockaddr){ 10, 0, 2 }, own[i]);
		assert_true(take_lkup(rig).zone.len <= 1);
		rig_assert_all_quiet(rig);
		a_looks_up(rig, NBP_FWDREQ, (struct at_sockaddr){ 6, 0, 2 }, own[i]);
		rig_assert_all_quiet(rig);
		assert_int_equal(rig_drops(rig, ET0, DROP_NBP_UNKNOWN_ZONE), i + 1);
	}
	rig_free(rig);
}

static void test_atalk_N09_N03_own_zone_becomes_that_of_localtalk(void **state)
{
	struct rig *rig = up_without_name();
	const struct heard *h;
	struct nbp_tuple t;

	(void)state;
	teach_second_localtalk(rig);
	llap_say_body(rig, NODE_US, 2, 2, DDP_NBP, "V-N5");
	h = rig_take(rig, ET0, DDP_NBP);
	assert_int_equal(h->ddp.dst.net, 40);
	assert_int_equal(h->ddp.dst.node, 0);
	assert_body_is(h, "V-N6");
	t = take_lkup(rig);
	assert_name(&t.zone, "LocalTalk");
	assert_name(&t.object, "Lab\xC5");
	rig_assert_all_quiet(rig);
	/* An empty zone is the same. */
	l_looks_up(rig, NBP_BRRQ, l_asks, "");
	t = tuple_of(rig_take(rig, ET0, DDP_NBP), NBP_FWDREQ);
	assert_name(&t.zone, "LocalTalk");
	rig_free(rig);
}

static void test_atalk_N30_a_requester_without_a_network_gets_ours(void **state)
{
	struct rig *rig = up_without_name();
	const struct heard *h;
	struct nbp_tuple t;

	(void)state;
	l_looks_up(rig, NBP_BRRQ, (struct at_sockaddr){ 0, NODE_L, DYNAMIC }, "Far");
	h = rig_take(rig, ET0, DDP_NBP);
	assert_int_equal(h->ddp.dst.net, 20);
	t = tuple_of(h, NBP_FWDREQ);
	assert_int_equal(t.addr.net, 10);
	assert_int_equal(t.addr.node, NODE_L);
	assert_int_equal(t.addr.socket, DYNAMIC);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N01_from_localtalk_to_every_network_of_the_zone(void **state)
{
	struct rig *rig = up_without_name();
	struct nbp_tuple t;

	(void)state;
	l_looks_up(rig, NBP_BRRQ, l_asks, "Caf\x8E");
	t = tuple_of(rig_take(rig, ET0, DDP_NBP), NBP_LKUP);
	assert_int_equal(t.addr.net, 10);
	(void)tuple_of(rig_take(rig, ET0, DDP_NBP), NBP_FWDREQ);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N10_while_the_zone_is_unknown_only_the_network_is_searched(void **state)
{
	struct rig *rig = rig_localtalk_new();
	struct nbp_tuple t;

	(void)state;
	rig_configure(rig, LT0, SEED_NONE, 0, 0, NULL);
	rig->config.nbp_name.len = 0;
	rig_start(rig);
	rig_run(rig, span_s(5));
	llap_say_rtmp(rig, 200, "\x00\x0A\x08\xC8\x00\x00\x82", 7);
	rig_clear(rig);
	l_looks_up(rig, NBP_BRRQ, l_asks, "*");
	t = take_lkup(rig);
	assert_name(&t.zone, "*");
	assert_int_equal(t.addr.node, NODE_L);
	assert_int_equal(rig_count(rig, ET0, DDP_NBP), 0);
	assert_int_equal(rig_count(rig, ET1, DDP_NBP), 0);
	rig_free(rig);
}

static void test_atalk_N19_our_name_answers_in_any_zone_there(void **state)
{
	struct rig *rig = rig_localtalk_up();
	static const char *const zones[] = { "LocalTalk", "*", "", "Elsewhere" };

	(void)state;
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++) {
		const struct heard *h;
		struct nbp_tuple t;

		l_looks_up(rig, NBP_LKUP, l_asks, zones[i]);
		h = rig_take(rig, LT0, DDP_NBP);
		assert_int_equal(h->llap.dst, NODE_L);
		assert_int_equal(h->ddp.dst.socket, DYNAMIC);
		t = tuple_of(h, NBP_LKUP_REPLY);
		assert_name(&t.object, "attic");
		assert_name(&t.zone, "LocalTalk");
		assert_int_equal(t.addr.net, 10);
		assert_int_equal(t.addr.node, NODE_US);
		rig_assert_all_quiet(rig);
	}
	/* On an extended cable another zone's look-up is not ours. */
	a_looks_up(rig, NBP_LKUP, (struct at_sockaddr){ 0, 255, 2 }, "Caf\x8E");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N18_N16_our_name_answers_a_requester_without_a_network(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	/* The socket of the tuple, not that of the datagram. */
	l_looks_up(rig, NBP_BRRQ, (struct at_sockaddr){ 0, NODE_L, 200 }, "*");
	(void)take_lkup(rig);
	h = rig_take(rig, LT0, DDP_NBP);
	(void)tuple_of(h, NBP_LKUP_REPLY);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.dst.net, 10);
	assert_int_equal(h->ddp.dst.socket, 200);
	assert_int_equal(h->ddp.src.socket, 2);
	rig_free(rig);
}

static void test_atalk_Q27_a_startup_number_is_not_answered_on_localtalk(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	l_looks_up(rig, NBP_LKUP, (struct at_sockaddr){ 0xFF01, NODE_L, DYNAMIC }, "*");
	rig_assert_all_quiet(rig);
	assert_int_equal(rig->r->drops[DROP_DDP_NO_ROUTE], 1);
	rig_free(rig);
}

static void test_atalk_N26_replies_cross_from_localtalk_untouched(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct vector v = vector_load("V-N4");
	const struct heard *h;

	(void)state;
	llap_say_long(rig, &(struct ddp){ .dst = { 4, 42, DYNAMIC }, .src = { 10, NODE_L, 2 },
		.type = DDP_NBP }, v.byte, v.len);
	h = rig_take(rig, ET0, DDP_NBP);
	assert_int_equal(h->ddp.dst.net, 4);
	assert_int_equal(h->ddp.dst.node, 42);
	assert_int_equal(h->ddp.src.node, NODE_L);
	assert_body_is(h, "V-N4");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_Z18_there_is_no_multicast_address_on_localtalk),
		cmocka_unit_test(test_atalk_Z31_get_my_zone),
		cmocka_unit_test(test_atalk_Z31_an_unknown_zone_is_no_zone),
		cmocka_unit_test(test_atalk_Z30_local_zones_are_my_zone),
		cmocka_unit_test(test_atalk_Z24_Z28_the_zones_of_the_internet_page_by_page),
		cmocka_unit_test(test_a_query_about_localtalk),
		cmocka_unit_test(test_atalk_N05_Q12_a_lkup_on_localtalk_to_the_byte),
		cmocka_unit_test(test_atalk_N06_a_fwdreq_for_localtalk_stays_on_it),
		cmocka_unit_test(test_atalk_N08_a_fwdreq_without_a_zone_is_for_localtalk_only),
		cmocka_unit_test(test_atalk_N09_N03_own_zone_becomes_that_of_localtalk),
		cmocka_unit_test(test_atalk_N30_a_requester_without_a_network_gets_ours),
		cmocka_unit_test(test_atalk_N01_from_localtalk_to_every_network_of_the_zone),
		cmocka_unit_test(
			test_atalk_N10_while_the_zone_is_unknown_only_the_network_is_searched),
		cmocka_unit_test(test_atalk_N19_our_name_answers_in_any_zone_there),
		cmocka_unit_test(test_atalk_N18_N16_our_name_answers_a_requester_without_a_network),
		cmocka_unit_test(test_atalk_Q27_a_startup_number_is_not_answered_on_localtalk),
		cmocka_unit_test(test_atalk_N26_replies_cross_from_localtalk_untouched),
	};

	return cmocka_run_group_tests_name("svc_names_localtalk", tests, NULL, NULL);
}
