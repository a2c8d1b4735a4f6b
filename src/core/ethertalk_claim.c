/*
 * Our own address on an EtherTalk cable: chosen, probed for, answered for and
 * defended (Inside AppleTalk ch. 2 "Dynamic protocol address assignment", ch. 3
 * "AARP specifics", ch. 4 "Extended network node address acquisition").
 * port_seed.c starts a claim through ops->claim and hears of its end through
 * port_claimed(); port_ethertalk.c hands in every AARP packet.
 */
#include "ethertalk.h"
#include "router_state.h"

static const struct mac no_hardware = { { 0 } };

static struct ethertalk *owner(struct timer *t)
{
	return container_of(t, struct ethertalk, probe_timer);
}

static void trace(struct port *port, enum trace_kind kind, struct mac mac)
{
	env_trace(port->env, &(struct trace_event){
		.kind = kind, .port = port->config.name, .addr = port->addr, .mac = mac });
}

static bool is_allowed(struct at_range range, struct at_addr a)
{
	if (a.node < 1 || a.node > AT_NODE_EXTENDED_LAST)
		return false;
	if (range.first == 0)
		return at_net_is_startup(a.net) || at_net_is_routable(a.net);
	return at_range_has(range, a.net);
}

/* Any address of the range; one we know to be in use only if luck fails often. */
static struct at_addr choose(struct ethertalk *e)
{
	struct env *env = e->port->env;
	struct at_addr rejected = e->port->addr, a;
	uint16_t first = e->range.first ? e->range.first : AT_NET_STARTUP_FIRST;
	uint16_t last = e->range.first ? e->range.last : AT_NET_STARTUP_LAST;
	unsigned tries = 0;

	do {
		a.net = (uint16_t)prng_range(&env->prng, first, last);
		a.node = (uint8_t)prng_range(&env->prng, 1, AT_NODE_EXTENDED_LAST);
	} while (++tries < 64 && (at_addr_eq(a, rejected) || aarp_find(&e->nodes, a, env->now)));
	return a;
}

static void send_probe(struct ethertalk *e)
{
	ethertalk_send_aarp(e->port, ELAP_BROADCAST, (struct aarp){ .function = AARP_PROBE,
		.src_addr = e->port->addr, .dst_hw = no_hardware, .dst_addr = e->port->addr });
	e->probes++;
	env_arm(e->port->env, &e->probe_timer, span_ms(AARP_PROBE_INTERVAL_MS));
}

static void start(struct ethertalk *e, struct at_addr candidate)
{
	e->claim = CLAIM_PROBING;
	e->probes = 0;
	e->port->addr = candidate;
	trace(e->port, TRACE_PORT_PROBING, no_hardware);
	send_probe(e);
}

static void on_probe_timer(struct timer *t)
{
	struct ethertalk *e = owner(t);

	if (e->probes < AARP_PROBES) {
		send_probe(e);
		return;
	}
	e->claim = CLAIM_DONE;
	/* The first defence need not wait. */
	e->defended = instant_add(e->port->env->now, span_s(-1));
	port_claimed(e->port);
}

void ethertalk_claim_init(struct ethertalk *e)
{
	timer_init(&e->probe_timer, on_probe_timer);
}

void ethertalk_claim(struct port *port, struct at_range range, struct at_addr wish)
{
	struct ethertalk *e = ethertalk_of(port);

	e->range = range;
	start(e, is_allowed(range, wish) ? wish : choose(e));
}

void ethertalk_unclaim(struct ethertalk *e)
{
	env_disarm(e->port->env, &e->probe_timer);
	e->claim = CLAIM_NONE;
	e->port->addr = (struct at_addr){ 0, 0 };
}

static void respond(struct ethertalk *e, struct mac to_hw, struct at_addr to)
{
	ethertalk_send_aarp(e->port, to_hw, (struct aarp){ .function = AARP_RESPONSE,
		.src_addr = e->port->addr, .dst_hw = to_hw, .dst_addr = to });
}

/*
 * Another node says it has our address (E28): it is told, at most once a second,
 * as it may be as stubborn as we are.
 */
static void defend(struct ethertalk *e, const struct aarp *a)
{
	struct instant now = e->port->env->now;

	if (span_cmp(instant_since(now, e->defended), span_s(1)) < 0)
		return;
	e->defended = now;
	trace(e->port, TRACE_PORT_ADDRESS_STOLEN, a->src_hw);
	respond(e, a->src_hw, a->src_addr);
}

void ethertalk_claim_input(struct ethertalk *e, const struct aarp *a)
{
	struct at_addr own = e->port->addr;
	struct at_addr claimed = a->function == AARP_PROBE ? a->dst_addr : a->src_addr;

	if (e->claim == CLAIM_NONE || mac_eq(a->src_hw, e->port->mac))
		return;
	if (e->claim == CLAIM_PROBING) {
		/* Whoever calls himself so has it, or probes for it as we do (E11, E12). */
		if (at_addr_eq(claimed, own)) {
			trace(e->port, TRACE_PORT_ADDRESS_TAKEN, a->src_hw);
			start(e, choose(e));
		}
		return;
	}
	if (a->function != AARP_PROBE && at_addr_eq(claimed, own))
		defend(e, a);
	else if (a->function != AARP_RESPONSE && at_addr_eq(a->dst_addr, own))
		respond(e, a->src_hw, a->src_addr);
}
