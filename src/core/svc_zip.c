/*
 * ZIP: sorts what comes to socket 6, asks other routers for the zones of their
 * networks and takes their Replies into the zone table: of all that they offer,
 * also what is reached another way at present. Peers are asked by aurp_zone_ask.c,
 * the routers of our own cables by port_seed.c.
 * Inside AppleTalk ch. 8 ("Zone Information Table maintenance").
 */
#include "zip.h"

#include "cable.h"
#include "router_state.h"
#include "services.h"
#include "zip_answer.h"

/* --- asking ---------------------------------------------------------------------------- */

void zip_ask(struct port *port, struct at_addr router, const uint16_t *nets, size_t n)
{
	const struct own_datagram d = {
		.src = { 0, 0, AT_SOCKET_ZIP },
		.dst = { router.net, router.node, AT_SOCKET_ZIP },
		.type = DDP_ZIP,
		.via = port,
	};
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	zip_encode_query(&w, nets, n);
	p->len = wr_len(&w);
	forward_originate(port->r, &d, p);
}

/* Queries being filled, one per router asked. */
enum { QUERIES_AT_ONCE = 8 };

struct zip_queries {
	struct {
		struct port *port;
		struct at_addr router;
		uint16_t nets[ZIP_QUERY_NETS_MAX];
		size_t n;
	} query[QUERIES_AT_ONCE];
	size_t used;
};

static void send_queries(struct zip_queries *q)
{
	for (size_t i = 0; i < q->used; i++)
		zip_ask(q->query[i].port, q->query[i].router, q->query[i].nets, q->query[i].n);
	q->used = 0;
}

static void add_query(struct zip_queries *q, const struct path *p, uint16_t net)
{
	struct port *port = port_of_path(p);
	size_t i = 0;

	while (i < q->used &&
	       (q->query[i].port != port || !at_addr_eq(q->query[i].router, p->next_router)))
		i++;
	if (i == QUERIES_AT_ONCE || (i < q->used && q->query[i].n == ZIP_QUERY_NETS_MAX)) {
		send_queries(q);
		i = 0;
	}
	if (i == q->used) {
		q->query[i].port = port;
		q->query[i].router = p->next_router;
		q->query[i].n = 0;
		q->used++;
	}
	q->query[i].nets[q->query[i].n++] = net;
}

void zip_scan(struct router *r)
{
	struct zip_queries q = { .used = 0 };

	for (size_t i = 0; i < r->routes.used; i++) {
		const struct route *route = r->routes.sorted[i];
		const struct path *p = route_path(route, PATH_RTMP);

		if (p && path_is_usable(p) && !p->zones.is_complete)
			add_query(&q, p, route->range.first);
	}
	send_queries(&q);
}

/* --- Replies --------------------------------------------------------------------------- */

static struct at_addr source_of(const struct datagram *d)
{
	return (struct at_addr){ d->ddp.src.net, d->ddp.src.node };
}

/* The path a tuple tells us about, if we asked this router about it (Z08, Z09). */
static struct path *path_asked(struct router *r, const struct datagram *d, uint16_t net)
{
	const struct route *route = route_find(&r->routes, net);
	struct path *p = route ? route_path(route, PATH_RTMP) : NULL;

	if (!p || p->zones.is_complete || port_of_path(p) != d->port)
		return NULL;
	return at_addr_eq(p->next_router, source_of(d)) ? p : NULL;
}

static bool is_whole(struct rd tuples)
{
	enum tuple_step step;
	struct zip_tuple t;

	do
		step = zip_next_tuple(&tuples, &t);
	while (tuple_is_here(step));
	return step == TUPLE_END;
}

/* Names pile up until there are as many as the total says; another total starts afresh (Z06). */
static bool take_extended(struct router *r, const struct datagram *d, const struct zip_reply *reply)
{
	struct rd tuples = reply->tuples;
	bool is_wanted = false;
	enum tuple_step step;
	struct zip_tuple t;

	while (tuple_is_here(step = zip_next_tuple(&tuples, &t))) {
		struct path *p = step != TUPLE_BAD ? path_asked(r, d, t.net) : NULL;
		size_t total;

		if (!p)
			continue;
		is_wanted = true;
		total = p->route->range.extended ? reply->count : 1;
		if (p->zones.expected != total) {
			zone_clear(&r->routes, p);
			zone_expect(&r->routes, p, total);
		}
		(void)zone_add(&r->routes, p, &t.zone);
	}
	return is_wanted;
}

/* The lists of a plain Reply are whole; the count is not to be trusted (Z05). */
static bool take_plain(struct router *r, const struct datagram *d, const struct zip_reply *reply)
{
	struct rd tuples = reply->tuples;
	bool is_wanted = false;
	enum tuple_step step;
	struct zip_tuple t;

	while (tuple_is_here(step = zip_next_tuple(&tuples, &t))) {
		struct path *p = step != TUPLE_BAD ? path_asked(r, d, t.net) : NULL;

		if (!p)
			continue;
		is_wanted = true;
		if (p->zones.expected > 0)
			zone_clear(&r->routes, p);
		(void)zone_add(&r->routes, p, &t.zone);
	}
	tuples = reply->tuples;
	while (tuple_is_here(step = zip_next_tuple(&tuples, &t))) {
		struct path *p = step != TUPLE_BAD ? path_asked(r, d, t.net) : NULL;

		if (p)
			zone_complete(&r->routes, p);
	}
	return is_wanted;
}

static void on_reply(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	struct zip_reply reply;
	bool is_wanted;

	if (!zip_decode_reply(&body, &reply) || !is_whole(reply.tuples) ||
	    (reply.extended && reply.count == 0)) {
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		return;
	}
	if (!d->port) {
		datagram_drop(r, d, DROP_ZIP_UNEXPECTED);
		return;
	}
	if (port_is_seeking(d->port) && d->ddp.hops == 0 &&
	    cable_hear_zones(d->port, source_of(d), &reply)) {
		port_judge_cable(d->port);
		return;
	}
	is_wanted = port_is_up(d->port) &&
		    (reply.extended ? take_extended(r, d, &reply) : take_plain(r, d, &reply));
	if (!is_wanted)
		datagram_drop(r, d, DROP_ZIP_UNEXPECTED);
}

static void on_net_info(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	struct zip_net_info info;

	if (!zip_decode_net_info(&body, &info)) {
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		return;
	}
	if (d->port && port_is_seeking(d->port) && d->ddp.hops == 0 &&
	    cable_hear_net_info(d->port, source_of(d), &info))
		port_judge_cable(d->port);
	else
		datagram_drop(r, d, DROP_ZIP_UNEXPECTED);
}

/* --- all of it ------------------------------------------------------------------------- */

static void on_zip(struct router *r, const struct datagram *d)
{
	const struct rd body = datagram_body(d);

	switch (zip_peek_command(&body)) {
	case ZIP_QUERY:
		zip_on_query(r, d);
		break;
	case ZIP_REPLY:
	case ZIP_EXTENDED_REPLY:
		on_reply(r, d);
		break;
	case ZIP_GET_NET_INFO:
		zip_on_get_net_info(r, d);
		break;
	case ZIP_NET_INFO_REPLY:
		on_net_info(r, d);
		break;
	case ZIP_TAKEDOWN:
	case ZIP_BRINGUP:
	case ZIP_NOTIFY:
		datagram_drop(r, d, DROP_ZIP_IGNORED);
		break;
	case ZIP_NONE:
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		break;
	}
}

void zip_input(struct router *r, struct datagram *d)
{
	switch (d->ddp.type) {
	case DDP_ZIP:
		on_zip(r, d);
		break;
	case DDP_ATP:
		zip_on_atp(r, d);
		break;
	default:
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		break;
	}
}
