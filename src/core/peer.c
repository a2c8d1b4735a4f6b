/*
 * One exterior router: pairs the two one-way connections that we may have with
 * it (RFC 1504 p. 22), decides which half a routing packet is for, sends what they
 * write. tunnel.c finds the peer of a packet; aurp_recv.c and aurp_send.c are its
 * halves; peer_place.c knows where it is; peer_data.c carries data to it.
 */
#include "peer.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "forward.h"
#include "peer_state.h"
#include "route_offer.h"

/* Ours: the RFC has no unknown peers, and no limit for a farewell. */
static const struct span unknown_linger = { 120 * 1000000 };
/* As long as it is called often. */
static const struct span lost_linger = { 300 * 1000000 };
static const struct span farewell_limit = { 5 * 1000000 };
/* Nobody needs to be owed more bytes than that. */
enum { UNANSWERED_MAX = 1 << 16 };
static void on_linger(struct timer *t);
static const struct path_owner_ops peer_offers;

struct peer *peer_new(struct tunnel *t, const struct config_peer *config)
{
	struct peer *p = mem_new(1, sizeof(*p));

	p->tunnel = t;
	p->config = *config;
	p->heard = p->sent = INSTANT_NEVER;
	list_init(&p->in_tunnel);
	path_owner_init(&p->offers, &peer_offers, p->config.name);
	list_init(&p->held);
	timer_init(&p->linger, on_linger);
	aurp_rto_init(&p->rto);
	place_init(p);
	keepalive_init(p);
	recv_init(p);
	send_init(p);
	return p;
}

void peer_free(struct peer *p)
{
	peer_discard_held(p);
	route_offer_no_peer(p->tunnel->routes, &p->offers);
	recv_fini(p);
	send_fini(p);
	place_fini(p);
	env_disarm(peer_env(p), &p->keepalive);
	env_disarm(peer_env(p), &p->linger);
	list_remove(&p->in_tunnel);
	peer_index_changed(&p->tunnel->by_address);
	p->tunnel->n_unknown -= p->is_unknown;
	free(p);
}

const char *peer_name(const struct peer *p)
{
	return p->config.name;
}

struct tunnel *peer_tunnel(const struct peer *p)
{
	return p->tunnel;
}

static void on_displaced(struct path_owner *owner, struct at_range range, struct at_range own,
	const char *port)
{
	recv_give_way(container_of(owner, struct peer, offers), range, own, port);
}

static void name_owner(const struct path_owner *owner, struct trace_event *e)
{
	e->peer = owner->name;
}

static const struct path_owner_ops peer_offers = { on_displaced, name_owner };

struct peer *peer_of_path(const struct path *path)
{
	return path->kind == PATH_TUNNEL && path->owner ?
		container_of(path->owner, struct peer, offers) : NULL;
}

void peer_say(const struct peer *p, struct trace_event e)
{
	e.peer = peer_name(p);
	e.tunnel = p->tunnel->config.name;
	env_trace(peer_env(p), &e);
}

void peer_drop(struct peer *p, enum drop_reason reason)
{
	p->count.drops[reason]++;
	peer_say(p, (struct trace_event){ .kind = TRACE_DROPPED, .drop = reason });
}

void peer_trace(const struct peer *p, enum trace_kind kind, const char *text)
{
	peer_say(p, (struct trace_event){ .kind = kind, .text = text, .endpoint = p->to });
}

/* --- up and down ----------------------------------------------------------------------- */

static bool has_connection(const struct peer *p)
{
	return recv_is_open(p) || send_is_open(p);
}

/*
 * A connection that somebody opened to us proves nothing: he chose its ID, and may
 * have forged his address. Ours do: who answers them, got what we sent there (X6).
 */
static bool is_connected(const struct peer *p)
{
	return p->is_proven && has_connection(p);
}

bool peer_has_left(const struct peer *p)
{
	return p->recv.state == RECV_UNCONNECTED && p->send.state == SEND_UNCONNECTED;
}

void peer_linger(struct peer *p)
{
	env_arm(peer_env(p), &p->linger,
		recv_was_lost_lately(p) ? lost_linger : unknown_linger);
}

void peer_check_up(struct peer *p, const char *why)
{
	bool is_up;

	p->is_proven &= has_connection(p);
	p->has_di &= has_connection(p);
	is_up = is_connected(p);
	if (!p->is_proven)
		place_lost(p);
	if (is_up && !p->is_up) {
		env_disarm(peer_env(p), &p->linger);
		peer_trace(p, TRACE_PEER_UP, NULL);
	} else if (!is_up && p->is_up) {
		peer_discard_held(p);
		peer_trace(p, TRACE_PEER_DOWN, why);
		if (p->is_unknown && !p->is_leaving)
			peer_linger(p);
	}
	p->is_up = is_up;
	keepalive_update(p);
	if (p->is_leaving && peer_has_left(p)) {
		env_disarm(peer_env(p), &p->linger);
		if (!peer_env(p)->is_stopping)
			p->is_doomed = p->tunnel->has_doomed = true;
	}
}

void peer_close(struct peer *p, const char *why, struct span redial)
{
	send_close(p, why);
	recv_close(p, why, redial);
}

/* Our last word on what is open, if anybody hears it: the data sender speaks for both (C34). */
static void say_farewell(struct peer *p, const char *why)
{
	if (!p->is_proven) {
		peer_close(p, why, span_us(-1));
	} else if (send_is_open(p)) {
		recv_close(p, why, span_us(-1));
		send_leave(p);
	} else {
		recv_leave(p);
	}
}

void peer_leave(struct peer *p)
{
	if (p->is_leaving)
		return;
	p->is_leaving = true;
	env_arm(peer_env(p), &p->linger, farewell_limit);
	say_farewell(p, "we leave");
	peer_check_up(p, "we leave");
}

void peer_break_off(struct peer *p, const char *why)
{
	if (!p->is_leaving)
		say_farewell(p, why);
	peer_close(p, why, span_us(-1));
}

static void on_linger(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, linger);

	p->is_leaving = true;
	peer_close(p, "no answer to our farewell", span_us(-1));
	peer_check_up(p, NULL);
}

static bool is_at_its_address(const struct peer *p)
{
	return p->from.ip == p->to.ip;
}

void peer_is_heard(struct peer *p)
{
	p->heard = peer_env(p)->now;
}

bool peer_has_other_di(const struct peer *p)
{
	return p->is_up && p->has_di && !domain_id_eq(p->di, p->from_di);
}

void peer_say_refused(const struct peer *p, int16_t error)
{
	peer_say(p, (struct trace_event){ .kind = TRACE_PEER_REFUSED, .number = error,
		.text = aurp_error_text(error) });
}

/* --- packets in ------------------------------------------------------------------------ */

static void data_input(struct peer *p, struct pkt *payload)
{
	struct datagram d = { .pkt = payload, .peer = p };

	if (!p->is_up) {
		peer_drop(p, DROP_PEER_NOT_CONNECTED);
		return;
	}
	p->count.data_rx++;
	p->heard = peer_env(p)->now;
	forward_input(p->tunnel->r, &d);
}

/* RD and RI-Ack go both ways: the data receiver's carry sequence number 0 (wire 8.6). */
static bool is_for_receiver(const struct aurp *h)
{
	switch (h->msg) {
	case AURP_RD:
		return h->sequence != 0;
	case AURP_RI_ACK:
		return h->sequence == 0;
	default:
		return aurp_cmd(h->msg)->half == AURP_RECEIVER;
	}
}

static void routing_input(struct peer *p, struct pkt *payload)
{
	struct rd body = rd_over(payload->data, payload->len);
	struct aurp h;
	bool is_opening;

	switch (aurp_decode(&body, &h)) {
	case AURP_CUT:
		peer_drop(p, DROP_AURP_MALFORMED);
		return;
	case AURP_UNKNOWN:
		peer_drop(p, DROP_AURP_UNKNOWN_COMMAND);
		return;
	case AURP_OK:
		break;
	}
	p->count.msg_rx[h.msg]++;
	/* These two come from where it may be, too (peer_place.h). */
	is_opening = h.msg == AURP_OPEN_REQ || h.msg == AURP_OPEN_RSP;
	if (!is_at_its_address(p) && !is_opening)
		peer_drop(p, DROP_PEER_UNKNOWN);
	else if (peer_has_other_di(p) && h.msg != AURP_OPEN_REQ &&
		!(h.msg == AURP_OPEN_RSP && p->place.is_doubted))
		peer_drop(p, DROP_PEER_BAD_DI);
	else if (is_for_receiver(&h))
		recv_input(p, &h, &body);
	else
		send_input(p, &h, &body);
}

static void count_unanswered(struct peer *p, size_t len)
{
	if (!p->is_proven && p->unanswered < UNANSWERED_MAX)
		p->unanswered += len;
}

void peer_input(struct peer *p, struct endpoint from, const struct aurp_domain *domain,
	size_t header, struct pkt *payload)
{
	p->count.rx++;
	p->count.rx_bytes += payload->len;
	p->count.wrong_di += !domain_id_eq(domain->dst, p->tunnel->own);
	p->from = from;
	p->from_di = domain->src;
	count_unanswered(p, payload->len);
	pkt_pull(payload, header);
	if (domain->type == AURP_ROUTING)
		routing_input(p, payload);
	else if (!is_at_its_address(p))
		peer_drop(p, DROP_PEER_UNKNOWN);
	else if (peer_has_other_di(p))
		peer_drop(p, DROP_PEER_BAD_DI);
	else
		data_input(p, payload);
}

/* --- packets out ----------------------------------------------------------------------- */

static struct aurp_domain domain_to(const struct peer *p, enum aurp_type type)
{
	/* Until the peer has named its own, its identifier is made from its address (T9). */
	struct domain_id dst = p->has_di ? p->di : (struct domain_id){ DI_IP, p->to.ip };

	return (struct aurp_domain){ .dst = dst, .src = p->tunnel->own, .type = type };
}

static bool send_payload_to(struct peer *p, struct endpoint to,
	const struct aurp_domain *domain, struct pkt *pkt)
{
	/* The shell and our own packets leave PKT_HEADROOM. */
	if (!aurp_push_domain(pkt, domain)) {
		peer_drop(p, DROP_TUNNEL_NO_HEADROOM);
		return false;
	}
	p->count.tx++;
	p->count.tx_bytes += pkt->len;
	p->sent = peer_env(p)->now;
	tunnel_send(p->tunnel, to, pkt);
	return true;
}

bool peer_send_payload(struct peer *p, enum aurp_type type, struct pkt *pkt)
{
	struct aurp_domain domain = domain_to(p, type);

	return send_payload_to(p, p->to, &domain, pkt);
}

bool peer_may_answer(struct peer *p, size_t len)
{
	const struct aurp_domain domain = domain_to(p, AURP_ROUTING);

	if (p->is_proven)
		return true;
	len += aurp_domain_len(&domain);
	if (len > p->unanswered)
		return false;
	p->unanswered -= len;
	return true;
}

void aurp_begin(struct aurp_out *out, size_t max, const struct aurp *h)
{
	struct pkt *pkt = pkt_buf_init(&out->buf);

	out->msg = h->msg;
	out->w = wr_over(pkt->data, max - AURP_DOMAIN_HEADER);
	aurp_encode(&out->w, h);
}

void aurp_write_open_req(struct aurp_out *out, uint16_t id)
{
	/* No options: some routers refuse every one of them (field 1). */
	aurp_begin(out, AURP_SEND_MAX, &(struct aurp){ .connection = id, .flags = AURP_SUI_ALL,
		.msg = AURP_OPEN_REQ });
	aurp_encode_open_req(&out->w, &(struct aurp_open_req){ .version = AURP_VERSION });
}

void peer_transmit_to(struct peer *p, struct endpoint to, const struct aurp_domain *domain,
	struct aurp_out *out)
{
	assert(wr_ok(&out->w));
	out->buf.pkt.len = wr_len(&out->w);
	p->count.msg_tx[out->msg]++;
	(void)send_payload_to(p, to, domain, &out->buf.pkt);
}

void peer_transmit(struct peer *p, struct aurp_out *out)
{
	const struct aurp_domain domain = domain_to(p, AURP_ROUTING);

	peer_transmit_to(p, p->to, &domain, out);
}

void peer_answer(struct peer *p, struct aurp_out *out)
{
	const struct aurp_domain domain = domain_to(p, AURP_ROUTING);

	if (!peer_may_answer(p, wr_len(&out->w))) {
		peer_drop(p, DROP_AURP_UNPROVEN);
		return;
	}
	peer_transmit_to(p, p->is_proven ? p->to : p->from, &domain, out);
}

void peer_transmit_bytes(struct peer *p, enum aurp_msg msg, const uint8_t *bytes, size_t len)
{
	struct aurp_out out = { .msg = msg };
	struct pkt *pkt = pkt_buf_init(&out.buf);

	out.w = wr_over(pkt->data, pkt_tailroom(pkt));
	wr_bytes(&out.w, bytes, len);
	peer_transmit(p, &out);
}
