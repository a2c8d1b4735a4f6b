/*
 * Data sender: is the peer still there? Asked when somebody calls in its name (C15), when
 * our other half has lost it (C28), and after a long silence (A10). Called by peer_place.c
 * and aurp_recv.c.
 */
#include "aurp_send.h"

#include "peer_state.h"

/* Whoever calls again may stop calling after half a minute: so long a probe may take (C17). */
static const struct span probe_wait = { 1500 * 1000 };
static const struct span probe_most = { 7 * 1000000 };

bool send_is_asking(const struct peer *p)
{
	return p->send.state == SEND_WAIT_PROBE_ACK || p->send.state == SEND_WAIT_RI_REQ ||
	       p->send.is_urgent;
}

/* First at the pace of the round trip, then calmly until it has taken long enough. */
struct span send_probe_wait(const struct peer *p)
{
	struct span left = instant_since(instant_add(p->send.sent, probe_most),
		peer_env(p)->now);
	struct span d = p->send.repeats < PLACE_QUICK_TRIES ? place_quick_wait(p) : probe_wait;

	return span_cmp(d, left) > 0 ? left : d;
}

bool send_probe_is_over(const struct peer *p)
{
	return instant_cmp(peer_env(p)->now, instant_add(p->send.sent, probe_most)) >= 0;
}

/* Who waits for its first list takes no update, and asks every few seconds by itself. */
static void await_request(struct peer *p)
{
	send_enter(p, SEND_WAIT_RI_REQ);
	p->send.sent = peer_env(p)->now;
	env_arm(peer_env(p), &p->send.retry, probe_most);
}

void send_probe(struct peer *p)
{
	struct aurp_out out;

	if (p->send.state != SEND_CONNECTED || !p->is_proven)
		return;
	if (!p->send.is_informed) {
		await_request(p);
		return;
	}
	send_begin(p, &out, AURP_RI_UPD);
	aurp_encode_event(&out.w, &(struct aurp_event){ .code = AURP_EV_NULL });
	send_put_on_its_way(p, &out, SEND_WAIT_PROBE_ACK);
}

/* Half a minute apart, as its repeats may be by now, it would keep a restarted peer out. */
void send_hurry(struct peer *p)
{
	struct aurp_send *s = &p->send;
	bool is_waiting = s->state == SEND_WAIT_RI_RSP_ACK || s->state == SEND_WAIT_RI_UPD_ACK;

	if (!is_waiting || s->is_urgent || s->is_leaving)
		return;
	s->is_urgent = true;
	s->repeats = 0;
	s->sent = peer_env(p)->now;
	send_repeat(p);
}

/* --- silence --------------------------------------------------------------------------- */

/*
 * With a connection the other way its tickles watch the peer. Without, nobody
 * would notice that a data receiver is gone until there is something to tell.
 */
void send_quiet_fired(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, send.quiet);
	struct instant due = instant_add(p->send.heard, p->tunnel->config.last_heard_timeout);

	if (instant_cmp(due, peer_env(p)->now) > 0) {
		timer_set(&peer_env(p)->timers, t, due);
		return;
	}
	if (!p->is_proven) {
		send_close(p, "it does not answer us");
		return;
	}
	if (!recv_is_open(p))
		send_probe(p);
	env_arm(peer_env(p), t, p->tunnel->config.last_heard_timeout);
}
