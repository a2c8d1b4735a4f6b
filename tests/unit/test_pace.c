/* daemon/pace.c: what comes again is said ever more rarely, and nobody drowns another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "log_rig.h"
#include "message.h"

static struct trace_event quarrel_of(enum trace_kind kind)
{
	return (struct trace_event){ .kind = kind, .port = "PORT", .peer = "PEER", .other = "OTHER",
		.text = "TEXT", .range = { 3, 5, true }, .range2 = { 7, 9, true },
		.addr = { 3, 128 }, .number = 42 };
}

/* Says the event as app.c does. */
static void say(const struct trace_event *e, const char *source)
{
	struct pace_about about = message_about(e);
	char line[MESSAGE_MAX];

	about.source = source;
	message_text(e, line);
	log_about(&log_rig.log, trace_level(e->kind), &about, line);
}

static struct trace_event call_of(uint32_t ip, uint16_t port)
{
	return (struct trace_event){ .kind = TRACE_PEER_UNKNOWN, .tunnel = "wan",
		.endpoint = { ip, port } };
}

static void test_a_stranger_is_said_at_once_then_after_doubling_pauses_with_a_count(void **state)
{
	static const int minutes[] = { 0, 10, 30, 70, 150, 310, 630, 1270, 2550, 3990, 5430 };
	const struct trace_event call = call_of(0xC0000221, 387);
	size_t n = 0;

	(void)state;
	for (int minute = 0; minute < 5500; minute++) {
		say(&call, "wan");
		if (n < 11 && minute == minutes[n])
			n++;
		assert_int_equal(log_rig_lines(), n);
		log_rig_pass(60000);
	}
	assert_int_equal(n, 11);
	assert_non_null(strstr(log_rig_read(), "accept-unknown = yes\n"));
	assert_non_null(strstr(log_rig_read(), "accept-unknown = yes (10 times in 10 min)\n"));
	assert_non_null(strstr(log_rig_read(), "accept-unknown = yes (640 times in 10 h)\n"));
	assert_non_null(strstr(log_rig_read(), "accept-unknown = yes (1440 times in 24 h)\n"));
}

static void test_each_kind_and_subject_has_its_own_pauses(void **state)
{
	const struct trace_event calls[] = { call_of(0xC0000221, 387), call_of(0xC0000222, 387) };
	struct trace_event e = quarrel_of(TRACE_RTMP_OVERLAP);

	(void)state;
	say(&calls[0], "wan");
	log_rig_pass(5000);
	say(&calls[1], "wan");
	say(&e, "lan");
	assert_int_equal(log_rig_lines(), 3);
	e.range.first = 4;
	say(&e, "lan");
	e.kind = TRACE_RTMP_RANGE_IGNORED;
	say(&e, "lan");
	assert_int_equal(log_rig_lines(), 5);
	log_rig_pass(5000);
	for (int i = 0; i < 2; i++)
		say(&calls[i], "wan");
	say(&e, "lan");
	assert_int_equal(log_rig_lines(), 5);
	/* Two kinds about the same: who has the network, and whose it is. */
	e.kind = TRACE_PEER_DUPLICATE_NET;
	say(&e, "lan");
	e.kind = TRACE_PEER_REFLECTS;
	say(&e, "lan");
	assert_int_equal(log_rig_lines(), 7);
}

static void test_a_caller_with_ever_new_ports_is_one_subject(void **state)
{
	(void)state;
	for (uint16_t port = 1; port < 2000; port++) {
		struct trace_event call = call_of(0xC0000221, port);

		say(&call, "wan");
		log_rig_pass(100);
	}
	assert_int_equal(log_rig_lines(), 1);
}

static void test_after_two_quiet_days_it_is_news_again(void **state)
{
	const struct trace_event call = call_of(0xC0000221, 387);

	(void)state;
	say(&call, "wan");
	log_rig_pass(1000);
	say(&call, "wan");
	log_rig_pass(2 * 86400 * 1000LL + 1000);
	say(&call, "wan");
	log_rig_pass(1000);
	say(&call, "wan");
	assert_int_equal(log_rig_lines(), 2);
	assert_null(strstr(log_rig_read(), "times in"));
}

static void test_a_reload_says_what_is_still_wrong(void **state)
{
	const struct trace_event call = call_of(0xC0000221, 387);

	(void)state;
	say(&call, "wan");
	log_rig_pass(2000);
	log_forget(&log_rig.log);
	say(&call, "wan");
	assert_int_equal(log_rig_lines(), 2);
}

static void test_who_comes_and_goes_is_always_said_unless_all_the_time(void **state)
{
	struct trace_event e = { .peer = "bob", .text = "it does not answer" };

	(void)state;
	for (int day = 0; day < 40; day++)		/* a line that is renewed every night */
		for (int k = 0; k < 2; k++) {
			e.kind = k ? TRACE_PEER_UP : TRACE_PEER_DOWN;
			say(&e, "bob");
			log_rig_pass(12 * 3600 * 1000);
		}
	assert_int_equal(log_rig_lines(), 80);
	for (int minute = 0; minute < 1440; minute++) {
		e.kind = minute & 1 ? TRACE_PEER_UP : TRACE_PEER_DOWN;
		say(&e, "bob");
		log_rig_pass(60000);
	}
	assert_true(log_rig_lines() >= 80 + 20 + 22 && log_rig_lines() <= 80 + 20 + 24);
	assert_non_null(strstr(log_rig_read(), "(60 such messages in 60 min)"));
}

/* Fifty thousand a second would be more of the same. */
static void test_forged_sources_keep_nobody_out(void **state)
{
	struct trace_event down = { .kind = TRACE_PEER_DOWN, .peer = "alice", .text = "TEXT" };
	struct trace_event quarrel = quarrel_of(TRACE_PEER_OVERLAP);
	struct trace_event claim = quarrel_of(TRACE_RTMP_RANGE_IGNORED);
	uint32_t ip = 0x0B000000;
	size_t flood;

	(void)state;
	for (int minute = 0; minute < 24 * 60; minute++) {
		for (int i = 0; i < 200; i++) {
			struct trace_event call = call_of(ip++, 387);

			say(&call, "wan");
			claim.addr.net = (uint16_t)ip;
			claim.addr.node = (uint8_t)(ip >> 16);
			say(&claim, "lan");
		}
		log_rig_pass(60000);
		log_tick(&log_rig.log);
	}
	flood = log_rig_lines();
	assert_true(flood <= 2 * (512 + 24 * 12) + 2 * 20);
	say(&down, "alice");
	quarrel.peer = "alice";
	say(&quarrel, "alice");
	log_printf(&log_rig.log, LOG_LEVEL_INFO, "dump written");
	assert_int_equal(log_rig_lines(), flood + 3);
	assert_non_null(strstr(log_rig_read(), "peer alice is gone"));
	assert_non_null(strstr(log_rig_read(), "peer alice offers network 3-5"));
	assert_non_null(strstr(log_rig_read(), "more messages like this were suppressed"));
}

/* Three quarters of an hour of a list of 300 routers that do not know us, or quarrel. */
static void live_a_turn(int turn)
{
	char name[32];

	for (uint32_t i = 0; i < 300; i++) {
		struct trace_event call = call_of(0xC6120000 + i, (uint16_t)turn);

		say(&call, "wan");
	}
	for (int i = 0; i < 60; i++) {
		struct trace_event e = quarrel_of(TRACE_PEER_OVERLAP);

		snprintf(name, sizeof name, "peer%d", i);
		e.peer = name;
		say(&e, name);
		e.kind = TRACE_PEER_DUPLICATE_NET;
		say(&e, name);
		e.kind = TRACE_PEER_REFUSED;
		e.number = turn;
		say(&e, name);
		e.kind = turn & 1 ? TRACE_PEER_UP : TRACE_PEER_DOWN;
		if (i < 10)
			say(&e, name);
	}
}

static void test_a_year_of_a_public_list_does_not_fill_a_disk(void **state)
{
	const int turns = 32;
	size_t first_day = 0, place = 0, last_day = 0;

	(void)state;
	for (int day = 0; day < 365; day++) {
		for (int turn = 0; turn < turns; turn++) {
			live_a_turn(turn);
			log_rig_pass(86400 * 1000 / turns);
			log_tick(&log_rig.log);
		}
		last_day = log_rig_lines_since(&place);
		if (day == 0)
			first_day = last_day;
	}
	print_message("a year: %zu bytes; the first day %zu lines, the last %zu\n", log_rig.size,
		first_day, last_day);
	assert_true(first_day >= 480 * 6 && first_day <= 480 * 9 + 10 * 32);
	/* 480 troubles once a day, and those who come and go all the time. */
	assert_true(last_day >= 480 && last_day <= 480 + 10 * 24 + 10);
	assert_true(log_rig.size < 40 * 1000 * 1000);
}

/* Warnings and errors come again and again; only what is said of a debugger's wish is free. */
static void test_every_warning_has_its_pace(void **state)
{
	(void)state;
	for (int k = 0; k < TRACE_KINDS; k++) {
		const struct trace_event e = quarrel_of((enum trace_kind)k);
		const bool is_debug = trace_level(e.kind) == LOG_LEVEL_DEBUG;

		assert_int_equal(message_about(&e).way == PACE_FREE, is_debug);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING(test_a_stranger_is_said_at_once_then_after_doubling_pauses_with_a_count),
		LOGGING(test_each_kind_and_subject_has_its_own_pauses),
		LOGGING(test_a_caller_with_ever_new_ports_is_one_subject),
		LOGGING(test_after_two_quiet_days_it_is_news_again),
		LOGGING(test_a_reload_says_what_is_still_wrong),
		LOGGING(test_who_comes_and_goes_is_always_said_unless_all_the_time),
		LOGGING(test_forged_sources_keep_nobody_out),
		LOGGING(test_a_year_of_a_public_list_does_not_fill_a_disk),
		cmocka_unit_test(test_every_warning_has_its_pace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
