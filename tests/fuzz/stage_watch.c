/*
 * What the router puts on its cables: every frame and datagram reads whole, none
 * goes to a device that is down, a forwarded one has come one hop farther. What
 * the router asks is noted, so that an actor can answer.
 */
#include "aarp.h"
#include "aep.h"
#include "elap.h"
#include "llap.h"
#include "nbp.h"
#include "rtmp.h"
#include "stage.h"
#include "zip.h"

static void note_net(struct cable *c, uint16_t net)
{
	if (c->n_nets < STAGE_NETS)
		c->nets[c->n_nets++] = net;
}

/* --- services ------------------------------------------------------------------------------ */

static void watch_rtmp(struct cable *c, const struct ddp *d, struct rd data)
{
	bool is_extended = port_is_ethertalk(c->index);
	struct rd again = data;
	struct rtmp_header h;
	struct rtmp_tuple t;
	enum tuple_step step;

	if (!rtmp_decode_header(&data, is_extended, &h)) {
		/* For somebody far away: what he would have heard on the cable where he asked. */
		CHECK(d->dst.node != AT_NODE_BROADCAST);
		data = again;
		CHECK(rtmp_decode_header(&data, !is_extended, &h));
	}
	while ((step = rtmp_next_tuple(&data, &t)) == TUPLE_OK)
		CHECK(t.distance <= AT_HOPS_MAX || t.distance == RTMP_UNREACHABLE);
	CHECK(step == TUPLE_END);
}

static void watch_rtmp_request(struct cable *c, struct rd data)
{
	enum rtmp_function function;

	CHECK(rtmp_decode_request(&data, &function) && rd_at_end(&data));
	c->asked = ASKED_RTMP;
}

static void watch_nbp(struct rd data)
{
	struct nbp_tuple t;
	struct nbp h;

	CHECK(nbp_decode(&data, &h));
	for (int i = 0; i < h.count; i++)
		CHECK(nbp_decode_tuple(&data, &t));
	CHECK(rd_at_end(&data));
}

static void watch_zip_query(struct cable *c, struct rd data)
{
	struct rd nets;
	uint16_t net;

	CHECK(zip_decode_query(&data, &nets) && rd_at_end(&data));
	c->asked = ASKED_ZONES;
	c->n_nets = 0;
	while (zip_next_net(&nets, &net))
		note_net(c, net);
	CHECK(c->n_nets > 0);
}

static void watch_zip_reply(struct rd data)
{
	struct zip_reply reply;
	struct zip_tuple t;
	enum tuple_step step;
	size_t n = 0;

	CHECK(zip_decode_reply(&data, &reply));
	while ((step = zip_next_tuple(&reply.tuples, &t)) == TUPLE_OK)
		n++;
	CHECK(step == TUPLE_END && n > 0 && (reply.extended ? n <= reply.count : true));
}

static void watch_zip(struct cable *c, struct rd data)
{
	struct zip_net_info info;
	struct zip_notify notify;
	struct at_name zone;

	switch (zip_peek_command(&data)) {
	case ZIP_QUERY:
		watch_zip_query(c, data);
		return;
	case ZIP_REPLY:
	case ZIP_EXTENDED_REPLY:
		watch_zip_reply(data);
		return;
	case ZIP_GET_NET_INFO:
		CHECK(zip_decode_get_net_info(&data, &zone));
		c->asked = ASKED_NET_INFO;
		break;
	case ZIP_NET_INFO_REPLY:
		CHECK(zip_decode_net_info(&data, &info));
		CHECK(at_range_is_valid(info.range));
		break;
	case ZIP_NOTIFY:
		CHECK(zip_decode_notify(&data, &notify));
		break;
	default:
		CHECK(!"a ZIP packet that no router sends");
	}
	CHECK(rd_at_end(&data));
}

static void watch_zone_list(struct rd data)
{
	struct zip_atp_response p;
	struct at_name zone;
	enum tuple_step step;
	size_t n = 0;

	CHECK(zip_decode_atp_response(&data, &p));
	CHECK(rd_left(&p.zones) <= ZIP_ZONES_DATA_MAX);
	while ((step = zip_next_zone(&p.zones, &zone)) == TUPLE_OK)
		n++;
	CHECK(step == TUPLE_END && n == p.count);
}

void watch_service(struct cable *c, const struct ddp *d, struct rd data)
{
	enum aep_function function;

	switch (d->type) {
	case DDP_RTMP:
		watch_rtmp(c, d, data);
		break;
	case DDP_RTMP_REQUEST:
		watch_rtmp_request(c, data);
		break;
	case DDP_NBP:
		watch_nbp(data);
		break;
	case DDP_ZIP:
		watch_zip(c, data);
		break;
	case DDP_ATP:
		watch_zone_list(data);
		break;
	case DDP_AEP:
		CHECK(aep_decode(&data, &function) && function == AEP_REPLY);
		break;
	default:
		CHECK(!"a datagram of the router's own that no service sends");
	}
}

uint32_t tag_of(const struct ddp *d, struct rd data)
{
	uint32_t mark = rd_u32(&data), tag = rd_u32(&data);

	return d->type == TAG_TYPE && rd_ok(&data) && mark == TAG_MARK ? tag : 0;
}

void watch_hops(struct stage *s, const struct ddp *d, struct rd data, bool on_cable)
{
	uint32_t tag = tag_of(d, data);
	uint8_t before = s->hops[tag & 0xFF];

	CHECK(d->hops <= AT_HOPS_MAX);
	if (tag == 0 || s->tag - tag > 0xFF)
		return;
	if (before == AT_HOPS_MAX)
		CHECK(on_cable && d->hops == AT_HOPS_MAX);
	else
		CHECK(d->hops == before + 1);
}

/* --- links --------------------------------------------------------------------------------- */

static void watch_long(struct cable *c, const struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct ddp d;

	CHECK(ddp_decode_long(&r, &d) && d.len == p->len);
	/* What it forwards has come at least one hop. */
	if (d.hops == 0) {
		if (d.src.net != 0 && d.src.node != 0 && d.dst.node == AT_NODE_BROADCAST)
			c->own = (struct at_addr){ d.src.net, d.src.node };
		CHECK(ddp_checksum_ok(p->data, p->len));
		watch_service(c, &d, r);
	}
	watch_hops(c->stage, &d, r, true);
}

static void watch_aarp(struct cable *c, const struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct aarp a;

	CHECK(aarp_decode(&r, &a) && rd_at_end(&r));
	CHECK(mac_eq(a.src_hw, c->mac));
	if (a.function == AARP_RESPONSE)
		return;
	c->asked = ASKED_AARP;
	c->asked_addr = a.dst_addr;
	c->own = a.src_addr;
}

static void watch_ethertalk(struct cable *c, struct pkt *p)
{
	struct elap h;

	CHECK(p->len >= ELAP_FRAME_MIN && p->len <= ELAP_HEADER + DDP_MAX);
	CHECK(elap_pull(p, &h) == ELAP_OK);
	CHECK(mac_eq(h.src, c->mac) && !mac_eq(h.dst, c->mac));
	CHECK(elap_is_multicast(h.dst) || !mac_is_group(h.dst));
	if (h.kind == ELAP_AARP)
		watch_aarp(c, p);
	else
		watch_long(c, p);
}

static void watch_short(struct cable *c, const struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct ddp d;

	CHECK(ddp_decode_short(&r, &d) && d.len == p->len);
	watch_service(c, &d, r);
}

static void watch_localtalk(struct cable *c, struct pkt *p)
{
	struct llap h;

	if (port_has_fcs(c->index)) {
		CHECK(llap_fcs_ok(p->data, p->len));
		p->len -= LLAP_FCS;
	}
	CHECK(llap_pull(p, &h) == LLAP_OK);
	switch (h.type) {
	case LLAP_ENQ:
		CHECK(h.dst == h.src);
		c->asked = ASKED_ENQ;
		c->asked_addr = (struct at_addr){ 0, h.dst };
		break;
	case LLAP_ACK:
	case LLAP_CTS:
		CHECK(h.src == c->node);
		break;
	case LLAP_RTS:
		CHECK(!"the adapter's or the bus's business");
		break;
	case LLAP_DDP_SHORT:
		c->own.node = h.src;
		watch_short(c, p);
		break;
	case LLAP_DDP_LONG:
		watch_long(c, p);
		break;
	}
}

static void on_send_link(void *ctx, void *link, const struct pkt *frame)
{
	uint8_t copy[PKT_HEADROOM + PKT_BODY_MAX];
	struct pkt p = pkt_over(copy, sizeof copy, PKT_HEADROOM);
	struct stage *s = ctx;
	struct cable *c = link;

	CHECK(c->is_up && frame->len <= PKT_BODY_MAX);
	p.len = frame->len;
	memcpy(p.data, frame->data, frame->len);
	stage_digest(s, &s->now.us, sizeof s->now.us);
	stage_digest(s, &c->index, sizeof c->index);
	stage_digest(s, p.data, p.len);
	if (port_is_ethertalk(c->index))
		watch_ethertalk(c, &p);
	else
		watch_localtalk(c, &p);
}

static void on_set_multicast(void *ctx, void *link, struct mac group, bool join)
{
	struct cable *c = link;

	CHECK(c->is_up || !join);
	CHECK(elap_is_multicast(group));
	stage_digest(ctx, group.byte, sizeof group.byte);
}

static void on_set_node(void *ctx, void *link, uint8_t node)
{
	struct cable *c = link;

	CHECK(!port_is_ethertalk(c->index));
	c->node = node;
	stage_digest(ctx, &node, sizeof node);
}

static void on_trace(void *ctx, const struct trace_event *e)
{
	CHECK(e->kind < TRACE_KINDS && e->drop < DROP_REASONS);
	CHECK(!e->name || e->name->len <= AT_ZONE_NAME_MAX);
	if (e->kind == TRACE_PEER_RECV_CLOSED)
		watch_end(ctx, e);
	stage_digest(ctx, &e->kind, sizeof e->kind);
}

struct router_io stage_io(struct stage *s)
{
	return (struct router_io){ .ctx = s, .send_link = on_send_link,
		.send_tunnel = watch_tunnel, .set_multicast = on_set_multicast,
		.set_node = on_set_node, .trace = on_trace };
}
