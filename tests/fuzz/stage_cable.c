/*
 * Actors on the cables: stations and other routers, EtherTalk and LocalTalk. They
 * say what the script wants, from addresses that fit or do not, and answer what
 * the router asked last.
 */
#include "aarp.h"
#include "elap.h"
#include "llap.h"
#include "rtmp.h"
#include "stage.h"
#include "zip.h"

enum { STATION_FIRST = 0x50, FRAME_MAX = 700 };

static struct mac station_mac(const struct cable *c, uint8_t station)
{
	return (struct mac){ { 0x02, 0xBB, 0, 0, (uint8_t)c->index, station } };
}

/* --- onto the wire ------------------------------------------------------------------------- */

static void put(struct cable *c, const uint8_t *frame, size_t n)
{
	struct stage *s = c->stage;
	struct port *port = router_find_port(s->r, port_name(c->index));
	struct pkt p = stage_packet(s, frame, n);
	uint8_t *storage = p.data - PKT_HEADROOM;

	CHECK(port || !c->is_up);
	if (c->is_up)
		router_rx_link(s->r, s->now, port, &p);
	free(storage);
}

/* To the router, to everybody, or to the first group address. */
static void put_ethertalk(struct cable *c, enum elap_kind kind, uint8_t station, unsigned int to,
	const struct wr *w)
{
	uint8_t frame[PKT_HEADROOM + FRAME_MAX];
	struct pkt p = pkt_over(frame, sizeof frame, PKT_HEADROOM);
	struct elap h = { .dst = c->mac, .src = station_mac(c, station), .kind = kind };

	if (to == 1)
		h.dst = ELAP_BROADCAST;
	else if (to == 2)
		h.dst = (struct mac){ { 9, 0, 7, 0, 0, station } };
	p.len = wr_len(w);
	memcpy(p.data, w->start, p.len);
	CHECK(elap_push(&p, &h));
	put(c, p.data, p.len);
}

static void put_localtalk(struct cable *c, uint8_t dst, uint8_t src, enum llap_type type,
	const struct wr *w)
{
	uint8_t frame[LLAP_MAX + LLAP_FCS];
	struct wr out = wr_over(frame, sizeof frame);

	wr_u8(&out, dst);
	wr_u8(&out, src);
	wr_u8(&out, (uint8_t)type);
	if (w)
		wr_bytes(&out, w->start, wr_len(w));
	if (port_has_fcs(c->index)) {
		uint16_t fcs = llap_fcs(frame, wr_len(&out));

		wr_u8(&out, (uint8_t)fcs);
		wr_u8(&out, (uint8_t)(fcs >> 8));
	}
	CHECK(wr_ok(&out));
	put(c, frame, wr_len(&out));
}

/* --- datagrams ----------------------------------------------------------------------------- */

/* Where the script sends it: the router, everybody here, any router, somewhere else. */
static struct at_sockaddr destination(struct stage *s, const struct cable *c)
{
	switch (stage_pick(s, 6)) {
	case 0:
	case 1:
		return (struct at_sockaddr){ c->own.net, c->own.node, 0 };
	case 2:
		return (struct at_sockaddr){ 0, AT_NODE_BROADCAST, 0 };
	case 3:
		return (struct at_sockaddr){ stage_net(s), AT_NODE_ANY_ROUTER, 0 };
	case 4:
		return (struct at_sockaddr){ stage_net(s), AT_NODE_BROADCAST, 0 };
	default:
		return (struct at_sockaddr){ stage_net(s), STATION_FIRST, 0 };
	}
}

static void say_datagram(struct cable *c)
{
	struct stage *s = c->stage;
	uint8_t bytes[DDP_MAX], how = rd_u8(&s->script);
	uint8_t station = STATION_FIRST + (how & 3);
	struct wr w = wr_over(bytes, sizeof bytes);
	struct ddp d = { .dst = destination(s, c) };

	d.src = (struct at_sockaddr){ c->own.net, station, 0 };
	if ((how >> 2 & 3) == 3)
		d.src.net = stage_net(s);
	d.hops = how >> 4;
	d.checksum = how & 1;
	if (port_is_ethertalk(c->index)) {
		cast_datagram(s, &d, true, &w);
		put_ethertalk(c, ELAP_DDP, station, how >> 2 & 3, &w);
	} else if (how & 4) {
		cast_datagram(s, &d, false, &w);
		put_localtalk(c, how & 8 ? LLAP_BROADCAST : c->node, station, LLAP_DDP_LONG, &w);
	} else {
		uint8_t data[DDP_DATA_MAX];
		struct wr body = wr_over(data, sizeof data);

		cast_data(s, &d, false, &body);
		d.len = (uint16_t)(DDP_SHORT_HEADER + wr_len(&body));
		ddp_encode_short(&w, &d);
		wr_bytes(&w, data, wr_len(&body));
		put_localtalk(c, how & 8 ? LLAP_BROADCAST : c->node, station, LLAP_DDP_SHORT, &w);
	}
}

/* --- addresses ----------------------------------------------------------------------------- */

static void say_aarp(struct cable *c)
{
	struct stage *s = c->stage;
	uint8_t bytes[AARP_SIZE], how = rd_u8(&s->script), station = STATION_FIRST + (how & 3);
	struct wr w = wr_over(bytes, sizeof bytes);
	struct aarp a = { .src_hw = station_mac(c, station), .dst_hw = c->mac };

	a.function = (enum aarp_function)(1 + (how >> 2 & 3) % 3);
	a.src_addr = (struct at_addr){ c->own.net, station };
	a.dst_addr = c->own;
	if (how & 0x10)
		a.src_addr = c->own;
	if (how & 0x20)
		a.dst_addr = (struct at_addr){ stage_net(s), rd_u8(&s->script) };
	if (how & 0x40)
		a.src_addr.net = stage_net(s);
	aarp_encode(&w, &a);
	put_ethertalk(c, ELAP_AARP, station, how >> 7, &w);
}

static void say_control(struct cable *c)
{
	static const enum llap_type types[] = { LLAP_ENQ, LLAP_ACK, LLAP_RTS, LLAP_CTS };
	uint8_t how = rd_u8(&c->stage->script), dst = how & 4 ? c->node : c->asked_addr.node;

	put_localtalk(c, how & 8 ? (uint8_t)(how ^ 0x55) : dst, how & 0x10 ? dst : STATION_FIRST,
		types[how & 3], NULL);
}

static void say_anything(struct cable *c)
{
	struct stage *s = c->stage;
	size_t n = rd_u8(&s->script);

	n = n < rd_left(&s->script) ? n : rd_left(&s->script);
	put(c, rd_bytes(&s->script, n), n);
}

void cable_step(struct stage *s)
{
	unsigned int how = rd_u8(&s->script);
	struct cable *c = &s->cable[how % STAGE_PORTS];

	switch (how / STAGE_PORTS % 8) {
	case 0:
		say_anything(c);
		break;
	case 1:
	case 2:
		if (port_is_ethertalk(c->index))
			say_aarp(c);
		else
			say_control(c);
		break;
	default:
		say_datagram(c);
		break;
	}
}

/* --- answers ------------------------------------------------------------------------------- */

static void answer_datagram(struct cable *c, struct ddp *d, struct wr *data)
{
	uint8_t bytes[DDP_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	bool is_extended = port_is_ethertalk(c->index);

	d->dst.net = c->own.net;
	d->dst.node = c->own.node;
	d->src.net = c->own.net;
	d->src.node = STATION_FIRST;
	if (!is_extended) {
		d->len = (uint16_t)(DDP_SHORT_HEADER + wr_len(data));
		ddp_encode_short(&w, d);
	} else {
		d->len = (uint16_t)(DDP_LONG_HEADER + wr_len(data));
		ddp_encode_long(&w, d);
	}
	wr_bytes(&w, data->start, wr_len(data));
	if (is_extended)
		put_ethertalk(c, ELAP_DDP, STATION_FIRST, 0, &w);
	else
		put_localtalk(c, c->own.node, STATION_FIRST, LLAP_DDP_SHORT, &w);
}

static void answer_aarp(struct cable *c)
{
	uint8_t bytes[AARP_SIZE];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct aarp a = { .function = AARP_RESPONSE, .src_hw = station_mac(c, STATION_FIRST),
		.src_addr = c->asked_addr, .dst_hw = c->mac, .dst_addr = c->own };

	aarp_encode(&w, &a);
	put_ethertalk(c, ELAP_AARP, STATION_FIRST, 0, &w);
}

static void answer_net_info(struct cable *c)
{
	struct stage *s = c->stage;
	uint8_t bytes[DDP_DATA_MAX], how = rd_u8(&s->script);
	struct wr w = wr_over(bytes, sizeof bytes);
	struct ddp d = { .dst = { 0, 0, AT_SOCKET_ZIP }, .src = { 0, 0, AT_SOCKET_ZIP },
		.type = DDP_ZIP };
	struct zip_net_info i = { .flags = how & 0xE0, .range = { 10, 12, true } };

	if (how & 1) {
		i.range.first = stage_net(s);
		i.range.last = (uint16_t)(i.range.first + (how >> 1 & 3));
	} else if (c->index == 1) {
		i.range = (struct at_range){ 20, 21, true };
	}
	i.zone = stage_zone(s);
	i.default_zone = stage_zone(s);
	zip_encode_net_info(&w, &i);
	answer_datagram(c, &d, &w);
}

static void answer_zones(struct cable *c)
{
	struct stage *s = c->stage;
	uint8_t bytes[DDP_DATA_MAX], how = rd_u8(&s->script);
	struct wr w = wr_over(bytes, sizeof bytes);
	struct ddp d = { .dst = { 0, 0, AT_SOCKET_ZIP }, .src = { 0, 0, AT_SOCKET_ZIP },
		.type = DDP_ZIP };

	zip_encode_reply_header(&w, how & 1, (uint8_t)(how & 1 ? 2 : c->n_nets));
	for (size_t i = 0; i < c->n_nets; i++) {
		struct at_name zone = stage_zone(s);

		zip_encode_tuple(&w, c->nets[i], &zone);
	}
	answer_datagram(c, &d, &w);
}

static void answer_rtmp(struct cable *c)
{
	struct stage *s = c->stage;
	uint8_t bytes[DDP_DATA_MAX];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct ddp d = { .dst = { 0, 0, AT_SOCKET_RTMP }, .src = { 0, 0, AT_SOCKET_RTMP },
		.type = DDP_RTMP };
	struct rtmp_header h = { .sender = { stage_net(s), STATION_FIRST } };

	h.cable = (struct at_range){ h.sender.net, h.sender.net, port_is_ethertalk(c->index) };
	rtmp_encode_response(&w, &h);
	answer_datagram(c, &d, &w);
}

void cable_answer(struct stage *s)
{
	struct cable *c = &s->cable[stage_pick(s, STAGE_PORTS)];
	enum asked asked = c->asked;

	c->asked = ASKED_NOTHING;
	switch (asked) {
	case ASKED_NOTHING:
		break;
	case ASKED_AARP:
		answer_aarp(c);
		break;
	case ASKED_ENQ:
		put_localtalk(c, c->asked_addr.node, c->asked_addr.node, LLAP_ACK, NULL);
		break;
	case ASKED_NET_INFO:
		answer_net_info(c);
		break;
	case ASKED_ZONES:
		answer_zones(c);
		break;
	case ASKED_RTMP:
		answer_rtmp(c);
		break;
	}
}
