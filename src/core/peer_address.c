/*
 * The addresses of a peer: those of its host, the one in use, and what is to be said if
 * two peers seem to be one router. Which place is proven: peer_place.c.
 */
#include <string.h>

#include "peer_state.h"

/* Two peers have one domain identifier: said once. */
static void say_same(struct peer *p, const struct peer *q)
{
	if (!p->said_same)
		peer_say(p, (struct trace_event){ .kind = TRACE_PEER_SAME_DI,
			.other = peer_name(q) });
	p->said_same = true;
}

/* How often it is worth a line is the log's business (daemon/pace.h). */
static void say_same_place(const struct peer *p, const struct peer *q)
{
	peer_say(p, (struct trace_event){ .kind = TRACE_PEER_SAME_PLACE,
		.other = peer_name(q), .endpoint = p->to });
}

/* Two routers may share an address; who says so has told how to tell them apart. */
static bool are_told_apart(const struct peer *p, const struct peer *q)
{
	uint32_t a = p->config.domain_identifier, b = q->config.domain_identifier;

	return a != 0 && b != 0 && a != b;
}

static bool has_same_place(const struct peer *p, const struct peer *q)
{
	return q != p && !q->is_leaving && endpoint_eq(p->to, q->to);
}

/*
 * One port leads to one router at most: who is proven there, else the first of those that
 * are configured with it. The others do not open connections there.
 */
static struct peer *find_owner_of_place(const struct peer *p)
{
	bool is_before = true;
	struct list *it;

	if (p->is_proven || p->to.ip == 0)
		return NULL;
	list_for_each(it, &p->tunnel->peers) {
		struct peer *q = container_of(it, struct peer, in_tunnel);

		is_before &= q != p;
		if (has_same_place(p, q) && (is_before || q->is_proven))
			return q;
	}
	return NULL;
}

bool peer_waits_for_call(const struct peer *p)
{
	return find_owner_of_place(p) != NULL;
}

const struct peer *peer_same_as(const struct peer *p)
{
	const struct peer *q = find_owner_of_place(p);

	return q && !are_told_apart(p, q) ? q : NULL;
}

bool peer_may_dial(struct peer *p)
{
	const struct peer *same;

	if (!p->tunnel->sock || p->to.ip == 0 || p->is_leaving || peer_env(p)->is_stopping)
		return false;
	same = peer_same_as(p);
	if (same)
		say_same_place(p, same);
	return !peer_waits_for_call(p);
}

void peer_start(struct peer *p)
{
	recv_dial(p);
}

/* Index of the peer's address with this IP; n_addresses if there is none. */
static size_t find_address(const struct peer *p, uint32_t ip)
{
	size_t i = 0;

	while (i < p->n_addresses && p->addresses[i].ip != ip)
		i++;
	return i;
}

void peer_move_to(struct peer *p, struct endpoint place)
{
	const size_t i = find_address(p, place.ip);

	peer_index_changed(&p->tunnel->by_address);
	if (i < p->n_addresses)
		p->current = i;
	p->to = place;
	send_forget_unused(p);
	p->is_us = false;
	p->said_same = false;
	peer_trace(p, TRACE_PEER_ADDRESS, NULL);
}

uint16_t peer_configured_port(const struct peer *p)
{
	return p->n_addresses > 0 ? p->addresses[p->current].port : AURP_PORT;
}

void peer_try_next_address(struct peer *p)
{
	if (p->n_addresses > 1)
		peer_move_to(p, p->addresses[(p->current + 1) % p->n_addresses]);
}

bool peer_has_address(const struct peer *p, uint32_t ip)
{
	return find_address(p, ip) < p->n_addresses;
}

void peer_set_addresses(struct peer *p, const struct endpoint *to, size_t n)
{
	const uint16_t old_port = peer_configured_port(p);
	size_t i;

	p->current = 0;
	p->n_addresses = n < PEER_ADDRESSES_MAX ? n : PEER_ADDRESSES_MAX;
	memcpy(p->addresses, to, p->n_addresses * sizeof(*to));
	peer_index_changed(&p->tunnel->by_address);
	i = find_address(p, p->to.ip);
	/* Its port may be a translator's; a configured change of it is a move. */
	if (p->to.ip != 0 && i < p->n_addresses && p->addresses[i].port == old_port) {
		p->current = i;
		return;
	}
	peer_close(p, "its address changed", span_us(-1));
	peer_move_to(p, p->addresses[0]);
	/* How long the old one was silent says nothing about the new one. */
	recv_forget_back_off(p);
	peer_start(p);
}

void peer_take_di(struct peer *p, struct domain_id di)
{
	struct list *it;

	p->di = di;
	p->has_di = true;
	list_for_each(it, &p->tunnel->peers) {
		const struct peer *q = container_of(it, struct peer, in_tunnel);

		if (q != p && q->is_up && q->has_di && domain_id_eq(q->di, p->di))
			say_same(p, q);
	}
}
