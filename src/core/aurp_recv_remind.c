/*
 * Data receiver: the other direction is missing. A router that did not notice that
 * its old connection to us is dead (we crashed, or were cut off) answers our call, but
 * does not call us: it hears us, and so its old connection never ends (jrouter). It is
 * reminded, gently first: by an Open-Req that it knows already; by an RD of the data
 * receiver; by one of the data sender. Routers differ in which one they take. Our
 * connection stays open until one of the RDs is acknowledged, for who ignores them
 * loses nothing. Called by aurp_recv_open.c and aurp_recv.c.
 */
#include "aurp_recv.h"

#include "aurp_seq.h"
#include "peer_state.h"

enum step { STEP_OPEN_REQ, STEP_RECEIVER_RD, STEP_SENDER_RD, STEPS };

/*
 * Ours: who wants our networks and hears our call, calls at once, or when its own Open-Req is
 * due again: after ten seconds, where that never changes (jrouter). The RD comes two seconds later.
 */
static const struct span call_expected = { 10 * 1000000 };
/* Whom one reminder did not move has all the time that it may need. */
static const struct span next_round = { 30 * 1000000 };
/* We know that it misses us: as soon as its list is here. */
static const struct span is_missed_soon = { 500 * 1000 };
/* Most routers notice after a few Tickles, and call: that is gentler than any RD. */
static const struct span gives_up_itself = { 20 * 1000000 };
static const struct span between_steps = { 2 * 1000000 };

static void on_timer(struct timer *t);

void remind_init(struct peer *p)
{
	timer_init(&p->recv.remind.timer, on_timer);
}

void remind_stop(struct peer *p)
{
	env_disarm(peer_env(p), &p->recv.remind.timer);
	p->recv.remind.has_repeated = p->recv.remind.has_said_down = false;
	p->recv.remind.rd_sequence = 0;
}

static void remind_in(struct peer *p, struct span d, unsigned int step)
{
	struct recv_remind *m = &p->recv.remind;

	if (m->rounds >= REMIND_ROUNDS_MOST || send_is_open(p))
		return;
	m->step = step;
	env_arm(peer_env(p), &m->timer, d);
}

void remind_begin(struct peer *p)
{
	/* The connection was opened anew by a reminder: that goes on with its next step. */
	if (timer_is_set(&p->recv.remind.timer))
		return;
	remind_stop(p);
	p->recv.remind.has_called = send_is_open(p);
	/* Who misses us has had an Open-Req just now, and still does not call. */
	if (p->recv.remind.is_missed)
		remind_in(p, is_missed_soon, STEP_RECEIVER_RD);
	else
		remind_in(p, p->recv.remind.rounds == 0 ? call_expected : next_round,
			STEP_OPEN_REQ);
}

/* The connection that the peer remembers was ours as data sender: its number was kept. */
static void send_sender_rd(struct peer *p)
{
	struct recv_remind *m = &p->recv.remind;
	struct aurp_out out;

	if (p->send.id == 0)
		return;
	m->rd_sequence = p->send.sequence;
	p->send.sequence = seq_next(p->send.sequence);
	send_forget_unused(p);
	aurp_begin(&out, AURP_SEND_MAX, &(struct aurp){ .connection = p->send.id,
		.sequence = m->rd_sequence, .msg = AURP_RD });
	aurp_encode_rd(&out.w, AURP_ERR_NORMAL_CLOSE);
	peer_transmit(p, &out);
}

static void repeat_open_req(struct peer *p)
{
	p->recv.remind.has_repeated = true;
	recv_repeat_open_req(p);
}

static void send_receiver_rd(struct peer *p)
{
	p->recv.remind.has_said_down = true;
	recv_send_rd(p, AURP_ERR_NORMAL_CLOSE);
}

static void (*const take_step[STEPS])(struct peer *p) = {
	[STEP_OPEN_REQ] = repeat_open_req,
	[STEP_RECEIVER_RD] = send_receiver_rd,
	[STEP_SENDER_RD] = send_sender_rd,
};

static void on_timer(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, recv.remind.timer);
	struct recv_remind *m = &p->recv.remind;

	if (p->recv.state != RECV_CONNECTED) {
		remind_in(p, between_steps, m->step);
		return;
	}
	take_step[m->step](p);
	if (++m->step < STEPS) {
		remind_in(p, between_steps, m->step);
		return;
	}
	m->rounds++;
	remind_in(p, next_round, STEP_OPEN_REQ);
}

/* It took the RD: both connections are over (A8), and it awaits our call. */
static void begin_anew(struct peer *p)
{
	recv_close(p, "it was told that our old connection is over", span_us(-1));
	recv_wake(p);
}

bool remind_is_opened_anew(struct peer *p)
{
	bool is_it = p->recv.state == RECV_CONNECTED && p->recv.remind.has_repeated;

	p->recv.remind.has_repeated = false;
	return is_it;
}

void recv_was_called(struct peer *p)
{
	struct recv_remind *m = &p->recv.remind;
	bool was_told_down = m->has_said_down || m->rd_sequence != 0;

	env_disarm(peer_env(p), &m->timer);
	m->rounds = 0;
	m->is_missed = false;
	m->has_called = true;
	/* Its acknowledgement was lost, but the RD was not: it has ended our connection. */
	if (was_told_down)
		begin_anew(p);
}

bool remind_on_rd_ack(struct peer *p)
{
	if (!p->recv.remind.has_said_down)
		return false;
	p->recv.remind.rounds++;
	begin_anew(p);
	return true;
}

void recv_is_missed(struct peer *p, const struct aurp *h)
{
	struct recv_remind *m = &p->recv.remind;

	if (h->msg == AURP_RI_ACK && m->rd_sequence != 0 && h->sequence == m->rd_sequence) {
		m->rounds++;
		begin_anew(p);
		return;
	}
	m->is_missed = true;
	if (!recv_is_open(p))
		recv_called(p);
	else if (!timer_is_set(&m->timer))
		remind_in(p, gives_up_itself, STEP_OPEN_REQ);
}
