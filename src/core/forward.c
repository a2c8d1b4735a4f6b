/*
 * Every DDP datagram passes here: from a port (port_ethertalk.c, port_localtalk.c),
 * from a tunnel (tunnel.c), and from the router's own services. Inside AppleTalk
 * ch. 4 and figure 5-7; the table of special destinations is atalk-wire 6. A
 * forwarded datagram changes in its hop count only, which the checksum does not
 * cover.
 */
#include "forward.h"

#include "peer.h"
#include "port.h"
#include "router_state.h"
#include "services.h"
#include "tunnel.h"

void datagram_drop(struct router *r, const struct datagram *d, enum drop_reason reason)
{
	if (d->goes_on)
		return;
	if (d->port)
		port_drop(d->port, reason);
	else if (d->peer)
		peer_drop(d->peer, reason);
	else
		r->drops[reason]++;
}

static struct at_addr node_of(struct at_sockaddr s)
{
	return (struct at_addr){ s.net, s.node };
}

/* The port that has this address, up or still verifying; NULL if it is not ours. */
static struct port *own_port(struct router *r, struct at_addr addr)
{
	struct list *it;

	list_for_each(it, &r->ports) {
		struct port *port = container_of(it, struct port, in_router);

		if (at_addr_eq(port->addr, addr) && port->state != PORT_DOWN &&
			port->state != PORT_PROBING)
			return port;
	}
	return NULL;
}

/* The port whose cable holds this network; NULL if it is not attached. */
static struct port *attached_port(const struct router *r, uint16_t net)
{
	const struct route *route = route_find(&r->routes, net);

	if (!route || route->best->kind != PATH_ATTACHED || !route_is_usable(route))
		return NULL;
	return port_of_path(route->best);
}

/* --- to our own sockets ---------------------------------------------------------------- */

static bool socket_is_valid(uint8_t socket)
{
	return socket != 0 && socket != 0xFF;
}

static void deliver(struct router *r, struct datagram *d)
{
	if (!socket_is_valid(d->ddp.dst.socket) || !socket_is_valid(d->ddp.src.socket) ||
		d->ddp.type == 0) {
		datagram_drop(r, d, DROP_DDP_BAD_SOCKET);
		return;
	}
	if (!ddp_checksum_ok(d->pkt->data, d->pkt->len)) {
		datagram_drop(r, d, DROP_DDP_BAD_CHECKSUM);
		return;
	}
	switch (d->ddp.dst.socket) {
	case AT_SOCKET_RTMP:
		rtmp_input(r, d);
		break;
	case AT_SOCKET_NBP:
		nbp_input(r, d);
		break;
	case AT_SOCKET_AEP:
		aep_input(r, d);
		break;
	case AT_SOCKET_ZIP:
		zip_input(r, d);
		break;
	default:
		datagram_drop(r, d, DROP_DDP_NO_SOCKET);
		break;
	}
}

static void deliver_as_well(struct router *r, struct datagram *d)
{
	d->goes_on = true;
	deliver(r, d);
	d->goes_on = false;
}

/*
 * Is it for the new address of a port that is not up yet? Where it does not know
 * its network number, the node alone says so (D26).
 */
static bool is_for_new_address(const struct port *port, struct at_addr dst)
{
	if (port->addr.net == 0)
		return port->addr.node != 0 && dst.node == port->addr.node;
	return port_has_address(port, dst);
}

/*
 * A port that is not up yet hears what it needs to come up, and nothing else
 * (D33): RTMP and ZIP, to all or to its own new address; while it has none, RTMP to all.
 */
static bool is_for_starting_port(const struct port *port, const struct ddp *ddp)
{
	bool is_to_all = ddp->dst.node == AT_NODE_BROADCAST;

	if (port->state == PORT_DOWN)
		return false;
	if (port->state == PORT_PROBING)
		return is_to_all && ddp->dst.socket == AT_SOCKET_RTMP;
	return (ddp->dst.socket == AT_SOCKET_RTMP || ddp->dst.socket == AT_SOCKET_ZIP) &&
	       (is_to_all || is_for_new_address(port, node_of(ddp->dst)));
}

static void deliver_to_starting_port(struct router *r, struct datagram *d)
{
	if (!is_for_starting_port(d->port, &d->ddp))
		datagram_drop(r, d, DROP_PORT_NOT_READY);
	else
		deliver(r, d);
}

/* --- the decision ---------------------------------------------------------------------- */

static void send_by_path(const struct path *p, struct at_sockaddr dst, struct pkt *datagram)
{
	switch (p->kind) {
	case PATH_ATTACHED:
		if (dst.node == AT_NODE_BROADCAST)
			port_send_broadcast(port_of_path(p), datagram);
		else
			port_send_node(port_of_path(p), node_of(dst), datagram);
		break;
	case PATH_RTMP:
		port_send_node(port_of_path(p), p->next_router, datagram);
		break;
	case PATH_TUNNEL:
		peer_send_data(peer_of_path(p), datagram);
		break;
	}
}

/* A router beyond us needs room for another hop; a node on our cable gets it anyway (D06..D09). */
static void forward(struct router *r, struct datagram *d)
{
	const struct route *route = route_find(&r->routes, d->ddp.dst.net);
	const struct path *p;

	if (!route || !route_is_usable(route)) {
		datagram_drop(r, d, DROP_DDP_NO_ROUTE);
		return;
	}
	p = route->best;
	if (p->kind != PATH_ATTACHED && d->ddp.hops >= AT_HOPS_MAX) {
		datagram_drop(r, d, DROP_DDP_TOO_MANY_HOPS);
		return;
	}
	if (p->kind == PATH_TUNNEL && d->peer &&
		peer_tunnel(peer_of_path(p)) == peer_tunnel(d->peer)) {
		datagram_drop(r, d, DROP_DDP_BACK_INTO_TUNNEL);
		return;
	}
	if (d->ddp.hops < AT_HOPS_MAX)
		ddp_set_hops(d->pkt->data, (uint8_t)(d->ddp.hops + 1));
	send_by_path(p, d->ddp.dst, d->pkt);
}

/* Destinations that only the cable it came from gives a meaning to. True: dealt with. */
static bool decide_on_arrival_cable(struct router *r, struct datagram *d)
{
	struct port *port = d->port;
	struct at_sockaddr dst = d->ddp.dst;

	if (dst.net == 0) {
		if (dst.node == AT_NODE_BROADCAST || (!port->ops->is_extended &&
		    (dst.node == AT_NODE_ANY_ROUTER || dst.node == port->addr.node)))
			deliver(r, d);
		else
			datagram_drop(r, d, DROP_DDP_BAD_DESTINATION);
		return true;
	}
	if (at_range_has(port->range, dst.net) && dst.node == AT_NODE_BROADCAST) {
		/*
		 * Every node of the cable has seen it; it is ours if it names our network number
		 * (D02, D03).
		 */
		if (dst.net == port->addr.net)
			deliver(r, d);
		else
			datagram_drop(r, d, DROP_DDP_OTHER_NET_BROADCAST);
		return true;
	}
	return false;
}

static void decide(struct router *r, struct datagram *d)
{
	struct at_sockaddr dst = d->ddp.dst;
	struct port *attached;

	if (d->port && decide_on_arrival_cable(r, d))
		return;
	if (!at_net_is_routable(dst.net)) {
		datagram_drop(r, d, DROP_DDP_BAD_DESTINATION);
		return;
	}
	attached = attached_port(r, dst.net);
	if (attached &&
		(dst.node == AT_NODE_ANY_ROUTER || port_has_address(attached, node_of(dst)))) {
		deliver(r, d);
		return;
	}
	if (d->was_short) {
		datagram_drop(r, d, DROP_DDP_BAD_DESTINATION);
		return;
	}
	if (d->was_group) {
		datagram_drop(r, d, DROP_DDP_LINK_BROADCAST);
		return;
	}
	if (attached && dst.node == AT_NODE_BROADCAST && dst.net == attached->addr.net)
		deliver_as_well(r, d);
	forward(r, d);
}

/* A source that could be answered: D28; from a tunnel only what is routable. */
static bool source_is_valid(const struct datagram *d)
{
	struct at_sockaddr src = d->ddp.src;

	if (src.node == 0 || src.node == AT_NODE_BROADCAST)
		return false;
	if (at_net_is_routable(src.net))
		return true;
	if (!d->port)
		return false;
	return d->port->ops->is_extended ? at_net_is_startup(src.net) : src.net == 0;
}

void forward_input(struct router *r, struct datagram *d)
{
	struct rd rd = rd_over(d->pkt->data, d->pkt->len);

	if (!ddp_decode_long(&rd, &d->ddp)) {
		datagram_drop(r, d, DROP_DDP_BAD_LENGTH);
		return;
	}
	pkt_trim(d->pkt, d->ddp.len);
	if (!source_is_valid(d))
		datagram_drop(r, d, DROP_DDP_BAD_SOURCE);
	else if (d->port && !port_is_up(d->port))
		deliver_to_starting_port(r, d);
	else
		decide(r, d);
}

/* --- what the router itself says ------------------------------------------------------- */

struct at_addr datagram_reply_source(const struct datagram *d)
{
	struct at_addr called = node_of(d->ddp.dst);

	if (d->port && (called.net == 0 || called.node == AT_NODE_ANY_ROUTER ||
		called.node == AT_NODE_BROADCAST))
		return d->port->addr;
	if (called.node == AT_NODE_ANY_ROUTER || called.node == AT_NODE_BROADCAST)
		return (struct at_addr){ 0, 0 };
	return called;
}

/* Does this network only make sense on the port's own link (D32)? */
static bool is_on_link(const struct port *port, uint16_t net)
{
	return net == 0 || at_range_has(port->range, net) ||
	       (port->ops->is_extended && at_net_is_startup(net));
}

/* Our address on the port a path leaves by; through a tunnel, on the first port that is up. */
static struct at_addr address_for(const struct router *r, const struct path *p)
{
	const struct list *it;

	if (p->kind != PATH_TUNNEL)
		return port_of_path(p)->addr;
	list_for_each(it, &r->ports) {
		const struct port *port = container_of(it, struct port, in_router);

		if (port_is_up(port))
			return port->addr;
	}
	return (struct at_addr){ 0, 0 };
}

static bool push_header(struct router *r, const struct own_datagram *d, struct at_addr fallback,
	struct pkt *body)
{
	struct ddp h = { .dst = d->dst, .src = d->src, .type = d->type };

	if (h.src.net == 0) {
		h.src.net = fallback.net;
		h.src.node = fallback.node;
	}
	if (h.src.node == 0) {
		r->drops[DROP_PORT_NOT_READY]++;
		return false;
	}
	if (!ddp_push_long(body, &h)) {
		r->drops[DROP_DDP_BAD_LENGTH]++;
		return false;
	}
	return true;
}

static void originate_on_link(struct router *r, const struct own_datagram *d, struct pkt *body)
{
	if (!push_header(r, d, d->via->addr, body))
		return;
	if (d->dst.node == AT_NODE_BROADCAST)
		port_send_broadcast(d->via, body);
	else
		port_send_node(d->via, node_of(d->dst), body);
}

void forward_originate(struct router *r, const struct own_datagram *d, struct pkt *body)
{
	const struct route *route;

	if (own_port(r, node_of(d->dst))) {
		r->drops[DROP_DDP_NO_SOCKET]++;
		return;
	}
	if (d->via && is_on_link(d->via, d->dst.net)) {
		originate_on_link(r, d, body);
		return;
	}
	route = route_find(&r->routes, d->dst.net);
	if (!route || !route_is_usable(route)) {
		r->drops[DROP_DDP_NO_ROUTE]++;
		return;
	}
	if (push_header(r, d, address_for(r, route->best), body))
		send_by_path(route->best, d->dst, body);
}

/*
 * Is the asker a node that only its frame can be answered to? One with a
 * provisional address (Z21), or with a number of another cable that no route
 * leads to, from a stale hint (Z20).
 */
static bool is_known_by_frame_only(const struct router *r, const struct datagram *to)
{
	uint16_t net = to->ddp.src.net;
	const struct route *route = route_find(&r->routes, net);

	if (!to->port || !to->port->ops->is_extended)
		return false;
	return at_net_is_startup(net) || !route || !route_is_usable(route);
}

void forward_reply(struct router *r, const struct datagram *to, uint8_t type, struct pkt *body)
{
	struct at_addr source = datagram_reply_source(to);
	struct own_datagram d = {
		.src = { source.net, source.node, to->ddp.dst.socket },
		.dst = to->ddp.src,
		.type = type,
		.via = to->port,
	};

	if (is_known_by_frame_only(r, to)) {
		if (push_header(r, &d, to->port->addr, body))
			port_send_hardware(to->port, to->link_source, body);
		return;
	}
	forward_originate(r, &d, body);
}

void forward_broadcast(struct port *port, uint8_t src_socket, uint8_t dst_socket, uint8_t type,
	const struct at_name *zone, struct pkt *body)
{
	uint16_t net = port->ops->is_extended ? 0 : port->addr.net;
	struct own_datagram d = {
		.src = { port->addr.net, port->addr.node, src_socket },
		.dst = { net, AT_NODE_BROADCAST, dst_socket },
		.type = type,
		.via = port,
	};

	if (!push_header(port->r, &d, port->addr, body))
		return;
	if (zone)
		port_send_zone(port, zone, body);
	else
		port_send_broadcast(port, body);
}
