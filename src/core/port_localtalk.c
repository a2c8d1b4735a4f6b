/*
 * The LocalTalk medium, over LToUDP or behind a TashTalk adapter: LLAP packets
 * in and out, with short and long DDP headers (Inside AppleTalk ch. 1, ch. 4
 * "Short and extended headers"). port.c calls it through ltoudp_ops and
 * tashtalk_ops. A datagram goes on to forward_input(), always with a long
 * header; the way back is send_node, send_broadcast or send_zone.
 */
#include <stdlib.h>

#include "alloc.h"
#include "cable_watch.h"
#include "forward.h"
#include "localtalk.h"
#include "router_state.h"

/* --- life ------------------------------------------------------------------------------ */

static void init(struct port *port, bool has_adapter)
{
	struct localtalk *l = mem_new(1, sizeof(*l));

	l->port = port;
	l->has_adapter = has_adapter;
	port->medium = l;
	localtalk_claim_init(l);
}

static void init_ltoudp(struct port *port)
{
	init(port, false);
}

static void init_tashtalk(struct port *port)
{
	init(port, true);
}

static void release(struct port *port)
{
	localtalk_unclaim(localtalk_of(port));
	free(port->medium);
	port->medium = NULL;
}

static void link_up(struct port *port)
{
	(void)port;	/* every packet is heard, there are no groups */
}

static void link_down(struct port *port)
{
	localtalk_unclaim(localtalk_of(port));
}

static bool no_multicast(struct port *port, const struct at_name *zone, struct mac *address)
{
	(void)port;
	(void)zone;
	(void)address;
	return false;
}

static void join_zone(struct port *port, const struct at_name *zone)
{
	(void)port;
	(void)zone;
}

/* --- out ------------------------------------------------------------------------------- */

/* It goes over the wire low byte first. */
static void append_fcs(struct pkt *p)
{
	uint16_t fcs = llap_fcs(p->data, p->len);
	struct wr w = wr_over(p->data + p->len, LLAP_FCS);

	wr_u8(&w, (uint8_t)fcs);
	wr_u8(&w, (uint8_t)(fcs >> 8));
	p->len += LLAP_FCS;
}

void localtalk_transmit(struct port *port, const struct llap *h, const struct wr *data)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	if (data) {
		struct wr w = wr_over(p->data, LLAP_DATA_MAX);

		wr_bytes(&w, data->start, wr_len(data));
		p->len = wr_len(&w);
	}
	if (!llap_push(p, h)) {
		port_drop(port, DROP_DDP_BAD_LENGTH);
		return;
	}
	if (localtalk_of(port)->has_adapter)
		append_fcs(p);
	port_transmit(port, p);
}

/*
 * What we say ourselves (no hop yet) to nodes of this network has a short header,
 * as older nodes expect (L15), but for NBP: an ImageWriter answers a short LkUp to
 * the wrong node (Q12). What is forwarded keeps the header it has (D21).
 */
static bool is_short(const struct port *port, const struct ddp *h)
{
	return h->hops == 0 && h->type != DDP_NBP && h->src.net == port->addr.net &&
	       h->dst.net == port->addr.net;
}

static void send_datagram(struct port *port, uint8_t to, const struct pkt *datagram)
{
	struct llap llap = { .dst = to, .src = port->addr.node, .type = LLAP_DDP_LONG };
	struct rd r = rd_over(datagram->data, datagram->len);
	uint8_t bytes[DDP_MAX];
	struct wr w = wr_over(bytes, sizeof(bytes));
	struct ddp h;

	/* While another node is claimed, the network is there, but we may say nothing on it. */
	if (localtalk_of(port)->state != NODE_OURS) {
		port_drop(port, DROP_PORT_NOT_READY);
		return;
	}
	if (!ddp_decode_long(&r, &h)) {
		port_drop(port, DROP_DDP_BAD_LENGTH);
		return;
	}
	if (is_short(port, &h)) {
		llap.type = LLAP_DDP_SHORT;
		h.len = (uint16_t)(DDP_SHORT_HEADER + rd_left(&r));
		ddp_encode_short(&w, &h);
		wr_bytes(&w, r.pos, rd_left(&r));
	} else {
		wr_bytes(&w, datagram->data, datagram->len);
	}
	localtalk_transmit(port, &llap, &w);
}

static void send_node(struct port *port, struct at_addr to, struct pkt *datagram)
{
	if (to.node < LLAP_NODE_FIRST || to.node > LLAP_NODE_LAST)
		port_drop(port, DROP_LLAP_BAD_TARGET);
	else
		send_datagram(port, to.node, datagram);
}

static void send_broadcast(struct port *port, struct pkt *datagram)
{
	send_datagram(port, LLAP_BROADCAST, datagram);
}

static void send_zone(struct port *port, const struct at_name *zone, struct pkt *datagram)
{
	(void)zone;
	send_broadcast(port, datagram);
}

/* --- in -------------------------------------------------------------------------------- */

/*
 * A datagram within the network gets the long header that it could have had
 * (D20). While we do not know the network number it stays 0, "this network".
 */
static bool lengthen(struct port *port, const struct llap *llap, struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct ddp h;

	if (!ddp_decode_short(&r, &h))
		return false;
	h.src.net = h.dst.net = port->range.first;
	h.src.node = llap->src;
	h.dst.node = llap->dst;
	return pkt_pull(p, DDP_SHORT_HEADER) && ddp_push_long(p, &h);
}

/*
 * Network 0 means this network (L17, D20). A checksum covers the number: it is
 * checked now, as it is lost with the change. False: it was wrong.
 */
static bool fill_in_net(const struct port *port, struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	uint16_t net = port->range.first;
	struct ddp h;

	if (!ddp_decode_long(&r, &h) || net == 0 || (h.src.net != 0 && h.dst.net != 0))
		return true;
	if (!ddp_checksum_ok(p->data, h.len))
		return false;
	if (h.src.net == 0)
		ddp_set_src_net(p->data, net);
	if (h.dst.net == 0)
		ddp_set_dst_net(p->data, net);
	ddp_set_checksum(p->data, 0);
	return true;
}

/* A node that says our number has it from us, or from a router that agrees with us. */
static void note_number(struct port *port, const struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct ddp h;

	if (ddp_decode_long(&r, &h) && h.hops == 0)
		cable_watch_node(port, (struct at_addr){ h.src.net, h.src.node });
}

static void datagram_input(struct port *port, const struct llap *llap, struct pkt *p)
{
	struct datagram d = {
		.pkt = p,
		.port = port,
		.was_short = llap->type == LLAP_DDP_SHORT,
		.was_group = llap->dst == LLAP_BROADCAST,
	};

	if (!d.was_short)
		note_number(port, p);
	if (d.was_short && !lengthen(port, llap, p))
		port_drop(port, DROP_DDP_BAD_LENGTH);
	else if (!d.was_short && !fill_in_net(port, p))
		port_drop(port, DROP_DDP_BAD_CHECKSUM);
	else
		forward_input(port->r, &d);
}

static enum drop_reason reason_of(enum llap_result result)
{
	switch (result) {
	case LLAP_BAD_TYPE:
		return DROP_LLAP_BAD_TYPE;
	case LLAP_BAD_NODE:
		return DROP_LLAP_BAD_NODE;
	case LLAP_OK:
	case LLAP_SHORT:
	case LLAP_BAD_LENGTH:
		break;
	}
	return DROP_LLAP_BAD_LENGTH;
}

static void packet_input(struct localtalk *l, const struct llap *llap, struct pkt *p)
{
	bool has_node = l->state == NODE_OURS;

	switch (llap->type) {
	case LLAP_ENQ:
	case LLAP_ACK:
		localtalk_claim_input(l, llap);
		break;
	case LLAP_RTS:
	case LLAP_CTS:
		port_drop(l->port, DROP_LLAP_IGNORED);
		break;
	case LLAP_DDP_SHORT:
	case LLAP_DDP_LONG:
		if (has_node && llap->src == l->node) {
			localtalk_clash(l);
			port_drop(l->port, DROP_LLAP_BAD_NODE);
		} else if (llap->dst != LLAP_BROADCAST && !(has_node && llap->dst == l->node)) {
			port_drop(l->port, DROP_LLAP_NOT_FOR_US);
		} else {
			datagram_input(l->port, llap, p);
		}
		break;
	}
}

static void input(struct port *port, struct pkt *frame)
{
	struct localtalk *l = localtalk_of(port);
	enum llap_result result;
	struct llap llap;

	if (l->has_adapter) {
		if (!llap_fcs_ok(frame->data, frame->len)) {
			port_drop(port, DROP_LLAP_BAD_FCS);
			return;
		}
		pkt_trim(frame, frame->len - LLAP_FCS);
	}
	result = llap_pull(frame, &llap);
	if (result == LLAP_OK)
		packet_input(l, &llap, frame);
	else
		port_drop(port, reason_of(result));
}

const struct port_ops ltoudp_ops = {
	.kind = "ltoudp",
	.is_extended = false,
	.init = init_ltoudp,
	.free = release,
	.link_up = link_up,
	.link_down = link_down,
	.claim = localtalk_claim,
	.input = input,
	.send_node = send_node,
	.send_broadcast = send_broadcast,
	.send_zone = send_zone,
	.zone_multicast = no_multicast,
	.join_zone = join_zone,
};

const struct port_ops tashtalk_ops = {
	.kind = "tashtalk",
	.is_extended = false,
	.init = init_tashtalk,
	.free = release,
	.link_up = link_up,
	.link_down = link_down,
	.claim = localtalk_claim,
	.input = input,
	.send_node = send_node,
	.send_broadcast = send_broadcast,
	.send_zone = send_zone,
	.zone_multicast = no_multicast,
	.join_zone = join_zone,
};
