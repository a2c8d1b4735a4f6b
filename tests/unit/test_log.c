/* daemon/log.c and daemon/message.c: prefixes, levels, floods, and a sentence for every event. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "message.h"

static struct instant now;
static char *text;
static size_t size;
static FILE *out;
static struct log logger;

static struct instant fake_clock(void)
{
	return now;
}

static int set_up(void **state)
{
	(void)state;
	now = (struct instant){ 1000000000 };
	out = open_memstream(&text, &size);
	log_init(&logger, out, true, LOG_LEVEL_INFO, fake_clock);
	return out ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	fclose(out);
	free(text);
	return 0;
}

static void pass(int64_t ms)
{
	now = instant_add(now, span_ms(ms));
}

static size_t lines(void)
{
	size_t n = 0;

	fflush(out);
	for (const char *p = text; *p; p++)
		n += *p == '\n';
	return n;
}

static void test_the_journal_gets_priorities(void **state)
{
	(void)state;
	logger.level = LOG_LEVEL_DEBUG;
	log_printf(&logger, LOG_LEVEL_ERROR, "one");
	log_printf(&logger, LOG_LEVEL_WARNING, "two");
	log_printf(&logger, LOG_LEVEL_INFO, "three");
	log_printf(&logger, LOG_LEVEL_DEBUG, "four");
	fflush(out);
	assert_string_equal(text, "<3>one\n<4>two\n<6>three\n<7>four\n");
}

static void test_people_get_the_time_and_the_level(void **state)
{
	int y, mo, d, h, mi, s, used = 0;

	(void)state;
	log_init(&logger, out, false, LOG_LEVEL_INFO, fake_clock);
	log_printf(&logger, LOG_LEVEL_WARNING, "port %s", "lan");
	fflush(out);
	assert_int_equal(sscanf(text, "%d-%d-%dT%d:%d:%dZ%n", &y, &mo, &d, &h, &mi, &s, &used), 6);
	assert_string_equal(text + used, " warning: port lan\n");
}

static void test_the_level_keeps_quiet(void **state)
{
	(void)state;
	log_printf(&logger, LOG_LEVEL_DEBUG, "no");
	logger.level = LOG_LEVEL_ERROR;
	log_printf(&logger, LOG_LEVEL_WARNING, "no");
	log_printf(&logger, LOG_LEVEL_ERROR, "yes");
	fflush(out);
	assert_string_equal(text, "<3>yes\n");
}

static void test_never_the_same_message_twice_a_second(void **state)
{
	(void)state;
	for (int i = 0; i < 10; i++) {
		log_printf(&logger, LOG_LEVEL_INFO, "peer %s is gone", "alice");
		log_printf(&logger, LOG_LEVEL_INFO, "peer %s is gone", "bob");
		pass(99);
	}
	assert_int_equal(lines(), 2);
	pass(20);
	log_printf(&logger, LOG_LEVEL_INFO, "peer %s is gone", "alice");
	assert_int_equal(lines(), 3);
}

static void test_what_was_held_back_is_counted_later(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		log_printf(&logger, LOG_LEVEL_INFO, "again");
	log_tick(&logger);
	assert_int_equal(lines(), 1);
	pass(6000);
	log_tick(&logger);
	fflush(out);
	assert_string_equal(
		text, "<6>again\n<6>3 more messages like this were suppressed: again\n");
	pass(6000);
	log_tick(&logger);
	assert_int_equal(lines(), 2);
}

static void test_a_flood_of_different_messages_of_one_kind_is_cut_short(void **state)
{
	(void)state;
	for (int i = 0; i < 100000; i++) {
		if (i % 1000 == 0)
			pass(100);
		log_printf(&logger, LOG_LEVEL_INFO, "%d wants to connect", i);
	}
	assert_true(lines() >= 200);
	assert_true(lines() <= 211);		/* the burst, and one for each second since */
	log_printf(&logger, LOG_LEVEL_INFO, "another kind is heard");
	fflush(out);
	assert_non_null(strstr(text, "another kind"));
}

static void test_control_characters_never_get_out(void **state)
{
	(void)state;
	log_printf(&logger, LOG_LEVEL_INFO, "a\x1b[2J\nb\x7f");
	fflush(out);
	assert_string_equal(text, "<6>a?[2J?b?\n");
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

static void test_every_event_has_a_sentence_without_holes(void **state)
{
	(void)state;
	for (int k = 0; k < TRACE_KINDS; k++) {
		const struct trace_event e = event_of_everything((enum trace_kind)k);
		char line[MESSAGE_MAX];

		assert_non_null(message_text(&e, line));
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

#define LOGGING(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOGGING(test_the_journal_gets_priorities),
		LOGGING(test_people_get_the_time_and_the_level),
		LOGGING(test_the_level_keeps_quiet),
		LOGGING(test_never_the_same_message_twice_a_second),
		LOGGING(test_what_was_held_back_is_counted_later),
		LOGGING(test_a_flood_of_different_messages_of_one_kind_is_cut_short),
		LOGGING(test_control_characters_never_get_out),
		cmocka_unit_test(test_every_event_has_a_sentence_without_holes),
		cmocka_unit_test(test_sentences_name_what_they_are_about),
		cmocka_unit_test(test_a_sentence_too_long_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
