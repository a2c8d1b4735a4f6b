/*
 * Our node on a LocalTalk network: chosen, asked for with ENQs, answered for
 * and kept (Inside AppleTalk ch. 1 "Dynamic node ID assignment", app. B). Nodes
 * are unique whatever the network number is, so that a node once claimed stays
 * ours when the number becomes known. port_seed.c starts a claim through
 * ops->claim and hears of its end through port_claimed().
 */
#include "localtalk.h"
#include "router_state.h"

static void trace(const struct localtalk *l, enum trace_kind kind)
{
	env_trace(l->port->env, &(struct trace_event){
		.kind = kind, .port = l->port->config.name, .addr = l->port->addr });
}

static void send_control(struct localtalk *l, enum llap_type type)
{
	const struct llap h = { .dst = l->node, .src = l->node, .type = type };

	localtalk_transmit(l->port, &h, NULL);
}

static void send_enq(struct localtalk *l)
{
	send_control(l, LLAP_ENQ);
	l->enqs++;
	env_arm(l->port->env, &l->timer, span_ms(LLAP_ENQ_INTERVAL_MS));
}

static uint8_t below(uint8_t node)
{
	return node > LLAP_NODE_FIRST ? (uint8_t)(node - 1) : LLAP_NODE_LAST;
}

/* From the last server node down through the user nodes, and round again (L01). */
static uint8_t next_candidate(struct localtalk *l)
{
	uint8_t node = l->candidate;

	if (node == l->node)
		node = below(node);
	l->candidate = below(node);
	return node;
}

static void claim_node(struct localtalk *l, uint8_t node)
{
	l->state = NODE_CLAIMING;
	l->node = node;
	l->enqs = 0;
	l->port->addr.node = node;
	trace(l, TRACE_PORT_PROBING);
}

static void on_claim_timer(struct timer *t)
{
	struct localtalk *l = container_of(t, struct localtalk, timer);
	struct port *port = l->port;

	if (l->enqs < LLAP_ENQS) {
		send_enq(l);
		return;
	}
	l->state = NODE_OURS;
	port->r->io.set_node(port->r->io.ctx, port->link, l->node);
	port_claimed(port);
}

void localtalk_claim_init(struct localtalk *l)
{
	timer_init(&l->timer, on_claim_timer);
}

void localtalk_claim(struct port *port, struct at_range range, struct at_addr wish)
{
	struct localtalk *l = localtalk_of(port);

	port->addr.net = range.first;
	if (l->state == NODE_OURS) {
		port_claimed(port);
		return;
	}
	/* What was lost is not taken again soon: who has it may not answer ENQs. */
	if (l->state != NODE_LOST)
		l->candidate = LLAP_NODE_LAST;
	claim_node(l, wish.node >= LLAP_NODE_FIRST && wish.node <= LLAP_NODE_LAST
			      ? wish.node : next_candidate(l));
	send_enq(l);
}

void localtalk_unclaim(struct localtalk *l)
{
	struct port *port = l->port;

	env_disarm(port->env, &l->timer);
	if (l->state == NODE_OURS && port->link)
		port->r->io.set_node(port->r->io.ctx, port->link, 0);
	l->state = NODE_NONE;
	l->node = 0;
	port->addr = (struct at_addr){ 0, 0 };
}

/*
 * The next one is asked for a little later: two routers that start together
 * would take the same steps for ever, and whoever answers every ENQ would make
 * us send as fast as he does.
 */
static void move_on(struct localtalk *l)
{
	struct env *env = l->port->env;

	trace(l, TRACE_PORT_NODE_TAKEN);
	claim_node(l, next_candidate(l));
	env_arm(env, &l->timer, span_ms(prng_range(&env->prng, 1, LLAP_ENQ_INTERVAL_MS)));
}

static void complain(struct localtalk *l)
{
	struct instant now = l->port->env->now;

	if (span_cmp(instant_since(now, l->complained), span_s(1)) < 0)
		return;
	l->complained = now;
	trace(l, TRACE_PORT_NODE_STOLEN);
}

/*
 * Nobody on LocalTalk can tell who of two has a node rightly, and neither hears what is meant
 * for him as long as both keep it. But whoever forges our packets must not keep us busy.
 */
void localtalk_clash(struct localtalk *l)
{
	struct port *port = l->port;

	if (instant_cmp(port->env->now, l->stays) < 0) {
		complain(l);
		return;
	}
	trace(l, TRACE_PORT_NODE_GIVEN_UP);
	l->stays = instant_add(port->env->now, span_s(LLAP_STAYS_S));
	l->state = NODE_LOST;
	port->r->io.set_node(port->r->io.ctx, port->link, 0);
	port_lost_address(port);
}

void localtalk_claim_input(struct localtalk *l, const struct llap *h)
{
	if (h->dst != l->node)
		port_drop(l->port, DROP_LLAP_IGNORED);
	else if (l->state == NODE_CLAIMING)
		move_on(l);
	else if (h->type == LLAP_ACK)
		localtalk_clash(l);
	else if (!l->has_adapter)
		send_control(l, LLAP_ACK);
}
