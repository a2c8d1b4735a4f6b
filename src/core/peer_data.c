/*
 * AppleTalk data to an exterior router, from forward.c: at once, or after a
 * tickle where it was silent for so long that it may be gone (RFC 1504 p. 40,
 * reading A12: a short queue meanwhile, dropped if nobody answers).
 */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "peer_state.h"

/* RFC 1504 p. 40. */
static const struct span tickle_before_data = { 120 * 1000000 };

/* A datagram held until a tickle is answered. */
struct held {
	struct list in_peer;
	size_t len;
	uint8_t bytes[];
};

static void hold(struct peer *p, const struct pkt *datagram)
{
	struct held *h;

	if (p->n_held >= PEER_HELD_MAX) {
		peer_drop(p, DROP_PEER_HOLD_FULL);
		return;
	}
	h = mem_new(1, sizeof(*h) + datagram->len);
	h->len = datagram->len;
	memcpy(h->bytes, datagram->data, datagram->len);
	list_append(&p->held, &h->in_peer);
	p->n_held++;
}

static void send_data(struct peer *p, struct pkt *datagram)
{
	if (peer_send_payload(p, AURP_DATA, datagram))
		p->count.data_tx++;
}

/* A long silence that no tickle broke (C26). */
static bool must_tickle_first(const struct peer *p)
{
	return span_cmp(p->tunnel->config.last_heard_timeout, tickle_before_data) > 0 &&
	       span_cmp(instant_since(peer_env(p)->now, p->recv.heard), tickle_before_data) >= 0;
}

void peer_send_data(struct peer *p, struct pkt *datagram)
{
	if (!recv_is_open(p)) {
		peer_drop(p, DROP_PEER_NOT_CONNECTED);
	} else if (must_tickle_first(p)) {
		hold(p, datagram);
		recv_verify(p);
	} else {
		send_data(p, datagram);
	}
}

void peer_release_held(struct peer *p)
{
	while (!list_is_empty(&p->held)) {
		struct held *h = container_of(p->held.next, struct held, in_peer);
		struct pkt_buf buf;
		struct pkt *pkt = pkt_buf_init(&buf);

		memcpy(pkt->data, h->bytes, h->len);
		pkt->len = h->len;
		list_remove(&h->in_peer);
		free(h);
		p->n_held--;
		send_data(p, pkt);
	}
}

void peer_discard_held(struct peer *p)
{
	while (!list_is_empty(&p->held)) {
		struct held *h = container_of(p->held.next, struct held, in_peer);

		list_remove(&h->in_peer);
		free(h);
		p->n_held--;
		peer_drop(p, DROP_PEER_NOT_CONNECTED);
	}
}
