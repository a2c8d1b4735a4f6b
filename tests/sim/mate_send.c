/*
 * A mate as data sender: it takes calls as its make does (at once, without a
 * probe), tells its networks in lists and updates, one packet at a time, and
 * their zones. mate.c and mate_recv.c call.
 */
#include "world.h"

enum { UPDATE_S = 10, ZONES_ROOM = 1300 };

static const struct manners *manners_of(const struct mate_peer *p)
{
	return &p->mate->manners;
}

static uint16_t after(uint16_t n)
{
	return n == UINT16_MAX ? 1 : (uint16_t)(n + 1);
}

void mate_send_close(struct mate_peer *p)
{
	p->send = MATE_SEND_DOWN;
	p->owes_list = false;
	memset(p->told, 0, sizeof p->told);
}

/* --- one packet at a time -------------------------------------------------------------- */

static void send_again(struct mate_peer *p)
{
	p->send_sent = mate_now(p);
	mate_transmit(p, &(struct aurp){ .connection = p->send_id, .sequence = p->sequence,
		.flags = p->flags, .msg = p->msg }, p->body, p->len);
}

static void put_on_way(struct mate_peer *p, enum aurp_msg msg, uint16_t flags, size_t len)
{
	p->msg = msg;
	p->flags = flags;
	p->len = len;
	p->send = msg == AURP_RI_RSP ? MATE_SEND_LIST : MATE_SEND_UPDATE;
	p->send_tries = 1;
	send_again(p);
}

static void send_list(struct mate_peer *p)
{
	const struct mate *mate = p->mate;
	size_t most = manners_of(p)->list_most, i = p->list_at;
	const size_t room = most > 0 ? most : sizeof p->body;
	struct wr w = wr_over(p->body, room);

	p->owes_list = false;
	while (i < mate->n_nets && wr_len(&w) + AURP_NETWORK_MAX <= room) {
		p->told[i] = !mate->nets[i].is_gone;
		if (p->told[i])
			aurp_encode_network(&w, &(struct aurp_network){
				mate->nets[i].config.range, 0 });
		i++;
	}
	p->list_next = i;
	put_on_way(p, AURP_RI_RSP, i == mate->n_nets ? AURP_LAST : 0, wr_len(&w));
}

static void send_update(struct mate_peer *p)
{
	const struct mate *mate = p->mate;
	struct wr w = wr_over(p->body, sizeof p->body);

	p->updated = mate_now(p);
	for (size_t i = 0; i < mate->n_nets; i++) {
		if (p->told[i] != mate->nets[i].is_gone)
			continue;
		p->told[i] = !mate->nets[i].is_gone;
		aurp_encode_event(&w, &(struct aurp_event){ p->told[i] ? AURP_EV_NA : AURP_EV_ND,
			mate->nets[i].config.range, 0 });
	}
	if (wr_len(&w) > 0)
		put_on_way(p, AURP_RI_UPD, 0, wr_len(&w));
}

void mate_send_probe(struct mate_peer *p)
{
	struct wr w = wr_over(p->body, sizeof p->body);

	if (p->send != MATE_SEND_UP || !mate_is_due(p, p->updated, UPDATE_S))
		return;
	p->updated = mate_now(p);
	aurp_encode_event(&w, &(struct aurp_event){ .code = AURP_EV_NULL });
	put_on_way(p, AURP_RI_UPD, 0, wr_len(&w));
}

void mate_send_tick(struct mate_peer *p)
{
	const struct manners *m = manners_of(p);

	if (m->dies_whole && p->send != MATE_SEND_DOWN &&
		mate_is_due(p, p->alive, m->last_heard_s + m->tickles * m->tickle_s)) {
		mate_close(p);
		return;
	}
	if (p->send == MATE_SEND_UP && mate_is_due(p, p->updated, UPDATE_S))
		send_update(p);
	if (p->send < MATE_SEND_LIST || !mate_is_due(p, p->send_sent, m->resend_s))
		return;
	if (m->resends == 0 || p->send_tries++ < m->resends)
		send_again(p);
	else
		mate_send_close(p);
}

/* --- zones ----------------------------------------------------------------------------- */

static void send_zones(struct mate_peer *p, const struct config_port *net)
{
	uint8_t body[1472];
	struct wr w = wr_over(body, ZONES_ROOM);
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, &w, false, 0);
	for (size_t i = 0; i < net->n_zones; i++)
		(void)aurp_zones_add(&z, net->range.first, &net->zones[i]);
	aurp_zones_end(&z);
	mate_transmit(p, &(struct aurp){ .connection = p->send_id, .msg = AURP_ZI_RSP }, body,
		wr_len(&w));
}

static void on_zi_req(struct mate_peer *p, struct rd *body)
{
	uint16_t net;

	while (aurp_next_zi_net(body, &net))
		for (size_t i = 0; i < p->mate->n_nets; i++)
			if (p->mate->nets[i].config.range.first == net)
				send_zones(p, &p->mate->nets[i].config);
}

/* --- packets --------------------------------------------------------------------------- */

static void answer_open(struct mate_peer *p, uint16_t id, int16_t rate)
{
	uint8_t body[8];
	struct wr w = wr_over(body, sizeof body);

	aurp_encode_open_rsp(&w, &(struct aurp_open_rsp){ .rate = rate });
	mate_transmit(p, &(struct aurp){ .connection = id, .msg = AURP_OPEN_RSP }, body,
		manners_of(p)->is_terse ? sizeof(int16_t) : wr_len(&w));
}

/* Even a call that it refuses has replaced the ID of the connection that it had. */
static void on_open_req(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	struct aurp_open_req req;

	if (!aurp_decode_open_req(body, &req) ||
		(p->send >= MATE_SEND_LIST && manners_of(p)->drops_call_while_waiting))
		return;
	p->send_id = h->connection;
	if (req.version != AURP_VERSION || req.options.count > 0) {
		answer_open(p, p->send_id, req.version != AURP_VERSION ? AURP_ERR_VERSION :
			AURP_ERR_OPTION);
		return;
	}
	mate_send_close(p);
	p->send = MATE_SEND_UP;
	p->sequence = 1;
	p->updated = mate_now(p);
	answer_open(p, p->send_id, 1);
	if (p->recv == MATE_RECV_DOWN)
		mate_recv_call(p);
}

static void on_ri_req(struct mate_peer *p)
{
	if (p->send == MATE_SEND_DOWN || p->send == MATE_SEND_LIST)
		return;
	if (manners_of(p)->restarts_numbers)
		p->sequence = 1;
	else if (p->send == MATE_SEND_UPDATE) {
		p->owes_list = true;
		return;
	}
	p->list_at = 0;
	send_list(p);
}

static void on_ri_ack(struct mate_peer *p, const struct aurp *h)
{
	enum mate_send was = p->send;

	if (was < MATE_SEND_LIST) {
		if (was == MATE_SEND_UP && manners_of(p)->calls_at_stray_ack)
			mate_recv_call(p);
		return;
	}
	if (h->sequence != p->sequence)
		return;
	p->sequence = after(p->sequence);
	p->send = MATE_SEND_UP;
	if (h->flags & AURP_SZI)
		for (size_t i = 0; i < p->mate->n_nets; i++)
			if (p->told[i] && (was == MATE_SEND_UPDATE || (i >= p->list_at &&
				i < p->list_next)))
				send_zones(p, &p->mate->nets[i].config);
	if (was == MATE_SEND_LIST && p->list_next < p->mate->n_nets) {
		p->list_at = p->list_next;
		send_list(p);
	} else if (p->owes_list) {
		p->list_at = 0;
		send_list(p);
	}
}

void mate_send_input(struct mate_peer *p, const struct aurp *h, struct rd *body)
{
	bool is_ours = p->send != MATE_SEND_DOWN && h->connection == p->send_id;
	bool takes_any = manners_of(p)->takes_any_id;

	switch (h->msg) {
	case AURP_OPEN_REQ:
		on_open_req(p, h, body);
		break;
	case AURP_RI_REQ:
		if (is_ours)
			on_ri_req(p);
		break;
	case AURP_RI_ACK:
		if (is_ours || takes_any)
			on_ri_ack(p, h);
		break;
	case AURP_ZI_REQ:
		if (is_ours)
			on_zi_req(p, body);
		break;
	case AURP_TICKLE:
		if (is_ours || takes_any)
			mate_transmit(p, &(struct aurp){ .connection = h->connection,
				.msg = AURP_TICKLE_ACK }, NULL, 0);
		break;
	default:
		break;
	}
}
