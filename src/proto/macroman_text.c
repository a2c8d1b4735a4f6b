/*
 * Names to and from UTF-8: for the configuration, which is what people type, and
 * for logs and dumps, which must be safe to look at whatever a peer sent. Used
 * by the shell; the router itself never leaves MacRoman.
 */
#include "aurpd/macroman.h"

#include "macroman_table.h"

enum {
	UTF8_MAX = 4,
	NO_BREAK_SPACE = 0xCA,
	NO_BASE = -1,
	COMBINING_FIRST = 0x0300,
	COMBINING_LAST = 0x036F,
};

/* Writes a code point; the number of bytes. */
static size_t put_utf8(uint32_t code, char out[UTF8_MAX])
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	if (code < 0x800) {
		out[0] = (char)(0xC0 | code >> 6);
		out[1] = (char)(0x80 | (code & 0x3F));
		return 2;
	}
	if (code < 0x10000) {
		out[0] = (char)(0xE0 | code >> 12);
		out[1] = (char)(0x80 | (code >> 6 & 0x3F));
		out[2] = (char)(0x80 | (code & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | code >> 18);
	out[1] = (char)(0x80 | (code >> 12 & 0x3F));
	out[2] = (char)(0x80 | (code >> 6 & 0x3F));
	out[3] = (char)(0x80 | (code & 0x3F));
	return 4;
}

/* Reads one code point in its shortest form; the number of bytes, 0 if there is none. */
static size_t get_utf8(const char *text, size_t n, uint32_t *code)
{
	uint8_t lead = (uint8_t)text[0];
	size_t size = lead < 0x80 ? 1 : lead >> 5 == 0x06 ? 2 : lead >> 4 == 0x0E ? 3 : 4;
	char again[UTF8_MAX];

	if (size > n || (size == 4 && lead >> 3 != 0x1E))
		return 0;
	*code = size == 1 ? lead : lead & 0xFFu >> (size + 1);
	for (size_t i = 1; i < size; i++) {
		uint8_t next = (uint8_t)text[i];

		if (next >> 6 != 0x02)
			return 0;
		*code = *code << 6 | (next & 0x3F);
	}
	if (*code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF))
		return 0;
	return put_utf8(*code, again) == size ? size : 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Reads what stands behind a backslash; the number of characters, 0 if it is no escape. */
static size_t get_escape(const char *text, size_t n, uint8_t *byte)
{
	if (n >= 1 && (text[0] == '\\' || text[0] == '"')) {
		*byte = (uint8_t)text[0];
		return 1;
	}
	if (n < 3 || text[0] != 'x' || hex_digit(text[1]) < 0 || hex_digit(text[2]) < 0)
		return 0;
	*byte = (uint8_t)(hex_digit(text[1]) << 4 | hex_digit(text[2]));
	return 3;
}

static bool is_combining(uint32_t code)
{
	return code >= COMBINING_FIRST && code <= COMBINING_LAST;
}

/* Says what is wrong with the character `code` at `offset`; `base` is what a mark stands on. */
static bool fail(struct macroman_error *e, enum macroman_error_kind kind, size_t offset,
	uint32_t code, int base)
{
	size_t used = 0;
	bool shown = kind != MACROMAN_NOT_UTF8 && code >= 0x20 && (code < 0x7F || code > 0x9F);

	*e = (struct macroman_error){ .kind = kind, .offset = offset, .code = code };
	if (is_combining(code)) {
		shown = base != NO_BASE;
		if (shown)
			used = put_utf8(macroman_code((uint8_t)base), e->character);
	}
	if (shown)
		used += put_utf8(code, e->character + used);
	e->character[used] = '\0';
	return false;
}

bool name_from_utf8(const char *text, size_t n, struct at_name *out, struct macroman_error *error)
{
	int base = NO_BASE;	/* the character before, if a mark may compose with it */
	size_t size;

	*out = (struct at_name){ .len = 0 };
	for (size_t at = 0; at < n; at += size) {
		uint32_t code;
		uint8_t raw;
		int byte;

		size = get_utf8(text + at, n - at, &code);
		if (size == 0)
			return fail(error, MACROMAN_NOT_UTF8, at, (uint8_t)text[at], base);
		if (code == '\\') {
			size_t more = get_escape(text + at + 1, n - at - 1, &raw);

			if (more == 0)
				return fail(error, MACROMAN_BAD_ESCAPE, at, code, base);
			size += more;
			byte = raw;
			base = NO_BASE;
		} else if (base != NO_BASE && macroman_compose((uint8_t)base, code) >= 0) {
			out->byte[out->len - 1] = (uint8_t)macroman_compose((uint8_t)base, code);
			base = out->byte[out->len - 1];
			continue;
		} else {
			byte = macroman_byte(code);
			if (byte < 0)
				return fail(error, MACROMAN_UNMAPPABLE, at, code, base);
			base = byte;
		}
		if (out->len == AT_ZONE_NAME_MAX)
			return fail(error, MACROMAN_TOO_LONG, at, code, NO_BASE);
		out->byte[out->len++] = (uint8_t)byte;
	}
	*error = (struct macroman_error){ .kind = MACROMAN_OK };
	return true;
}

const char *macroman_error_text(enum macroman_error_kind kind)
{
	switch (kind) {
	case MACROMAN_OK:
		return "is good";
	case MACROMAN_NOT_UTF8:
		return "is not UTF-8 text";
	case MACROMAN_UNMAPPABLE:
		return "is not in the MacRoman character set";
	case MACROMAN_BAD_ESCAPE:
		return "begins no escape: write \\\\ for a backslash, \\xNN for a byte";
	case MACROMAN_TOO_LONG:
		return "is beyond the 32nd byte (in MacRoman), the longest a name can be";
	}
	return "";
}

size_t name_to_utf8(const struct at_name *name, char out[NAME_UTF8_SIZE])
{
	size_t used = 0;

	for (int i = 0; i < name->len; i++)
		used += put_utf8(macroman_code(name->byte[i]), out + used);
	out[used] = '\0';
	return used;
}

/* One byte as a person may see it; the number of characters. */
static size_t show(uint8_t byte, char out[UTF8_MAX])
{
	static const char digits[] = "0123456789ABCDEF";

	if (byte < 0x20 || byte == 0x7F || byte == NO_BREAK_SPACE) {
		out[0] = '\\';
		out[1] = 'x';
		out[2] = digits[byte >> 4];
		out[3] = digits[byte & 0x0F];
		return 4;
	}
	if (byte == '\\' || byte == '"') {
		out[0] = '\\';
		out[1] = (char)byte;
		return 2;
	}
	return put_utf8(macroman_code(byte), out);
}

size_t macroman_print(const uint8_t *bytes, size_t n, char *out, size_t size)
{
	size_t whole = 0, written = 0;

	for (size_t i = 0; i < n; i++) {
		char shown[UTF8_MAX];
		size_t k = show(bytes[i], shown);

		if (written == whole && whole + k < size) {
			memcpy(out + written, shown, k);
			written += k;
		}
		whole += k;
	}
	out[written] = '\0';
	return whole;
}

const char *name_text(const struct at_name *name, char out[NAME_TEXT_SIZE])
{
	(void)macroman_print(name->byte, name->len, out, NAME_TEXT_SIZE);
	return out;
}
