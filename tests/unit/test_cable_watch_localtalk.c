/* core/cable_watch.c: the five minutes of a LocalTalk port. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig_localtalk.h"

#define DATA_11 "\x00\x0B\x08\xC8\x00\x00\x82", 7

static struct rig *localtalk_up(enum seed_mode seed)
{
	struct rig *rig = rig_localtalk_new();

	rig_configure(rig, LT0, seed, 10, 10, ZONES("LocalTalk"));
	rig_start(rig);
	rig_run(rig, span_s(5));
	assert_true(port_is_up(rig->link[LT0].port));
	return rig;
}

static void test_atalk_R43_localtalk_networks_prove_to_be_others_likewise(void **state)
{
	struct rig *rig = localtalk_up(SEED_HARD);

	(void)state;
	llap_say_rtmp(rig, 200, DATA_11);
	rig_run(rig, span_s(10));
	llap_say_rtmp(rig, 200, DATA_11);
	assert_int_equal(rig->link[LT0].port->state, PORT_CONFLICT);
	rig_free(rig);
	rig = localtalk_up(SEED_SOFT);
	llap_say_rtmp(rig, 200, DATA_11);
	rig_run(rig, span_s(10));
	llap_say_rtmp(rig, 200, DATA_11);
	rig_run(rig, span_s(3));
	assert_int_equal(rig->link[LT0].port->range.first, 11);
	rig_free(rig);
}

static void test_a_localtalk_node_that_says_our_number_keeps_it(void **state)
{
	struct rig *rig = localtalk_up(SEED_SOFT);
	const struct ddp h = { .dst = { NET_LT0, NODE_US, 4 },
		.src = { NET_LT0, NODE_L, 253 },
		.type = DDP_AEP };

	(void)state;
	llap_say_long(rig, &h, "\1x", 2);
	llap_say_rtmp(rig, 200, DATA_11);
	rig_run(rig, span_s(10));
	llap_say_rtmp(rig, 200, DATA_11);
	assert_int_equal(rig->link[LT0].port->range.first, NET_LT0);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_R43_localtalk_networks_prove_to_be_others_likewise),
		cmocka_unit_test(test_a_localtalk_node_that_says_our_number_keeps_it),
	};

	return cmocka_run_group_tests_name("cable_watch_localtalk", tests, NULL, NULL);
}
