/*
 * What may stand in a line for people. The log and the report of a wrong
 * configuration clean every text they take, whoever wrote it; conf_value.c
 * refuses names that are not like this.
 */
#include "safe_text.h"

#include <stdbool.h>
#include <stdint.h>

/* Characters without a shape: invisible ones, and those that turn the text around them. */
static bool is_format(uint32_t c)
{
	static const uint32_t ranges[][2] = { { 0xAD, 0xAD }, { 0x200B, 0x200F },
		{ 0x2028, 0x202E }, { 0x2060, 0x206F }, { 0xFEFF, 0xFEFF }, { 0xFFF0, 0xFFFF },
		{ 0xE0000, 0xE0FFF } };

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	return false;
}

static bool is_printable(uint32_t c)
{
	const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
	const bool is_surrogate = c >= 0xD800 && c < 0xE000;

	return !is_control && !is_format(c) && !is_surrogate && c <= 0x10FFFF;
}

size_t safe_text_char(const char *text)
{
	static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = (const uint8_t *)text;
	size_t more = *p >= 0xF0 ? 3 : *p >= 0xE0 ? 2 : *p >= 0xC0 ? 1 : 0;
	uint32_t c = more ? *p & 0x3Fu >> more : *p;

	if (*p >= 0xF8 || (*p >= 0x80 && more == 0))
		return 0;
	for (size_t i = 1; i <= more; i++) {
		if ((p[i] & 0xC0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3F);
	}
	return c >= least[more] && is_printable(c) ? more + 1 : 0;
}

void safe_text_clean(char *text)
{
	while (*text) {
		size_t n = safe_text_char(text);

		if (n == 0)
			*text = '?';
		text += n ? n : 1;
	}
}
