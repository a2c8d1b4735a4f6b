/* core/port_seed.c and cable.c: ports with a range of their own, and what stops them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

enum {
	PROBE = HEARD_AARP + AARP_PROBE,
};

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


/* --- hard seed --------------------------------------------------------------------------- */

static void test_atalk_R01_R02_Q03_a_silent_cable_is_verified_three_times_then_used(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct instant start = rig->now;
	const struct heard *data;

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(3490));
	assert_int_equal(state_of(rig, 0), PORT_VERIFYING);
	assert_null(rig_route(rig, 3));
	assert_int_equal(rig_count(rig, 0, DDP_RTMP), 0);
	assert_int_equal(rig_count(rig, 0, DDP_RTMP_REQUEST), 3);
	assert_int_equal(rig_count(rig, 0, DDP_ZIP), 6);	/* GetNetInfo and Query */
	rig_run(rig, span_ms(500));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(rig_route(rig, 5)->best->distance, 0);
	data = rig_take(rig, 0, DDP_RTMP);
	assert_true(span_cmp(instant_since(data->at, start), span_s(4)) < 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_UP), 1);
	rig_free(rig);
}

static void test_atalk_R03_another_range_on_the_cable_stops_the_port(void **state)
{
	struct rig *rig = rig_new();
	struct station p = station_p(rig);

	(void)state;
	p.addr = (struct at_addr){ 7, 200 };
	rig_start(rig);
	rig_run(rig, span_ms(2500));
	station_rtmp(&p, 7, 8, NULL);
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	assert_int_equal(rig_last(rig, TRACE_PORT_RANGE_CONFLICT)->event.range.first, 7);
	assert_true(at_addr_eq(rig_last(rig, TRACE_PORT_RANGE_CONFLICT)->event.addr, p.addr));
	rig_run(rig, span_s(30));
	assert_int_equal(rig_count(rig, 0, DDP_RTMP), 0);
	assert_null(rig_route(rig, 3));
	/* The other port is not touched by it. */
	assert_true(port_is_up(rig->link[1].port));
	rig_free(rig);
}

static void test_atalk_R03_a_get_net_info_reply_tells_a_conflict_too(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct station p = station_p(rig);

	(void)state;
	p.addr = (struct at_addr){ 3, 200 };
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_net_info(&p, all_zip, 3, 9, "EtherTalk");
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	rig_free(rig);
}

static void test_atalk_R04_the_same_range_or_none_is_no_conflict(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_rtmp(&p, 3, 5, NULL);
	station_rtmp(&p, 0, 0, NULL);
	station_net_info(&p, all_zip, 0, 0, "Nowhere");
	rig_run(rig, span_s(2));
	assert_true(port_is_up(rig->link[0].port));
	rig_free(rig);
}

static void test_a_conflict_ends_when_the_other_router_has_gone(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct station p = station_p(rig);

	(void)state;
	p.addr = (struct at_addr){ 7, 200 };
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	for (int i = 0; i < 12; i++) {
		station_rtmp(&p, 7, 8, NULL);
		rig_run(rig, span_s(10));
		assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	}
	rig_run(rig, span_s(55));
	assert_true(port_is_up(rig->link[0].port));
	assert_true(rig_hears_group(rig, 0, ELAP_BROADCAST));
	rig_free(rig);
}

static void test_a_conflict_is_tried_again_after_five_minutes_at_the_latest(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct station p = station_p(rig);
	bool tried = false;

	(void)state;
	p.addr = (struct at_addr){ 7, 200 };
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	for (int i = 0; i < 31; i++) {
		station_rtmp(&p, 7, 8, NULL);
		rig_run(rig, span_s(10));
		tried = tried || state_of(rig, 0) != PORT_CONFLICT;
		assert_int_equal(tried, i >= 29);
	}
	rig_free(rig);
}

static void test_atalk_Z35_another_zone_list_stops_the_port(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_net_info(&p, all_zip, 3, 5, "ETHERTALK");	/* the same name */
	assert_int_equal(state_of(rig, 0), PORT_VERIFYING);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 1, ZONES("EtherTalk"));
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	assert_name(&rig_last(rig, TRACE_PORT_ZONE_CONFLICT)->name, "Caf\x8E");
	rig_run(rig, span_s(299));
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	rig_run(rig, span_s(6));
	assert_true(port_is_up(rig->link[0].port));
	rig_free(rig);
}

static void test_atalk_Z35_a_zone_we_lack_stops_the_port(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 3, ZONES("EtherTalk", "Caf\x8E", "Bistro"));
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	assert_name(&rig_last(rig, TRACE_PORT_ZONE_CONFLICT)->name, "Bistro");
	rig_run(rig, span_s(302));
	assert_int_equal(state_of(rig, 0), PORT_VERIFYING);
	station_net_info(&p, all_zip, 3, 5, "Bistro");
	assert_int_equal(state_of(rig, 0), PORT_CONFLICT);
	assert_name(&rig_last(rig, TRACE_PORT_ZONE_CONFLICT)->name, "Bistro");
	rig_free(rig);
}

/* A router that learnt the list may have forgotten which zone was the first. */
static void test_atalk_Z35_another_default_zone_is_said_and_used(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_net_info(&p, all_zip, 3, 5, "CAF\x83");
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 2, ZONES("Caf\x8E", "EtherTalk"));
	rig_run(rig, span_s(2));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(rig_noted(rig, TRACE_PORT_DEFAULT_DIFFERS), 1);
	assert_int_equal(rig_last(rig, TRACE_PORT_DEFAULT_DIFFERS)->event.addr.node, p.addr.node);
	assert_name(&rig->link[0].port->default_zone->name, "Caf\x8E");
	/* Alone on the cable the next time, it is our own. */
	port_seed_stop(rig->link[0].port);
	port_seed_start(rig->link[0].port);
	rig_run(rig, span_s(5));
	assert_name(&rig->link[0].port->default_zone->name, "EtherTalk");
	rig_free(rig);
}

static void test_atalk_Q07_the_same_list_in_another_order_agrees(void **state)
{
	struct rig *rig = rig_new_with(1);
	const struct station p = station_p(rig);

	(void)state;
	rig_start(rig);
	rig_run(rig, span_ms(2100));
	station_net_info(&p, all_zip, 3, 5, "EtherTalk");
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 2, ZONES("CAF\x83"));
	station_zip_reply(&p, rig_socket(rig, 0, 6), 3, 2, ZONES("EtherTalk"));
	rig_run(rig, span_s(2));
	assert_true(port_is_up(rig->link[0].port));
	/* Our own spelling counts. */
	assert_name(&rig_route(rig, 3)->zones->zone[1]->name, "Caf\x8E");
	rig_free(rig);
}

static void test_atalk_R09_two_ports_are_never_on_the_same_network(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_configure(rig, 1, SEED_HARD, 5, 6, ZONES("Lab"));
	rig_start(rig);
	rig_run(rig, span_s(5));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(state_of(rig, 1), PORT_CONFLICT);
	assert_string_equal(rig_last(rig, TRACE_PORT_NET_IN_USE)->port, "ET1");
	assert_string_equal(rig_last(rig, TRACE_PORT_NET_IN_USE)->other, "ET0");
	assert_ptr_equal(port_of_path(rig_route(rig, 5)->best), rig->link[0].port);
	assert_null(rig_route(rig, 6));
	rig_free(rig);
}

/* --- soft seed --------------------------------------------------------------------------- */

static void test_atalk_R05_a_soft_seed_adopts_what_it_hears(void **state)
{
	struct rig *rig = one_port(SEED_SOFT, 3, 5, ZONES("EtherTalk"));
	struct station p = station_p(rig);

	(void)state;
	p.addr = (struct at_addr){ 7, 200 };
	rig_run(rig, span_ms(2100));
	/* Zones of another network 3-5 somewhere else are not those of this cable. */
	station_zip_reply(&p, all_zip, 3, 1, ZONES("Elsewhere"));
	rig_clear(rig);
	station_rtmp(&p, 7, 8, NULL);
	assert_in_range(rig_take(rig, 0, PROBE)->aarp.src_addr.net, 7, 8);
	rig_run(rig, span_ms(2100));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(range_of(rig, 0).first, 7);
	assert_int_equal(range_of(rig, 0).last, 8);
	assert_false(rig_route(rig, 7)->zones->is_complete);
	station_zip_reply(&p, rig_socket(rig, 0, 6), 7, 1, ZONES("Attic"));
	station_net_info(&p, rig_socket(rig, 0, 6), 7, 8, "Attic");
	assert_name(&rig->link[0].port->default_zone->name, "Attic");
	rig_free(rig);
}

static void test_atalk_R05_a_soft_seed_seeds_after_silence(void **state)
{
	struct rig *rig = one_port(SEED_SOFT, 3, 5, ZONES("EtherTalk"));

	(void)state;
	rig_run(rig, span_s(4));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(range_of(rig, 0).first, 3);
	assert_name(&rig->link[0].port->default_zone->name, "EtherTalk");
	rig_free(rig);
}

static void test_atalk_R05_a_soft_seed_keeps_its_range_and_adopts_the_zones(void **state)
{
	struct rig *rig = one_port(SEED_SOFT, 3, 5, ZONES("EtherTalk"));
	const struct station p = station_p(rig);

	(void)state;
	rig_run(rig, span_ms(2100));
	station_zip_reply(&p, all_zip, 3, 1, ZONES("Attic"));
	station_net_info(&p, all_zip, 3, 5, "Attic");
	assert_true(port_is_up(rig->link[0].port));
	assert_name(&rig->link[0].port->default_zone->name, "Attic");
	assert_int_equal(rig_route(rig, 3)->zones->used, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_atalk_R01_R02_Q03_a_silent_cable_is_verified_three_times_then_used),
		cmocka_unit_test(test_atalk_R03_another_range_on_the_cable_stops_the_port),
		cmocka_unit_test(test_atalk_R03_a_get_net_info_reply_tells_a_conflict_too),
		cmocka_unit_test(test_atalk_R04_the_same_range_or_none_is_no_conflict),
		cmocka_unit_test(test_a_conflict_ends_when_the_other_router_has_gone),
		cmocka_unit_test(test_a_conflict_is_tried_again_after_five_minutes_at_the_latest),
		cmocka_unit_test(test_atalk_Z35_another_zone_list_stops_the_port),
		cmocka_unit_test(test_atalk_Z35_a_zone_we_lack_stops_the_port),
		cmocka_unit_test(test_atalk_Z35_another_default_zone_is_said_and_used),
		cmocka_unit_test(test_atalk_Q07_the_same_list_in_another_order_agrees),
		cmocka_unit_test(test_atalk_R09_two_ports_are_never_on_the_same_network),
		cmocka_unit_test(test_atalk_R05_a_soft_seed_adopts_what_it_hears),
		cmocka_unit_test(test_atalk_R05_a_soft_seed_seeds_after_silence),
		cmocka_unit_test(test_atalk_R05_a_soft_seed_keeps_its_range_and_adopts_the_zones),
	};

	return cmocka_run_group_tests_name("seed", tests, NULL, NULL);
}
