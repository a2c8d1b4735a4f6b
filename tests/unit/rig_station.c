/* What a test plays on the cables of rig.h: nodes and routers, and the frames they send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#include "alloc.h"
#include "zip.h"

static const struct mac no_mac = { { 0 } };

struct station station_a(struct rig *rig)
{
	return (struct station){ rig, 0, { { 2, 0, 0, 0, 0, 2 } }, { 4, 42 } };
}

struct station station_b(struct rig *rig)
{
	return (struct station){ rig, 1, { { 2, 0, 0, 0, 1, 2 } }, { 6, 9 } };
}

struct station station_p(struct rig *rig)
{
	return (struct station){ rig, 0, { { 2, 0, 0, 0, 0, 0x50 } }, { 5, 200 } };
}

struct station station_q(struct rig *rig)
{
	return (struct station){ rig, 0, { { 2, 0, 0, 0, 0, 0x51 } }, { 5, 201 } };
}

void rig_inject(struct rig *rig, unsigned link, const void *frame, size_t len)
{
	uint8_t *storage = mem_new(PKT_HEADROOM + len, 1);
	struct pkt p = pkt_over(storage, PKT_HEADROOM + len, PKT_HEADROOM);

	memcpy(p.data, frame, len);
	p.len = len;
	router_rx_link(rig->r, rig->now, rig->link[link].port, &p);
	free(storage);
}

void rig_inject_vector(struct rig *rig, unsigned link, const char *name)
{
	const struct vector v = vector_load(name);

	rig_inject(rig, link, v.byte, v.len);
}

static void inject_as(const struct station *s, struct mac to, enum elap_kind kind, struct pkt *p)
{
	const struct elap e = { .dst = to, .src = s->mac, .kind = kind };

	assert_true(elap_push(p, &e));
	rig_inject(s->rig, s->link, p->data, p->len);
}

void station_send_to(
	const struct station *s, struct mac to, const struct ddp *h, const void *body, size_t n)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, PKT_BODY_MAX);
	struct ddp header = *h;

	if (header.src.node == 0) {
		header.src.net = s->addr.net;
		header.src.node = s->addr.node;
	}
	/* A test may lie about the length, which the codec would not write. */
	header.len = DDP_LONG_HEADER;
	ddp_encode_long(&w, &header);
	wr_patch_u16(&w, 0, (uint16_t)(h->hops << 10 | (h->len ? h->len : DDP_LONG_HEADER + n)));
	wr_bytes(&w, body, n);
	assert_true(wr_ok(&w));
	p->len = wr_len(&w);
	inject_as(s, to, ELAP_DDP, p);
}

void station_send(const struct station *s, struct at_sockaddr dst, uint8_t src_socket, uint8_t type,
	const void *body, size_t n)
{
	const struct ddp h = { .dst = dst, .src = { 0, 0, src_socket }, .type = type };
	bool to_all = dst.net == 0 && dst.node == AT_NODE_BROADCAST;

	station_send_to(s, to_all ? ELAP_BROADCAST : s->rig->link[s->link].mac, &h, body, n);
}

void station_send_vector(const struct station *s, struct at_sockaddr dst, uint8_t src_socket,
	uint8_t type, const char *vector)
{
	const struct vector v = vector_load(vector);

	station_send(s, dst, src_socket, type, v.byte, v.len);
}

void station_aarp(const struct station *s, struct mac to, enum aarp_function function,
	struct at_addr src, struct mac dst_hw, struct at_addr dst)
{
	const struct aarp a = { function, s->mac, src, dst_hw, dst };
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, PKT_BODY_MAX);

	aarp_encode(&w, &a);
	p->len = wr_len(&w);
	inject_as(s, to, ELAP_AARP, p);
}

void station_rtmp(
	const struct station *s, uint16_t first, uint16_t last, const struct rtmp_tuple *tuples)
{
	const struct rtmp_header h = { s->addr, { first, last, true } };
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	rtmp_encode_header(&w, &h);
	for (; tuples && tuples->range.first; tuples++)
		rtmp_encode_tuple(&w, tuples);
	assert_true(wr_ok(&w));
	station_send(s, (struct at_sockaddr){ 0, 255, 1 }, 1, DDP_RTMP, bytes, wr_len(&w));
}

void station_zip_reply(const struct station *s, struct at_sockaddr dst, uint16_t net, uint8_t total,
	const char *const *zones)
{
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	zip_encode_reply_header(&w, true, total);
	for (; *zones; zones++) {
		struct at_name n = name_of(*zones);

		zip_encode_tuple(&w, net, &n);
	}
	assert_true(wr_ok(&w));
	station_send(s, dst, AT_SOCKET_ZIP, DDP_ZIP, bytes, wr_len(&w));
}

void station_net_info(const struct station *s, struct at_sockaddr dst, uint16_t first,
	uint16_t last, const char *default_zone)
{
	struct zip_net_info info = {
		.flags = ZIP_ZONE_INVALID,
		.range = { first, last, true },
		.has_multicast = true,
		.multicast = { { 9, 0, 7, 0, 0, 4 } },
		.default_zone = name_of(default_zone),
	};
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	zip_encode_net_info(&w, &info);
	assert_true(wr_ok(&w));
	station_send(s, dst, AT_SOCKET_ZIP, DDP_ZIP, bytes, wr_len(&w));
}

void station_teach_baseline(const struct station *p)
{
	struct rig *rig = p->rig;
	struct at_sockaddr us = rig_socket(rig, p->link, AT_SOCKET_ZIP);

	station_aarp(
		p, ELAP_BROADCAST, AARP_REQUEST, p->addr, no_mac, rig->link[p->link].port->addr);
	station_rtmp(p, 3, 5, TUPLES(NONEXT(20, 2), EXT(30, 34, 1)));
	station_zip_reply(p, us, 20, 1, ZONES("Far"));
	station_zip_reply(p, us, 30, 2, ZONES("East", "Caf\x8E"));
	assert_true(rig_route(rig, 20)->zones->is_complete);
	assert_true(rig_route(rig, 30)->zones->is_complete);
	rig_run(rig, span_s(2));
	rig_clear(rig);
}
