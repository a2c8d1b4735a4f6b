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

/* Which private block of addresses is it from; 0: none. */
static int private_block(uint32_t ip)
{
	if (ip >> 24 == 10)
		return 1;
	if (ip >> 20 == 0xAC1)		/* 172.16.0.0/12 */
		return 2;
	if (ip >> 16 == 0xC0A8)		/* 192.168.0.0/16 */
		return 3;
	if (ip >> 22 == 0x191)		/* 100.64.0.0/10, carriers' translators (RFC 6598) */
		return 4;
	return ip >> 16 == 0xA9FE ? 5 : 0;	/* link-local */
}

static bool is_behind_translator(const struct peer *p)
{
	return p->to.port != peer_configured_port(p) ||
	       (p->has_di && p->di.authority == DI_IP && p->di.ip != p->to.ip);
}

static int own_block(const struct tunnel *t)
{
	return private_block(t->leaves_from != 0 ? t->leaves_from : t->own.ip);
}

/*
 * A peer whose address is of our own private block is in the same network, or at the other
 * end of a VPN: no translator is between us.
 */
static bool is_beyond_door(const struct peer *p)
{
	const int ours = own_block(p->tunnel);

	return ours != 0 && ours != private_block(p->to.ip);
}

/* Nobody can call us through a home router that forwards nothing. */
static bool must_hold_the_door(const struct peer *p)
{
	return !p->tunnel->was_called_unasked && is_beyond_door(p);
}

/* A call may be forged, so it counts once the peer is there; and not from within. */
static void note_door(struct peer *p)
{
	if (p->is_up && p->came_unasked && is_beyond_door(p))
		p->tunnel->was_called_unasked = true;
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
	struct span every;

	note_door(p);
	every = interval(p);
	if (p->is_up && every.us > 0)
		timer_set(&peer_env(p)->timers, &p->keepalive, instant_add(p->sent, every));
	else
		env_disarm(peer_env(p), &p->keepalive);
}

static void on_timer(struct timer *t)
{
	struct peer *p = container_of(t, struct peer, keepalive);
	struct span every = interval(p);
	struct instant due = instant_add(p->sent, every);

	if (every.us > 0 && instant_cmp(due, peer_env(p)->now) <= 0) {
		if (recv_is_open(p))
			recv_keep_alive(p);
		else
			send_probe(p);
		/* Something may be on its way that nothing more is said beside. */
		p->sent = peer_env(p)->now;
	}
	keepalive_update(p);
}
