/*
 * NBP routing: a BrRq becomes a FwdReq to every remote network of the zone and
 * a LkUp on every attached one; a FwdReq becomes a LkUp on its own network. Our
 * own names answer by the way (svc_nbp_name.c), as we do not hear ourselves.
 * Inside AppleTalk ch. 8, "NBP routing in IRs"; called by forward.c for socket 2.
 */
#include "nbp_name.h"
#include "router_state.h"
#include "services.h"

/* --- out ------------------------------------------------------------------------------- */

/* The same packet under another function; its zone may have been filled in (N03). */
static void encode(struct pkt *p, enum nbp_function function, uint8_t id, const struct nbp_tuple *t)
{
	struct wr w = wr_over(p->data, DDP_DATA_MAX);
	const struct nbp h = { .function = function, .count = 1, .id = id };

	nbp_encode(&w, &h);
	nbp_encode_tuple(&w, t);
	p->len = wr_len(&w);
}

/* A LkUp on one cable: to the zone's multicast address where there is one (N04, N05). */
static void look_up_on(struct port *port, struct port *asker, uint8_t id, const struct nbp_tuple *t)
{
	bool has_zone = port->ops->is_extended && !nbp_zone_is_own(&t->zone);
	const struct at_name *zone = has_zone ? &t->zone : NULL;
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	encode(p, NBP_LKUP, id, t);
	forward_broadcast(port, AT_SOCKET_NBP, AT_SOCKET_NBP, DDP_NBP, zone, p);
	nbp_answer(port, asker, id, t);
}

static void send_fwdreq(struct router *r, const struct route *route, uint8_t id,
	const struct nbp_tuple *t)
{
	const struct own_datagram d = {
		.src = { 0, 0, AT_SOCKET_NBP },
		.dst = { route->range.first, AT_NODE_ANY_ROUTER, AT_SOCKET_NBP },
		.type = DDP_NBP,
	};
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	encode(p, NBP_FWDREQ, id, t);
	forward_originate(r, &d, p);
}

bool nbp_look_up(struct router *r, struct port *asker, uint8_t id, const struct nbp_tuple *t)
{
	const struct zone *zone = zone_find(&r->zones, &t->zone);

	if (!zone || !zone_is_visible(zone))
		return false;
	for (size_t i = 0; i < zone->used; i++) {
		const struct route *route = zone->routes[i];

		if (!route_is_usable(route))
			continue;
		if (route->best->kind == PATH_ATTACHED)
			look_up_on(port_of_path(route->best), asker, id, t);
		else
			send_fwdreq(r, route, id, t);
	}
	return true;
}

/* --- in -------------------------------------------------------------------------------- */

static bool is_from_nonextended(const struct datagram *d)
{
	return d->port && !d->port->ops->is_extended;
}

/* A node of a non-extended network may not know its number yet: we do (N30). */
static void fill_in_net(const struct datagram *d, struct nbp_tuple *t)
{
	if (is_from_nonextended(d) && t->addr.net == 0)
		t->addr.net = d->port->range.first;
}

/*
 * "*" is the zone of the asker's network (N09); on an extended cable, where it
 * is not allowed, the default zone (N11).
 */
static bool fill_in_zone(const struct datagram *d, struct nbp_tuple *t)
{
	if (!nbp_zone_is_own(&t->zone))
		return true;
	if (!d->port || !d->port->default_zone)
		return false;
	t->zone = d->port->default_zone->name;
	return true;
}

static void on_brrq(struct router *r, const struct datagram *d, uint8_t id, struct nbp_tuple *t)
{
	if (!fill_in_zone(d, t)) {
		/* A network whose zone nobody knows yet still finds its own nodes (N10). */
		if (is_from_nonextended(d))
			look_up_on(d->port, d->port, id, t);
		else
			datagram_drop(r, d, DROP_NBP_UNKNOWN_ZONE);
		return;
	}
	if (!nbp_look_up(r, d->port, id, t))
		datagram_drop(r, d, DROP_NBP_UNKNOWN_ZONE);
}

/* For the network it was sent to, and only there (N06, N07). */
static void on_fwdreq(struct router *r, const struct datagram *d, uint8_t id,
	const struct nbp_tuple *t)
{
	const struct route *route = route_find(&r->routes, d->ddp.dst.net);

	if (!route || route->best->kind != PATH_ATTACHED || route_is_bad(route))
		datagram_drop(r, d, DROP_NBP_WRONG_NETWORK);
	else if (route->range.extended && nbp_zone_is_own(&t->zone))
		datagram_drop(r, d, DROP_NBP_UNKNOWN_ZONE);
	else
		look_up_on(port_of_path(route->best), d->port, id, t);
}

/* For all on the cable it came from, or for one of our addresses (N23). */
static void on_lkup(struct router *r, const struct datagram *d, uint8_t id,
	const struct nbp_tuple *t)
{
	const struct at_addr called = { d->ddp.dst.net, d->ddp.dst.node };
	struct list *it;

	list_for_each(it, &r->ports) {
		struct port *port = container_of(it, struct port, in_router);

		if (port_has_address(port, called)) {
			nbp_answer(port, d->port, id, t);
			return;
		}
	}
	if (d->port)
		nbp_answer(d->port, d->port, id, t);
}

void nbp_input(struct router *r, struct datagram *d)
{
	struct rd body = datagram_body(d), tuples;
	struct nbp h;
	struct nbp_tuple t;

	if (d->ddp.type != DDP_NBP || !nbp_decode(&body, &h)) {
		datagram_drop(r, d, DROP_NBP_MALFORMED);
		return;
	}
	tuples = body;
	if (!nbp_decode_tuple(&body, &t)) {
		datagram_drop(r, d, DROP_NBP_MALFORMED);
		return;
	}
	if (h.function != NBP_LKUP_REPLY)
		fill_in_net(d, &t);
	switch (h.function) {
	case NBP_BRRQ:
		on_brrq(r, d, h.id, &t);
		break;
	case NBP_FWDREQ:
		on_fwdreq(r, d, h.id, &t);
		break;
	case NBP_LKUP:
		on_lkup(r, d, h.id, &t);
		break;
	case NBP_LKUP_REPLY:
		if (!nbp_name_heard(r, &h, tuples))
			datagram_drop(r, d, DROP_NBP_IGNORED);
		break;
	}
}
