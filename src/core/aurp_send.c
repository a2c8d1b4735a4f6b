/*
 * Data sender: one peer's view of our local internet, kept up to date. RFC 1504
 * p. 22-33, 38-43; the table of states below is its figure A-2, rebuilt from
 * the prose. What is told stands in aurp_view.c, zones in aurp_zone_answer.c.
 */
#include "aurp_send.h"

#include <assert.h>
#include <string.h>

#include "aurp_seq.h"
#include "peer_state.h"

/* For an RD and for what it must wait for: three RDs fit into five seconds (C37). */
static const struct span last_ack_wait = { 1000 * 1000 };
static const struct span rd_wait = { 1300 * 1000 };
/* A peer that has been told nothing yet need not wait for a whole interval. */
static const struct span gather_first = { 200 * 1000 };

struct send_rule {
	const char *name;
	uint32_t legal;			/* bit per enum aurp_msg; Open-Req is legal always */
	enum aurp_msg msg;		/* what is on its way */
	unsigned int repeats;		/* before the connection counts as lost; 0: by time */
};

#define ON(msg) (1u << AURP_##msg)
#define OPEN (ON(RI_REQ) | ON(ZI_REQ) | ON(GZN_REQ) | ON(GDZL_REQ) | ON(TICKLE) | ON(RD))
#define AWAITING (OPEN | ON(RI_ACK))

static const struct send_rule rules[SEND_STATES] = {
	[SEND_UNCONNECTED] =	 { "unconnected",	0, AURP_MSG_COUNT, 0 },
	[SEND_CONNECTED] =	 { "connected",		OPEN, AURP_MSG_COUNT, 0 },
	[SEND_WAIT_RI_RSP_ACK] = { "wait-ri-rsp-ack",	AWAITING, AURP_RI_RSP, 10 },
	[SEND_WAIT_RI_UPD_ACK] = { "wait-ri-upd-ack",	AWAITING, AURP_RI_UPD, 10 },
	[SEND_WAIT_PROBE_ACK] =	 { "wait-probe-ack",	AWAITING, AURP_RI_UPD, 0 },
	[SEND_WAIT_RI_REQ] =	 { "wait-ri-req",	OPEN, AURP_MSG_COUNT, 0 },
	[SEND_WAIT_RD_ACK] =	 { "wait-rd-ack",	ON(RI_ACK) | ON(RD), AURP_RD, 2 },
};

static void on_retry(struct timer *t);
static void on_update(struct timer *t);
static void go_on(struct peer *p);

void send_init(struct peer *p)
{
	timer_init(&p->send.retry, on_retry);
	timer_init(&p->send.update, on_update);
	timer_init(&p->send.quiet, send_quiet_fired);
	view_init(&p->send.view);
}

void send_fini(struct peer *p)
{
	env_disarm(peer_env(p), &p->send.retry);
	env_disarm(peer_env(p), &p->send.update);
	env_disarm(peer_env(p), &p->send.quiet);
	view_fini(&p->send.view);
}

const char *send_state_name(const struct peer *p)
{
	return rules[p->send.state].name;
}

bool send_is_open(const struct peer *p)
{
	return rules[p->send.state].legal & ON(TICKLE);
}

bool send_is_on(const struct peer *p, uint16_t id)
{
	return send_is_open(p) && p->send.id == id && p->send.is_confirmed;
}

/* Nothing is on its way. */
static bool is_idle(const struct peer *p)
{
	return p->send.state == SEND_CONNECTED || p->send.state == SEND_WAIT_RI_REQ;
}

void send_enter(struct peer *p, enum send_state state)
{
	env_disarm(peer_env(p), &p->send.retry);
	p->send.state = state;
	p->send.repeats = 0;
	p->send.is_urgent = false;
}

/* --- one sequenced packet at a time (S3) ----------------------------------------------- */

void send_begin(struct peer *p, struct aurp_out *out, enum aurp_msg msg)
{
	aurp_begin(out, AURP_SEND_MAX, &(struct aurp){ .connection = p->send.id,
		.sequence = p->send.sequence, .msg = msg });
}

static struct span ack_wait(const struct peer *p)
{
	struct span d = aurp_rto_timeout(&p->rto, p->send.repeats);

	if (p->send.state == SEND_WAIT_RD_ACK)
		return span_cmp(d, rd_wait) > 0 ? rd_wait : d;
	return send_is_asking(p) ? send_probe_wait(p) : d;
}

void send_put_on_its_way(struct peer *p, struct aurp_out *out, enum send_state state)
{
	struct aurp_send *s = &p->send;

	s->packet_len = wr_len(&out->w);
	assert(s->packet_len <= sizeof s->packet);
	memcpy(s->packet, out->w.start, s->packet_len);
	send_enter(p, state);
	s->is_unused = false;
	s->sent = peer_env(p)->now;
	peer_transmit(p, out);
	env_arm(peer_env(p), &s->retry, ack_wait(p));
}

static void send_rd(struct peer *p)
{
	struct aurp_out out;

	send_begin(p, &out, AURP_RD);
	aurp_encode_rd(&out.w, AURP_ERR_NORMAL_CLOSE);
	send_put_on_its_way(p, &out, SEND_WAIT_RD_ACK);
}

/* No acknowledgement came, and none will: the next packet needs another number. */
static void give_up_packet(struct peer *p)
{
	p->send.sequence = seq_next(p->send.sequence);
	send_rd(p);
}

void send_repeat(struct peer *p)
{
	struct aurp_send *s = &p->send;

	s->repeats++;
	p->count.retransmits++;
	peer_transmit_bytes(p, rules[s->state].msg, s->packet, s->packet_len);
	env_arm(peer_env(p), &s->retry, ack_wait(p));
}

static bool has_no_try_left(const struct peer *p)
{
	const struct aurp_send *s = &p->send;

	if (!send_is_asking(p))
		return s->repeats >= rules[s->state].repeats;
	return send_probe_is_over(p);
}

static void on_retry(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, send.retry);
	struct aurp_send *s = &p->send;

	if (s->is_leaving && s->state != SEND_WAIT_RD_ACK) {
		give_up_packet(p);
		return;
	}
	if (has_no_try_left(p)) {
		if (s->state == SEND_WAIT_RD_ACK)
			recv_say_farewell_too(p);
		send_close(p, "no acknowledgement");
		/* The other direction may be dead as well: do not wait for its silence to tell. */
		recv_verify(p);
		return;
	}
	send_repeat(p);
}

/* --- lists and updates ----------------------------------------------------------------- */

static void send_list_packet(struct peer *p)
{
	struct aurp_send *s = &p->send;
	struct aurp_out out;

	send_begin(p, &out, AURP_RI_RSP);
	view_write_list(p, &s->pass, &out.w);
	s->in_list = !s->pass.is_done;
	if (s->pass.is_done)
		wr_patch_u16(&out.w, AURP_HEADER - sizeof(uint16_t), AURP_LAST);
	send_put_on_its_way(p, &out, SEND_WAIT_RI_RSP_ACK);
}

static void start_list(struct peer *p)
{
	p->send.owes_list = p->send.in_update = p->send.view_moved = false;
	p->send.pass = (struct view_pass){ 0 };
	view_begin_list(p);
	send_list_packet(p);
}

static void send_events(struct peer *p, const struct aurp_event *event, size_t n)
{
	struct aurp_out out;

	send_begin(p, &out, AURP_RI_UPD);
	for (size_t i = 0; i < n; i++) {
		struct aurp_event ev = event[i];

		/* Darwin overlooks an NA with distance 0 (Q3). */
		if (p->is_terse && ev.code == AURP_EV_NA && ev.distance == 0)
			ev.distance = 1;
		aurp_encode_event(&out.w, &ev);
	}
	view_commit(p, event, n);
	p->send.has_updated = true;
	send_put_on_its_way(p, &out, SEND_WAIT_RI_UPD_ACK);
}

/* The next packet of the update that the peer wants; false: there is none, the update is over. */
static bool send_update_packet(struct peer *p)
{
	struct aurp_event event[VIEW_EVENTS_MAX];
	const size_t room = AURP_SEND_MAX - AURP_DOMAIN_HEADER - AURP_HEADER;

	while (!p->send.pass.is_done) {
		size_t n = view_difference(p, &p->send.pass, room, event);

		if (send_wants(p, event, n)) {
			send_events(p, event, n);
			return true;
		}
	}
	p->send.in_update = false;
	return false;
}

static void wait_for_interval(struct peer *p)
{
	struct aurp_send *s = &p->send;
	bool is_first = !s->has_updated && s->view.used == 0;
	struct span wait = is_first ? gather_first : p->tunnel->config.update_interval;

	if (s->is_informed && !s->is_leaving && !timer_is_set(&s->update))
		env_arm(peer_env(p), &s->update, wait);
}

void send_view_changed(struct peer *p)
{
	p->send.view_moved = true;
	if (!p->send.in_list && !p->send.in_update)
		wait_for_interval(p);
}

static void start_update(struct peer *p)
{
	p->send.owes_update = p->send.view_moved = false;
	p->send.in_update = true;
	p->send.pass = (struct view_pass){ 0 };
}

/* An update was told whole; what came up meanwhile waits for the next interval. */
static void end_update(struct peer *p)
{
	if (p->send.view_moved || p->send.pass.has_deferred)
		wait_for_interval(p);
	p->send.view_moved = false;
}

static void on_update(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, send.update);

	p->send.owes_update = true;
	if (p->send.state == SEND_CONNECTED)
		go_on(p);
}

/* Nothing is on its way: what is next? */
static void go_on(struct peer *p)
{
	struct aurp_send *s = &p->send;

	send_enter(p, SEND_CONNECTED);
	if (s->is_leaving) {
		send_rd(p);
	} else if (!p->is_proven) {
		/* A list to a forged address would be more than the forger sent. */
		return;
	} else if (s->in_list) {
		send_list_packet(p);
	} else if (s->owes_list) {
		start_list(p);
	} else if (s->in_update || s->owes_update) {
		if (!s->in_update)
			start_update(p);
		if (!send_update_packet(p))
			end_update(p);
	}
}

void send_proven(struct peer *p)
{
	if (p->send.state == SEND_CONNECTED)
		go_on(p);
}

/* --- requests and acknowledgements ----------------------------------------------------- */

static void on_ri_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_send *s = &p->send;

	(void)body;
	s->sui = h->flags & AURP_SUI_ALL;
	s->is_informed = true;
	/* A list on its way is the answer; an update on its way comes first (S14). */
	if (s->state == SEND_WAIT_RI_RSP_ACK)
		return;
	s->owes_list = true;
	if (s->state == SEND_WAIT_RI_REQ)
		place_acknowledged(p);
	if (is_idle(p))
		go_on(p);
}

static void on_ri_ack(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_send *s = &p->send;
	enum send_state was = s->state;

	(void)body;
	if (h->sequence != s->sequence) {
		peer_drop(p, DROP_AURP_BAD_SEQUENCE);
		return;
	}
	if (s->repeats == 0)
		aurp_rto_sample(&p->rto, instant_since(peer_env(p)->now, s->sent));
	if (was == SEND_WAIT_RD_ACK) {
		send_close(p, "we leave");
		return;
	}
	place_acknowledged(p);
	s->sequence = seq_next(s->sequence);
	if ((h->flags & AURP_SZI) && was != SEND_WAIT_PROBE_ACK)
		send_zones_of_packet(p);
	if (was == SEND_WAIT_PROBE_ACK)
		recv_wake(p);
	/* What a list cannot say, or what came up since, the next update does (p. 76). */
	if (was == SEND_WAIT_RI_RSP_ACK && !s->in_list && view_differs(p))
		wait_for_interval(p);
	go_on(p);
}

static void on_tickle(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_out out;

	(void)body;
	if (send_is_taken_for_older(p)) {
		send_close(p, "it believes in an older connection");
		return;
	}
	aurp_begin(&out, AURP_SEND_MAX,
		&(struct aurp){ .connection = h->connection, .msg = AURP_TICKLE_ACK });
	peer_answer(p, &out);
	/* Somebody is there: who waits for the answer to a Tickle may not have taken our probe. */
	if (p->send.state == SEND_WAIT_PROBE_ACK && p->send.repeats > 0) {
		p->send.repeats = 0;
		p->send.sent = peer_env(p)->now;
		send_repeat(p);
	}
}

/* From a data receiver: the only connection there is ends (C34); its ack has number 0 (A8). */
static void on_rd(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_out out;
	int16_t error;

	aurp_begin(&out, AURP_SEND_MAX,
		&(struct aurp){ .connection = h->connection, .msg = AURP_RI_ACK });
	peer_answer(p, &out);
	if (!aurp_decode_rd(body, &error))
		error = AURP_ERR_NORMAL_CLOSE;
	recv_closed_by_rd(p, error);
}

/* --- closing --------------------------------------------------------------------------- */

void send_close(struct peer *p, const char *why)
{
	struct env *env = peer_env(p);
	bool was_open = send_is_open(p);

	/* A number that went out is never used for another packet, were it a last RD. */
	if (rules[p->send.state].legal & ON(RI_ACK))
		p->send.sequence = seq_next(p->send.sequence);
	send_enter(p, SEND_UNCONNECTED);
	env_disarm(env, &p->send.update);
	env_disarm(env, &p->send.quiet);
	p->send.is_informed = p->send.in_list = p->send.in_update = p->send.is_leaving = false;
	view_fini(&p->send.view);
	if (was_open)
		peer_trace(p, TRACE_PEER_SEND_CLOSED, why);
	peer_check_up(p, why);
}

void send_leave(struct peer *p)
{
	p->send.is_leaving = true;
	env_disarm(peer_env(p), &p->send.update);
	env_disarm(peer_env(p), &p->send.quiet);
	if (is_idle(p))
		go_on(p);
	else
		env_arm(peer_env(p), &p->send.retry, last_ack_wait);
}

/* --- packets in ------------------------------------------------------------------------ */

static void (*const on_message[AURP_MSG_COUNT])(struct peer *p, const struct aurp *h,
	struct rd *body) = {
	[AURP_RI_REQ] = on_ri_req,
	[AURP_RI_ACK] = on_ri_ack,
	[AURP_RD] = on_rd,
	[AURP_ZI_REQ] = send_on_zi_req,
	[AURP_GZN_REQ] = send_on_gzn_req,
	[AURP_GDZL_REQ] = send_on_gdzl_req,
	[AURP_TICKLE] = on_tickle,
};

/*
 * It believes in a connection that we have given up: it was cut off from us, say. Whatever
 * its data receiver says tells so, but for a farewell.
 */
static bool is_of_last_connection(const struct peer *p, const struct aurp *h)
{
	return p->send.state == SEND_UNCONNECTED && p->send.id != 0 &&
	       h->connection == p->send.id && (AWAITING & ~ON(RD) & 1u << h->msg);
}

/*
 * It waits for its first list, and some do so for ever: on the connection that we have closed,
 * or on one that a late copy of an older Open-Req has replaced. We know that it is there, so
 * it gets one. Nothing was ever sent on that connection: that would be in doubt.
 */
static bool is_worth_resuming(const struct peer *p, const struct aurp *h)
{
	const struct aurp_send *s = &p->send;
	bool is_last = is_of_last_connection(p, h);
	bool is_replaced = send_is_open(p) && s->unused_id != 0 && h->connection == s->unused_id;

	return h->msg == AURP_RI_REQ && s->is_unused && (is_last || is_replaced) &&
	       recv_is_open(p) && p->is_proven && !place_is_elsewhere(p) && !s->is_leaving;
}

void send_input(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_send *s = &p->send;

	if (h->msg == AURP_OPEN_REQ) {
		send_on_open_req(p, h, body);
		return;
	}
	if (is_worth_resuming(p, h))
		send_resume(p, h->connection);
	if (s->state == SEND_UNCONNECTED || h->connection != s->id) {
		peer_drop(p, DROP_AURP_BAD_CONNECTION);
		if (is_of_last_connection(p, h))
			recv_is_missed(p, h);
		return;
	}
	if (!(rules[s->state].legal & 1u << h->msg)) {
		peer_drop(p, DROP_AURP_BAD_STATE);
		return;
	}
	s->heard = peer_env(p)->now;
	peer_is_heard(p);
	place_heard(p);
	on_message[h->msg](p, h, body);
	if (send_is_open(p) && !(s->is_confirmed && p->is_proven)) {
		s->is_confirmed = true;
		recv_called(p);
	}
}
