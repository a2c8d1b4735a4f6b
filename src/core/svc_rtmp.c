/*
 * RTMP in: Data from other routers goes tuple by tuple to route_offer_rtmp(),
 * or, while a port is seeking its range, to cable.c; Requests and Route Data
 * Requests are answered (svc_rtmp_data.c). Inside AppleTalk ch. 5; called by
 * forward.c for socket 1.
 */
#include "cable.h"
#include "route_offer.h"
#include "rtmp.h"
#include "rtmp_data.h"
#include "router_state.h"
#include "services.h"
#include "zip.h"

/* --- Data ------------------------------------------------------------------------------ */

/*
 * Did the node that an RTMP packet names send it? On a non-extended network, 0 is
 * any number (D26), and a short header has none: what stands there is ours.
 */
static bool is_sent_by(const struct datagram *d, struct at_addr sender)
{
	bool is_any = !d->port->ops->is_extended &&
		      (sender.net == 0 || d->ddp.src.net == 0 || d->was_short);

	return d->ddp.hops == 0 && sender.node == d->ddp.src.node &&
	       (sender.net == d->ddp.src.net || is_any);
}

/* The sender must be a node of this cable and the one that really sent it (R39, R42). */
static bool sender_is_valid(const struct datagram *d, const struct rtmp_header *h)
{
	uint8_t last = d->port->ops->is_extended ? AT_NODE_EXTENDED_LAST : AT_NODE_BROADCAST - 1;

	return is_sent_by(d, h->sender) && h->sender.node >= 1 && h->sender.node <= last &&
	       at_range_has(h->cable, h->sender.net) && !port_has_address(d->port, h->sender);
}

/* A range for the cable other than ours: nothing of the packet is believed (R41, R43). */
static bool is_other_range(const struct datagram *d, const struct rtmp_header *h)
{
	return h->cable.first != 0 && !at_range_eq(h->cable, d->port->range);
}

/* Unless it is proved by now that the cable is another one than we took it for. */
static void hear_other_range(struct router *r, const struct datagram *d,
	const struct rtmp_header *h)
{
	if (sender_is_valid(d, h) && port_is_contradicted(d->port, h->sender, h->cable))
		return;
	env_trace(&r->env, &(struct trace_event){ .kind = TRACE_RTMP_RANGE_IGNORED,
		.port = d->port->config.name, .addr = h->sender, .range = h->cable });
	datagram_drop(r, d, DROP_RTMP_OTHER_RANGE);
}

/* Another port of ours that is in use and has this address: we hear ourselves. */
static const struct port *own_port_on_cable(const struct router *r, const struct datagram *d,
	struct at_addr sender)
{
	const struct list *it;

	list_for_each(it, &r->ports) {
		const struct port *port = container_of(it, struct port, in_router);

		if (port != d->port && port_is_up(port) && at_addr_eq(port->addr, sender) &&
		    is_sent_by(d, sender))
			return port;
	}
	return NULL;
}

static void hear_while_seeking(struct router *r, const struct datagram *d,
	const struct rtmp_header *h)
{
	if (!sender_is_valid(d, h))
		datagram_drop(r, d, DROP_RTMP_BAD_SENDER);
	else if (cable_hear_range(d->port, h->sender, h->cable))
		port_judge_cable(d->port);
}

static void trace_overlap(struct router *r, const struct datagram *d, const struct rtmp_tuple *t)
{
	struct route *known = route_find_overlap(&r->routes, t->range);

	/* One that is dying is nobody's any more: somebody was renumbered. */
	if (known && !route_is_bad(known))
		env_trace(&r->env, &(struct trace_event){ .kind = TRACE_RTMP_OVERLAP,
			.port = d->port->config.name, .addr = { d->ddp.src.net, d->ddp.src.node },
			.range = t->range, .range2 = known->range,
			.other = route_owner(known) });
}

/* Impossible tuples are passed over (R42); a cut ends the list, what is before it counts (R40). */
static void offer_tuples(struct router *r, const struct datagram *d, struct rd *tuples)
{
	const struct at_addr from = { d->ddp.src.net, d->ddp.src.node };
	uint16_t new_nets[ZIP_QUERY_NETS_MAX];
	size_t n_new = 0;
	struct rtmp_tuple t;
	enum tuple_step step;
	bool is_whole = true;

	while (tuple_is_here(step = rtmp_next_tuple(tuples, &t))) {
		enum offer_result result;

		if (step == TUPLE_BAD) {
			is_whole = false;
			continue;
		}
		result = route_offer_rtmp(&r->routes, &d->port->offers, from, t.range, t.distance);
		if (result == OFFER_NEW && n_new < ZIP_QUERY_NETS_MAX)
			new_nets[n_new++] = t.range.first;
		else if (result == OFFER_OVERLAP)
			trace_overlap(r, d, &t);
	}
	if (!is_whole || step != TUPLE_END)
		datagram_drop(r, d, DROP_RTMP_MALFORMED);
	if (n_new > 0)
		zip_ask(d->port, from, new_nets, n_new);
}

static void on_data(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	const struct port *own;
	struct rtmp_header h;

	if (!d->port) {
		datagram_drop(r, d, DROP_RTMP_BAD_SENDER);
		return;
	}
	if (!rtmp_decode_header(&body, d->port->ops->is_extended, &h)) {
		datagram_drop(r, d, DROP_RTMP_MALFORMED);
		return;
	}
	own = own_port_on_cable(r, d, h.sender);
	if (own) {
		port_hears_own(d->port, own);
		datagram_drop(r, d, DROP_OWN_PORT);
	} else if (port_is_up(d->port) && is_other_range(d, &h)) {
		hear_other_range(r, d, &h);
	} else if (!port_is_up(d->port)) {
		hear_while_seeking(r, d, &h);
	} else if (!sender_is_valid(d, &h)) {
		datagram_drop(r, d, DROP_RTMP_BAD_SENDER);
	} else {
		offer_tuples(r, d, &body);
	}
}

/* --- Requests -------------------------------------------------------------------------- */

/* The port whose cable the question is about: where it came from, or where it was sent to. */
static struct port *port_asked(const struct router *r, const struct datagram *d)
{
	const struct route *route;

	if (d->port)
		return d->port;
	route = route_find(&r->routes, d->ddp.dst.net);
	return route ? port_of_path(route->best) : NULL;
}

static void on_request(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	struct port *port = port_asked(r, d);
	enum rtmp_function function;

	if (!rtmp_decode_request(&body, &function)) {
		datagram_drop(r, d, DROP_RTMP_UNKNOWN_FUNCTION);
		return;
	}
	if (!port || !port_is_up(port)) {
		datagram_drop(r, d, DROP_PORT_NOT_READY);
		return;
	}
	switch (function) {
	case RTMP_REQUEST:
		rtmp_send_response(port, d);
		break;
	case RTMP_RDR_SPLIT:
		rtmp_answer_data(port, d, RTMP_SPLIT_HORIZON);
		break;
	case RTMP_RDR_WHOLE:
		rtmp_answer_data(port, d, RTMP_WHOLE_TABLE);
		break;
	case RTMP_LOOP_PROBE:
		datagram_drop(r, d, DROP_RTMP_UNKNOWN_FUNCTION);
		break;
	}
}

void rtmp_input(struct router *r, struct datagram *d)
{
	switch (d->ddp.type) {
	case DDP_RTMP:
		on_data(r, d);
		break;
	case DDP_RTMP_REQUEST:
		on_request(r, d);
		break;
	default:
		datagram_drop(r, d, DROP_RTMP_MALFORMED);
		break;
	}
}
