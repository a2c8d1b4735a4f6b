/*
 * Asking at a place: the ID of the Open-Req is a keyed hash of the place
 * (stranger.h), so a flood of forged calls gets no memory but for one call a peer,
 * and no more bytes than came (X7). Called by the halves of the peer.
 */
#include "peer_place.h"

#include "peer_state.h"

enum { ASKS_OF_A_DOUBT = 4 };

/* A place is asked again no sooner (C6), nor questioned. */
static const struct span ask_least = { 2 * 1000000 };
/* An answer has this long. */
static const struct span ask_memory = { 32 * 1000000 };
static const struct meter_rate ask_rate = { 4, { 500 * 1000 } };
/* As for strangers: sixteen bits can be guessed. */
static const struct meter_rate guess_rate = { 16, { 250 * 1000 } };
static const struct span quick_least = { 100 * 1000 };
static const struct span quick_most = { 500 * 1000 };

static void on_timer(struct timer *t);

void place_init(struct peer *p)
{
	struct instant now = peer_env(p)->now;

	p->place.asked = p->place.questioned = INSTANT_NEVER;
	timer_init(&p->place.timer, on_timer);
	meter_fill(&p->place.asks, &ask_rate, now);
	meter_fill(&p->place.guesses, &guess_rate, now);
}

void place_fini(struct peer *p)
{
	env_disarm(peer_env(p), &p->place.timer);
}

bool place_is_elsewhere(const struct peer *p)
{
	return !endpoint_eq(p->from, p->to);
}

bool place_must_be_asked(const struct peer *p)
{
	return place_is_elsewhere(p) || peer_waits_for_call(p);
}

struct span place_quick_wait(const struct peer *p)
{
	struct span d = aurp_rto_estimate(&p->rto);

	if (!p->rto.is_measured || span_cmp(d, quick_most) > 0)
		return quick_most;
	return span_cmp(d, quick_least) < 0 ? quick_least : d;
}

static bool is_recent(const struct peer *p, struct instant t, struct span d)
{
	return !instant_is_never(t) && instant_cmp(instant_add(t, d), peer_env(p)->now) > 0;
}

/* --- asking ----------------------------------------------------------------------------- */

static uint16_t id_for(const struct peer *p, struct endpoint to, unsigned int ago)
{
	uint16_t id = stranger_id(p->tunnel, to, ago, p->place.proofs);

	if (id != p->recv.id)
		return id;
	return id == UINT16_MAX ? 1 : (uint16_t)(id + 1);
}

static void ask(struct peer *p)
{
	const struct peer_call *call = &p->place.call;
	const struct aurp_domain domain = { .dst = call->di, .src = p->tunnel->own,
		.type = AURP_ROUTING };
	struct aurp_out out;

	aurp_write_open_req(&out, id_for(p, call->from, 0));
	p->place.asked = peer_env(p)->now;
	p->place.asked_at = call->from;
	peer_transmit_to(p, call->from, &domain, &out);
}

/* Is a dial under way that may reach the caller as well? Two at a time would confuse it. */
static bool is_being_dialled(const struct peer *p)
{
	return p->recv.state == RECV_WAIT_OPEN_RSP && is_recent(p, p->recv.opened, ask_least);
}

static void ask_unproven(struct peer *p)
{
	struct env *env = peer_env(p);

	if (!p->tunnel->sock || p->is_leaving || env->is_stopping)
		return;
	if (is_being_dialled(p)) {
		timer_set(&env->timers, &p->place.timer, instant_add(p->recv.opened, ask_least));
		return;
	}
	if (!meter_allows(&p->place.asks, &ask_rate, env->now) ||
		!peer_may_answer(p, AURP_OPEN_REQ_LEN)) {
		peer_drop(p, DROP_AURP_UNPROVEN);
		return;
	}
	meter_spend(&p->place.asks);
	ask(p);
}

bool place_ask_caller(struct peer *p, struct peer_call call)
{
	struct peer_place *pl = &p->place;
	bool was_asked = endpoint_eq(call.from, pl->asked_at) &&
		is_recent(p, pl->asked, ask_memory);

	pl->call = call;
	if (!was_asked) {
		ask_unproven(p);
		return true;
	}
	/* The next time it is asked again. */
	pl->asked_at = (struct endpoint){ 0 };
	return false;
}

/* --- the proven place ------------------------------------------------------------------- */

void place_question(struct peer *p)
{
	if (is_recent(p, p->place.questioned, ask_least))
		return;		/* it is being asked, or has just answered */
	p->place.questioned = peer_env(p)->now;
	send_hurry(p);
	send_probe(p);
	recv_verify_quickly(p);
}

/* An Open-Req that waits says more than a packet from another port; it may be answered now. */
static bool says_more(const struct peer_call *call, const struct peer_call *than)
{
	return call->kind == CALL_WAITS || than->kind == CALL_HINT ||
	       (call->kind == CALL_ANSWERED && endpoint_eq(call->from, than->from));
}

void place_doubt(struct peer *p, struct peer_call call)
{
	struct peer_place *pl = &p->place;

	if (!pl->is_doubted && is_recent(p, pl->questioned, ask_least))
		return;
	if (!pl->is_doubted || says_more(&call, &pl->call))
		pl->call = call;
	if (pl->is_doubted)
		return;
	pl->is_doubted = true;
	pl->asks_left = ASKS_OF_A_DOUBT;
	env_arm(peer_env(p), &pl->timer,
		span_us(PLACE_QUICK_TRIES * place_quick_wait(p).us));
	/* A connection that was opened by this very call needs no probe. */
	if (call.kind == CALL_ANSWERED)
		recv_verify_quickly(p);
	else
		place_question(p);
}

/* Whatever called was dealt with. */
static void settle(struct peer *p)
{
	p->place.is_doubted = false;
	p->place.call.kind = CALL_NONE;
	env_disarm(peer_env(p), &p->place.timer);
}

static void on_timer(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, place.timer);

	if (!p->is_proven) {
		ask_unproven(p);
	} else if (p->place.is_doubted && p->place.asks_left > 0) {
		p->place.asks_left--;
		ask(p);
		env_arm(peer_env(p), t, ask_least);
	} else if (p->place.is_doubted) {
		/* Nobody is there who answers: the next call is a new one. */
		settle(p);
	}
}

void place_heard(struct peer *p)
{
	if (p->is_proven && place_is_elsewhere(p) && !endpoint_eq(p->from, p->place.alias))
		place_doubt(p, (struct peer_call){ .from = p->from, .di = p->from_di,
			.kind = CALL_HINT });
}

/* Nothing of the peer has ever come from there. */
static bool place_is_anothers(const struct peer *p, struct endpoint from)
{
	return !endpoint_eq(from, p->to) && !endpoint_eq(from, p->place.alias);
}

void place_answered(struct peer *p)
{
	if (!p->place.is_doubted)
		return;
	if (p->place.call.kind == CALL_HINT)
		p->place.alias = p->place.call.from;
	else if (place_is_anothers(p, p->place.call.from))
		p->place.neighbours = p->place.call.from;
	settle(p);
}

void place_lost(struct peer *p)
{
	if (p->place.is_doubted)
		settle(p);
	p->place.alias = p->place.neighbours = (struct endpoint){ 0 };
	if (!p->is_unknown && p->n_addresses > 0)
		p->to = p->addresses[p->current];
}

void place_acknowledged(struct peer *p)
{
	if (p->place.call.kind != CALL_ANSWERED)
		place_answered(p);
}

/* --- a place proves itself -------------------------------------------------------------- */

static bool is_ours(struct peer *p, uint16_t id)
{
	struct meter *guesses = &p->place.guesses;
	bool is_it = id == id_for(p, p->from, 0) || id == id_for(p, p->from, 1);

	if (instant_is_never(p->place.asked) ||
		!meter_allows(guesses, &guess_rate, peer_env(p)->now))
		return false;
	if (!is_it)
		meter_spend(guesses);
	return is_it;
}

/* The old connections end as far as whoever is at the new place cannot know them. */
static void end_old_connections(struct peer *p)
{
	static const char why[] = "it was restarted, or is elsewhere";

	/* Another domain is another router, and a packet on its way is repeated byte for byte. */
	if (p->has_di && !domain_id_eq(p->di, p->from_di)) {
		peer_close(p, why, span_us(-1));
		return;
	}
	switch (p->place.call.kind) {
	case CALL_NONE:		/* it took the Open-Req although it lived on */
	case CALL_HINT:		/* the same router behind a translator that changed */
		break;
	case CALL_WAITS:
		peer_close(p, why, span_us(-1));
		break;
	case CALL_ANSWERED:
		recv_close(p, why, span_us(-1));
		break;
	}
}

/* The packet being read answers our Open-Req that went where it comes from. */
static void prove(struct peer *p, const struct aurp *h, struct rd *body)
{
	const struct peer_call call = p->place.call;
	bool has_call = endpoint_eq(call.from, p->from) &&
		(call.kind == CALL_WAITS || call.kind == CALL_ANSWERED);
	uint16_t dialled = p->recv.state == RECV_WAIT_OPEN_RSP ? p->recv.id : 0;

	end_old_connections(p);
	settle(p);
	p->place.proofs++;
	p->place.asked_at = (struct endpoint){ 0 };
	p->place.alias = p->place.neighbours = (struct endpoint){ 0 };
	/* Not asked before: whose last connection ends is at its configured place again. */
	if (place_is_elsewhere(p))
		peer_move_to(p, p->from);
	p->is_proven = true;
	recv_resume(p, h->connection);
	p->recv.dialled = dialled;
	recv_on_open_rsp(p, h, body);
	if (has_call && !send_is_on(p, call.id))
		send_accept(p, &call);
	else
		send_proven(p);
}

bool place_on_open_rsp(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct rd look = *body;
	struct aurp_open_rsp rsp;

	if (!is_ours(p, h->connection))
		return false;
	/* The proven place answered after all: a call from elsewhere was not the peer's. */
	if (p->is_proven && !p->place.is_doubted && place_is_elsewhere(p) && !recv_is_fresh(p))
		return false;
	if (!aurp_decode_open_rsp(&look, &rsp))
		peer_drop(p, DROP_AURP_MALFORMED);
	else if (rsp.rate < 0)
		peer_say_refused(p, rsp.rate);
	else
		prove(p, h, body);
	return true;
}
