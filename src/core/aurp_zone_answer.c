/*
 * Data sender: zone transactions (RFC 1504 p. 24-28, 40-41, 52-55). All of them
 * see the exported view only. A ZI-Rsp holds whole networks; one whose list is
 * too long even for a packet of its own comes in the extended form (Z10, A7).
 */
#include "aurp_send.h"

#include <assert.h>

#include "peer_state.h"

/* Answers that queries may cause: a burst of so many, then 32 a second (X7). */
static const struct meter_rate answer_rate = { 256, { 1000000 / 32 } };

void send_meter_answers(struct peer *p)
{
	meter_fill(&p->send.answers, &answer_rate, peer_env(p)->now);
}

/* An answer is longer than its query: nobody gets one who may have forged his address. */
static bool may_query(struct peer *p)
{
	if (!p->is_proven) {
		peer_drop(p, DROP_AURP_UNPROVEN);
		return false;
	}
	if (meter_allows(&p->send.answers, &answer_rate, peer_env(p)->now))
		return true;
	peer_drop(p, DROP_AURP_RATE_LIMIT);
	return false;
}

static void answer(struct peer *p, struct aurp_out *out)
{
	meter_spend(&p->send.answers);
	peer_transmit(p, out);
}

static void begin(struct peer *p, struct aurp_out *out, size_t max, enum aurp_msg msg)
{
	aurp_begin(out, max, &(struct aurp){ .connection = p->send.id, .msg = msg });
}

/* --- ZI-Rsp ---------------------------------------------------------------------------- */

/* ZI-Rsp packets being filled. */
struct packer {
	struct peer *p;
	struct aurp_out out;
	struct aurp_zone_writer z;
	bool is_begun;
};

static void begin_packet(struct packer *k, size_t max, bool extended, size_t total)
{
	begin(k->p, &k->out, max, extended ? AURP_ZI_RSP_EXT : AURP_ZI_RSP);
	aurp_zones_begin(&k->z, &k->out.w, extended, (uint16_t)total);
	k->is_begun = true;
}

static void end_packet(struct packer *k)
{
	if (!k->is_begun)
		return;
	aurp_zones_end(&k->z);
	answer(k->p, &k->out);
	k->is_begun = false;
}

/* The whole list, or nothing of it. */
static bool pack_whole(struct packer *k, const struct route *route)
{
	struct aurp_zone_mark mark = aurp_zones_mark(&k->z);

	for (size_t i = 0; i < route->zones->used; i++) {
		if (!aurp_zones_add(&k->z, route->range.first, &route->zones->zone[i]->name)) {
			aurp_zones_rewind(&k->z, mark);
			return false;
		}
	}
	return true;
}

/* One list in several packets, each with the total. */
static void pack_extended(struct packer *k, const struct route *route)
{
	begin_packet(k, AURP_SEND_MAX, true, route->zones->used);
	for (size_t i = 0; i < route->zones->used; i++) {
		const struct at_name *zone = &route->zones->zone[i]->name;

		if (aurp_zones_add(&k->z, route->range.first, zone))
			continue;
		end_packet(k);
		begin_packet(k, AURP_SEND_MAX, true, route->zones->used);
		aurp_zones_add(&k->z, route->range.first, zone);
	}
	end_packet(k);
}

static void pack(struct packer *k, const struct route *route)
{
	if (k->is_begun && pack_whole(k, route))
		return;
	end_packet(k);
	begin_packet(k, AURP_SEND_MAX, false, 0);
	if (pack_whole(k, route))
		return;
	begin_packet(k, AURP_SEND_ZONES_MAX, false, 0);
	if (pack_whole(k, route))
		end_packet(k);
	else
		pack_extended(k, route);
}

/* Hidden, foreign and unknown networks are passed over (Z26). */
static void pack_net(struct packer *k, uint16_t net)
{
	const struct route *route = route_find(k->p->tunnel->routes, net);

	if (route && view_exports(k->p, route))
		pack(k, route);
}

void send_on_zi_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	struct packer k = { .p = p };
	uint16_t net;

	(void)h;
	if (!may_query(p))
		return;
	while (p->send.answers.left > 0 && aurp_next_zi_net(body, &net))
		pack_net(&k, net);
	end_packet(&k);
}

/* The networks of our own packet: its tuples are ours, so they are whole. */
static void pack_events(struct packer *k, struct rd *body)
{
	struct aurp_event ev;

	while (aurp_next_event(body, &ev) == TUPLE_OK)
		if (ev.code == AURP_EV_NA)
			pack_net(k, ev.range.first);
}

static void pack_networks(struct packer *k, struct rd *body)
{
	struct aurp_network n;

	while (aurp_next_network(body, &n) == TUPLE_OK)
		pack_net(k, n.range.first);
}

/* Not metered: there is one acknowledgement per packet of ours. */
void send_zones_of_packet(struct peer *p)
{
	struct rd body = rd_over(p->send.packet, p->send.packet_len);
	struct packer k = { .p = p };
	struct meter answers = p->send.answers;
	struct aurp h;
	enum aurp_result result = aurp_decode(&body, &h);

	assert(result == AURP_OK);
	(void)result;
	if (h.msg == AURP_RI_RSP)
		pack_networks(&k, &body);
	else if (h.msg == AURP_RI_UPD)
		pack_events(&k, &body);
	end_packet(&k);
	p->send.answers = answers;
}

/* --- GZN ------------------------------------------------------------------------------- */

static uint16_t count_exported(const struct peer *p, const struct zone *z)
{
	uint16_t n = 0;

	for (size_t i = 0; z && i < z->used; i++)
		n += view_exports(p, z->routes[i]);
	return n;
}

void send_on_gzn_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	const struct zone *z;
	struct at_name name;
	struct aurp_out out;

	(void)h;
	if (!aurp_decode_gzn_req(body, &name)) {
		peer_drop(p, DROP_AURP_MALFORMED);
		return;
	}
	if (!may_query(p))
		return;
	z = zone_find(p->tunnel->routes->zones, &name);
	begin(p, &out, AURP_SEND_MAX, AURP_GZN_RSP);
	aurp_encode_gzn_rsp(&out.w, &name, count_exported(p, z));
	/* What does not fit is only counted: there is no second packet (A6). */
	for (size_t i = 0; z && i < z->used; i++) {
		struct aurp_network n = { z->routes[i]->range, view_distance(p, z->routes[i]) };

		if (view_exports(p, z->routes[i]) && aurp_network_size(&n) <= wr_room(&out.w))
			aurp_encode_network(&out.w, &n);
	}
	answer(p, &out);
}

/* --- GDZL ------------------------------------------------------------------------------ */

void send_on_gdzl_req(struct peer *p, const struct aurp *h, struct rd *body)
{
	const struct zone_table *t = p->tunnel->routes->zones;
	size_t index = 0, i = 0;
	struct aurp_out out;
	uint16_t start;

	(void)h;
	if (!aurp_decode_gdzl_req(body, &start)) {
		peer_drop(p, DROP_AURP_MALFORMED);
		return;
	}
	if (!may_query(p))
		return;
	begin(p, &out, AURP_SEND_MAX, AURP_GDZL_RSP);
	aurp_encode_gdzl_rsp(&out.w, start);
	/* The first zone has index 1; the next request starts behind what came (A5). */
	for (; i < t->used; i++) {
		const struct at_name *name = &t->sorted[i]->name;

		if (count_exported(p, t->sorted[i]) == 0 || ++index < start)
			continue;
		if (wr_room(&out.w) < 1 + (size_t)name->len)
			break;
		wr_name(&out.w, name);
	}
	if (i == t->used)
		wr_patch_u16(&out.w, AURP_HEADER - sizeof(uint16_t), AURP_LAST);
	answer(p, &out);
}
