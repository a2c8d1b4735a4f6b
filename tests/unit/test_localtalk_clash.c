/* core/localtalk_claim.c: another node uses ours after we claimed it, and we take another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "localtalk.h"
#include "rig_localtalk.h"

/* A router that starts, with LT0 alone of interest. */
static struct rig *start(enum port_kind kind)
{
	struct rig *rig = rig_localtalk_new();

	rig->ports[LT0].kind = kind;
	rig_start(rig);
	return rig;
}

static uint8_t node_of_us(const struct rig *rig)
{
	return rig->link[LT0].port->addr.node;
}

static void say_ack(struct rig *rig, uint8_t node)
{
	llap_say(rig, node, node, LLAP_ACK, NULL, 0);
}

/* The router stands on FE; something says that it is another's. */
static void clashes(enum port_kind kind, void (*clash)(struct rig *rig, uint8_t node))
{
	struct rig *rig = start(kind);
	const struct station a = station_a(rig);
	struct port *port = rig->link[LT0].port;

	rig_run(rig, span_s(6));
	assert_true(port_is_up(port));
	assert_int_equal(rig->link[LT0].node, 0xFE);
	rig_clear(rig);
	clash(rig, 0xFE);
	assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_GIVEN_UP), 1);
	assert_int_equal(rig_last(rig, TRACE_PORT_NODE_GIVEN_UP)->event.addr.node, 0xFE);
	assert_int_equal(rig->link[LT0].node, 0);
	/* Its network is not gone meanwhile; but nothing is said as a node that is not ours. */
	assert_int_equal(rig_route(rig, 10)->best->distance, 0);
	station_send(&a, (struct at_sockaddr){ 10, 42, 4 }, 253, DDP_AEP, "\x01", 1);
	rig_run(rig, span_ms(1999));
	assert_int_equal(rig_drops(rig, LT0, DROP_PORT_NOT_READY), 1);
	for (int i = 0; i < 8; i++)
		assert_memory_equal(rig_take(rig, LT0, ENQ)->raw, "\xFD\xFD\x81", 3);
	rig_assert_quiet(rig, LT0);
	rig_run(rig, span_ms(1));
	assert_true(port_is_up(port));
	assert_int_equal(rig->link[LT0].node, 0xFD);
	assert_true(at_addr_eq(port->addr, (struct at_addr){ 10, 0xFD }));
	assert_non_null(port->default_zone);
	assert_int_equal(rig_noted(rig, TRACE_PORT_DOWN), 0);
	/* It routes, and is heard of, as the new one. */
	assert_int_equal(rig_take(rig, LT0, DDP_RTMP)->llap.src, 0xFD);
	rig_clear(rig);
	llap_say_short(rig, 0xFD, NODE_L, 4, 253, DDP_AEP, "\x01", 1);
	assert_int_equal(rig_take(rig, LT0, DDP_AEP)->llap.src, 0xFD);
	rig_free(rig);
}

static void say_data(struct rig *rig, uint8_t node)
{
	llap_say_short(rig, LLAP_BROADCAST, node, 4, 253, DDP_AEP, "\x01", 1);
}

static void test_a_node_that_another_uses_is_left_to_him(void **state)
{
	(void)state;
	clashes(PORT_LTOUDP, say_data);
	clashes(PORT_LTOUDP, say_ack);
	clashes(PORT_TASHTALK, say_data);
	clashes(PORT_TASHTALK, say_ack);
}

/* Whoever forges our packets, or a loop, moves us once a minute; and down, not to and fro. */
static void test_a_node_is_given_up_once_a_minute_at_most(void **state)
{
	struct rig *rig = rig_localtalk_up();
	size_t stolen;

	(void)state;
	for (uint8_t moved = 0; moved < 5; moved++) {
		uint8_t node = (uint8_t)(0xFE - moved);

		assert_int_equal(node_of_us(rig), node);
		say_data(rig, node);
		assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_GIVEN_UP), moved + 1);
		rig_run(rig, span_s(3));
		stolen = rig_noted(rig, TRACE_PORT_NODE_STOLEN);
		for (int i = 0; i < 100; i++)
			say_data(rig, (uint8_t)(node - 1));
		assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_STOLEN), stolen + 1);
		for (int s = 3; s < 59; s++) {
			say_data(rig, (uint8_t)(node - 1));
			rig_run(rig, span_s(1));
		}
		assert_int_equal(rig_noted(rig, TRACE_PORT_NODE_GIVEN_UP), moved + 1);
		assert_true(port_is_up(rig->link[LT0].port));
		rig_run(rig, span_s(1));
	}
	rig_free(rig);
}

static void test_a_port_that_goes_while_it_looks_for_a_new_node_leaves_nothing(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	say_data(rig, NODE_US);
	rig_run(rig, span_ms(800));
	rig_apply(rig);
	router_link_down(rig->r, rig->now, rig->link[LT0].port);
	assert_int_equal(rig_noted(rig, TRACE_PORT_DOWN), 1);
	assert_true(route_is_bad(rig_route(rig, 10)));
	rig_clear(rig);
	rig_run(rig, span_s(5));
	assert_int_equal(rig_count(rig, LT0, ENQ), 0);
	rig->config.n_ports = LT0;
	rig_apply(rig);
	rig_run(rig, span_s(100));
	assert_null(rig_route(rig, 10));
	rig_free(rig);
}

/* Our name in NBP stands at the new node, whatever happens meanwhile. */
static void test_a_name_moves_with_the_node(void **state)
{
	struct rig *rig = rig_localtalk_up();

	(void)state;
	rig_run(rig, span_s(6));
	assert_int_equal(rig->link[LT0].port->name.tuple.addr.node, NODE_US);
	say_data(rig, NODE_US);
	rig_run(rig, span_ms(800));
	rig_apply(rig);
	assert_int_equal(rig->link[LT0].port->name.state, NAME_NONE);
	say_ack(rig, 0xFD);
	rig_run(rig, span_s(10));
	assert_int_equal(rig->link[LT0].port->name.tuple.addr.node, 0xFC);
	assert_int_equal(rig->link[LT0].port->name.state, NAME_REGISTERED);
	rig_free(rig);
}

/* A port that is asking for its number yet goes on asking as another node. */
static void test_a_node_lost_while_the_port_verifies(void **state)
{
	struct rig *rig = start(PORT_LTOUDP);

	(void)state;
	rig_run(rig, span_ms(2100));
	assert_int_equal(rig->link[LT0].port->state, PORT_VERIFYING);
	say_data(rig, NODE_US);
	rig_run(rig, span_s(6));
	assert_true(port_is_up(rig->link[LT0].port));
	assert_true(at_addr_eq(rig->link[LT0].port->addr, (struct at_addr){ 10, 0xFD }));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_node_that_another_uses_is_left_to_him),
		cmocka_unit_test(test_a_node_is_given_up_once_a_minute_at_most),
		cmocka_unit_test(
			test_a_port_that_goes_while_it_looks_for_a_new_node_leaves_nothing),
		cmocka_unit_test(test_a_name_moves_with_the_node),
		cmocka_unit_test(test_a_node_lost_while_the_port_verifies),
	};

	return cmocka_run_group_tests_name("localtalk_clash", tests, NULL, NULL);
}
