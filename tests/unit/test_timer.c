/* base/timer.c: order, ties, moving and cancelling from inside a handler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list.h"
#include "prng.h"
#include "timer.h"

struct probe {
	struct timer timer;
	int id;
};

static int fired[1024];
static size_t n_fired;
static struct timer_queue *queue;
static struct probe *victim;

static void note(struct timer *t)
{
	fired[n_fired++] = container_of(t, struct probe, timer)->id;
}

static void note_and_cancel_victim(struct timer *t)
{
	note(t);
	timer_cancel(queue, &victim->timer);
}

static struct instant at(int64_t us)
{
	return (struct instant){ us };
}

static void test_fires_in_order_of_deadline_then_of_setting(void **state)
{
	struct timer_queue q;
	struct probe p[4] = { { .id = 0 }, { .id = 1 }, { .id = 2 }, { .id = 3 } };

	(void)state;
	n_fired = 0;
	timer_queue_init(&q);
	for (size_t i = 0; i < 4; i++)
		timer_init(&p[i].timer, note);
	timer_set(&q, &p[0].timer, at(20));
	timer_set(&q, &p[1].timer, at(10));
	timer_set(&q, &p[2].timer, at(20));
	timer_set(&q, &p[3].timer, at(30));
	assert_int_equal(timer_queue_deadline(&q).us, 10);
	timer_queue_run(&q, at(25));
	assert_int_equal(n_fired, 3);
	assert_int_equal(fired[0], 1);
	assert_int_equal(fired[1], 0);
	assert_int_equal(fired[2], 2);
	assert_true(timer_is_set(&p[3].timer));
	timer_queue_fini(&q);
}

static void test_handler_may_cancel_another_due_timer(void **state)
{
	struct timer_queue q;
	struct probe p[2] = { { .id = 0 }, { .id = 1 } };

	(void)state;
	n_fired = 0;
	queue = &q;
	victim = &p[1];
	timer_queue_init(&q);
	timer_init(&p[0].timer, note_and_cancel_victim);
	timer_init(&p[1].timer, note);
	timer_set(&q, &p[0].timer, at(1));
	timer_set(&q, &p[1].timer, at(2));
	timer_queue_run(&q, at(10));
	assert_int_equal(n_fired, 1);
	assert_true(instant_is_never(timer_queue_deadline(&q)));
	timer_queue_fini(&q);
}

static void test_many_random_sets_and_cancels_keep_the_order(void **state)
{
	struct timer_queue q;
	struct probe p[512];
	struct prng rng;

	(void)state;
	prng_init(&rng, 7);
	timer_queue_init(&q);
	for (int i = 0; i < 512; i++) {
		p[i].id = i;
		timer_init(&p[i].timer, note);
		timer_set(&q, &p[i].timer, at(prng_range(&rng, 1, 1000)));
	}
	for (int i = 0; i < 512; i += 3)
		timer_cancel(&q, &p[i].timer);
	for (int i = 0; i < 512; i += 5)
		timer_set(&q, &p[i].timer, at(prng_range(&rng, 1, 1000)));
	n_fired = 0;
	for (int64_t now = 0; now <= 1000; now++) {
		size_t before = n_fired;

		timer_queue_run(&q, at(now));
		for (size_t k = before; k < n_fired; k++)
			assert_false(timer_is_set(&p[fired[k]].timer));
		assert_true(instant_cmp(timer_queue_deadline(&q), at(now)) > 0);
	}
	assert_int_equal(n_fired, 512 - 171 + 35);
	timer_queue_fini(&q);
}

static void test_never_cancels(void **state)
{
	struct timer_queue q;
	struct probe p = { .id = 0 };

	(void)state;
	timer_queue_init(&q);
	timer_init(&p.timer, note);
	timer_set(&q, &p.timer, at(5));
	timer_set(&q, &p.timer, INSTANT_NEVER);
	assert_false(timer_is_set(&p.timer));
	assert_true(instant_is_never(timer_queue_deadline(&q)));
	assert_true(instant_is_never(instant_add(INSTANT_NEVER, span_s(1))));
	timer_queue_fini(&q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fires_in_order_of_deadline_then_of_setting),
		cmocka_unit_test(test_handler_may_cancel_another_due_timer),
		cmocka_unit_test(test_many_random_sets_and_cancels_keep_the_order),
		cmocka_unit_test(test_never_cancels),
	};

	return cmocka_run_group_tests_name("timer", tests, NULL, NULL);
}
