/* proto/nbp.c: packets and the matching of names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurpd/macroman.h"
#include "frames.h"
#include "nbp.h"

struct look_up {
	struct nbp header;
	struct at_sockaddr addr;
	uint8_t enumerator;
	const char *object, *type, *zone;
};

static const struct look_up n1 = { { NBP_BRRQ, 1, 0x17 }, { 4, 42, 253 }, 0, "=", "AFPServer",
	"Caf\x8E" };
static const struct look_up n2 = { { NBP_FWDREQ, 1, 0x17 }, { 4, 42, 253 }, 0, "=", "AFPServer",
	"Caf\x8E" };
static const struct look_up n3 = { { NBP_LKUP, 1, 0x17 }, { 4, 42, 253 }, 0, "=", "AFPServer",
	"Caf\x8E" };
static const struct look_up n4 = { { NBP_LKUP_REPLY, 1, 0x17 }, { 5, 17, 128 }, 1, "Server",
	"AFPServer", "*" };
static const struct look_up n5 = { { NBP_BRRQ, 1, 0x21 }, { 10, 42, 253 }, 0, "Lab\xC5",
	"LaserWriter", "*" };
static const struct look_up n6 = { { NBP_FWDREQ, 1, 0x21 }, { 10, 42, 253 }, 0, "Lab\xC5",
	"LaserWriter", "LocalTalk" };
static const struct look_up n7 = { { NBP_LKUP, 1, 0x17 }, { 4, 42, 253 }, 0, "=", "AFPServer",
	"LocalTalk" };

/* Decodes the packet to what is expected and writes it again. */
static void check(struct rd r, const struct look_up *expected, struct wr *w)
{
	struct nbp h;
	struct nbp_tuple t;

	assert_true(nbp_decode(&r, &h));
	assert_int_equal(h.function, expected->header.function);
	assert_int_equal(h.count, expected->header.count);
	assert_int_equal(h.id, expected->header.id);
	assert_true(nbp_decode_tuple(&r, &t));
	assert_true(rd_at_end(&r));
	assert_int_equal(t.addr.net, expected->addr.net);
	assert_int_equal(t.addr.node, expected->addr.node);
	assert_int_equal(t.addr.socket, expected->addr.socket);
	assert_int_equal(t.enumerator, expected->enumerator);
	assert_name(&t.object, expected->object);
	assert_name(&t.type, expected->type);
	assert_name(&t.zone, expected->zone);
	nbp_encode(w, &h);
	nbp_encode_tuple(w, &t);
	assert_int_equal(wr_len(w), 2 + nbp_tuple_size(&t));
}

static void test_packets(void **state)
{
	static const struct {
		const char *name;
		const struct look_up *expected;
	} packets[] = { { "V-N1", &n1 }, { "V-N2", &n2 }, { "V-N3", &n3 }, { "V-N4", &n4 },
		{ "V-N5", &n5 }, { "V-N6", &n6 } };

	(void)state;
	for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
		struct vector v = vector_load(packets[i].name);
		uint8_t bytes[VECTOR_MAX];
		struct wr w = wr_over(bytes, sizeof bytes);

		check(rd_over(v.byte, v.len), packets[i].expected, &w);
		assert_written(&w, &v, 0);
	}
}

static void test_frames(void **state)
{
	struct vector v = vector_load("V-N2D");
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct frame f;
	struct rd r;
	struct ddp d;

	(void)state;
	frame_open_ethertalk(&f, "V-N3F");
	check(f.body, &n3, &w);
	assert_ethertalk_rebuilds(&f, &w);
	w = wr_over(bytes, sizeof bytes);
	frame_open_localtalk(&f, "V-N7F");
	check(f.body, &n7, &w);
	assert_localtalk_rebuilds(&f, &w);
	r = rd_over(v.byte, v.len);
	assert_true(ddp_decode_long(&r, &d));
	w = wr_over(bytes, sizeof bytes);
	check(r, &n2, &w);
	assert_written(&w, &v, DDP_LONG_HEADER);
}

static bool decodes(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct nbp h;
	struct nbp_tuple t;

	if (!nbp_decode(&r, &h))
		return false;
	for (int i = 0; i < h.count; i++)
		if (!nbp_decode_tuple(&r, &t))
			return false;
	return true;
}

static void test_cut_at_every_length(void **state)
{
	static const char *const names[] = { "V-N1", "V-N2", "V-N3", "V-N4", "V-N5", "V-N6" };

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct vector v = vector_load(names[i]);

		assert_cuts_fail(v.byte, v.len, decodes, NULL);
	}
}

static void test_atalk_N12_requests_have_one_tuple(void **state)
{
	uint8_t bytes[2] = { 0, 0x17 };

	(void)state;
	for (int first = 0; first < 256; first++) {
		int function = first >> 4, count = first & 15;
		struct rd r = rd_over(bytes, sizeof bytes);
		struct nbp h;
		bool good = false;

		bytes[0] = (uint8_t)first;
		if (function == NBP_BRRQ || function == NBP_FWDREQ || function == NBP_LKUP)
			good = count == 1;
		if (function == NBP_LKUP_REPLY)
			good = count >= 1;
		assert_int_equal(nbp_decode(&r, &h), good);
	}
}

static void test_replies_have_up_to_15_tuples(void **state)
{
	struct vector v = vector_load("V-N4");
	size_t tuple = v.len - 2;

	(void)state;
	v.byte[0] = 0x3F;
	for (size_t i = 1; i < 15; i++)
		memcpy(v.byte + 2 + i * tuple, v.byte + 2, tuple);
	assert_true(decodes(v.byte, 2 + 15 * tuple));
	assert_false(decodes(v.byte, 2 + 15 * tuple - 1));
}

static void test_atalk_N22_lengths_are_checked(void **state)
{
	struct vector v = vector_load("V-N1");

	(void)state;
	memset(v.byte + 8, 'x', 200);
	v.byte[7] = 32;
	v.byte[7 + 33] = 0;
	v.byte[7 + 34] = 32;
	assert_true(decodes(v.byte, 200));
	v.byte[7] = 33;
	assert_false(decodes(v.byte, 200));
}

static bool fits(const char *pattern, const char *name)
{
	struct at_name p = name_of(pattern), n = name_of(name);

	return nbp_matches(&p, &n);
}

static void test_atalk_N20_wildcards(void **state)
{
	(void)state;
	assert_true(fits("=", "Router"));
	assert_true(fits("\xC5", "Router"));
	assert_true(fits("Ro\xC5", "Router"));
	assert_true(fits("\xC5" "er", "Router"));
	assert_true(fits("R\xC5r", "Router"));
	assert_true(fits("Router\xC5", "Router"));
	assert_true(fits("\xC5Router", "Router"));
	assert_true(fits("ROU\xC5TER", "Router"));
	assert_true(fits("router", "Router"));
	assert_true(fits("CAF\x83\xC5", "caf\x8E 1"));
	assert_true(fits("=", ""));
	assert_false(fits("Roux\xC5", "Router"));
	assert_false(fits("\xC5xer", "Router"));
	assert_false(fits("Route\xC5outer", "Router"));	/* both ends would share letters */
	assert_false(fits("Rout", "Router"));
	assert_false(fits("Routers", "Router"));
	assert_false(fits("R=", "Router"));		/* "=" is special only alone */
	assert_true(fits("R=", "r="));
	assert_false(fits("Caf\x8E", "Cafe"));
}

static void test_atalk_N21_two_wildcards_fit_nothing(void **state)
{
	(void)state;
	assert_false(fits("\xC5oute\xC5", "Router"));
	assert_false(fits("\xC5\xC5", "Router"));
	assert_false(fits("\xC5\xC5", "R\xC5"));
	assert_false(fits("R\xC5u\xC5r", "Router"));
	assert_false(fits("R\xC5u\xC5r", "R\xC5u\xC5r"));
}

static void test_atalk_N22_empty_fits_nothing(void **state)
{
	(void)state;
	assert_false(fits("", "Router"));
	assert_false(fits("", ""));
}

static void test_zones_have_no_wildcards(void **state)
{
	struct at_name cafe = name_of("Caf\x8E"), upper = name_of("CAF\x83");
	struct at_name all = name_of("="), some = name_of("Caf\xC5");

	(void)state;
	assert_true(name_eq(&upper, &cafe));
	assert_false(name_eq(&all, &cafe));
	assert_false(name_eq(&some, &cafe));
}

static void test_own_zone_is_star_or_empty(void **state)
{
	struct at_name star = name_of("*"), empty = name_of(""), two = name_of("**");
	struct at_name all = name_of("=");

	(void)state;
	assert_true(nbp_zone_is_own(&star));
	assert_true(nbp_zone_is_own(&empty));
	assert_false(nbp_zone_is_own(&two));
	assert_false(nbp_zone_is_own(&all));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_packets),
		cmocka_unit_test(test_frames),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_atalk_N12_requests_have_one_tuple),
		cmocka_unit_test(test_replies_have_up_to_15_tuples),
		cmocka_unit_test(test_atalk_N22_lengths_are_checked),
		cmocka_unit_test(test_atalk_N20_wildcards),
		cmocka_unit_test(test_atalk_N21_two_wildcards_fit_nothing),
		cmocka_unit_test(test_atalk_N22_empty_fits_nothing),
		cmocka_unit_test(test_zones_have_no_wildcards),
		cmocka_unit_test(test_own_zone_is_star_or_empty),
	};

	return cmocka_run_group_tests_name("nbp", tests, NULL, NULL);
}
