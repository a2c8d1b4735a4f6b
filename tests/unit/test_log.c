/* daemon/log.c, message.c, loss_report.c: prefixes, levels, floods, a sentence for every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "log_rig.h"
#include "loss_report.h"
#include "message.h"
#include "safe_text.h"

static void test_the_journal_gets_priorities(void **state)
{
	(void)state;
	log_rig.log.level = LOG_LEVEL_DEBUG;
	log_printf(&log_rig.log, LOG_LEVEL_ERROR, "one");
	log_printf(&log_rig.log, LOG_LEVEL_WARNING, "two");
	log_printf(&log_rig.log, LOG_LEVEL_INFO, "three");
	log_printf(&log_rig.log, LOG_LEVEL_DEBUG, "four");
	assert_string_equal(log_rig_read(), "<3>one\n<4>two\n<6>three\n<7>four\n");
}

static void test_people_get_the_time_and_the_level(void **state)
{
	int y, mo, d, h, mi, s, used = 0;
	const char *said;

	(void)state;
	log_init(&log_rig.log, log_rig.out, false, LOG_LEVEL_INFO, log_rig_clock);
	log_printf(&log_rig.log, LOG_LEVEL_WARNING, "port %s", "lan");
	said = log_rig_read();
	assert_int_equal(sscanf(said, "%d-%d-%dT%d:%d:%dZ%n", &y, &mo, &d, &h, &mi, &s, &used), 6);
	assert_string_equal(said + used, " warning: port lan\n");
}

static void test_the_level_keeps_quiet(void **state)
{
	(void)state;
	log_printf(&log_rig.log, LOG_LEVEL_DEBUG, "no");
	log_rig.log.level = LOG_LEVEL_ERROR;
	log_printf(&log_rig.log, LOG_LEVEL_WARNING, "no");
	log_printf(&log_rig.log, LOG_LEVEL_ERROR, "yes");
	assert_string_equal(log_rig_read(), "<3>yes\n");
}

static void test_never_the_same_message_twice_a_second(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		log_printf(&log_rig.log, LOG_LEVEL_INFO, "peer %s is gone", "alice");
		log_printf(&log_rig.log, LOG_LEVEL_INFO, "peer %s is gone", "bob");
		log_rig_pass(99);
	}
	assert_int_equal(log_rig_lines(), 2);
	log_rig_pass(20);
	log_printf(&log_rig.log, LOG_LEVEL_INFO, "peer %s is gone", "alice");
	assert_int_equal(log_rig_lines(), 3);
}

static void test_what_was_held_back_is_counted_later(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		log_printf(&log_rig.log, LOG_LEVEL_INFO, "again");
	log_tick(&log_rig.log);
	assert_int_equal(log_rig_lines(), 1);
	log_rig_pass(6000);
	log_tick(&log_rig.log);
	assert_string_equal(
		log_rig_read(), "<6>again\n<6>3 more messages like this were suppressed: again\n");
	log_rig_pass(6000);
	log_tick(&log_rig.log);
	assert_int_equal(log_rig_lines(), 2);
}

static void test_a_flood_of_different_messages_of_one_kind_is_cut_short(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		if (i % 1000 == 0)
			log_rig_pass(100);
		log_printf(&log_rig.log, LOG_LEVEL_INFO, "%d wants to connect", i);
	}
	assert_true(log_rig_lines() >= 200);
	assert_true(log_rig_lines() <= 211);	/* the burst, and one for each second since */
	log_printf(&log_rig.log, LOG_LEVEL_INFO, "another kind is heard");
	assert_non_null(strstr(log_rig_read(), "another kind"));
}

static const char kinds[40];		/* addresses to tell kinds apart */

/* One message of each kind, all different, from this source. */
static void storm(enum log_level level, const char *source, int n, size_t n_kinds)
{
	char line[64];

	for (int i = 0; i < n; i++) {
		snprintf(line, sizeof line, "%s says %d", source, i);
		log_say(&log_rig.log, level, &kinds[(size_t)i % n_kinds], source, line);
	}
}

static void test_a_source_has_its_limit_whatever_it_says(void **state)
{
	size_t burst = 0;

	(void)state;
	storm(LOG_LEVEL_INFO, "mallory", 10000, 40);
	burst = log_rig_lines();
	assert_int_equal(burst, 100);
	for (int s = 0; s < 600; s++) {
		log_rig_pass(1000);
		storm(LOG_LEVEL_INFO, "mallory", 100, 40);
	}
	/* 20 a minute */
	assert_in_range(log_rig_lines() - burst, 199, 200);
}

static void test_a_source_does_not_keep_others_out(void **state)
{
	(void)state;
	for (int s = 0; s < 600; s++) {
		storm(LOG_LEVEL_INFO, "mallory", 300, 40);
		storm(LOG_LEVEL_DEBUG, "mallory", 300, 40);
		log_rig_pass(1000);
	}
	log_say(&log_rig.log, LOG_LEVEL_INFO, &kinds[0], "alice", "alice is gone");
	log_say(&log_rig.log, LOG_LEVEL_WARNING, &kinds[1], "mallory", "mallory, seriously");
	log_printf(&log_rig.log, LOG_LEVEL_INFO, "dump written");
	assert_non_null(strstr(log_rig_read(), "alice is gone"));
	assert_non_null(strstr(log_rig_read(), "mallory, seriously"));
	assert_non_null(strstr(log_rig_read(), "dump written"));
}

static void test_all_sources_together_have_a_limit(void **state)
{
	size_t burst = 0;
	char source[32];

	(void)state;
	log_rig.log.level = LOG_LEVEL_DEBUG;
	for (int s = 0; s < 3600; s++) {
		for (int i = 0; i < 200; i++) {
			snprintf(source, sizeof source, "peer %d", i);
			storm(LOG_LEVEL_DEBUG, source, 3, 40);
		}
		log_rig_pass(1000);
		log_tick(&log_rig.log);
		if (s == 0)
			burst = log_rig_lines();
	}
	assert_int_equal(burst, 600);
	/* An hour: 60 a minute, and now and then for each kind how many there were more. */
	assert_true(log_rig_lines() - burst <= 3600 + 40 * 20);
	assert_non_null(strstr(log_rig_read(), "more messages like this were suppressed"));
}

static void test_how_many_were_suppressed_is_said_less_and_less_often(void **state)
{
	size_t reports = 0;

	(void)state;
	storm(LOG_LEVEL_INFO, "mallory", 100, 1);
	for (int s = 0; s < 3600; s++) {
		size_t before;

		for (int i = 0; i < 10; i++)
			log_say(&log_rig.log, LOG_LEVEL_INFO, kinds, "mallory", "the same again");
		log_rig_pass(1000);
		before = log_rig_lines();
		log_tick(&log_rig.log);
		reports += log_rig_lines() - before;
	}
	assert_true(reports >= 8 && reports <= 10);
	log_rig_pass(86400 * 1000);
	log_tick(&log_rig.log);
	log_rig_pass(2 * 86400 * 1000LL + 1000);
	log_say(&log_rig.log, LOG_LEVEL_INFO, kinds, "mallory", "after a pause");
	log_say(&log_rig.log, LOG_LEVEL_INFO, kinds, "mallory", "after a pause");
	log_rig_pass(5000);
	log_tick(&log_rig.log);
	assert_non_null(strstr(
		log_rig_read(), "1 more message like this was suppressed: after a pause"));
}

static void test_what_is_no_printable_text_never_gets_out(void **state)
{
	(void)state;
	log_printf(&log_rig.log, LOG_LEVEL_INFO,
		"a\x1b[2J\nb\x7f \xC2\x9B" "31m \xE2\x82 \xFF \xC3\xA9");
	assert_string_equal(log_rig_read(), "<6>a?[2J?b? ??31m ?? ? \xC3\xA9\n");
}

static void test_a_report_that_is_cut_stays_text(void **state)
{
	static const char hat[] = "\xE2\x82\xAC";	/* three bytes */
	char line[400] = "x";

	(void)state;
	for (size_t i = 1; i + 3 < sizeof line; i += 3)
		memcpy(line + i, hat, sizeof hat);
	for (int i = 0; i < 2; i++)
		log_printf(&log_rig.log, LOG_LEVEL_INFO, "%s", line);
	log_rig_pass(6000);
	log_tick(&log_rig.log);
	assert_int_equal(log_rig_lines(), 2);
	for (const char *p = log_rig_read(); *p; p += *p == '\n' ? 1 : safe_text_char(p))
		assert_true(*p == '\n' || safe_text_char(p) > 0);
}

static struct trace_event event_of_everything(enum trace_kind kind)
{
	static const struct at_name hostile = { 6, { 'Z', 0x1B, '[', '2', 'J', 0x8E } };

	return (struct trace_event){ .kind = kind,
		.port = "PORT",
		.tunnel = "TUNNEL",
		.peer = "PEER",
		.other = "OTHER",
		.text = "TEXT",
		.range = { 3, 5, true },
		.range2 = { 7, 9, true },
		.addr = { 3, 128 },
		.mac = { { 8, 0, 7, 1, 2, 3 } },
		.endpoint = { 0xC0000221, 387 },
		.name = &hostile,
		.number = 42,
		.drop = DROP_DDP_NO_ROUTE };
}

static void test_losses_are_told_after_ten_minutes_again_and_as_what_came_since(void **state)
{
	struct loss_report r = { .owner = "port", .name = "lan", .remedy = "hurry" };
	struct losses l = { .no_buffer = 3 };

	(void)state;
	loss_report(&r, &log_rig.log, log_rig.now, (struct losses){ 0 });
	assert_int_equal(log_rig_lines(), 0);
	loss_report(&r, &log_rig.log, log_rig.now, l);
	l.no_buffer = 10;
	log_rig_pass(599000);
	loss_report(&r, &log_rig.log, log_rig.now, l);
	assert_int_equal(log_rig_lines(), 1);
	log_rig_pass(1000);
	loss_report(&r, &log_rig.log, log_rig.now, l);
	assert_string_equal(log_rig_read(), "<4>port lan: no room for 3 packets; hurry\n"
				  "<4>port lan: no room for 7 packets; hurry\n");
}

static void test_a_refusal_is_told_by_its_reason_not_by_its_packets(void **state)
{
	struct loss_report r = { .owner = "tunnel", .name = "wan", .sender = "the kernel" };
	struct losses l = { .refused = 1, .error = ENETUNREACH };

	(void)state;
	loss_report(&r, &log_rig.log, log_rig.now, l);
	log_rig_pass(600000);
	l.refused = 1000;
	loss_report(&r, &log_rig.log, log_rig.now, l);
	assert_int_equal(log_rig_lines(), 1);
	log_rig_pass(600000);
	l.refused++;
	l.error = EPERM;
	loss_report(&r, &log_rig.log, log_rig.now, l);
	assert_string_equal(log_rig_read(),
		"<4>tunnel wan: the kernel does not send: Network is unreachable\n"
		"<4>tunnel wan: the kernel does not send: Operation not permitted\n");
}

static void test_losses_all_year_are_told_ever_more_rarely(void **state)
{
	struct loss_report r = { .owner = "port", .name = "lan", .remedy = "hurry" };
	struct losses l = { 0 };

	(void)state;
	for (int minute = 0; minute < 365 * 1440; minute++) {
		l.no_buffer++;
		loss_report(&r, &log_rig.log, log_rig.now, l);
		log_rig_pass(60000);
	}
	assert_true(log_rig_lines() > 364 && log_rig_lines() < 400);
}

static void test_every_event_has_a_sentence_without_holes(void **state)
{
	(void)state;
	for (int k = 0; k < TRACE_KINDS; k++) {
		const struct trace_event e = event_of_everything((enum trace_kind)k);
		char line[MESSAGE_MAX];

		message_text(&e, line);
		assert_true(strlen(line) > 10);
		assert_null(strpbrk(line, "{}\x1b"));
		assert_null(strstr(line, "?"));
	}
}

static void test_sentences_name_what_they_are_about(void **state)
{
	struct trace_event e = event_of_everything(TRACE_PORT_UP);
	char line[MESSAGE_MAX];

	(void)state;
	message_text(&e, line);
	assert_string_equal(line, "port PORT is up: address 3.128, network 3-5");
	e.kind = TRACE_PORT_ADDRESS_STOLEN;
	message_text(&e, line);
	assert_non_null(strstr(line, "08:00:07:01:02:03"));
	e.kind = TRACE_PORT_ZONE_CONFLICT;
	message_text(&e, line);
	assert_non_null(strstr(line, "\"Z\\x1B[2J\xC3\xA9\""));
	e.kind = TRACE_PEER_UNKNOWN;
	message_text(&e, line);
	assert_non_null(strstr(line, "tunnel TUNNEL: 192.0.2.33:387 wants to connect"));
	e.kind = TRACE_DROPPED;
	message_text(&e, line);
	assert_string_equal(line,
		"peer PEER: a packet was dropped: ddp-no-route (no usable route to the "
		"destination network)");
	e.peer = e.tunnel = NULL;
	message_text(&e, line);
	assert_memory_equal(line, "port PORT:", 10);
}

static void test_no_sentence_counts_one_of_many(void **state)
{
	static const char *const plurals[] = {
		" 1 hops", " 1 networks", " 1 zones", " 1 entries", " 1 peers", " 1 ports"
	};
	char line[MESSAGE_MAX];

	(void)state;
	for (int k = 0; k < TRACE_KINDS; k++) {
		struct trace_event e = event_of_everything((enum trace_kind)k);

		/* Limits are greater. */
		if (k == TRACE_ROUTES_FULL || k == TRACE_ZONES_FULL)
			continue;
		e.number = 1;
		message_text(&e, line);
		for (size_t i = 0; i < sizeof plurals / sizeof *plurals; i++)
			assert_null(strstr(line, plurals[i]));
	}
}

static void test_sentences_say_what_helps(void **state)
{
	static const struct {
		enum trace_kind kind;
		const char *words;
	} wanted[] = {
		{ TRACE_PORT_ZONES_DIFFER, "restart the Macs of the cable" },
		{ TRACE_PORT_ZONES_DIFFER, "they keep the old one until they restart" },
		{ TRACE_PORT_ZONE_CONFLICT, "is in only one of the two" },
		{ TRACE_PEER_REFUSED, "whether we are in its list" },
		{ TRACE_PEER_REFLECTS, "must renumber" },
		{ TRACE_PEER_ZONES_MISSING, "Tell its operator" },
		{ TRACE_ROUTES_FULL, "the rest is ignored" },
	};
	char line[MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		const struct trace_event e = event_of_everything(wanted[i].kind);

		message_text(&e, line);
		assert_non_null(strstr(line, wanted[i].words));
	}
}

static void test_a_sentence_too_long_is_cut(void **state)
{
	struct trace_event e = event_of_everything(TRACE_PEER_DOWN);
	char line[MESSAGE_MAX], longest[600];

	(void)state;
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	e.text = e.peer = longest;
	message_text(&e, line);
	assert_int_equal(strlen(line), MESSAGE_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING(test_the_journal_gets_priorities),
		LOGGING(test_people_get_the_time_and_the_level),
		LOGGING(test_the_level_keeps_quiet),
		LOGGING(test_never_the_same_message_twice_a_second),
		LOGGING(test_what_was_held_back_is_counted_later),
		LOGGING(test_a_flood_of_different_messages_of_one_kind_is_cut_short),
		LOGGING(test_a_source_has_its_limit_whatever_it_says),
		LOGGING(test_a_source_does_not_keep_others_out),
		LOGGING(test_all_sources_together_have_a_limit),
		LOGGING(test_how_many_were_suppressed_is_said_less_and_less_often),
		LOGGING(test_what_is_no_printable_text_never_gets_out),
		LOGGING(test_a_report_that_is_cut_stays_text),
		LOGGING(test_losses_are_told_after_ten_minutes_again_and_as_what_came_since),
		LOGGING(test_a_refusal_is_told_by_its_reason_not_by_its_packets),
		LOGGING(test_losses_all_year_are_told_ever_more_rarely),
		cmocka_unit_test(test_every_event_has_a_sentence_without_holes),
		cmocka_unit_test(test_sentences_name_what_they_are_about),
		cmocka_unit_test(test_no_sentence_counts_one_of_many),
		cmocka_unit_test(test_sentences_say_what_helps),
		cmocka_unit_test(test_a_sentence_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
