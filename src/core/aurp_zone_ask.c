/*
 * Data receiver: the zones of a peer's networks. Mostly they come unasked, as
 * our acknowledgements have SZI set; what got lost is asked for until it is
 * there (RFC 1504 p. 24-25, 52-53), each network less and less often as long as
 * its list does not grow. Lists are whole before anybody sees them: zone.c.
 */
#include "aurp_recv.h"

#include <stdlib.h>

#include "alloc.h"
#include "peer_state.h"

enum {
	TRIES_TO_COMPLAIN = 5,
	TRIES_AT_MOST_APART = 5,	/* 10 s doubled so often passes the ceiling */
};

static const struct span scan_interval = { 10 * 1000000 };
static const struct span ask_most_apart = { 300 * 1000000 };

/* --- asking ---------------------------------------------------------------------------- */

/*
 * Its zones are asked for although the network may be reached another way at present:
 * only so it is seen that two sites use one number, and the zones are there when that
 * way goes (Z23).
 */
static bool is_missing(const struct path *path)
{
	return path_is_usable(path) && !path->zones.is_complete;
}

static size_t count_missing(const struct peer *p)
{
	const struct list *it;
	size_t n = 0;

	list_for_each(it, &p->offers.paths)
		n += is_missing(container_of(it, struct path, in_owner));
	return n;
}

/* Also those that are not shown: they are remembered all the same. */
static size_t count_names(const struct path *path)
{
	return path->zones.used + path->zones.n_unfit;
}

/* Entries in the zone lists that it told us. */
static size_t count_zones(const struct peer *p)
{
	const struct list *it;
	size_t n = 0;

	list_for_each(it, &p->offers.paths)
		n += count_names(container_of(it, struct path, in_owner));
	return n;
}

/* What to ask for, from the routing table; memory of earlier tries is kept. */
static void collect(struct peer *p)
{
	struct route_table *routes = p->tunnel->routes;
	struct zone_ask *old = p->recv.ask, *now = mem_new(count_missing(p), sizeof(*now));
	size_t n_old = p->recv.n_ask, n = 0, k = 0;

	for (size_t i = 0; i < routes->used; i++) {
		const struct route *route = routes->sorted[i];
		const struct path *path = route_path_by(route, &p->offers);

		if (!path || !is_missing(path))
			continue;
		while (k < n_old && old[k].net < route->range.first)
			k++;
		if (k < n_old && old[k].net == route->range.first)
			now[n++] = old[k];
		else
			now[n++] = (struct zone_ask){ route->range.first, 0, peer_env(p)->now };
	}
	free(old);
	p->recv.ask = now;
	p->recv.n_ask = n;
}

static void complain(struct peer *p, uint16_t net)
{
	const struct route *route = route_find(p->tunnel->routes, net);

	/* It told us some, which were said to be of no use. */
	if (route_path_by(route, &p->offers)->zones.n_unfit > 0)
		return;
	peer_say(p, (struct trace_event){ .kind = TRACE_PEER_ZONES_MISSING,
		.range = route->range });
}

/* Notes the try; when to try again. */
static void note_try(struct peer *p, struct zone_ask *a)
{
	struct span wait = span_us(scan_interval.us << a->tries);

	if (span_cmp(wait, ask_most_apart) > 0)
		wait = ask_most_apart;
	if (a->tries < TRIES_AT_MOST_APART && ++a->tries == TRIES_TO_COMPLAIN)
		complain(p, a->net);
	a->due = instant_add(peer_env(p)->now, wait);
}

static void begin_zi_req(struct peer *p, struct aurp_out *out)
{
	aurp_begin(out, AURP_SEND_MAX,
		&(struct aurp){ .connection = p->recv.id, .msg = AURP_ZI_REQ });
}

static void ask_for_due(struct peer *p)
{
	struct aurp_out out;
	bool is_begun = false;

	for (size_t i = 0; i < p->recv.n_ask; i++) {
		struct zone_ask *a = &p->recv.ask[i];

		if (instant_cmp(a->due, peer_env(p)->now) > 0)
			continue;
		note_try(p, a);
		if (is_begun && wr_room(&out.w) < sizeof(uint16_t)) {
			peer_transmit(p, &out);
			is_begun = false;
		}
		if (!is_begun)
			begin_zi_req(p, &out);
		is_begun = true;
		aurp_encode_zi_net(&out.w, a->net);
	}
	if (is_begun)
		peer_transmit(p, &out);
}

void recv_zone_scan_fired(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, recv.zone_scan);
	struct instant due = INSTANT_NEVER;

	if (!recv_is_open(p))
		return;
	collect(p);
	ask_for_due(p);
	for (size_t i = 0; i < p->recv.n_ask; i++)
		if (instant_cmp(p->recv.ask[i].due, due) < 0)
			due = p->recv.ask[i].due;
	timer_set(&peer_env(p)->timers, t, due);
}

void recv_scan_zones_in(struct peer *p, struct span d)
{
	struct timer *t = &p->recv.zone_scan;

	if (!timer_is_set(t) || instant_cmp(instant_add(peer_env(p)->now, d), t->due) < 0)
		env_arm(peer_env(p), t, d);
}

size_t recv_zones_missing(const struct peer *p)
{
	return count_missing(p);
}

static bool has_its_share_of_networks(struct peer *p)
{
	return recv_has_its_share(p, list_count(&p->offers.paths),
		p->tunnel->config.max_networks_per_peer, "networks");
}

/* For a network that we had to refuse (RFC 1504 p. 75). */
static bool has_room_again(struct peer *p)
{
	if (p->recv.lost_networks && !p->tunnel->routes->is_full &&
	    !has_its_share_of_networks(p))
		return true;
	return recv_may_have_refused(p);
}

void recv_tables_changed(struct peer *p)
{
	if (!recv_is_open(p))
		return;
	if (p->recv.state == RECV_CONNECTED && has_room_again(p)) {
		p->recv.lost_networks = false;
		recv_refresh(p);
	}
	if (!timer_is_set(&p->recv.zone_scan) && count_missing(p) > 0)
		recv_scan_zones_in(p, scan_interval);
}

/* --- answers --------------------------------------------------------------------------- */

/*
 * The tuples of one network, which stand together (Z13). An extended answer
 * about one network says how many zones it has in all (Z16); any other list is
 * whole as it stands, and so is the extended form of Darwin, which fills it with
 * several networks (Q12).
 */
struct answer {
	struct peer *p;
	size_t n_zones;			/* that the peer has told us so far */
	bool is_extended;		/* about one network, with a total */
	bool may_be_late;		/* names may belong to a list that we took for whole */
	uint16_t total;
	struct path *path;		/* to the network being read; NULL: not this peer's */
	uint16_t net;
	size_t had;			/* zones of that network */
	bool has_gap;			/* a name of it could not be read or kept */
	bool was_complete;
};

/* Part of a list came: what got lost of it comes as easily, so it is asked for as if anew. */
static void ask_for_the_rest(struct peer *p, uint16_t net)
{
	for (size_t i = 0; i < p->recv.n_ask; i++) {
		struct zone_ask *a = &p->recv.ask[i];

		if (a->net != net)
			continue;
		*a = (struct zone_ask){ net, 0, instant_add(peer_env(p)->now, scan_interval) };
		recv_scan_zones_in(p, scan_interval);
	}
}

static void end_network(struct answer *a)
{
	struct route_table *routes = a->p->tunnel->routes;

	if (!a->path || a->was_complete)
		return;
	if (a->is_extended)
		zone_expect(routes, a->path, a->total);
	else if (!a->has_gap)
		zone_complete(routes, a->path);
	if (!a->path->zones.is_complete && a->path->zones.used > a->had)
		ask_for_the_rest(a->p, a->path->route->range.first);
}

static void begin_network(struct answer *a, uint16_t net)
{
	const struct route *route = route_find(a->p->tunnel->routes, net);
	struct path *path = route ? route_path_by(route, &a->p->offers) : NULL;

	a->net = net;
	a->path = path && path_is_usable(path) ? path : NULL;
	a->had = a->path ? a->path->zones.used : 0;
	a->has_gap = false;
	a->was_complete = a->path && a->path->zones.is_complete;
	if (!a->path)
		peer_drop(a->p, DROP_ZIP_UNEXPECTED);
}

/* A list with a gap stays incomplete, and is asked for again some time (O8). */
static void leave_gap(struct answer *a)
{
	a->has_gap = true;
	peer_drop(a->p, DROP_AURP_TABLE_FULL);
}

static void take_zone(struct answer *a, const struct at_name *zone)
{
	struct route_table *routes = a->p->tunnel->routes;
	size_t had, share = a->p->tunnel->config.max_zones_per_peer;
	bool has_share;

	/* A list that is whole grows by late names of an extended answer only (Z17). */
	if (!a->path || (a->was_complete && !a->may_be_late))
		return;
	had = count_names(a->path);
	has_share = recv_has_its_share(a->p, a->n_zones, share, "zones");
	if (!has_share && zone_add(routes, a->path, zone))
		a->n_zones += count_names(a->path) - had;
	else if (has_share || routes->zones->is_full)
		leave_gap(a);
	else
		peer_drop(a->p, DROP_AURP_BAD_TUPLE);
}

static bool names_one_network(struct aurp_zone_reader *z)
{
	struct rd start = z->tuples;
	struct aurp_zone t;
	uint16_t net = 0;
	bool is_one = true;

	while (tuple_is_here(aurp_next_zone(z, &t))) {
		is_one &= net == 0 || t.net == net;
		net = t.net;
	}
	z->tuples = start;
	return is_one;
}

void recv_on_zi_rsp(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct answer a = { .p = p, .n_zones = count_zones(p) };
	struct aurp_zone_reader z;
	struct aurp_zone t;
	enum tuple_step step;

	if (!aurp_decode_zi_rsp(body, &z)) {
		peer_drop(p, DROP_AURP_MALFORMED);
		return;
	}
	place_answered(p);
	recv_heard(p);
	a.may_be_late = h->msg == AURP_ZI_RSP_EXT;
	a.is_extended = a.may_be_late && names_one_network(&z);
	a.total = z.count;
	while (tuple_is_here(step = aurp_next_zone(&z, &t))) {
		if (t.net != a.net) {
			end_network(&a);
			begin_network(&a, t.net);
		}
		if (step != TUPLE_BAD) {
			take_zone(&a, &t.zone);
		} else {
			a.has_gap = true;
			peer_drop(p, DROP_AURP_BAD_TUPLE);
		}
	}
	if (step != TUPLE_END) {
		a.has_gap = true;
		peer_drop(p, DROP_AURP_MALFORMED);
	}
	end_network(&a);
}
