/* proto/macroman.c: folding, comparing, hashing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurpd/macroman.h"
#include "vectors.h"

/* Table D-2: what changes. */
static const uint8_t pairs[][2] = {
	{ 0x88, 0xCB }, { 0x8A, 0x80 }, { 0x8B, 0xCC }, { 0x8C, 0x81 }, { 0x8D, 0x82 },
	{ 0x8E, 0x83 }, { 0x96, 0x84 }, { 0x9A, 0x85 }, { 0x9B, 0xCD }, { 0x9F, 0x86 },
	{ 0xBE, 0xAE }, { 0xBF, 0xAF }, { 0xCF, 0xCE },
};

static uint8_t expected_fold(uint8_t byte)
{
	if (byte >= 0x61 && byte <= 0x7A)
		return (uint8_t)(byte - 0x20);
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i][0] == byte)
			return pairs[i][1];
	return byte;
}

static void test_39_bytes_fold_and_the_others_do_not(void **state)
{
	int changed = 0;

	(void)state;
	for (int b = 0; b < 256; b++) {
		uint8_t folded = macroman_fold((uint8_t)b);

		assert_int_equal(folded, expected_fold((uint8_t)b));
		assert_int_equal(macroman_fold(folded), folded);
		changed += folded != b;
	}
	assert_int_equal(changed, 39);
}

static void compare(const char *a, const char *b, bool equal)
{
	struct at_name x = name_of(a), y = name_of(b);

	assert_int_equal(name_eq(&x, &y), equal);
	assert_int_equal(name_eq(&y, &x), equal);
	assert_int_equal(name_cmp(&x, &y) == 0, equal);
	assert_int_equal(name_cmp(&x, &y) > 0, name_cmp(&y, &x) < 0);
	assert_int_equal(name_cmp(&x, &y) < 0, name_cmp(&y, &x) > 0);
	if (equal)
		assert_int_equal(zone_hash(&x), zone_hash(&y));
}

static void test_equal_and_different_names(void **state)
{
	(void)state;
	compare("Caf\x8E", "CAF\x83", true);
	compare("Caf\x8E", "Cafe", false);
	compare("Maga\x96" "a", "MAGA\x84" "A", true);
	compare("\xBE\xBF\xCF", "\xAE\xAF\xCE", true);
	compare("\x8B\x9B\x88", "\xCC\xCD\xCB", true);
	compare("cr\x8Fme", "cr\xE9me", false);
	compare("\xD8", "\xD9", false);
	compare("A B", "A\xCA" "B", false);
	compare("Lab", "Lab ", false);
	compare("[{", "{[", false);
	compare("", "", true);
	compare("", "a", false);
}

static void test_bytes_behind_the_name_do_not_count(void **state)
{
	struct at_name a = { 2, { 'a', 'b', 'c', 0x91 } }, b = { 2, { 'A', 'B', 'd', 0x91 } };

	(void)state;
	assert_true(name_eq(&a, &b));
	assert_int_equal(name_cmp(&a, &b), 0);
	assert_int_equal(zone_hash(&a), zone_hash(&b));
	a.byte[2] = 0x91;
	assert_false(name_is_folded_differently(&a));
}

static void test_order_is_by_folded_bytes(void **state)
{
	static const char *const ordered[] = { "", "Lab", "lab 1", "LABS", "sales", "\x8A",
		"\xD8" };

	(void)state;
	for (size_t i = 0; i < sizeof ordered / sizeof ordered[0]; i++)
		for (size_t k = 0; k < sizeof ordered / sizeof ordered[0]; k++) {
			struct at_name a = name_of(ordered[i]), b = name_of(ordered[k]);
			int order = name_cmp(&a, &b);

			assert_int_equal((order > 0) - (order < 0), (i > k) - (i < k));
		}
}

static void check_zone(const char *bytes, uint16_t hash, uint8_t last)
{
	struct at_name zone = name_of(bytes);
	struct mac m = zone_multicast(&zone);
	const uint8_t expected[] = { 0x09, 0x00, 0x07, 0x00, 0x00, last };

	assert_int_equal(zone_hash(&zone), hash);
	assert_memory_equal(m.byte, expected, 6);
}

static void test_zone_multicast_addresses(void **state)
{
	(void)state;
	check_zone("Caf\x8E", 0x0856, 0x6E);
	check_zone("EtherTalk", 0x268F, 0x04);
	check_zone("Macintosh Guest Room", 0xFFFF, 0x08);	/* a sum of 0 becomes FFFF */
	check_zone("A", 0x0082, 0x82);
	check_zone("Lab", 0x03E8, 0xF1);
	check_zone("LocalTalk", 0x2B4F, 0xD0);
	check_zone("Ethernet", 0x92EC, 0xA8);
	check_zone("MAGA\x84" "A", 0x246A, 0xD6);
	check_zone("Maga\x96" "a", 0x246A, 0xD6);
	check_zone("EBC EtherTlkPhase2", 0xF0AF, 0x88);	/* as an Apple router did in 1990 */
	check_zone("A2SERVER", 0x80E8, 0x6E);
	check_zone("Zo\x91", 0x052E, 0x3D);
}

static void test_letters_that_netatalk_folds_besides(void **state)
{
	static const uint8_t letters[] = { 0x87, 0x89, 0x8F, 0x90, 0x91, 0x92, 0x93, 0x94, 0x95,
		0x97, 0x98, 0x99, 0x9C, 0x9D, 0x9E, 0xB6, 0xB9, 0xD8 };

	(void)state;
	for (int b = 0; b < 256; b++) {
		struct at_name name = { 3, { 'Z', 'o', (uint8_t)b } };

		assert_int_equal(name_is_folded_differently(&name),
			memchr(letters, b, sizeof letters) != NULL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_39_bytes_fold_and_the_others_do_not),
		cmocka_unit_test(test_equal_and_different_names),
		cmocka_unit_test(test_bytes_behind_the_name_do_not_count),
		cmocka_unit_test(test_order_is_by_folded_bytes),
		cmocka_unit_test(test_zone_multicast_addresses),
		cmocka_unit_test(test_letters_that_netatalk_folds_besides),
	};

	return cmocka_run_group_tests_name("macroman", tests, NULL, NULL);
}
