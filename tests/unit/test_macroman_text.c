/* proto/macroman_text.c: names from and to UTF-8, and onto terminals. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurpd/macroman.h"
#include "vectors.h"

/* The upper half of MacRoman, a row per sixteen bytes. */
static const char *const upper_half[] = {
	"ÄÅÇÉÑÖÜáàâäãåçéè",	/* 80 */
	"êëíìîïñóòôöõúùûü",	/* 90 */
	"†°¢£§•¶ß®©™´¨≠ÆØ",	/* A0 */
	"∞±≤≥¥µ∂∑∏π∫ªºΩæø",	/* B0 */
	"¿¡¬√ƒ≈∆«»…\xC2\xA0" "ÀÃÕŒœ",	/* C0 */
	"–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ",	/* D0 */
	"‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔ",	/* E0 */
	"\xEF\xA3\xBF" "ÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ",	/* F0 */
};

static struct at_name from_text(const char *text, size_t n)
{
	char *copy = (char *)exact_copy(text, n);
	struct macroman_error error;
	struct at_name name;
	bool good = name_from_utf8(copy, n, &name, &error);

	free(copy);
	if (!good)
		fail_msg("\"%.*s\": character %s at %zu %s", (int)n, text, error.character,
			error.offset, macroman_error_text(error.kind));
	assert_int_equal(error.kind, MACROMAN_OK);
	return name;
}

static struct at_name from(const char *text)
{
	return from_text(text, strlen(text));
}

static struct macroman_error error_of_text(const char *text, size_t n)
{
	char *copy = (char *)exact_copy(text, n);
	struct macroman_error error;
	struct at_name name;

	assert_false(name_from_utf8(copy, n, &name, &error));
	free(copy);
	return error;
}

static struct macroman_error error_of(const char *text)
{
	return error_of_text(text, strlen(text));
}

static void test_all_characters_both_ways(void **state)
{
	(void)state;
	for (unsigned int row = 0; row < 8; row++) {
		struct at_name name = from(upper_half[row]);
		char text[NAME_UTF8_SIZE];

		assert_int_equal(name.len, 16);
		for (unsigned int i = 0; i < 16; i++)
			assert_int_equal(name.byte[i], 0x80 + 16 * row + i);
		assert_int_equal(name_to_utf8(&name, text), strlen(upper_half[row]));
		assert_string_equal(text, upper_half[row]);
	}
	for (int b = 0; b < 0x80; b++) {
		char c = (char)b, text[NAME_UTF8_SIZE];
		struct at_name name;

		if (c == '\\')
			continue;
		name = from_text(&c, 1);
		assert_int_equal(name.len, 1);
		assert_int_equal(name.byte[0], b);
		assert_int_equal(name_to_utf8(&name, text), 1);
		assert_int_equal(text[0], c);
	}
}

static void test_no_other_character_is_taken_but_the_aliases(void **state)
{
	static const struct {
		uint32_t code;
		uint8_t byte;
	} aliases[] = { { 0x00A4, 0xDB }, { 0x2126, 0xBD }, { 0x0394, 0xC6 }, { 0x03A3, 0xB7 },
		{ 0x03A0, 0xB8 }, { 0x03BC, 0xB5 }, { 0x212A, 'K' }, { 0x212B, 0x81 },
		{ 0x037E, ';' }, { 0x0387, 0xE1 }, { 0x1FEF, '`' }, { 0x1FFD, 0xAB } };
	size_t taken = 0, used = 0;

	(void)state;
	for (uint32_t code = 0x80; code < 0x10000; code++) {
		char text[4] = { (char)(0xE0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3F)),
			(char)(0x80 | (code & 0x3F)) };
		struct macroman_error error;
		struct at_name name;

		if (code < 0x800) {
			text[0] = (char)(0xC0 | code >> 6);
			text[1] = text[2];
			text[2] = '\0';
		}
		if (!name_from_utf8(text, strlen(text), &name, &error)) {
			bool surrogate = code >= 0xD800 && code <= 0xDFFF;

			assert_int_equal(error.kind,
				surrogate ? MACROMAN_NOT_UTF8 : MACROMAN_UNMAPPABLE);
			assert_int_equal(error.character[0] == '\0',
				surrogate || code < 0xA0 || (code >= 0x300 && code < 0x370));
			continue;
		}
		taken++;
		for (size_t i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
			if (aliases[i].code == code) {
				assert_int_equal(name.byte[0], aliases[i].byte);
				used++;
			}
	}
	assert_int_equal(used, sizeof aliases / sizeof aliases[0]);
	assert_int_equal(taken, 128 + used);
}

static void test_decomposed_letters_are_composed(void **state)
{
	/* base, mark, base, mark ...: every pair MacRoman has */
	static const struct {
		const char *mark, *bases, *composed;
	} all[] = {
		{ "\u0300", "aeiouAEIOU", "àèìòùÀÈÌÒÙ" },
		{ "\u0301", "aeiouAEIOU", "áéíóúÁÉÍÓÚ" },
		{ "\u0302", "aeiouAEIOU", "âêîôûÂÊÎÔÛ" },
		{ "\u0303", "anoANO", "ãñõÃÑÕ" },
		{ "\u0308", "aeiouyAEIOUY", "äëïöüÿÄËÏÖÜŸ" },
		{ "\u030A", "aA", "åÅ" },
		{ "\u0327", "cC", "çÇ" },
		{ "\u0338", "=", "≠" },
		{ "\u0340", "aeiouAEIOU", "àèìòùÀÈÌÒÙ" },
		{ "\u0341", "aeiouAEIOU", "áéíóúÁÉÍÓÚ" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct at_name composed = from(all[i].composed), name;
		char text[128] = "";

		for (const char *base = all[i].bases; *base; base++) {
			size_t used = strlen(text);

			snprintf(text + used, sizeof text - used, "%c%s", *base, all[i].mark);
		}
		name = from(text);
		assert_int_equal(name.len, composed.len);
		assert_memory_equal(name.byte, composed.byte, name.len);
	}
}

static void test_marks_that_compose_to_nothing_name_the_whole_letter(void **state)
{
	struct macroman_error e = error_of("Ve\u0303ra");

	(void)state;
	assert_int_equal(e.kind, MACROMAN_UNMAPPABLE);
	assert_int_equal(e.offset, 2);
	assert_int_equal(e.code, 0x0303);
	assert_string_equal(e.character, "e\u0303");
	e = error_of("e\u0301\u0301");		/* twice is none of ours */
	assert_string_equal(e.character, "é\u0301");
	e = error_of("\u0301x");		/* on nothing */
	assert_int_equal(e.code, 0x0301);
	assert_string_equal(e.character, "");
	e = error_of("\\x65\u0301");		/* a raw byte is no letter */
	assert_int_equal(e.code, 0x0301);
	assert_string_equal(e.character, "");
}

static void test_what_macroman_lacks_is_named(void **state)
{
	struct macroman_error e = error_of("Łódź");

	(void)state;
	assert_int_equal(e.kind, MACROMAN_UNMAPPABLE);
	assert_int_equal(e.offset, 0);
	assert_int_equal(e.code, 0x0141);
	assert_string_equal(e.character, "Ł");
	e = error_of("lódź");
	assert_int_equal(e.offset, 4);
	assert_string_equal(e.character, "ź");
	e = error_of("Mac 😀");
	assert_int_equal(e.code, 0x1F600);
	assert_int_equal(e.offset, 4);
	assert_string_equal(e.character, "😀");
	e = error_of("\xF0\x90\x80\x80");	/* the first beyond the basic plane */
	assert_int_equal(e.kind, MACROMAN_UNMAPPABLE);
	assert_int_equal(e.code, 0x10000);
	e = error_of("a\xC2\x85");		/* a control character is not shown */
	assert_int_equal(e.kind, MACROMAN_UNMAPPABLE);
	assert_int_equal(e.code, 0x85);
	assert_string_equal(e.character, "");
}

static void test_only_shortest_form_utf8_is_text(void **state)
{
	static const struct {
		const char *bytes;
		size_t n, offset;
	} all[] = {
		{ "a\x80", 2, 1 },		/* continuation alone */
		{ "\xC3", 1, 0 },		/* cut */
		{ "\xE2\x89", 2, 0 },
		{ "\xF0\x9F\x98", 3, 0 },
		{ "\xC3(", 2, 0 },
		{ "\xC1\x81", 2, 0 },		/* A in two bytes */
		{ "\xE0\x81\x81", 3, 0 },
		{ "\xF0\x80\x81\x81", 4, 0 },
		{ "\xED\xA0\x80", 3, 0 },	/* surrogates */
		{ "\xED\xBF\xBF", 3, 0 },
		{ "\xF4\x90\x80\x80", 4, 0 },	/* beyond 10FFFF */
		{ "\xF8\x88\x80\x80\x80", 5, 0 },
		{ "\xFF", 1, 0 },
		{ "caf\x8E", 4, 3 },		/* MacRoman itself */
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct macroman_error e = error_of_text(all[i].bytes, all[i].n);

		assert_int_equal(e.kind, MACROMAN_NOT_UTF8);
		assert_int_equal(e.offset, all[i].offset);
		assert_int_equal(e.code, (uint8_t)all[i].bytes[all[i].offset]);
		assert_string_equal(e.character, "");
	}
}

static void test_escapes(void **state)
{
	static const uint8_t expected[] = { 0x83, 0x65, '\\', '"', 0x00, 0xFF, 'x' };
	struct at_name name = from("\\x83\\x65\\\\\\\"\\x00\\xfFx");
	static const char *const bad[] = { "\\", "\\n", "\\x", "\\x8", "\\x8g", "\\xg8", "\\X41" };

	(void)state;
	assert_int_equal(name.len, sizeof expected);
	assert_memory_equal(name.byte, expected, sizeof expected);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		char text[16];
		struct macroman_error e;

		snprintf(text, sizeof text, "ab%s", bad[i]);
		e = error_of(text);
		assert_int_equal(e.kind, MACROMAN_BAD_ESCAPE);
		assert_int_equal(e.offset, 2);
		assert_string_equal(e.character, "\\");
	}
}

static void test_length_counts_macroman_bytes(void **state)
{
	struct at_name name = from("Größe");
	char text[4 * 40] = "";
	struct macroman_error e;

	(void)state;
	assert_name(&name, "Gr\x9A\xA7" "e");
	for (int i = 0; i < 31; i++)
		strcat(text, "≈");
	strcat(text, "e\u0301");	/* the mark needs no room of its own */
	name = from(text);
	assert_int_equal(name.len, 32);
	assert_int_equal(name.byte[31], 0x8E);
	strcat(text, "ß");
	e = error_of(text);
	assert_int_equal(e.kind, MACROMAN_TOO_LONG);
	assert_int_equal(e.offset, 31 * 3 + 3);
	assert_string_equal(e.character, "ß");
	name = from("");
	assert_int_equal(name.len, 0);
}

static void test_every_error_has_its_own_text(void **state)
{
	(void)state;
	for (int a = MACROMAN_OK; a <= MACROMAN_TOO_LONG; a++)
		for (int b = MACROMAN_OK; b < a; b++)
			assert_string_not_equal(macroman_error_text((enum macroman_error_kind)a),
				macroman_error_text((enum macroman_error_kind)b));
}

/* Whatever the bytes, what is shown is printable and reads back to them. */
static void test_shown_bytes_are_harmless_and_read_back(void **state)
{
	(void)state;
	for (int b = 0; b < 256; b++) {
		struct at_name name = { 2, { (uint8_t)b, 'e' } }, again;
		char text[NAME_TEXT_SIZE];

		assert_ptr_equal(name_text(&name, text), text);
		for (const char *c = text; *c; c++) {
			assert_true((uint8_t)*c >= 0x20 && *c != 0x7F);
			/* no C1 control: C2 80 .. C2 9F */
			assert_false((uint8_t)c[0] == 0xC2 && (uint8_t)c[1] < 0xA0);
			if (*c == '"')
				assert_true(c > text && c[-1] == '\\');
		}
		again = from(text);
		assert_int_equal(again.len, 2);
		assert_memory_equal(again.byte, name.byte, 2);
	}
}

static void test_shown_as_expected(void **state)
{
	struct at_name name = name_of("\x1B[2J\"a\\b\"\xCA\x7F Caf\x8E");
	struct at_name longest = { .len = 32 };
	char text[NAME_TEXT_SIZE];

	(void)state;
	assert_string_equal(name_text(&name, text), "\\x1B[2J\\\"a\\\\b\\\"\\xCA\\x7F Café");
	assert_int_equal(strlen(name_text(&longest, text)), NAME_TEXT_SIZE - 1);
}

static void test_print_cuts_between_characters(void **state)
{
	static const uint8_t bytes[] = { 'a', 0xC5, 0x01 };	/* a, three bytes, four */

	(void)state;
	for (size_t size = 1; size < 12; size++) {
		char *out = (char *)exact_copy("...........", size);
		size_t expected = size > 8 ? 8 : size > 4 ? 4 : size > 1 ? 1 : 0;

		assert_int_equal(macroman_print(bytes, sizeof bytes, out, size), 8);
		assert_int_equal(strlen(out), expected);
		free(out);
	}
	/* nothing after a gap: what does not fit ends it */
	char out[4];

	assert_int_equal(macroman_print((const uint8_t *)"a\x01" "b", 3, out, sizeof out), 6);
	assert_string_equal(out, "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_characters_both_ways),
		cmocka_unit_test(test_no_other_character_is_taken_but_the_aliases),
		cmocka_unit_test(test_decomposed_letters_are_composed),
		cmocka_unit_test(test_marks_that_compose_to_nothing_name_the_whole_letter),
		cmocka_unit_test(test_what_macroman_lacks_is_named),
		cmocka_unit_test(test_only_shortest_form_utf8_is_text),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_length_counts_macroman_bytes),
		cmocka_unit_test(test_every_error_has_its_own_text),
		cmocka_unit_test(test_shown_bytes_are_harmless_and_read_back),
		cmocka_unit_test(test_shown_as_expected),
		cmocka_unit_test(test_print_cuts_between_characters),
	};

	return cmocka_run_group_tests_name("macroman_text", tests, NULL, NULL);
}
