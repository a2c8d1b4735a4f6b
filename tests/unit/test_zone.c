/* table/zone.c alone: lists fill, become visible when whole, and go again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "env.h"
#include "route_offer.h"

static void name_peer(const struct path_owner *owner, struct trace_event *e)
{
	e->peer = owner->name;
}

static const struct path_owner_ops a_peer = { .name = name_peer };

static struct env env;
static struct route_table routes;
static struct zone_table zones;
static struct path_owner peer;
static size_t n_full, n_unfit;

static void count_trace(void *ctx, const struct trace_event *e)
{
	(void)ctx;
	n_full += e->kind == TRACE_ZONES_FULL;
	n_unfit += e->kind == TRACE_ZONE_UNFIT;
}

static int setup(void **state)
{
	(void)state;
	env = (struct env){ .trace = count_trace };
	route_table_init(&routes, &env, &zones, 1000);
	zone_table_init(&zones, 1000);
	path_owner_init(&peer, &a_peer, "peer");
	n_full = n_unfit = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	route_offer_no_peer(&routes, &peer);
	route_age(&routes);
	route_age(&routes);
	assert_int_equal(zones.used, 0);	/* every name was released with its last network */
	route_table_fini(&routes);
	zone_table_fini(&zones);
	return 0;
}

static struct at_name name(const char *text)
{
	struct at_name n = { .len = (uint8_t)strlen(text) };

	memcpy(n.byte, text, n.len);
	return n;
}

static struct route *route(uint16_t first, uint16_t last)
{
	route_offer_tunnel(&routes, &peer, (struct at_range){ first, last, first != last }, 1);
	return route_find(&routes, first);
}

static bool add(struct route *to, const char *text)
{
	struct at_name n = name(text);

	return zone_add(&routes, to->best, &n);
}

static const struct zone *find(const char *text)
{
	struct at_name n = name(text);

	return zone_find(&zones, &n);
}

static void test_atalk_Z07_incomplete_list_is_invisible(void **state)
{
	struct route *a = route(30, 34);
	struct at_name east = name("East");

	(void)state;
	assert_true(add(a, "East"));
	assert_non_null(find("East"));
	assert_false(zone_is_visible(find("East")));
	assert_false(zone_is_of(a, &east));
	zone_complete(&routes, a->best);
	assert_true(zone_is_visible(find("East")));
	assert_true(zone_is_of(a, &east));
}

static void test_atalk_Z06_aurp_Z17_complete_at_the_announced_number_of_distinct_names(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	zone_expect(&routes, a->best, 3);
	assert_true(add(a, "East"));
	assert_true(add(a, "EAST"));	/* a repeated packet */
	assert_true(add(a, "West"));
	assert_false(a->zones->is_complete);
	assert_true(add(a, "North"));
	assert_true(a->zones->is_complete);
	assert_true(add(a, "Late"));	/* more than announced is kept all the same */
	assert_true(zone_is_visible(find("Late")));
}

static void test_a_total_that_comes_after_the_names_completes_too(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	add(a, "East");
	add(a, "West");
	zone_expect(&routes, a->best, 2);
	assert_true(a->zones->is_complete);
}

static void test_atalk_Z43_aurp_Z22_one_zone_on_two_networks_spelt_as_first_seen(void **state)
{
	struct route *a = route(30, 34), *b = route(20, 20);

	(void)state;
	add(a, "Caf\x8e");
	zone_complete(&routes, a->best);
	add(b, "CAF\x83");
	zone_complete(&routes, b->best);
	assert_int_equal(zones.used, 1);
	assert_int_equal(find("caf\x8e")->used, 2);
	assert_ptr_equal(find("caf\x8e")->routes[0], b);	/* by network number */
	assert_memory_equal(find("caf\x8e")->name.byte, "Caf\x8e", 4);
}

static void test_atalk_Z10_limits_of_a_list(void **state)
{
	struct route *a = route(30, 34), *b = route(20, 20);
	char text[16];

	(void)state;
	for (int i = 0; i < 255; i++) {
		snprintf(text, sizeof text, "zone %d", i);
		assert_true(add(a, text));
	}
	assert_false(add(a, "one too many"));
	assert_true(add(b, "only"));
	assert_false(add(b, "second on a non-extended network"));
	assert_null(find("one too many"));
}

/* Nobody could choose them: counted, said at the first, and not shown. */
static void test_atalk_Z10_names_that_are_none_count_and_stay_hidden(void **state)
{
	static const char *const unfit[] = { "", "*", " East", "East ", "\xCA" "East", " " };
	struct route *a = route(30, 34);

	(void)state;
	zone_expect(&routes, a->best, 7);
	for (size_t i = 0; i < 12; i++) {
		assert_true(add(a, unfit[i / 2]));
		assert_null(find(unfit[i / 2]));
	}
	assert_int_equal(n_unfit, 1);
	assert_false(a->zones->is_complete);
	assert_true(add(a, "*st"));
	assert_true(a->zones->is_complete);
	assert_int_equal(a->zones->used, 1);
	assert_int_equal(a->zones->n_unfit, 6);
}

static void test_no_more_of_them_are_counted_than_a_network_has_zones(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	for (int i = 0; i < AT_ZONES_PER_NET_MAX; i++) {
		char name[8];

		snprintf(name, sizeof(name), " %d", i);
		assert_true(add(a, name));
	}
	assert_false(add(a, " one too many"));
	assert_int_equal(a->zones->n_unfit, AT_ZONES_PER_NET_MAX);
}

static void test_a_list_of_nothing_but_such_names_is_not_whole(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	add(a, "*");
	zone_expect(&routes, a->best, 1);
	zone_complete(&routes, a->best);
	assert_false(a->zones->is_complete);
	assert_true(add(a, "East"));
	assert_true(a->zones->is_complete);
}

static void test_a_full_table_says_so_once_and_recovers(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	zones.limit = 2;
	assert_true(add(a, "one"));
	assert_true(add(a, "two"));
	assert_false(add(a, "three"));
	assert_false(add(a, "four"));
	assert_true(zones.is_full);
	assert_int_equal(n_full, 1);
	zone_clear(&routes, a->best);
	assert_false(zones.is_full);
	assert_true(add(a, "three"));
}

static void test_atalk_Z01_a_route_takes_its_zones_along(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	add(a, "East");
	zone_complete(&routes, a->best);
	route_offer_no_peer(&routes, &peer);
	route_age(&routes);
	route_age(&routes);
	assert_null(find("East"));
	a = route(30, 34);
	assert_false(a->zones->is_complete);	/* asked for anew */
}

static void test_the_digest_tells_sets_apart_and_nothing_else(void **state)
{
	struct route *a = route(30, 34), *b = route(40, 44), *c = route(50, 54);

	(void)state;
	add(a, "East");
	add(a, "West");
	add(b, "WEST");
	add(b, "east");
	add(c, "East");
	add(c, "Wesu");
	assert_true(a->zones->digest == b->zones->digest);
	assert_true(a->zones->digest != c->zones->digest);
}

static void test_zones_stay_sorted_by_folded_name(void **state)
{
	struct route *a = route(30, 34);

	(void)state;
	add(a, "b");
	add(a, "C");
	add(a, "a");
	add(a, "B2");
	assert_int_equal(zones.used, 4);
	assert_int_equal(zones.sorted[0]->name.byte[0], 'a');
	assert_int_equal(zones.sorted[1]->name.byte[0], 'b');
	assert_int_equal(zones.sorted[2]->name.byte[0], 'B');
	assert_int_equal(zones.sorted[3]->name.byte[0], 'C');
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_atalk_Z07_incomplete_list_is_invisible),
		T(test_atalk_Z06_aurp_Z17_complete_at_the_announced_number_of_distinct_names),
		T(test_a_total_that_comes_after_the_names_completes_too),
		T(test_atalk_Z43_aurp_Z22_one_zone_on_two_networks_spelt_as_first_seen),
		T(test_atalk_Z10_limits_of_a_list),
		T(test_atalk_Z10_names_that_are_none_count_and_stay_hidden),
		T(test_a_list_of_nothing_but_such_names_is_not_whole),
		T(test_no_more_of_them_are_counted_than_a_network_has_zones),
		T(test_a_full_table_says_so_once_and_recovers),
		T(test_atalk_Z01_a_route_takes_its_zones_along),
		T(test_the_digest_tells_sets_apart_and_nothing_else),
		T(test_zones_stay_sorted_by_folded_name),
	};

	return cmocka_run_group_tests_name("zone", tests, NULL, NULL);
}
