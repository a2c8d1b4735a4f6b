/*
 * The manners of a good peer: what a script answers by itself after
 * script_behave(). Both directions: it opens its own connection to whoever
 * opens one to it, offers its networks, and acknowledges.
 */
#include "world.h"

#include <stdlib.h>

enum { NETS_PER_PACKET = 90, ZONES_PER_PACKET = 12 };

struct script_manners {
	const struct aurp_network *nets;
	const struct at_name *zones;
	size_t n;
	uint16_t own_id;		/* of the connection in which it is data receiver */
	uint16_t peer_id;		/* of the one in which it is data sender */
	uint16_t sequence;		/* of the list packet on its way */
	size_t told;			/* networks acknowledged */
};

void script_behave(struct script *s, const struct aurp_network *nets, const struct at_name *zones,
	size_t n)
{
	if (!s->manners)
		s->manners = world_alloc(1, sizeof(*s->manners));
	*s->manners = (struct script_manners){ .nets = nets, .zones = zones, .n = n,
		.own_id = (uint16_t)prng_range(&s->world->prng, 1, UINT16_MAX) };
}

uint16_t script_connection(const struct script *s)
{
	return s->manners ? s->manners->peer_id : 0;
}

uint16_t script_own_connection(const struct script *s)
{
	return s->manners ? s->manners->own_id : 0;
}

uint16_t script_sequence(const struct script *s)
{
	return s->manners ? s->manners->sequence : 0;
}

/* RFC 1504 p. 41: 1 comes after FFFF. */
static uint16_t seq_next(uint16_t n)
{
	return n == UINT16_MAX ? 1 : (uint16_t)(n + 1);
}

static void send_list(struct script *s, const struct jack *to)
{
	struct script_manners *m = s->manners;
	size_t n = m->n - m->told < NETS_PER_PACKET ? m->n - m->told : NETS_PER_PACKET;
	bool is_last = m->told + n == m->n;

	script_send_networks(s, to, m->peer_id, m->sequence, is_last ? AURP_LAST : 0,
		m->nets + m->told, n);
}

static void on_ack(struct script *s, const struct jack *to, const struct aurp *h)
{
	struct script_manners *m = s->manners;

	if (h->sequence != m->sequence || h->connection != m->peer_id)
		return;
	m->sequence = seq_next(m->sequence);
	m->told += m->n - m->told < NETS_PER_PACKET ? m->n - m->told : NETS_PER_PACKET;
	if (m->told < m->n)
		send_list(s, to);
}

static void send_zones(struct script *s, const struct jack *to, struct rd nets)
{
	const struct script_manners *m = s->manners;
	struct aurp_zone out[ZONES_PER_PACKET];
	size_t used = 0;
	uint16_t net;

	while (aurp_next_zi_net(&nets, &net))
		for (size_t i = 0; i < m->n; i++) {
			if (m->nets[i].range.first != net)
				continue;
			out[used++] = (struct aurp_zone){ net, m->zones[i] };
			if (used == ZONES_PER_PACKET) {
				script_send_zones(s, to, m->peer_id, out, used);
				used = 0;
			}
		}
	if (used > 0)
		script_send_zones(s, to, m->peer_id, out, used);
}

/* Of one of its present connections, or the opening of one? */
static bool is_for_us(const struct script_manners *m, const struct script_packet *p)
{
	enum aurp_half half;

	if (p->msg == AURP_MSG_COUNT || p->msg == AURP_OPEN_REQ)
		return true;
	half = aurp_cmd(p->msg)->half;
	return ((half & AURP_RECEIVER) && p->header.connection == m->own_id) ||
	       ((half & AURP_SENDER) && p->header.connection == m->peer_id);
}

void script_answer(struct script *s, const struct script_packet *p)
{
	struct script_manners *m = s->manners;
	const struct jack *to = world_find_jack(s->world, p->from.ip);
	struct aurp reply = { .connection = p->header.connection };

	if (!to || !is_for_us(m, p))
		return;
	switch (p->msg) {
	case AURP_OPEN_REQ:
		m->peer_id = p->header.connection;
		m->sequence = 1;
		m->told = 0;
		script_send_open_rsp(s, to, m->peer_id, 1);
		script_send_open_req(s, to, m->own_id);
		break;
	case AURP_OPEN_RSP:
		script_send(s, to, &(struct aurp){ .connection = m->own_id,
			.flags = AURP_SUI_ALL, .msg = AURP_RI_REQ }, NULL, 0);
		break;
	case AURP_RI_REQ:
		m->told = 0;
		send_list(s, to);
		break;
	case AURP_RI_ACK:
		on_ack(s, to, &p->header);
		break;
	case AURP_ZI_REQ:
		send_zones(s, to, script_body(p));
		break;
	case AURP_RI_RSP:
	case AURP_RI_UPD:
	case AURP_RD:
		reply.sequence = p->header.sequence;
		reply.flags = p->msg == AURP_RD ? 0 : AURP_SZI;
		reply.msg = AURP_RI_ACK;
		script_send(s, to, &reply, NULL, 0);
		break;
	case AURP_TICKLE:
		reply.msg = AURP_TICKLE_ACK;
		script_send(s, to, &reply, NULL, 0);
		break;
	default:
		break;
	}
}
