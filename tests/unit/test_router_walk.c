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

static void count_zone(void *ctx, const struct zone_info *zone)
{
	size_t *n = ctx;

	assert_true(zone->n_nets > 0);
	++*n;
}

/* The fuzzer found one in the dump that no network had. */
static void test_zones_of_a_list_that_is_not_whole_are_not_shown(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	size_t n = 0;

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(EXT(30, 34, 1)));
	station_zip_reply(&p, rig_socket(rig, 0, AT_SOCKET_ZIP), 30, 3, ZONES("One", "Two"));
	router_walk_zones(rig->r, count_zone, &n);
	assert_int_equal(n, router_summary(rig->r).zones);
	station_zip_reply(&p, rig_socket(rig, 0, AT_SOCKET_ZIP), 30, 3, ZONES("Three"));
	n = 0;
	router_walk_zones(rig->r, count_zone, &n);
	assert_int_equal(n, router_summary(rig->r).zones);
	assert_int_equal(n, 3 + 3);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_datagrams_of_our_own_that_are_lost_are_the_routers),
		cmocka_unit_test(test_zones_of_a_list_that_is_not_whole_are_not_shown),
	};

	return cmocka_run_group_tests_name("router_walk", tests, NULL, NULL);
}
