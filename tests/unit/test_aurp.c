/* proto/aurp_domain.c and aurp.c: headers, commands, Open-Req, Open-Rsp, RD; all vectors cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_vectors.h"

static enum aurp_domain_result domain(const void *bytes, size_t n, struct aurp_domain *out)
{
	uint8_t *copy = exact_copy(bytes, n);
	struct rd r = rd_over(copy, n);
	enum aurp_domain_result result = aurp_decode_domain(&r, out);

	free(copy);
	return result;
}

static void expect_domain(const struct vector *v, enum aurp_domain_result result)
{
	struct aurp_domain d;

	assert_int_equal(domain(v->byte, v->len, &d), result);
}

static void test_aurp_T4_header_is_byte_for_byte_that_of_the_vector(void **state)
{
	struct aurp_domain d = { { DI_IP, AURP_A }, { DI_IP, AURP_B }, AURP_ROUTING };
	struct vector v = vector_load("V1a");
	struct pkt_buf b;
	struct pkt *p = pkt_buf_init(&b);

	(void)state;
	memcpy(p->data, v.byte + AURP_DOMAIN_HEADER, v.len - AURP_DOMAIN_HEADER);
	p->len = v.len - AURP_DOMAIN_HEADER;
	assert_true(aurp_push_domain(p, &d));
	assert_int_equal(p->len, v.len);
	assert_memory_equal(p->data, v.byte, v.len);
}

static void test_push_without_headroom_does_nothing(void **state)
{
	struct aurp_domain d = { { DI_IP, AURP_A }, { DI_NULL, 0 }, AURP_DATA };
	uint8_t bytes[32];
	struct pkt p = pkt_over(bytes, sizeof bytes, 15);

	(void)state;
	assert_false(aurp_push_domain(&p, &d));
	assert_ptr_equal(p.data, bytes + 15);
	p = pkt_over(bytes, sizeof bytes, 16);
	assert_true(aurp_push_domain(&p, &d));
	assert_memory_equal(bytes, "\x07\x01\0\0\xC0\0\x02\x01\x01\0\0\x01\0\0\0\x02", 16);
}

static void test_aurp_T8_identifiers_are_walked_by_length(void **state)
{
	static const uint8_t null_null[] = { 1, 0, 1, 0, 0, 1, 0, 0, 0, 2 };
	static const uint8_t null_ip[] = { 1, 0, 7, 1, 0, 0, 10, 0, 0, 1, 0, 1, 0, 0, 0, 3 };
	static const uint8_t ip_null[] = { 7, 1, 0, 0, 10, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 3 };
	struct vector v = vector_load("V1a");
	struct aurp_domain d;

	(void)state;
	assert_int_equal(domain(null_null, sizeof null_null, &d), AURP_DOMAIN_OK);
	assert_int_equal(d.type, AURP_DATA);
	assert_int_equal(d.dst.authority, DI_NULL);
	assert_int_equal(d.src.authority, DI_NULL);
	assert_int_equal(domain(null_ip, sizeof null_ip, &d), AURP_DOMAIN_OK);
	assert_int_equal(d.dst.authority, DI_NULL);
	assert_int_equal(d.src.ip, 0x0A000001);
	assert_int_equal(domain(ip_null, sizeof ip_null, &d), AURP_DOMAIN_OK);
	assert_int_equal(d.dst.ip, 0x0A000001);
	assert_int_equal(d.src.authority, DI_NULL);
	for (int len = 0; len < 256; len++) {
		enum aurp_domain_result expected = AURP_DOMAIN_BAD_DI;

		if ((size_t)len > v.len - 1)
			expected = AURP_DOMAIN_CUT;
		if (len == 7)
			expected = AURP_DOMAIN_OK;
		v.byte[0] = (uint8_t)len;
		expect_domain(&v, expected);
	}
	v.byte[0] = 3;		/* a null identifier has length 1 */
	v.byte[1] = 0;
	expect_domain(&v, AURP_DOMAIN_BAD_DI);
	v = vector_load("X2");
	expect_domain(&v, AURP_DOMAIN_BAD_DI);
}

static void test_aurp_T7_reserved_authorities_are_refused(void **state)
{
	struct vector v = vector_load("X5");

	(void)state;
	expect_domain(&v, AURP_DOMAIN_BAD_AUTHORITY);
	for (int authority = 2; authority < 256; authority++) {
		v.byte[1] = (uint8_t)authority;
		expect_domain(&v, AURP_DOMAIN_BAD_AUTHORITY);
		v.byte[1] = 1;
		v.byte[9] = (uint8_t)authority;	/* of the source */
		expect_domain(&v, AURP_DOMAIN_BAD_AUTHORITY);
		v.byte[9] = 1;
	}
	expect_domain(&v, AURP_DOMAIN_OK);
}

static void test_aurp_T26_other_versions_and_types_are_refused(void **state)
{
	struct vector v = vector_load("X3");

	(void)state;
	expect_domain(&v, AURP_DOMAIN_BAD_TYPE);
	v = vector_load("X4");
	expect_domain(&v, AURP_DOMAIN_BAD_VERSION);
	v = vector_load("V1a");
	for (unsigned int i = 0; i < 0x10000; i++) {
		put_u16(v.byte + 20, (uint16_t)i);
		expect_domain(&v, i == 2 || i == 3 ? AURP_DOMAIN_OK : AURP_DOMAIN_BAD_TYPE);
	}
}

static void test_distinguisher_and_reserved_word_are_ignored(void **state)
{
	struct vector v = vector_load("V1a");

	(void)state;
	memset(v.byte + 2, 0xFF, 2);
	memset(v.byte + 10, 0xFF, 2);
	memset(v.byte + 18, 0xFF, 2);
	expect_domain(&v, AURP_DOMAIN_OK);
}

static bool domain_reads(const uint8_t *bytes, size_t n)
{
	struct aurp_domain d;

	return domain(bytes, n, &d) == AURP_DOMAIN_OK;
}

static void test_domain_header_cut_at_every_length(void **state)
{
	struct vector v = vector_load("V10b");

	(void)state;
	assert_cuts_fail(v.byte, AURP_DOMAIN_HEADER, domain_reads, NULL);
}

static void test_data_carries_one_datagram(void **state)
{
	struct vector v = vector_load("V10b");
	struct aurp_domain d;

	(void)state;
	assert_int_equal(domain(v.byte, v.len, &d), AURP_DOMAIN_OK);
	assert_int_equal(d.type, AURP_DATA);
	assert_int_equal(d.dst.ip, AURP_A);
	assert_int_equal(d.src.ip, AURP_B);
}

static void test_every_command_has_its_row(void **state)
{
	unsigned int defined = 0;

	(void)state;
	for (unsigned int code = 0; code < 0x10000; code++)
		for (uint16_t sub = 0; sub < 6; sub++) {
			enum aurp_msg msg = aurp_classify((uint16_t)code, sub);

			if (msg == AURP_MSG_COUNT)
				continue;
			assert_int_equal(aurp_cmd(msg)->code, code);
			if (code == 6 || code == 7)
				assert_int_equal(aurp_cmd(msg)->subcode, sub);
			defined++;
		}
	assert_int_equal(defined, 7 + 9 * 6);	/* nine have no subcode: any will do */
	assert_string_equal(aurp_cmd(AURP_RI_UPD)->name, "ri-upd");
	assert_string_equal(aurp_cmd(AURP_TICKLE_ACK)->name, "tickle-ack");
	assert_int_equal(aurp_classify(6, 1), AURP_ZI_REQ);
	assert_int_equal(aurp_classify(6, 2), AURP_MSG_COUNT);
	assert_int_equal(aurp_classify(7, 2), AURP_ZI_RSP_EXT);
	assert_true(aurp_cmd(AURP_RD)->sequenced);
	assert_false(aurp_cmd(AURP_RI_ACK)->sequenced);
	assert_int_equal(aurp_cmd(AURP_RD)->half, AURP_RECEIVER | AURP_SENDER);
}

static enum aurp_result header(const struct vector *v, struct aurp *out)
{
	struct rd r = rd_over(v->byte + AURP_DOMAIN_HEADER, v->len - AURP_DOMAIN_HEADER);

	return aurp_decode(&r, out);
}

static void test_undefined_commands_are_unknown(void **state)
{
	struct vector x14 = vector_load("X14"), x15 = vector_load("X15"), x1 = vector_load("X1");
	struct aurp h;

	(void)state;
	assert_int_equal(header(&x14, &h), AURP_UNKNOWN);
	assert_int_equal(h.connection, 0x1234);
	assert_int_equal(h.msg, AURP_MSG_COUNT);
	assert_int_equal(header(&x15, &h), AURP_UNKNOWN);
	assert_int_equal(header(&x1, &h), AURP_CUT);
}

static void test_open_req(void **state)
{
	struct aurp_packet p;
	struct aurp_open_req q;

	(void)state;
	aurp_open(&p, "V1a", AURP_OPEN_REQ);
	assert_int_equal(p.header.connection, 0x1234);
	assert_int_equal(p.header.sequence, 0);
	assert_int_equal(p.header.flags, AURP_SUI_ALL);
	assert_true(aurp_decode_open_req(&p.body, &q));
	assert_int_equal(q.version, 1);
	assert_int_equal(q.options.count, 0);
	aurp_encode_open_req(&p.again, &q);
	assert_aurp_rebuilt(&p);
	/* zeros will do for "no options" */
	q.options = (struct aurp_options){ .count = 0 };
	aurp_open(&p, "V1a", AURP_OPEN_REQ);
	aurp_encode_open_req(&p.again, &q);
	assert_aurp_rebuilt(&p);
}

static void test_open_req_with_an_option(void **state)
{
	struct aurp_packet p;
	struct aurp_open_req q;
	struct aurp_option o;
	uint8_t bytes[16];
	struct wr w = wr_over(bytes, sizeof bytes);

	(void)state;
	aurp_open(&p, "V1b", AURP_OPEN_REQ);
	assert_int_equal(p.header.connection, 0x1235);
	assert_true(aurp_decode_open_req(&p.body, &q));
	assert_int_equal(q.options.count, 1);
	aurp_encode_open_req(&p.again, &q);
	assert_aurp_rebuilt(&p);
	assert_true(aurp_next_option(&q.options.tuples, &o));
	assert_int_equal(o.type, AURP_OPTION_AUTHENTICATION);
	assert_int_equal(rd_u32(&o.data), 0xDEADBEEF);
	assert_true(rd_at_end(&o.data));
	assert_false(aurp_next_option(&q.options.tuples, &o));
	aurp_encode_option(&w, AURP_OPTION_AUTHENTICATION, "\xDE\xAD\xBE\xEF", 4);
	assert_int_equal(wr_len(&w), 6);
	assert_memory_equal(bytes, "\x05\x01\xDE\xAD\xBE\xEF", 6);
}

static void test_malformed_options_are_refused(void **state)
{
	struct vector x12 = vector_load("X12"), x13 = vector_load("X13");

	(void)state;
	assert_false(aurp_reads_whole(x12.byte, x12.len));
	assert_false(aurp_reads_whole(x13.byte, x13.len));
	x13.byte[32] = 0;	/* count 0: what follows is ignored */
	assert_true(aurp_reads_whole(x13.byte, x13.len));
}

static void test_open_req_of_another_version_is_read_so_far(void **state)
{
	static const uint8_t bytes[] = { 0, 2, 9, 9 };
	struct rd r = rd_over(bytes, sizeof bytes);
	struct aurp_open_req q;

	(void)state;
	assert_true(aurp_decode_open_req(&r, &q));
	assert_int_equal(q.version, 2);
	assert_int_equal(q.options.count, 0);
}

static void test_open_rsp(void **state)
{
	static const struct {
		const char *name;
		int16_t rate;
		uint16_t flags;
	} all[] = { { "V2a", 3, AURP_ENV_REMAPPING | AURP_ENV_HOP_REDUCTION },
		{ "V2b", AURP_ERR_VERSION, 0 }, { "V2c", 1, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct aurp_packet p;
		struct aurp_open_rsp a;

		aurp_open(&p, all[i].name, AURP_OPEN_RSP);
		assert_int_equal(p.header.flags, all[i].flags);
		assert_true(aurp_decode_open_rsp(&p.body, &a));
		assert_int_equal(a.rate, all[i].rate);
		assert_int_equal(a.options.count, 0);
		aurp_encode_open_rsp(&p.again, &a);
		p.vector.byte[32] = 0;	/* Darwin's leaves the option count out, ours never */
		p.vector.len = 33;
		assert_aurp_rebuilt(&p);
	}
}

static void test_bodies_too_short_to_be(void **state)
{
	struct rd one = rd_over("\0", 1), none = rd_over("\0", 0), r;
	struct aurp_open_req q;
	struct aurp_open_rsp a;
	struct aurp_zone_reader z;
	struct aurp_gdzl_rsp g;
	uint16_t number;
	int16_t error;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct rd from = i == 0 ? none : one;

		r = from;
		assert_false(aurp_decode_open_req(&r, &q));
		r = from;
		assert_false(aurp_decode_open_rsp(&r, &a));
		r = from;
		assert_false(aurp_decode_rd(&r, &error));
		r = from;
		assert_false(aurp_decode_zi_rsp(&r, &z));
		r = from;
		assert_false(aurp_decode_gdzl_req(&r, &number));
		r = from;
		assert_false(aurp_decode_gdzl_rsp(&r, &g));
	}
}

static void test_rd(void **state)
{
	struct aurp_packet p;
	int16_t error;

	(void)state;
	aurp_open(&p, "V10a", AURP_RD);
	assert_int_equal(p.header.sequence, 7);
	assert_true(aurp_decode_rd(&p.body, &error));
	assert_int_equal(error, AURP_ERR_ROUTING_LOOP);
	assert_string_equal(aurp_error_text(error), "routing loop detected");
	aurp_encode_rd(&p.again, error);
	assert_aurp_rebuilt(&p);
}

static void test_every_error_has_its_own_text(void **state)
{
	(void)state;
	for (int16_t a = -7; a <= 0; a++)
		for (int16_t b = -7; b < a; b++)
			assert_string_not_equal(aurp_error_text(a), aurp_error_text(b));
	assert_string_equal(aurp_error_text(-8), aurp_error_text(0));
}

static void test_ri_ack(void **state)
{
	struct aurp_packet p;

	(void)state;
	aurp_open(&p, "V4", AURP_RI_ACK);
	assert_int_equal(p.header.connection, 0x1234);
	assert_int_equal(p.header.sequence, 1);
	assert_int_equal(p.header.flags, AURP_SZI);
	assert_aurp_rebuilt(&p);
}

static void test_commands_without_body_ignore_trailing_bytes(void **state)
{
	static const uint8_t commands[] = { 1, 3, 14, 15 };
	struct vector v = vector_load("V4");

	(void)state;
	v.len += 3;
	for (size_t i = 0; i < sizeof commands; i++) {
		v.byte[27] = commands[i];
		assert_true(aurp_reads_whole(v.byte, v.len));
	}
}

/*
 * A list that ends with the datagram may end after any tuple; an Open body may
 * lack the option count; a ZI-Rsp may end between tuples because its count is
 * no bound. Everything else must not decode when cut.
 */
static void test_every_vector_cut_at_every_length(void **state)
{
	const struct {
		const char *name;
		const size_t *legal;
	} all[] = {
		{ "V1a", CUTS(32) }, { "V1b", CUTS(32) }, { "V2a", CUTS(32) }, { "V2b", CUTS(32) },
		{ "V2c", NULL }, { "V3", CUTS(30, 33, 39) }, { "V4", NULL },
		{ "V5", CUTS(34, 42, 46, 52) }, { "V6a", CUTS(34, 42) }, { "V6b", CUTS(34) },
		{ "V7a", CUTS(36, 40) }, { "V7b", CUTS(31, 32, 33) }, { "V8a", NULL },
		{ "V8b", CUTS(34, 40) }, { "V8c", NULL }, { "V9a", NULL }, { "V9b", CUTS(38, 44) },
		{ "V9c", NULL }, { "V10a", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct vector v = vector_load(all[i].name);

		assert_true(aurp_reads_whole(v.byte, v.len));
		assert_cuts_fail(v.byte, v.len, aurp_reads_whole, all[i].legal);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_T4_header_is_byte_for_byte_that_of_the_vector),
		cmocka_unit_test(test_push_without_headroom_does_nothing),
		cmocka_unit_test(test_aurp_T8_identifiers_are_walked_by_length),
		cmocka_unit_test(test_aurp_T7_reserved_authorities_are_refused),
		cmocka_unit_test(test_aurp_T26_other_versions_and_types_are_refused),
		cmocka_unit_test(test_distinguisher_and_reserved_word_are_ignored),
		cmocka_unit_test(test_domain_header_cut_at_every_length),
		cmocka_unit_test(test_data_carries_one_datagram),
		cmocka_unit_test(test_every_command_has_its_row),
		cmocka_unit_test(test_undefined_commands_are_unknown),
		cmocka_unit_test(test_open_req),
		cmocka_unit_test(test_open_req_with_an_option),
		cmocka_unit_test(test_malformed_options_are_refused),
		cmocka_unit_test(test_open_req_of_another_version_is_read_so_far),
		cmocka_unit_test(test_open_rsp),
		cmocka_unit_test(test_bodies_too_short_to_be),
		cmocka_unit_test(test_rd),
		cmocka_unit_test(test_every_error_has_its_own_text),
		cmocka_unit_test(test_ri_ack),
		cmocka_unit_test(test_commands_without_body_ignore_trailing_bytes),
		cmocka_unit_test(test_every_vector_cut_at_every_length),
	};

	return cmocka_run_group_tests_name("aurp", tests, NULL, NULL);
}
