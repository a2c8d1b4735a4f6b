/*
 * Data sender: Open-Req and its answers (RFC 1504 p. 23-26, 42-43, 48). A data
 * receiver that opens although it has a connection may have lost our answer, or
 * its memory; or somebody forges its address. Called by aurp_send.c.
 */
#include "aurp_send.h"

#include "peer_state.h"

/* Hardly any translator remembers a silent conversation for longer. */
static const struct span door_is_open = { 180 * 1000000 };

/* A peer that has opened a connection asks for the list by then: see send_is_taken_for_older(). */
static const struct span list_is_asked = { 25 * 1000000 };

static void answer(struct peer *p, uint16_t id, int16_t rate)
{
	struct aurp_out out;

	aurp_begin(&out, AURP_SEND_MAX, &(struct aurp){ .connection = id, .msg = AURP_OPEN_RSP });
	aurp_encode_open_rsp(&out.w, &(struct aurp_open_rsp){ .rate = rate });
	peer_answer(p, &out);
}

/* Has it called although nothing of ours can have opened a translator's door for it? */
static void note_unasked(struct peer *p)
{
	struct instant closed = instant_add(p->sent, door_is_open);

	if (instant_is_never(p->sent) || instant_cmp(closed, peer_env(p)->now) < 0)
		p->came_unasked = true;
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

/* The Open-Req being read. */
static struct peer_call call_of(const struct peer *p, const struct aurp *h, int kind)
{
	return (struct peer_call){ .from = p->from, .di = p->from_di, .kind = kind,
		.id = h->connection, .sui = h->flags & AURP_SUI_ALL };
}

static void begin_connection(struct peer *p, const struct peer_call *call)
{
	struct aurp_send *s = &p->send;

	send_enter(p, SEND_CONNECTED);
	s->unused_id = s->is_unused && s->id != call->id ? s->id : 0;
	s->is_unused = true;
	s->id = call->id;
	s->sequence = 1;
	s->open_sui = s->sui = call->sui;
	s->is_confirmed = s->is_informed = s->owes_list = s->owes_update = false;
	s->in_list = s->in_update = s->has_updated = s->view_moved = false;
	env_disarm(peer_env(p), &s->update);
	s->began = s->heard = peer_env(p)->now;
	send_meter_answers(p);
	view_fini(&s->view);
	env_arm(peer_env(p), &s->quiet, p->tunnel->config.last_heard_timeout);
}

void send_accept(struct peer *p, const struct peer_call *call)
{
	peer_take_di(p, call->di);
	tunnel_end_farewells(p->tunnel, p);
	begin_connection(p, call);
	answer(p, call->id, nominal_rate(p));
	peer_trace(p, TRACE_PEER_SEND_OPEN, NULL);
	peer_check_up(p, NULL);
	recv_was_called(p);
	recv_called(p);
}

void send_forget_unused(struct peer *p)
{
	p->send.is_unused = false;
	p->send.unused_id = 0;
}

void send_resume(struct peer *p, uint16_t id)
{
	const struct peer_call call = { .id = id, .sui = p->send.open_sui };

	begin_connection(p, &call);
	peer_trace(p, TRACE_PEER_SEND_OPEN, NULL);
	peer_check_up(p, NULL);
	recv_was_called(p);
}

static void accept(struct peer *p, const struct aurp *h)
{
	bool is_again = recv_is_open(p) && p->recv.remind.has_called;
	struct peer_call call = call_of(p, h, CALL_ANSWERED);

	if (peer_has_other_di(p)) {
		/* Another router at this address, or another domain: settle the old one first. */
		peer_drop(p, DROP_PEER_BAD_DI);
		place_doubt(p, call_of(p, h, CALL_WAITS));
		return;
	}
	/* While the peer is connected, a call that anybody could forge does not move it. */
	send_accept(p, &call);
	/* It called before: perhaps it was restarted, and knows nothing of our connection. */
	if ((is_again || p->place.is_doubted) && p->is_proven)
		place_doubt(p, call);
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
	/* The same ID: it reminds us to call, or was restarted and counts its IDs from 1 (Q7). */
	peer_drop(p, is_same ? DROP_AURP_BAD_STATE : DROP_AURP_BAD_CONNECTION);
	if (is_same) {
		recv_called(p);
		place_question(p);
	} else {
		place_doubt(p, call_of(p, h, CALL_WAITS));
	}
}

void send_on_open_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	bool is_ending = p->is_leaving || peer_env(p)->is_stopping;
	struct aurp_open_req req;

	note_unasked(p);
	if (!aurp_decode_open_req(body, &req)) {
		peer_drop(p, DROP_AURP_MALFORMED);
	} else if (is_ending) {
		peer_drop(p, DROP_AURP_BAD_STATE);
	} else if (!p->is_proven && place_must_be_asked(p) &&
		place_ask_caller(p, call_of(p, h, CALL_WAITS))) {
		return;		/* once that place has proved itself, it is answered */
	} else if (req.version != AURP_VERSION) {
		refuse(p, h->connection, AURP_ERR_VERSION);
	} else if (send_is_open(p)) {
		open_again(p, h);
	} else {
		accept(p, h);
	}
}

/*
 * A Tickle comes after half a minute of silence at least, and an RI-Req at once (C20). Who
 * tickles and has never asked believes in an older connection with this ID, which a late
 * copy of its Open-Req has opened again. It shall notice.
 */
bool send_is_taken_for_older(const struct peer *p)
{
	const struct aurp_send *s = &p->send;

	return !s->is_informed && p->is_proven &&
	       instant_cmp(instant_add(s->began, list_is_asked), peer_env(p)->now) < 0;
}
