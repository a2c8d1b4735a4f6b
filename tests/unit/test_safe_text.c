/* daemon/safe_text.c: what is a printable character of UTF-8, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "safe_text.h"

static void test_one_character_of_every_length(void **state)
{
	(void)state;
	assert_int_equal(safe_text_char("a"), 1);
	assert_int_equal(safe_text_char("\xC3\xA9"), 2);		/* é */
	assert_int_equal(safe_text_char("\xC2\xA0"), 2);		/* behind the last of C1 */
	assert_int_equal(safe_text_char("\xE2\x82\xAC"), 3);		/* the euro sign */
	assert_int_equal(safe_text_char("\xEF\xA3\xBF"), 3);		/* the apple */
	assert_int_equal(safe_text_char("\xF0\x9F\x8D\x8E"), 4);
	assert_int_equal(safe_text_char("\xF4\x8F\xBF\xBF"), 4);	/* the last there is */
	assert_int_equal(safe_text_char("\xE2\x80\x90"), 3);		/* a hyphen that is seen */
}

static void test_what_is_none(void **state)
{
	static const char *const bad[] = { "", "\x01", "\x1B[", "\n", "\x7F", "\x80", "\xBF",
		"\xC2\x80", "\xC2\x9B", "\xC2\x9F",	/* C1 in UTF-8 */
		"\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF",	/* overlong */
		"\xC3", "\xC3z", "\xE2\x82", "\xE2\x82z", "\xF0\x9F\x8D",	/* cut */
		"\xED\xA0\x80", "\xED\xBF\xBF",		/* halves of surrogate pairs */
		"\xC2\xAD", "\xE2\x80\xAE", "\xE2\x80\xA8", "\xE2\x81\xA6", "\xEF\xBB\xBF",
		"\xF3\xA0\x80\x81",			/* invisible, or turning the text around */
		"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xF8\x88\x80\x80\x80", "\xFE", "\xFF" };

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(safe_text_char(bad[i]), 0);
}

static void test_cleaning_keeps_what_is_good(void **state)
{
	char text[] = "Caf\xC3\xA9 \x1B]0;t\x07 \xC2\x9Bm \xE2\x82 \xF0\x9F\x8D\x8E\xFF";

	(void)state;
	safe_text_clean(text);
	assert_string_equal(text, "Caf\xC3\xA9 ?]0;t? ??m ?? \xF0\x9F\x8D\x8E?");
}

/* Every string of two bytes and its sequel: afterwards every character is one. */
static void test_nothing_survives_cleaning_that_is_no_character(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 0x10000; i++) {
		char text[8];
		size_t n;

		snprintf(text, sizeof text, "%c%c\x80\xBFz", (int)(i >> 8), (int)(i & 0xFF));
		n = strlen(text);
		safe_text_clean(text);
		assert_int_equal(strlen(text), n);
		for (const char *p = text; *p; p += safe_text_char(p))
			assert_true(safe_text_char(p) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_character_of_every_length),
		cmocka_unit_test(test_what_is_none),
		cmocka_unit_test(test_cleaning_keeps_what_is_good),
		cmocka_unit_test(test_nothing_survives_cleaning_that_is_no_character),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
