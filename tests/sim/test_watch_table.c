/*
 * The watchers of routing tables watched: tables that no router should have, and
 * quarrels that are not told as they are, must be reported.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_rig.h"
#include "watch_state.h"

/* Entries of the left router's table, as the test says that they are. */
static void look_at(struct world *w, const struct route_info *entries, size_t n)
{
	struct table_check c;

	watch_table_begin(&c, world_site(w, 0));
	for (size_t i = 0; i < n; i++)
		watch_table_entry(&c, &entries[i]);
	watch_table_end(&c);
}

static struct route_info entry(uint16_t first, uint16_t last, const char *via, uint8_t distance)
{
	return (struct route_info){ .range = { first, last, true }, .via = via,
		.distance = distance, .state = "good" };
}

static void test_entries_that_overlap_are_seen(void **state)
{
	const struct route_info right[] = { entry(100, 100, "p0", 0), entry(101, 109, "site1", 1),
		entry(110, 110, "site1", 1) };
	const struct route_info wrong[] = { entry(100, 100, "p0", 0), entry(101, 109, "site1", 1),
		entry(109, 112, "site1", 1) };
	struct world *w = pair();

	(void)state;
	look_at(w, right, 3);
	assert_int_equal(world_print_violations(w), 0);
	look_at(w, wrong, 3);
	assert_reported(w, 1, "has 101-109 and 109-112 in its table");
	end(w);
}

static void test_an_attached_network_that_gave_way_is_seen(void **state)
{
	const struct route_info elsewhere = entry(100, 100, "site1", 1);
	const struct route_info smaller = entry(100, 101, "p0", 0);
	struct route_info dying = entry(100, 100, "p0", 0);
	struct world *w = pair();

	(void)state;
	look_at(w, &elsewhere, 1);
	assert_reported(w, 1, "port p0 has lost its own 100-100");
	look_at(w, &smaller, 1);
	assert_reported(w, 1, "port p0 has lost its own 100-100");
	dying.state = "bad";
	look_at(w, &dying, 1);
	assert_reported(w, 1, "port p0 has lost its own 100-100");
	look_at(w, NULL, 0);
	assert_reported(w, 1, "port p0 has lost its own 100-100");
	end(w);
}

static void test_a_quarrel_with_a_wrong_owner_is_seen(void **state)
{
	struct trace_event e = { .kind = TRACE_PEER_OVERLAP, .peer = "site1", .other = "p0",
		.range = { 99, 100, true }, .range2 = { 100, 100, true } };
	struct world *w = pair();

	(void)state;
	watch_traced(world_site(w, 0), &e);
	assert_int_equal(world_print_violations(w), 0);
	e.other = "site1";
	watch_traced(world_site(w, 0), &e);
	assert_reported(w, 1, "peer-overlap of 99-100: site1 does not have 100-100");
	e.other = NULL;
	watch_traced(world_site(w, 0), &e);
	assert_reported(w, 1, "peer-overlap of 99-100: nobody does not have 100-100");
	e.other = "p0";
	e.range = e.range2;
	watch_traced(world_site(w, 0), &e);
	assert_reported(w, 1, "100-100 does not overlap 100-100");
	end(w);
}

/* The left router hears of this network and refuses it, or so it seems. */
static void refuse(struct world *w, enum aurp_msg msg, uint16_t first, uint16_t last)
{
	const struct trace_event dropped = { .kind = TRACE_DROPPED, .drop = DROP_AURP_OVERLAP };
	const struct aurp_network n = { { first, last, true }, 1 };
	const struct aurp_event ev = { AURP_EV_NA, n.range, 1 };
	uint8_t body[16];
	struct wr out = wr_over(body, sizeof body);

	if (msg == AURP_RI_RSP)
		aurp_encode_network(&out, &n);
	else
		aurp_encode_event(&out, &ev);
	watch_networks_heard(world_site(w, 0), msg, rd_over(body, wr_len(&out)));
	watch_traced(world_site(w, 0), &dropped);
}

static void test_a_refusal_that_is_not_told_is_seen(void **state)
{
	const struct trace_event told = { .kind = TRACE_PEER_OVERLAP, .peer = "site1",
		.other = "site1", .range = { 199, 205, true }, .range2 = { 200, 200, true } };
	struct world *w = pair();

	(void)state;
	refuse(w, AURP_RI_RSP, 199, 205);
	watch_traced(world_site(w, 0), &told);
	watch_tunnel_done(world_site(w, 0));
	/* Nobody has these: what was in the way has gone by now. */
	refuse(w, AURP_RI_RSP, 300, 301);
	watch_tunnel_done(world_site(w, 0));
	assert_int_equal(world_print_violations(w), 0);
	refuse(w, AURP_RI_RSP, 199, 205);
	watch_tunnel_done(world_site(w, 0));
	assert_reported(w, 1, "refuses a network for another and does not say so");
	refuse(w, AURP_RI_UPD, 199, 205);
	watch_tunnel_done(world_site(w, 0));
	assert_reported(w, 1, "refuses a network for another and does not say so");
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_entries_that_overlap_are_seen),
		cmocka_unit_test(test_an_attached_network_that_gave_way_is_seen),
		cmocka_unit_test(test_a_quarrel_with_a_wrong_owner_is_seen),
		cmocka_unit_test(test_a_refusal_that_is_not_told_is_seen),
	};

	return cmocka_run_group_tests_name("watch-table", tests, NULL, NULL);
}
