/*
 * The hardware addresses of other nodes on an EtherTalk cable: looked up, asked
 * for, and the datagrams that wait meanwhile (Inside AppleTalk ch. 2 "AARP
 * packet transmission"). All storage is made with the port; a datagram that
 * finds none is dropped. Steady traffic stops at the table: an entry in use is
 * asked for again before its life ends.
 */
#include <stdlib.h>

#include "alloc.h"
#include "ethertalk.h"
#include "router_state.h"

static struct aarp_target *target_at(struct list *l)
{
	return container_of(l, struct aarp_target, in_list);
}

static struct aarp_held *held_at(struct list *l)
{
	return container_of(l, struct aarp_held, in_list);
}

static void move(struct list *item, struct list *to)
{
	list_remove(item);
	list_append(to, item);
}

static void send_request(struct ethertalk *e, struct at_addr addr)
{
	ethertalk_send_aarp(e->port, ELAP_BROADCAST, (struct aarp){ .function = AARP_REQUEST,
		.src_addr = e->port->addr, .dst_addr = addr });
}

/* --- asking ---------------------------------------------------------------------------- */

static void ask(struct aarp_target *t)
{
	send_request(t->owner, t->addr);
	t->asked++;
	env_arm(t->owner->port->env, &t->timer, span_ms(AARP_REQUEST_INTERVAL_MS));
}

static void end_target(struct aarp_target *t)
{
	env_disarm(t->owner->port->env, &t->timer);
	move(&t->in_list, &t->owner->free_targets);
}

static void give_up(struct aarp_target *t)
{
	struct ethertalk *e = t->owner;

	while (!list_is_empty(&t->held)) {
		move(t->held.next, &e->free_held);
		port_drop(e->port, DROP_AARP_UNRESOLVED);
	}
	end_target(t);
}

static void on_request_timer(struct timer *timer)
{
	struct aarp_target *t = container_of(timer, struct aarp_target, timer);

	if (t->asked < AARP_REQUESTS)
		ask(t);
	else
		give_up(t);
}

static struct aarp_target *find_target(struct ethertalk *e, struct at_addr addr)
{
	struct list *it;

	list_for_each(it, &e->asked_targets)
		if (at_addr_eq(target_at(it)->addr, addr))
			return target_at(it);
	return NULL;
}

/* Asks for a node nobody asked for yet; NULL if too many are being asked for. */
static struct aarp_target *begin_target(struct ethertalk *e, struct at_addr addr)
{
	struct aarp_target *t;

	if (list_is_empty(&e->free_targets))
		return NULL;
	t = target_at(e->free_targets.next);
	move(&t->in_list, &e->asked_targets);
	t->addr = addr;
	t->asked = 0;
	t->n_held = 0;
	ask(t);
	return t;
}

/* --- datagrams that wait --------------------------------------------------------------- */

static bool hold(struct aarp_target *t, const struct pkt *datagram)
{
	struct ethertalk *e = t->owner;
	struct aarp_held *h;
	struct wr w;

	if (t->n_held >= AARP_HELD_PER_TARGET || list_is_empty(&e->free_held))
		return false;
	h = held_at(e->free_held.next);
	h->pkt = pkt_over(h->bytes, sizeof(h->bytes), ELAP_HEADER);
	w = wr_over(h->pkt.data, pkt_tailroom(&h->pkt));
	wr_bytes(&w, datagram->data, datagram->len);
	if (!wr_ok(&w))
		return false;
	h->pkt.len = wr_len(&w);
	move(&h->in_list, &t->held);
	t->n_held++;
	return true;
}

static void release(struct aarp_target *t, struct mac to)
{
	struct ethertalk *e = t->owner;

	while (!list_is_empty(&t->held)) {
		struct aarp_held *h = held_at(t->held.next);

		ethertalk_transmit(e->port, to, ELAP_DDP, &h->pkt);
		move(&h->in_list, &e->free_held);
	}
	end_target(t);
}

/* --- for port_ethertalk.c -------------------------------------------------------------- */

void ethertalk_resolve_init(struct ethertalk *e)
{
	aarp_table_init(&e->nodes, prng_u32(&e->port->env->prng));
	list_init(&e->asked_targets);
	list_init(&e->free_targets);
	list_init(&e->free_held);
	for (size_t i = 0; i < AARP_TARGETS_MAX; i++) {
		struct aarp_target *t = &e->targets[i];

		t->owner = e;
		timer_init(&t->timer, on_request_timer);
		list_init(&t->held);
		list_append(&e->free_targets, &t->in_list);
	}
	e->held = mem_new(AARP_HELD_MAX, sizeof(*e->held));
	for (size_t i = 0; i < AARP_HELD_MAX; i++)
		list_append(&e->free_held, &e->held[i].in_list);
}

void ethertalk_resolve_fini(struct ethertalk *e)
{
	ethertalk_resolve_clear(e);
	aarp_table_fini(&e->nodes);
	free(e->held);
}

void ethertalk_resolve_clear(struct ethertalk *e)
{
	while (!list_is_empty(&e->asked_targets))
		give_up(target_at(e->asked_targets.next));
	aarp_table_clear(&e->nodes);
}

void ethertalk_heard(struct ethertalk *e, struct at_addr addr, struct mac mac)
{
	struct aarp_target *t = find_target(e, addr);

	aarp_learn(&e->nodes, addr, mac, e->port->env->now);
	if (t)
		release(t, mac);
}

/* Asks once a second while an entry in use is near the end of its life. */
static void refresh(struct ethertalk *e, struct aarp_entry *n)
{
	struct instant now = e->port->env->now;

	if (span_cmp(instant_since(now, n->confirmed), span_s(AARP_REFRESH_S)) < 0 ||
	    span_cmp(instant_since(now, n->asked), span_s(1)) < 0)
		return;
	n->asked = now;
	send_request(e, n->addr);
}

void ethertalk_send_node(struct port *port, struct at_addr to, struct pkt *datagram)
{
	struct ethertalk *e = ethertalk_of(port);
	struct aarp_entry *n;
	struct aarp_target *t;

	if (!ethertalk_is_neighbour(port, to)) {
		port_drop(port, DROP_AARP_BAD_TARGET);
		return;
	}
	n = aarp_find(&e->nodes, to, port->env->now);
	if (n) {
		struct mac mac = n->mac;

		refresh(e, n);
		ethertalk_transmit(port, mac, ELAP_DDP, datagram);
		return;
	}
	t = find_target(e, to);
	if (!t)
		t = begin_target(e, to);
	if (!t || !hold(t, datagram))
		port_drop(port, DROP_AARP_UNRESOLVED);
}
