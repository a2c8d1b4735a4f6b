/*
 * core/forward.c with a network that is not extended: what is delivered, what is
 * passed on with which header, what is dropped. L (10.42) is on LT0, where we
 * are 10.254; the other networks are those of test_forward.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig_localtalk.h"

enum { DYNAMIC = 253, OTHER = 77 };

static const uint8_t ping[] = { 1, 'H', 'i' };

static struct at_sockaddr to(uint16_t net, uint8_t node, uint8_t socket)
{
	return (struct at_sockaddr){ net, node, socket };
}

/* An echo request from A. */
static void a_says(struct rig *rig, struct at_sockaddr dst)
{
	const struct station a = station_a(rig);

	station_send(&a, dst, DYNAMIC, DDP_AEP, ping, sizeof(ping));
}

/* An echo request from a node of LT0, long header. */
static void l_says(struct rig *rig, uint16_t src_net, struct at_sockaddr dst, uint16_t checksum)
{
	llap_say_long(rig, &(struct ddp){ .checksum = checksum, .dst = dst,
		.src = { src_net, NODE_L, DYNAMIC }, .type = DDP_AEP }, ping, sizeof(ping));
}

/* The checksum that such a request should have. */
static uint16_t sum_of(uint16_t src_net, struct at_sockaddr dst)
{
	const struct ddp h = { .dst = dst, .src = { src_net, NODE_L, DYNAMIC }, .type = DDP_AEP };
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	memcpy(p->data, ping, sizeof(ping));
	p->len = sizeof(ping);
	assert_true(ddp_push_long(p, &h));
	return ddp_checksum(p->data, p->len);
}

static void test_atalk_D01_a_short_header_is_for_our_own_sockets_only(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct vector v = vector_load("V-D3");

	(void)state;
	llap_say(rig, NODE_US, NODE_L, LLAP_DDP_SHORT, v.byte, v.len);
	assert_memory_equal(rig_take(rig, LT0, DDP_AEP)->body.pos, "\x02\x41", 2);
	rig_assert_all_quiet(rig);
	llap_say_short(rig, NODE_US, NODE_L, OTHER, DYNAMIC, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_NO_SOCKET), 1);
	llap_say_short(rig, LLAP_BROADCAST, NODE_L, OTHER, DYNAMIC, DDP_AEP, ping, sizeof(ping));
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_NO_SOCKET), 2);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D02_D26_our_node_of_this_network_is_delivered(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct at_sockaddr us[] = {
		{ 0, NODE_US, 4 }, { 10, NODE_US, 4 }, { 0, 255, 4 }, { 10, 255, 4 },
		{ 0, 0, 4 }, { 10, 0, 4 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(us) / sizeof(*us); i++) {
		l_says(rig, 10, us[i], 0);
		assert_int_equal(rig_take(rig, LT0, DDP_AEP)->llap.src, NODE_US);
		rig_assert_all_quiet(rig);
	}
	rig_free(rig);
}

static void test_atalk_D04_a_broadcast_on_the_network_stays_there(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	l_says(rig, 10, to(0, 255, OTHER), 0);
	l_says(rig, 10, to(10, 255, OTHER), 0);
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_NO_SOCKET), 2);
	a_says(rig, to(0, 255, OTHER));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D10_any_router_of_the_network_is_us(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	a_says(rig, to(10, 0, 4));
	h = rig_take(rig, ET0, DDP_AEP);
	assert_int_equal(h->ddp.src.net, 3);
	assert_int_equal(h->ddp.src.node, 128);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D11_our_address_on_the_other_network_is_us(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	a_says(rig, to(10, NODE_US, 4));
	h = rig_take(rig, ET0, DDP_AEP);
	assert_int_equal(h->ddp.src.net, 10);
	assert_int_equal(h->ddp.src.node, NODE_US);
	rig_assert_all_quiet(rig);
	l_says(rig, 10, to(3, 128, 4), 0);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->ddp.src.net, 3);
	assert_int_equal(h->ddp.src.node, 128);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D12_a_directed_broadcast_goes_out_once_and_to_us(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	a_says(rig, to(10, 255, 4));
	h = rig_take(rig, ET0, DDP_AEP);
	assert_int_equal(h->body.pos[0], 2);
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.dst, LLAP_BROADCAST);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->ddp.dst.net, 10);
	assert_int_equal(h->ddp.dst.node, 255);
	assert_int_equal(h->ddp.src.net, 4);
	assert_int_equal(h->ddp.hops, 1);
	assert_memory_equal(h->body.pos, ping, sizeof(ping));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D20_network_0_becomes_ours_and_the_checksum_goes(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct at_sockaddr b = to(6, 9, OTHER);
	const uint16_t sums[] = { 0, sum_of(0, b) };
	const struct heard *h;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		l_says(rig, 0, b, sums[i]);
		h = rig_take(rig, ET1, DDP_AEP);
		assert_int_equal(h->ddp.src.net, 10);
		assert_int_equal(h->ddp.src.node, NODE_L);
		assert_int_equal(h->ddp.checksum, 0);
		assert_int_equal(h->ddp.hops, 1);
	}
	/* A wrong sum must not become none: nobody could notice any more. */
	l_says(rig, 0, b, (uint16_t)(sums[1] ^ 1));
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_BAD_CHECKSUM), 1);
	rig_free(rig);
}

static void test_atalk_D15_D16_a_sum_over_the_right_network_is_passed_on(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct at_sockaddr b = to(6, 9, OTHER);
	const uint16_t sum = sum_of(10, b);
	const struct heard *h;

	(void)state;
	l_says(rig, 10, b, sum);
	h = rig_take(rig, ET1, DDP_AEP);
	assert_int_equal(h->ddp.checksum, sum);
	assert_true(ddp_checksum_ok(h->pkt.data, h->pkt.len));
	l_says(rig, 10, b, (uint16_t)(sum ^ 1));
	assert_int_equal(rig_take(rig, ET1, DDP_AEP)->ddp.checksum, sum ^ 1);
	rig_free(rig);
}

static void test_atalk_D20_a_short_header_is_lengthened_for_our_sockets(void **state)
{
	struct rig *rig = rig_localtalk_up();
	uint8_t body[DDP_DATA_MAX] = { 1 };
	const struct heard *h;

	(void)state;
	llap_say_short(rig, NODE_US, NODE_L, 4, DYNAMIC, DDP_AEP, body, sizeof(body));
	h = rig_take(rig, LT0, DDP_AEP);
	/* Only what goes from our network to our network has a short header. */
	assert_int_equal(h->llap.type, LLAP_DDP_SHORT);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->ddp.dst.socket, DYNAMIC);
	assert_int_equal(rd_left(&h->body), sizeof(body));
	rig_free(rig);
}

static void test_atalk_D21_what_is_forwarded_keeps_its_long_header(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct heard *h;

	(void)state;
	a_says(rig, to(10, NODE_L, OTHER));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->llap.dst, NODE_L);
	assert_int_equal(h->llap.src, NODE_US);
	assert_int_equal(h->ddp.src.net, 4);
	assert_int_equal(h->ddp.src.node, 42);
	/* Even between two nodes of the network (D30). */
	llap_say_long(rig, &(struct ddp){ .dst = { 10, 43, OTHER }, .src = { 10, NODE_L, DYNAMIC },
		.type = DDP_AEP }, ping, sizeof(ping));
	h = rig_take(rig, LT0, DDP_AEP);
	assert_int_equal(h->llap.type, LLAP_DDP_LONG);
	assert_int_equal(h->llap.dst, 43);
	assert_int_equal(h->ddp.src.node, NODE_L);
	assert_int_equal(h->ddp.hops, 1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D06_D13_D14_remote_networks_are_reached_from_localtalk(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct station p = station_p(rig);
	const struct at_sockaddr far[] = { { 20, 1, OTHER }, { 32, 255, OTHER }, { 20, 0, OTHER } };

	(void)state;
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		const struct heard *h;

		llap_say_long(rig, &(struct ddp){ .hops = 3, .dst = far[i],
			.src = { 10, NODE_L, DYNAMIC }, .type = DDP_AEP }, ping, sizeof(ping));
		h = rig_take(rig, ET0, DDP_AEP);
		assert_true(mac_eq(h->elap.dst, p.mac));
		assert_int_equal(h->ddp.hops, 4);
		assert_int_equal(h->ddp.dst.node, far[i].node);
	}
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D31_a_link_broadcast_to_one_node_is_not_forwarded(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct vector v = vector_load("V-D1");

	(void)state;
	llap_say(rig, LLAP_BROADCAST, NODE_L, LLAP_DDP_LONG, v.byte, v.len);
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_LINK_BROADCAST), 1);
	rig_free(rig);
}

static void test_sources_that_no_localtalk_node_can_have(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct at_sockaddr bad[] = {
		{ 10, 0, 253 }, { 10, 255, 253 }, { 0xFF01, 42, 253 }, { 0xFFFF, 42, 253 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		uint8_t bytes[DDP_LONG_HEADER + 1] = { 0 };
		struct wr w = wr_over(bytes, sizeof(bytes));
		const struct ddp h = { .len = sizeof(bytes), .dst = { 6, 9, OTHER }, .src = bad[i],
			.type = DDP_AEP };

		ddp_encode_long(&w, &h);
		wr_u8(&w, 1);
		llap_say(rig, NODE_US, NODE_L, LLAP_DDP_LONG, bytes, sizeof(bytes));
		assert_int_equal(rig_drops(rig, LT0, DROP_DDP_BAD_SOURCE), i + 1);
	}
	l_says(rig, 10, to(0xFF01, 42, OTHER), 0);
	assert_int_equal(rig_drops(rig, LT0, DROP_DDP_BAD_DESTINATION), 1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_D33_a_port_that_starts_neither_forwards_nor_answers(void **state)
{
	struct rig *rig = rig_localtalk_new();

	(void)state;
	rig_configure(rig, LT0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_s(6));
	rig_clear(rig);
	l_says(rig, 0, to(6, 9, OTHER), 0);
	l_says(rig, 0, to(0, NODE_US, 4), 0);
	llap_say_short(rig, NODE_US, NODE_L, 4, DYNAMIC, DDP_AEP, ping, sizeof(ping));
	llap_say_short(rig, LLAP_BROADCAST, NODE_L, 4, DYNAMIC, DDP_AEP, ping, sizeof(ping));
	a_says(rig, to(10, NODE_L, OTHER));
	rig_assert_quiet(rig, ET0);
	rig_assert_quiet(rig, ET1);
	assert_int_equal(rig_count(rig, LT0, DDP_AEP), 0);
	assert_int_equal(rig_drops(rig, LT0, DROP_PORT_NOT_READY), 4);
	assert_int_equal(rig_drops(rig, ET0, DROP_DDP_NO_ROUTE), 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_D01_a_short_header_is_for_our_own_sockets_only),
		cmocka_unit_test(test_atalk_D02_D26_our_node_of_this_network_is_delivered),
		cmocka_unit_test(test_atalk_D04_a_broadcast_on_the_network_stays_there),
		cmocka_unit_test(test_atalk_D10_any_router_of_the_network_is_us),
		cmocka_unit_test(test_atalk_D11_our_address_on_the_other_network_is_us),
		cmocka_unit_test(test_atalk_D12_a_directed_broadcast_goes_out_once_and_to_us),
		cmocka_unit_test(test_atalk_D20_network_0_becomes_ours_and_the_checksum_goes),
		cmocka_unit_test(test_atalk_D15_D16_a_sum_over_the_right_network_is_passed_on),
		cmocka_unit_test(test_atalk_D20_a_short_header_is_lengthened_for_our_sockets),
		cmocka_unit_test(test_atalk_D21_what_is_forwarded_keeps_its_long_header),
		cmocka_unit_test(test_atalk_D06_D13_D14_remote_networks_are_reached_from_localtalk),
		cmocka_unit_test(test_atalk_D31_a_link_broadcast_to_one_node_is_not_forwarded),
		cmocka_unit_test(test_sources_that_no_localtalk_node_can_have),
		cmocka_unit_test(test_atalk_D33_a_port_that_starts_neither_forwards_nor_answers),
	};

	return cmocka_run_group_tests_name("forward_localtalk", tests, NULL, NULL);
}
