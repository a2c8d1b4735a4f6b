/*
 * An end node's way to its address: a provisional one is claimed (AARP probes,
 * or ENQs on LocalTalk), a router tells the cable's range and the zone, then on
 * EtherTalk a final address in that range is claimed. A router that tells
 * another range sends it back to the start. Inside AppleTalk ch. 1, 2, 4, 8.
 */
#include "world.h"

#include "aurpd/macroman.h"
#include "ddp.h"
#include "elap.h"
#include "rtmp.h"
#include "zip.h"

enum {
	CLAIMS = 10,
	PROBE_INTERVAL_MS = 200,
	ENQ_INTERVAL_MS = 20,
	ASK_INTERVAL_MS = 1000,
	ROUTER_FORGOTTEN_S = 50,
	NODE_USER_LAST = 127,
	ATP_SOCKET = 251,
};

static bool is_ethertalk(const struct host *h)
{
	return h->lan->kind == PORT_ETHERTALK;
}

static void arm(struct host *h, int ms)
{
	timer_set(&h->world->queue, &h->timer, instant_add(h->world->now, span_ms(ms)));
}

/* --- claiming -------------------------------------------------------------------------- */

static void choose(struct host *h)
{
	struct prng *prng = &h->world->prng;

	if (!is_ethertalk(h)) {
		h->addr.net = h->range.first;
		h->addr.node = (uint8_t)prng_range(prng, 1, NODE_USER_LAST);
		return;
	}
	h->addr.net = (uint16_t)(h->range.first
		? prng_range(prng, h->range.first, h->range.last)
		: prng_range(prng, AT_NET_STARTUP_FIRST, AT_NET_STARTUP_LAST));
	h->addr.node = (uint8_t)prng_range(prng, 1, AT_NODE_EXTENDED_LAST);
}

static void send_claim(struct host *h)
{
	if (is_ethertalk(h))
		host_put_aarp(h, ELAP_BROADCAST, &(struct aarp){ .function = AARP_PROBE,
			.src_hw = h->station.mac, .src_addr = h->addr, .dst_addr = h->addr });
	else
		host_put_llap(h, &(struct llap){ h->addr.node, h->addr.node, LLAP_ENQ });
	arm(h, is_ethertalk(h) ? PROBE_INTERVAL_MS : ENQ_INTERVAL_MS);
}

void host_claim(struct host *h)
{
	choose(h);
	h->state = HOST_PROBING;
	h->tries = 0;
	send_claim(h);
}

/* --- asking ---------------------------------------------------------------------------- */

static void ask_ethertalk(struct host *h)
{
	uint8_t body[64];
	struct wr w = wr_over(body, sizeof body);

	zip_encode_get_net_info(&w, &h->wished_zone);
	host_broadcast(h, AT_SOCKET_ZIP, DDP_ZIP, body, wr_len(&w));
}

/* First the network number, by RTMP Request; then the zone, by GetMyZone. */
static void ask_localtalk(struct host *h)
{
	uint8_t body[16];
	struct wr w = wr_over(body, sizeof body);

	if (h->range.first == 0 || h->router.node == 0) {
		rtmp_encode_request(&w, RTMP_REQUEST);
		host_broadcast(h, AT_SOCKET_RTMP, DDP_RTMP_REQUEST, body, wr_len(&w));
		return;
	}
	zip_encode_atp_request(&w, &(struct zip_atp_request){ (uint16_t)++h->tries,
		ZIP_GET_MY_ZONE, 0 });
	host_send(h, (struct at_sockaddr){ h->router.net, h->router.node, AT_SOCKET_ZIP },
		ATP_SOCKET, DDP_ATP, body, wr_len(&w));
}

static void ask(struct host *h)
{
	h->state = HOST_ASKING;
	if (is_ethertalk(h))
		ask_ethertalk(h);
	else
		ask_localtalk(h);
	arm(h, ASK_INTERVAL_MS);
}

/* A node whose router has been silent for long has none. */
static void check_router(struct host *h)
{
	struct instant end = instant_add(h->router_heard, span_s(ROUTER_FORGOTTEN_S));

	if (h->router.node != 0 && instant_cmp(end, h->world->now) <= 0)
		h->router = (struct at_addr){ 0, 0 };
	arm(h, ASK_INTERVAL_MS);
}

void host_on_claim_timer(struct timer *t)
{
	struct host *h = container_of(t, struct host, timer);

	if (h->state == HOST_UP) {
		check_router(h);
	} else if (h->state == HOST_ASKING) {
		ask(h);
	} else if (++h->tries < CLAIMS) {
		send_claim(h);
	} else if (is_ethertalk(h) && h->range.first != 0) {
		h->state = HOST_UP;
		check_router(h);
	} else {
		h->tries = 0;
		ask(h);
	}
}

/* --- others on the link ---------------------------------------------------------------- */

void host_on_aarp(struct host *h, const struct aarp *a)
{
	bool is_ours = at_addr_eq(a->dst_addr, h->addr);
	bool claims_ours = at_addr_eq(a->src_addr, h->addr) && !mac_eq(a->src_hw, h->station.mac);

	if (h->state == HOST_PROBING && claims_ours) {
		host_claim(h);
		return;
	}
	if (a->function == AARP_RESPONSE) {
		host_learn(h, a->src_addr, a->src_hw);
		host_release(h, a->src_addr, a->src_hw);
	} else if (is_ours && h->state != HOST_PROBING) {
		host_put_aarp(h, a->src_hw, &(struct aarp){ .function = AARP_RESPONSE,
			.src_hw = h->station.mac, .src_addr = h->addr, .dst_hw = a->src_hw,
			.dst_addr = a->src_addr });
	}
}

void host_on_llap_control(struct host *h, const struct llap *l)
{
	if (l->dst != h->addr.node)
		return;
	if (h->state == HOST_PROBING && (l->type == LLAP_ACK || l->type == LLAP_ENQ))
		host_claim(h);
	else if (l->type == LLAP_ENQ)
		host_put_llap(h, &(struct llap){ l->src, h->addr.node, LLAP_ACK });
}

/* --- routers --------------------------------------------------------------------------- */

/* Another range than the one it lives by: everything starts anew. */
static bool has_other_range(const struct host *h, struct at_range range)
{
	return h->range.first != 0 && range.first != 0 && !at_range_eq(h->range, range);
}

void host_on_rtmp(struct host *h, const struct host_datagram *d)
{
	struct rd body = d->body;
	struct rtmp_header header;

	if (!rtmp_decode_header(&body, is_ethertalk(h), &header)) {
		watch_say(h->world, "host", "%zu got RTMP that does not decode", h->index);
		return;
	}
	if (has_other_range(h, header.cable)) {
		host_forget_cable(h);
		host_claim(h);
		return;
	}
	h->router = header.sender;
	h->router_mac = d->mac;
	h->router_heard = h->world->now;
	if (is_ethertalk(h) || h->state == HOST_PROBING || header.cable.first == 0)
		return;
	h->range = header.cable;
	h->addr.net = header.cable.first;
}

static void on_net_info(struct host *h, const struct host_datagram *d)
{
	struct rd body = d->body;
	struct zip_net_info info;

	if (!zip_decode_net_info(&body, &info)) {
		watch_say(h->world, "host", "%zu got NetInfo that does not decode", h->index);
		return;
	}
	if (h->state != HOST_ASKING)
		return;
	h->range = info.range;
	h->zone = info.flags & ZIP_ZONE_INVALID ? info.default_zone : info.zone;
	h->router = (struct at_addr){ d->src.net, d->src.node };
	h->router_mac = d->mac;
	h->router_heard = h->world->now;
	if (info.has_multicast) {
		h->zone_group = info.multicast;
		station_listen(&h->station, info.multicast, true);
	}
	if (at_range_has(h->range, h->addr.net))
		h->state = HOST_UP;
	else
		host_claim(h);
}

static void on_my_zone(struct host *h, const struct host_datagram *d)
{
	struct rd body = d->body;
	struct zip_atp_response response;

	if (h->state != HOST_ASKING || !zip_decode_atp_response(&body, &response) ||
		zip_next_zone(&response.zones, &h->zone) != TUPLE_OK)
		return;
	h->state = HOST_UP;
	check_router(h);
}

void host_on_zip(struct host *h, const struct host_datagram *d)
{
	if (d->type == DDP_ATP && d->dst.socket == ATP_SOCKET)
		on_my_zone(h, d);
	else if (d->type == DDP_ZIP && zip_peek_command(&d->body) == ZIP_NET_INFO_REPLY)
		on_net_info(h, d);
}
