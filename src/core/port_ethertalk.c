/*
 * The EtherTalk medium: frames in and out, multicast groups, and what is learnt
 * about nodes from the frames they send (Inside AppleTalk ch. 3; AARP: ch. 2).
 * port.c calls it through ethertalk_ops. A datagram goes on to forward_input();
 * the way back is send_node, send_broadcast or send_zone.
 */
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "cable_watch.h"
#include "ethertalk.h"
#include "forward.h"
#include "router_state.h"

/* --- life ------------------------------------------------------------------------------ */

static void init(struct port *port)
{
	struct ethertalk *e = mem_new(1, sizeof(*e));

	e->port = port;
	port->medium = e;
	ethertalk_claim_init(e);
	ethertalk_resolve_init(e);
}

static void release(struct port *port)
{
	ethertalk_resolve_fini(ethertalk_of(port));
	free(port->medium);
	port->medium = NULL;
}

static void hear_group(struct port *port, struct mac group, bool join)
{
	port->r->io.set_multicast(port->r->io.ctx, port->link, group, join);
}

static void link_up(struct port *port)
{
	hear_group(port, ELAP_BROADCAST, true);
}

static struct mac group_at(size_t i)
{
	return (struct mac){ { 0x09, 0x00, 0x07, 0x00, 0x00, (uint8_t)i } };
}

static void link_down(struct port *port)
{
	struct ethertalk *e = ethertalk_of(port);

	ethertalk_unclaim(e);
	ethertalk_resolve_clear(e);
	if (port->link) {
		for (size_t i = 0; i < ZONE_MULTICASTS; i++)
			if (e->groups[i / 8] & 1u << i % 8)
				hear_group(port, group_at(i), false);
		hear_group(port, ELAP_BROADCAST, false);
	}
	memset(e->groups, 0, sizeof(e->groups));
}

/* --- zones ----------------------------------------------------------------------------- */

static bool multicast_of_zone(struct port *port, const struct at_name *zone, struct mac *address)
{
	(void)port;
	*address = zone_multicast(zone);
	return true;
}

/* Several zones may share an address, which is joined once. */
static void join_zone(struct port *port, const struct at_name *zone)
{
	struct ethertalk *e = ethertalk_of(port);
	size_t i = zone_multicast(zone).byte[5];

	if (e->groups[i / 8] & 1u << i % 8)
		return;
	e->groups[i / 8] |= (uint8_t)(1u << i % 8);
	hear_group(port, group_at(i), true);
}

/* --- out ------------------------------------------------------------------------------- */

void ethertalk_transmit(struct port *port, struct mac to, enum elap_kind kind, struct pkt *p)
{
	const struct elap h = { .dst = to, .src = port->mac, .kind = kind };
	struct pkt_buf copy;

	ethertalk_self_sent(ethertalk_of(port), kind, p);
	if (!elap_push(p, &h)) {
		struct pkt *c = pkt_buf_init(&copy);
		struct wr w = wr_over(c->data, pkt_tailroom(c));

		wr_bytes(&w, p->data, p->len);
		c->len = wr_len(&w);
		if (!wr_ok(&w) || !elap_push(c, &h)) {
			port_drop(port, DROP_DDP_BAD_LENGTH);
			return;
		}
		p = c;
	}
	port_transmit(port, p);
}

void ethertalk_send_aarp(struct port *port, struct mac to, struct aarp a)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, pkt_tailroom(p));

	a.src_hw = port->mac;
	aarp_encode(&w, &a);
	p->len = wr_len(&w);
	ethertalk_transmit(port, to, ELAP_AARP, p);
}

static void send_hardware(struct port *port, struct mac to, struct pkt *datagram)
{
	ethertalk_transmit(port, to, ELAP_DDP, datagram);
}

static void send_broadcast(struct port *port, struct pkt *datagram)
{
	ethertalk_transmit(port, ELAP_BROADCAST, ELAP_DDP, datagram);
}

static void send_zone(struct port *port, const struct at_name *zone, struct pkt *datagram)
{
	ethertalk_transmit(port, zone_multicast(zone), ELAP_DDP, datagram);
}

/* --- in -------------------------------------------------------------------------------- */

bool ethertalk_is_neighbour(const struct port *port, struct at_addr addr)
{
	bool is_on_cable = at_net_is_startup(addr.net) ||
			   (at_net_is_routable(addr.net) && at_range_has(port->range, addr.net));

	return is_on_cable && addr.node >= 1 && addr.node <= AT_NODE_EXTENDED_LAST &&
	       !at_addr_eq(addr, port->addr);
}

static enum drop_reason reason_of(enum elap_result result)
{
	return result == ELAP_NOT_SNAP || result == ELAP_NOT_APPLETALK ? DROP_ELAP_NOT_APPLETALK
								       : DROP_ELAP_BAD_LENGTH;
}

static void aarp_input(struct ethertalk *e, struct pkt *p)
{
	struct rd r = rd_over(p->data, p->len);
	struct aarp a;

	if (!aarp_decode(&r, &a) || mac_is_group(a.src_hw)) {
		port_drop(e->port, DROP_AARP_MALFORMED);
		return;
	}
	cable_watch_node(e->port, a.function == AARP_PROBE ? a.dst_addr : a.src_addr);
	/* A Probe says that nobody has the address yet (E17, E19). */
	if (a.function == AARP_PROBE)
		aarp_forget(&e->nodes, a.dst_addr);
	else if (ethertalk_is_neighbour(e->port, a.src_addr))
		ethertalk_heard(e, a.src_addr, a.src_hw);
	ethertalk_claim_input(e, &a);
}

/* A datagram that has not been through a router tells its sender's address (E20). */
static void glean(struct ethertalk *e, const struct pkt *p, struct mac from)
{
	struct rd r = rd_over(p->data, p->len);
	struct ddp h;
	struct at_addr addr;

	if (!ddp_decode_long(&r, &h) || h.hops > 0)
		return;
	addr = (struct at_addr){ h.src.net, h.src.node };
	cable_watch_node(e->port, addr);
	if (ethertalk_is_neighbour(e->port, addr))
		ethertalk_heard(e, addr, from);
}

static void input(struct port *port, struct pkt *frame)
{
	struct ethertalk *e = ethertalk_of(port);
	struct elap h;
	enum elap_result result = elap_pull(frame, &h);

	if (result != ELAP_OK) {
		port_drop(port, reason_of(result));
	} else if (mac_is_group(h.src)) {
		port_drop(port, DROP_ELAP_BAD_SOURCE);
	} else if (!mac_eq(h.dst, port->mac) && !elap_is_multicast(h.dst)) {
		port_drop(port, DROP_ELAP_NOT_FOR_US);
	} else if (ethertalk_self_heard(e, &h, frame)) {
		return;
	} else if (h.kind == ELAP_AARP) {
		aarp_input(e, frame);
	} else {
		struct datagram d = {
			.pkt = frame,
			.port = port,
			.was_group = mac_is_group(h.dst),
			.link_source = h.src,
		};

		glean(e, frame, h.src);
		forward_input(port->r, &d);
	}
}

static void walk_nodes(struct port *port, void (*each)(void *ctx, const struct aarp_info *),
	void *ctx)
{
	const struct aarp_table *t = &ethertalk_of(port)->nodes;
	const struct instant now = port->env->now;
	const struct aarp_entry *n;

	for (n = aarp_next(t, NULL, now); n; n = aarp_next(t, &n->addr, now))
		each(ctx, &(struct aarp_info){ port->config.name, n->addr, n->mac,
			(long)span_to_s(instant_since(now, n->confirmed)) });
}

const struct port_ops ethertalk_ops = {
	.kind = "ethertalk",
	.is_extended = true,
	.init = init,
	.free = release,
	.link_up = link_up,
	.link_down = link_down,
	.claim = ethertalk_claim,
	.input = input,
	.send_node = ethertalk_send_node,
	.send_hardware = send_hardware,
	.send_broadcast = send_broadcast,
	.send_zone = send_zone,
	.zone_multicast = multicast_of_zone,
	.join_zone = join_zone,
	.walk_nodes = walk_nodes,
};
