/* core/svc_nbp_name.c: our own names, how they are registered and who gets an answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "rig.h"

/* A question for our names, from 4.42:253 whoever sends it. */
struct question {
	enum nbp_function function;
	const char *object, *type, *zone;
};

static void ask(const struct station *s, struct at_sockaddr dst, struct question q)
{
	const struct nbp h = { q.function, 1, 0x21 };
	const struct nbp_tuple t = {
		.addr = { 4, 42, 253 },
		.enumerator = 7,
		.object = name_of(q.object),
		.type = name_of(q.type),
		.zone = name_of(q.zone),
	};
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	nbp_encode(&w, &h);
	nbp_encode_tuple(&w, &t);
	station_send(s, dst, 99, DDP_NBP, bytes, wr_len(&w));
}

static void ask_router(const struct station *s, struct question q)
{
	ask(s, rig_socket(s->rig, s->link, 2), q);
}

/* A and B known to AARP, nothing heard. */
static struct rig *up(void)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig), b = station_b(rig);

	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ { 0 } },
		(struct at_addr){ 3, 128 });
	station_aarp(&b, ELAP_BROADCAST, AARP_REQUEST, b.addr, (struct mac){ { 0 } },
		(struct at_addr){ 6, 128 });
	rig_clear(rig);
	return rig;
}

/* The next LkUp-Reply on a link; NULL if there is none. Look-ups are passed over. */
static const struct heard *find_reply(struct rig *rig, unsigned link, struct nbp_tuple *t)
{
	const struct heard *h;
	struct nbp nbp;

	while ((h = rig_find(rig, link, DDP_NBP)) != NULL) {
		struct rd body = h->body;

		assert_true(nbp_decode(&body, &nbp));
		if (nbp.function != NBP_LKUP_REPLY)
			continue;
		assert_int_equal(nbp.count, 1);
		assert_int_equal(nbp.id, 0x21);
		assert_true(nbp_decode_tuple(&body, t) && rd_at_end(&body));
		return h;
	}
	return NULL;
}

static size_t count_replies(struct rig *rig)
{
	struct nbp_tuple t;
	size_t n = 0;

	for (unsigned link = 0; link < 2; link++)
		while (find_reply(rig, link, &t))
			n++;
	rig_clear(rig);
	return n;
}

static bool is_found(const struct station *a, struct question q)
{
	ask_router(a, q);
	return count_replies(a->rig) == 1;
}

static void test_atalk_N17_a_name_is_asked_for_three_times_then_registered(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station a = station_a(rig);
	const struct heard *h;
	size_t asked = 0;

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(3600));
	ask_router(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "*" });
	rig_run(rig, span_ms(1300));
	while ((h = rig_find(rig, 0, DDP_NBP)) != NULL) {
		struct rd body = h->body;
		struct nbp nbp;
		struct nbp_tuple t;

		assert_true(nbp_decode(&body, &nbp) && nbp_decode_tuple(&body, &t));
		assert_int_equal(nbp.function, NBP_LKUP);
		assert_name(&t.object, "attic");
		assert_name(&t.type, "AppleRouter");
		assert_name(&t.zone, "EtherTalk");
		assert_int_equal(t.addr.net, 3);
		assert_int_equal(t.addr.socket, 2);
		asked++;
	}
	assert_int_equal(asked, 3);
	rig_run(rig, span_ms(600));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "*" }));
	rig_free(rig);
}

static void test_atalk_N17_Q10_a_taken_name_gets_a_number(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig), a = station_a(rig);
	struct nbp_tuple t = {
		.addr = { 5, 200, 4 },
		.enumerator = 1,
		.type = name_of("AppleRouter"),
		.zone = name_of("*"),
	};
	static const char *const taken[] = { "ATTIC", "attic-2" };

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(3600));
	for (size_t i = 0; i < 2; i++) {
		const struct nbp h = { NBP_LKUP_REPLY, 1, rig->link[0].port->name.id };
		uint8_t bytes[100];
		struct wr w = wr_over(bytes, sizeof(bytes));

		t.object = name_of(taken[i]);
		nbp_encode(&w, &h);
		nbp_encode_tuple(&w, &t);
		station_send(&p, rig_socket(rig, 0, 2), 2, DDP_NBP, bytes, wr_len(&w));
		/* Told twice, heard once. */
		station_send(&p, rig_socket(rig, 0, 2), 2, DDP_NBP, bytes, wr_len(&w));
	}
	rig_run(rig, span_s(3));
	rig_clear(rig);
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "attic", "AppleRouter", "*" }));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "attic-3", "AppleRouter", "*" }));
	assert_int_equal(rig_drops(rig, 0, DROP_NBP_IGNORED), 2);
	rig_free(rig);
}

static void test_a_long_name_makes_room_for_its_number(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);
	struct at_name name = name_of("0123456789abcdef0123456789ABCDEF");

	(void)state;
	rig->config.nbp_name = name;
	rig_start(rig);
	rig_run(rig, span_ms(3600));
	for (int i = 0; i < 120; i++) {
		const struct port_name *own = &rig->link[0].port->name;
		const struct nbp h = { NBP_LKUP_REPLY, 1, own->id };
		struct nbp_tuple t = own->tuple;
		uint8_t bytes[100];
		struct wr w = wr_over(bytes, sizeof(bytes));

		t.addr = (struct at_sockaddr){ 5, 200, 4 };
		nbp_encode(&w, &h);
		nbp_encode_tuple(&w, &t);
		if (i == 20)
			assert_name(&t.object, "0123456789abcdef0123456789ABC-21");
		station_send(&p, rig_socket(rig, 0, 2), 2, DDP_NBP, bytes, wr_len(&w));
	}
	assert_int_equal(rig->link[0].port->name.state, NAME_NONE);
	rig_free(rig);
}

static void test_atalk_N16_N18_our_answer_goes_to_the_tuple_with_the_id(void **state)
{
	struct rig *rig = up();
	const struct station b = station_b(rig), a = station_a(rig);
	const struct heard *h;
	struct nbp_tuple t;

	(void)state;
	/* B asks on behalf of 4.42:253: the answer goes there, not to B. */
	ask_router(&b, (struct question){ NBP_BRRQ, "=", "AppleRouter", "EtherTalk" });
	assert_null(find_reply(rig, 1, &t));
	h = find_reply(rig, 0, &t);
	assert_non_null(h);
	assert_true(mac_eq(h->elap.dst, a.mac));
	assert_int_equal(h->ddp.dst.net, 4);
	assert_int_equal(h->ddp.dst.node, 42);
	assert_int_equal(h->ddp.dst.socket, 253);
	assert_int_equal(h->ddp.src.socket, 2);
	assert_int_equal(t.addr.net, 3);
	assert_int_equal(t.addr.node, 128);
	assert_int_equal(t.enumerator, 1);
	assert_name(&t.object, "attic");
	assert_name(&t.zone, "EtherTalk");
	rig_free(rig);
}

static void test_atalk_N17_N18_one_answer_per_port_in_the_zone_of_the_port(void **state)
{
	struct rig *rig = up();
	const struct station a = station_a(rig);
	struct nbp_tuple t;

	(void)state;
	ask_router(&a, (struct question){ NBP_BRRQ, "=", "AppleRouter", "*" });
	assert_non_null(find_reply(rig, 0, &t));
	assert_int_equal(t.addr.net, 3);
	assert_null(find_reply(rig, 0, &t));
	ask_router(&a, (struct question){ NBP_BRRQ, "=", "AppleRouter", "Lab" });
	assert_non_null(find_reply(rig, 0, &t));
	assert_int_equal(t.addr.net, 6);
	assert_name(&t.zone, "Lab");
	assert_null(find_reply(rig, 0, &t));
	/* By FwdReq too. */
	ask(&a, (struct at_sockaddr){ 6, 0, 2 },
		(struct question){ NBP_FWDREQ, "=", "AppleRouter", "Lab" });
	assert_non_null(find_reply(rig, 0, &t));
	assert_int_equal(t.addr.net, 6);
	rig_free(rig);
}

static void test_two_ports_in_one_zone_do_not_contest_each_other(void **state)
{
	struct rig *rig = rig_new();
	const struct station a = station_a(rig);

	(void)state;
	rig_configure(rig, 1, SEED_HARD, 6, 6, ZONES("EtherTalk"));
	rig_start(rig);
	rig_run(rig, span_s(6));
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ { 0 } },
		(struct at_addr){ 3, 128 });
	rig_clear(rig);
	ask_router(&a, (struct question){ NBP_BRRQ, "attic", "AppleRouter", "EtherTalk" });
	assert_int_equal(count_replies(rig), 2);
	rig_free(rig);
}

static void test_atalk_N19_look_ups_for_another_zone_are_not_answered(void **state)
{
	struct rig *rig = up();
	const struct station a = station_a(rig);

	(void)state;
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "Caf\x8E" }));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "ETHERTALK" }));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "*" }));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "" }));
	rig_free(rig);
}

static void test_atalk_N20_N21_N22_wildcards(void **state)
{
	struct rig *rig = up();
	const struct station a = station_a(rig);
	static const char *const fit[] = {
		"=", "\305", "attic", "ATTIC", "at\305", "\305ic", "a\305c", "attic\305",
		"\305attic",
	};
	static const char *const unfit[] = {
		"", "atti", "attics", "\305t\305", "\305\305", "at=", "=ic", "b\305",
		"attic\305attic",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(fit) / sizeof(*fit); i++) {
		assert_true(
			is_found(&a, (struct question){ NBP_LKUP, fit[i], "AppleRouter", "*" }));
		assert_true(is_found(&a, (struct question){ NBP_LKUP, fit[i], "=", "*" }));
	}
	for (size_t i = 0; i < sizeof(unfit) / sizeof(*unfit); i++)
		assert_false(
			is_found(&a, (struct question){ NBP_LKUP, unfit[i], "AppleRouter", "*" }));
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "=", "", "*" }));
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "=", "AFPServer", "*" }));
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "=", "Apple\xC5", "*" }));
	rig_free(rig);
}

static void test_atalk_N23_a_directed_look_up_asks_the_port_it_names(void **state)
{
	struct rig *rig = up();
	const struct station a = station_a(rig);
	struct nbp_tuple t;

	(void)state;
	ask(&a, (struct at_sockaddr){ 3, 128, 2 },
		(struct question){ NBP_LKUP, "attic", "AppleRouter", "EtherTalk" });
	assert_non_null(find_reply(rig, 0, &t));
	assert_int_equal(t.addr.net, 3);
	ask(&a, (struct at_sockaddr){ 6, 128, 2 },
		(struct question){ NBP_LKUP, "attic", "AppleRouter", "Lab" });
	assert_non_null(find_reply(rig, 0, &t));
	assert_int_equal(t.addr.net, 6);
	rig_free(rig);
}

static void test_without_a_name_nothing_is_registered_a_new_name_replaces_the_old(void **state)
{
	struct rig *rig = up();
	const struct station a = station_a(rig);

	(void)state;
	rig->config.nbp_name.len = 0;
	rig_apply(rig);
	rig_run(rig, span_s(3));
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "*" }));
	rig->config.nbp_name = name_of("cellar");
	rig_apply(rig);
	assert_false(is_found(&a, (struct question){ NBP_LKUP, "=", "AppleRouter", "*" }));
	rig_run(rig, span_s(3));
	rig_clear(rig);
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "cellar", "AppleRouter", "*" }));
	/* The same configuration again disturbs nothing. */
	rig_apply(rig);
	assert_true(is_found(&a, (struct question){ NBP_LKUP, "cellar", "AppleRouter", "*" }));
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_N17_a_name_is_asked_for_three_times_then_registered),
		cmocka_unit_test(test_atalk_N17_Q10_a_taken_name_gets_a_number),
		cmocka_unit_test(test_a_long_name_makes_room_for_its_number),
		cmocka_unit_test(test_atalk_N16_N18_our_answer_goes_to_the_tuple_with_the_id),
		cmocka_unit_test(test_atalk_N17_N18_one_answer_per_port_in_the_zone_of_the_port),
		cmocka_unit_test(test_two_ports_in_one_zone_do_not_contest_each_other),
		cmocka_unit_test(test_atalk_N19_look_ups_for_another_zone_are_not_answered),
		cmocka_unit_test(test_atalk_N20_N21_N22_wildcards),
		cmocka_unit_test(test_atalk_N23_a_directed_look_up_asks_the_port_it_names),
		cmocka_unit_test(
			test_without_a_name_nothing_is_registered_a_new_name_replaces_the_old),
	};

	return cmocka_run_group_tests_name("svc_nbp_name", tests, NULL, NULL);
}
