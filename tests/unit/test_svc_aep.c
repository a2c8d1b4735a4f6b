/* core/svc_aep.c: echoes, and as whom we send them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

static void test_atalk_P01_Q39_an_echo_comes_back_to_its_socket(void **state)
{
	struct rig *rig = rig_up();
	const struct heard *h;

	(void)state;
	rig_inject_vector(rig, 0, "V-E4");
	h = rig_take(rig, 0, DDP_AEP);
	assert_body_is(h, "V-A2");
	assert_int_equal(h->ddp.dst.net, 4);
	assert_int_equal(h->ddp.dst.node, 42);
	assert_int_equal(h->ddp.dst.socket, 253);
	assert_int_equal(h->ddp.src.socket, 4);
	/* The frame carries our own MAC (the rig checks every frame). */
	assert_true(mac_eq(h->elap.src, rig->link[0].mac));
	rig_free(rig);
}

static void test_atalk_P02_585_bytes_come_back_unchanged(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	uint8_t data[586];
	struct prng prng;
	const struct heard *h;

	(void)state;
	prng_init(&prng, 3);
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)prng_u32(&prng);
	data[0] = 1;
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, data, sizeof(data));
	h = rig_take(rig, 0, DDP_AEP);
	assert_int_equal(rd_left(&h->body), sizeof(data));
	assert_int_equal(h->body.pos[0], 2);
	assert_memory_equal(h->body.pos + 1, data + 1, sizeof(data) - 1);
	rig_free(rig);
}

static void test_atalk_P03_what_is_no_request_is_not_answered(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "\x02Hi", 3);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "\x03Hi", 3);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "\x00Hi", 3);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "", 0);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_NBP, "\x01Hi", 3);
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_AEP_MALFORMED), 5);
	rig_free(rig);
}

static void test_atalk_P04_P05_D34_D36_we_answer_as_whom_we_were_called(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	static const struct {
		struct at_sockaddr to;
		struct at_addr from;
	} rows[] = {
		{ { 3, 128, 4 }, { 3, 128 } },
		{ { 6, 128, 4 }, { 6, 128 } },
		{ { 0, 255, 4 }, { 3, 128 } },
		{ { 3, 255, 4 }, { 3, 128 } },
		{ { 3, 0, 4 }, { 3, 128 } },
		{ { 6, 0, 4 }, { 3, 128 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct heard *h;

		station_send(&a, rows[i].to, 253, DDP_AEP, "\x01Hi", 3);
		h = rig_take(rig, 0, DDP_AEP);
		assert_int_equal(h->ddp.src.net, rows[i].from.net);
		assert_int_equal(h->ddp.src.node, rows[i].from.node);
		assert_true(mac_eq(h->elap.dst, a.mac));
		assert_null(rig_find(rig, 0, DDP_AEP));
	}
	rig_free(rig);
}

static void test_atalk_P06_an_echo_over_several_hops(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	const struct heard *h;

	(void)state;
	station_teach_baseline(&p);
	station_send_to(&p, rig->link[0].mac, &(struct ddp){ .hops = 3, .dst = { 6, 128, 4 },
		.src = { 20, 1, 200 }, .type = DDP_AEP }, "\x01Hi", 3);
	h = rig_take(rig, 0, DDP_AEP);
	assert_body_is(h, "V-A2");
	assert_true(mac_eq(h->elap.dst, p.mac));
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.dst.socket, 200);
	assert_int_equal(h->ddp.hops, 0);
	rig_free(rig);
}

/* Right and none pass, wrong does not; that ours are right or none the rig checks. */
static void test_atalk_P07_D17_D19_checksums(void **state)
{
	struct rig *rig = rig_up();
	struct vector v = vector_load("V-E4");
	uint16_t sum = ddp_checksum(v.byte + 22, 16);

	(void)state;
	put_u16(v.byte + 24, sum);
	rig_inject(rig, 0, v.byte, v.len);
	assert_non_null(rig_find(rig, 0, DDP_AEP));
	put_u16(v.byte + 24, (uint16_t)(sum + 1));
	rig_inject(rig, 0, v.byte, v.len);
	assert_null(rig_find(rig, 0, DDP_AEP));
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_BAD_CHECKSUM), 1);
	rig_free(rig);
}

static void test_atalk_P08_D28_Q09_impossible_sources_are_not_answered(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	static const struct at_sockaddr bad[] = {
		{ 0, 9, 253 }, { 4, 255, 253 }, { 0xFFFF, 9, 253 }, { 0, 255, 253 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		station_send_to(&a, rig->link[0].mac,
			&(struct ddp){ .dst = { 3, 128, 4 }, .src = bad[i], .type = DDP_AEP },
			"\x01Hi", 3);
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_BAD_SOURCE), sizeof(bad) / sizeof(*bad));
	rig_free(rig);
}

static void test_atalk_D29_sockets_and_types_that_cannot_be(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	station_send(&a, rig_socket(rig, 0, 4), 0, DDP_AEP, "\x01", 1);
	station_send(&a, rig_socket(rig, 0, 4), 255, DDP_AEP, "\x01", 1);
	station_send(&a, rig_socket(rig, 0, 0), 253, DDP_AEP, "\x01", 1);
	station_send(&a, rig_socket(rig, 0, 255), 253, DDP_AEP, "\x01", 1);
	station_send(&a, rig_socket(rig, 0, 4), 253, 0, "\x01", 1);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_BAD_SOCKET), 5);
	station_send(&a, rig_socket(rig, 0, 99), 253, DDP_AEP, "\x01", 1);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_NO_SOCKET), 1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_P01_Q39_an_echo_comes_back_to_its_socket),
		cmocka_unit_test(test_atalk_P02_585_bytes_come_back_unchanged),
		cmocka_unit_test(test_atalk_P03_what_is_no_request_is_not_answered),
		cmocka_unit_test(test_atalk_P04_P05_D34_D36_we_answer_as_whom_we_were_called),
		cmocka_unit_test(test_atalk_P06_an_echo_over_several_hops),
		cmocka_unit_test(test_atalk_P07_D17_D19_checksums),
		cmocka_unit_test(test_atalk_P08_D28_Q09_impossible_sources_are_not_answered),
		cmocka_unit_test(test_atalk_D29_sockets_and_types_that_cannot_be),
	};

	return cmocka_run_group_tests_name("svc_aep", tests, NULL, NULL);
}
