/* proto/ddp.c: datagram headers, checksum, edits in place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "ddp.h"
#include "frames.h"

static void assert_header(const struct ddp *d, const struct ddp *expected)
{
	assert_int_equal(d->hops, expected->hops);
	assert_int_equal(d->len, expected->len);
	assert_int_equal(d->checksum, expected->checksum);
	assert_int_equal(d->dst.net, expected->dst.net);
	assert_int_equal(d->dst.node, expected->dst.node);
	assert_int_equal(d->dst.socket, expected->dst.socket);
	assert_int_equal(d->src.net, expected->src.net);
	assert_int_equal(d->src.node, expected->src.node);
	assert_int_equal(d->src.socket, expected->src.socket);
	assert_int_equal(d->type, expected->type);
}

static void check_long(const char *name, const struct ddp *expected)
{
	struct vector v = vector_load(name);
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct ddp d;

	assert_true(ddp_decode_long(&r, &d));
	assert_header(&d, expected);
	assert_int_equal(rd_left(&r), d.len - DDP_LONG_HEADER);
	assert_true(ddp_checksum_ok(v.byte, v.len));
	ddp_encode_long(&w, expected);
	wr_bytes(&w, v.byte + DDP_LONG_HEADER, v.len - DDP_LONG_HEADER);
	assert_written(&w, &v, 0);
}

static void test_long_headers(void **state)
{
	static const struct {
		const char *name;
		struct ddp header;
	} all[] = {
		{ "V-D1", { 0, 15, 0xB576, { 20, 128, 4 }, { 10, 42, 253 }, DDP_AEP } },
		{ "V-D2", { 1, 15, 0xB576, { 20, 128, 4 }, { 10, 42, 253 }, DDP_AEP } },
		{ "V-D4", { 0, 15, 0, { 10, 128, 4 }, { 10, 42, 253 }, DDP_AEP } },
		{ "V-D5", { 0, 27, 0xFFFF, { 20, 128, 4 }, { 10, 42, 253 }, DDP_AEP } },
		{ "V-N2D", { 0, 37, 0, { 30, 0, 2 }, { 3, 128, 2 }, DDP_NBP } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		check_long(all[i].name, &all[i].header);
}

static void test_short_header(void **state)
{
	struct vector v = vector_load("V-D3");
	uint8_t bytes[DDP_SHORT_HEADER + 2];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct ddp d;

	(void)state;
	assert_true(ddp_decode_short(&r, &d));
	assert_header(&d, &(struct ddp){ 0, 7, 0, { 0, 0, 4 }, { 0, 0, 253 }, DDP_AEP });
	assert_int_equal(rd_left(&r), 2);
	ddp_encode_short(&w, &d);
	wr_bytes(&w, v.byte + DDP_SHORT_HEADER, 2);
	assert_written(&w, &v, 0);
}

static bool decodes_long(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct ddp d;

	return ddp_decode_long(&r, &d);
}

static bool decodes_short(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct ddp d;

	return ddp_decode_short(&r, &d);
}

static void test_atalk_D22_cut_at_every_length(void **state)
{
	static const char *const names[] = { "V-D1", "V-D2", "V-D4", "V-D5", "V-N2D" };
	struct vector s = vector_load("V-D3");

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct vector v = vector_load(names[i]);

		assert_cuts_fail(v.byte, v.len, decodes_long, NULL);
	}
	assert_cuts_fail(s.byte, s.len, decodes_short, NULL);
}

static void test_atalk_D22_only_lengths_from_header_to_599(void **state)
{
	uint8_t bytes[1100] = { 0 };

	(void)state;
	for (unsigned int len = 0; len < 1024; len++) {
		put_u16(bytes, (uint16_t)len);
		assert_int_equal(decodes_long(bytes, sizeof bytes), len >= 13 && len <= 599);
		assert_int_equal(decodes_short(bytes, sizeof bytes), len >= 5 && len <= 591);
	}
}

static void test_atalk_D23_Q15_excess_bytes_are_for_the_caller_to_trim(void **state)
{
	struct vector v = vector_load("V-D1");
	struct rd r;
	struct ddp d;

	(void)state;
	v.len += 3;
	r = rd_over(v.byte, v.len);
	assert_true(ddp_decode_long(&r, &d));
	assert_int_equal(d.len, 15);
}

static void test_atalk_D24_reserved_bits_are_ignored_and_kept(void **state)
{
	struct vector v = vector_load("V-D1");
	struct rd r;
	struct ddp d;

	(void)state;
	v.byte[0] = 0xC0;
	r = rd_over(v.byte, v.len);
	assert_true(ddp_decode_long(&r, &d));
	assert_int_equal(d.hops, 0);
	assert_int_equal(d.len, 15);
	ddp_set_hops(v.byte, 1);
	assert_int_equal(v.byte[0], 0xC4);
	v.byte[0] = 0x3E;	/* length 0200 and more, hops 15 */
	ddp_set_hops(v.byte, 0);
	assert_int_equal(v.byte[0], 0x02);
	ddp_set_hops(v.byte, 15);
	assert_int_equal(v.byte[0], 0x3E);
}

static void test_a_hop_changes_one_byte_and_no_checksum(void **state)
{
	struct vector before = vector_load("V-D1"), after = vector_load("V-D2");

	(void)state;
	ddp_set_hops(before.byte, 1);
	assert_int_equal(before.len, after.len);
	assert_memory_equal(before.byte, after.byte, after.len);
	assert_true(ddp_checksum_ok(before.byte, before.len));
}

static void test_edits_in_place(void **state)
{
	struct vector v = vector_load("V-D1");
	struct rd r;
	struct ddp d;

	(void)state;
	ddp_set_dst_net(v.byte, 0x1234);
	ddp_set_src_net(v.byte, 0x5678);
	assert_false(ddp_checksum_ok(v.byte, v.len));
	ddp_set_checksum(v.byte, ddp_checksum(v.byte, v.len));
	assert_true(ddp_checksum_ok(v.byte, v.len));
	r = rd_over(v.byte, v.len);
	assert_true(ddp_decode_long(&r, &d));
	assert_int_equal(d.dst.net, 0x1234);
	assert_int_equal(d.src.net, 0x5678);
}

static void test_atalk_D18_sum_zero_is_sent_and_verified_as_ffff(void **state)
{
	struct vector v = vector_load("V-D5");

	(void)state;
	assert_int_equal(ddp_checksum(v.byte, v.len), 0xFFFF);
	assert_true(ddp_checksum_ok(v.byte, v.len));
	ddp_set_checksum(v.byte, 0);
	assert_true(ddp_checksum_ok(v.byte, v.len));
	ddp_set_checksum(v.byte, 1);
	assert_false(ddp_checksum_ok(v.byte, v.len));
}

static void test_checksum_covers_every_byte_from_the_destination_on(void **state)
{
	struct vector v = vector_load("V-D1");

	(void)state;
	assert_int_equal(ddp_checksum(v.byte, v.len), 0xB576);
	for (size_t i = 0; i < v.len; i++) {
		v.byte[i] ^= 0x10;
		if (i < 2)
			assert_true(ddp_checksum_ok(v.byte, v.len));
		else
			assert_false(ddp_checksum_ok(v.byte, v.len));
		v.byte[i] ^= 0x10;
	}
}

static void test_push_computes_the_length(void **state)
{
	struct ddp h = { 3, 0, 0, { 1, 2, 3 }, { 4, 5, 6 }, DDP_NBP };
	struct pkt_buf b;
	struct pkt *p = pkt_buf_init(&b);
	struct ddp d;
	struct rd r;

	(void)state;
	p->len = DDP_DATA_MAX + 1;
	assert_false(ddp_push_long(p, &h));
	p->len = DDP_DATA_MAX;
	memset(p->data, 9, p->len);
	assert_true(ddp_push_long(p, &h));
	assert_int_equal(p->len, DDP_MAX);
	r = rd_over(p->data, p->len);
	assert_true(ddp_decode_long(&r, &d));
	h.len = DDP_MAX;
	assert_header(&d, &h);
	*p = pkt_over(b.bytes, sizeof b.bytes, DDP_LONG_HEADER - 1);
	assert_false(ddp_push_long(p, &h));
	assert_int_equal(p->len, 0);
}

static void test_frames_carry_the_headers_the_vectors_say(void **state)
{
	struct frame f;

	(void)state;
	frame_open_ethertalk(&f, "V-E4");
	assert_header(&f.ddp, &(struct ddp){ 0, 16, 0, { 3, 128, 4 }, { 4, 42, 253 }, DDP_AEP });
	frame_open_ethertalk(&f, "V-R1F");
	assert_header(&f.ddp, &(struct ddp){ 0, 35, 0, { 0, 255, 1 }, { 3, 128, 1 }, DDP_RTMP });
	frame_open_localtalk(&f, "V-R4F");
	assert_header(&f.ddp,
		&(struct ddp){ 0, 6, 0, { 0, 0, 1 }, { 0, 0, 253 }, DDP_RTMP_REQUEST });
	frame_open_localtalk(&f, "V-N7F");
	assert_header(&f.ddp, &(struct ddp){ 0, 42, 0, { 10, 255, 2 }, { 10, 254, 2 }, DDP_NBP });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_headers),
		cmocka_unit_test(test_short_header),
		cmocka_unit_test(test_atalk_D22_cut_at_every_length),
		cmocka_unit_test(test_atalk_D22_only_lengths_from_header_to_599),
		cmocka_unit_test(test_atalk_D23_Q15_excess_bytes_are_for_the_caller_to_trim),
		cmocka_unit_test(test_atalk_D24_reserved_bits_are_ignored_and_kept),
		cmocka_unit_test(test_a_hop_changes_one_byte_and_no_checksum),
		cmocka_unit_test(test_edits_in_place),
		cmocka_unit_test(test_atalk_D18_sum_zero_is_sent_and_verified_as_ffff),
		cmocka_unit_test(test_checksum_covers_every_byte_from_the_destination_on),
		cmocka_unit_test(test_push_computes_the_length),
		cmocka_unit_test(test_frames_carry_the_headers_the_vectors_say),
	};

	return cmocka_run_group_tests_name("ddp", tests, NULL, NULL);
}
