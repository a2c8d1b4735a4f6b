/*
 * A mate as data receiver: it calls, asks for the list, takes updates and zones,
 * tickles, and gives up, all at the pace of its make (mate_manners.c). mate.c calls.
 */
#include <stdlib.h>

#include "alloc.h"
#include "world.h"

enum { ZONES_AGAIN_S = 10, ASKED_MAX = 64, UNREACHABLE = 15 };

static const struct manners *manners_of(const struct mate_peer *p)
{
	return &p->mate->manners;
}

/* RFC 1504 p. 41: 1 comes after FFFF. */
static uint16_t after(uint16_t n)
{
	return n == UINT16_MAX ? 1 : (uint16_t)(n + 1);
}

/* --- calls ----------------------------------------------------------------------------- */

static void enter(struct mate_peer *p, enum mate_recv state)
{
	p->recv = state;
	p->recv_tries = 1;
	p->recv_sent = mate_now(p);
}

/* It asks for the name as long as nobody is there; a make that does not is told. */
static void resolve(struct mate_peer *p)
{
	p->at = (struct endpoint){ jack_listed(p->to, mate_jack(p->mate)).ip, AURP_PORT };
}

static void send_open_req(struct mate_peer *p)
{
	uint8_t body[8];
	struct wr w = wr_over(body, sizeof body);

	resolve(p);
	p->recv_sent = mate_now(p);
	aurp_encode_open_req(&w, &(struct aurp_open_req){ .version = AURP_VERSION });
	mate_transmit(p, &(struct aurp){ .connection = p->recv_id, .flags = AURP_SUI_ALL,
		.msg = AURP_OPEN_REQ }, body, wr_len(&w));
}

void mate_recv_call(struct mate_peer *p)
{
	p->recv_id = p->mate->last_id = after(p->mate->last_id);
	p->round = mate_now(p);
	enter(p, MATE_RECV_OPENING);
	send_open_req(p);
}

static void call_again(struct mate_peer *p)
{
	const struct manners *m = manners_of(p);

	if (!mate_is_due(p, p->recv_sent, m->call_s))
		return;
	if (p->recv_tries++ < m->calls)
		send_open_req(p);
	else
		mate_recv_close(p);
}

/* --- what it was told ------------------------------------------------------------------ */

const struct mate_route *mate_route(const struct mate_peer *p, struct at_range range)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (at_range_eq(p->routes[i].range, range))
			return &p->routes[i];
	return NULL;
}

bool mate_is_told(const struct mate_peer *p)
{
	return p->recv >= MATE_RECV_UP;
}

static void learn(struct mate_peer *p, struct at_range range, uint8_t distance)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (at_range_eq(p->routes[i].range, range)) {
			p->routes[i].distance = distance;
			p->routes[i].is_old = false;
			return;
		}
	p->routes = mem_grow(p->routes, p->n_routes, &p->cap_routes, sizeof(*p->routes));
	p->routes[p->n_routes++] = (struct mate_route){ .range = range, .distance = distance };
}

static void forget(struct mate_peer *p, size_t i)
{
	free(p->routes[i].zones);
	p->routes[i] = p->routes[--p->n_routes];
}

static void unlearn(struct mate_peer *p, struct at_range range)
{
	for (size_t i = 0; i < p->n_routes; i++)
		if (at_range_eq(p->routes[i].range, range)) {
			forget(p, i);
			return;
		}
}

void mate_recv_close(struct mate_peer *p)
{
	while (p->n_routes > 0)
		forget(p, p->n_routes - 1);
	p->recv = MATE_RECV_DOWN;
}

/* --- lists and updates ----------------------------------------------------------------- */

static void acknowledge(struct mate_peer *p, const struct aurp *h)
{
	mate_transmit(p, &(struct aurp){ .connection = h->connection, .sequence = h->sequence,
		.flags = AURP_SZI, .msg = AURP_RI_ACK }, NULL, 0);
}

/* False: not the one that is expected; what was had before is acknowledged again. */
static bool take_sequence(struct mate_peer *p, const struct aurp *h)
{
	bool is_last = h->msg == AURP_RI_RSP && p->recv >= MATE_RECV_UP;

	if (h->sequence == p->expected) {
		p->expected = after(p->expected);
		acknowledge(p, h);
		return true;
	}
	if (after(h->sequence) == p->expected && !(is_last && manners_of(p)->drops_repeated_last))
		acknowledge(p, h);
	return false;
}

static void read_list(struct mate_peer *p, struct rd *body)
{
	struct aurp_network n;

	while (aurp_next_network(body, &n) == TUPLE_OK) {
		if (n.distance >= UNREACHABLE && manners_of(p)->stops_at_15)
			return;
		learn(p, n.range, (uint8_t)(n.distance + 1));
	}
}

static void on_ri_rsp(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	if (h->connection != p->recv_id || p->recv < MATE_RECV_ASKING || !take_sequence(p, h))
		return;
	read_list(p, body);
	p->recv_sent = mate_now(p);
	if (!(h->flags & AURP_LAST))
		return;
	for (size_t i = p->n_routes; i-- > 0;)
		if (p->routes[i].is_old)
			forget(p, i);
	enter(p, MATE_RECV_UP);
}

static void take_event(struct mate_peer *p, const struct aurp_event *ev)
{
	uint8_t distance = (uint8_t)(ev->distance + manners_of(p)->adds_hop_to_updates);

	switch (ev->code) {
	case AURP_EV_NA:
		/* Darwin overlooks it with distance 0. */
		if (ev->distance > 0 || manners_of(p)->has_flags)
			learn(p, ev->range, distance);
		break;
	case AURP_EV_NDC:
		if (ev->distance >= UNREACHABLE)
			unlearn(p, ev->range);
		else if (mate_route(p, ev->range))
			learn(p, ev->range, distance);
		break;
	case AURP_EV_ND:
	case AURP_EV_NRC:
		unlearn(p, ev->range);
		break;
	default:		/* Tickle-Ack: it was heard */
		break;
	}
}

static void on_ri_upd(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_event ev;

	if (h->connection != p->recv_id || p->recv < MATE_RECV_UP || !take_sequence(p, h))
		return;
	while (aurp_next_event(body, &ev) == TUPLE_OK)
		take_event(p, &ev);
}

/* --- zones ----------------------------------------------------------------------------- */

static void add_zone(struct mate_route *route, const struct at_name *zone)
{
	for (size_t i = 0; i < route->n_zones; i++)
		if (route->zones[i].len == zone->len &&
			memcmp(route->zones[i].byte, zone->byte, zone->len) == 0)
			return;
	route->zones = mem_grow(route->zones, route->n_zones, &route->cap_zones,
		sizeof(*route->zones));
	route->zones[route->n_zones++] = *zone;
}

static void on_zones(struct mate_peer *p, struct rd *body)
{
	struct aurp_zone_reader *z = world_alloc(1, sizeof(*z));
	struct aurp_zone t;

	if (aurp_decode_zi_rsp(body, z))
		while (aurp_next_zone(z, &t) == TUPLE_OK)
			for (size_t i = 0; i < p->n_routes; i++)
				if (p->routes[i].range.first == t.net)
					add_zone(&p->routes[i], &t.zone);
	free(z);
}

/* Networks without any zone: every ten seconds, if its make does that at all. */
static void ask_zones(struct mate_peer *p)
{
	uint8_t body[2 * ASKED_MAX];
	struct wr w = wr_over(body, sizeof body);

	if (!manners_of(p)->asks_zones_again || !mate_is_due(p, p->asked, ZONES_AGAIN_S))
		return;
	p->asked = mate_now(p);
	for (size_t i = 0; i < p->n_routes && wr_len(&w) < sizeof body; i++)
		if (p->routes[i].n_zones == 0)
			aurp_encode_zi_net(&w, p->routes[i].range.first);
	if (wr_len(&w) > 0)
		mate_transmit(p, &(struct aurp){ .connection = p->recv_id, .msg = AURP_ZI_REQ },
			body, wr_len(&w));
}

/* --- the clock ------------------------------------------------------------------------- */

static void send_plain(struct mate_peer *p, enum aurp_msg msg)
{
	uint16_t flags = msg == AURP_RI_REQ && manners_of(p)->has_flags ? AURP_SUI_ALL : 0;

	p->recv_sent = mate_now(p);
	mate_transmit(p, &(struct aurp){ .connection = p->recv_id, .flags = flags, .msg = msg },
		NULL, 0);
}

static void ask_again(struct mate_peer *p)
{
	const struct manners *m = manners_of(p);

	if (!mate_is_due(p, p->recv_sent, m->resend_s))
		return;
	if (m->asks == 0 || p->recv_tries++ < m->asks)
		send_plain(p, AURP_RI_REQ);
	else
		mate_recv_close(p);
}

static void tickle(struct mate_peer *p)
{
	const struct manners *m = manners_of(p);

	if (!mate_is_due(p, p->heard, m->last_heard_s)) {
		p->recv = MATE_RECV_UP;
	} else if (p->recv == MATE_RECV_UP) {
		enter(p, MATE_RECV_TICKLING);
		send_plain(p, AURP_TICKLE);
	} else if (mate_is_due(p, p->recv_sent, m->tickle_s)) {
		if (p->recv_tries++ < m->tickles)
			send_plain(p, AURP_TICKLE);
		else
			mate_recv_close(p);
	}
}

void mate_recv_tick(struct mate_peer *p)
{
	const struct manners *m = manners_of(p);

	switch (p->recv) {
	case MATE_RECV_DOWN:
		resolve(p);
		if (m->round_s > 0 && mate_is_due(p, p->round, m->round_s))
			mate_recv_call(p);
		else if (m->probes_when_deaf)
			mate_send_probe(p);
		break;
	case MATE_RECV_OPENING:
		call_again(p);
		break;
	case MATE_RECV_ASKING:
		ask_again(p);
		break;
	case MATE_RECV_UP:
	case MATE_RECV_TICKLING:
		tickle(p);
		ask_zones(p);
		break;
	}
}

/* --- packets --------------------------------------------------------------------------- */

static void on_open_rsp(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_open_rsp rsp;

	if (p->recv != MATE_RECV_OPENING || h->connection != p->recv_id ||
		!aurp_decode_open_rsp(body, &rsp))
		return;
	if (rsp.rate < 0) {
		mate_recv_close(p);
		return;
	}
	for (size_t i = 0; i < p->n_routes; i++)
		p->routes[i].is_old = true;
	p->expected = 1;
	p->heard = mate_now(p);
	enter(p, MATE_RECV_ASKING);
	send_plain(p, AURP_RI_REQ);
}

void mate_recv_input(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	if (h->connection == p->recv_id)
		p->heard = mate_now(p);
	switch (h->msg) {
	case AURP_OPEN_RSP:
		on_open_rsp(p, h, body);
		break;
	case AURP_RI_RSP:
		on_ri_rsp(p, h, body);
		break;
	case AURP_RI_UPD:
		on_ri_upd(p, h, body);
		break;
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		on_zones(p, body);
		break;
	default:		/* Tickle-Ack: it was heard */
		break;
	}
}
