/* core/svc_nbp.c: look-ups on their way through the internet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static const struct at_addr c_addr = { 4, 42 };

/* The baseline with P's networks, no name of our own in the way. */
static struct rig *up_without_name(void)
{
	struct rig *rig = rig_new();
	struct station p = station_p(rig);

	rig->config.nbp_name.len = 0;
	rig_start(rig);
	rig_run(rig, span_s(6));
	station_teach_baseline(&p);
	return rig;
}

/* An NBP packet of one tuple: asker 4.42:253, `=:AFPServer`, in this zone. */
static size_t look_up(uint8_t bytes[DDP_DATA_MAX], enum nbp_function function, const char *zone)
{
	const struct nbp h = { function, 1, 0x17 };
	const struct nbp_tuple t = {
		.addr = { 4, 42, 253 },
		.object = name_of("="),
		.type = name_of("AFPServer"),
		.zone = name_of(zone),
	};
	struct wr w = wr_over(bytes, DDP_DATA_MAX);

	nbp_encode(&w, &h);
	nbp_encode_tuple(&w, &t);
	return wr_len(&w);
}

static void ask(const struct station *s, struct at_sockaddr dst, enum nbp_function function,
	const char *zone)
{
	uint8_t bytes[DDP_DATA_MAX];

	station_send(s, dst, 253, DDP_NBP, bytes, look_up(bytes, function, zone));
}

static void test_atalk_N01_N02_N03_N04_E04_brrq_becomes_fwdreq_and_lkup(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig), p = station_p(rig);
	const struct heard *h;

	(void)state;
	station_send_vector(&a, rig_socket(rig, 0, 2), 253, DDP_NBP, "V-N1");
	assert_frame_is(rig_take(rig, 0, DDP_NBP), "V-N3F");
	h = rig_take(rig, 0, DDP_NBP);
	assert_body_is(h, "V-N2");
	assert_int_equal(h->pkt.len, vector_load("V-N2D").len);
	assert_memory_equal(h->pkt.data, vector_load("V-N2D").byte, h->pkt.len);
	assert_true(mac_eq(h->elap.dst, p.mac));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N01_a_zone_elsewhere_is_looked_up_there_only(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Far");
	h = rig_take(rig, 0, DDP_NBP);
	assert_int_equal(h->body.pos[0], NBP_FWDREQ << 4 | 1);
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.dst.node, 0);
	assert_int_equal(h->ddp.dst.socket, 2);
	rig_assert_all_quiet(rig);
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "lab");
	h = rig_take(rig, 1, DDP_NBP);
	assert_int_equal(h->body.pos[0], NBP_LKUP << 4 | 1);
	assert_int_equal(h->ddp.src.net, 6);
	assert_int_equal(h->elap.dst.byte[5], 0xF1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_a_network_that_is_lost_is_not_searched(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig), p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 31)));
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Far");
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N06_N07_fwdreq_goes_to_the_network_it_names_and_no_other(void **state)
{
	struct rig *rig = rig_new();
	const struct station a = station_a(rig);
	const struct heard *h;

	(void)state;
	rig->config.nbp_name.len = 0;
	rig_configure(rig, 1, SEED_HARD, 6, 6, ZONES("Lab", "Caf\x8E"));
	rig_start(rig);
	rig_run(rig, span_s(6));
	rig_clear(rig);
	ask(&a, (struct at_sockaddr){ 6, 0, 2 }, NBP_FWDREQ, "Caf\x8E");
	h = rig_take(rig, 1, DDP_NBP);
	assert_int_equal(h->body.pos[0], NBP_LKUP << 4 | 1);
	assert_int_equal(h->elap.dst.byte[5], 0x6E);
	rig_assert_all_quiet(rig);
	ask(&a, (struct at_sockaddr){ 5, 0, 2 }, NBP_FWDREQ, "Caf\x8E");
	assert_non_null(rig_find(rig, 0, DDP_NBP));
	rig_assert_all_quiet(rig);
	/* To our own address: the network of that address. */
	ask(&a, rig_socket(rig, 1, 2), NBP_FWDREQ, "Caf\x8E");
	assert_non_null(rig_find(rig, 1, DDP_NBP));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_a_fwdreq_for_a_remote_network_is_forwarded_not_converted(void **state)
{
	struct rig *rig = up_without_name();
	const struct station b = station_b(rig);
	const struct heard *h;

	(void)state;
	ask(&b, (struct at_sockaddr){ 30, 0, 2 }, NBP_FWDREQ, "East");
	h = rig_take(rig, 0, DDP_NBP);
	assert_int_equal(h->body.pos[0], NBP_FWDREQ << 4 | 1);
	assert_int_equal(h->ddp.dst.net, 30);
	assert_int_equal(h->ddp.src.net, 6);
	rig_assert_all_quiet(rig);
	/* Broadcast to us with no network: nobody's business. */
	ask(&b, (struct at_sockaddr){ 0, 255, 2 }, NBP_FWDREQ, "East");
	assert_int_equal(rig_drops(rig, 1, DROP_NBP_WRONG_NETWORK), 1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N08_fwdreq_without_a_zone_is_dropped_on_extended_networks(void **state)
{
	struct rig *rig = up_without_name();
	const struct station b = station_b(rig);

	(void)state;
	ask(&b, (struct at_sockaddr){ 3, 0, 2 }, NBP_FWDREQ, "*");
	ask(&b, (struct at_sockaddr){ 3, 0, 2 }, NBP_FWDREQ, "");
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 1, DROP_NBP_UNKNOWN_ZONE), 2);
	rig_free(rig);
}

static void test_atalk_N11_star_from_an_extended_network_is_its_default_zone(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);
	static const char *const own[] = { "*", "" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct heard *h;
		struct nbp nbp;
		struct nbp_tuple t;
		struct rd body;

		ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, own[i]);
		h = rig_take(rig, 0, DDP_NBP);
		body = h->body;
		assert_true(
			nbp_decode(&body, &nbp) && nbp_decode_tuple(&body, &t) && rd_at_end(&body));
		assert_name(&t.zone, "EtherTalk");
		assert_int_equal(h->elap.dst.byte[5], 4);
		rig_assert_all_quiet(rig);
	}
	rig_free(rig);
}

static void test_atalk_N12_N22_malformed_packets_are_counted(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);
	struct vector v = vector_load("V-N1");
	static const uint8_t wrong[] = { 0x10, 0x12, 0x1F, 0x20, 0x22, 0x40, 0x43, 0x01, 0x51, 0xF1,
		0x30 };
	uint64_t n = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong); i++, n++) {
		v.byte[0] = wrong[i];
		station_send(&a, rig_socket(rig, 0, 2), 253, DDP_NBP, v.byte, v.len);
	}
	v = vector_load("V-N1");
	for (size_t len = 0; len < v.len; len++, n++)
		station_send(&a, rig_socket(rig, 0, 2), 253, DDP_NBP, v.byte, len);
	v.byte[7] = 33;
	station_send(&a, rig_socket(rig, 0, 2), 253, DDP_NBP, v.byte, v.len);
	station_send(&a, rig_socket(rig, 0, 2), 253, DDP_AEP, vector_load("V-N1").byte, v.len);
	assert_int_equal(rig_drops(rig, 0, DROP_NBP_MALFORMED), n + 2);
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N13_N14_zones_compare_folded_and_have_no_wildcards(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);

	(void)state;
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Nowhere");
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "=");
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "\xC5");
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Cafe");
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_NBP_UNKNOWN_ZONE), 4);
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "CAF\x83");
	assert_int_equal(rig_count(rig, 0, DDP_NBP), 2);
	rig_free(rig);
}

static void test_atalk_N15_incomplete_lists_are_not_searched(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig), p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(EXT(50, 51, 1)));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 50, 2, ZONES("Half"));
	rig_clear(rig);
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Half");
	rig_assert_all_quiet(rig);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 50, 2, ZONES("Whole"));
	ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Half");
	assert_int_equal(rig_take(rig, 0, DDP_NBP)->ddp.dst.net, 50);
	rig_free(rig);
}

static void test_atalk_N25_a_lkup_from_the_link_goes_nowhere(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);

	(void)state;
	ask(&a, (struct at_sockaddr){ 0, 255, 2 }, NBP_LKUP, "Lab");
	ask(&a, rig_socket(rig, 0, 2), NBP_LKUP, "Lab");
	ask(&a, (struct at_sockaddr){ 6, 0, 2 }, NBP_LKUP, "Lab");
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N26_replies_of_others_are_routed_untouched(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig), b = station_b(rig);
	const struct heard *h;

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, c_addr, (struct mac){ { 0 } },
		(struct at_addr){ 3, 128 });
	rig_clear(rig);
	station_send_vector(&b, (struct at_sockaddr){ 4, 42, 253 }, 2, DDP_NBP, "V-N4");
	h = rig_take(rig, 0, DDP_NBP);
	assert_body_is(h, "V-N4");
	assert_true(mac_eq(h->elap.dst, a.mac));
	assert_int_equal(h->ddp.src.net, 6);
	assert_int_equal(h->ddp.dst.socket, 253);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_N27_brrq_is_taken_directed_to_any_router_and_broadcast(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig);
	static const struct at_sockaddr to[] = { { 3, 128, 2 }, { 3, 0, 2 }, { 0, 255, 2 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		ask(&a, to[i], NBP_BRRQ, "Caf\x8E");
		assert_int_equal(rig_count(rig, 0, DDP_NBP), 2);
		rig_clear(rig);
	}
	rig_free(rig);
}

static void test_atalk_N29_the_bursts_of_the_chooser_are_all_served(void **state)
{
	struct rig *rig = up_without_name();
	const struct station a = station_a(rig), p = station_p(rig);

	(void)state;
	for (int i = 0; i < 300; i++) {
		if (i % 100 == 0)
			station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
		ask(&a, rig_socket(rig, 0, 2), NBP_BRRQ, "Caf\x8E");
		rig_run(rig, span_ms(100));
	}
	assert_int_equal(rig_count(rig, 0, DDP_NBP), 600);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_N01_N02_N03_N04_E04_brrq_becomes_fwdreq_and_lkup),
		cmocka_unit_test(test_atalk_N01_a_zone_elsewhere_is_looked_up_there_only),
		cmocka_unit_test(test_a_network_that_is_lost_is_not_searched),
		cmocka_unit_test(
			test_atalk_N06_N07_fwdreq_goes_to_the_network_it_names_and_no_other),
		cmocka_unit_test(test_a_fwdreq_for_a_remote_network_is_forwarded_not_converted),
		cmocka_unit_test(
			test_atalk_N08_fwdreq_without_a_zone_is_dropped_on_extended_networks),
		cmocka_unit_test(test_atalk_N11_star_from_an_extended_network_is_its_default_zone),
		cmocka_unit_test(test_atalk_N12_N22_malformed_packets_are_counted),
		cmocka_unit_test(test_atalk_N13_N14_zones_compare_folded_and_have_no_wildcards),
		cmocka_unit_test(test_atalk_N15_incomplete_lists_are_not_searched),
		cmocka_unit_test(test_atalk_N25_a_lkup_from_the_link_goes_nowhere),
		cmocka_unit_test(test_atalk_N26_replies_of_others_are_routed_untouched),
		cmocka_unit_test(test_atalk_N27_brrq_is_taken_directed_to_any_router_and_broadcast),
		cmocka_unit_test(test_atalk_N29_the_bursts_of_the_chooser_are_all_served),
	};

	return cmocka_run_group_tests_name("svc_nbp", tests, NULL, NULL);
}
