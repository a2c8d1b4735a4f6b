/* core/router_walk.c: what a dump is made of, beside what test_dump.c shows as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig_localtalk.h"

struct found {
	unsigned times;
	uint64_t value;
};

static void look(void *ctx, const struct counter_info *c)
{
	struct found *f = ctx;

	if (strcmp(c->kind, "drop") == 0 && strcmp(c->owner, "router") == 0) {
		f->times++;
		f->value = c->value;
		assert_string_equal(c->name, "ddp-no-route");
	}
}

/* An echo request from a network that no route leads to. */
static void test_datagrams_of_our_own_that_are_lost_are_the_routers(void **state)
{
	struct rig *rig = rig_localtalk_up();
	const struct ddp h = { .dst = rig_socket(rig, LT0, AT_SOCKET_AEP),
		.src = { 200, NODE_L, 129 }, .type = DDP_AEP };
	struct found f = { 0, 0 };

	(void)state;
	router_walk_counters(rig->r, look, &f);
	assert_int_equal(f.times, 0);
	llap_say_long(rig, &h, "\x01!", 2);
	llap_say_long(rig, &h, "\x01!", 2);
	router_walk_counters(rig->r, look, &f);
	assert_int_equal(f.times, 1);
	assert_int_equal(f.value, 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams_of_our_own_that_are_lost_are_the_routers),
	};

	return cmocka_run_group_tests_name("router_walk", tests, NULL, NULL);
}
