/*
 * Data sender: Open-Req and its answers (RFC 1504 p. 23-26, 42-43, 48). A data
 * receiver that opens although it has a connection may have lost our answer, or
 * its memory; or somebody forges its address. Called by aurp_send.c.
 */
#include "aurp_send.h"

#include "peer_state.h"

/* Open-Reqs come no more often than that (C6), so nobody needs more probes for them. */
static const struct span probe_least = { 2 * 1000000 };

static void answer(struct peer *p, uint16_t id, int16_t rate)
{
	struct aurp_out out;

	aurp_begin(&out, AURP_SEND_MAX, &(struct aurp){ .connection = id, .msg = AURP_OPEN_RSP });
	aurp_encode_open_rsp(&out.w, &(struct aurp_open_rsp){ .rate = rate });
	peer_answer(p, &out);
}

static void refuse(struct peer *p, uint16_t id, enum aurp_error error)
{
	peer_say(p, (struct trace_event){ .kind = TRACE_PEER_REFUSED_BY_US, .number = error,
		.text = aurp_error_text((int16_t)error) });
	answer(p, id, (int16_t)error);
}

static int16_t nominal_rate(const struct peer *p)
{
	return (int16_t)(span_to_s(p->tunnel->config.update_interval) / AURP_RATE_UNIT_S);
}

/* Who is there, the one that has the connection or the one that wants another (C15)? */
static void probe(struct peer *p)
{
	struct instant now = peer_router(p)->now;
	struct instant due = instant_add(p->send.probed, probe_least);

	if (!instant_is_never(p->send.probed) && instant_cmp(due, now) > 0)
		return;
	p->send.probed = now;
	send_probe(p);
	recv_verify(p);
}

static void accept(struct peer *p, const struct aurp *h)
{
	struct aurp_send *s = &p->send;
	struct instant now = peer_router(p)->now;

	if (peer_has_other_di(p)) {
		/* Another router at this address, or another domain: settle the old one first. */
		peer_drop(p, DROP_PEER_BAD_DI);
		probe(p);
		return;
	}
	peer_take_di(p);
	recv_was_called(p);
	tunnel_end_farewells(p->tunnel, p);
	send_enter(p, SEND_CONNECTED);
	s->id = h->connection;
	s->sequence = 1;
	s->open_sui = s->sui = h->flags & AURP_SUI_ALL;
	s->is_confirmed = s->is_informed = s->owes_list = s->owes_update = false;
	s->in_list = s->in_update = s->has_updated = s->view_moved = false;
	router_disarm(peer_router(p), &s->update);
	s->heard = now;
	send_meter_answers(p);
	view_fini(&s->view);
	router_arm(peer_router(p), &s->quiet, p->tunnel->config.last_heard_timeout);
	/* While the peer is connected, a call that anybody could forge does not move its port. */
	if (!p->is_up)
		peer_is_heard(p);
	answer(p, s->id, nominal_rate(p));
	peer_trace(p, TRACE_PEER_SEND_OPEN, NULL);
	peer_check_up(p, NULL);
	recv_called(p);
}

/* It has a connection: was our answer lost, or was it restarted (C14..C17)? */
static void open_again(struct peer *p, const struct aurp *h)
{
	bool is_same = h->connection == p->send.id;
	bool is_in_use = p->send.is_confirmed && p->is_proven;

	if (is_same && !p->send.is_confirmed) {
		answer(p, h->connection, nominal_rate(p));
		recv_called(p);
		return;
	}
	if (!is_same && !is_in_use) {
		/* Nobody is known to use that connection, so there is nothing to protect. */
		accept(p, h);
		return;
	}
	peer_drop(p, is_same ? DROP_AURP_BAD_STATE : DROP_AURP_BAD_CONNECTION);
	if (!is_same)
		probe(p);
}

void send_on_open_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	bool is_ending = p->is_leaving || peer_router(p)->is_stopping;
	struct aurp_open_req req;

	if (!aurp_decode_open_req(body, &req)) {
		peer_drop(p, DROP_AURP_MALFORMED);
	} else if (is_ending) {
		peer_drop(p, DROP_AURP_BAD_STATE);
	} else if (req.version != AURP_VERSION) {
		refuse(p, h->connection, AURP_ERR_VERSION);
	} else if (send_is_open(p)) {
		open_again(p, h);
	} else {
		accept(p, h);
	}
}
