/* The tunnels and the local internet of aurp_rig.h; mates are in aurp_mate.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

#include "alloc.h"

/* --- what the router calls --------------------------------------------------------------- */

static void read_headers(struct sent *s)
{
	struct rd r = rd_over(s->raw, s->raw_len);

	assert_int_equal(aurp_decode_domain(&r, &s->domain), AURP_DOMAIN_OK);
	if (s->domain.type == AURP_ROUTING) {
		assert_int_equal(aurp_decode(&r, &s->h), AURP_OK);
		assert_true(s->raw_len <=
			    (s->h.msg == AURP_ZI_RSP ? AURP_SEND_ZONES_MAX : AURP_SEND_MAX));
	} else {
		s->h.msg = AURP_MSG_COUNT;
		assert_true(s->raw_len <= AURP_DOMAIN_HEADER + DDP_MAX);
	}
	s->body = r;
}

static void on_tunnel(struct rig *rig, void *sock, struct endpoint to, const struct pkt *payload)
{
	struct lab *lab = rig->user;
	struct sent *s = mem_new(1, sizeof(*s));

	s->tunnel = (unsigned)((struct config_tunnel *)sock - lab->tunnels);
	s->at = rig->now;
	s->to = to;
	s->raw = exact_copy(payload->data, payload->len);
	s->raw_len = payload->len;
	read_headers(s);
	assert_true(s->tunnel < LAB_TUNNELS);
	/* T5, T10: our own identifier, made from the address. */
	assert_true(domain_id_eq(s->domain.src, lab->tunnel[s->tunnel]->own));
	lab->sent = mem_grow(lab->sent, lab->n_sent, &lab->cap_sent, sizeof(*lab->sent));
	lab->sent[lab->n_sent++] = s;
	if (lab->on_sent)
		lab->on_sent(lab, s);
}

/* --- making one -------------------------------------------------------------------------- */

struct lab *lab_new(size_t n_peers)
{
	struct lab *lab = mem_new(1, sizeof(*lab));
	struct config_tunnel *t = lab->tunnels;

	lab->rig = rig_new_with(1);
	lab->rig->on_tunnel = on_tunnel;
	lab->rig->user = lab;
	lab->rig->config.tunnels = lab->tunnels;
	lab->rig->config.n_tunnels = 1;
	for (unsigned i = 0; i < LAB_TUNNELS; i++) {
		snprintf(t[i].name, sizeof(t[i].name), "t%u", i);
		t[i].update_interval = span_s(10);
		t[i].last_heard_timeout = span_s(90);
		t[i].max_unknown_peers = 4;
		t[i].peers = lab->peers[i];
		for (unsigned k = 0; k < LAB_PEERS_MAX; k++) {
			snprintf(lab->peers[i][k].name, sizeof(lab->peers[i][k].name), "%s%u",
				i ? "q" : "p", k);
			lab->peers[i][k].port = AURP_PORT;
		}
	}
	t[0].n_peers = n_peers;
	lab->repeat = INSTANT_NEVER;
	lab->cable = nets(3, 5);
	lab->own = (struct domain_id){ DI_IP, LAB_OWN_ID };
	return lab;
}

void lab_place(struct lab *lab, uint16_t first, uint16_t last, const char *zone, uint32_t ip)
{
	rig_configure(lab->rig, 0, SEED_HARD, first, last, ZONES(zone));
	lab->rig->ports[0].address = (struct at_addr){ first, 128 };
	lab->cable = nets(first, last);
	lab->own.ip = ip;
}

static void find_tunnels(struct lab *lab)
{
	for (unsigned i = 0; i < lab->rig->config.n_tunnels; i++)
		lab->tunnel[i] = router_find_tunnel(lab->rig->r, lab->tunnels[i].name);
}

/* Most mates do nothing but what their test says; they have called before. */
static void quiet_peers(struct tunnel *t)
{
	struct list *it;

	list_for_each(it, &t->peers)
		container_of(it, struct peer, in_tunnel)->recv.remind.rounds = REMIND_ROUNDS_MOST;
}

void lab_start(struct lab *lab)
{
	rig_start(lab->rig);
	find_tunnels(lab);
	for (unsigned i = 0; i < lab->rig->config.n_tunnels; i++)
		quiet_peers(lab->tunnel[i]);
	for (unsigned i = 0; i < lab->rig->config.n_tunnels; i++)
		router_tunnel_up(lab->rig->r, lab->rig->now, lab->tunnel[i], &lab->tunnels[i],
			(struct domain_id){ DI_IP, lab->own.ip + (i << 8) });
	lab_run(lab, span_s(4));
	assert_true(port_is_up(lab->rig->link[0].port));
	rig_clear(lab->rig);
}

struct lab *lab_up(size_t n_peers)
{
	struct lab *lab = lab_new(n_peers);

	lab_start(lab);
	return lab;
}

void lab_apply(struct lab *lab)
{
	rig_apply(lab->rig);
	find_tunnels(lab);
}

void lab_free_sent(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_sent; i++) {
		free(lab->sent[i]->raw);
		free(lab->sent[i]);
	}
	lab->n_sent = 0;
}

void lab_free(struct lab *lab)
{
	rig_free(lab->rig);
	lab_free_sent(lab);
	free(lab->sent);
	free(lab);
}

/* --- time and the neighbour -------------------------------------------------------------- */

enum { TUPLES_PER_PACKET = 90 };

static struct station neighbour(const struct lab *lab)
{
	struct station p = station_p(lab->rig);

	p.addr.net = lab->cable.last;
	return p;
}

static void say_rtmp(struct lab *lab, const struct rtmp_tuple *tuples)
{
	struct station p = neighbour(lab);

	station_rtmp(&p, lab->cable.first, lab->cable.last, tuples);
}

/* All networks of the neighbour, in as many RTMP packets as they need. */
static void repeat_nets(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_nets; i += TUPLES_PER_PACKET) {
		struct rtmp_tuple some[TUPLES_PER_PACKET + 1] = { 0 };
		size_t n =
			lab->n_nets - i < TUPLES_PER_PACKET ? lab->n_nets - i : TUPLES_PER_PACKET;

		memcpy(some, lab->nets + i, n * sizeof(some[0]));
		say_rtmp(lab, some);
	}
	lab->repeat = instant_add(lab->rig->now, span_s(10));
}

static struct instant earlier(struct instant a, struct instant b)
{
	return instant_cmp(a, b) < 0 ? a : b;
}

void lab_step(struct lab *lab, struct instant end)
{
	struct rig *rig = lab->rig;
	struct instant due = earlier(earlier(router_deadline(rig->r), lab->repeat), end);

	rig_run(rig, instant_cmp(due, rig->now) > 0 ? instant_since(due, rig->now) : span_us(0));
	if (instant_cmp(lab->repeat, rig->now) <= 0)
		repeat_nets(lab);
}

void lab_run(struct lab *lab, struct span d)
{
	struct instant end = instant_add(lab->rig->now, d);

	do
		lab_step(lab, end);
	while (instant_cmp(lab->rig->now, end) < 0);
}

void lab_net(struct lab *lab, struct at_range range, uint8_t distance, const char *zone)
{
	struct station p = neighbour(lab);
	const struct rtmp_tuple tuple = { range, (uint8_t)(distance - 1) };
	size_t i = 0;

	assert_true(distance >= 1 && distance <= 15);
	while (i < lab->n_nets && lab->nets[i].range.first < range.first)
		i++;
	if (i == lab->n_nets || lab->nets[i].range.first != range.first) {
		assert_true(lab->n_nets < LAB_NETS_MAX);
		memmove(lab->nets + i + 1, lab->nets + i, (lab->n_nets - i) * sizeof(lab->nets[0]));
		lab->n_nets++;
	}
	lab->nets[i] = tuple;
	if (instant_is_never(lab->repeat)) {
		station_aarp(&p, ELAP_BROADCAST, AARP_REQUEST, p.addr, (struct mac){ { 0 } },
			lab->rig->link[0].port->addr);
		repeat_nets(lab);
	}
	say_rtmp(lab, (const struct rtmp_tuple[]){ tuple, { { 0, 0, false }, 0 } });
	if (zone)
		lab_zones(lab, range.first, ZONES(zone));
}

void lab_say_zones(struct lab *lab, uint16_t n, const char *const *zones)
{
	struct station p = neighbour(lab);
	uint8_t total = 0;

	while (zones[total])
		total++;
	/* A few at a time, as they fit. */
	for (uint8_t i = 0; i < total; i++)
		station_zip_reply(
			&p, rig_socket(lab->rig, 0, AT_SOCKET_ZIP), n, total, ZONES(zones[i]));
}

void lab_zones(struct lab *lab, uint16_t n, const char *const *zones)
{
	lab_say_zones(lab, n, zones);
	assert_true(rig_route(lab->rig, n)->zones->is_complete);
}

void lab_net_gone(struct lab *lab, uint16_t n)
{
	struct rtmp_tuple tuple;
	size_t i = 0;

	while (lab->nets[i].range.first != n)
		i++;
	tuple = (struct rtmp_tuple){ lab->nets[i].range, RTMP_UNREACHABLE };
	lab->n_nets--;
	memmove(lab->nets + i, lab->nets + i + 1, (lab->n_nets - i) * sizeof(lab->nets[0]));
	say_rtmp(lab, (const struct rtmp_tuple[]){ tuple, { { 0, 0, false }, 0 } });
}

/* --- what the router does ---------------------------------------------------------------- */

struct query {
	const char *owner;
	const char *name;
	uint64_t value;
	struct peer_info peer;
	bool is_found;
};

static void match_counter(void *ctx, const struct counter_info *c)
{
	struct query *q = ctx;

	if (strcmp(c->owner, q->owner) == 0 && strcmp(c->name, q->name) == 0)
		q->value = c->value;
}

uint64_t lab_count(struct lab *lab, const char *owner, const char *counter)
{
	struct query q = { .owner = owner, .name = counter };

	router_walk_counters(lab->rig->r, match_counter, &q);
	return q.value;
}

static void match_peer(void *ctx, const struct peer_info *p)
{
	struct query *q = ctx;

	if (strcmp(p->name, q->name) != 0)
		return;
	q->peer = *p;
	q->is_found = true;
}

bool lab_has_peer(struct lab *lab, const char *name)
{
	struct query q = { .name = name };

	router_walk_peers(lab->rig->r, lab->rig->now, match_peer, &q);
	return q.is_found;
}

struct peer_info lab_peer(struct lab *lab, const char *name)
{
	struct query q = { .name = name };

	router_walk_peers(lab->rig->r, lab->rig->now, match_peer, &q);
	if (!q.is_found)
		fail_msg("no peer %s", name);
	return q.peer;
}

void assert_states(struct lab *lab, const char *peer, const char *recv, const char *send)
{
	struct peer_info p = lab_peer(lab, peer);

	assert_string_equal(p.recv, recv);
	assert_string_equal(p.send, send);
}

int lab_distance(struct lab *lab, uint16_t n)
{
	const struct route *route = rig_route(lab->rig, n);

	return route && route_is_usable(route) ? route->best->distance : -1;
}

const char *lab_via(struct lab *lab, uint16_t n)
{
	const struct route *route = rig_route(lab->rig, n);
	const char *owner;

	assert_non_null(route);
	owner = route_owner(route);
	return owner ? owner : "";
}

bool lab_has_zone(struct lab *lab, uint16_t n, const char *zone)
{
	const struct route *route = rig_route(lab->rig, n);
	struct at_name name = name_of(zone);

	return route && zone_is_of(route, &name);
}
