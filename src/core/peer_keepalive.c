/*
 * A translator between us and a peer forgets a conversation after half a minute of
 * silence, or soon after; then it lets neither of us in. Whoever needs it is sent a
 * Tickle before (config_keepalive). Its answer is not waited for.
 */
#include "peer_state.h"

/* Below the shortest memory of a translator that is known: 30 s. */
static const struct span keepalive_auto = { 25 * 1000000 };

static void on_timer(struct timer *t);

void keepalive_init(struct peer *p)
{
	timer_init(&p->keepalive, on_timer);
}

/* RFC 1918, RFC 6598 (carriers' translators), RFC 3927. */
static bool is_private(uint32_t ip)
{
	return ip >> 24 == 10 || ip >> 20 == 0xAC1 || ip >> 16 == 0xC0A8 || ip >> 22 == 0x191 ||
	       ip >> 16 == 0xA9FE;
}

static bool is_behind_translator(const struct peer *p)
{
	return p->to.port != peer_configured_port(p) ||
	       (p->has_di && p->di.authority == DI_IP && p->di.ip != p->to.ip);
}

/* Nobody can call us through a home router that forwards nothing. A VPN's peers are private. */
static bool must_hold_the_door(const struct peer *p)
{
	const struct tunnel *t = p->tunnel;

	return !t->was_called_unasked && t->own.authority == DI_IP && is_private(t->own.ip) &&
	       !is_private(p->to.ip);
}

/* 0: nothing is to be sent for its sake. */
static struct span interval(const struct peer *p)
{
	const struct config_keepalive *k = &p->config.keepalive;

	if (k->mode == KEEPALIVE_UNSET)
		k = &p->tunnel->config.keepalive;
	if (k->mode == KEEPALIVE_EVERY)
		return k->every;
	return is_behind_translator(p) || must_hold_the_door(p) ? keepalive_auto : span_us(0);
}

void keepalive_update(struct peer *p)
{
	struct span every = interval(p);

	if (p->is_up && every.us > 0)
		timer_set(&peer_router(p)->timers, &p->keepalive, instant_add(p->sent, every));
	else
		router_disarm(peer_router(p), &p->keepalive);
}

static void on_timer(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, keepalive);
	struct instant due = instant_add(p->sent, interval(p));

	if (instant_cmp(due, peer_router(p)->now) <= 0) {
		if (recv_is_open(p))
			recv_keep_alive(p);
		else
			send_probe(p);
		/* Something may be on its way that nothing more is said beside. */
		p->sent = peer_router(p)->now;
	}
	keepalive_update(p);
}
