/*
 * Frames that bear a hardware address of our own. They teach nothing (E24), but
 * there are three reasons for them, and a person must know which: the cable has
 * a loop and what we sent comes back; another station has our address; or
 * another port of ours is on the same cable. The last frames that we sent by
 * ourselves (AARP, and datagrams without a hop) are remembered to tell them
 * apart; what we forward is not, as its sender may be anybody.
 */
#include "aurpd/hash.h"
#include "ethertalk.h"
#include "router_state.h"

enum {
	HASHED_MAX = 64,		/* bytes of a packet that count; the header is among them */
	COMES_BACK_MS = 500,		/* a loop returns a frame within this time */
	HOPS_MASK = 0x3C,		/* in the first byte of a datagram */
};

static uint64_t hash_of(enum elap_kind kind, const struct pkt *p)
{
	size_t n = p->len < HASHED_MAX ? p->len : HASHED_MAX;

	return hash_bytes((HASH_START ^ p->len) + kind, p->data, n);
}

static bool is_of_its_sender(enum elap_kind kind, const struct pkt *p)
{
	return kind == ELAP_AARP || (p->len > 0 && (p->data[0] & HOPS_MASK) == 0);
}

void ethertalk_self_sent(struct ethertalk *e, enum elap_kind kind, const struct pkt *p)
{
	struct sent_frame *s = &e->sent[e->next_sent];

	if (!is_of_its_sender(kind, p))
		return;
	s->hash = hash_of(kind, p);
	s->at = e->port->env->now;
	e->next_sent = (e->next_sent + 1) % SENT_FRAMES_MAX;
}

static bool is_recent(const struct port *port, const struct sent_frame *s)
{
	return s->hash != 0 &&
	       span_cmp(instant_since(port->env->now, s->at), span_ms(COMES_BACK_MS)) <= 0;
}

static bool has_sent(const struct port *port, uint64_t hash)
{
	const struct ethertalk *e = ethertalk_of(port);

	for (size_t i = 0; i < SENT_FRAMES_MAX; i++)
		if (e->sent[i].hash == hash && is_recent(port, &e->sent[i]))
			return true;
	return false;
}

/* Have we sent more than we remember, so that a frame of ours may be strange to us? */
static bool has_forgotten(const struct ethertalk *e)
{
	return is_recent(e->port, &e->sent[e->next_sent]);
}

/* The hardware address is ours; whose frame is it? */
static void hear_own_address(struct ethertalk *e, enum elap_kind kind, const struct pkt *p)
{
	struct port *port = e->port;
	uint64_t hash = hash_of(kind, p);
	const struct list *it;

	if (!is_of_its_sender(kind, p))
		return;
	if (has_sent(port, hash)) {
		port_notice(port, PORT_LOOP, NULL);
		return;
	}
	/* Interfaces of one card for several VLANs share its address. */
	list_for_each(it, &port->r->ports) {
		const struct port *other = container_of(it, struct port, in_router);

		if (other != port && other->ops == port->ops && has_sent(other, hash)) {
			port_hears_own(port, other);
			return;
		}
	}
	if (!has_forgotten(e))
		port_notice(port, PORT_TWIN, NULL);
}

static const struct port *port_with_mac(const struct port *self, struct mac mac)
{
	const struct list *it;

	list_for_each(it, &self->r->ports) {
		const struct port *port = container_of(it, struct port, in_router);

		if (port != self && port->ops == self->ops && port->link &&
		    mac_eq(port->mac, mac))
			return port;
	}
	return NULL;
}

bool ethertalk_self_heard(struct ethertalk *e, const struct elap *h, const struct pkt *p)
{
	const struct port *other;

	if (mac_eq(h->src, e->port->mac)) {
		hear_own_address(e, h->kind, p);
		port_drop(e->port, DROP_ELAP_BAD_SOURCE);
		return true;
	}
	other = port_with_mac(e->port, h->src);
	if (!other)
		return false;
	port_hears_own(e->port, other);
	port_drop(e->port, DROP_OWN_PORT);
	return true;
}
