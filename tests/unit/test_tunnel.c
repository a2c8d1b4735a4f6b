/* core/tunnel.c: domain headers, data, several tunnels (aurp T). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_rig.h"
#include "peer_state.h"

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

static void test_aurp_T3_T4_T5_T9_T10_domain_header_comes_from_the_addresses_alone(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t routing[] = {
		7, 1, 0, 0, 10, 0, 0, 2, 7, 1, 0, 0, 10, 0, 0, 1, 0, 1, 0, 0, 0, 3};
	const uint8_t data[] = {7, 1, 0, 0, 10, 0, 0, 2, 7, 1, 0, 0, 10, 0, 0, 1, 0, 1, 0, 0, 0, 2};
	struct station a = station_a(lab->rig);
	const struct sent *s;

	(void)state;
	mate_resolve(&m);
	s = mate_find(&m);
	assert_int_equal(s->h.msg, AURP_OPEN_REQ);
	assert_memory_equal(s->raw, routing, sizeof(routing));
	mate_join(&m);
	station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, "data", 4);
	s = mate_take(&m, AURP_MSG_COUNT);
	assert_memory_equal(s->raw, data, sizeof(data));
	assert_int_equal(s->raw_len, AURP_DOMAIN_HEADER + DDP_LONG_HEADER + 4);
	assert_memory_equal(s->raw + s->raw_len - 4, "data", 4);
	lab_free(lab);
}

static void test_aurp_T23_hop_count_rises_when_a_packet_enters_the_tunnel(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct station a = station_a(lab->rig);
	struct ddp h;
	struct rd r;

	(void)state;
	mate_join(&m);
	station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, "data", 4);
	r = mate_take(&m, AURP_MSG_COUNT)->body;
	assert_true(ddp_decode_long(&r, &h));
	assert_int_equal(h.hops, 1);
	assert_int_equal(h.dst.net, 200);
	assert_int_equal(h.src.net, a.addr.net);
	lab_free(lab);
}

static void test_aurp_T12_packet_goes_to_the_router_that_is_next_and_to_no_other(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);
	struct station a = station_a(lab->rig);

	(void)state;
	mate_serve(&m, NETWORKS({ net(200), 0 }));
	mate_serve(&n, NETWORKS({ net(300), 0 }));
	mate_forget(&m);
	station_send(&a, (struct at_sockaddr){ 300, 9, 4 }, 77, 22, "data", 4);
	assert_null(mate_find(&m));
	mate_take(&n, AURP_MSG_COUNT);
	lab_free(lab);
}

static void test_aurp_T13_data_from_the_tunnel_reaches_the_cable_unchanged(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct station a = station_a(lab->rig);
	struct at_sockaddr dst = { a.addr.net, a.addr.node, 77 };
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), dst, (struct at_sockaddr){ 200, 9, 4 }, 2);
	const struct heard *f;

	(void)state;
	mate_join(&m);
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ {0}},
		lab->rig->link[0].port->addr);
	mate_data(&m, bytes, n);
	f = rig_take(lab->rig, 0, 22);
	assert_true(mac_eq(f->elap.dst, a.mac));
	ddp_set_hops(bytes, 3);
	assert_int_equal(f->pkt.len, n);
	assert_memory_equal(f->pkt.data, bytes, n);
	lab_free(lab);
}

/* A Loop Probe of somebody else's: an RTMP packet, function 4, from a network nobody here knows. */
static void test_aurp_L12_M23_a_foreign_loop_probe_is_forwarded_as_it_is(void **state)
{
	static const uint8_t probe[] = { 4, 0, 0, 0, 0, 0xC0, 0xFF, 0xEE, 0x15, 0x04 };
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const struct ddp h = { .hops = 2, .dst = { 20, 0, AT_SOCKET_RTMP },
		.src = { 777, 9, AT_SOCKET_RTMP }, .type = DDP_RTMP_REQUEST };
	uint8_t bytes[DDP_LONG_HEADER + sizeof probe];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct ddp there = h;
	const struct heard *f;

	(void)state;
	mate_join(&m);
	lab_net(lab, net(20), 3, "Near");
	there.len = sizeof bytes;
	ddp_encode_long(&w, &there);
	wr_bytes(&w, probe, sizeof probe);
	assert_null(rig_route(lab->rig, 777));
	rig_clear(lab->rig);
	mate_data(&m, bytes, sizeof bytes);
	f = rig_take(lab->rig, 0, DDP_RTMP_REQUEST);
	ddp_set_hops(bytes, 3);
	assert_int_equal(f->pkt.len, sizeof bytes);
	assert_memory_equal(f->pkt.data, bytes, sizeof bytes);
	lab_free(lab);
}

static void test_aurp_T24_fifteen_hops_reach_the_attached_cable_and_no_further(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct station a = station_a(lab->rig);
	uint8_t bytes[40];
	size_t n;

	(void)state;
	lab_net(lab, net(20), 1, "Near");
	mate_join(&m);
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ {0}},
		lab->rig->link[0].port->addr);
	rig_clear(lab->rig);
	n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 20, 3, 77 },
		(struct at_sockaddr){ 200, 9, 4 }, 15);
	mate_data(&m, bytes, n);
	assert_null(rig_find(lab->rig, 0, 22));
	assert_int_equal(lab_count(lab, "p0", "ddp-too-many-hops"), 1);
	n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 },
		(struct at_sockaddr){ 200, 9, 4 }, 15);
	mate_data(&m, bytes, n);
	assert_int_equal(rig_take(lab->rig, 0, 22)->ddp.hops, 15);
	lab_free(lab);
}

static void test_aurp_T14_the_largest_datagram_crosses_whole(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct station a = station_a(lab->rig);
	uint8_t body[DDP_DATA_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(body); i++)
		body[i] = (uint8_t)i;
	mate_join(&m);
	station_send(&a, (struct at_sockaddr){ 200, 9, 4 }, 77, 22, body, sizeof(body));
	/* One UDP payload of 621 bytes; fragments are IP's business. */
	assert_int_equal(mate_find(&m)->raw_len, 621);
	assert_memory_equal(mate_find(&m)->raw + 35, body, sizeof(body));
	lab_free(lab);
}

/* A routing packet with these first bytes up to the type, then a Tickle. */
static void say_tickle_after(const struct mate *m, const uint8_t *header, size_t n)
{
	uint8_t bytes[64];
	struct wr w = wr_over(bytes, sizeof(bytes));

	wr_bytes(&w, header, n);
	aurp_encode(&w, &(struct aurp){ m->id, 0, 0, AURP_TICKLE });
	assert_true(wr_ok(&w));
	mate_say_raw(m, bytes, wr_len(&w));
}

/* It would leave without its domain header. */
static void test_a_packet_without_room_for_its_header_does_not_leave(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	struct peer *p;
	uint8_t bytes[100];
	struct pkt pkt;

	(void)state;
	mate_join(&m);
	mate_forget(&m);
	p = container_of(lab->tunnel[0]->peers.next, struct peer, in_tunnel);
	pkt = pkt_over(bytes, sizeof bytes, AURP_DOMAIN_HEADER - 1);
	pkt.len = datagram(pkt.data, 50, (struct at_sockaddr){ 200, 1, 4 },
		(struct at_sockaddr){ 10, 1, 4 }, 0);
	peer_send_data(p, &pkt);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "tunnel-no-headroom"), 1);
	assert_int_equal(lab_count(lab, "p0", "data-tx"), 0);
	lab_free(lab);
}

static void test_aurp_T7_reserved_authority_is_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t source[] = {
		7, 1, 0, 0, 10, 0, 0, 1, 7, 2, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3};
	const uint8_t destination[] = {
		7, 2, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3};

	(void)state;
	mate_join(&m);
	say_tickle_after(&m, source, sizeof(source));
	say_tickle_after(&m, destination, sizeof(destination));
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "t0", "domain-bad-authority"), 2);
	lab_free(lab);
}

static void test_aurp_T8_identifiers_are_walked_by_their_length_byte(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t null_destination[] = { 1, 0, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };
	const uint8_t even[] = { 6, 1, 0, 0, 10, 0, 0, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };
	const uint8_t long_null[] = { 3, 0, 0, 0, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };
	const uint8_t short_ip[] = { 5, 1, 0, 0, 10, 0, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };

	(void)state;
	mate_join(&m);
	say_tickle_after(&m, null_destination, sizeof(null_destination));
	mate_take(&m, AURP_TICKLE_ACK);
	assert_int_equal(lab_count(lab, "p0", "wrong-di"), 1);
	say_tickle_after(&m, even, sizeof(even));
	say_tickle_after(&m, long_null, sizeof(long_null));
	say_tickle_after(&m, short_ip, sizeof(short_ip));
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "t0", "domain-malformed"), 3);
	lab_free(lab);
}

static void test_aurp_T26_unknown_version_and_type_are_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t version[] = {
		7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 2, 0, 0, 0, 3};
	const uint8_t type[] = {7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 4};

	(void)state;
	mate_join(&m);
	say_tickle_after(&m, version, sizeof(version));
	say_tickle_after(&m, type, sizeof(type));
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "t0", "domain-bad-version"), 1);
	assert_int_equal(lab_count(lab, "t0", "domain-bad-type"), 1);
	lab_free(lab);
}

/* Cut at every length, in memory of exactly that size; what is left must not count as the whole. */
static void cut_everywhere(const struct mate *m, const uint8_t *bytes, size_t n)
{
	for (size_t cut = 0; cut < n; cut++)
		mate_say_raw(m, bytes, cut);
}

static void test_aurp_T27_X5_cut_packets_change_nothing(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t tickle[] = {7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0,
		3, 0x12, 0x34, 0, 0, 0, 14, 0, 0};
	const uint8_t rd[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3,
		0x12, 0x34, 0, 0, 0, 5, 0, 0, 0xFF, 0xFF };
	const uint8_t zi_req[] = {7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0,
		3, 0x12, 0x34, 0, 0, 0, 6, 0, 0, 0, 1, 0, 3};
	uint64_t dropped;

	(void)state;
	mate_join(&m);
	cut_everywhere(&m, tickle, sizeof(tickle));
	cut_everywhere(&m, rd, sizeof(rd));
	cut_everywhere(&m, zi_req, sizeof(zi_req));
	assert_null(mate_find(&m));
	assert_states(lab, "p0", "connected", "connected");
	dropped = lab_count(lab, "t0", "domain-malformed") + lab_count(lab, "p0", "aurp-malformed");
	assert_int_equal(dropped, sizeof(tickle) + sizeof(rd) + sizeof(zi_req));
	lab_free(lab);
}

static void test_aurp_T17_what_one_tunnel_brings_is_exported_on_the_other(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m = mate_of(lab, 0), other = mate_of(lab, 0);
	const struct sent *s;

	(void)state;
	lab->rig->config.n_tunnels = 2;
	lab->tunnels[1].n_peers = 1;
	lab_start(lab);
	other.tunnel = 1;
	other.name = "q0";
	other.at.ip = LAB_OWN_ID + 0x102;
	other.di.ip = other.at.ip;
	mate_serve(&other, NETWORKS({ net(999), 0 }));
	mate_zi_rsp(&other, 999, ZONES("Elsewhere"));
	mate_subscribe(&other);
	mate_join(&m);
	mate_forget(&other);
	lab_run(lab, span_s(11));
	s = mate_take(&other, AURP_RI_UPD);
	/* One hop to the mate's network, from us. */
	assert_one_event(s, AURP_EV_NA, net(200), 1);
	lab_free(lab);
}

static void test_aurp_T18_T19_U4_nothing_goes_back_into_the_tunnel_it_came_from(void **state)
{
	struct lab *lab = lab_up(2);
	struct mate m = mate_of(lab, 0), n = mate_of(lab, 1);
	uint8_t bytes[40];
	size_t len;

	(void)state;
	mate_join(&m);
	mate_join(&n);
	mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 0 }));
	mate_zi_rsp(&m, 201, ZONES("Far"));
	lab_run(lab, span_s(30));
	mate_forget(&m);
	assert_null(mate_find(&n));
	assert_int_equal(lab_peer(lab, "p1").told, 1);
	/* Nor a datagram of one peer for what is behind another. */
	len = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 201, 9, 4 },
		(struct at_sockaddr){ 200, 9, 4 }, 2);
	mate_data(&n, bytes, len);
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p1", "ddp-back-into-tunnel"), 1);
	lab_free(lab);
}

static void test_aurp_T22_no_rtmp_and_no_zip_is_generated_onto_the_tunnel(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	lab_net(lab, net(20), 1, "Near");
	mate_serve(&m, NETWORKS({ net(200), 0 }, { net(201), 3 }));
	mate_subscribe(&m);
	/* Zones of 201 never come: only AURP asks for them. */
	mate_zi_rsp(&m, 200, ZONES("Far"));
	lab_run(lab, span_s(60));
	assert_int_equal(lab_count(lab, "p0", "data-tx"), 0);
	assert_true(lab_count(lab, "p0", "zi-req-tx") > 0);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_aurp_T3_T4_T5_T9_T10_domain_header_comes_from_the_addresses_alone),
		cmocka_unit_test(test_aurp_T23_hop_count_rises_when_a_packet_enters_the_tunnel),
		cmocka_unit_test(
			test_aurp_T12_packet_goes_to_the_router_that_is_next_and_to_no_other),
		cmocka_unit_test(test_aurp_T13_data_from_the_tunnel_reaches_the_cable_unchanged),
		cmocka_unit_test(test_aurp_L12_M23_a_foreign_loop_probe_is_forwarded_as_it_is),
		cmocka_unit_test(
			test_aurp_T24_fifteen_hops_reach_the_attached_cable_and_no_further),
		cmocka_unit_test(test_aurp_T14_the_largest_datagram_crosses_whole),
		cmocka_unit_test(test_a_packet_without_room_for_its_header_does_not_leave),
		cmocka_unit_test(test_aurp_T7_reserved_authority_is_dropped),
		cmocka_unit_test(test_aurp_T8_identifiers_are_walked_by_their_length_byte),
		cmocka_unit_test(test_aurp_T26_unknown_version_and_type_are_dropped),
		cmocka_unit_test(test_aurp_T27_X5_cut_packets_change_nothing),
		cmocka_unit_test(test_aurp_T17_what_one_tunnel_brings_is_exported_on_the_other),
		cmocka_unit_test(
			test_aurp_T18_T19_U4_nothing_goes_back_into_the_tunnel_it_came_from),
		cmocka_unit_test(test_aurp_T22_no_rtmp_and_no_zip_is_generated_onto_the_tunnel),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
