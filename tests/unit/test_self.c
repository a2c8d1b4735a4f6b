/* core/ethertalk_self.c and port_notice.c: frames of our own, and ports on one cable. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rig_localtalk.h"

/* What the dump says is the matter with a port. */
static const char *troubles(const struct rig *rig, unsigned link)
{
	static struct port_info info;

	port_describe(rig->link[link].port, &info);
	return info.troubles;
}

/* The frames that the router has sent on `from` so far come in on `to`. */
static void bring_back(struct rig *rig, unsigned from, unsigned to)
{
	const size_t n = rig->n_heard;

	for (size_t i = 0; i < n; i++)
		if (rig->heard[i]->link == from)
			rig_inject(rig, to, rig->heard[i]->raw, rig->heard[i]->raw_len);
}

/* A station with the hardware address of our port, as a copied virtual machine has it. */
static struct station twin(struct rig *rig, struct at_addr addr)
{
	struct station s = station_a(rig);

	s.mac = rig->link[0].mac;
	s.addr = addr;
	return s;
}

/* --- a loop ------------------------------------------------------------------------------ */

static void test_frames_that_come_back_are_a_loop(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	assert_string_equal(troubles(rig, 0), "");
	while (rig_count(rig, 0, DDP_RTMP) == 0)
		rig_run(rig, span_ms(100));
	bring_back(rig, 0, 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_LOOP), 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 0);
	assert_string_equal(troubles(rig, 0), "loop");
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_SOURCE), 1);
	assert_string_equal(troubles(rig, 1), "");
	rig_run(rig, span_s(620));
	assert_string_equal(troubles(rig, 0), "");
	rig_free(rig);
}

static void test_atalk_E24_own_probes_that_come_back_are_a_loop_and_no_clash(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_start(rig);
	bring_back(rig, 0, 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_LOOP), 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_ADDRESS_TAKEN), 0);
	rig_run(rig, span_s(4));
	assert_true(port_is_up(rig->link[0].port));
	rig_free(rig);
}

/* --- a station with our hardware address ------------------------------------------------- */

static void test_a_station_with_our_hardware_address_is_said_to_be_one(void **state)
{
	struct rig *rig = rig_up();
	const struct station t = twin(rig, (struct at_addr){ 4, 77 });

	(void)state;
	station_aarp(&t, ELAP_BROADCAST, AARP_REQUEST, t.addr, (struct mac){ { 0 } },
		rig->link[0].port->addr);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 1);
	assert_true(mac_eq(rig_last(rig, TRACE_PORT_TWIN)->event.mac, rig->link[0].mac));
	assert_string_equal(troubles(rig, 0), "hardware-address-twice");
	assert_int_equal(rig_noted(rig, TRACE_PORT_LOOP), 0);
	rig_free(rig);
}

static void test_a_port_may_have_several_troubles(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	port_notice(rig->link[0].port, PORT_LOOP, NULL);
	port_notice(rig->link[0].port, PORT_TWIN, NULL);
	assert_non_null(strchr(troubles(rig, 0), ','));
	assert_non_null(strstr(troubles(rig, 0), "hardware-address-twice"));
	rig_free(rig);
}

/* Even its AppleTalk address and its range are ours: a copy of this very machine. */
static void test_a_copy_of_this_router_is_a_twin_and_no_loop(void **state)
{
	struct rig *rig = rig_up();
	const struct station t = twin(rig, rig->link[0].port->addr);

	(void)state;
	rig_run(rig, span_s(2));
	station_rtmp(&t, 3, 5, NULL);
	station_rtmp(&t, 7, 8, NULL);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_LOOP), 0);
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 0);
	rig_free(rig);
}

/* A datagram that a router passed on may be anybody's: it says not who has our address. */
static void test_a_datagram_with_hops_accuses_nobody(void **state)
{
	struct rig *rig = rig_up();
	const struct station t = twin(rig, (struct at_addr){ 20, 1 });
	const struct ddp h = { .dst = { 4, 42, 253 }, .type = DDP_AEP, .hops = 1 };

	(void)state;
	rig_run(rig, span_s(2));
	station_send_to(&t, rig->link[0].mac, &h, "\1x", 2);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 0);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_SOURCE), 1);
	rig_free(rig);
}

/* What sends more than it remembers does not know its own frames: better silent than wrong. */
static void test_a_router_that_says_much_accuses_nobody(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);

	(void)state;
	while (rig_count(rig, 0, DDP_RTMP) == 0)
		rig_run(rig, span_ms(100));
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ { 0 } },
		rig->link[0].port->addr);
	for (int i = 0; i < 200; i++) {
		char body[] = { 1, (char)i };

		station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, body, 2);
	}
	bring_back(rig, 0, 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 0);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_SOURCE), 1);
	/* Half a second later it knows its own again, and the copy's. */
	rig_run(rig, span_s(1));
	bring_back(rig, 0, 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 1);
	rig_free(rig);
}

/* --- two ports on one cable -------------------------------------------------------------- */

static void test_atalk_R09_of_two_ports_on_one_cable_the_second_stops_and_says_why(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig_start(rig);
	bring_back(rig, 0, 1);
	assert_int_equal(rig->link[1].port->state, PORT_CONFLICT);
	assert_string_equal(rig_last(rig, TRACE_PORT_SHARED_CABLE)->port, "ET1");
	assert_string_equal(rig_last(rig, TRACE_PORT_SHARED_CABLE)->other, "ET0");
	/* The first one hears what the second said before. */
	bring_back(rig, 1, 0);
	assert_int_equal(rig->link[0].port->state, PORT_PROBING);
	rig_run(rig, span_s(10));
	assert_true(port_is_up(rig->link[0].port));
	assert_int_equal(rig_noted(rig, TRACE_PORT_RANGE_CONFLICT), 0);
	assert_string_equal(troubles(rig, 1), "two-ports-one-cable");
	/* Heard on and on, it waits on and on; a minute after it was taken out, it comes up. */
	for (int i = 0; i < 11; i++) {
		bring_back(rig, 0, 1);
		rig_clear(rig);
		assert_int_equal(rig->link[1].port->state, PORT_CONFLICT);
		rig_run(rig, span_s(10));
	}
	rig_run(rig, span_s(60));
	assert_true(port_is_up(rig->link[1].port));
	rig_free(rig);
}

static void test_two_ports_that_meet_later_stay_up_and_it_is_said_of_both(void **state)
{
	struct rig *rig = rig_up();

	(void)state;
	for (int i = 0; i < 4; i++) {
		rig_run(rig, span_s(10));
		bring_back(rig, 0, 1);
		bring_back(rig, 1, 0);
	}
	assert_true(port_is_up(rig->link[0].port));
	assert_true(port_is_up(rig->link[1].port));
	/* Each time of each, whatever the number of frames: the log tells it more rarely. */
	assert_int_equal(rig_noted(rig, TRACE_PORT_SHARED_CABLE), 2 * 4);
	assert_string_equal(troubles(rig, 0), "two-ports-one-cable");
	assert_string_equal(troubles(rig, 1), "two-ports-one-cable");
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 0);
	assert_true(rig_drops(rig, 0, DROP_OWN_PORT) >= 4);
	assert_int_equal(rig_route(rig, 6)->best->distance, 0);
	rig_free(rig);
}

/* Two VLANs of one card have one hardware address. */
static void test_two_ports_with_one_hardware_address_are_told_from_a_loop(void **state)
{
	struct rig *rig = rig_new();

	(void)state;
	rig->link[1].mac = rig->link[0].mac;
	rig_bring_up(rig);
	while (rig_count(rig, 0, DDP_RTMP) == 0)
		rig_run(rig, span_ms(100));
	bring_back(rig, 0, 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_SHARED_CABLE), 1);
	assert_int_equal(rig_noted(rig, TRACE_PORT_LOOP), 0);
	assert_int_equal(rig_noted(rig, TRACE_PORT_TWIN), 0);
	rig_free(rig);
}

/* A bridge that changes hardware addresses leaves the AppleTalk ones; so does LocalTalk. */
static void test_a_port_is_known_by_its_appletalk_address_too(void **state)
{
	struct rig *rig = rig_localtalk_up();
	struct station s = station_b(rig);

	(void)state;
	s.addr = rig->link[ET0].port->addr;
	station_rtmp(&s, 3, 5, NULL);
	assert_int_equal(rig_noted(rig, TRACE_PORT_SHARED_CABLE), 1);
	assert_int_equal(rig_noted(rig, TRACE_RTMP_RANGE_IGNORED), 0);
	assert_string_equal(rig_last(rig, TRACE_PORT_SHARED_CABLE)->other, "ET0");
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frames_that_come_back_are_a_loop),
		cmocka_unit_test(
			test_atalk_E24_own_probes_that_come_back_are_a_loop_and_no_clash),
		cmocka_unit_test(test_a_station_with_our_hardware_address_is_said_to_be_one),
		cmocka_unit_test(test_a_port_may_have_several_troubles),
		cmocka_unit_test(test_a_copy_of_this_router_is_a_twin_and_no_loop),
		cmocka_unit_test(test_a_datagram_with_hops_accuses_nobody),
		cmocka_unit_test(test_a_router_that_says_much_accuses_nobody),
		cmocka_unit_test(
			test_atalk_R09_of_two_ports_on_one_cable_the_second_stops_and_says_why),
		cmocka_unit_test(test_two_ports_that_meet_later_stay_up_and_it_is_said_of_both),
		cmocka_unit_test(test_two_ports_with_one_hardware_address_are_told_from_a_loop),
		cmocka_unit_test(test_a_port_is_known_by_its_appletalk_address_too),
	};

	return cmocka_run_group_tests_name("self", tests, NULL, NULL);
}
