/* Names from text, and bytes to what a terminal shows. */
#include "aurpd/macroman.h"
#include "fuzz.h"

static void check_shown(const char *text)
{
	for (const char *c = text; *c; c++) {
		CHECK((uint8_t)*c >= 0x20 && *c != 0x7F);
		CHECK((uint8_t)c[0] != 0xC2 || (uint8_t)c[1] >= 0xA0);
	}
}

static void read_back(const struct at_name *name)
{
	char text[NAME_TEXT_SIZE];
	struct macroman_error error;
	struct at_name again;

	check_shown(name_text(name, text));
	CHECK(name_from_utf8(text, strlen(text), &again, &error));
	CHECK(again.len == name->len && memcmp(again.byte, name->byte, name->len) == 0);
}

static void from_bytes(const uint8_t *bytes, size_t n)
{
	char shown[FUZZ_IN_MAX * 4 + 1], plain[NAME_UTF8_SIZE];
	struct at_name name = { .len = (uint8_t)(n < 32 ? n : 32) };

	CHECK(macroman_print(bytes, n, shown, sizeof shown) == strlen(shown));
	check_shown(shown);
	CHECK(macroman_print(bytes, n, shown, 1 + n / 2) >= strlen(shown));
	check_shown(shown);
	memcpy(name.byte, bytes, name.len);
	CHECK(name_to_utf8(&name, plain) < sizeof plain);
	CHECK(name_eq(&name, &name) && zone_hash(&name) != 0);
	(void)name_is_folded_differently(&name);
	read_back(&name);
}

static void from_text(const char *text, size_t n)
{
	struct macroman_error error;
	struct at_name name;

	if (name_from_utf8(text, n, &name, &error)) {
		CHECK(name.len <= AT_ZONE_NAME_MAX);
		read_back(&name);
		return;
	}
	CHECK(error.kind != MACROMAN_OK && error.offset < n);
	CHECK(macroman_error_text(error.kind)[0] != '\0');
	CHECK(memchr(error.character, '\0', sizeof error.character) != NULL);
	/* what came before the offending character is good */
	CHECK(name_from_utf8(text, error.offset, &name, &error));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n > FUZZ_IN_MAX)
		return 0;
	from_bytes(bytes, n);
	from_text((const char *)bytes, n);
	return 0;
}
