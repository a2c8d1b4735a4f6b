/*
 * core/aurp_view.c: a network that takes over some of the numbers of another one
 * which the peer still knows is not told before that is deleted, in lists too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

static const struct span interval = { 120 * 1000000 };

/* The mate knows our cable and the network old; that goes, and new comes, within an interval. */
static struct lab *lab_with_change(struct mate *m, struct at_range old, struct at_range new)
{
	struct lab *lab = lab_new(1);

	lab->tunnels[0].update_interval = interval;
	lab->tunnels[0].last_heard_timeout = span_s(600);	/* no tickles, no probes */
	lab_start(lab);
	*m = mate_of(lab, 0);
	lab_net(lab, old, 1, "Near");
	mate_join(m);
	assert_int_equal(lab_peer(lab, "p0").told, 2);
	lab_net_gone(lab, old.first);
	lab_run(lab, span_s(60));
	assert_null(rig_route(lab->rig, old.first));
	lab_net(lab, new, 1, "Near");
	mate_forget(m);
	return lab;
}

static void check(struct at_range old, struct at_range new)
{
	struct aurp_network listed[4];
	struct aurp_event event[4];
	const struct sent *s;
	struct mate m;
	struct lab *lab = lab_with_change(&m, old, new);

	/* It asks for the list before the interval is over. */
	mate_ri_req(&m, AURP_SUI_ALL);
	s = mate_take(&m, AURP_RI_RSP);
	assert_int_equal(sent_networks(s, listed, 4), 1);
	assert_true(at_range_eq(listed[0].range, lab->cable));
	mate_ack(&m, s->h.sequence, 0);
	s = mate_await(&m, AURP_RI_UPD, interval);
	assert_int_equal(sent_events(s, event, 4), 1);
	assert_int_equal(event[0].code, AURP_EV_ND);
	assert_true(at_range_eq(event[0].range, old));
	mate_ack(&m, s->h.sequence, 0);
	s = mate_await(&m, AURP_RI_UPD, interval);
	assert_one_event(s, AURP_EV_NA, new, 1);
	lab_free(lab);
}

static void test_a_part_of_a_range_waits_for_the_deletion_of_the_whole(void **state)
{
	(void)state;
	check(nets(20, 29), nets(22, 24));
}

static void test_a_range_around_another_waits_for_its_deletion(void **state)
{
	(void)state;
	check(nets(22, 24), nets(20, 29));
}

/* The last number of one is the first of the other: they are in the same pass, in this order. */
static void test_a_range_that_shares_one_number_waits_for_the_deletion(void **state)
{
	(void)state;
	check(nets(20, 29), nets(29, 35));
	check(nets(20, 29), nets(15, 20));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_part_of_a_range_waits_for_the_deletion_of_the_whole),
		cmocka_unit_test(test_a_range_around_another_waits_for_its_deletion),
		cmocka_unit_test(test_a_range_that_shares_one_number_waits_for_the_deletion),
	};

	return cmocka_run_group_tests_name("aurp_view_overlap", tests, NULL, NULL);
}
