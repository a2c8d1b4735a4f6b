/*
 * What svc_zip.c is asked by routers and nodes: the zones of networks (Query),
 * and range, zone and multicast address of the asker's cable (GetNetInfo).
 * Only complete lists are told. Inside AppleTalk ch. 8.
 */
#include "aurpd/macroman.h"
#include "router_state.h"
#include "services.h"
#include "zip.h"
#include "zip_answer.h"

/* --- Query ----------------------------------------------------------------------------- */

static void send_reply(struct router *r, const struct datagram *d, struct pkt *p, struct wr *w)
{
	p->len = wr_len(w);
	forward_reply(r, d, DDP_ZIP, p);
}

/* Always Extended Replies, one network in each, so that no count is ambiguous (Z12, Z13). */
static void answer_network(struct router *r, const struct datagram *d, const struct route *route)
{
	const struct zone_list *l = route->zones;
	struct pkt_buf buf;
	size_t i = 0;

	while (i < l->used) {
		struct pkt *p = pkt_buf_init(&buf);
		struct wr w = wr_over(p->data, DDP_DATA_MAX);

		zip_encode_reply_header(&w, true, (uint8_t)l->used);
		while (i < l->used && wr_room(&w) >= zip_tuple_size(&l->zone[i]->name))
			zip_encode_tuple(&w, route->range.first, &l->zone[i++]->name);
		send_reply(r, d, p, &w);
	}
}

void zip_on_query(struct router *r, const struct datagram *d)
{
	const struct route *answered[ZIP_QUERY_NETS_MAX];
	struct rd body = datagram_body(d), nets;
	size_t n = 0;
	uint16_t net;

	if (!zip_decode_query(&body, &nets)) {
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		return;
	}
	while (n < ZIP_QUERY_NETS_MAX && zip_next_net(&nets, &net)) {
		const struct route *route = route_find(&r->routes, net);
		size_t i = 0;

		if (!route || !route->zones->is_complete)
			continue;
		/* One answer a network, however often it is asked for. */
		while (i < n && answered[i] != route)
			i++;
		if (i < n)
			continue;
		answered[n++] = route;
		answer_network(r, d, route);
	}
	if (n == 0)
		datagram_drop(r, d, DROP_ZIP_NOT_READY);
}

/* --- GetNetInfo ------------------------------------------------------------------------ */

static void describe_cable(struct port *port, const struct at_name *wanted,
	struct zip_net_info *info)
{
	const struct route *route = port_route(port);
	const struct at_name *zone = &port->default_zone->name;

	*info = (struct zip_net_info){ .range = port->range, .zone = *wanted };
	if (wanted->len > 0 && zone_is_of(route, wanted)) {
		zone = wanted;
	} else {
		info->flags |= ZIP_ZONE_INVALID;
		info->default_zone = *zone;
	}
	info->has_multicast = port->ops->zone_multicast(port, zone, &info->multicast);
	if (!info->has_multicast)
		info->flags |= ZIP_USE_BROADCAST;
	if (route->zones->used == 1)
		info->flags |= ZIP_ONLY_ONE_ZONE;
}

/* An asker with a number that this cable does not have hears broadcasts only (Z19). */
static bool must_broadcast(const struct datagram *d)
{
	return d->ddp.dst.node == AT_NODE_BROADCAST && !at_net_is_startup(d->ddp.src.net) &&
	       !at_range_has(d->port->range, d->ddp.src.net) &&
	       !(d->ddp.src.net == 0 && !d->port->ops->is_extended);
}

void zip_on_get_net_info(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);
	struct zip_net_info info;
	struct at_name wanted;

	if (!zip_decode_get_net_info(&body, &wanted)) {
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		return;
	}
	if (!d->port || !port_is_up(d->port) || !d->port->default_zone) {
		datagram_drop(r, d, DROP_ZIP_NOT_READY);
		return;
	}
	describe_cable(d->port, &wanted, &info);
	zip_encode_net_info(&w, &info);
	if (!must_broadcast(d)) {
		send_reply(r, d, p, &w);
		return;
	}
	p->len = wr_len(&w);
	forward_broadcast(d->port, AT_SOCKET_ZIP, d->ddp.src.socket, DDP_ZIP, NULL, p);
}
