/* core/tunnel.c: whose packet it is, reload (aurp T11, T29, A19). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* A datagram from `src` to `dst`, 4 bytes of data. */
static size_t datagram(
	uint8_t *bytes, size_t size, struct at_sockaddr dst, struct at_sockaddr src, uint8_t hops)
{
	struct wr w = wr_over(bytes, size);
	const struct ddp h = {
		.hops = hops, .len = DDP_LONG_HEADER + 4, .dst = dst, .src = src, .type = 22};

	ddp_encode_long(&w, &h);
	wr_bytes(&w, "data", 4);
	return wr_len(&w);
}

static void test_aurp_T29_X4_strangers_are_dropped_without_an_answer(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate stranger = mate_of(lab, 5);
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 },
		(struct at_sockaddr){ 200, 9, 4 }, 0);

	(void)state;
	rig_clear(lab->rig);
	mate_open_req(&stranger);
	mate_tickle(&stranger);
	mate_data(&stranger, bytes, n);
	mate_assert_silence(&stranger, span_s(5));
	assert_int_equal(lab_count(lab, "t0", "peer-unknown"), 3);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_UNKNOWN), 1);
	assert_int_equal(router_summary(lab->rig->r).peers, 1);
	lab_free(lab);
}

static void test_two_peers_on_one_address_are_told_apart_by_their_ports(void **state)
{
	struct lab *lab = lab_new(2);
	struct mate m, n, lost;

	(void)state;
	lab->peers[0][1].port = 1387;
	lab_start(lab);
	m = mate_of(lab, 0);
	n = mate_of(lab, 1);
	n.at = (struct endpoint){ m.at.ip, 1387 };
	n.di = m.di;
	mate_resolve(&m);
	mate_resolve(&n);
	mate_join(&m);
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	mate_subscribe(&n);
	assert_states(lab, "p0", "connected", "connected");
	assert_states(lab, "p1", "connected", "connected");
	mate_forget(&n);
	mate_tickle(&n);
	mate_take(&n, AURP_TICKLE_ACK);
	/* A third port on that address could be either: nobody's. */
	lost = m;
	lost.at.port = 5555;
	mate_tickle(&lost);
	assert_int_equal(lab_count(lab, "t0", "peer-unknown"), 1);
	lab_free(lab);
}

static void test_source_identifier_stays_the_same_while_connected(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forged;
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 },
		(struct at_sockaddr){ 200, 9, 4 }, 0);

	(void)state;
	mate_join(&m);
	forged = m;
	forged.di.ip++;
	mate_tickle(&forged);
	mate_data(&forged, bytes, n);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "peer-bad-di"), 2);
	mate_tickle(&m);
	mate_take(&m, AURP_TICKLE_ACK);
	lab_free(lab);
}

static void test_aurp_T11_two_peers_with_one_identifier_are_reported(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);

	(void)state;
	n.di = m.di;
	mate_join(&m);
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_SAME_DI), 0);
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	assert_int_equal(rig_noted(lab->rig, TRACE_PEER_SAME_DI), 1);
	assert_string_equal(rig_last(lab->rig, TRACE_PEER_SAME_DI)->other, "p0");
	lab_free(lab);
}

static void test_data_without_a_connection_is_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 },
		(struct at_sockaddr){ 200, 9, 4 }, 0);

	(void)state;
	mate_resolve(&m);
	mate_data(&m, bytes, n);
	assert_int_equal(lab_count(lab, "p0", "peer-not-connected"), 1);
	lab_free(lab);
}

static void test_reload_keeps_the_peers_that_stay(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1), late = mate_of(lab, 2);

	(void)state;
	mate_join(&m);
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	mate_subscribe(&n);
	mate_forget(&n);
	/* p1 goes, p2 comes, p0 does not notice. */
	lab->peers[0][1] = lab->peers[0][2];
	lab_apply(lab);
	mate_take(&n, AURP_RD);
	assert_int_equal(lab_distance(lab, 300), -1);
	assert_int_equal(lab_distance(lab, 200), 1);
	mate_resolve(&late);
	mate_take(&late, AURP_OPEN_REQ);
	assert_states(lab, "p0", "connected", "connected");
	lab_run(lab, span_s(6));
	assert_false(lab_has_peer(lab, "p1"));
	assert_int_equal(router_summary(lab->rig->r).peers, 2);
	mate_assert_silence(&m, span_s(1));
	lab_free(lab);
}

static void test_losing_the_socket_closes_and_getting_it_back_opens(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	router_tunnel_down(lab->rig->r, lab->rig->now, lab->tunnel[0]);
	mate_take(&m, AURP_RD);
	assert_non_null(strstr(rig_last(lab->rig, TRACE_PEER_DOWN)->event.text,
		"our own address changed"));
	assert_states(lab, "p0", "unconnected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_assert_silence(&m, span_s(600));
	mate_tickle(&m);
	assert_int_equal(lab_count(lab, "t0", "port-not-ready"), 1);
	router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[0], &lab->tunnels[0],
		(struct domain_id){ DI_IP, LAB_OWN_ID });
	mate_take(&m, AURP_OPEN_REQ);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_T29_X4_strangers_are_dropped_without_an_answer),
		cmocka_unit_test(test_two_peers_on_one_address_are_told_apart_by_their_ports),
		cmocka_unit_test(test_source_identifier_stays_the_same_while_connected),
		cmocka_unit_test(test_aurp_T11_two_peers_with_one_identifier_are_reported),
		cmocka_unit_test(test_data_without_a_connection_is_dropped),
		cmocka_unit_test(test_reload_keeps_the_peers_that_stay),
		cmocka_unit_test(test_losing_the_socket_closes_and_getting_it_back_opens),
	};

	return cmocka_run_group_tests_name("tunnel_peers", tests, NULL, NULL);
}
