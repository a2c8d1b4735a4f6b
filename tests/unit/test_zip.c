/* proto/zip.c: Query, both Replies, GetNetInfo, Notify. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurpd/macroman.h"
#include "frames.h"
#include "zip.h"

static void test_query(void **state)
{
	static const uint16_t nets[] = { 3, 20 };
	struct vector v = vector_load("V-Z1");
	uint8_t bytes[16];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len), list;
	uint16_t net;

	(void)state;
	assert_int_equal(zip_peek_command(&r), ZIP_QUERY);
	assert_true(zip_decode_query(&r, &list));
	assert_true(zip_next_net(&list, &net));
	assert_int_equal(net, 3);
	assert_true(zip_next_net(&list, &net));
	assert_int_equal(net, 20);
	assert_false(zip_next_net(&list, &net));
	zip_encode_query(&w, nets, 2);
	assert_written(&w, &v, 0);
}

static void test_query_for_as_many_networks_as_there_can_be(void **state)
{
	uint16_t nets[ZIP_QUERY_NETS_MAX], net;
	uint8_t bytes[586];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r, list;
	unsigned int n = 0;

	(void)state;
	for (unsigned int i = 0; i < ZIP_QUERY_NETS_MAX; i++)
		nets[i] = (uint16_t)(100 + i);
	zip_encode_query(&w, nets, ZIP_QUERY_NETS_MAX);
	assert_true(wr_ok(&w));
	r = rd_over(bytes, wr_len(&w));
	assert_true(zip_decode_query(&r, &list));
	while (zip_next_net(&list, &net))
		assert_int_equal(net, 100 + n++);
	assert_int_equal(n, ZIP_QUERY_NETS_MAX);
}

struct pair {
	uint16_t net;
	const char *zone;
};

static const struct pair three[] = { { 3, "EtherTalk" }, { 3, "Caf\x8E" }, { 10, "LocalTalk" } };

static void check_reply(const char *name, bool extended, uint8_t count, const struct pair *pairs,
	size_t n)
{
	struct vector v = vector_load(name);
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct zip_reply reply;
	struct zip_tuple t;

	assert_true(zip_decode_reply(&r, &reply));
	assert_true(rd_at_end(&r));
	assert_int_equal(reply.extended, extended);
	assert_int_equal(reply.count, count);
	zip_encode_reply_header(&w, extended, count);
	for (size_t i = 0; i < n; i++) {
		size_t before = wr_len(&w);

		assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_OK);
		assert_int_equal(t.net, pairs[i].net);
		assert_name(&t.zone, pairs[i].zone);
		zip_encode_tuple(&w, t.net, &t.zone);
		assert_int_equal(wr_len(&w) - before, zip_tuple_size(&t.zone));
	}
	assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_END);
	assert_written(&w, &v, 0);
}

static void test_atalk_Z05_Q30_reply_is_read_to_its_end_whatever_the_count(void **state)
{
	(void)state;
	check_reply("V-Z2", false, 3, three, 3);
	check_reply("V-Z2b", false, 2, three, 3);
}

static void test_extended_reply(void **state)
{
	(void)state;
	check_reply("V-Z3", true, 2, three, 2);
}

static void test_reply_tuples_that_cannot_be_true_are_passed_over(void **state)
{
	uint8_t bytes[128] = { 0 };
	struct wr w = wr_over(bytes, sizeof bytes);
	struct at_name lab = name_of("Lab");
	struct zip_reply reply;
	struct zip_tuple t;
	struct rd r;

	(void)state;
	zip_encode_reply_header(&w, false, 5);
	wr_u16(&w, 3);
	wr_u8(&w, 0);			/* no name */
	wr_u16(&w, 3);
	wr_u8(&w, 33);			/* too long a name */
	wr_zeros(&w, 33);
	zip_encode_tuple(&w, 0, &lab);
	zip_encode_tuple(&w, 0xFF00, &lab);
	zip_encode_tuple(&w, 3, &lab);
	r = rd_over(bytes, wr_len(&w));
	assert_true(zip_decode_reply(&r, &reply));
	assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_NAMELESS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_BAD);
	assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_OK);
	assert_name(&t.zone, "Lab");
	assert_int_equal(zip_next_tuple(&reply.tuples, &t), TUPLE_END);
}

static void test_get_net_info(void **state)
{
	struct vector v = vector_load("V-Z4");
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct at_name zone;
	struct frame f;

	(void)state;
	assert_int_equal(zip_peek_command(&r), ZIP_GET_NET_INFO);
	assert_true(zip_decode_get_net_info(&r, &zone));
	assert_name(&zone, "CAF\x83");
	zip_encode_get_net_info(&w, &zone);
	assert_written(&w, &v, 0);
	frame_open_ethertalk(&f, "V-Z4F");
	assert_int_equal(f.ddp.src.net, 0xFF01);
	assert_true(zip_decode_get_net_info(&f.body, &zone));
	assert_name(&zone, "CAF\x83");
	assert_ethertalk_rebuilds(&f, &w);
}

static void test_atalk_Z23_filler_of_get_net_info_is_ignored(void **state)
{
	struct vector v = vector_load("V-Z4");
	struct rd r;
	struct at_name zone;

	(void)state;
	memset(v.byte + 1, 0xEE, 5);
	r = rd_over(v.byte, v.len);
	assert_true(zip_decode_get_net_info(&r, &zone));
	assert_name(&zone, "CAF\x83");
}

struct net_info {
	const char *name;
	uint8_t flags;
	uint16_t first, last;
	const char *zone, *multicast_of, *default_zone;
};

static const struct net_info z5 = { "V-Z5", 0, 3, 5, "CAF\x83", "Caf\x8E", "" };
static const struct net_info z6 = { "V-Z6", 0x80, 3, 5, "Nowhere", "EtherTalk", "EtherTalk" };
static const struct net_info z6n = { "V-Z6n", 0x80, 3, 5, "", "EtherTalk", "EtherTalk" };
static const struct net_info z7 = { "V-Z7", 0xE0, 10, 10, "", NULL, "LocalTalk" };

static void check_net_info(struct rd r, const struct net_info *expected, struct wr *w)
{
	struct zip_net_info i;

	assert_int_equal(zip_peek_command(&r), ZIP_NET_INFO_REPLY);
	assert_true(zip_decode_net_info(&r, &i));
	assert_true(rd_at_end(&r));
	assert_int_equal(i.flags, expected->flags);
	assert_int_equal(i.range.first, expected->first);
	assert_int_equal(i.range.last, expected->last);
	assert_name(&i.zone, expected->zone);
	assert_name(&i.default_zone, expected->default_zone);
	assert_int_equal(i.has_multicast, expected->multicast_of != NULL);
	if (expected->multicast_of) {
		struct at_name zone = name_of(expected->multicast_of);

		assert_true(mac_eq(i.multicast, zone_multicast(&zone)));
	}
	zip_encode_net_info(w, &i);
}

static void test_net_info_replies(void **state)
{
	static const struct net_info *const all[] = { &z5, &z6, &z6n, &z7 };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct vector v = vector_load(all[i]->name);
		uint8_t bytes[VECTOR_MAX];
		struct wr w = wr_over(bytes, sizeof bytes);

		check_net_info(rd_over(v.byte, v.len), all[i], &w);
		assert_written(&w, &v, 0);
	}
}

static void test_net_info_replies_in_frames(void **state)
{
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct frame f;

	(void)state;
	frame_open_ethertalk(&f, "V-Z5F");
	check_net_info(f.body, &z5, &w);
	assert_ethertalk_rebuilds(&f, &w);
	w = wr_over(bytes, sizeof bytes);
	frame_open_ethertalk(&f, "V-Z6F");
	check_net_info(f.body, &z6, &w);
	assert_ethertalk_rebuilds(&f, &w);
}

static void test_multicast_length_is_0_or_6(void **state)
{
	struct vector v = vector_load("V-Z5");

	(void)state;
	for (int len = 0; len < 256; len++) {
		struct rd r;
		struct zip_net_info i;

		v.byte[11] = (uint8_t)len;
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_net_info(&r, &i), len == 0 || len == 6);
	}
}

static void test_notify(void **state)
{
	struct vector v = vector_load("V-Z8");
	uint8_t bytes[VECTOR_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct rd r = rd_over(v.byte, v.len);
	struct at_name bistro = name_of("Bistro");
	struct zip_notify n;

	(void)state;
	assert_int_equal(zip_peek_command(&r), ZIP_NOTIFY);
	assert_true(zip_decode_notify(&r, &n));
	assert_name(&n.old_zone, "Caf\x8E");
	assert_name(&n.new_zone, "Bistro");
	assert_true(n.has_multicast && mac_eq(n.multicast, zone_multicast(&bistro)));
	zip_encode_notify(&w, &n);
	assert_written(&w, &v, 0);
}

static void test_commands(void **state)
{
	uint8_t byte = 0;
	struct rd r = rd_over(&byte, 0);

	(void)state;
	assert_int_equal(zip_peek_command(&r), ZIP_NONE);
	for (int i = 0; i < 256; i++) {
		byte = (uint8_t)i;
		r = rd_over(&byte, 1);
		assert_int_equal(zip_peek_command(&r), i <= 8 ? i : ZIP_NONE);
		assert_int_equal(rd_left(&r), 1);
	}
}

/* Reads the packet as what it says it is, all of it. */
static bool decodes(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n), nets;
	struct zip_reply reply;
	struct zip_tuple tuple;
	struct zip_net_info info;
	struct zip_notify notify;
	struct at_name zone;
	enum tuple_step step;

	switch (zip_peek_command(&r)) {
	case ZIP_QUERY:
		return zip_decode_query(&r, &nets);
	case ZIP_REPLY:
	case ZIP_EXTENDED_REPLY:
		if (!zip_decode_reply(&r, &reply))
			return false;
		while (tuple_is_here(step = zip_next_tuple(&reply.tuples, &tuple)))
			;
		return step == TUPLE_END;
	case ZIP_GET_NET_INFO:
		return zip_decode_get_net_info(&r, &zone);
	case ZIP_NET_INFO_REPLY:
		return zip_decode_net_info(&r, &info);
	case ZIP_NOTIFY:
		return zip_decode_notify(&r, &notify);
	default:
		return false;
	}
}

/* Only a Reply, whose count tells nothing, may end between two tuples. */
static void test_cut_at_every_length(void **state)
{
	static const char *const names[] = { "V-Z1", "V-Z4", "V-Z5", "V-Z6", "V-Z6n", "V-Z7",
		"V-Z8" };
	struct vector z2 = vector_load("V-Z2"), z3 = vector_load("V-Z3");

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct vector v = vector_load(names[i]);

		assert_true(decodes(v.byte, v.len));
		assert_cuts_fail(v.byte, v.len, decodes, NULL);
	}
	assert_cuts_fail(z2.byte, z2.len, decodes, CUTS(2, 14, 21));
	assert_cuts_fail(z3.byte, z3.len, decodes, CUTS(2, 14));
}

static void test_decoders_check_the_command(void **state)
{
	struct vector v = vector_load("V-Z6");
	struct rd nets;
	struct zip_reply reply;
	struct zip_net_info info;
	struct zip_notify notify;
	struct at_name zone;

	(void)state;
	for (int command = 0; command < 256; command++) {
		struct rd r;

		v.byte[0] = (uint8_t)command;
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_reply(&r, &reply), command == 2 || command == 8);
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_net_info(&r, &info), command == 6);
		v = vector_load("V-Z8");
		v.byte[0] = (uint8_t)command;
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_notify(&r, &notify), command == 7);
		v = vector_load("V-Z4");
		v.byte[0] = (uint8_t)command;
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_get_net_info(&r, &zone), command == 5);
		r = rd_over(v.byte, v.len);
		assert_int_equal(zip_decode_query(&r, &nets), command == 1);
		v = vector_load("V-Z6");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_query_for_as_many_networks_as_there_can_be),
		cmocka_unit_test(test_atalk_Z05_Q30_reply_is_read_to_its_end_whatever_the_count),
		cmocka_unit_test(test_extended_reply),
		cmocka_unit_test(test_reply_tuples_that_cannot_be_true_are_passed_over),
		cmocka_unit_test(test_get_net_info),
		cmocka_unit_test(test_atalk_Z23_filler_of_get_net_info_is_ignored),
		cmocka_unit_test(test_net_info_replies),
		cmocka_unit_test(test_net_info_replies_in_frames),
		cmocka_unit_test(test_multicast_length_is_0_or_6),
		cmocka_unit_test(test_notify),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_cut_at_every_length),
		cmocka_unit_test(test_decoders_check_the_command),
	};

	return cmocka_run_group_tests_name("zip", tests, NULL, NULL);
}
