/*
 * LANs: a frame goes to every other station that listens, each with its own
 * luck. Hardware filters are part of it: a router hears a multicast address
 * only after set_multicast(). Sites and hosts plug in and send.
 */
#include "world.h"

#include <stdlib.h>

#include "alloc.h"

enum { ETHER_HEADER_MIN = 14, FRAME_MAX = 2048 };

struct frame {
	struct flight flight;
	struct station *to;
	struct lan *lan;
	size_t len;
	uint8_t bytes[];
};

struct lan *world_add_lan(struct world *w, enum port_kind kind)
{
	struct lan *lan = world_alloc(1, sizeof(*lan));

	lan->world = w;
	lan->index = w->lans.n;
	lan->kind = kind;
	lan->delay = span_us(100);
	list_init(&lan->stations);
	things_add(&w->lans, lan);
	w->topology++;
	return lan;
}

void world_free_lans(struct world *w)
{
	for (size_t i = 0; i < w->lans.n; i++)
		free(w->lans.at[i]);
	free(w->lans.at);
}

/* --- stations -------------------------------------------------------------------------- */

void lan_plug(struct lan *lan, struct station *s)
{
	s->lan = lan;
	list_append(&lan->stations, &s->in_lan);
}

void lan_unplug(struct station *s)
{
	if (s->lan)
		list_remove(&s->in_lan);
	s->lan = NULL;
	free(s->groups);
	s->groups = NULL;
	s->n_groups = s->cap_groups = 0;
}

void station_listen(struct station *s, struct mac group, bool join)
{
	size_t i = 0;

	while (i < s->n_groups && !mac_eq(s->groups[i], group))
		i++;
	if (join && i == s->n_groups) {
		s->groups = mem_grow(s->groups, s->n_groups, &s->cap_groups, sizeof(group));
		s->groups[s->n_groups++] = group;
	} else if (!join && i < s->n_groups) {
		s->groups[i] = s->groups[--s->n_groups];
	}
}

static bool listens(const struct station *s, struct mac dst)
{
	if (!mac_is_group(dst))
		return mac_eq(s->mac, dst);
	if (s->all_groups)
		return true;
	for (size_t i = 0; i < s->n_groups; i++)
		if (mac_eq(s->groups[i], dst))
			return true;
	return false;
}

/* --- frames ---------------------------------------------------------------------------- */

static void on_arrival(struct timer *t)
{
	struct frame *f = container_of(t, struct frame, flight.timer);
	uint8_t storage[PKT_HEADROOM + FRAME_MAX];
	struct pkt p = pkt_over(storage, sizeof storage, PKT_HEADROOM);

	list_remove(&f->flight.in_world);
	memcpy(p.data, f->bytes, f->len);
	p.len = f->len;
	if (!f->lan->is_cut && f->to->lan == f->lan)
		f->to->receive(f->to, &p);
	free(f);
}

static void put_on_wire(struct lan *lan, struct station *to, const struct pkt *p,
	struct span delay)
{
	struct frame *f = world_alloc(1, sizeof(*f) + p->len);

	f->to = to;
	f->lan = lan;
	f->len = p->len;
	memcpy(f->bytes, p->data, p->len);
	world_take_off(lan->world, &f->flight, on_arrival, delay);
}

void lan_send(struct station *from, uint32_t sender, const struct pkt *frame)
{
	struct lan *lan = from->lan;
	struct mac dst = { { 0 } };
	struct list *it;

	if (!lan || frame->len > FRAME_MAX)
		return;
	world_note(lan->world, sender, frame);
	if (lan->is_cut || from->is_mute)
		return;
	if (frame->len >= ETHER_HEADER_MIN)
		memcpy(dst.byte, frame->data, sizeof dst.byte);
	list_for_each(it, &lan->stations) {
		struct station *to = container_of(it, struct station, in_lan);
		bool hears = lan->kind != PORT_ETHERTALK || listens(to, dst);

		if (to == from || to->is_deaf || !hears || world_chance(lan->world, lan->loss))
			continue;
		put_on_wire(lan, to, frame, lan->delay);
		if (world_chance(lan->world, lan->dup))
			put_on_wire(lan, to, frame, span_us(2 * lan->delay.us));
	}
}
