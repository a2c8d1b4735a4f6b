/* core/port_seed.c and cable.c: ports that learn their range, and ports that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "zip.h"

static const struct at_sockaddr all_zip = { 0, 255, 6 };

/* One port without a wish for an address. */
static struct rig *one_port(
	enum seed_mode seed, uint16_t first, uint16_t last, const char *const *zones)
{
	struct rig *rig = rig_new_with(1);

	rig->ports[0].address = (struct at_addr){ 0, 0 };
	rig_configure(rig, 0, seed, first, last, zones);
	rig_start(rig);
	return rig;
}

static enum port_state state_of(const struct rig *rig, unsigned link)
{
	return rig->link[link].port->state;
}

static struct at_range range_of(const struct rig *rig, unsigned link)
{
	return rig->link[link].port->range;
}


/* --- no seed ----------------------------------------------------------------------------- */

static void test_atalk_R06_D33_without_a_range_the_port_is_silent_and_unknown(void **state)
{
	struct rig *rig = rig_new();
	const struct station a = station_a(rig), b = station_b(rig);

	(void)state;
	rig_configure(rig, 1, SEED_NONE, 0, 0, NULL);
	rig->ports[1].address = (struct at_addr){ 0, 0 };
	rig_start(rig);
	rig_run(rig, span_s(60));
	assert_int_equal(state_of(rig, 1), PORT_LEARNING);
	assert_int_equal(rig_count(rig, 1, DDP_RTMP), 0);
	assert_int_equal(rig->r->routes.used, 1);
	rig_clear(rig);
	station_send(&a, (struct at_sockaddr){ 6, 9, 4 }, 253, DDP_AEP, "\x01", 1);
	station_send(&b, (struct at_sockaddr){ 0, 255, 4 }, 253, DDP_AEP, "\x01", 1);
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_NO_ROUTE), 1);
	assert_int_equal(rig_drops(rig, 1, DROP_PORT_NOT_READY), 1);
	rig_free(rig);
}

static void test_atalk_R07_the_range_is_learnt_from_the_first_tuple(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	const struct station p = station_p(rig);

	(void)state;
	rig_run(rig, span_s(3));
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(20, 2)));
	assert_int_equal(state_of(rig, 0), PORT_PROBING);
	rig_run(rig, span_ms(2100));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(range_of(rig, 0).first, 3);
	assert_int_equal(range_of(rig, 0).last, 5);
	rig_free(rig);
}

static void test_atalk_R39_a_liar_teaches_no_range(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	struct station p = station_p(rig);

	(void)state;
	rig_run(rig, span_s(3));
	p.addr = (struct at_addr){ 9, 200 };
	station_rtmp(&p, 3, 5, NULL);
	assert_int_equal(state_of(rig, 0), PORT_LEARNING);
	assert_int_equal(rig_drops(rig, 0, DROP_RTMP_BAD_SENDER), 1);
	rig_free(rig);
}

static void test_atalk_R08_a_learnt_range_replaces_the_route_another_port_had(void **state)
{
	struct rig *rig = rig_new();
	struct station b = station_b(rig);
	const struct station p = station_p(rig);

	(void)state;
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_start(rig);
	rig_run(rig, span_s(5));
	b.addr = (struct at_addr){ 6, 200 };
	station_rtmp(&b, 6, 6, TUPLES(EXT(3, 5, 0), EXT(30, 34, 1)));
	station_zip_reply(&b, rig_socket(rig, 1, 6), 3, 1, ZONES("Elsewhere"));
	assert_int_equal(rig_route(rig, 4)->best->distance, 1);
	station_rtmp(&p, 3, 5, NULL);
	rig_run(rig, span_ms(2100));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(rig_route(rig, 4)->best->distance, 0);
	assert_int_equal(rig_route(rig, 4)->zones->used, 0);
	assert_non_null(rig_route(rig, 30));
	rig_free(rig);
}

static void test_atalk_Z36_Z02_zones_are_learnt_by_query_the_default_by_get_net_info(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	const struct station p = station_p(rig), a = station_a(rig);
	const struct heard *h;
	bool seen_query = false, seen_info = false;

	(void)state;
	rig_run(rig, span_s(3));
	station_rtmp(&p, 3, 5, NULL);
	rig_clear(rig);
	rig_run(rig, span_ms(2100));
	while ((h = rig_find(rig, 0, DDP_ZIP)) != NULL) {
		assert_int_equal(h->ddp.dst.net, 0);
		assert_int_equal(h->ddp.dst.node, 255);
		if (h->body.pos[0] == ZIP_QUERY)
			seen_query = h->body.pos[1] == 1 && h->body.pos[3] == 3;
		if (h->body.pos[0] == ZIP_GET_NET_INFO)
			seen_info = h->body.pos[6] == 0;
	}
	assert_true(seen_query && seen_info);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 2, ZONES("Caf\x8E", "EtherTalk"));
	station_net_info(&p, rig_socket(rig, 0, 6), 3, 5, "EtherTalk");
	/* And so a node's GetNetInfo is answered rightly. */
	station_send_vector(&a, all_zip, 6, DDP_ZIP, "V-Z4");
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z5");
	rig_free(rig);
}

static void test_atalk_Z22_get_net_info_is_not_answered_before_all_is_known(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	const struct station p = station_p(rig), a = station_a(rig);

	(void)state;
	for (int step = 0; step < 4; step++) {
		rig_clear(rig);
		station_send_vector(&a, all_zip, 6, DDP_ZIP, "V-Z4");
		assert_int_equal(rig_count(rig, 0, DDP_ZIP), 0);
		if (step == 0)
			rig_run(rig, span_s(3));
		else if (step == 1)
			station_rtmp(&p, 3, 5, NULL);
		else if (step == 2)
			rig_run(rig, span_s(3));
		else
			station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 1, ZONES("Caf\x8E"));
	}
	station_send_vector(&a, all_zip, 6, DDP_ZIP, "V-Z4");
	assert_int_equal(rig_count(rig, 0, DDP_ZIP), 0);
	/* A default zone that the list lacks cannot be right. */
	station_net_info(&p, rig_socket(rig, 0, 6), 3, 5, "Nowhere");
	assert_null(rig->link[0].port->default_zone);
	station_net_info(&p, rig_socket(rig, 0, 6), 3, 5, "Caf\x8E");
	station_send_vector(&a, all_zip, 6, DDP_ZIP, "V-Z4");
	assert_int_equal(rig_take(rig, 0, DDP_ZIP)->body.pos[0], ZIP_NET_INFO_REPLY);
	rig_free(rig);
}

static void test_atalk_Z37_lists_of_several_repliers_are_not_mixed(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	const struct station p = station_p(rig), q = station_q(rig);
	struct at_sockaddr us;

	(void)state;
	rig_run(rig, span_s(3));
	station_rtmp(&p, 3, 5, NULL);
	rig_run(rig, span_s(3));
	us = rig_socket(rig, 0, 6);
	station_zip_reply(&p, us, 3, 2, ZONES("One"));
	station_zip_reply(&q, us, 3, 2, ZONES("Three"));
	assert_false(rig_route(rig, 3)->zones->is_complete);
	station_zip_reply(&q, us, 3, 2, ZONES("Three"));
	assert_false(rig_route(rig, 3)->zones->is_complete);
	station_zip_reply(&q, us, 3, 2, ZONES("Four"));
	assert_true(rig_route(rig, 3)->zones->is_complete);
	station_zip_reply(&p, us, 3, 2, ZONES("Two"));
	assert_int_equal(rig_route(rig, 3)->zones->used, 2);
	assert_name(&rig_route(rig, 3)->zones->zone[0]->name, "Three");
	assert_name(&rig_route(rig, 3)->zones->zone[1]->name, "Four");
	rig_free(rig);
}

static void test_routers_that_never_finish_do_not_keep_others_from_being_heard(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);
	struct station s = station_p(rig);

	(void)state;
	rig_run(rig, span_s(3));
	station_rtmp(&s, 3, 5, NULL);
	rig_run(rig, span_s(5));
	for (uint8_t node = 1; node <= CABLE_ROUTERS_MAX; node++) {
		s.addr.node = node;
		station_zip_reply(&s, rig_socket(rig, 0, 6), 3, 9, ZONES("Half"));
	}
	s = station_q(rig);
	station_zip_reply(&s, rig_socket(rig, 0, 6), 3, 1, ZONES("Whole"));
	assert_false(rig_route(rig, 3)->zones->is_complete);
	rig_run(rig, span_s(10));
	station_zip_reply(&s, rig_socket(rig, 0, 6), 3, 1, ZONES("Whole"));
	assert_true(rig_route(rig, 3)->zones->is_complete);
	rig_free(rig);
}

static void test_atalk_Z03_an_unanswered_cable_is_asked_every_10_s(void **state)
{
	struct rig *rig = one_port(SEED_NONE, 0, 0, NULL);

	(void)state;
	rig_run(rig, span_s(5));
	rig_clear(rig);
	rig_run(rig, span_s(60));
	assert_int_equal(rig_count(rig, 0, DDP_ZIP), 6);
	rig_free(rig);
}

/* --- changes ----------------------------------------------------------------------------- */

static void test_atalk_R46_a_port_that_goes_takes_its_routes_with_it(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);
	const struct heard *h;

	(void)state;
	station_teach_baseline(&p);
	router_link_down(rig->r, rig->now, rig->link[0].port);
	rig_run(rig, span_s(1));
	h = rig_take(rig, 1, DDP_RTMP);
	/* 3-5, 20 and 30-34, all unreachable */
	assert_int_equal(rd_left(&h->body), 10 + 6 + 3 + 6);
	assert_memory_equal(h->body.pos + 10,
		"\x00\x03\x9F\x00\x05\x82\x00\x14\x1F\x00\x1E\x9F\x00\x22\x82", 15);
	rig_run(rig, span_s(60));
	assert_null(rig_route(rig, 3));
	assert_null(rig_route(rig, 20));
	assert_int_equal(rig->r->routes.used, 1);
	rig_free(rig);
}

static void test_atalk_Z42_changed_zones_warn_and_replace_the_list(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	rig_apply(rig);
	assert_int_equal(rig_noted(rig, TRACE_PORT_ZONES_DIFFER), 0);
	assert_true(port_is_up(rig->link[0].port));
	rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("EtherTalk", "Bistro"));
	rig_apply(rig);
	assert_int_equal(rig_noted(rig, TRACE_PORT_ZONES_DIFFER), 1);
	assert_true(port_is_up(rig->link[1].port));
	rig_run(rig, span_s(5));
	assert_int_equal(rig_route(rig, 3)->zones->used, 2);
	assert_name(&rig_route(rig, 3)->zones->zone[1]->name, "Bistro");
	rig_free(rig);
}

static void test_a_changed_range_starts_the_port_anew_and_no_other(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	rig_configure(rig, 0, SEED_HARD, 40, 41, ZONES("EtherTalk"));
	rig_apply(rig);
	assert_int_equal(state_of(rig, 0), PORT_PROBING);
	assert_true(port_is_up(rig->link[1].port));
	rig_run(rig, span_s(5));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(range_of(rig, 0).first, 40);
	assert_non_null(rig_route(rig, 41));
	rig_free(rig);
}

static void test_a_removed_port_leaves_nothing_behind(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_teach_baseline(&p);
	rig->config.ports = &rig->ports[1];
	rig->config.n_ports = 1;
	rig_apply(rig);
	assert_null(router_find_port(rig->r, "ET0"));
	rig_run(rig, span_s(100));
	assert_int_equal(rig->r->routes.used, 1);
	assert_int_equal(rig->r->zones.used, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_R06_D33_without_a_range_the_port_is_silent_and_unknown),
		cmocka_unit_test(test_atalk_R07_the_range_is_learnt_from_the_first_tuple),
		cmocka_unit_test(test_atalk_R39_a_liar_teaches_no_range),
		cmocka_unit_test(test_atalk_R08_a_learnt_range_replaces_the_route_another_port_had),
		cmocka_unit_test(
			test_atalk_Z36_Z02_zones_are_learnt_by_query_the_default_by_get_net_info),
		cmocka_unit_test(test_atalk_Z22_get_net_info_is_not_answered_before_all_is_known),
		cmocka_unit_test(test_atalk_Z37_lists_of_several_repliers_are_not_mixed),
		cmocka_unit_test(
			test_routers_that_never_finish_do_not_keep_others_from_being_heard),
		cmocka_unit_test(test_atalk_Z03_an_unanswered_cable_is_asked_every_10_s),
		cmocka_unit_test(test_atalk_R46_a_port_that_goes_takes_its_routes_with_it),
		cmocka_unit_test(test_atalk_Z42_changed_zones_warn_and_replace_the_list),
		cmocka_unit_test(test_a_changed_range_starts_the_port_anew_and_no_other),
		cmocka_unit_test(test_a_removed_port_leaves_nothing_behind),
	};

	return cmocka_run_group_tests_name("seed_learn", tests, NULL, NULL);
}
