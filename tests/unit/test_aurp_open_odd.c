/*
 * Open-Reqs that are odd: malformed ones of strangers, and those of another
 * domain at the address of a peer (aurp A19, C15).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

static void test_a_stranger_whose_options_are_cut_is_not_answered(void **state)
{
	static const uint8_t body[] = { 0, 1, 2, 5, 1, 'x' };	/* of two options not even one */
	struct lab *lab = lab_new(0);
	struct mate m = mate_of(lab, 0);

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = 4;
	lab_start(lab);
	mate_say(&m, (struct aurp){ .connection = 7, .msg = AURP_OPEN_REQ }, body, sizeof(body));
	assert_null(mate_find(&m));
	assert_int_equal(router_summary(lab->rig->r).peers, 0);
	assert_int_equal(lab_count(lab, "t0", "aurp-malformed"), 1);
	lab_free(lab);
}

/* We receive from the peer; what opens the other direction says another domain. */
static void test_another_domain_opens_nothing_while_the_peer_is_there(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), other = m;

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	lab_run(lab, span_s(1));
	mate_forget(&m);
	other.di.ip += 100;
	mate_open_req(&other);
	/* It is not answered: the one that is connected is asked whether it is still there. */
	mate_take(&m, AURP_TICKLE);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "peer-bad-di"), 1);
	mate_tickle_ack(&m);
	assert_states(lab, "p0", "connected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), 1);
	/* Its own Open-Req is welcome as ever. */
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_stranger_whose_options_are_cut_is_not_answered),
		cmocka_unit_test(test_another_domain_opens_nothing_while_the_peer_is_there),
	};

	return cmocka_run_group_tests_name("aurp_open_odd", tests, NULL, NULL);
}
