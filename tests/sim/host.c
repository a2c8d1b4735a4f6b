/*
 * An end node's frames, both ways: EtherTalk with AARP, or LocalTalk. What it
 * says and hears in them is the business of host_claim.c (its address) and
 * host_name.c (names, echo). Inside AppleTalk ch. 1 to 4, from a node's side.
 */
#include "world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "alloc.h"
#include "ddp.h"
#include "elap.h"
#include "zip.h"

enum { WAITING_MAX = 8, SENDER_OF_HOSTS = 0x40000000 };

/* A datagram that waits until AARP knows its node. */
struct host_waiting {
	struct list in_host;
	struct at_addr to;
	struct pkt_buf buf;
};

static void on_frame(struct station *s, struct pkt *frame);

static bool is_ethertalk(const struct host *h)
{
	return h->lan->kind == PORT_ETHERTALK;
}

/* --- life ------------------------------------------------------------------------------ */

struct host *world_add_host(struct world *w, struct lan *lan, const char *zone)
{
	struct host *h = world_alloc(1, sizeof(*h));
	char text[AT_ZONE_NAME_MAX + 1];

	h->world = w;
	h->lan = lan;
	h->index = w->hosts.n;
	snprintf(text, sizeof text, "Host %zu", h->index);
	h->object = name_of(text);
	h->type = name_of("AFPServer");
	if (zone)
		h->wished_zone = name_of(zone);
	h->station.mac = (struct mac){ { 2, 1, 0, 0, (uint8_t)(h->index >> 8),
		(uint8_t)h->index } };
	h->station.receive = on_frame;
	list_init(&h->waiting);
	timer_init(&h->timer, host_on_claim_timer);
	timer_init(&h->lookup_timer, host_on_lookup_timer);
	things_add(&w->hosts, h);
	return h;
}

struct host *world_host(const struct world *w, size_t i)
{
	assert(i < w->hosts.n);
	return w->hosts.at[i];
}

static void drop_waiting(struct host *h)
{
	while (!list_is_empty(&h->waiting)) {
		struct list *first = h->waiting.next;

		list_remove(first);
		free(container_of(first, struct host_waiting, in_host));
	}
}

void host_forget_cable(struct host *h)
{
	drop_waiting(h);
	h->range = (struct at_range){ 0, 0, false };
	h->router = (struct at_addr){ 0, 0 };
	h->zone.len = 0;
	h->n_neighbours = 0;
	if (mac_is_group(h->zone_group))
		station_listen(&h->station, h->zone_group, false);
	h->zone_group = (struct mac){ { 0 } };
}

void host_switch_on(struct host *h)
{
	if (h->state != HOST_OFF)
		return;
	lan_plug(h->lan, &h->station);
	if (is_ethertalk(h))
		station_listen(&h->station, ELAP_BROADCAST, true);
	host_forget_cable(h);
	h->addr = (struct at_addr){ 0, 0 };
	host_claim(h);
}

void host_switch_off(struct host *h)
{
	host_forget_cable(h);
	lan_unplug(&h->station);
	timer_cancel(&h->world->queue, &h->timer);
	timer_cancel(&h->world->queue, &h->lookup_timer);
	h->state = HOST_OFF;
}

void world_free_hosts(struct world *w)
{
	for (size_t i = 0; i < w->hosts.n; i++) {
		struct host *h = world_host(w, i);

		host_switch_off(h);
		free(h->neighbours);
		free(h);
	}
	free(w->hosts.at);
}

/* --- frames out ------------------------------------------------------------------------ */

static void put_frame(struct host *h, struct pkt *p)
{
	lan_send(&h->station, SENDER_OF_HOSTS + (uint32_t)h->index, p);
}

static void put_elap(struct host *h, struct mac dst, enum elap_kind kind, struct pkt *p)
{
	bool has_room = elap_push(p, &(struct elap){ dst, h->station.mac, kind });

	assert(has_room);
	(void)has_room;
	put_frame(h, p);
}

void host_put_aarp(struct host *h, struct mac dst, const struct aarp *a)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, pkt_tailroom(p));

	aarp_encode(&w, a);
	p->len = wr_len(&w);
	put_elap(h, dst, ELAP_AARP, p);
}

void host_put_llap(struct host *h, const struct llap *l)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	bool has_room = llap_push(p, l);

	assert(has_room);
	(void)has_room;
	put_frame(h, p);
}

/* --- EtherTalk: which hardware address? ------------------------------------------------ */

void host_learn(struct host *h, struct at_addr addr, struct mac mac)
{
	for (size_t i = 0; i < h->n_neighbours; i++)
		if (at_addr_eq(h->neighbours[i].addr, addr)) {
			h->neighbours[i].mac = mac;
			return;
		}
	h->neighbours = mem_grow(h->neighbours, h->n_neighbours, &h->cap_neighbours,
		sizeof(*h->neighbours));
	h->neighbours[h->n_neighbours].addr = addr;
	h->neighbours[h->n_neighbours++].mac = mac;
}

void host_release(struct host *h, struct at_addr addr, struct mac mac)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &h->waiting) {
		struct host_waiting *waiting = container_of(it, struct host_waiting, in_host);

		if (!at_addr_eq(waiting->to, addr))
			continue;
		list_remove(it);
		put_elap(h, mac, ELAP_DDP, &waiting->buf.pkt);
		free(waiting);
	}
}

static void ask_and_wait(struct host *h, struct at_addr to, const struct pkt *datagram)
{
	struct host_waiting *waiting = world_alloc(1, sizeof(*waiting));
	struct pkt *p = pkt_buf_init(&waiting->buf);
	const struct list *it;
	size_t n = 0;

	list_for_each(it, &h->waiting)
		n++;
	if (n >= WAITING_MAX)
		drop_waiting(h);
	memcpy(p->data, datagram->data, datagram->len);
	p->len = datagram->len;
	waiting->to = to;
	list_append(&h->waiting, &waiting->in_host);
	host_put_aarp(h, ELAP_BROADCAST, &(struct aarp){ .function = AARP_REQUEST,
		.src_hw = h->station.mac, .src_addr = h->addr, .dst_addr = to });
}

static void put_to_node(struct host *h, struct at_addr to, struct pkt *datagram)
{
	for (size_t i = 0; i < h->n_neighbours; i++)
		if (at_addr_eq(h->neighbours[i].addr, to)) {
			put_elap(h, h->neighbours[i].mac, ELAP_DDP, datagram);
			return;
		}
	ask_and_wait(h, to, datagram);
}

/* --- datagrams out --------------------------------------------------------------------- */

static void put_short(struct host *h, uint8_t dst, const struct ddp *d, const void *data,
	size_t len)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, pkt_tailroom(p));
	struct ddp header = *d;

	header.len = (uint16_t)(DDP_SHORT_HEADER + len);
	ddp_encode_short(&w, &header);
	wr_bytes(&w, data, len);
	p->len = wr_len(&w);
	if (wr_ok(&w) && llap_push(p, &(struct llap){ dst, h->addr.node, LLAP_DDP_SHORT }))
		put_frame(h, p);
}

static bool is_on_cable(const struct host *h, uint16_t net)
{
	return net == 0 || (h->range.first != 0 && at_range_has(h->range, net));
}

static void put_long(struct host *h, const struct ddp *d, struct pkt *p)
{
	bool is_broadcast = d->dst.node == AT_NODE_BROADCAST;
	bool is_local = is_on_cable(h, d->dst.net);

	if (!ddp_push_long(p, d))
		return;
	ddp_set_checksum(p->data, ddp_checksum(p->data, p->len));
	if (!is_local && h->router.node == 0)
		return;
	if (!is_ethertalk(h)) {
		uint8_t node = is_local ? d->dst.node : h->router.node;

		if (llap_push(p, &(struct llap){ node, h->addr.node, LLAP_DDP_LONG }))
			put_frame(h, p);
	} else if (is_local && is_broadcast) {
		put_elap(h, ELAP_BROADCAST, ELAP_DDP, p);
	} else if (is_local) {
		put_to_node(h, (struct at_addr){ d->dst.net, d->dst.node }, p);
	} else {
		put_elap(h, h->router_mac, ELAP_DDP, p);
	}
}

void host_send(struct host *h, struct at_sockaddr to, uint8_t src_socket, uint8_t type,
	const void *data, size_t len)
{
	const struct ddp d = { .dst = to, .src = { h->addr.net, h->addr.node, src_socket },
		.type = type };
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	if (h->state == HOST_OFF || len > DDP_DATA_MAX)
		return;
	if (!is_ethertalk(h) && is_on_cable(h, to.net)) {
		put_short(h, to.node, &d, data, len);
		return;
	}
	memcpy(p->data, data, len);
	p->len = len;
	put_long(h, &d, p);
}

void host_broadcast(struct host *h, uint8_t socket, uint8_t type, const void *data, size_t len)
{
	host_send(h, (struct at_sockaddr){ 0, AT_NODE_BROADCAST, socket }, socket, type, data, len);
}

/* --- frames in ------------------------------------------------------------------------- */

static void dispatch(struct host *h, const struct host_datagram *d)
{
	switch (d->type) {
	case DDP_RTMP:
		host_on_rtmp(h, d);
		break;
	case DDP_NBP:
		host_on_nbp(h, d);
		break;
	case DDP_AEP:
		host_on_aep(h, d);
		break;
	case DDP_ZIP:
	case DDP_ATP:
		host_on_zip(h, d);
		break;
	default:
		break;
	}
}

static bool is_for_us(const struct host *h, struct at_sockaddr dst)
{
	if (dst.node == AT_NODE_BROADCAST)
		return is_on_cable(h, dst.net) || dst.net == h->addr.net;
	return dst.node == h->addr.node && dst.net == h->addr.net;
}

static void take_long(struct host *h, struct pkt *p, struct mac mac)
{
	struct host_datagram d = { .mac = mac };
	struct rd r = rd_over(p->data, p->len);
	struct ddp ddp;

	if (!ddp_decode_long(&r, &ddp)) {
		watch_say(h->world, "host", "%zu got a datagram that does not decode", h->index);
		return;
	}
	if (!ddp_checksum_ok(p->data, ddp.len))
		watch_say(h->world, "host", "%zu got a datagram with a wrong checksum", h->index);
	if (!is_for_us(h, ddp.dst))
		return;
	if (is_ethertalk(h) && ddp.hops == 0 && is_on_cable(h, ddp.src.net))
		host_learn(h, (struct at_addr){ ddp.src.net, ddp.src.node }, mac);
	d.dst = ddp.dst;
	d.src = ddp.src;
	d.hops = ddp.hops;
	d.type = ddp.type;
	d.body = rd_sub(&r, (size_t)ddp.len - DDP_LONG_HEADER);
	dispatch(h, &d);
}

static void take_short(struct host *h, const struct llap *l, const struct pkt *p)
{
	struct host_datagram d = { .type = 0 };
	struct rd r = rd_over(p->data, p->len);
	struct ddp ddp;

	if (!ddp_decode_short(&r, &ddp))
		return;
	d.dst = (struct at_sockaddr){ h->addr.net, l->dst, ddp.dst.socket };
	d.src = (struct at_sockaddr){ h->addr.net, l->src, ddp.src.socket };
	d.type = ddp.type;
	d.body = rd_sub(&r, (size_t)ddp.len - DDP_SHORT_HEADER);
	dispatch(h, &d);
}

static void take_elap(struct host *h, struct pkt *frame)
{
	struct elap e;
	struct aarp a;
	struct rd r;

	if (elap_pull(frame, &e) != ELAP_OK) {
		watch_say(h->world, "host", "%zu got a frame that is not EtherTalk", h->index);
		return;
	}
	if (e.kind == ELAP_DDP) {
		take_long(h, frame, e.src);
		return;
	}
	r = rd_over(frame->data, frame->len);
	if (aarp_decode(&r, &a))
		host_on_aarp(h, &a);
}

static void on_frame(struct station *s, struct pkt *frame)
{
	struct host *h = container_of(s, struct host, station);
	struct llap l;

	if (is_ethertalk(h)) {
		take_elap(h, frame);
		return;
	}
	if (llap_pull(frame, &l) != LLAP_OK) {
		watch_say(h->world, "host", "%zu got a packet that is not LocalTalk", h->index);
		return;
	}
	if (llap_is_control(l.type))
		host_on_llap_control(h, &l);
	else if (l.dst != h->addr.node && l.dst != LLAP_BROADCAST)
		return;
	else if (l.type == LLAP_DDP_LONG)
		take_long(h, frame, (struct mac){ { 0 } });
	else
		take_short(h, &l, frame);
}
