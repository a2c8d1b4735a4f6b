/* The simulated links of rig.h: the router, its time and what it says. Stations: rig_station.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rig.h"

#include "alloc.h"

/* --- what the router calls --------------------------------------------------------------- */

/* E01-E03 and E31, seen from outside: bytes, not our own decoder. */
static void assert_shape(const struct rig_link *l, const uint8_t *f, size_t len)
{
	size_t length = (size_t)f[12] << 8 | f[13];
	bool is_aarp;

	assert_true(len >= 60 && len <= 621);
	assert_true(length < 0x600);
	assert_true(length + 14 == len || (len == 60 && length + 14 < 60));
	for (size_t i = length + 14; i < len; i++)
		assert_int_equal(f[i], 0);
	assert_memory_equal(f + 6, l->mac.byte, 6);
	assert_memory_equal(f + 14, "\xAA\xAA\x03", 3);
	is_aarp = memcmp(f + 17, "\x00\x00\x00\x80\xF3", 5) == 0;
	assert_true(is_aarp || memcmp(f + 17, "\x08\x00\x07\x80\x9B", 5) == 0);
	if (is_aarp)
		assert_int_equal(length, 0x24);
	assert_memory_not_equal(f, "\xFF\xFF\xFF\xFF\xFF\xFF", 6);
}

/* L07, L14, L18 and the FCS, seen likewise; `len` without FCS. */
static void assert_llap_shape(const struct rig_link *l, const uint8_t *f, size_t len)
{
	assert_true(len >= 3 && len <= 603);
	assert_true(f[0] >= 1 && f[1] >= 1 && f[1] <= 254);
	assert_int_equal(f[1], l->port->addr.node);
	assert_true(f[2] == 0x01 || f[2] == 0x02 || f[2] == 0x81 || f[2] == 0x82);
	if (f[2] >= 0x80)
		assert_int_equal(len, 3);
	else
		assert_int_equal((f[3] << 8 | f[4]) & 0x3FF, len - 3);
}

static void hear_datagram(struct heard *h, bool is_short)
{
	struct rd rd = rd_over(h->pkt.data, h->pkt.len);

	if (is_short) {
		assert_true(ddp_decode_short(&rd, &h->ddp));
		h->ddp.src.node = h->llap.src;
		h->ddp.dst.node = h->llap.dst;
	} else {
		assert_true(ddp_decode_long(&rd, &h->ddp));
		assert_true(h->ddp.checksum == 0 || ddp_checksum_ok(h->pkt.data, h->pkt.len) ||
			    h->ddp.hops > 0);
	}
	assert_int_equal(h->ddp.len, h->pkt.len);
	h->kind = h->ddp.type;
	h->body = rd;
}

static void hear_ethertalk(const struct rig_link *l, struct heard *h)
{
	struct rd rd;

	assert_shape(l, h->raw, h->raw_len);
	assert_int_equal(elap_pull(&h->pkt, &h->elap), ELAP_OK);
	if (h->elap.kind == ELAP_DDP) {
		hear_datagram(h, false);
		return;
	}
	rd = rd_over(h->pkt.data, h->pkt.len);
	assert_true(aarp_decode(&rd, &h->aarp));
	h->kind = HEARD_AARP + (int)h->aarp.function;
}

static void hear_localtalk(const struct rig_link *l, struct heard *h)
{
	if (l->port->config.kind == PORT_TASHTALK) {
		assert_true(llap_fcs_ok(h->raw, h->raw_len));
		h->pkt.len -= LLAP_FCS;
	}
	assert_llap_shape(l, h->raw, h->pkt.len);
	assert_int_equal(llap_pull(&h->pkt, &h->llap), LLAP_OK);
	if (llap_is_control(h->llap.type))
		h->kind = HEARD_LLAP + (int)h->llap.type;
	else
		hear_datagram(h, h->llap.type == LLAP_DDP_SHORT);
}

static void on_frame(void *ctx, void *link, const struct pkt *frame)
{
	struct rig *rig = ctx;
	struct rig_link *l = link;
	struct heard *h = mem_new(1, sizeof(*h));

	assert_ptr_equal(l->rig, rig);
	h->link = (unsigned)(l - rig->link);
	h->at = rig->now;
	h->raw_len = frame->len;
	h->raw = exact_copy(frame->data, frame->len);
	h->pkt = (struct pkt){ h->raw, h->raw + h->raw_len, h->raw, h->raw_len };
	if (l->port->config.kind == PORT_ETHERTALK)
		hear_ethertalk(l, h);
	else
		hear_localtalk(l, h);
	rig->heard = mem_grow(rig->heard, rig->n_heard, &rig->cap_heard, sizeof(*rig->heard));
	rig->heard[rig->n_heard++] = h;
}

static void on_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload)
{
	struct rig *rig = ctx;

	assert_non_null(rig->on_tunnel);
	rig->on_tunnel(rig, sock, to, payload);
}

static void on_multicast(void *ctx, void *link, struct mac group, bool join)
{
	struct rig_link *l = link;
	size_t i = 0;

	(void)ctx;
	assert_true(mac_is_group(group));
	while (i < l->n_groups && !mac_eq(l->groups[i], group))
		i++;
	/* Joined once, left only if joined. */
	assert_int_equal(i == l->n_groups, join);
	if (join) {
		assert_true(l->n_groups < RIG_GROUPS_MAX);
		l->groups[l->n_groups++] = group;
	} else {
		l->groups[i] = l->groups[--l->n_groups];
	}
}

static void on_node(void *ctx, void *link, uint8_t node)
{
	struct rig_link *l = link;

	(void)ctx;
	l->node = node;
}

static void on_trace(void *ctx, const struct trace_event *e)
{
	struct rig *rig = ctx;
	struct noted *n;

	if (e->kind == TRACE_DROPPED)
		return;
	rig->noted = mem_grow(rig->noted, rig->n_noted, &rig->cap_noted, sizeof(*rig->noted));
	n = &rig->noted[rig->n_noted++];
	*n = (struct noted){ .event = *e };
	snprintf(n->port, sizeof(n->port), "%s", e->port ? e->port : "");
	snprintf(n->other, sizeof(n->other), "%s", e->other ? e->other : "");
	if (e->name)
		n->name = *e->name;
}

/* --- making one -------------------------------------------------------------------------- */

void rig_configure(struct rig *rig, unsigned link, enum seed_mode seed, uint16_t first,
	uint16_t last, const char *const *zones)
{
	struct config_port *p = &rig->ports[link];

	p->seed = seed;
	p->range = (struct at_range){ first, last, p->kind == PORT_ETHERTALK };
	free(p->zones);
	p->zones = mem_new(AT_ZONES_PER_NET_MAX, sizeof(*p->zones));
	p->n_zones = 0;
	for (; zones && *zones; zones++)
		p->zones[p->n_zones++] = name_of(*zones);
}

struct rig *rig_new_with(size_t n_ports)
{
	struct rig *rig = mem_new(1, sizeof(*rig));
	struct config *c = &rig->config;

	rig->now = (struct instant){ 1000000 };
	rig->seed = 1;
	c->nbp_name = name_of("attic");
	c->max_networks = 4096;
	c->max_zones = 4096;
	c->ports = rig->ports;
	c->n_ports = n_ports;
	c->tunnels = rig->tunnels;
	snprintf(c->name, sizeof(c->name), "attic");
	for (unsigned i = 0; i < RIG_LINKS_MAX; i++) {
		rig->link[i].rig = rig;
		rig->link[i].mac = (struct mac){ { 2, 0, 0, 0, (uint8_t)i, 1 } };
		rig->ports[i].kind = PORT_ETHERTALK;
		snprintf(rig->ports[i].name, sizeof(rig->ports[i].name), "ET%u", i);
		snprintf(rig->ports[i].device, sizeof(rig->ports[i].device), "eth%u", i);
	}
	rig->ports[2].kind = PORT_LTOUDP;
	snprintf(rig->ports[2].name, sizeof(rig->ports[2].name), "LT0");
	snprintf(rig->ports[2].device, sizeof(rig->ports[2].device), "eth2");
	rig->link[2].mac = (struct mac){ { 0 } };
	rig_configure(rig, 2, SEED_HARD, 10, 10, ZONES("LocalTalk"));
	rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("EtherTalk", "Caf\x8E"));
	rig_configure(rig, 1, SEED_HARD, 6, 6, ZONES("Lab"));
	rig->ports[0].address = (struct at_addr){ 3, 128 };
	rig->ports[1].address = (struct at_addr){ 6, 128 };
	return rig;
}

struct rig *rig_new(void)
{
	return rig_new_with(2);
}

void rig_start(struct rig *rig)
{
	const struct router_io io = { rig, on_frame, on_tunnel, on_multicast, on_node, on_trace };

	rig->r = router_new(&io, rig->seed, rig->now);
	router_apply(rig->r, rig->now, &rig->config);
	for (unsigned i = 0; i < rig->config.n_ports; i++) {
		rig->link[i].port = router_find_port(rig->r, rig->ports[i].name);
		router_link_up(
			rig->r, rig->now, rig->link[i].port, &rig->link[i], rig->link[i].mac);
	}
}

void rig_bring_up(struct rig *rig)
{
	rig_start(rig);
	rig_run(rig, span_s(6));
	for (unsigned i = 0; i < rig->config.n_ports; i++)
		assert_true(port_is_up(rig->link[i].port));
	rig_clear(rig);
}

struct rig *rig_up(void)
{
	struct rig *rig = rig_new();

	rig_bring_up(rig);
	return rig;
}

void rig_apply(struct rig *rig)
{
	router_apply(rig->r, rig->now, &rig->config);
}

void rig_free(struct rig *rig)
{
	rig_clear(rig);
	if (rig->r)
		router_free(rig->r);
	for (unsigned i = 0; i < RIG_LINKS_MAX; i++)
		free(rig->ports[i].zones);
	free(rig->heard);
	free(rig->noted);
	free(rig);
}

/* --- time -------------------------------------------------------------------------------- */

void rig_run(struct rig *rig, struct span d)
{
	struct instant end = instant_add(rig->now, d);
	unsigned at_once = 0;

	for (;;) {
		struct instant due = router_deadline(rig->r);

		if (instant_cmp(due, end) > 0)
			break;
		if (instant_cmp(due, rig->now) > 0) {
			rig->now = due;
			at_once = 0;
		}
		/* A core that always wants to be woken at once never lets time pass. */
		assert_true(++at_once < 1000);
		router_tick(rig->r, rig->now);
	}
	rig->now = end;
}

/* --- what the router says ---------------------------------------------------------------- */

void rig_clear(struct rig *rig)
{
	for (size_t i = 0; i < rig->n_heard; i++) {
		free(rig->heard[i]->raw);
		free(rig->heard[i]);
	}
	rig->n_heard = 0;
	rig->n_noted = 0;
}

const struct heard *rig_find(struct rig *rig, unsigned link, int kind)
{
	for (size_t i = 0; i < rig->n_heard; i++) {
		struct heard *h = rig->heard[i];

		if (!h->is_taken && h->link == link && h->kind == kind) {
			h->is_taken = true;
			return h;
		}
	}
	return NULL;
}

const struct heard *rig_take(struct rig *rig, unsigned link, int kind)
{
	const struct heard *h = rig_find(rig, link, kind);

	if (!h)
		fail_msg("no frame of kind %d on link %u", kind, link);
	return h;
}

size_t rig_count(const struct rig *rig, unsigned link, int kind)
{
	size_t n = 0;

	for (size_t i = 0; i < rig->n_heard; i++)
		n += !rig->heard[i]->is_taken && rig->heard[i]->link == link &&
		     rig->heard[i]->kind == kind;
	return n;
}

void rig_assert_quiet(const struct rig *rig, unsigned link)
{
	for (size_t i = 0; i < rig->n_heard; i++) {
		const struct heard *h = rig->heard[i];

		if (h->is_taken || h->link != link)
			continue;
		if (h->kind != DDP_RTMP || h->ddp.dst.node != AT_NODE_BROADCAST)
			fail_msg("unexpected frame of kind %d on link %u", h->kind, link);
	}
}

void rig_assert_all_quiet(const struct rig *rig)
{
	for (unsigned i = 0; i < RIG_LINKS_MAX; i++)
		rig_assert_quiet(rig, i);
}

void assert_body_is(const struct heard *h, const char *vector)
{
	const struct vector v = vector_load(vector);

	assert_int_equal(rd_left(&h->body), v.len);
	assert_memory_equal(h->body.pos, v.byte, v.len);
}

void assert_frame_is(const struct heard *h, const char *vector)
{
	const struct vector v = vector_load(vector);

	assert_int_equal(h->raw_len, v.len);
	assert_memory_equal(h->raw, v.byte, v.len);
}

size_t rig_noted(const struct rig *rig, enum trace_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < rig->n_noted; i++)
		n += rig->noted[i].event.kind == kind;
	return n;
}

const struct noted *rig_last(const struct rig *rig, enum trace_kind kind)
{
	for (size_t i = rig->n_noted; i-- > 0;)
		if (rig->noted[i].event.kind == kind)
			return &rig->noted[i];
	return NULL;
}

uint64_t rig_drops(const struct rig *rig, unsigned link, enum drop_reason reason)
{
	return rig->link[link].port->count.drops[reason];
}

bool rig_hears_group(const struct rig *rig, unsigned link, struct mac group)
{
	for (size_t i = 0; i < rig->link[link].n_groups; i++)
		if (mac_eq(rig->link[link].groups[i], group))
			return true;
	return false;
}

const struct route *rig_route(const struct rig *rig, uint16_t net)
{
	return route_find(&rig->r->routes, net);
}

struct at_sockaddr rig_socket(const struct rig *rig, unsigned link, uint8_t socket)
{
	struct at_addr own = rig->link[link].port->addr;

	return (struct at_sockaddr){ own.net, own.node, socket };
}
