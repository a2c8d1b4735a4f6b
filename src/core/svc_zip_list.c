/*
 * The zone lists that the Chooser asks for by ATP: GetMyZone, GetZoneList and
 * GetLocalZones. One response packet each, no state kept between them; the
 * asker pages by index. Inside AppleTalk ch. 8 and 9; called by svc_zip.c.
 */
#include "router_state.h"
#include "services.h"
#include "zip.h"
#include "zip_answer.h"

/* The i-th of all zones that a complete list holds, by name: the same for every page (Z26). */
static const struct zone *zone_of_internet(const struct router *r, const struct port *port,
	size_t i)
{
	(void)port;
	for (size_t k = 0; k < r->zones.used; k++)
		if (zone_is_visible(r->zones.sorted[k]) && i-- == 0)
			return r->zones.sorted[k];
	return NULL;
}

/* The i-th zone of a cable, its default zone first (Z29). */
static const struct zone *zone_of_cable(const struct router *r, const struct port *port, size_t i)
{
	const struct route *route = port_route(port);

	(void)r;
	if (!route || !port->default_zone)
		return NULL;
	if (i == 0)
		return port->default_zone;
	for (size_t k = 0; k < route->zones->used; k++)
		if (route->zones->zone[k] != port->default_zone && --i == 0)
			return route->zones->zone[k];
	return NULL;
}

/*
 * Which cable is it about? That of the asker (Z29, Z31); who asks through a tunnel has none
 * here, and means the one of the address that it wrote to. NULL: none of ours.
 */
static const struct port *port_asked(const struct router *r, const struct datagram *d)
{
	const struct route *route;

	if (d->port)
		return d->port;
	route = route_find(&r->routes, d->ddp.dst.net);
	return route && route->best->kind == PATH_ATTACHED ? port_of_path(route->best) : NULL;
}

static void send_list(struct router *r, const struct datagram *d, const struct zip_atp_request *q,
	const struct port *port,
	const struct zone *(*at)(const struct router *r, const struct port *port, size_t i))
{
	size_t i = q->start > 0 ? q->start - 1u : 0;
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);
	struct zip_zone_writer z;
	const struct zone *zone;

	zip_zones_begin(&z, &w, q->tid);
	while ((zone = at(r, port, i)) != NULL && zip_zones_add(&z, &zone->name))
		i++;
	zip_zones_end(&z, !zone);
	p->len = wr_len(&w);
	forward_reply(r, d, DDP_ATP, p);
}

/* One zone and LastFlag 0, by custom; nothing if it is not known yet (Z31). */
static void send_my_zone(struct router *r, const struct datagram *d,
	const struct zip_atp_request *q)
{
	const struct port *port = port_asked(r, d);
	const struct zone *zone = port ? zone_of_cable(r, port, 0) : NULL;
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);
	struct zip_zone_writer z;

	zip_zones_begin(&z, &w, q->tid);
	if (zone)
		(void)zip_zones_add(&z, &zone->name);
	zip_zones_end(&z, false);
	p->len = wr_len(&w);
	forward_reply(r, d, DDP_ATP, p);
}

void zip_on_atp(struct router *r, const struct datagram *d)
{
	struct rd body = datagram_body(d);
	const struct port *port = port_asked(r, d);
	struct zip_atp_request q;

	if (!zip_decode_atp_request(&body, &q)) {
		datagram_drop(r, d, DROP_ZIP_MALFORMED);
		return;
	}
	if (d->port && !port_is_up(d->port)) {
		datagram_drop(r, d, DROP_ZIP_NOT_READY);
		return;
	}
	switch (q.function) {
	case ZIP_GET_MY_ZONE:
		send_my_zone(r, d, &q);
		break;
	case ZIP_GET_ZONE_LIST:
		send_list(r, d, &q, port, zone_of_internet);
		break;
	case ZIP_GET_LOCAL_ZONES:
		if (port)
			send_list(r, d, &q, port, zone_of_cable);
		else
			datagram_drop(r, d, DROP_ZIP_NOT_READY);
		break;
	}
}
