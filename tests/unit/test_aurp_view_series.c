/* core/aurp_view.c and aurp_send.c: long updates and views on new connections (aurp S22, U21). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* One mate, joined; the next update carries number 2. */
static struct lab *lab_joined(struct mate *m)
{
	struct lab *lab = lab_up(1);

	*m = mate_of(lab, 0);
	mate_join(m);
	return lab;
}

static const struct sent *next_update(struct mate *m)
{
	const struct sent *s = mate_await(m, AURP_RI_UPD, span_s(11));

	mate_ack(m, s->h.sequence, 0);
	return s;
}

/* --- long updates -------------------------------------------------------------------------- */

static void test_aurp_S22_S3_U17_a_long_update_comes_back_to_back(void **state)
{
	static uint8_t seen[65536];
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct instant start;
	size_t told = 0;
	uint16_t number = 2;

	(void)state;
	memset(seen, 0, sizeof(seen));
	for (uint16_t n = 1001; n <= 1300; n++)
		lab_net(lab, net(n), 2, "Near");
	while (!mate_find(&m))
		lab_run(lab, span_ms(10));
	start = lab->rig->now;
	while (told < 300) {
		const struct sent *s = mate_take(&m, AURP_RI_UPD);
		struct aurp_event ev[200];
		size_t n = sent_events(s, ev, 200);

		assert_int_equal(s->h.sequence, number++);
		assert_null(mate_find(&m));
		for (size_t i = 0; i < n; i++)
			assert_int_equal(seen[ev[i].range.first]++, 0);
		told += n;
		/* Something more to say about a network that has had its event in this update. */
		if (told == n)
			lab_net_gone(lab, 1001);
		mate_ack(&m, s->h.sequence, 0);
	}
	assert_int_equal(instant_since(lab->rig->now, start).us, 0);
	assert_int_equal(number, 5);
	assert_null(mate_find(&m));
	assert_one_event(next_update(&m), AURP_EV_ND, net(1001), 0);
	lab_free(lab);
}

/* --- new connections ----------------------------------------------------------------------- */

static void test_aurp_U21_a_new_peer_and_an_old_one_end_with_the_same_view(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate old = mate_of(lab, 0), new = mate_of(lab, 1);

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	lab_net(lab, net(21), 2, "Near");
	mate_join(&old);
	/* One comes, one goes, one moves; the new peer arrives before that is told. */
	lab_net(lab, net(22), 2, "Near");
	lab_net_gone(lab, 20);
	lab_net(lab, net(21), 5, NULL);
	mate_serve(&new, NETWORKS({ net(0), 0 }));
	assert_int_equal(mate_subscribe(&new), 3);
	lab_run(lab, span_s(11));
	mate_ack(&old, mate_take(&old, AURP_RI_UPD)->h.sequence, 0);
	mate_forget(&new);
	mate_assert_silence(&new, span_s(12));
	{
		const struct peer *p =
			container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
		const struct peer *q =
			container_of(lab->tunnel[0]->peers.prev, struct peer, in_tunnel);

		assert_int_equal(p->send.view.used, 3);
		assert_int_equal(q->send.view.used, 3);
		for (size_t i = 0; i < 3; i++) {
			assert_int_equal(
				p->send.view.told[i].range.first, q->send.view.told[i].range.first);
			assert_int_equal(
				p->send.view.told[i].distance, q->send.view.told[i].distance);
		}
	}
	lab_free(lab);
}

static void test_aurp_U21_a_list_on_request_is_completed_by_deletions(
	void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct aurp_network n[4];

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	next_update(&m);
	lab_net_gone(lab, 20);
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(sent_networks(mate_take(&m, AURP_RI_RSP), n, 4), 1);
	mate_ack(&m, 3, 0);
	assert_one_event(next_update(&m), AURP_EV_ND, net(20), 0);
	lab_free(lab);
}

static void test_aurp_U21_what_the_last_list_left_out_is_added_when_it_is_back(void **state)
{
	struct mate m;
	struct lab *lab = lab_joined(&m);
	struct aurp_network n[4];

	(void)state;
	lab_net(lab, net(20), 2, "Near");
	next_update(&m);
	/* Away just when the peer asks for everything; a peer that sweeps has lost it then. */
	mate_update(&m, EVENTS({ AURP_EV_NA, net(20), 0 }));
	mate_ri_req(&m, AURP_SUI_ALL);
	assert_int_equal(sent_networks(mate_take(&m, AURP_RI_RSP), n, 4), 1);
	mate_ack(&m, 3, 0);
	mate_update(&m, EVENTS({ AURP_EV_ND, net(20), 0 }));
	assert_one_event(next_update(&m), AURP_EV_NA, net(20), 2);
	assert_int_equal(lab_peer(lab, "p0").told, 2);
	mate_assert_silence(&m, span_s(25));
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_S22_S3_U17_a_long_update_comes_back_to_back),
		cmocka_unit_test(test_aurp_U21_a_new_peer_and_an_old_one_end_with_the_same_view),
		cmocka_unit_test(test_aurp_U21_a_list_on_request_is_completed_by_deletions),
		cmocka_unit_test(
			test_aurp_U21_what_the_last_list_left_out_is_added_when_it_is_back),
	};

	return cmocka_run_group_tests_name("aurp_view_series", tests, NULL, NULL);
}
