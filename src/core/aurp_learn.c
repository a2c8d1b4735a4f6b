/*
 * Data receiver: what RI-Rsp, RI-Upd and RD say. Sequence numbers (RFC 1504
 * p. 41-42), then each tuple as an offer or withdrawal of this peer's path
 * (p. 33-38); route_offer.c does the rest. Called by aurp_recv.c with packets
 * that are legal in the present state.
 */
#include "aurp_recv.h"

#include <assert.h>

#include "aurp_seq.h"
#include "peer_state.h"
#include "route_offer.h"

/* A router that said farewell: it will call when it is back, but perhaps it cannot (A8). */
static const struct span dial_after_rd = { 30 * 1000000 };
static const struct span scan_interval = { 10 * 1000000 };

/* --- sequence -------------------------------------------------------------------------- */

static void acknowledge(struct peer *p, uint16_t sequence, uint16_t flags)
{
	struct aurp_out out;

	aurp_begin(&out, AURP_SEND_MAX, &(struct aurp){ .connection = p->recv.id,
		.sequence = sequence, .flags = flags, .msg = AURP_RI_ACK });
	peer_transmit(p, &out);
}

/* Some routers begin at 1 with every RI-Req (jrouter): we asked, and this is the answer. */
static bool begins_anew(const struct peer *p, const struct aurp *h)
{
	return p->recv.state == RECV_WAIT_RI_RSP && h->msg == AURP_RI_RSP && h->sequence == 1;
}

/* Is this the next packet? Whatever else it is, is dealt with here. */
static bool accept(struct peer *p, const struct aurp *h)
{
	enum seq_place place = begins_anew(p, h) ? SEQ_EXPECTED :
		seq_place(p->recv.expected, h->sequence);

	/* Nothing came yet, so nothing wrapped: that connection is not ours (S9, C8). */
	if (p->recv.is_virgin && place != SEQ_EXPECTED && h->sequence != 0)
		place = SEQ_LOST;
	switch (place) {
	case SEQ_EXPECTED:
		p->recv.is_virgin = false;
		return true;
	case SEQ_DUPLICATE:
		p->count.duplicates++;
		peer_drop(p, DROP_AURP_DUPLICATE);
		recv_heard(p);
		acknowledge(p, h->sequence, p->recv.ack_flags);
		return false;
	case SEQ_LOST:
		recv_out_of_sync(p);
		return false;
	case SEQ_STRANGE:
		break;
	}
	peer_drop(p, DROP_AURP_BAD_SEQUENCE);
	return false;
}

static void accepted(struct peer *p, const struct aurp *h, bool wants_zones)
{
	p->recv.expected = seq_next(h->sequence);
	p->recv.ack_flags = wants_zones ? AURP_SZI : 0;
	acknowledge(p, h->sequence, p->recv.ack_flags);
}

/* --- networks -------------------------------------------------------------------------- */

/* What one packet came to. */
struct harvest {
	size_t n_networks;	/* that the peer has offered so far */
	long bad_tuples;
	bool wants_zones;	/* of networks that SZI covers */
	bool asks_zones;	/* of networks that it does not */
	bool is_news;		/* say what is odd: not again with every distance change */
};

bool recv_has_its_share(struct peer *p, size_t has, size_t share, const char *of)
{
	if (share == 0 || has < share)
		return false;
	if (!p->recv.said_full)
		peer_say(p, (struct trace_event){ .kind = TRACE_PEER_FULL, .number = (long)share,
			.text = of });
	p->recv.said_full = true;
	return true;
}

static void say_reflects(struct peer *p, struct at_range range, const char *port)
{
	if (p->recv.said_reflects)
		return;
	p->recv.said_reflects = true;
	peer_say(p, (struct trace_event){ .kind = TRACE_PEER_REFLECTS, .range = range,
		.other = port });
}

static void say_conflict(struct peer *p, enum trace_kind kind, struct at_range range,
	const struct route *route)
{
	peer_say(p, (struct trace_event){ .kind = kind, .range = range, .range2 = route->range,
		.other = route_owner(route) });
}

static bool has_other_owner(const struct peer *p, const struct route *route)
{
	const struct path *best = route->best;

	return !path_is_bad(best) && best->kind != PATH_ATTACHED && peer_of_path(best) != p;
}

/* The table has no room for it, or the peer has its share (RFC 1504 p. 75). */
static void refuse_network(struct peer *p)
{
	peer_drop(p, DROP_AURP_TABLE_FULL);
	p->recv.lost_networks = true;
}

/* Peers do not repeat themselves: who has to give way now must be asked when the other is gone. */
static void give_way(struct peer *p, struct at_range range)
{
	struct aurp_recv *recv = &p->recv;

	for (size_t i = 0; i < recv->n_refused; i++)
		if (at_range_eq(recv->refused[i], range))
			return;
	if (recv->n_refused < RECV_REFUSED_MAX)
		recv->refused[recv->n_refused++] = range;
}

void recv_give_way(struct peer *p, struct at_range range, struct at_range own, const char *port)
{
	if (at_range_eq(range, own))
		say_reflects(p, range, port);
	else
		peer_say(p, (struct trace_event){ .kind = TRACE_PEER_OVERLAP, .range = range,
			.range2 = own, .other = port });
	give_way(p, range);
}

bool recv_may_have_refused(const struct peer *p)
{
	for (size_t i = 0; i < p->recv.n_refused; i++)
		if (route_offer_fits(p->tunnel->routes, p->recv.refused[i]))
			return true;
	return false;
}

/* Chapter 4's import filter and the remapping of incoming numbers stand before this (N5, M8). */
static void learn(struct peer *p, struct at_range range, uint8_t distance, bool is_szi,
	struct harvest *got)
{
	struct route_table *routes = p->tunnel->routes;
	struct route *route = route_find_overlap(routes, range);
	bool is_known = route && at_range_eq(route->range, range);
	bool had_path = is_known && route_path_by(route, &p->offers);
	size_t share = p->tunnel->config.max_networks_per_peer;
	const struct path *path;

	if (!had_path && recv_has_its_share(p, got->n_networks, share, "networks")) {
		refuse_network(p);
		return;
	}
	if (is_known && got->is_news && has_other_owner(p, route))
		say_conflict(p, TRACE_PEER_DUPLICATE_NET, range, route);
	switch (route_offer_tunnel(routes, &p->offers, range, distance)) {
	case OFFER_OURS:
		assert(route);
		peer_drop(p, DROP_AURP_REFLECTED);
		say_reflects(p, range, route_owner(route));
		give_way(p, range);
		return;
	case OFFER_OVERLAP:
		assert(route);
		peer_drop(p, DROP_AURP_OVERLAP);
		give_way(p, range);
		/* One that is dying is nobody's any more: somebody was renumbered. */
		if (got->is_news && !route_is_bad(route))
			say_conflict(p, TRACE_PEER_OVERLAP, range, route);
		return;
	case OFFER_FULL:
		refuse_network(p);
		return;
	case OFFER_KNOWN:
	case OFFER_NEW:
	case OFFER_CHANGED:
	case OFFER_IGNORED:
		break;
	}
	route = route_find(routes, range.first);
	path = route ? route_path_by(route, &p->offers) : NULL;
	got->n_networks += !had_path && path;
	/* Also of what is reached another way: it may be another network with the same number. */
	if (path && path_is_usable(path) && !path->zones.is_complete) {
		got->wants_zones |= is_szi;
		got->asks_zones |= !is_szi;
	}
}

static void finish(struct peer *p, const struct harvest *got)
{
	if (got->bad_tuples > 0)
		peer_say(p, (struct trace_event){ .kind = TRACE_PEER_BAD_TUPLES,
			.number = got->bad_tuples });
	/* What SZI brings is due at once; asking comes after a while (Z8). */
	if (got->wants_zones)
		recv_scan_zones_in(p, scan_interval);
	if (got->asks_zones)
		recv_scan_zones_in(p, span_us(0));
}

static void count_bad(struct peer *p, struct harvest *got)
{
	got->bad_tuples++;
	peer_drop(p, DROP_AURP_BAD_TUPLE);
}

/* --- RI-Rsp ---------------------------------------------------------------------------- */

void recv_on_ri_rsp(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct harvest got = { .n_networks = list_count(&p->offers.paths), .is_news = true };
	struct aurp_network n;
	enum tuple_step step;

	if (!accept(p, h))
		return;
	place_answered(p);
	recv_heard(p);
	if (!p->recv.in_list) {
		route_offer_mark_stale(&p->offers);
		p->recv.n_refused = 0;
	}
	p->recv.in_list = true;
	while (tuple_is_here(step = aurp_next_network(body, &n))) {
		if (step == TUPLE_OK)
			learn(p, n.range, n.distance, true, &got);
		else
			count_bad(p, &got);
	}
	if (step != TUPLE_END)
		count_bad(p, &got);
	if (h->flags & AURP_LAST) {
		/* The list replaces the old one: what it did not repeat is gone (A18, U45). */
		p->recv.in_list = false;
		route_offer_sweep(p->tunnel->routes, &p->offers);
		recv_enter(p, RECV_CONNECTED);
	} else {
		recv_await_list(p);
	}
	accepted(p, h, got.wants_zones);
	finish(p, &got);
	/* What gave way to another network may not have to any more. */
	recv_tables_changed(p);
}

/* --- RI-Upd ---------------------------------------------------------------------------- */

static void on_event(struct peer *p, const struct aurp_event *ev, struct harvest *got)
{
	switch (ev->code) {
	case AURP_EV_NA:
		got->is_news = true;
		learn(p, ev->range, ev->distance, true, got);
		break;
	case AURP_EV_NDC:
		/* Of an unknown network an NA, not covered by SZI (U25, Z5); 15 deletes (U8). */
		got->is_news = false;
		if (ev->distance < AURP_DISTANCE_MAX)
			learn(p, ev->range, ev->distance, false, got);
		else
			route_offer_withdrawn(p->tunnel->routes, &p->offers, ev->range);
		break;
	case AURP_EV_ND:
	case AURP_EV_NRC:
		route_offer_withdrawn(p->tunnel->routes, &p->offers, ev->range);
		break;
	case AURP_EV_NULL:
	case AURP_EV_ZC:
		break;
	}
}

void recv_on_ri_upd(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct harvest got = { .n_networks = list_count(&p->offers.paths) };
	struct aurp_event ev;
	enum tuple_step step;

	if (!accept(p, h))
		return;
	recv_heard(p);
	while (tuple_is_here(step = aurp_next_event(body, &ev))) {
		if (step == TUPLE_OK)
			on_event(p, &ev, &got);
		else
			count_bad(p, &got);
	}
	/* Cut, or an event whose length nobody knows (ZC): what came before counts (U10). */
	if (step != TUPLE_END)
		count_bad(p, &got);
	accepted(p, h, got.wants_zones);
	finish(p, &got);
}

/* --- RD -------------------------------------------------------------------------------- */

void recv_on_rd(struct peer *p, const struct aurp *h, struct rd *body)
{
	int16_t error;

	if (!accept(p, h))
		return;
	accepted(p, h, false);
	if (!aurp_decode_rd(body, &error))
		error = AURP_ERR_NORMAL_CLOSE;
	recv_closed_by_rd(p, error);
}

void recv_closed_by_rd(struct peer *p, int16_t error)
{
	p->recv.lost = INSTANT_NEVER;
	p->recv.back_off = dial_after_rd;
	peer_close(p, aurp_error_text(error), dial_after_rd);
}
