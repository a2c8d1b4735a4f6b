/*
 * A mate's life: its peers, its clock of a second, what it says in the end, and
 * which half of a peer a packet is for. mate_recv.c and mate_send.c are the halves;
 * random_fault.c and tests switch mates on and off.
 */
#include "mate.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "world.h"

enum { TICK_S = 1, DYING_MS = 400 };

/* --- whose ----------------------------------------------------------------------------- */

struct mate *world_mate(const struct world *w, size_t i)
{
	assert(i < w->mates.n);
	return w->mates.at[i];
}

struct jack *mate_jack(const struct mate *mate)
{
	return &mate->script->jack;
}

struct mate *mate_of_jack(const struct world *w, const struct jack *j)
{
	for (size_t i = 0; i < w->mates.n; i++)
		if (mate_jack(world_mate(w, i)) == j)
			return world_mate(w, i);
	return NULL;
}

struct mate_peer *mate_find_peer(const struct mate *mate, const struct jack *to)
{
	for (size_t i = 0; i < mate->peers.n; i++) {
		struct mate_peer *p = mate->peers.at[i];

		if (p->to == to)
			return p;
	}
	return NULL;
}

struct instant mate_now(const struct mate_peer *p)
{
	return p->mate->script->world->now;
}

bool mate_is_due(const struct mate_peer *p, struct instant since, unsigned seconds)
{
	return span_cmp(instant_since(mate_now(p), since), span_s(seconds)) >= 0;
}

/* --- packets --------------------------------------------------------------------------- */

void mate_transmit(struct mate_peer *p, const struct aurp *h, const void *body, size_t len)
{
	struct domain_id di = p->di.authority == DI_IP ? p->di :
		(struct domain_id){ DI_IP, p->at.ip };

	script_send_to(p->mate->script, p->at, di, h, body, len);
}

/* One IPv4 address is one peer. */
static struct mate_peer *find_by_address(const struct mate *mate, uint32_t ip)
{
	for (size_t i = 0; i < mate->peers.n; i++) {
		struct mate_peer *p = mate->peers.at[i];

		if (p->at.ip == ip)
			return p;
	}
	return NULL;
}

static bool is_for_receiver(const struct aurp *h)
{
	if (h->msg == AURP_RD)
		return h->sequence != 0;
	return h->msg != AURP_RI_ACK && aurp_cmd(h->msg)->half == AURP_RECEIVER;
}

/* Its form, and its ID: of the half that it is for. */
static void on_rd(struct mate_peer *p, const struct aurp *h)
{
	const struct manners *m = &p->mate->manners;
	enum rd_form form = h->sequence == 0 ? RD_OF_RECEIVER : RD_OF_SENDER;
	uint16_t id = form == RD_OF_RECEIVER ? p->send_id : p->recv_id;

	if (!(m->hears_rd & form) || (h->connection != id && !m->takes_any_id))
		return;
	mate_transmit(p, &(struct aurp){ .connection = h->connection, .sequence = h->sequence,
		.msg = AURP_RI_ACK }, NULL, 0);
	mate_close(p);
}

static void on_packet(struct script *s, const struct script_packet *packet)
{
	struct mate *mate = s->ctx;
	struct mate_peer *p = find_by_address(mate, packet->from.ip);
	struct rd r = rd_over(packet->bytes, packet->len);
	struct aurp_domain domain;
	struct aurp h;

	if (!mate->is_on || mate->is_frozen || !p || packet->msg == AURP_MSG_COUNT ||
		aurp_decode_domain(&r, &domain) != AURP_DOMAIN_OK || aurp_decode(&r, &h) != AURP_OK)
		return;
	p->di = domain.src;
	p->alive = mate_now(p);
	if (mate->manners.heed == HEED_ANYTHING)
		p->heard = mate_now(p);
	if (h.msg == AURP_RD)
		on_rd(p, &h);
	else if (is_for_receiver(&h))
		mate_recv_input(p, &h, &r);
	else
		mate_send_input(p, &h, &r);
}

/* --- the clock ------------------------------------------------------------------------- */

static void on_tick(struct timer *t)
{
	struct mate *mate = container_of(t, struct mate, tick);
	struct world *w = mate->script->world;

	timer_set(&w->queue, t, instant_add(w->now, span_s(TICK_S)));
	for (size_t i = 0; !mate->is_frozen && i < mate->peers.n; i++) {
		mate_recv_tick(mate->peers.at[i]);
		mate_send_tick(mate->peers.at[i]);
	}
}

/* --- life ------------------------------------------------------------------------------ */

static void add_peer(struct mate *mate, const struct jack *to)
{
	struct mate_peer *p = world_alloc(1, sizeof(*p));

	p->mate = mate;
	p->to = to;
	things_add(&mate->peers, p);
}

struct mate *mesh_add_mate(struct mesh *m, enum mate_make make)
{
	struct world *w = m->world;
	struct mate *mate = world_alloc(1, sizeof(*mate));
	char name[CONFIG_NAME_MAX + 1];

	mate->manners = mate_manners[make];
	mate->index = w->mates.n;
	mate->script = world_add_script(w, m);
	mate->script->offers_nothing = true;	/* the watch knows its networks by their cables */
	mate->script->on_packet = on_packet;
	mate->script->ctx = mate;
	timer_init(&mate->tick, on_tick);
	things_add(&w->mates, mate);
	snprintf(name, sizeof name, "%s%zu", mate->manners.name, mate->index);
	for (size_t i = 0; i < m->jacks.n; i++) {
		struct jack *j = m->jacks.at[i];

		/* It answers at port 387 alone: behind some translators nobody has such peers. */
		if (!j->tunnel || !jack_hears_at_387(j, mate_jack(mate)))
			continue;
		tunnel_add_peer(j->tunnel, name, mate_jack(mate));
		add_peer(mate, j);
	}
	w->topology++;
	return mate;
}

void mate_add_net(struct mate *mate, struct at_range range, const struct at_name *zones,
	size_t n)
{
	struct mate_net *net = &mate->nets[mate->n_nets++];

	assert(mate->n_nets <= MATE_NETS_MAX);
	net->lan = world_add_lan(mate->script->world, PORT_ETHERTALK);
	net->config.range = range;
	net->config.zones = world_alloc(n, sizeof(*zones));
	net->config.n_zones = n;
	memcpy(net->config.zones, zones, n * sizeof(*zones));
	watch_know(net->lan, range);
}

static void forget_all(struct mate *mate)
{
	for (size_t i = 0; i < mate->peers.n; i++) {
		struct mate_peer *p = mate->peers.at[i];

		mate_close(p);
		free(p->routes);
		*p = (struct mate_peer){ .mate = mate, .to = p->to };
	}
}

void mate_switch_on(struct mate *mate)
{
	struct world *w = mate->script->world;

	if (mate->is_on)
		return;
	mate->is_on = true;
	mate->is_frozen = false;
	mate->came = w->now;
	mate->last_id = (uint16_t)(mate->manners.ids_from_1 ? 0 : prng_u32(&w->prng));
	for (size_t i = 0; i < mate->peers.n; i++)
		mate_recv_call(mate->peers.at[i]);
	timer_set(&w->queue, &mate->tick, instant_add(w->now, span_s(TICK_S)));
}

void mate_crash(struct mate *mate)
{
	mate->is_on = false;
	timer_cancel(&mate->script->world->queue, &mate->tick);
	forget_all(mate);
}

/* Everything of its last second at once: some packets pass each other on their way. */
void mate_stop(struct mate *mate)
{
	for (size_t i = 0; mate->is_on && i < mate->peers.n; i++) {
		struct mate_peer *p = mate->peers.at[i];

		mate_say_rd(p);
		if (mate->manners.calls_while_dying && p->recv != MATE_RECV_DOWN)
			mate_recv_call(p);
	}
	mate_crash(mate);
}

void mate_freeze(struct mate *mate)
{
	mate->is_frozen = mate->is_on;
}

void mate_thaw(struct mate *mate)
{
	if (mate->is_frozen)
		mate->came = mate->script->world->now;
	mate->is_frozen = false;
}

void mate_say_rd(struct mate_peer *p)
{
	const struct manners *m = &p->mate->manners;
	uint8_t body[2];
	struct wr w = wr_over(body, sizeof body);

	aurp_encode_rd(&w, AURP_ERR_NORMAL_CLOSE);
	if ((m->says_rd & RD_OF_RECEIVER) && p->recv > MATE_RECV_OPENING)
		mate_transmit(p, &(struct aurp){ .connection = p->recv_id, .msg = AURP_RD },
			body, sizeof body);
	if ((m->says_rd & RD_OF_SENDER) && p->send != MATE_SEND_DOWN)
		mate_transmit(p, &(struct aurp){ .connection = p->send_id,
			.sequence = p->sequence, .msg = AURP_RD }, body, sizeof body);
}

void mate_close(struct mate_peer *p)
{
	mate_recv_close(p);
	mate_send_close(p);
}

void mate_set_net(struct mate *mate, size_t net, bool is_gone)
{
	mate->nets[net].is_gone = is_gone;
}

void world_free_mates(struct world *w)
{
	for (size_t i = 0; i < w->mates.n; i++) {
		struct mate *mate = world_mate(w, i);

		mate_crash(mate);
		for (size_t k = 0; k < mate->peers.n; k++)
			free(mate->peers.at[k]);
		for (size_t k = 0; k < mate->n_nets; k++)
			free(mate->nets[k].config.zones);
		free(mate->peers.at);
		free(mate);
	}
	free(w->mates.at);
}
