/*
 * Data receiver: asking, watching, closing. RFC 1504 p. 22-28, 38-44; the table
 * of states below is its figure A-1, rebuilt from the prose. Opening is
 * aurp_recv_open.c's business, what the sequenced packets say aurp_learn.c's,
 * zones aurp_zone_ask.c's.
 */
#include "aurp_recv.h"

#include <stdlib.h>

#include "aurp_seq.h"
#include "peer_state.h"
#include "route_offer.h"

enum {
	RI_REQ_TRIES = 10,
	TICKLE_TRIES = 4,
	RD_TRIES = 3,
};

/* Tickles: nothing waits for them, so they need not hurry. */
static const struct span tickle_least = { 3 * 1000000 };
static const struct span tickle_most = { 10 * 1000000 };
static const struct span rd_wait = { 1500 * 1000 };

struct recv_rule {
	const char *name;
	uint32_t legal;			/* bit per enum aurp_msg */
	void (*timeout)(struct peer *p);
};

static void request_again(struct peer *p);
static void tickle_again(struct peer *p);
static void rd_again(struct peer *p);

#define ON(msg) (1u << AURP_##msg)
#define ON_WHILE_OPEN (ON(RI_ACK) | ON(RI_RSP) | ON(RI_UPD) | ON(RD) | ON(ZI_RSP) | \
	ON(ZI_RSP_EXT) | ON(GZN_RSP) | ON(GDZL_RSP) | ON(TICKLE_ACK))

static const struct recv_rule rules[RECV_STATES] = {
	[RECV_UNCONNECTED] =	 { "unconnected",	0,		recv_open },
	[RECV_WAIT_OPEN_RSP] =	 { "wait-open-rsp",	ON(OPEN_RSP),	recv_open_again },
	[RECV_WAIT_RI_RSP] =	 { "wait-ri-rsp",	ON_WHILE_OPEN,	request_again },
	[RECV_CONNECTED] =	 { "connected",		ON_WHILE_OPEN,	NULL },
	[RECV_WAIT_TICKLE_ACK] = { "wait-tickle-ack",	ON_WHILE_OPEN,	tickle_again },
	[RECV_WAIT_RD_ACK] =	 { "wait-rd-ack",	ON(RI_ACK),	rd_again },
};

static void on_retry(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, recv.retry);

	rules[p->recv.state].timeout(p);
}

static void on_silence(struct timer *t);

void recv_init(struct peer *p)
{
	p->recv.opened = p->recv.heard = p->recv.put_off = p->recv.lost = INSTANT_NEVER;
	recv_forget_back_off(p);
	timer_init(&p->recv.retry, on_retry);
	timer_init(&p->recv.last_heard, on_silence);
	timer_init(&p->recv.zone_scan, recv_zone_scan_fired);
	remind_init(p);
}

void recv_fini(struct peer *p)
{
	env_disarm(peer_env(p), &p->recv.retry);
	env_disarm(peer_env(p), &p->recv.last_heard);
	env_disarm(peer_env(p), &p->recv.zone_scan);
	remind_stop(p);
	free(p->recv.ask);
}

const char *recv_state_name(const struct peer *p)
{
	return rules[p->recv.state].name;
}

bool recv_is_open(const struct peer *p)
{
	return rules[p->recv.state].legal & ON(RI_UPD);
}

bool recv_is_fresh(const struct peer *p)
{
	return p->recv.state == RECV_WAIT_RI_RSP && p->recv.is_virgin;
}

void recv_enter(struct peer *p, enum recv_state state)
{
	env_disarm(peer_env(p), &p->recv.retry);
	p->recv.put_off = INSTANT_NEVER;
	p->recv.state = state;
	p->recv.tries = p->recv.quick_tickles = 0;
}

/* --- packets of ours ------------------------------------------------------------------- */

static void send_plain(struct peer *p, enum aurp_msg msg, uint16_t flags)
{
	struct aurp_out out;

	aurp_begin(&out, AURP_SEND_MAX,
		&(struct aurp){ .connection = p->recv.id, .flags = flags, .msg = msg });
	peer_transmit(p, &out);
}

void recv_send_rd(struct peer *p, enum aurp_error error)
{
	struct aurp_out out;

	aurp_begin(&out, AURP_SEND_MAX, &(struct aurp){ .connection = p->recv.id, .msg = AURP_RD });
	aurp_encode_rd(&out.w, (int16_t)error);
	peer_transmit(p, &out);
}

/* Sends a request anew (tries 0) or again, and sets the time to wait for its answer. */
static void ask(struct peer *p, enum aurp_msg msg, uint16_t flags, struct span wait)
{
	if (p->recv.tries == 0)
		p->recv.sent = peer_env(p)->now;
	else
		p->count.retransmits++;
	send_plain(p, msg, flags);
	env_arm(peer_env(p), &p->recv.retry, wait);
}

void recv_take_sample(struct peer *p)
{
	if (p->recv.tries == 0)
		aurp_rto_sample(&p->rto, instant_since(peer_env(p)->now, p->recv.sent));
}

/* --- asking for the list ---------------------------------------------------------------- */

void recv_request_list(struct peer *p)
{
	recv_enter(p, RECV_WAIT_RI_RSP);
	ask(p, AURP_RI_REQ, AURP_SUI_ALL, aurp_rto_timeout(&p->rto, 0));
}

void recv_await_list(struct peer *p)
{
	recv_enter(p, RECV_WAIT_RI_RSP);
	env_arm(peer_env(p), &p->recv.retry, aurp_rto_timeout(&p->rto, 1));
}

static void request_again(struct peer *p)
{
	if (++p->recv.tries >= RI_REQ_TRIES) {
		recv_lost(p, "no answer to RI-Req");
		return;
	}
	ask(p, AURP_RI_REQ, AURP_SUI_ALL, aurp_rto_timeout(&p->rto, p->recv.tries));
}

void recv_refresh(struct peer *p)
{
	if (p->recv.state == RECV_CONNECTED)
		recv_request_list(p);
}

/* --- watching -------------------------------------------------------------------------- */

void recv_heard(struct peer *p)
{
	p->recv.heard = peer_env(p)->now;
	env_arm(peer_env(p), &p->recv.last_heard, p->tunnel->config.last_heard_timeout);
	if (p->recv.state == RECV_WAIT_TICKLE_ACK) {
		recv_enter(p, RECV_CONNECTED);
		recv_tables_changed(p);
	}
	peer_release_held(p);
}

static struct span tickle_wait(const struct peer *p)
{
	struct span wait = aurp_rto_timeout(&p->rto, p->recv.tries);

	if (p->recv.quick_tickles > 0)
		return place_quick_wait(p);
	if (span_cmp(wait, tickle_least) < 0)
		return tickle_least;
	return span_cmp(wait, tickle_most) > 0 ? tickle_most : wait;
}

static void tickle(struct peer *p)
{
	ask(p, AURP_TICKLE, 0, tickle_wait(p));
}

void recv_verify(struct peer *p)
{
	if (p->recv.state != RECV_CONNECTED)
		return;
	recv_enter(p, RECV_WAIT_TICKLE_ACK);
	tickle(p);
}

void recv_verify_quickly(struct peer *p)
{
	if (p->recv.state != RECV_CONNECTED && p->recv.state != RECV_WAIT_TICKLE_ACK)
		return;
	recv_enter(p, RECV_WAIT_TICKLE_ACK);
	p->recv.quick_tickles = PLACE_QUICK_TRIES;
	tickle(p);
}

void recv_keep_alive(struct peer *p)
{
	send_plain(p, AURP_TICKLE, 0);
}

static void on_silence(struct timer *t)
{
	/* In the other states an answer is being waited for anyway. */
	recv_verify(container_of(t, struct peer, recv.last_heard));
}

static void tickle_again(struct peer *p)
{
	if (p->recv.quick_tickles > 0)
		p->recv.quick_tickles--;
	else
		p->recv.tries++;
	if (p->recv.tries >= TICKLE_TRIES)
		recv_lost(p, "no answer to Tickle");
	else
		tickle(p);
}

static void on_tickle_ack(struct peer *p, const struct aurp *h, struct rd *body)
{
	(void)h;
	(void)body;
	if (p->recv.state == RECV_WAIT_TICKLE_ACK)
		recv_take_sample(p);
	/* Some acknowledge any Tickle, so our question of the data sender counts for more. */
	if (!send_is_asking(p))
		place_answered(p);
	recv_heard(p);
}

/* We never ask GZN or GDZL; an answer still shows that the peer is there (A13). */
static void on_unasked(struct peer *p, const struct aurp *h, struct rd *body)
{
	(void)h;
	(void)body;
	recv_heard(p);
}

/* --- closing --------------------------------------------------------------------------- */

/* The connection is no more; `after` is where that leaves this half. */
static void end_connection(struct peer *p, enum recv_state after, const char *why)
{
	bool was_open = recv_is_open(p);

	recv_enter(p, after);
	env_disarm(peer_env(p), &p->recv.last_heard);
	env_disarm(peer_env(p), &p->recv.zone_scan);
	remind_stop(p);
	p->recv.n_ask = 0;
	if (was_open) {
		peer_discard_held(p);
		route_offer_no_peer(p->tunnel->routes, &p->offers);
		peer_trace(p, TRACE_PEER_RECV_CLOSED, why);
	}
	peer_check_up(p, why);
}

void recv_close(struct peer *p, const char *why, struct span redial)
{
	end_connection(p, RECV_UNCONNECTED, why);
	if (redial.us >= 0 && p->to.ip != 0)
		env_arm(peer_env(p), &p->recv.retry, redial);
}

void recv_lost(struct peer *p, const char *why)
{
	p->recv.lost = peer_env(p)->now;
	recv_redial(p, why);
	/* Perhaps only this direction is gone (C28). */
	send_probe(p);
}

void recv_out_of_sync(struct peer *p)
{
	p->count.out_of_sync++;
	peer_drop(p, DROP_AURP_OUT_OF_SYNC);
	/* With a connection the other way the peer notices by our new Open-Req (A9). */
	if (!send_is_open(p))
		recv_send_rd(p, AURP_ERR_OUT_OF_SYNC);
	recv_redial(p, "out of sync");
}

void recv_say_farewell_too(struct peer *p)
{
	if (p->recv.id != 0)
		recv_send_rd(p, AURP_ERR_NORMAL_CLOSE);
}

void recv_leave(struct peer *p)
{
	end_connection(p, RECV_WAIT_RD_ACK, "we leave");
	recv_send_rd(p, AURP_ERR_NORMAL_CLOSE);
	env_arm(peer_env(p), &p->recv.retry, rd_wait);
}

static void rd_again(struct peer *p)
{
	if (++p->recv.tries >= RD_TRIES) {
		recv_close(p, "no answer to RD", span_us(-1));
		return;
	}
	p->count.retransmits++;
	recv_send_rd(p, AURP_ERR_NORMAL_CLOSE);
	env_arm(peer_env(p), &p->recv.retry, rd_wait);
}

/* Of the farewell, or of an RD that was only to remind it. */
static void on_rd_ack(struct peer *p, const struct aurp *h, struct rd *body)
{
	(void)h;
	(void)body;
	if (p->recv.state == RECV_WAIT_RD_ACK)
		recv_close(p, "we leave", span_us(-1));
	else if (!remind_on_rd_ack(p))
		peer_drop(p, DROP_AURP_BAD_STATE);
}

/* --- packets in ------------------------------------------------------------------------ */

static void (*const on_message[AURP_MSG_COUNT])(struct peer *p, const struct aurp *h,
	struct rd *body) = {
	[AURP_OPEN_RSP] = recv_on_open_rsp,
	[AURP_RI_RSP] = recv_on_ri_rsp,
	[AURP_RI_UPD] = recv_on_ri_upd,
	[AURP_RD] = recv_on_rd,
	[AURP_ZI_RSP] = recv_on_zi_rsp,
	[AURP_ZI_RSP_EXT] = recv_on_zi_rsp,
	[AURP_GZN_RSP] = on_unasked,
	[AURP_GDZL_RSP] = on_unasked,
	[AURP_TICKLE_ACK] = on_tickle_ack,
	[AURP_RI_ACK] = on_rd_ack,
};

/* The peer heard both Open-Reqs, and this answer is the later one: it counts. */
static void take_later_answer(struct peer *p, const struct aurp *h)
{
	if (h->msg != AURP_OPEN_RSP || h->connection != p->recv.dialled || !recv_is_fresh(p))
		return;
	p->recv.id = p->recv.dialled;
	p->recv.dialled = 0;
	recv_enter(p, RECV_WAIT_OPEN_RSP);
}

void recv_input(struct peer *p, const struct aurp *h, struct rd *body)
{
	bool was_proven = p->is_proven;

	take_later_answer(p, h);
	if (h->msg == AURP_OPEN_RSP && h->connection != p->recv.id && place_on_open_rsp(p, h, body))
		return;
	if (p->recv.state == RECV_UNCONNECTED || h->connection != p->recv.id) {
		peer_drop(p, DROP_AURP_BAD_CONNECTION);
		return;
	}
	if (!(rules[p->recv.state].legal & 1u << h->msg) &&
		!(h->msg == AURP_OPEN_RSP && remind_is_opened_anew(p))) {
		peer_drop(p, DROP_AURP_BAD_STATE);
		return;
	}
	peer_is_heard(p);
	place_heard(p);
	p->is_proven = true;
	on_message[h->msg](p, h, body);
	if (!was_proven)
		send_proven(p);
}
