/*
 * Our own NBP names, one on each port: `name:AppleRouter` in the port's default
 * zone, at the echo socket. Before a name is used the internet is asked whether
 * another node has it; then a number is put behind it (N17). port_seed.c starts
 * and ends this; svc_nbp.c hands in look-ups and replies. Inside AppleTalk ch. 7.
 */
#include <string.h>

#include "aurpd/macroman.h"
#include "nbp_name.h"
#include "router_state.h"
#include "services.h"

enum {
	ASK_TRIES = 3,
	ASK_INTERVAL_MS = 500,
	SUFFIX_MAX = 99,
};

static const struct at_name router_type = { 11, "AppleRouter" };

/* --- registering ----------------------------------------------------------------------- */

/* The router's name, or that name with -2 ... -99 behind it, cut so that it fits. */
static struct at_name object_name(const struct at_name *base, unsigned suffix)
{
	struct at_name n = *base;
	uint8_t tail[3] = { '-' };
	size_t len = 1;

	if (suffix == 0)
		return n;
	if (suffix >= 10)
		tail[len++] = (uint8_t)('0' + suffix / 10);
	tail[len++] = (uint8_t)('0' + suffix % 10);
	if (n.len + len > AT_ZONE_NAME_MAX)
		n.len = (uint8_t)(AT_ZONE_NAME_MAX - len);
	memcpy(n.byte + n.len, tail, len);
	n.len = (uint8_t)(n.len + len);
	return n;
}

static void ask(struct port *port)
{
	struct port_name *name = &port->name;
	struct nbp_tuple question = name->tuple;

	question.addr.socket = AT_SOCKET_NBP;
	name->asked++;
	env_arm(port->env, &name->timer, span_ms(ASK_INTERVAL_MS));
	(void)nbp_look_up(port->r, port, name->id, &question);
}

static void check(struct port *port, unsigned suffix)
{
	struct port_name *name = &port->name;

	name->state = NAME_CHECKING;
	name->asked = 0;
	name->suffix = suffix;
	name->id = (uint8_t)prng_range(&port->env->prng, 0, 255);
	name->tuple = (struct nbp_tuple){
		.addr = { port->addr.net, port->addr.node, AT_SOCKET_AEP },
		.enumerator = 1,
		.object = object_name(&port->r->nbp_name, suffix),
		.type = router_type,
		.zone = port->default_zone->name,
	};
	ask(port);
}

static void on_name_timer(struct timer *t)
{
	struct port *port = container_of(t, struct port, name.timer);

	if (port->name.asked < ASK_TRIES)
		ask(port);
	else
		port->name.state = NAME_REGISTERED;
}

void nbp_port_init(struct port *port)
{
	timer_init(&port->name.timer, on_name_timer);
}

void nbp_port_up(struct port *port)
{
	const struct at_name *base = &port->r->nbp_name;
	struct at_name current = object_name(base, port->name.suffix);

	if (port->name.state != NAME_NONE && current.len == port->name.tuple.object.len &&
	    memcmp(current.byte, port->name.tuple.object.byte, current.len) == 0)
		return;
	nbp_port_down(port);
	if (base->len > 0)
		check(port, 0);
}

void nbp_port_down(struct port *port)
{
	env_disarm(port->env, &port->name.timer);
	port->name.state = NAME_NONE;
	port->name.suffix = 0;
}

static bool is_ours(const struct router *r, struct at_sockaddr a)
{
	const struct list *it;

	list_for_each(it, &r->ports)
		if (port_has_address(container_of(it, const struct port, in_router),
			    (struct at_addr){ a.net, a.node }))
			return true;
	return false;
}

/* The port that asked with this ID whether the name is taken; NULL if none did. */
static struct port *port_that_asked(struct router *r, uint8_t id, const struct nbp_tuple *t)
{
	struct list *it;

	list_for_each(it, &r->ports) {
		struct port *port = container_of(it, struct port, in_router);
		const struct port_name *name = &port->name;

		if (name->state == NAME_CHECKING && name->id == id &&
		    name_eq(&name->tuple.object, &t->object) && name_eq(&router_type, &t->type))
			return port;
	}
	return NULL;
}

bool nbp_name_heard(struct router *r, const struct nbp *h, struct rd tuples)
{
	struct nbp_tuple t;

	for (unsigned i = 0; i < h->count && nbp_decode_tuple(&tuples, &t); i++) {
		struct port *port = port_that_asked(r, h->id, &t);

		if (!port || is_ours(r, t.addr))
			continue;
		if (port->name.suffix < SUFFIX_MAX)
			check(port, port->name.suffix ? port->name.suffix + 1 : 2);
		else
			nbp_port_down(port);
		return true;
	}
	return false;
}

/* --- answering ------------------------------------------------------------------------- */

static bool fits(const struct port *port, const struct nbp_tuple *t)
{
	const struct nbp_tuple *own = &port->name.tuple;

	if (port->name.state != NAME_REGISTERED)
		return false;
	/* A network with one zone hears no other zone's look-ups (N19). */
	if (port->ops->is_extended && !nbp_zone_is_own(&t->zone) && !name_eq(&t->zone, &own->zone))
		return false;
	return nbp_matches(&t->object, &own->object) && nbp_matches(&t->type, &own->type);
}

void nbp_answer(struct port *port, struct port *asker, uint8_t id, const struct nbp_tuple *t)
{
	const struct own_datagram d = {
		.src = { 0, 0, AT_SOCKET_NBP },
		.dst = t->addr,
		.type = DDP_NBP,
		.via = asker,
	};
	const struct nbp h = { .function = NBP_LKUP_REPLY, .count = 1, .id = id };
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	if (!fits(port, t) || is_ours(port->r, t->addr))
		return;
	nbp_encode(&w, &h);
	nbp_encode_tuple(&w, &port->name.tuple);
	p->len = wr_len(&w);
	forward_originate(port->r, &d, p);
}
