/*
 * What the router sends through its tunnels: every packet reads whole and is not
 * too long; one sequenced packet at a time, repeated byte for byte; no network
 * without all its zones or learnt through the same tunnel; and to whoever may
 * have forged his address never more than he sent, and nothing of ours.
 */
#include "stage.h"

static struct mate *mate_at(struct wan *w, uint32_t ip)
{
	for (size_t i = 0; i < STAGE_MATES; i++)
		if (mate_place(w, i).ip == ip)
			return &w->mate[i];
	CHECK(!"an address that nobody gave it");
	return NULL;
}

/* --- what is exported ---------------------------------------------------------------------- */

struct search {
	struct at_range range;
	const char *tunnel;
	size_t found;
};

static void look_at_route(void *ctx, const struct route_info *route)
{
	struct search *search = ctx;
	size_t n = strlen(search->tunnel);

	if (!at_range_eq(route->range, search->range))
		return;
	search->found++;
	CHECK(route->zones_complete && route->n_zones > 0);
	CHECK(strncmp(route->via, search->tunnel, n) != 0 || route->via[n] != '-');
}

/* Only looks: the router is between two steps when it sends. */
static void watch_export(struct wan *w, struct at_range range, uint8_t distance)
{
	struct search search = { .range = range, .tunnel = tunnel_name(w->index) };

	CHECK(distance < AURP_DISTANCE_MAX);
	router_walk_routes(w->stage->r, look_at_route, &search);
	CHECK(search.found == 1);
}

static void watch_list(struct wan *w, struct rd *body)
{
	struct aurp_network n;
	enum tuple_step step;

	while ((step = aurp_next_network(body, &n)) == TUPLE_OK)
		watch_export(w, n.range, n.distance);
	CHECK(step == TUPLE_END);
}

/* True if it says anything. */
static bool watch_update(struct wan *w, struct rd *body)
{
	struct aurp_event e;
	enum tuple_step step;
	bool says = false;

	while ((step = aurp_next_event(body, &e)) == TUPLE_OK) {
		says |= e.code != AURP_EV_NULL;
		if (e.code == AURP_EV_NA)
			watch_export(w, e.range, e.distance);
		CHECK(e.code != AURP_EV_NDC || e.distance <= AURP_DISTANCE_MAX);
	}
	CHECK(step == TUPLE_END);
	return says;
}

/* --- sequenced packets --------------------------------------------------------------------- */

/* False: it is the one on its way, again. */
static bool watch_flight(struct mate *m, const struct aurp *h, const struct pkt *p)
{
	struct flight *f = &m->flight;

	CHECK(h->sequence != 0 && p->len <= sizeof f->bytes);
	if (f->is_on && f->id == h->connection) {
		CHECK(f->sequence == h->sequence && f->len == p->len);
		CHECK(memcmp(f->bytes, p->data, p->len) == 0);
		return false;
	}
	*f = (struct flight){ .is_on = true, .id = h->connection, .sequence = h->sequence,
		.len = p->len };
	memcpy(f->bytes, p->data, p->len);
	return true;
}

/* --- message by message -------------------------------------------------------------------- */

static void watch_zones(struct rd *body, const struct aurp *h, size_t len)
{
	struct aurp_zone_reader in;
	struct aurp_zone z;
	enum tuple_step step;
	uint16_t first = 0;
	size_t n = 0;

	CHECK(aurp_decode_zi_rsp(body, &in));
	while ((step = aurp_next_zone(&in, &z)) == TUPLE_OK) {
		if (n++ == 0)
			first = z.net;
		/* The extended form and the long packet are for one network. */
		CHECK(z.net == first || (h->msg == AURP_ZI_RSP && len <= AURP_SEND_MAX));
	}
	CHECK(step == TUPLE_END && n > 0);
	CHECK(h->msg == AURP_ZI_RSP ? n == in.count : n <= in.count);
}

static void watch_open_req(struct mate *m, const struct aurp *h, struct rd *body)
{
	struct aurp_open_req q;

	CHECK(aurp_decode_open_req(body, &q) && q.version == AURP_VERSION);
	CHECK(q.options.count == 0 && h->connection != 0);
	m->ids[m->n_ids++ % STAGE_IDS] = h->connection;
	m->sequence = 1;
}

static void watch_open_rsp(struct mate *m, const struct aurp *h, struct rd *body)
{
	struct aurp_open_rsp a;

	CHECK(aurp_decode_open_rsp(body, &a));
	if (a.rate >= 0 && h->connection == m->flight.id)
		m->flight.is_on = false;	/* it starts anew */
}

static void watch_zi_req(struct mate *m, struct rd *body)
{
	uint16_t net;

	m->n_nets = 0;
	while (aurp_next_zi_net(body, &net)) {
		CHECK(at_net_is_routable(net));
		if (m->n_nets < STAGE_NETS)
			m->nets[m->n_nets++] = net;
	}
	CHECK(m->n_nets > 0 && rd_at_end(body));
}

static void watch_sequenced(struct wan *w, struct mate *m, const struct aurp *h, struct rd *body,
	const struct pkt *p)
{
	bool is_first = watch_flight(m, h, p);

	m->to_ack = h->sequence;
	if (!is_first)
		return;
	if (h->msg == AURP_RI_RSP) {
		CHECK(m->is_proven);
		watch_list(w, body);
	} else {
		bool says = watch_update(w, body);

		CHECK(!says || m->is_proven);
	}
}

static void watch_routing(struct wan *w, struct mate *m, struct rd body, const struct pkt *p)
{
	struct aurp h;

	CHECK(aurp_decode(&body, &h) == AURP_OK);
	CHECK(p->len <= (h.msg == AURP_ZI_RSP ? AURP_SEND_ZONES_MAX : AURP_SEND_MAX));
	m->heard = h.msg;
	switch (h.msg) {
	case AURP_OPEN_REQ:
		watch_open_req(m, &h, &body);
		break;
	case AURP_OPEN_RSP:
		watch_open_rsp(m, &h, &body);
		break;
	case AURP_RI_RSP:
	case AURP_RI_UPD:
		watch_sequenced(w, m, &h, &body, p);
		break;
	case AURP_RD:
		m->to_ack = h.sequence;
		break;
	case AURP_RI_ACK:
		if (h.sequence != 0 && h.sequence == m->sequence)
			m->sequence = (uint16_t)(h.sequence == 0xFFFF ? 1 : h.sequence + 1);
		break;
	case AURP_ZI_REQ:
		watch_zi_req(m, &body);
		break;
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		CHECK(m->is_proven);
		watch_zones(&body, &h, p->len);
		break;
	case AURP_GZN_RSP:
	case AURP_GDZL_RSP:
		CHECK(m->is_proven);
		break;
	default:
		break;
	}
}

/* A datagram that has waited, while others have come. */
static void watch_held(struct stage *s, struct mate *m)
{
	if (instant_cmp(m->held_until, s->now) != 0)
		m->n_held = 0;
	m->held_until = s->now;
	CHECK(++m->n_held <= STAGE_HELD);
}

static void watch_data(struct stage *s, struct mate *m, struct rd r)
{
	struct ddp d;
	size_t n = rd_left(&r);
	uint32_t tag;

	CHECK(ddp_decode_long(&r, &d) && d.len == n);
	watch_hops(s, &d, r, false);
	tag = tag_of(&d, r);
	CHECK(tag == 0 || tag > m->lost);
	if (tag != 0 && tag != s->tag)
		watch_held(s, m);
}

/* --- the end of a connection ---------------------------------------------------------------- */

struct place {
	const char *tunnel;
	uint32_t ip;
	size_t peers;		/* that are there */
};

static void look_at_peer(void *ctx, const struct peer_info *peer)
{
	struct place *place = ctx;

	place->peers += peer->addr.ip == place->ip && strcmp(peer->tunnel, place->tunnel) == 0;
}

void watch_end(struct stage *s, const struct trace_event *e)
{
	struct place place = { .tunnel = e->tunnel, .ip = e->endpoint.ip };

	router_walk_peers(s->r, s->now, look_at_peer, &place);
	for (size_t i = 0; i < STAGE_TUNNELS; i++)
		if (strcmp(tunnel_name(i), e->tunnel) == 0 && place.peers == 1)
			mate_at(&s->wan[i], place.ip)->lost = s->tag;
}

void watch_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload)
{
	struct stage *s = ctx;
	struct wan *w = sock;
	struct mate *m = mate_at(w, to.ip);
	struct rd r = rd_over(payload->data, payload->len);
	struct aurp_domain domain;

	CHECK(w->is_up);
	stage_digest(s, &s->now.us, sizeof s->now.us);
	stage_digest(s, &to.ip, sizeof to.ip);
	stage_digest(s, &to.port, sizeof to.port);
	stage_digest(s, payload->data, payload->len);
	CHECK(aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK);
	CHECK(domain_id_eq(domain.src, w->own));
	if (domain.type == AURP_ROUTING) {
		watch_routing(w, m, r, payload);
	} else {
		CHECK(m->is_proven && payload->len <= AURP_SEND_MAX);
		watch_data(s, m, r);
	}
	if (!m->is_proven) {
		m->out += payload->len;
		CHECK(m->is_listed || m->out <= m->in);
	}
}
