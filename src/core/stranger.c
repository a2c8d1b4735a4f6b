/*
 * Open peering (stranger.h): the Open-Req of an unknown router is answered with
 * our own, whose ID is a keyed hash, as SYN cookies do it in TCP; its Open-Rsp
 * then makes the peer, and its next Open-Req is answered like everybody's (aurp
 * T29). Called by tunnel.c.
 */
#include "stranger.h"

#include <string.h>

#include "peer_state.h"

/*
 * Sixteen bits can be guessed: whoever forges an address and tries all the time has
 * 16 tries in a row and 4 a second, against 2 IDs of 65,535: once in two hours.
 */
static const struct meter_rate guess_rate = { 16, { 250 * 1000 } };
static const struct meter_rate reply_rate = { 32, { 125 * 1000 } };
/* An answer has this long, or twice; Open-Reqs are repeated every few seconds. */
static const struct span epoch = { 32 * 1000000 };

void stranger_init(struct tunnel *t)
{
	struct prng *prng = &t->env->prng;

	for (int i = 0; i < 2; i++) {
		t->strangers.key[i] = (uint64_t)prng_u32(prng) << 32;
		t->strangers.key[i] |= prng_u32(prng);
	}
	meter_fill(&t->strangers.replies, &reply_rate, t->env->now);
	meter_fill(&t->strangers.guesses, &guess_rate, t->env->now);
}

/* --- what nobody remembers ------------------------------------------------------------- */

uint16_t stranger_id(const struct tunnel *t, struct endpoint to, unsigned int ago, uint32_t salt)
{
	const uint64_t words[3] = {
		(uint64_t)to.ip << 16 | to.port,
		(uint64_t)(t->env->now.us / epoch.us) - ago,
		salt,
	};

	return (uint16_t)(1 + keyed_hash(t->strangers.key, words, 3) % UINT16_MAX);
}

static bool is_ours(const struct tunnel *t, struct endpoint from, uint16_t id)
{
	return id == stranger_id(t, from, 0, 0) || id == stranger_id(t, from, 1, 0);
}

/* --- answers --------------------------------------------------------------------------- */

/* A packet on its way to a stranger, which must not be longer than what it answers. */
struct reply {
	struct tunnel *t;
	struct endpoint to;
	struct domain_id di;
	size_t most;
	struct aurp_out out;
};

/* False: not sent, as it would be too long or there were too many lately. */
static bool send_reply(struct reply *y)
{
	struct aurp_domain domain = { .dst = y->di, .src = y->t->own, .type = AURP_ROUTING };
	struct meter *replies = &y->t->strangers.replies;
	struct pkt *pkt = &y->out.buf.pkt;

	pkt->len = wr_len(&y->out.w);
	if (!aurp_push_domain(pkt, &domain) || pkt->len > y->most ||
		!meter_allows(replies, &reply_rate, y->t->env->now))
		return false;
	meter_spend(replies);
	tunnel_send(y->t, y->to, pkt);
	return true;
}

static bool ask_back(struct reply *y)
{
	aurp_write_open_req(&y->out, stranger_id(y->t, y->to, 0, 0));
	return send_reply(y);
}

static bool refuse(struct reply *y, uint16_t connection, enum aurp_error error)
{
	aurp_begin(&y->out, AURP_SEND_MAX,
		&(struct aurp){ .connection = connection, .msg = AURP_OPEN_RSP });
	aurp_encode_open_rsp(&y->out.w, &(struct aurp_open_rsp){ .rate = (int16_t)error });
	return send_reply(y);
}

/* --- packets --------------------------------------------------------------------------- */

static bool has_room(const struct tunnel *t)
{
	return !t->env->is_stopping && t->n_unknown < t->config.max_unknown_peers;
}

/* Asks back. False: not, though a refusal may say why to its administrator (C11). */
static bool answer(struct reply *y, const struct aurp *h, const struct aurp_open_req *req)
{
	if (req->version != AURP_VERSION)
		return refuse(y, h->connection, AURP_ERR_VERSION);
	if (has_room(y->t))
		return ask_back(y);
	refuse(y, h->connection, AURP_ERR_RESOURCES);
	return false;
}

/* It may be a peer of ours whose name we must ask for again. */
static void say_call(const struct reply *y)
{
	const struct tunnel *t = y->t;
	bool may_join = t->config.accept_unknown;

	env_trace(t->env, &(struct trace_event){
		.kind = may_join ? TRACE_PEER_STRANGER : TRACE_PEER_UNKNOWN,
		.tunnel = t->config.name, .endpoint = y->to, .di = y->di });
}

static void on_open_req(struct reply *y, const struct aurp *h, struct rd *body)
{
	struct tunnel *t = y->t;
	struct aurp_open_req req;

	if (!aurp_decode_open_req(body, &req)) {
		tunnel_drop(t, DROP_AURP_MALFORMED, y->to);
		return;
	}
	say_call(y);
	if (!t->config.accept_unknown)
		tunnel_drop(t, DROP_PEER_UNKNOWN, y->to);
	else if (!answer(y, h, &req))
		tunnel_drop(t, DROP_PEER_TOO_MANY, y->to);
}

/* Somebody answers an Open-Req: was it ours, to this address? */
static struct peer *on_open_rsp(struct tunnel *t, struct endpoint from, const struct aurp *h,
	struct rd body)
{
	struct meter *guesses = &t->strangers.guesses;
	struct aurp_open_rsp rsp;
	struct peer *p = NULL;

	if (!t->config.accept_unknown || !aurp_decode_open_rsp(&body, &rsp) || rsp.rate < 0) {
		tunnel_drop(t, DROP_PEER_UNKNOWN, from);
	} else if (!has_room(t) || !meter_allows(guesses, &guess_rate, t->env->now)) {
		tunnel_drop(t, DROP_PEER_TOO_MANY, from);
	} else if (!is_ours(t, from, h->connection)) {
		meter_spend(guesses);
		tunnel_drop(t, DROP_AURP_BAD_CONNECTION, from);
	} else {
		p = tunnel_add_unknown(t, from);
		recv_resume(p, h->connection);
	}
	return p;
}

struct peer *stranger_input(struct tunnel *t, struct endpoint from,
	const struct aurp_domain *domain, struct rd body, size_t len)
{
	struct reply y = { .t = t, .to = from, .di = domain->src, .most = len };
	bool is_routing = domain->type == AURP_ROUTING;
	struct aurp h;

	if (is_routing && aurp_decode(&body, &h) == AURP_OK) {
		if (h.msg == AURP_OPEN_RSP)
			return on_open_rsp(t, from, &h, body);
		if (h.msg == AURP_OPEN_REQ) {
			on_open_req(&y, &h, &body);
			return NULL;
		}
	}
	tunnel_drop(t, DROP_PEER_UNKNOWN, from);
	return NULL;
}
