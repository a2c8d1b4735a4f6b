/*
 * core/peer_keepalive.c: who is sent a Tickle in time, so that translators forget nothing,
 * and that nobody else is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "aurp_rig.h"

static const uint32_t HOME = 0xC0A80105, FAR = 0xCB007107;	/* 192.168.1.5, 203.0.113.7 */

/* Tickles within so many seconds; other packets of the mate are answered as they should be. */
static unsigned int count_tickles(struct mate *m, int64_t seconds)
{
	struct instant end = instant_add(m->lab->rig->now, span_s(seconds));
	const struct sent *s;
	unsigned int n = 0;

	while ((s = mate_await_any(m, instant_since(end, m->lab->rig->now))) != NULL) {
		if (s->h.msg == AURP_TICKLE) {
			n++;
			mate_tickle_ack(m);
		}
	}
	return n;
}

/* Connected both ways; silence is asked about after a quarter of an hour. */
static struct lab *connected(struct mate *m, struct config_keepalive tunnel,
	struct config_keepalive peer, uint32_t address, uint32_t di)
{
	struct lab *lab = lab_new(1);

	lab->tunnels[0].last_heard_timeout = span_s(900);
	lab->tunnels[0].keepalive = tunnel;
	lab->peers[0][0].keepalive = peer;
	lab_start(lab);
	*m = mate_of(lab, 0);
	m->at.ip = address;
	m->di.ip = di;
	mate_join(m);
	mate_forget(m);
	return lab;
}

static const struct config_keepalive unset = { KEEPALIVE_UNSET, { 0 } };
static const struct config_keepalive every_10 = { KEEPALIVE_EVERY, { 10 * 1000000 } };
static const struct config_keepalive never = { KEEPALIVE_EVERY, { 0 } };

static void test_a_peer_that_is_where_it_says_is_left_in_peace(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, unset, unset, 0x0A000002, 0x0A000002);

	(void)state;
	assert_int_equal(count_tickles(&m, 600), 0);
	lab_free(lab);
}

static void test_a_peer_behind_a_translator_is_sent_something_every_25_seconds(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, unset, unset, 0x0A000002, HOME);

	(void)state;
	assert_in_range(count_tickles(&m, 600), 600 / 25 - 1, 600 / 25);
	lab_free(lab);
}

/* Its data receiver alone is connected to us: that is asked. */
static void test_one_direction_alone_is_kept_alive_too(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, unset, every_10, 0x0A000002, 0x0A000002);
	const struct sent *s;
	unsigned int questions = 0;

	(void)state;
	/* Our data receiver hears a number too far, and is not let in again. */
	mate_ri_upd(&m, m.sequence + 1, EVENTS({ AURP_EV_NA, net(201), 0 }));
	for (int i = 0; i < 900; i++) {
		lab_run(lab, span_s(1));
		while ((s = mate_find(&m)) != NULL)
			if (mate_take(&m, s->h.msg)->h.msg == AURP_RI_UPD) {
				mate_ack(&m, s->h.sequence, 0);
				questions += i >= 800;
			}
	}
	assert_in_range(questions, 8, 10);
	assert_string_equal(lab_peer(lab, "p0").send, "connected");
	lab_free(lab);
}

static void test_what_is_sent_anyway_counts(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, unset, unset, 0x0A000002, HOME);

	(void)state;
	for (int i = 0; i < 30; i++) {
		assert_int_equal(count_tickles(&m, 20), 0);
		mate_tickle(&m);
		mate_take(&m, AURP_TICKLE_ACK);
	}
	lab_free(lab);
}

static void test_the_configuration_decides(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, every_10, unset, 0x0A000002, 0x0A000002);

	(void)state;
	assert_in_range(count_tickles(&m, 100), 9, 11);
	/* A peer's own word counts for more; a reload is enough. */
	lab->peers[0][0].keepalive = never;
	lab_apply(lab);
	assert_int_equal(count_tickles(&m, 600), 0);
	lab->peers[0][0].keepalive = every_10;
	lab->tunnels[0].keepalive = never;
	lab_apply(lab);
	assert_in_range(count_tickles(&m, 100), 9, 11);
	lab_free(lab);
	lab = connected(&m, never, unset, 0x0A000002, HOME);
	assert_int_equal(count_tickles(&m, 600), 0);
	lab_free(lab);
}

static void test_a_site_that_nobody_can_reach_holds_its_door_open(void **state)
{
	struct mate m;
	struct lab *lab = connected(&m, unset, unset, FAR, FAR);

	(void)state;
	/* Our identifier is 10.0.0.1, and the peer's address is a public one. */
	assert_in_range(count_tickles(&m, 100), 3, 5);
	/* With a public identifier, it is the address that packets leave from. */
	router_tunnel_leaves_from(lab->rig->r, lab->rig->now, lab->tunnel[0], FAR + 1);
	assert_int_equal(count_tickles(&m, 600), 0);
	router_tunnel_leaves_from(lab->rig->r, lab->rig->now, lab->tunnel[0], HOME);
	assert_in_range(count_tickles(&m, 100), 3, 5);
	lab_free(lab);
}

static void test_every_private_block_is_known(void **state)
{
	/* 172.16.0.1, 172.31.255.254, 100.64.0.1, 169.254.1.1; and their neighbours outside */
	static const uint32_t private[] = { 0xAC100001, 0xAC1FFFFE, 0x64400001, 0xA9FE0101 };
	static const uint32_t public[] = { 0xAC200001, 0xAC0F0001, 0x64800001, 0xA9FD0101 };
	struct mate m;
	struct lab *lab = connected(&m, unset, unset, FAR, FAR);

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		router_tunnel_leaves_from(
			lab->rig->r, lab->rig->now, lab->tunnel[0], private[i]);
		assert_in_range(count_tickles(&m, 100), 3, 5);
		router_tunnel_leaves_from(lab->rig->r, lab->rig->now, lab->tunnel[0], public[i]);
		assert_int_equal(count_tickles(&m, 100), 0);
	}
	lab_free(lab);
}

/* Neither changes anything: nobody answered at that address, or it is next door. */
static void test_a_call_that_proves_no_forwarded_port_leaves_the_door_to_us(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m, forger, neighbour;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(900);
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	m.at.ip = m.di.ip = FAR;
	mate_join(&m);
	forger = mate_of(lab, 1);
	forger.at.ip = forger.di.ip = FAR + 9;
	mate_open_req(&forger);
	neighbour = mate_of(lab, 2);
	mate_open_req(&neighbour);
	neighbour.dut_id = mate_take(&neighbour, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&neighbour, 1);
	assert_states(lab, "10.0.0.4", "wait-ri-rsp", "unconnected");
	assert_in_range(count_tickles(&m, 100), 3, 5);
	lab_free(lab);
}

/* It is listed, and calls long after our last call; but it may be a forger who does. */
static void test_the_call_of_a_listed_peer_counts_when_it_is_there(void **state)
{
	struct lab *lab = lab_new(2);
	struct mate m, other;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(900);
	lab_start(lab);
	m = mate_of(lab, 0);
	m.at.ip = m.di.ip = FAR;
	mate_join(&m);
	other = mate_of(lab, 1);
	other.at.ip = other.di.ip = FAR + 9;
	mate_resolve(&other);
	count_tickles(&m, 1000);
	mate_forget(&other);
	while (!mate_find(&other))
		count_tickles(&m, 1);
	mate_forget(&other);
	count_tickles(&m, 190);
	mate_open_req(&other);
	mate_take(&other, AURP_OPEN_RSP);
	other.dut_id = mate_take(&other, AURP_OPEN_REQ)->h.connection;
	assert_in_range(count_tickles(&m, 100), 3, 5);
	mate_open_rsp(&other, 1);
	assert_int_equal(count_tickles(&m, 600), 0);
	lab_free(lab);
}

/* Behind a translator that changes the port and nothing else. */
static void test_a_port_that_differs_is_a_translator(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m, at;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(900);
	lab_start(lab);
	at = m = mate_of(lab, 0);
	mate_resolve(&at);
	lab_run(lab, span_s(2));
	m.at.port = 40001;
	mate_open_req(&m);
	m.dut_id = mate_take(&m, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&m, 1);
	mate_forget(&m);
	mate_ri_rsp(&m, 1, AURP_LAST, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(&m, 200, ZONES("Far"));
	mate_forget(&m);
	assert_in_range(count_tickles(&m, 600), 600 / 25 - 2, 600 / 25 + 1);
	lab_free(lab);
}

static void test_auto_of_a_peer_counts_for_more_than_its_tunnels_number(void **state)
{
	static const struct config_keepalive by_itself = { KEEPALIVE_AUTO, { 0 } };
	struct mate m;
	struct lab *lab = connected(&m, never, by_itself, 0x0A000002, HOME);

	(void)state;
	assert_in_range(count_tickles(&m, 100), 3, 4);
	lab_free(lab);
}

static void test_who_was_called_by_itself_needs_not_hold_it(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m, other;

	(void)state;
	lab->tunnels[0].last_heard_timeout = span_s(900);
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	m.at.ip = m.di.ip = FAR;
	mate_join(&m);
	assert_in_range(count_tickles(&m, 100), 3, 5);
	/* We have sent nothing there yet, so nothing of ours let it in. */
	other = mate_of(lab, 1);
	other.at.ip = other.di.ip = FAR + 9;
	other.id = 0x4444;
	mate_open_req(&other);
	other.dut_id = mate_take(&other, AURP_OPEN_REQ)->h.connection;
	mate_open_rsp(&other, 1);
	mate_take(&other, AURP_RI_REQ);
	assert_int_equal(count_tickles(&m, 600), 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_peer_that_is_where_it_says_is_left_in_peace),
		cmocka_unit_test(
			test_a_peer_behind_a_translator_is_sent_something_every_25_seconds),
		cmocka_unit_test(test_one_direction_alone_is_kept_alive_too),
		cmocka_unit_test(test_what_is_sent_anyway_counts),
		cmocka_unit_test(test_the_configuration_decides),
		cmocka_unit_test(test_a_site_that_nobody_can_reach_holds_its_door_open),
		cmocka_unit_test(test_every_private_block_is_known),
		cmocka_unit_test(
			test_a_call_that_proves_no_forwarded_port_leaves_the_door_to_us),
		cmocka_unit_test(test_the_call_of_a_listed_peer_counts_when_it_is_there),
		cmocka_unit_test(test_a_port_that_differs_is_a_translator),
		cmocka_unit_test(test_auto_of_a_peer_counts_for_more_than_its_tunnels_number),
		cmocka_unit_test(test_who_was_called_by_itself_needs_not_hold_it),
	};

	return cmocka_run_group_tests_name("peer_keepalive", tests, NULL, NULL);
}
