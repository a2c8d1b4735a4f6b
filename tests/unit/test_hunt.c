/* daemon/hunt.c under simulated time: how often the names of lost peers are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "hunt.h"

enum { NAMES = 40, ASKED_MAX = 64 };

/* Where `ask` writes, which gets no context. */
static struct world {
	struct hunts hs;
	struct hunt name[NAMES];
	struct instant now;
	int count[NAMES];
	struct {
		int name;
		int64_t ms;		/* since the beginning */
	} asked[ASKED_MAX];
	int n;
} w;

static const struct instant birth = { 5000 * (int64_t)1000000 };

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof w);
	w.now = birth;
	hunts_init(&w.hs);
	for (int i = 0; i < NAMES; i++)
		hunt_begin(&w.hs, &w.name[i], i < NAMES / 2 ? "t" : "u", 0);
	return 0;
}

static void on_ask(struct hunt *h)
{
	int i = (int)(h - w.name);

	w.count[i]++;
	if (w.n == ASKED_MAX)
		return;
	w.asked[w.n].name = i;
	w.asked[w.n++].ms = span_to_ms(instant_since(w.now, birth));
}

static void run_until(struct instant end)
{
	while (instant_cmp(w.hs.due, end) <= 0) {
		if (instant_cmp(w.hs.due, w.now) > 0)
			w.now = w.hs.due;
		hunts_run(&w.hs, w.now, on_ask);
	}
	w.now = end;
}

static void run(struct span d)
{
	run_until(instant_add(w.now, d));
}

static void lose(int i)
{
	hunt_lost(&w.hs, &w.name[i], w.now);
}

static void call(uint32_t domain_identifier)
{
	hunts_called(&w.hs, "t", domain_identifier, w.now);
}

static void test_a_lost_peer_is_asked_for_ever_less_often_for_five_minutes(void **state)
{
	static const int64_t first[] = { 1, 3, 7, 15, 25, 35, 45 };

	(void)state;
	lose(3);
	run(span_s(300));
	for (size_t i = 0; i < sizeof first / sizeof *first; i++)
		assert_int_equal(w.asked[i].ms, first[i] * 1000);
	for (int i = 4; i < w.n; i++)
		assert_int_equal(w.asked[i].ms - w.asked[i - 1].ms, 10000);
	assert_int_equal(w.asked[w.n - 1].ms, 295000);
	assert_int_equal(w.count[3], w.n);
}

static void test_a_year_of_a_dead_peer_costs_no_more(void **state)
{
	(void)state;
	lose(0);
	run(span_s(300));
	assert_int_equal(w.count[0], 32);
	run(span_s(365 * 86400));
	assert_int_equal(w.count[0], 32);
	assert_true(instant_is_never(w.hs.due));	/* and nobody wakes for it */
}

static void test_a_peer_that_is_back_is_not_asked_for(void **state)
{
	(void)state;
	lose(0);
	run(span_s(5));
	hunt_found(&w.name[0]);
	run(span_s(600));
	assert_int_equal(w.count[0], 2);
	lose(0);
	run(span_s(5));
	assert_int_equal(w.count[0], 4);
}

static void test_a_loss_that_is_told_twice_is_one(void **state)
{
	(void)state;
	lose(0);
	run(span_s(200));
	lose(0);
	run(span_s(1000));
	assert_int_equal(w.count[0], 32);
}

/* All names are lost for so long that nobody asks for them any more. */
static void lose_long_ago(int n)
{
	for (int i = 0; i < n; i++) {
		lose(i);
		run(span_s(1));
	}
	run(span_s(400));
	memset(w.count, 0, sizeof w.count);
	w.n = 0;
}

static void test_a_call_asks_for_the_lost_the_latest_first_one_a_second(void **state)
{
	(void)state;
	lose_long_ago(5);
	hunt_found(&w.name[4]);
	call(0x0A000001);
	run(span_s(20));
	assert_int_equal(w.n, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(w.asked[i].name, 3 - i);
		assert_int_equal(w.asked[i].ms - w.asked[0].ms, 1000 * i);
	}
}

static void test_a_call_asks_for_the_name_with_its_identifier_alone(void **state)
{
	(void)state;
	w.name[1].domain_identifier = 0x0A000007;
	lose_long_ago(5);
	call(0x0A000007);
	run(span_s(20));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.asked[0].name, 1);
	/* Within 30 s it gets nothing, and nobody else does instead. */
	call(0x0A000007);
	run(span_s(5));
	assert_int_equal(w.n, 1);
}

static void test_a_name_with_the_identifier_has_its_turn_first(void **state)
{
	(void)state;
	w.name[1].domain_identifier = 0x0A000007;
	lose_long_ago(10);
	call(0);
	run(span_s(1));
	call(0x0A000007);
	run(span_s(1));
	assert_int_equal(w.asked[0].name, 9);
	assert_int_equal(w.asked[w.n - 1].name, 1);
}

static void test_a_call_asks_for_nobody_who_is_up_or_in_another_tunnel(void **state)
{
	(void)state;
	lose(NAMES - 1);		/* of tunnel u */
	run(span_s(400));
	w.n = 0;
	w.name[0].domain_identifier = 7;
	call(7);
	run(span_s(60));
	assert_int_equal(w.n, 0);
}

/* Fifty thousand calls a second, for ten minutes of it. */
static void test_a_flood_of_calls_gets_each_name_every_30_s_and_one_a_second(void **state)
{
	struct instant end;

	(void)state;
	lose_long_ago(3);
	for (end = instant_add(w.now, span_s(600)); instant_cmp(w.now, end) < 0;) {
		call((uint32_t)w.now.us);
		run(span_ms(5));
	}
	for (int i = 0; i < 3; i++)
		assert_in_range(w.count[i], 19, 20);
	for (int i = 1; i < w.n; i++)
		assert_true(w.asked[i].ms - w.asked[i - 1].ms >= 1000);
}

static void test_a_flood_of_calls_over_many_names_is_one_a_second(void **state)
{
	struct instant end;
	int sum = 0;

	(void)state;
	lose_long_ago(NAMES / 2);
	for (int i = 0; i < NAMES / 2; i++)	/* all due at once, whatever was before */
		w.name[i].called = INSTANT_NEVER;
	for (end = instant_add(w.now, span_s(100)); instant_cmp(w.now, end) < 0;) {
		call(1);
		run(span_ms(50));
	}
	for (int i = 0; i < NAMES; i++)
		sum += w.count[i];
	assert_in_range(sum, 70, 101);
	for (int i = 1; i < w.n; i++)
		assert_true(w.asked[i].ms - w.asked[i - 1].ms >= 1000);
}

static void test_who_is_back_loses_his_turn(void **state)
{
	(void)state;
	lose_long_ago(3);
	call(0);
	run(span_ms(500));
	hunt_found(&w.name[1]);
	run(span_s(30));
	assert_int_equal(w.n, 2);
	assert_int_equal(w.count[1], 0);
}

#define IN_WORLD(f) cmocka_unit_test_setup(f, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(test_a_lost_peer_is_asked_for_ever_less_often_for_five_minutes),
		IN_WORLD(test_a_year_of_a_dead_peer_costs_no_more),
		IN_WORLD(test_a_peer_that_is_back_is_not_asked_for),
		IN_WORLD(test_a_loss_that_is_told_twice_is_one),
		IN_WORLD(test_a_call_asks_for_the_lost_the_latest_first_one_a_second),
		IN_WORLD(test_a_call_asks_for_the_name_with_its_identifier_alone),
		IN_WORLD(test_a_name_with_the_identifier_has_its_turn_first),
		IN_WORLD(test_a_call_asks_for_nobody_who_is_up_or_in_another_tunnel),
		IN_WORLD(test_a_flood_of_calls_gets_each_name_every_30_s_and_one_a_second),
		IN_WORLD(test_a_flood_of_calls_over_many_names_is_one_a_second),
		IN_WORLD(test_who_is_back_loses_his_turn),
	};

	return cmocka_run_group_tests_name("hunt", tests, NULL, NULL);
}
