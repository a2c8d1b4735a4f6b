/*
 * The invariants of tunnels: every packet decodes whole, is for its receiver's
 * domain and no larger than allowed; what is exported has zones and did not come
 * through this tunnel; sequenced packets keep their order (watch_flow.c).
 */
#include "watch_state.h"

#include <stdlib.h>

#include "ddp.h"

/* One packet of a router on its way. */
struct look {
	struct site_tunnel *from;
	const struct passing *p;
	struct aurp h;
	bool is_first;			/* not a repetition */
};

static void say(const struct look *l, const char *what)
{
	const char *msg = l->h.msg < AURP_MSG_COUNT ? aurp_cmd(l->h.msg)->name : "data";

	watch_say(l->from->site->world, l->from->site->config.name, "%s to %u.%u.%u.%u: %s", msg,
		l->p->dst.ip >> 24, l->p->dst.ip >> 16 & 0xFF, l->p->dst.ip >> 8 & 0xFF,
		l->p->dst.ip & 0xFF, what);
}

/* --- exports --------------------------------------------------------------------------- */

struct zone_search {
	struct at_range range;
	bool is_complete;
};

static void look_for_zones(void *ctx, const struct route_info *info)
{
	struct zone_search *q = ctx;

	if (at_range_eq(info->range, q->range))
		q->is_complete = info->zones_complete && info->n_zones > 0;
}

/* A walk only reads, so it may be made while the router is sending. */
static void check_export(const struct look *l, struct at_range range, bool is_new)
{
	struct site *site = l->from->site;
	struct zone_search q = { .range = range };

	if (watch_judges(site->world, range.first, watch_has_ring(site->world, site, l->from),
		!watch_reaches(l->from, range)))
		watch_say(site->world, site->config.name,
			"%s exports %u-%u, which is only reached through this tunnel",
			aurp_cmd(l->h.msg)->name, range.first, range.last);
	if (!is_new || !l->is_first)
		return;
	router_walk_routes(site->router, look_for_zones, &q);
	if (!q.is_complete)
		watch_say(site->world, site->config.name, "%s exports %u-%u without its zones",
			aurp_cmd(l->h.msg)->name, range.first, range.last);
}

static void check_networks(const struct look *l, struct rd *r)
{
	struct aurp_network n;
	enum tuple_step step;

	while (tuple_is_here(step = aurp_next_network(r, &n))) {
		if (step == TUPLE_BAD)
			say(l, "impossible network");
		else
			check_export(l, n.range, true);
	}
	if (step != TUPLE_END)
		say(l, "list is cut");
}

static void check_events(const struct look *l, struct rd *r)
{
	struct aurp_event ev;
	enum tuple_step step;

	while (tuple_is_here(step = aurp_next_event(r, &ev))) {
		if (step == TUPLE_BAD)
			say(l, "impossible event");
		else if (ev.code == AURP_EV_NA ||
			(ev.code == AURP_EV_NDC && ev.distance < AURP_DISTANCE_MAX))
			check_export(l, ev.range, ev.code == AURP_EV_NA);
	}
	if (step != TUPLE_END)
		say(l, "list of events is cut");
}

/* --- bodies ---------------------------------------------------------------------------- */

/* Returns whether all tuples are about one network. */
static bool check_zones(const struct look *l, struct rd *r)
{
	struct aurp_zone_reader *z = world_alloc(1, sizeof(*z));
	bool is_single = true;
	struct aurp_zone t;
	enum tuple_step step;
	uint16_t net = 0;

	if (!aurp_decode_zi_rsp(r, z)) {
		say(l, "does not decode");
	} else {
		while (tuple_is_here(step = aurp_next_zone(z, &t))) {
			if (step == TUPLE_BAD)
				say(l, "impossible zone");
			is_single &= net == 0 || net == t.net;
			net = t.net;
		}
		if (step != TUPLE_END)
			say(l, "list of zones is cut");
	}
	free(z);
	return is_single;
}

static bool body_decodes(const struct look *l, struct rd *r)
{
	struct aurp_open_req req;
	struct aurp_open_rsp rsp;
	struct aurp_gdzl_rsp zones;
	struct aurp_gzn_rsp nets;
	int16_t error;
	uint16_t net;

	switch (l->h.msg) {
	case AURP_OPEN_REQ:
		return aurp_decode_open_req(r, &req) && req.version == AURP_VERSION;
	case AURP_OPEN_RSP:
		if (!aurp_decode_open_rsp(r, &rsp))
			return false;
		if (rsp.rate >= 0)
			watch_open_rsp(l->from, l->p->dst.ip, &l->h);
		return true;
	case AURP_RD:
		return aurp_decode_rd(r, &error);
	case AURP_ZI_REQ:
		while (aurp_next_zi_net(r, &net))
			if (!at_net_is_routable(net))
				return false;
		return true;
	case AURP_GZN_RSP:
		return aurp_decode_gzn_rsp(r, &nets);
	case AURP_GDZL_RSP:
		return aurp_decode_gdzl_rsp(r, &zones);
	default:
		return true;
	}
}

static void check_routing(struct look *l, struct rd r, struct rd whole)
{
	size_t most = AURP_SEND_MAX;

	if (aurp_decode(&r, &l->h) != AURP_OK) {
		l->h.msg = AURP_MSG_COUNT;
		say(l, "does not decode");
		return;
	}
	l->is_first = true;
	if (aurp_cmd(l->h.msg)->sequenced && l->h.sequence != 0)
		l->is_first = watch_sequenced(l->from, l->p, &l->h, whole);
	else if (aurp_cmd(l->h.msg)->sequenced && l->h.msg != AURP_RD)
		say(l, "has sequence number 0");
	if (l->h.msg == AURP_RI_RSP)
		check_networks(l, &r);
	else if (l->h.msg == AURP_RI_UPD)
		check_events(l, &r);
	else if (l->h.msg == AURP_ZI_RSP || l->h.msg == AURP_ZI_RSP_EXT)
		most = check_zones(l, &r) ? AURP_SEND_ZONES_MAX : most;
	else if (!body_decodes(l, &r))
		say(l, "does not decode");
	if (l->p->payload->len > most)
		say(l, "is too large");
}

/* --- every packet ---------------------------------------------------------------------- */

static void check_data(const struct look *l, struct rd r)
{
	struct pkt p = *l->p->payload;
	struct ddp d;

	pkt_pull(&p, p.len - rd_left(&r));
	if (ddp_decode_long(&r, &d))
		watch_datagram_out(l->from->site, NULL, &p);
	else
		say(l, "datagram does not decode");
}

void watch_tunnel_sent(struct site_tunnel *from, const struct passing *p)
{
	struct look l = { .from = from, .p = p, .h = { .msg = p->msg } };
	struct rd r = rd_over(p->payload->data, p->payload->len);
	struct aurp_domain domain;

	if (from->site->is_excused)
		return;
	if (from->site->is_going || !from->site->router)
		say(&l, "sent after the crash");
	if (aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK) {
		say(&l, "domain header does not decode");
		return;
	}
	/* Who has not named itself yet is named by its address, a translator's perhaps. */
	if (p->to && p->to->tunnel &&
		!domain_id_eq(domain.dst, (struct domain_id){ DI_IP, p->dst.ip }) &&
		!domain_id_eq(domain.dst, (struct domain_id){ DI_IP, p->to->addr.ip }))
		watch_say(from->site->world, from->site->config.name,
			"%s to %08x is for domain %08x", l.h.msg < AURP_MSG_COUNT ?
			aurp_cmd(l.h.msg)->name : "data", p->dst.ip, domain.dst.ip);
	if (!domain_id_eq(domain.src, (struct domain_id){ DI_IP, from->jack.addr.ip }))
		say(&l, "is not from our domain");
	if (domain.type == AURP_ROUTING)
		check_routing(&l, r, r);
	else
		check_data(&l, r);
}

void watch_tunnel_heard(struct site_tunnel *to, struct endpoint from, const struct pkt *payload)
{
	struct rd r = rd_over(payload->data, payload->len);
	struct aurp_domain domain;
	struct pkt p = *payload;
	struct aurp h;

	if (to->site->is_excused || aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK)
		return;
	pkt_pull(&p, p.len - rd_left(&r));
	if (domain.type == AURP_DATA)
		watch_datagram_in(to->site, &p);
	else if (aurp_decode(&r, &h) != AURP_OK)
		return;
	else if (h.msg == AURP_RI_ACK)
		watch_acked(to, from.ip, &h);
	else if (h.msg == AURP_RI_RSP || h.msg == AURP_RI_UPD)
		watch_networks_heard(to->site, h.msg, r);
}
