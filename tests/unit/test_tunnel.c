/* core/tunnel.c: domain headers, whose packet it is, several tunnels, peers nobody configured, data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurp_rig.h"

/* A datagram from `src` to `dst`, 4 bytes of data. */
static size_t datagram(uint8_t *bytes, size_t size, struct at_sockaddr dst, struct at_sockaddr src, uint8_t hops)
{
	struct wr w = wr_over(bytes, size);
	const struct ddp h = { .hops = hops, .len = DDP_LONG_HEADER + 4, .dst = dst, .src = src, .type = 22 };

	ddp_encode_long(&w, &h);
	wr_bytes(&w, "data", 4);
	return wr_len(&w);
}

static void test_aurp_T3_T4_T5_T9_T10_domain_header_comes_from_the_addresses_alone(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t routing[] = { 7, 1, 0, 0, 10, 0, 0, 2, 7, 1, 0, 0, 10, 0, 0, 1, 0, 1, 0, 0, 0, 3 };
	const uint8_t data[] = { 7, 1, 0, 0, 10, 0, 0, 2, 7, 1, 0, 0, 10, 0, 0, 1, 0, 1, 0, 0, 0, 2 };
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
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ { 0 } }, lab->rig->link[0].port->addr);
	mate_data(&m, bytes, n);
	f = rig_take(lab->rig, 0, 22);
	assert_true(mac_eq(f->elap.dst, a.mac));
	ddp_set_hops(bytes, 3);
	assert_int_equal(f->pkt.len, n);
	assert_memory_equal(f->pkt.data, bytes, n);
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
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, (struct mac){ { 0 } }, lab->rig->link[0].port->addr);
	rig_clear(lab->rig);
	n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 20, 3, 77 }, (struct at_sockaddr){ 200, 9, 4 }, 15);
	mate_data(&m, bytes, n);
	assert_null(rig_find(lab->rig, 0, 22));
	assert_int_equal(lab_count(lab, "p0", "ddp-too-many-hops"), 1);
	n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 }, (struct at_sockaddr){ 200, 9, 4 }, 15);
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

static void test_aurp_T7_reserved_authority_is_dropped(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	const uint8_t source[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 2, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };
	const uint8_t destination[] = { 7, 2, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3 };

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
	const uint8_t version[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 2, 0, 0, 0, 3 };
	const uint8_t type[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 4 };

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
	const uint8_t tickle[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3,
		0x12, 0x34, 0, 0, 0, 14, 0, 0 };
	const uint8_t rd[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3,
		0x12, 0x34, 0, 0, 0, 5, 0, 0, 0xFF, 0xFF };
	const uint8_t zi_req[] = { 7, 1, 0, 0, 10, 0, 0, 1, 7, 1, 0, 0, 10, 0, 0, 2, 0, 1, 0, 0, 0, 3,
		0x12, 0x34, 0, 0, 0, 6, 0, 0, 0, 1, 0, 3 };
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

	(void)state;
	mate_join(&m);
	mate_join(&n);
	mate_update(&m, EVENTS({ AURP_EV_NA, net(201), 0 }));
	mate_zi_rsp(&m, 201, ZONES("Far"));
	lab_run(lab, span_s(30));
	mate_forget(&m);
	assert_null(mate_find(&n));
	assert_int_equal(lab_peer(lab, "p1").told, 1);
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

static void test_aurp_T29_X4_strangers_are_dropped_without_an_answer(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate stranger = mate_of(lab, 5);
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 }, (struct at_sockaddr){ 200, 9, 4 }, 0);

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

static void test_aurp_T29_C11_with_open_peering_strangers_are_served_up_to_a_limit(void **state)
{
	struct lab *lab = lab_new(0);
	struct mate first, second;
	struct aurp_open_rsp rsp;
	struct rd r;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab->tunnels[0].max_unknown_peers = 1;
	lab_start(lab);
	first = mate_of(lab, 5);
	second = mate_of(lab, 6);
	/* A stranger is answered at the port it called from. */
	first.at.port = 40001;
	first.name = "10.0.0.7";
	mate_open_req(&first);
	mate_take(&first, AURP_OPEN_RSP);
	assert_int_equal(mate_take(&first, AURP_OPEN_REQ)->to.port, 40001);
	assert_true(lab_has_peer(lab, "10.0.0.7"));
	mate_open_req(&second);
	r = mate_take(&second, AURP_OPEN_RSP)->body;
	assert_true(aurp_decode_open_rsp(&r, &rsp));
	assert_int_equal(rsp.rate, AURP_ERR_RESOURCES);
	assert_null(mate_find(&second));
	lab_free(lab);
}

static void test_unknown_peer_goes_when_it_stays_away(void **state)
{
	struct lab *lab = lab_new(0);
	struct mate m;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	m.name = "10.0.0.2";
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	/* Its connection is probed when it is silent, closed, and then it is forgotten. */
	lab_run(lab, span_s(90 + 105 + 121));
	assert_false(lab_has_peer(lab, "10.0.0.2"));
	mate_forget(&m);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	lab_free(lab);
}

static void test_unknown_peer_that_cannot_open_goes_too(void **state)
{
	struct lab *lab = lab_new(0);
	struct mate m;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_say(&m, (struct aurp){ 7, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x09\x00", 3);
	assert_true(lab_has_peer(lab, "10.0.0.2"));
	lab_run(lab, span_s(130));
	assert_false(lab_has_peer(lab, "10.0.0.2"));
	lab_free(lab);
}

static void test_unknown_peer_gives_way_to_the_name_it_turns_out_to_have(void **state)
{
	struct lab *lab = lab_new(1);
	struct mate m;

	(void)state;
	lab->tunnels[0].accept_unknown = true;
	lab_start(lab);
	m = mate_of(lab, 0);
	mate_open_req(&m);
	mate_take(&m, AURP_OPEN_RSP);
	assert_true(lab_has_peer(lab, "10.0.0.2"));
	mate_forget(&m);
	mate_resolve(&m);
	/* It is told farewell under its old name, then called under the new one. */
	mate_take(&m, AURP_RD);
	mate_take(&m, AURP_OPEN_REQ);
	lab_run(lab, span_s(6));
	assert_false(lab_has_peer(lab, "10.0.0.2"));
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

static void test_peer_behind_a_nat_is_known_by_its_address_and_answered_where_it_listens(void **state)
{
	struct lab *lab = lab_new(2);
	struct mate m, n, from;

	(void)state;
	lab->peers[0][1].port = 1387;
	lab_start(lab);
	/* Its domain identifier is a private address, its source port was changed: 387 hears all the same. */
	m = mate_of(lab, 0);
	m.di.ip = 0xC0A80105;
	mate_resolve(&m);
	mate_forget(&m);
	from = m;
	from.at.port = 50000;
	mate_open_req(&from);
	mate_take(&m, AURP_OPEN_RSP);
	/* From then on it is addressed by the identifier it gave. */
	assert_int_equal(mate_await(&m, AURP_OPEN_REQ, span_s(3))->domain.dst.ip, 0xC0A80105);
	/* One that is configured for another port is answered where it called from. */
	n = mate_of(lab, 1);
	n.at.port = 1387;
	mate_resolve(&n);
	mate_forget(&n);
	n.at.port = 50001;
	mate_open_req(&n);
	mate_take(&n, AURP_OPEN_RSP);
	lab_free(lab);
}

static void test_source_identifier_stays_the_same_while_connected(void **state)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0), forged;
	uint8_t bytes[40];
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 }, (struct at_sockaddr){ 200, 9, 4 }, 0);

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
	size_t n = datagram(bytes, sizeof(bytes), (struct at_sockaddr){ 4, 42, 77 }, (struct at_sockaddr){ 200, 9, 4 }, 0);

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
	assert_states(lab, "p0", "unconnected", "unconnected");
	assert_int_equal(lab_distance(lab, 200), -1);
	mate_assert_silence(&m, span_s(600));
	mate_tickle(&m);
	assert_int_equal(lab_count(lab, "t0", "port-not-ready"), 1);
	router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[0], &lab->tunnels[0], (struct domain_id){ DI_IP, LAB_OWN_ID });
	mate_take(&m, AURP_OPEN_REQ);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_T3_T4_T5_T9_T10_domain_header_comes_from_the_addresses_alone),
		cmocka_unit_test(test_aurp_T23_hop_count_rises_when_a_packet_enters_the_tunnel),
		cmocka_unit_test(test_aurp_T12_packet_goes_to_the_router_that_is_next_and_to_no_other),
		cmocka_unit_test(test_aurp_T13_data_from_the_tunnel_reaches_the_cable_unchanged),
		cmocka_unit_test(test_aurp_T24_fifteen_hops_reach_the_attached_cable_and_no_further),
		cmocka_unit_test(test_aurp_T14_the_largest_datagram_crosses_whole),
		cmocka_unit_test(test_aurp_T7_reserved_authority_is_dropped),
		cmocka_unit_test(test_aurp_T8_identifiers_are_walked_by_their_length_byte),
		cmocka_unit_test(test_aurp_T26_unknown_version_and_type_are_dropped),
		cmocka_unit_test(test_aurp_T27_X5_cut_packets_change_nothing),
		cmocka_unit_test(test_aurp_T17_what_one_tunnel_brings_is_exported_on_the_other),
		cmocka_unit_test(test_aurp_T18_T19_U4_nothing_goes_back_into_the_tunnel_it_came_from),
		cmocka_unit_test(test_aurp_T22_no_rtmp_and_no_zip_is_generated_onto_the_tunnel),
		cmocka_unit_test(test_aurp_T29_X4_strangers_are_dropped_without_an_answer),
		cmocka_unit_test(test_aurp_T29_C11_with_open_peering_strangers_are_served_up_to_a_limit),
		cmocka_unit_test(test_unknown_peer_goes_when_it_stays_away),
		cmocka_unit_test(test_unknown_peer_that_cannot_open_goes_too),
		cmocka_unit_test(test_unknown_peer_gives_way_to_the_name_it_turns_out_to_have),
		cmocka_unit_test(test_two_peers_on_one_address_are_told_apart_by_their_ports),
		cmocka_unit_test(test_peer_behind_a_nat_is_known_by_its_address_and_answered_where_it_listens),
		cmocka_unit_test(test_source_identifier_stays_the_same_while_connected),
		cmocka_unit_test(test_aurp_T11_two_peers_with_one_identifier_are_reported),
		cmocka_unit_test(test_data_without_a_connection_is_dropped),
		cmocka_unit_test(test_reload_keeps_the_peers_that_stay),
		cmocka_unit_test(test_losing_the_socket_closes_and_getting_it_back_opens),
	};

	return cmocka_run_group_tests_name("tunnel", tests, NULL, NULL);
}
