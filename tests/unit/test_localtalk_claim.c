/* core/localtalk_claim.c: our node on a LocalTalk network, how it is found and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "localtalk.h"
#include "rig_localtalk.h"

/* A router that starts, with LT0 alone of interest. */
static struct rig *start(enum port_kind kind, struct at_addr wish)
{
	struct rig *rig = rig_localtalk_new();

	rig->ports[LT0].kind = kind;
	rig->ports[LT0].address = wish;
	rig_start(rig);
	return rig;
}

static struct rig *start_ltoudp(void)
{
	return start(PORT_LTOUDP, (struct at_addr){ 0, 0 });
}

static uint8_t node_of_us(const struct rig *rig)
{
	return rig->link[LT0].port->addr.node;
}

static bool is_claimed(const struct rig *rig)
{
	return localtalk_of(rig->link[LT0].port)->state == NODE_OURS;
}

static void say_enq(struct rig *rig, uint8_t node)
{
	llap_say(rig, node, node, LLAP_ENQ, NULL, 0);
}

static void say_ack(struct rig *rig, uint8_t node)
{
	llap_say(rig, node, node, LLAP_ACK, NULL, 0);
}

static void test_atalk_L01_L04_L32_eight_enqs_in_two_seconds_FE_first(void **state)
{
	struct rig *rig = start_ltoudp();
	const struct instant first = rig->now;

	(void)state;
	rig_run(rig, span_ms(1999));
	for (int i = 0; i < 8; i++) {
		const struct heard *h = rig_take(rig, LT0, ENQ);

		assert_int_equal(span_to_ms(instant_since(h->at, first)), 250 * i);
		assert_int_equal(h->raw_len, 3);
		assert_memory_equal(h->raw, "\xFE\xFE\x81", 3);
	}
	assert_false(is_claimed(rig));
	assert_int_equal(rig->link[LT0].node, 0);
	rig_run(rig, span_ms(1));
	assert_true(is_claimed(rig));
	assert_int_equal(rig->link[LT0].node, 0xFE);
	assert_int_equal(rig_count(rig, LT0, ENQ), 0);
	rig_run(rig, span_s(3));
	assert_true(port_is_up(rig->link[LT0].port));
	assert_true(at_addr_eq(rig->link[LT0].port->addr, (struct at_addr){ 10, 254 }));
	rig_free(rig);
}

static void test_nothing_but_enqs_leaves_before_the_node_is_ours(void **state)
{
	struct rig *rig = start(PORT_TASHTALK, (struct at_addr){ 0, 0 });
	const struct station a = station_a(rig);

	(void)state;
	rig_run(rig, span_ms(1900));
	station_send(&a, (struct at_sockaddr){ 10, 255, 4 }, 253, DDP_AEP, "\x01", 1);
	station_send(&a, (struct at_sockaddr){ 10, 42, 4 }, 253, DDP_AEP, "\x01", 1);
	llap_say_short(rig, LLAP_BROADCAST, NODE_L, 4, 253, DDP_AEP, "\x01", 1);
	llap_say_short(rig, NODE_US, NODE_L, 4, 253, DDP_AEP, "\x01", 1);
	llap_say_body(rig, LLAP_BROADCAST, 6, 253, DDP_ATP, "V-Z9");
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_NOT_FOR_US), 1);
	/* A node we want but do not have cannot be stolen. */
	llap_say_short(rig, LLAP_BROADCAST, NODE_US, 4, 253, DDP_AEP, "\x01", 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_STOLEN), 0);
	assert_int_equal(rig_count(rig, LT0, ENQ), 8);
	while (rig_find(rig, LT0, ENQ))
		;
	for (size_t i = 0; i < rig->n_heard; i++)
		assert_true(rig->heard[i]->is_taken || rig->heard[i]->link != LT0);
	rig_free(rig);
}

static void test_atalk_L01_the_address_from_before_is_tried_first(void **state)
{
	struct rig *rig = start(PORT_LTOUDP, (struct at_addr){ 10, 200 });

	(void)state;
	assert_int_equal(rig_take(rig, LT0, ENQ)->llap.dst, 200);
	say_ack(rig, 200);
	rig_run(rig, span_ms(251));
	assert_int_equal(rig_take(rig, LT0, ENQ)->llap.dst, 0xFE);
	rig_free(rig);
	/* What was refused is not asked for again. */
	rig = start(PORT_LTOUDP, (struct at_addr){ 10, 0xFE });
	assert_int_equal(rig_take(rig, LT0, ENQ)->llap.dst, 0xFE);
	say_ack(rig, 0xFE);
	rig_run(rig, span_ms(251));
	assert_int_equal(rig_take(rig, LT0, ENQ)->llap.dst, 0xFD);
	rig_free(rig);
	/* After the link was away, too; a user node if that was ours. */
	rig = start(PORT_LTOUDP, (struct at_addr){ 10, 5 });
	rig_run(rig, span_s(4));
	rig->ports[LT0].address = (struct at_addr){ 0, 0 };
	rig_apply(rig);
	router_link_down(rig->r, rig->now, rig->link[LT0].port);
	rig_clear(rig);
	router_link_up(rig->r, rig->now, rig->link[LT0].port, &rig->link[LT0], rig->link[LT0].mac);
	assert_int_equal(rig_take(rig, LT0, ENQ)->llap.dst, 5);
	rig_free(rig);
}

/* Something contests FE at the fourth ENQ: eight for FD follow. */
static void contested(void (*contest)(struct rig *rig, uint8_t node))
{
	struct rig *rig = start_ltoudp();

	rig_run(rig, span_ms(800));
	assert_int_equal(rig_count(rig, LT0, ENQ), 4);
	rig_clear(rig);
	contest(rig, 0xFE);
	assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_TAKEN), 1);
	rig_run(rig, span_ms(250 + 7 * 250));
	assert_int_equal(rig_count(rig, LT0, ENQ), 8);
	for (int i = 0; i < 8; i++)
		assert_memory_equal(rig_take(rig, LT0, ENQ)->raw, "\xFD\xFD\x81", 3);
	rig_run(rig, span_s(3));
	assert_int_equal(node_of_us(rig), 0xFD);
	assert_int_equal(rig->link[LT0].node, 0xFD);
	assert_true(port_is_up(rig->link[LT0].port));
	rig_free(rig);
}

static void test_atalk_L02_an_ack_moves_us_to_the_next_candidate(void **state)
{
	(void)state;
	contested(say_ack);
}

static void test_atalk_L02_a_foreign_enq_moves_us_to_the_next_candidate(void **state)
{
	(void)state;
	contested(say_enq);
}

static void test_atalk_L02_on_a_full_network_all_nodes_are_tried_in_turn(void **state)
{
	struct rig *rig = start(PORT_LTOUDP, (struct at_addr){ 10, 128 });
	uint8_t expected = 128;

	(void)state;
	for (int tried = 0; tried < 600; tried++) {
		assert_int_equal(node_of_us(rig), expected);
		say_ack(rig, expected);
		if (tried == 0)
			expected = 254;
		else
			expected = expected > 1 ? (uint8_t)(expected - 1) : 254;
	}
	/* However fast they come, ENQs leave at their own pace. */
	assert_int_equal(rig_count(rig, LT0, ENQ), 1);
	rig_run(rig, span_s(6));
	assert_true(port_is_up(rig->link[LT0].port));
	rig_free(rig);
}

static void test_two_routers_that_start_in_step_do_not_stay_in_step(void **state)
{
	struct rig *rig[2];
	size_t passed[2] = { 0, 0 };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		rig[i] = rig_localtalk_new();
		rig[i]->seed = i + 1;
		rig_start(rig[i]);
	}
	/* What one says the other hears a millisecond later. */
	for (int ms = 0; ms < 10000; ms++) {
		for (unsigned i = 0; i < 2; i++) {
			const struct heard *h = rig_find(rig[i], LT0, ENQ);

			if (h)
				say_enq(rig[!i], h->llap.dst);
			h = rig_find(rig[i], LT0, ACK);
			if (h)
				say_ack(rig[!i], h->llap.dst);
		}
		rig_run(rig[0], span_ms(1));
		rig_run(rig[1], span_ms(1));
	}
	for (unsigned i = 0; i < 2; i++) {
		assert_true(is_claimed(rig[i]));
		passed[i] = rig_noted(rig[i], TRACE_PORT_NODE_TAKEN);
	}
	assert_int_not_equal(node_of_us(rig[0]), node_of_us(rig[1]));
	/* They met at FE, and parted soon. */
	assert_in_range(passed[0], 1, 4);
	assert_in_range(passed[1], 1, 4);
	rig_free(rig[0]);
	rig_free(rig[1]);
}

static void test_atalk_L03_every_enq_for_our_node_is_answered_at_once(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	for (int i = 0; i < 20; i++) {
		const struct heard *h;

		say_enq(rig, NODE_US);
		h = rig_take(rig, LT0, ACK);
		assert_int_equal(h->raw_len, 3);
		assert_memory_equal(h->raw, "\xFE\xFE\x82", 3);
		assert_int_equal(span_to_ms(instant_since(rig->now, h->at)), 0);
	}
	rig_assert_quiet(rig, LT0);
	assert_int_equal(node_of_us(rig), NODE_US);
	rig_free(rig);
}

static void test_atalk_L03_Q40_also_while_the_port_verifies_and_after_a_reload(void **state)
{
	struct rig *rig = start_ltoudp();

	(void)state;
	rig_run(rig, span_ms(2100));
	assert_int_equal(rig->link[LT0].port->state, PORT_VERIFYING);
	say_enq(rig, NODE_US);
	assert_non_null(rig_find(rig, LT0, ACK));
	rig_run(rig, span_s(4));
	/* A frame flood does not come before it: nothing in the core waits. */
	rig_apply(rig);
	for (int i = 0; i < 20000; i++)
		llap_say_short(rig, LLAP_BROADCAST, NODE_L, 99, 253, DDP_ATP, "", 0);
	say_enq(rig, NODE_US);
	assert_non_null(rig_find(rig, LT0, ACK));
	rig_free(rig);
}

static void test_atalk_L05_enqs_and_acks_of_others_are_their_own_business(void **state)
{
	struct rig *rig = start_ltoudp();

	(void)state;
	rig_run(rig, span_ms(800));
	say_enq(rig, NODE_L);
	say_ack(rig, NODE_L);
	assert_int_equal(node_of_us(rig), NODE_US);
	rig_run(rig, span_s(5));
	rig_clear(rig);
	say_enq(rig, NODE_L);
	say_ack(rig, NODE_L);
	rig_assert_quiet(rig, LT0);
	assert_int_equal(rig_drops(rig, LT0, DROP_LLAP_IGNORED), 4);
	rig_free(rig);
}

static void test_atalk_L26_an_adapter_answers_by_itself(void **state)
{
	struct rig *rig = start(PORT_TASHTALK, (struct at_addr){ 0, 0 });

	(void)state;
	rig_run(rig, span_ms(500));
	/* While we claim there is nothing it could answer for, and others contest. */
	assert_int_equal(rig->link[LT0].node, 0);
	say_enq(rig, NODE_US);
	assert_int_equal(node_of_us(rig), 0xFD);
	rig_run(rig, span_s(7));
	assert_int_equal(rig->link[LT0].node, 0xFD);
	rig_clear(rig);
	say_enq(rig, 0xFD);
	llap_say(rig, 0xFD, NODE_L, LLAP_RTS, NULL, 0);
	rig_assert_quiet(rig, LT0);
	assert_int_equal(node_of_us(rig), 0xFD);
	rig_free(rig);
}

static void in_conflict(enum port_kind kind)
{
	struct rig *rig = start(kind, (struct at_addr){ 0, 0 });
	static const char other_net[] = "\x00\x0B\x08\xC8\x00\x00\x82";
	static const char to_any_router[] = "\x00\x0D\x00\x00\x00\x0A\x00\x0A\x00\x2A\x06\x06\x06";

	rig_run(rig, span_ms(2200));
	assert_int_equal(rig->link[LT0].node, NODE_US);
	llap_say_rtmp(rig, 200, other_net, 7);
	assert_int_equal(rig->link[LT0].port->state, PORT_CONFLICT);
	/* We neither have the node nor answer for it. */
	assert_int_equal(rig->link[LT0].node, 0);
	rig_clear(rig);
	say_enq(rig, NODE_US);
	llap_say(rig, LLAP_BROADCAST, NODE_L, LLAP_DDP_LONG, to_any_router, 13);
	assert_int_equal(rig_drops(rig, LT0, DROP_PORT_NOT_READY), 1);
	assert_int_equal(rig->link[LT0].port->state, PORT_CONFLICT);
	rig_assert_quiet(rig, LT0);
	rig_run(rig, span_s(70));
	assert_int_equal(rig->link[LT0].node, NODE_US);
	assert_true(port_is_up(rig->link[LT0].port));
	rig_free(rig);
}

static void test_the_node_is_given_up_in_a_conflict(void **state)
{
	(void)state;
	in_conflict(PORT_LTOUDP);
	in_conflict(PORT_TASHTALK);
}

static void test_a_port_that_goes_in_the_middle_of_a_claim_leaves_nothing(void **state)
{
	struct rig *rig = start_ltoudp();

	(void)state;
	rig_run(rig, span_ms(800));
	router_link_down(rig->r, rig->now, rig->link[LT0].port);
	rig_clear(rig);
	rig_run(rig, span_s(5));
	assert_int_equal(rig_count(rig, LT0, ENQ), 0);
	router_link_up(rig->r, rig->now, rig->link[LT0].port, &rig->link[LT0], rig->link[LT0].mac);
	rig->config.n_ports = LT0;
	rig_apply(rig);
	rig_run(rig, span_s(5));
	assert_int_equal(rig_count(rig, LT0, ENQ), 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_L01_L04_L32_eight_enqs_in_two_seconds_FE_first),
		cmocka_unit_test(test_nothing_but_enqs_leaves_before_the_node_is_ours),
		cmocka_unit_test(test_atalk_L01_the_address_from_before_is_tried_first),
		cmocka_unit_test(test_atalk_L02_an_ack_moves_us_to_the_next_candidate),
		cmocka_unit_test(test_atalk_L02_a_foreign_enq_moves_us_to_the_next_candidate),
		cmocka_unit_test(test_atalk_L02_on_a_full_network_all_nodes_are_tried_in_turn),
		cmocka_unit_test(test_two_routers_that_start_in_step_do_not_stay_in_step),
		cmocka_unit_test(test_atalk_L03_every_enq_for_our_node_is_answered_at_once),
		cmocka_unit_test(
			test_atalk_L03_Q40_also_while_the_port_verifies_and_after_a_reload),
		cmocka_unit_test(test_atalk_L05_enqs_and_acks_of_others_are_their_own_business),
		cmocka_unit_test(test_atalk_L26_an_adapter_answers_by_itself),
		cmocka_unit_test(test_the_node_is_given_up_in_a_conflict),
		cmocka_unit_test(test_a_port_that_goes_in_the_middle_of_a_claim_leaves_nothing),
	};

	return cmocka_run_group_tests_name("localtalk_claim", tests, NULL, NULL);
}
