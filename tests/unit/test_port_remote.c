/* Requests that reach our sockets from beyond a tunnel: no port, no cable to speak of. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"
#include "aurpd/macroman.h"
#include "forward.h"
#include "zip.h"

static const struct at_sockaddr our_zip = { 3, 128, 6 };

/* DDP data from 20.1:200 (behind P) for a socket of ours, as tunnel.c hands it to forward.c. */
static void come(struct rig *rig, struct at_sockaddr dst, uint8_t type, const void *data, size_t n)
{
	const struct ddp h = { .hops = 3, .dst = dst, .src = { 20, 1, 200 }, .type = type };
	struct pkt_buf buf;
	struct datagram d = { .pkt = pkt_buf_init(&buf) };
	struct wr w = wr_over(d.pkt->data, DDP_DATA_MAX);

	wr_bytes(&w, data, n);
	d.pkt->len = wr_len(&w);
	assert_true(ddp_push_long(d.pkt, &h));
	forward_input(rig->r, &d);
}

static struct rig *up(void)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	station_teach_baseline(&p);
	return rig;
}

static void test_rtmp_data_from_a_tunnel_teaches_nothing(void **state)
{
	struct rig *rig = up();
	size_t used = rig->r->routes.used;

	(void)state;
	come(rig, (struct at_sockaddr){ 3, 128, 1 }, DDP_RTMP,
		"\x00\x14\x08\x01\x00\x14\x80\x00\x14\x82\x00\x63\x02", 13);
	assert_int_equal(rig->r->routes.used, used);
	assert_int_equal(rig->r->drops[DROP_RTMP_BAD_SENDER], 1);
	rig_free(rig);
}

static void test_route_data_requests_from_a_tunnel_ask_the_cable_they_name(void **state)
{
	struct rig *rig = up();
	const struct heard *h;

	(void)state;
	come(rig, (struct at_sockaddr){ 6, 128, 1 }, DDP_RTMP_REQUEST, "\x03", 1);
	h = rig_take(rig, 0, DDP_RTMP);
	assert_int_equal(h->ddp.dst.net, 20);
	assert_int_equal(h->ddp.dst.socket, 200);
	assert_memory_equal(h->body.pos, "\x00\x06\x08\x80\x00\x06\x80\x00\x06\x82", 10);
	rig_free(rig);
}

static void test_zone_replies_and_net_info_from_a_tunnel_are_nobodys(void **state)
{
	struct rig *rig = up();
	const struct station p = station_p(rig);

	(void)state;
	station_rtmp(&p, 3, 5, TUPLES(NONEXT(50, 1)));
	come(rig, our_zip, DDP_ZIP, "\x08\x01\x00\x32\x01X", 6);
	assert_int_equal(rig_route(rig, 50)->zones->used, 0);
	assert_int_equal(rig->r->drops[DROP_ZIP_UNEXPECTED], 1);
	come(rig, our_zip, DDP_ZIP,
		"\x06\x80\x00\x03\x00\x05\x00\x00\x01X", 10);
	assert_int_equal(rig->r->drops[DROP_ZIP_UNEXPECTED], 2);
	rig_free(rig);
}

static void test_zone_questions_from_a_tunnel_are_answered_where_possible(void **state)
{
	struct rig *rig = up();

	(void)state;
	rig_clear(rig);
	come(rig, our_zip, DDP_ZIP, "\x01\x01\x00\x03", 4);
	assert_body_is(rig_take(rig, 0, DDP_ZIP), "V-Z3");
	come(rig, our_zip, DDP_ATP, "\x40\x01\x00\x01\x08\x00\x00\x01", 8);
	assert_int_equal(rig_take(rig, 0, DDP_ATP)->body.pos[7], 5);
	come(rig, our_zip, DDP_ZIP, "\x05\x00\x00\x00\x00\x00\x00", 7);
	assert_int_equal(rig->r->drops[DROP_ZIP_NOT_READY], 1);
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

/* What the answer to a zone list request says: how many, and the first one. */
static size_t zones_told(struct rig *rig, struct at_sockaddr dst, uint8_t function,
	struct at_name *first)
{
	const uint8_t q[] = { 0x40, 1, 0, 1, function, 0, 0, 1 };
	struct zip_atp_response a;
	struct rd body;

	come(rig, dst, DDP_ATP, q, sizeof q);
	body = rig_take(rig, 0, DDP_ATP)->body;
	assert_true(zip_decode_atp_response(&body, &a));
	if (a.count > 0)
		assert_int_equal(zip_next_zone(&a.zones, first), TUPLE_OK);
	return a.count;
}

/* Of the network that was written to: the asker's own is not ours. */
static void test_atalk_Z29_Z31_local_zones_through_a_tunnel_are_of_the_address_asked(void **state)
{
	static const struct at_sockaddr at_3 = { 3, 128, 6 }, at_6 = { 6, 128, 6 };
	struct rig *rig = up();
	struct at_name zone;

	(void)state;
	rig_clear(rig);
	assert_int_equal(zones_told(rig, at_3, ZIP_GET_MY_ZONE, &zone), 1);
	assert_true(name_eq(&zone, &rig->ports[0].zones[0]));
	assert_int_equal(zones_told(rig, at_3, ZIP_GET_LOCAL_ZONES, &zone), rig->ports[0].n_zones);
	assert_true(name_eq(&zone, &rig->ports[0].zones[0]));
	assert_int_equal(zones_told(rig, at_6, ZIP_GET_MY_ZONE, &zone), 1);
	assert_true(name_eq(&zone, &rig->ports[1].zones[0]));
	assert_int_equal(zones_told(rig, at_6, ZIP_GET_LOCAL_ZONES, &zone), rig->ports[1].n_zones);
	assert_true(name_eq(&zone, &rig->ports[1].zones[0]));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_look_ups_from_a_tunnel(void **state)
{
	static const uint8_t brrq_own[] = "\x11\x21\x00\x14\x01\xC8\x00\x01=\x01=\x01*";
	static const uint8_t fwdreq[] =
		"\x41\x21\x00\x14\x01\xC8\x00\x01=\x0B" "AppleRouter\x03" "Lab";
	struct rig *rig = up();
	const struct heard *h;

	(void)state;
	/* Its own zone: we cannot know which. */
	come(rig, (struct at_sockaddr){ 3, 128, 2 }, DDP_NBP, brrq_own, sizeof(brrq_own) - 1);
	assert_int_equal(rig->r->drops[DROP_NBP_UNKNOWN_ZONE], 1);
	rig_assert_all_quiet(rig);
	come(rig, (struct at_sockaddr){ 6, 0, 2 }, DDP_NBP, fwdreq, sizeof(fwdreq) - 1);
	assert_int_equal(rig_take(rig, 1, DDP_NBP)->body.pos[0], NBP_LKUP << 4 | 1);
	h = rig_take(rig, 0, DDP_NBP);
	assert_int_equal(h->body.pos[0], NBP_LKUP_REPLY << 4 | 1);
	assert_int_equal(h->ddp.dst.net, 20);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rtmp_data_from_a_tunnel_teaches_nothing),
		cmocka_unit_test(test_route_data_requests_from_a_tunnel_ask_the_cable_they_name),
		cmocka_unit_test(test_zone_replies_and_net_info_from_a_tunnel_are_nobodys),
		cmocka_unit_test(test_zone_questions_from_a_tunnel_are_answered_where_possible),
		cmocka_unit_test(
			test_atalk_Z29_Z31_local_zones_through_a_tunnel_are_of_the_address_asked),
		cmocka_unit_test(test_look_ups_from_a_tunnel),
	};

	return cmocka_run_group_tests_name("port_remote", tests, NULL, NULL);
}
