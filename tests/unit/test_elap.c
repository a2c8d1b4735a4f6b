/* proto/elap.c: EtherTalk frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "elap.h"
#include "frames.h"

static enum elap_result pull(const uint8_t *bytes, size_t n, struct elap *out, struct pkt *p)
{
	*p = (struct pkt){ (uint8_t *)bytes, (uint8_t *)bytes + n, (uint8_t *)bytes, n };
	return elap_pull(p, out);
}

static void expect(const struct vector *v, enum elap_result result)
{
	uint8_t *copy = exact_copy(v->byte, v->len);
	struct elap h;
	struct pkt p;

	assert_int_equal(pull(copy, v->len, &h, &p), result);
	if (result != ELAP_OK) {
		assert_ptr_equal(p.data, copy);
		assert_int_equal(p.len, v->len);
	}
	free(copy);
}

static void test_atalk_E07_length_removes_the_pad(void **state)
{
	static const uint8_t c[] = { 2, 0, 0, 0, 0, 2 }, r[] = { 2, 0, 0, 0, 0, 1 };
	struct vector v = vector_load("V-E4");
	struct elap h;
	struct pkt p;

	(void)state;
	assert_int_equal(v.len, 60);
	assert_int_equal(pull(v.byte, v.len, &h, &p), ELAP_OK);
	assert_int_equal(h.kind, ELAP_DDP);
	assert_memory_equal(h.dst.byte, r, 6);
	assert_memory_equal(h.src.byte, c, 6);
	assert_int_equal(p.len, 16);
	assert_memory_equal(p.data, v.byte + 22, 16);
}

static void test_atalk_Q17_pad_may_hold_anything(void **state)
{
	struct vector v = vector_load("V-E4");
	struct elap h;
	struct pkt p;

	(void)state;
	memset(v.byte + 38, 0xA5, v.len - 38);
	assert_int_equal(pull(v.byte, v.len, &h, &p), ELAP_OK);
	assert_int_equal(p.len, 16);
}

static void test_atalk_E06_other_protocols_are_refused(void **state)
{
	struct vector v = vector_load("V-E4");

	(void)state;
	for (size_t at = 12; at < 22; at++) {
		static const enum elap_result because[] = {
			/* length 8018 is a type; 0098 is too long */
			ELAP_NOT_8023, ELAP_BAD_LENGTH,
			ELAP_NOT_SNAP, ELAP_NOT_SNAP, ELAP_NOT_SNAP,
			ELAP_NOT_APPLETALK, ELAP_NOT_APPLETALK, ELAP_NOT_APPLETALK,
			ELAP_NOT_APPLETALK, ELAP_NOT_APPLETALK,
		};

		v.byte[at] ^= 0x80;
		expect(&v, because[at - 12]);
		v.byte[at] ^= 0x80;
	}
	v.byte[12] = 0x80;	/* Ethernet II, Phase 1 */
	v.byte[13] = 0x9B;
	expect(&v, ELAP_NOT_8023);
	v.byte[12] = 0x06;
	v.byte[13] = 0x00;
	expect(&v, ELAP_NOT_8023);
	v = vector_load("V-E1");
	v.byte[20] = 0x80;	/* SNAP 00 00 00 80 9B is neither */
	v.byte[21] = 0x9B;
	expect(&v, ELAP_NOT_APPLETALK);
	v = vector_load("V-E4");
	memset(v.byte + 14, 0xFF, 46);	/* IPX, raw 802.3 */
	expect(&v, ELAP_NOT_SNAP);
}

static bool pulls(const uint8_t *bytes, size_t n)
{
	struct elap h;
	struct pkt p;

	return pull(bytes, n, &h, &p) == ELAP_OK;
}

static void test_atalk_E08_cut_at_every_length(void **state)
{
	static const char *const frames[] = { "V-R1F", "V-N3F", "V-Z6F", "V-Z4F", "V-E4", "V-E2" };

	(void)state;
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		struct vector v = vector_load(frames[i]);

		v.len = 14 + (size_t)(v.byte[12] << 8 | v.byte[13]);	/* the rest is pad */
		assert_cuts_fail(v.byte, v.len, pulls, NULL);
		expect(&v, ELAP_OK);
	}
}

static void test_atalk_E08_length_leaves_room_for_a_body(void **state)
{
	struct vector ddp = vector_load("V-E4"), aarp = vector_load("V-E1");

	(void)state;
	for (uint8_t len = 0; len < 8 + 13; len++) {
		ddp.byte[13] = len;
		expect(&ddp, ELAP_BAD_LENGTH);
	}
	ddp.byte[13] = 8 + 13;
	expect(&ddp, ELAP_OK);
	aarp.byte[13] = 8 + 27;
	expect(&aarp, ELAP_BAD_LENGTH);
	aarp.byte[13] = 8 + 28;
	expect(&aarp, ELAP_OK);
	aarp.byte[13] = 46;	/* all there is behind the length */
	expect(&aarp, ELAP_OK);
	aarp.byte[13] = 47;
	expect(&aarp, ELAP_BAD_LENGTH);
}

static void test_atalk_E01_frames_are_built_as_the_vectors(void **state)
{
	static const char *const frames[] = { "V-E1", "V-E2", "V-E3", "V-E4", "V-R1F", "V-Z4F",
		"V-Z5F", "V-Z6F", "V-N3F" };

	(void)state;
	for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
		struct frame f;
		struct pkt_buf b;
		struct pkt *out = pkt_buf_init(&b);

		f.pkt = frame_load(&f, frames[i]);
		assert_int_equal(elap_pull(&f.pkt, &f.elap), ELAP_OK);
		memset(b.bytes, 0xEE, sizeof b.bytes);
		memcpy(out->data, f.pkt.data, f.pkt.len);
		out->len = f.pkt.len;
		assert_true(elap_push(out, &f.elap));
		assert_int_equal(out->len, f.vector.len);
		assert_memory_equal(out->data, f.vector.byte, out->len);
	}
}

static void test_largest_frame(void **state)
{
	struct elap h = { ELAP_BROADCAST, { { 2, 0, 0, 0, 0, 1 } }, ELAP_DDP };
	struct pkt_buf b;
	struct pkt *p = pkt_buf_init(&b);

	(void)state;
	memset(p->data, 7, 599);
	p->len = 599;
	assert_true(elap_push(p, &h));
	assert_int_equal(p->len, 621);
	assert_int_equal(p->data[12], 0x02);
	assert_int_equal(p->data[13], 0x5F);
	assert_int_equal(elap_pull(p, &h), ELAP_OK);
	assert_int_equal(p->len, 599);
}

static void test_push_without_room_does_nothing(void **state)
{
	struct elap h = { ELAP_BROADCAST, { { 2, 0, 0, 0, 0, 1 } }, ELAP_AARP };
	uint8_t bytes[ELAP_FRAME_MIN] = { 0 };
	struct pkt p = pkt_over(bytes, sizeof bytes, ELAP_HEADER - 1);
	struct pkt_buf big;

	(void)state;
	p.len = AARP_SIZE;
	assert_false(elap_push(&p, &h));		/* headroom */
	assert_int_equal(p.len, AARP_SIZE);
	p = pkt_over(bytes, sizeof bytes - 1, ELAP_HEADER);
	p.len = AARP_SIZE;
	assert_false(elap_push(&p, &h));		/* tailroom for the pad */
	assert_int_equal(p.len, AARP_SIZE);
	assert_ptr_equal(p.data, bytes + ELAP_HEADER);
	p = pkt_over(bytes, sizeof bytes, ELAP_HEADER);
	p.len = AARP_SIZE;
	assert_true(elap_push(&p, &h));			/* just enough */
	pkt_buf_init(&big);
	big.pkt.len = 0x0600 - 8;
	assert_false(elap_push(&big.pkt, &h));		/* would read as a type */
}

static void test_multicast_addresses(void **state)
{
	struct mac m = { { 0x09, 0, 0x07, 0, 0, 0 } };

	(void)state;
	assert_true(elap_is_multicast(ELAP_BROADCAST));
	assert_true(elap_is_multicast(m));
	m.byte[5] = 252;
	assert_true(elap_is_multicast(m));
	m.byte[5] = 253;
	assert_false(elap_is_multicast(m));
	m.byte[5] = 0;
	m.byte[4] = 1;
	assert_false(elap_is_multicast(m));
	memset(m.byte, 0xFF, 6);
	assert_false(elap_is_multicast(m));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_E07_length_removes_the_pad),
		cmocka_unit_test(test_atalk_Q17_pad_may_hold_anything),
		cmocka_unit_test(test_atalk_E06_other_protocols_are_refused),
		cmocka_unit_test(test_atalk_E08_cut_at_every_length),
		cmocka_unit_test(test_atalk_E08_length_leaves_room_for_a_body),
		cmocka_unit_test(test_atalk_E01_frames_are_built_as_the_vectors),
		cmocka_unit_test(test_largest_frame),
		cmocka_unit_test(test_push_without_room_does_nothing),
		cmocka_unit_test(test_multicast_addresses),
	};

	return cmocka_run_group_tests_name("elap", tests, NULL, NULL);
}
