/* os/loop.c: turns, the one deadline, timers and signals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "loop.h"

struct probe {
	struct loop *loop;
	int turns, expiries, signals, timers;
	struct instant deadline;
	struct instant expired_at;
};

static struct instant on_end_turn(void *ctx, struct instant now)
{
	struct probe *p = ctx;

	(void)now;
	p->turns++;
	return p->deadline;
}

static void on_expired(void *ctx, struct instant now)
{
	struct probe *p = ctx;

	p->expiries++;
	p->expired_at = now;
	p->deadline = INSTANT_NEVER;
	loop_stop(p->loop);
}

static void on_complain(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void on_signal(void *ctx, int number)
{
	struct probe *p = ctx;

	p->signals += number == SIGUSR1;
	loop_stop(p->loop);
}

static void on_timer(void *ctx)
{
	struct probe *p = ctx;

	p->timers++;
	loop_stop(p->loop);
}

static void start(struct probe *p, struct instant deadline)
{
	const struct loop_hooks hooks = { p, on_expired, on_end_turn, on_complain };

	*p = (struct probe){ .loop = loop_new(&hooks), .deadline = deadline };
	assert_non_null(p->loop);
}

static void test_the_deadline_is_met_and_not_before(void **state)
{
	struct instant due = instant_add(clock_now(), span_ms(20));
	struct probe p;

	(void)state;
	start(&p, due);
	loop_run(p.loop);
	assert_int_equal(p.expiries, 1);
	assert_true(instant_cmp(p.expired_at, due) >= 0);
	loop_free(p.loop);
}

static void test_a_deadline_that_has_passed_comes_at_once(void **state)
{
	struct probe p;

	(void)state;
	start(&p, (struct instant){ 1 });
	loop_run(p.loop);
	assert_int_equal(p.expiries, 1);
	assert_int_equal(p.turns, 2);		/* before the first turn, and after it */
	loop_free(p.loop);
}

static void test_every_turn_ends_once_and_an_idle_loop_has_none(void **state)
{
	struct probe p;
	struct loop_timer *t;

	(void)state;
	start(&p, INSTANT_NEVER);
	t = loop_timer_new(p.loop, on_timer, &p);
	loop_timer_set(t, span_ms(5));
	loop_run(p.loop);
	assert_int_equal(p.timers, 1);
	assert_int_equal(p.expiries, 0);
	assert_int_equal(p.turns, 2);
	loop_timer_free(t);
	loop_free(p.loop);
}

static void test_signals_arrive_inside_the_loop(void **state)
{
	struct probe p;
	struct loop_signal *s;

	(void)state;
	start(&p, INSTANT_NEVER);
	s = loop_signal_new(p.loop, SIGUSR1, on_signal, &p);
	kill(getpid(), SIGUSR1);
	assert_int_equal(p.signals, 0);
	loop_run(p.loop);
	assert_int_equal(p.signals, 1);
	loop_signal_free(s);
	loop_free(p.loop);
}

/* A second SIGTERM, while the program is on its way out. */
static void test_a_signal_after_the_end_kills_nobody(void **state)
{
	struct probe p;
	struct loop_signal *s;
	int status;
	pid_t pid;

	(void)state;
	start(&p, INSTANT_NEVER);
	s = loop_signal_new(p.loop, SIGTERM, on_signal, &p);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		loop_signal_free(s);
		raise(SIGTERM);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	loop_signal_free(s);
	loop_free(p.loop);
}

static void test_the_clock_never_goes_back(void **state)
{
	struct instant last = clock_now();

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct instant now = clock_now();

		assert_true(instant_cmp(now, last) >= 0);
		last = now;
	}
	assert_true(clock_seed() != clock_seed());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_deadline_is_met_and_not_before),
		cmocka_unit_test(test_a_deadline_that_has_passed_comes_at_once),
		cmocka_unit_test(test_every_turn_ends_once_and_an_idle_loop_has_none),
		cmocka_unit_test(test_signals_arrive_inside_the_loop),
		cmocka_unit_test(test_a_signal_after_the_end_kills_nobody),
		cmocka_unit_test(test_the_clock_never_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
