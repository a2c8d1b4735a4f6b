/*
 * Data receiver: Open-Reqs and what answers them; when the next one is due
 * (RFC 1504 p. 23-26, 44). The RFC's back-off goes on for ever: a peer that is
 * down for a year is called all the year. Called by aurp_recv.c, and by the data
 * sender when the peer calls.
 */
#include "aurp_recv.h"

#include "peer_state.h"

enum {
	OPENS_PER_ADDRESS = 3,	/* before the next address of a host is tried */
	JITTER = 10,		/* percent, of the intervals between Open-Reqs */
};

/* RFC 1504 p. 44: never faster than every 2 s, truncated back-off. */
static const struct span open_least = { 2 * 1000000 };
static const struct span open_first = { 3 * 1000000 };
static const struct span open_most = { 300 * 1000000 };
/*
 * Ours: a peer that was lost, or the line to it, may be back any moment, and it may not know
 * that it was away. Its name is asked for at this pace, too.
 */
static const struct span open_lost_most = { 10 * 1000000 };
static const struct span lost_lately = { 300 * 1000000 };

void recv_forget_back_off(struct peer *p)
{
	p->recv.back_off = open_first;
}

/* --- ours ------------------------------------------------------------------------------ */

static void transmit_open_req(struct peer *p)
{
	struct aurp_out out;

	aurp_write_open_req(&out, p->recv.id);
	peer_transmit(p, &out);
	p->recv.opened = peer_env(p)->now;
}

bool recv_was_lost_lately(const struct peer *p)
{
	struct instant lost = p->recv.lost;

	return !instant_is_never(lost) &&
	       instant_cmp(peer_env(p)->now, instant_add(lost, lost_lately)) < 0;
}

static struct span most_back_off(const struct peer *p)
{
	return recv_was_lost_lately(p) ? open_lost_most : open_most;
}

static void double_back_off(struct peer *p)
{
	struct span most = most_back_off(p);

	p->recv.back_off = span_us(2 * p->recv.back_off.us);
	if (span_cmp(p->recv.back_off, most) > 0)
		p->recv.back_off = most;
}

static void send_open_req(struct peer *p)
{
	struct env *env = peer_env(p);
	struct instant put_off = p->recv.put_off;

	if (p->recv.tries == 0)
		p->recv.sent = env->now;
	else
		p->count.retransmits++;
	transmit_open_req(p);
	p->recv.put_off = INSTANT_NEVER;
	if (!instant_is_never(put_off)) {
		timer_set(&env->timers, &p->recv.retry, put_off);
		return;
	}
	env_arm(env, &p->recv.retry, env_jitter(env, p->recv.back_off, JITTER));
	double_back_off(p);
}

void recv_repeat_open_req(struct peer *p)
{
	p->recv.sent = peer_env(p)->now;
	transmit_open_req(p);
}

/* Random, so that strangers cannot guess it (X6); never the last one, nor 0 (C7). */
static uint16_t new_id(struct peer *p)
{
	uint16_t id;

	do
		id = (uint16_t)prng_range(&peer_env(p)->prng, 1, UINT16_MAX);
	while (id == p->recv.id);
	return id;
}

/* Something will call recv_dial() when that changes, but for a pair that parts. */
static void look_again_later(struct peer *p)
{
	if (p->to.ip != 0 && !p->is_leaving)
		env_arm(peer_env(p), &p->recv.retry, open_most);
}

void recv_open(struct peer *p)
{
	struct instant put_off;

	if (!peer_may_dial(p)) {
		look_again_later(p);
		return;
	}
	put_off = p->recv.put_off;
	p->recv.id = new_id(p);
	recv_enter(p, RECV_WAIT_OPEN_RSP);
	p->recv.put_off = put_off;
	peer_trace(p, TRACE_PEER_OPENING, NULL);
	send_open_req(p);
}

void recv_open_again(struct peer *p)
{
	if (peer_waits_for_call(p)) {
		recv_close(p, "its place is another peer's", open_most);
		return;
	}
	p->recv.tries++;
	/* A peer that has a connection to us is at this address. */
	if (p->n_addresses > 1 && p->recv.tries >= OPENS_PER_ADDRESS && !send_is_open(p)) {
		peer_try_next_address(p);
		recv_enter(p, RECV_UNCONNECTED);
		recv_open(p);
		return;
	}
	send_open_req(p);
}

static void dial(struct peer *p)
{
	if (p->recv.state == RECV_UNCONNECTED)
		recv_open(p);
	else
		recv_open_again(p);
}

/* When the next Open-Req may leave: two seconds after the last one (C6). */
static struct instant next_open(const struct peer *p)
{
	struct instant now = peer_env(p)->now, next;

	if (instant_is_never(p->recv.opened))
		return now;
	next = instant_add(p->recv.opened, open_least);
	return instant_cmp(next, now) > 0 ? next : now;
}

/* Opens, or repeats the Open-Req, as soon as that is allowed. */
static void open_soon(struct peer *p)
{
	struct env *env = peer_env(p);
	struct instant next = next_open(p);

	if (instant_cmp(next, env->now) > 0)
		timer_set(&env->timers, &p->recv.retry, next);
	else
		dial(p);
}

void recv_dial(struct peer *p)
{
	if (p->recv.state != RECV_UNCONNECTED)
		return;
	if (peer_may_dial(p))
		open_soon(p);
	else
		look_again_later(p);
}

void recv_wake(struct peer *p)
{
	if (p->recv.state > RECV_WAIT_OPEN_RSP || !peer_may_dial(p))
		return;
	recv_forget_back_off(p);
	p->recv.put_off = INSTANT_NEVER;
	open_soon(p);
}

void recv_redial(struct peer *p, const char *why)
{
	recv_forget_back_off(p);
	recv_close(p, why, env_jitter(peer_env(p), open_first, JITTER));
}

/*
 * A call that may be forged. It brings our next one forward, and the one after that
 * stays where it was; another one before that time must be paid for.
 */
static void open_for_unproven(struct peer *p)
{
	struct env *env = peer_env(p);
	struct timer *retry = &p->recv.retry;
	struct instant next = next_open(p), due = timer_is_set(retry) ? retry->due : next;
	bool is_ours = instant_cmp(due, instant_add(env->now, most_back_off(p))) <= 0;

	if (timer_is_set(retry) && instant_cmp(due, next) <= 0)
		return;		/* it will not be sooner */
	if (!is_ours && !peer_may_answer(p, AURP_OPEN_REQ_LEN))
		return;
	if (is_ours) {
		due = instant_add(due, env_jitter(env, p->recv.back_off, JITTER));
		double_back_off(p);
	}
	p->recv.put_off = due;
	if (instant_cmp(next, env->now) > 0)
		timer_set(&env->timers, retry, next);
	else
		dial(p);
}

void recv_called(struct peer *p)
{
	if (p->is_proven)
		recv_wake(p);
	else if (place_must_be_asked(p))
		place_ask_caller(p, (struct peer_call){ .from = p->from, .di = p->from_di,
			.kind = CALL_HINT });
	else if (p->recv.state <= RECV_WAIT_OPEN_RSP && peer_may_dial(p))
		open_for_unproven(p);
}

void recv_resume(struct peer *p, uint16_t id)
{
	struct env *env = peer_env(p);

	recv_enter(p, RECV_WAIT_OPEN_RSP);
	p->recv.id = id;
	p->recv.tries = 1;	/* when it was sent is forgotten */
	p->recv.opened = env->now;
	env_arm(env, &p->recv.retry, open_first);
}

/* --- answers --------------------------------------------------------------------------- */

/* The next Open-Req as late as there is. */
static void give_up_for_long(struct peer *p, const char *why)
{
	p->recv.lost = INSTANT_NEVER;
	p->recv.back_off = open_most;
	recv_close(p, why, env_jitter(peer_env(p), open_most, JITTER));
}

void recv_refuse_self(struct peer *p)
{
	give_up_for_long(p, "it is this router");
}

static void on_refusal(struct peer *p, int16_t error)
{
	peer_say_refused(p, error);
	give_up_for_long(p, aurp_error_text(error));
}

void recv_on_open_rsp(struct peer *p, const struct aurp *h, struct rd *body)
{
	bool is_terse = rd_left(body) == sizeof(int16_t);
	struct aurp_open_rsp rsp;

	if (!aurp_decode_open_rsp(body, &rsp)) {
		peer_drop(p, DROP_AURP_MALFORMED);
		return;
	}
	if (rsp.rate < 0) {
		on_refusal(p, rsp.rate);
		return;
	}
	p->is_us = false;
	p->recv.lost = INSTANT_NEVER;
	/* It hears us where it was dialled, and a translator lets it speak from another port. */
	p->place.alias = p->from;
	/* What is on its way is repeated byte for byte, so it ends with its domain (S11). */
	if (p->has_di && !domain_id_eq(p->di, p->from_di) && send_is_open(p)) {
		send_close(p, "it is of another domain now");
		p->is_proven = true;
	}
	peer_take_di(p, p->from_di);
	recv_take_sample(p);
	p->is_terse = is_terse;
	p->recv.environment = h->flags;
	p->recv.expected = 1;
	p->recv.is_virgin = true;
	p->recv.in_list = p->recv.lost_networks = p->recv.said_reflects = false;
	p->recv.said_full = false;
	recv_forget_back_off(p);
	recv_heard(p);
	recv_request_list(p);
	remind_begin(p);
	peer_trace(p, TRACE_PEER_RECV_OPEN, NULL);
	peer_check_up(p, NULL);
}
