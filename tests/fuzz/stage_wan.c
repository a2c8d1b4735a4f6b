/*
 * Actors behind the tunnels: configured peers, strangers, and whoever forges the
 * address of one. They send any command with the right connection ID and sequence
 * number or with others, and answer what the router sent last.
 */
#include "stage.h"

/* --- through the tunnel -------------------------------------------------------------------- */

/* The actor has read the ID that it echoes, and acknowledged what it says it has. */
static void note(struct mate *m, struct rd r)
{
	struct aurp_domain domain;
	struct aurp h;

	if (aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK || domain.type != AURP_ROUTING ||
		aurp_decode(&r, &h) != AURP_OK)
		return;
	for (size_t i = 0; i < STAGE_IDS && i < m->n_ids; i++)
		m->is_proven |= m->ids[i] == h.connection;
	if (h.msg == AURP_RI_ACK && h.connection == m->flight.id &&
		h.sequence == m->flight.sequence)
		m->flight.is_on = false;
}

static void put(struct wan *w, size_t mate, uint16_t port, const uint8_t *bytes, size_t n)
{
	struct stage *s = w->stage;
	struct tunnel *tunnel = router_find_tunnel(s->r, tunnel_name(w->index));
	struct endpoint from = mate_place(w, mate);
	uint8_t *storage;
	struct pkt p;

	if (!tunnel)
		return;
	from.port = (uint16_t)(from.port + port);
	p = stage_packet(s, bytes, n);
	storage = p.data - PKT_HEADROOM;
	w->mate[mate].in += p.len;
	note(&w->mate[mate], rd_over(p.data, p.len));
	router_rx_tunnel(s->r, s->now, tunnel, from, &p);
	free(storage);
}

/* Who it says it is. */
enum domain { OWN_DOMAIN, OTHER_DOMAIN, NULL_DOMAIN };

static struct wr begin(const struct wan *w, size_t mate, uint8_t *bytes, enum aurp_type type,
	enum domain domain)
{
	struct wr out = wr_over(bytes, FUZZ_IN_MAX);
	struct domain_id src = { DI_IP, mate_place(w, mate).ip + (domain == OTHER_DOMAIN) };

	if (domain == NULL_DOMAIN)
		src = (struct domain_id){ DI_NULL, 0 };
	aurp_encode_domain(&out,
		&(struct aurp_domain){ .dst = w->own, .src = src, .type = type });
	return out;
}

/* --- bodies -------------------------------------------------------------------------------- */

static struct at_range range(struct stage *s, uint8_t how)
{
	uint16_t first = stage_net(s);

	return (struct at_range){ first, (uint16_t)(first + (how >> 7 ? how >> 5 & 3 : 0)),
		how >> 7 };
}

static void networks(struct stage *s, struct wr *w)
{
	unsigned int n = stage_pick(s, 10);

	while (n-- > 0) {
		uint8_t how = rd_u8(&s->script);

		aurp_encode_network(w, &(struct aurp_network){ range(s, how), how & 15 });
	}
}

static void events(struct stage *s, struct wr *w)
{
	unsigned int n = 1 + stage_pick(s, 6);

	while (n-- > 0) {
		uint8_t how = rd_u8(&s->script);
		struct aurp_event e = { .code = (enum aurp_event_code)stage_pick(s, 5) };

		if (e.code != AURP_EV_NULL)
			e.range = range(s, how);
		e.distance = how & 15;
		aurp_encode_event(w, &e);
	}
}

static void zones(struct stage *s, const struct mate *m, bool extended, struct wr *w)
{
	unsigned int n = stage_pick(s, 8);
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, w, extended, (uint16_t)n);
	for (unsigned int i = 0; i < n; i++) {
		bool asked = i < m->n_nets && stage_pick(s, 4);
		uint16_t net = asked ? m->nets[extended ? 0 : i] : stage_net(s);
		struct at_name zone = stage_zone(s);

		if (zone.len > 0)
			aurp_zones_add(&z, net, &zone);
	}
	aurp_zones_end(&z);
}

static void raw(struct stage *s, struct wr *w)
{
	size_t n = stage_pick(s, 100);

	n = n < rd_left(&s->script) ? n : rd_left(&s->script);
	wr_bytes(w, rd_bytes(&s->script, n), n);
}

static void body(struct stage *s, const struct mate *m, enum aurp_msg msg, struct wr *w)
{
	struct at_name zone;
	unsigned int n;

	switch (msg) {
	case AURP_RI_RSP:
		networks(s, w);
		break;
	case AURP_RI_UPD:
		events(s, w);
		break;
	case AURP_RD:
		aurp_encode_rd(w, (int16_t)-stage_pick(s, 9));
		break;
	case AURP_ZI_REQ:
		n = 1 + stage_pick(s, 5);
		while (n-- > 0)
			aurp_encode_zi_net(w, stage_net(s));
		break;
	case AURP_GZN_REQ:
		zone = stage_zone(s);
		aurp_encode_gzn_req(w, &zone);
		break;
	case AURP_GDZL_REQ:
		aurp_encode_gdzl_req(w, stage_pick(s, 8));
		break;
	case AURP_ZI_RSP:
	case AURP_ZI_RSP_EXT:
		zones(s, m, msg == AURP_ZI_RSP_EXT, w);
		break;
	case AURP_OPEN_REQ:
		n = stage_pick(s, 16);
		if (n == 1)
			wr_u16(w, AURP_VERSION);	/* the shortest: no option count */
		else
			aurp_encode_open_req(w, &(struct aurp_open_req){ .version = n ? 1 : 2 });
		break;
	case AURP_OPEN_RSP:
		n = stage_pick(s, 16);
		aurp_encode_open_rsp(w, &(struct aurp_open_rsp){ .rate = (int16_t)(n - 2) });
		break;
	default:
		raw(s, w);
		break;
	}
}

/* --- commands ------------------------------------------------------------------------------ */

static uint16_t latest_id(const struct mate *m)
{
	return m->n_ids ? m->ids[(m->n_ids - 1) % STAGE_IDS] : 0;
}

static uint16_t connection(struct stage *s, const struct mate *m, enum aurp_msg msg)
{
	bool to_sender = aurp_cmd(msg)->half == AURP_SENDER || msg == AURP_RI_ACK;

	switch (stage_pick(s, 8)) {
	case 0:
		return to_sender ? latest_id(m) : m->own_id;
	case 1:
		return rd_u16(&s->script);
	default:
		return to_sender ? m->own_id : latest_id(m);
	}
}

static uint16_t right_sequence(const struct mate *m, enum aurp_msg msg)
{
	if (msg == AURP_RI_ACK)
		return m->to_ack;
	return aurp_cmd(msg)->sequenced ? m->sequence : 0;
}

static uint16_t sequence(struct stage *s, const struct mate *m, enum aurp_msg msg)
{
	uint16_t right = right_sequence(m, msg);

	switch (stage_pick(s, 12)) {
	case 0:
		return (uint16_t)(right - 1);
	case 1:
		return (uint16_t)(right + 1);
	case 2:
		return rd_u16(&s->script);
	case 3:
		return 0;
	default:
		return right;
	}
}

static enum domain domain_of(uint8_t flags)
{
	switch (flags & 7) {
	case 5:
		return OTHER_DOMAIN;
	case 6:
		return NULL_DOMAIN;
	default:
		return OWN_DOMAIN;
	}
}

static void say_command(struct wan *w, size_t mate, uint16_t port)
{
	struct stage *s = w->stage;
	struct mate *m = &w->mate[mate];
	uint8_t bytes[FUZZ_IN_MAX];
	struct aurp h = { .msg = (enum aurp_msg)stage_pick(s, AURP_MSG_COUNT) };
	uint8_t flags = rd_u8(&s->script);
	struct wr out = begin(w, mate, bytes, AURP_ROUTING, domain_of(flags));

	if (h.msg == AURP_OPEN_REQ && flags & 7)
		m->own_id = (uint16_t)(m->own_id + (flags & 6));
	h.connection = connection(s, m, h.msg);
	h.sequence = sequence(s, m, h.msg);
	h.flags = (uint16_t)(flags & 0xF8) << 8;
	aurp_encode(&out, &h);
	body(s, m, h.msg, &out);
	CHECK(wr_ok(&out));
	put(w, mate, port, bytes, wr_len(&out));
}

static void say_data(struct wan *w, size_t mate, uint16_t port)
{
	struct stage *s = w->stage;
	uint8_t bytes[FUZZ_IN_MAX], how = rd_u8(&s->script);
	struct wr out = begin(w, mate, bytes, AURP_DATA, OWN_DOMAIN);
	struct ddp d = { .hops = how & 15, .checksum = how >> 4 & 1 };

	d.src = (struct at_sockaddr){ stage_net(s), 0x60, 0 };
	d.dst = (struct at_sockaddr){ stage_net(s), how >> 6 == 3 ? 0xFF : how >> 6, 0 };
	if (how & 0x20) {
		const struct cable *c = &s->cable[how >> 6];

		d.dst = (struct at_sockaddr){ c->own.net, c->own.node, 0 };
	}
	cast_datagram(s, &d, true, &out);
	put(w, mate, port, bytes, wr_len(&out));
}

static void say_anything(struct wan *w, size_t mate, uint16_t port)
{
	struct stage *s = w->stage;
	size_t n = rd_u8(&s->script);

	n = n < rd_left(&s->script) ? n : rd_left(&s->script);
	put(w, mate, port, rd_bytes(&s->script, n), n);
}

void wan_step(struct stage *s)
{
	unsigned int who = rd_u8(&s->script);
	struct wan *w = &s->wan[who & 1];
	size_t mate = who >> 1 & (STAGE_MATES - 1);
	uint16_t port = who >> 7;	/* a NAT has changed it */

	switch (who >> 4 & 7) {
	case 0:
		say_anything(w, mate, port);
		break;
	case 1:
	case 2:
		say_data(w, mate, port);
		break;
	default:
		say_command(w, mate, port);
		break;
	}
}

/* --- answers ------------------------------------------------------------------------------- */

/* What a well-behaved peer says to the router's last packet; AURP_MSG_COUNT: nothing. */
static enum aurp_msg answer_to(enum aurp_msg heard)
{
	switch (heard) {
	case AURP_OPEN_REQ:
		return AURP_OPEN_RSP;
	case AURP_OPEN_RSP:
		return AURP_RI_REQ;
	case AURP_RI_REQ:
		return AURP_RI_RSP;
	case AURP_RI_RSP:
	case AURP_RI_UPD:
	case AURP_RD:
		return AURP_RI_ACK;
	case AURP_ZI_REQ:
		return AURP_ZI_RSP;
	case AURP_TICKLE:
		return AURP_TICKLE_ACK;
	case AURP_RI_ACK:
		return AURP_RI_UPD;	/* it has got our list, so there may be news */
	default:
		return AURP_MSG_COUNT;
	}
}

/* Every network that the router asks for, with one zone; the first with up to 50 long ones. */
static void asked_zones(struct stage *s, const struct mate *m, struct wr *w)
{
	struct at_name many = { .len = AT_ZONE_NAME_MAX };
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, w, false, (uint16_t)m->n_nets);
	for (size_t i = 0; i < m->n_nets; i++) {
		struct at_name zone = stage_zone(s);

		if (zone.len > 0)
			aurp_zones_add(&z, m->nets[i], &zone);
	}
	memset(many.byte, 'm', sizeof many.byte);
	for (unsigned int n = stage_pick(s, 51); n > 0 && m->n_nets > 0; n--) {
		many.byte[0] = (uint8_t)('0' + n / 10);
		many.byte[1] = (uint8_t)('0' + n % 10);
		aurp_zones_add(&z, m->nets[0], &many);
	}
	aurp_zones_end(&z);
}

static void answer_body(struct stage *s, const struct mate *m, enum aurp_msg msg, bool obliging,
	struct wr *w)
{
	if (msg == AURP_OPEN_RSP)
		aurp_encode_open_rsp(w, &(struct aurp_open_rsp){ .rate = 1 });
	else if (msg == AURP_ZI_RSP && obliging)
		asked_zones(s, m, w);
	else if (msg != AURP_RI_ACK && msg != AURP_RI_REQ && msg != AURP_TICKLE_ACK)
		body(s, m, msg, w);
}

/* False: the router has not said anything that wants an answer. */
static bool answer(struct wan *w, size_t mate, uint8_t who)
{
	struct stage *s = w->stage;
	struct mate *m = &w->mate[mate];
	uint8_t bytes[FUZZ_IN_MAX];
	struct wr out = begin(w, mate, bytes, AURP_ROUTING, OWN_DOMAIN);
	struct aurp h = { .msg = answer_to(m->heard), .flags = 0 };
	bool to_sender;

	m->heard = AURP_MSG_COUNT;
	if (h.msg == AURP_MSG_COUNT)
		return false;
	to_sender = h.msg == AURP_RI_ACK || h.msg == AURP_RI_REQ;
	h.connection = to_sender ? m->own_id : latest_id(m);
	h.sequence = right_sequence(m, h.msg);
	h.flags = h.msg == AURP_RI_RSP ? AURP_LAST : who & 0x10 ? AURP_SZI : AURP_SUI_ALL;
	aurp_encode(&out, &h);
	answer_body(s, m, h.msg, who & 0x20, &out);
	put(w, mate, 0, bytes, wr_len(&out));
	return true;
}

void wan_answer(struct stage *s)
{
	uint8_t who = rd_u8(&s->script);

	answer(&s->wan[who & 1], who >> 1 & (STAGE_MATES - 1), who);
}

static void call(struct wan *w, size_t mate)
{
	struct mate *m = &w->mate[mate];
	uint8_t bytes[FUZZ_IN_MAX];
	struct wr out = begin(w, mate, bytes, AURP_ROUTING, OWN_DOMAIN);

	m->own_id = (uint16_t)(m->own_id + 2);
	aurp_encode(&out, &(struct aurp){ .connection = m->own_id, .flags = AURP_SUI_ALL,
		.msg = AURP_OPEN_REQ });
	aurp_encode_open_req(&out, &(struct aurp_open_req){ .version = AURP_VERSION });
	put(w, mate, 0, bytes, wr_len(&out));
}

/* As a router that is there and wants to talk; after a while it is asked something else. */
void wan_talk(struct stage *s, bool calls)
{
	uint8_t who = rd_u8(&s->script);
	struct wan *w = &s->wan[who & 1];
	size_t mate = who >> 1 & (STAGE_MATES - 1);
	unsigned int answers = 1 + stage_pick(s, 8);

	if (calls)
		call(w, mate);
	while (answers-- > 0) {
		answer(w, mate, who);
		stage_wait(s, span_ms(who & 0x40 ? 3000 : 50));
	}
}
