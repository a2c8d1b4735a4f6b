/* The LocalTalk side of the rig: packets that a test says, and what it expects to hear. */
#include "rig_localtalk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

struct rig *rig_localtalk_new(void)
{
	return rig_new_with(3);
}

static void introduce(const struct station *s)
{
	station_aarp(s, ELAP_BROADCAST, AARP_REQUEST, s->addr, (struct mac){ { 0 } },
		s->rig->link[s->link].port->addr);
}

struct rig *rig_localtalk_up(void)
{
	struct rig *rig = rig_localtalk_new();
	const struct station a = station_a(rig), b = station_b(rig), p = station_p(rig);

	rig_bring_up(rig);
	station_teach_baseline(&p);
	introduce(&a);
	introduce(&b);
	rig_clear(rig);
	return rig;
}

static bool has_fcs(const struct rig *rig)
{
	return rig->ports[LT0].kind == PORT_TASHTALK;
}

void llap_say(struct rig *rig, uint8_t dst, uint8_t src, unsigned type, const void *data, size_t n)
{
	uint8_t bytes[1024];
	struct wr w = wr_over(bytes, sizeof(bytes));
	uint16_t fcs;

	wr_u8(&w, dst);
	wr_u8(&w, src);
	wr_u8(&w, (uint8_t)type);
	wr_bytes(&w, data, n);
	assert_true(wr_ok(&w));
	fcs = llap_fcs(bytes, wr_len(&w));
	if (has_fcs(rig)) {
		wr_u8(&w, (uint8_t)fcs);
		wr_u8(&w, (uint8_t)(fcs >> 8));
	}
	rig_inject(rig, LT0, bytes, wr_len(&w));
}

void llap_say_vector(struct rig *rig, const char *name)
{
	const struct vector v = vector_load(name);

	assert_true(llap_fcs_ok(v.byte, v.len));
	rig_inject(rig, LT0, v.byte, has_fcs(rig) ? v.len : v.len - LLAP_FCS);
}

void llap_say_short(struct rig *rig, uint8_t dst, uint8_t src, uint8_t dst_socket,
	uint8_t src_socket, uint8_t type, const void *body, size_t n)
{
	const struct ddp h = {
		.len = (uint16_t)(DDP_SHORT_HEADER + n),
		.dst = { 0, 0, dst_socket },
		.src = { 0, 0, src_socket },
		.type = type,
	};
	uint8_t bytes[DDP_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));

	ddp_encode_short(&w, &h);
	wr_bytes(&w, body, n);
	assert_true(wr_ok(&w));
	llap_say(rig, dst, src, LLAP_DDP_SHORT, bytes, wr_len(&w));
}

void llap_say_long(struct rig *rig, const struct ddp *h, const void *body, size_t n)
{
	bool is_here = h->dst.net == 0 || h->dst.net == NET_LT0;
	bool to_all = is_here && h->dst.node == AT_NODE_BROADCAST;
	uint8_t bytes[DDP_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));
	struct ddp whole = *h;

	whole.len = (uint16_t)(DDP_LONG_HEADER + n);
	ddp_encode_long(&w, &whole);
	wr_bytes(&w, body, n);
	assert_true(wr_ok(&w));
	llap_say(rig, to_all ? LLAP_BROADCAST : NODE_US, h->src.node, LLAP_DDP_LONG, bytes,
		wr_len(&w));
}

void llap_say_body(struct rig *rig, uint8_t dst, uint8_t dst_socket, uint8_t src_socket,
	uint8_t type, const char *vector)
{
	const struct vector v = vector_load(vector);

	llap_say_short(rig, dst, NODE_L, dst_socket, src_socket, type, v.byte, v.len);
}

void llap_say_rtmp(struct rig *rig, uint8_t router, const char *bytes, size_t n)
{
	llap_say_short(rig, LLAP_BROADCAST, router, AT_SOCKET_RTMP, AT_SOCKET_RTMP, DDP_RTMP,
		bytes, n);
}

void assert_llap_is(const struct heard *h, const char *vector)
{
	const struct vector v = vector_load(vector);
	size_t n = v.len - LLAP_FCS;

	assert_true(h->raw_len == n || h->raw_len == v.len);
	assert_memory_equal(h->raw, v.byte, n);
	if (h->raw_len == v.len)
		assert_memory_equal(h->raw, v.byte, v.len);
}
