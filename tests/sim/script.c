/*
 * Scripted peers: raw packets in and out, a memory of what was heard, and the
 * manners of a good peer for those tests that only want to break one of them.
 */
#include "world.h"

#include <assert.h>
#include <stdlib.h>

#include "ddp.h"

static void on_packet(struct jack *j, struct endpoint from, struct pkt *payload)
{
	struct script *s = container_of(j, struct script, jack);
	struct script_packet *p = &s->heard[s->n_heard++ % SCRIPT_KEPT];
	struct rd r = rd_over(payload->data, payload->len);
	struct aurp_domain domain;

	*p = (struct script_packet){ .at = s->world->now, .from = from, .len = payload->len,
		.msg = payload_msg(payload) };
	assert(payload->len <= sizeof p->bytes);
	memcpy(p->bytes, payload->data, payload->len);
	if (p->msg != AURP_MSG_COUNT && aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK)
		(void)aurp_decode(&r, &p->header);
	s->bytes_in += payload->len;
	s->data += p->msg == AURP_MSG_COUNT;
	if (p->msg != AURP_MSG_COUNT)
		s->msg[p->msg]++;
	if (s->manners)
		script_answer(s, p);
	if (s->on_packet)
		s->on_packet(s, p);
}

struct script *world_add_script(struct world *w, struct mesh *m)
{
	struct script *s = world_alloc(1, sizeof(*s));

	s->world = w;
	s->heard = world_alloc(SCRIPT_KEPT, sizeof(*s->heard));
	s->jack.receive = on_packet;
	jack_plug(&s->jack, m);
	s->di = (struct domain_id){ DI_IP, s->jack.addr.ip };
	things_add(&w->scripts, s);
	return s;
}

void world_free_scripts(struct world *w)
{
	for (size_t i = 0; i < w->scripts.n; i++) {
		struct script *s = w->scripts.at[i];

		free(s->manners);
		free(s->heard);
		free(s);
	}
	free(w->scripts.at);
}

/* --- what it heard --------------------------------------------------------------------- */

const struct script_packet *script_heard(const struct script *s, size_t i)
{
	if (i >= s->n_heard || i >= SCRIPT_KEPT)
		return NULL;
	return &s->heard[(s->n_heard - 1 - i) % SCRIPT_KEPT];
}

const struct script_packet *script_last(const struct script *s, enum aurp_msg msg)
{
	const struct script_packet *p;

	for (size_t i = 0; (p = script_heard(s, i)) != NULL; i++)
		if (p->msg == msg)
			return p;
	return NULL;
}

struct rd script_body(const struct script_packet *p)
{
	struct rd r = rd_over(p->bytes, p->len);
	struct aurp_domain domain;
	struct aurp h;

	if (aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK)
		(void)aurp_decode(&r, &h);
	return r;
}

/* --- what it says ---------------------------------------------------------------------- */

void script_send_raw(struct script *s, struct endpoint to, const void *bytes, size_t len)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	assert(len <= pkt_tailroom(p));
	memcpy(p->data, bytes, len);
	p->len = len;
	s->bytes_out += len;
	jack_send(&s->jack, to, p);
}

static void send_in_domain(struct script *s, struct endpoint to, struct domain_id di,
	enum aurp_type type, struct pkt *p)
{
	const struct aurp_domain domain = { .dst = di, .src = s->di, .type = type };
	bool has_room = aurp_push_domain(p, &domain);

	assert(has_room);
	(void)has_room;
	s->bytes_out += p->len;
	jack_send(&s->jack, to, p);
}

static struct domain_id di_of(const struct jack *j)
{
	return (struct domain_id){ DI_IP, j->addr.ip };
}

void script_send(struct script *s, const struct jack *to, const struct aurp *h, const void *body,
	size_t len)
{
	script_send_to(s, to->addr, di_of(to), h, body, len);
}

void script_send_to(struct script *s, struct endpoint to, struct domain_id di,
	const struct aurp *h, const void *body, size_t len)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, pkt_tailroom(p));

	aurp_encode(&w, h);
	wr_bytes(&w, body, len);
	assert(wr_ok(&w));
	p->len = wr_len(&w);
	send_in_domain(s, to, di, AURP_ROUTING, p);
}

void script_send_data(struct script *s, const struct jack *to, const void *datagram, size_t len)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	assert(len <= pkt_tailroom(p));
	memcpy(p->data, datagram, len);
	p->len = len;
	send_in_domain(s, to->addr, di_of(to), AURP_DATA, p);
}

void script_send_open_req(struct script *s, const struct jack *to, uint16_t connection)
{
	uint8_t body[8];
	struct wr w = wr_over(body, sizeof body);

	aurp_encode_open_req(&w, &(struct aurp_open_req){ .version = AURP_VERSION });
	script_send(s, to, &(struct aurp){ .connection = connection, .flags = AURP_SUI_ALL,
		.msg = AURP_OPEN_REQ }, body, wr_len(&w));
}

void script_send_open_rsp(struct script *s, const struct jack *to, uint16_t connection,
	int16_t rate)
{
	uint8_t body[8];
	struct wr w = wr_over(body, sizeof body);

	aurp_encode_open_rsp(&w, &(struct aurp_open_rsp){ .rate = rate });
	script_send(s, to, &(struct aurp){ .connection = connection, .msg = AURP_OPEN_RSP }, body,
		wr_len(&w));
}

void script_send_rd(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, int16_t error)
{
	uint8_t body[8];
	struct wr w = wr_over(body, sizeof body);

	aurp_encode_rd(&w, error);
	script_send(s, to, &(struct aurp){ .connection = connection, .sequence = sequence,
		.msg = AURP_RD }, body, wr_len(&w));
}

void script_send_networks(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, uint16_t flags, const struct aurp_network *nets, size_t n)
{
	uint8_t body[PKT_BODY_MAX];
	struct wr w = wr_over(body, sizeof body);

	for (size_t i = 0; i < n; i++)
		aurp_encode_network(&w, &nets[i]);
	script_send(s, to, &(struct aurp){ .connection = connection, .sequence = sequence,
		.flags = flags, .msg = AURP_RI_RSP }, body, wr_len(&w));
}

void script_send_events(struct script *s, const struct jack *to, uint16_t connection,
	uint16_t sequence, const struct aurp_event *events, size_t n)
{
	uint8_t body[PKT_BODY_MAX];
	struct wr w = wr_over(body, sizeof body);

	for (size_t i = 0; i < n; i++)
		aurp_encode_event(&w, &events[i]);
	script_send(s, to, &(struct aurp){ .connection = connection, .sequence = sequence,
		.msg = AURP_RI_UPD }, body, wr_len(&w));
}

void script_send_zones(struct script *s, const struct jack *to, uint16_t connection,
	const struct aurp_zone *zones, size_t n)
{
	uint8_t body[PKT_BODY_MAX];
	struct wr w = wr_over(body, sizeof body);
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, &w, false, 0);
	for (size_t i = 0; i < n; i++)
		(void)aurp_zones_add(&z, zones[i].net, &zones[i].zone);
	aurp_zones_end(&z);
	script_send(s, to, &(struct aurp){ .connection = connection, .msg = AURP_ZI_RSP }, body,
		wr_len(&w));
}
