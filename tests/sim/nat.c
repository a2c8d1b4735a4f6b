/*
 * Translators (nat.h), as Linux and carriers do it: source ports kept or changed,
 * filters by address and port, forwarded ports, forgetting. mesh.c sends every
 * packet through here; a jack without a translator passes untouched.
 */
#include "nat.h"

#include <stdlib.h>

#include "alloc.h"
#include "world.h"

enum { FORGETS_S = 60, PORT_FIRST = 20000, PORT_LAST = 60000, PRIVATE_IP = 0x0A000002 };

/* --- life ------------------------------------------------------------------------------ */

/* Nobody in the table of addresses: it is no jack's. */
static uint32_t take_address(struct world *w)
{
	things_add(&w->addresses, NULL);
	return WORLD_FIRST_IP + (uint32_t)w->addresses.n - 1;
}

struct nat *mesh_add_nat(struct mesh *m)
{
	struct nat *n = world_alloc(1, sizeof(*n));

	n->mesh = m;
	n->index = m->world->nats.n;
	n->ip = n->listed = take_address(m->world);
	n->forgets = span_s(FORGETS_S);
	things_add(&m->world->nats, n);
	return n;
}

void world_free_nats(struct world *w)
{
	for (size_t i = 0; i < w->nats.n; i++) {
		struct nat *n = w->nats.at[i];

		free(n->flows);
		free(n->forwards);
		free(n);
	}
	free(w->nats.at);
}

void jack_put_behind(struct jack *j, struct nat *n)
{
	j->nat = n;
}

void nat_put_behind(struct nat *n, struct nat *outer)
{
	n->outer = outer;
}

void nat_forward(struct nat *n, uint16_t port, const struct jack *to)
{
	n->forwards = mem_grow(n->forwards, n->n_forwards, &n->cap_forwards,
		sizeof(*n->forwards));
	n->forwards[n->n_forwards++] = (struct nat_forward){ port, to };
}

void nat_forget(struct nat *n)
{
	n->n_flows = 0;
}

void nat_move(struct nat *n)
{
	n->ip = take_address(n->mesh->world);
	nat_forget(n);
}

/* --- flows ----------------------------------------------------------------------------- */

static bool is_fresh(const struct nat *n, const struct nat_flow *f)
{
	return span_cmp(instant_since(n->mesh->world->now, f->used), n->forgets) < 0;
}

static void drop_old(struct nat *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n->n_flows; i++)
		if (is_fresh(n, &n->flows[i]))
			n->flows[kept++] = n->flows[i];
	n->n_flows = kept;
}

static const struct nat_forward *forward_at(const struct nat *n, uint16_t port)
{
	for (size_t i = 0; i < n->n_forwards; i++)
		if (n->forwards[i].port == port)
			return &n->forwards[i];
	return NULL;
}

/* Is the outside port somebody else's? */
static bool is_taken(const struct nat *n, uint16_t port, struct endpoint inside)
{
	const struct nat_forward *forward = forward_at(n, port);

	if (forward && !endpoint_eq(forward->to->addr, inside))
		return true;
	for (size_t i = 0; i < n->n_flows; i++)
		if (n->flows[i].port == port && !endpoint_eq(n->flows[i].inside, inside))
			return true;
	return false;
}

static uint16_t choose_port(struct nat *n, struct endpoint inside)
{
	uint16_t port;

	if (n->keeps_port && !is_taken(n, inside.port, inside))
		return inside.port;
	for (size_t i = 0; !n->is_symmetric && i < n->n_flows; i++)
		if (endpoint_eq(n->flows[i].inside, inside) && !forward_at(n, n->flows[i].port))
			return n->flows[i].port;
	do
		port = (uint16_t)prng_range(&n->mesh->world->prng, PORT_FIRST, PORT_LAST);
	while (is_taken(n, port, inside));
	return port;
}

static struct nat_flow *add_flow(struct nat *n, struct endpoint inside, struct endpoint far,
	uint16_t port)
{
	n->flows = mem_grow(n->flows, n->n_flows, &n->cap_flows, sizeof(*n->flows));
	n->flows[n->n_flows] = (struct nat_flow){ inside, far, port, n->mesh->world->now };
	return &n->flows[n->n_flows++];
}

static struct nat_flow *flow_out(struct nat *n, struct endpoint inside, struct endpoint far)
{
	drop_old(n);
	for (size_t i = 0; i < n->n_flows; i++)
		if (endpoint_eq(n->flows[i].inside, inside) && endpoint_eq(n->flows[i].far, far))
			return &n->flows[i];
	return add_flow(n, inside, far, choose_port(n, inside));
}

/* --- the way out ----------------------------------------------------------------------- */

static struct nat *nat_at(const struct world *w, uint32_t ip)
{
	for (size_t i = 0; i < w->nats.n; i++)
		if (((struct nat *)w->nats.at[i])->ip == ip)
			return w->nats.at[i];
	return NULL;
}

/* Is this an address directly inside the translator? */
static bool has_inside(struct world *w, const struct nat *n, uint32_t ip)
{
	const struct jack *j = world_find_jack(w, ip);
	const struct nat *inner = j ? NULL : nat_at(w, ip);

	return j ? j->nat == n : inner && inner->outer == n;
}

bool nat_out(const struct jack *from, struct endpoint to, struct endpoint *src,
	struct nat **where)
{
	struct nat *n = from->nat;

	while (n && !has_inside(n->mesh->world, n, to.ip)) {
		struct nat_flow *f;

		if (n->is_off)
			return false;
		f = flow_out(n, *src, to);
		f->used = n->mesh->world->now;
		*src = (struct endpoint){ n->ip, f->port };
		n = n->outer;
	}
	*where = n;
	return true;
}

/* --- the way in ------------------------------------------------------------------------ */

/* Whose the outside port is, for a packet from there. False: nobody's. */
static bool find_inside(struct nat *n, struct endpoint src, uint16_t port, bool is_real,
	struct endpoint *inside)
{
	const struct nat_forward *forward = forward_at(n, port);

	for (size_t i = 0; i < n->n_flows; i++) {
		struct nat_flow *f = &n->flows[i];

		if (f->port != port || !endpoint_eq(f->far, src) || !is_fresh(n, f))
			continue;
		if (is_real)
			f->used = n->mesh->world->now;
		*inside = f->inside;
		return true;
	}
	if (!forward)
		return false;
	*inside = forward->to->addr;
	/* Answers go out by the port that was called. */
	if (is_real)
		(void)add_flow(n, *inside, src, port);
	return true;
}

static bool listens_at(const struct jack *j, uint16_t port)
{
	return j->addr.port == port || (j->nat_port != 0 && j->nat_port == port);
}

struct jack *nat_in(struct mesh *m, struct nat *where, struct endpoint src, struct endpoint to,
	bool is_real)
{
	struct jack *j = world_find_jack(m->world, to.ip);

	while (!j) {
		struct nat *n = nat_at(m->world, to.ip);

		if (!n || n->outer != where || n->is_off ||
			!find_inside(n, src, to.port, is_real, &to))
			return NULL;
		where = n;
		j = world_find_jack(m->world, to.ip);
	}
	/* An address belongs to one mesh: tunnels do not mix. */
	return j->nat == where && j->mesh == m && listens_at(j, to.port) ? j : NULL;
}

/* --- where others find a jack ---------------------------------------------------------- */

static const struct nat *outermost(const struct nat *n)
{
	while (n->outer)
		n = n->outer;
	return n;
}

/* The port that is forwarded to it; 0: none. */
static uint16_t forwarded_port(const struct jack *j)
{
	for (size_t i = 0; !j->nat->outer && i < j->nat->n_forwards; i++)
		if (j->nat->forwards[i].to == j)
			return j->nat->forwards[i].port;
	return 0;
}

static uint16_t port_of(const struct jack *j)
{
	uint16_t port = forwarded_port(j);

	return port ? port : AURP_PORT;
}

struct endpoint jack_listed(const struct jack *j, const struct jack *by)
{
	if (!j->nat)
		return (struct endpoint){ j->listed, j->addr.port };
	if (by->nat == j->nat)
		return j->addr;
	return (struct endpoint){ outermost(j->nat)->listed, port_of(j) };
}

struct endpoint jack_place(const struct jack *j, const struct jack *by)
{
	if (!j->nat || by->nat == j->nat)
		return j->addr;
	return (struct endpoint){ outermost(j->nat)->ip, port_of(j) };
}

struct jack *nat_owner(const struct world *w, struct endpoint place)
{
	struct jack *j = place.ip - WORLD_FIRST_IP < w->addresses.n ?
		w->addresses.at[place.ip - WORLD_FIRST_IP] : NULL;
	const struct nat *n = nat_at(w, place.ip);
	const struct nat_forward *forward = n ? forward_at(n, place.port) : NULL;

	if (j || !n)
		return j;
	for (size_t i = 0; i < n->n_flows; i++)
		if (n->flows[i].port == place.port)
			return nat_owner(w, n->flows[i].inside);
	return forward ? nat_owner(w, forward->to->addr) : NULL;
}

uint32_t jack_leaves_from(const struct jack *j)
{
	return j->nat ? PRIVATE_IP + (uint32_t)j->nat->index : j->addr.ip;
}

bool jack_can_be_called(const struct jack *j, const struct jack *by)
{
	return !j->nat || j->nat == by->nat || forwarded_port(j) != 0;
}

bool jack_hears_at_387(const struct jack *j, const struct jack *by)
{
	bool keeps = true;

	if (!j->nat || (by && j->nat == by->nat))
		return true;
	for (const struct nat *n = j->nat; n; n = n->outer)
		keeps &= n->keeps_port;
	return forwarded_port(j) == AURP_PORT || (keeps && forwarded_port(j) == 0);
}

bool jack_calls_from_elsewhere(const struct jack *j)
{
	uint16_t port = j->nat ? forwarded_port(j) : 0;

	return port != 0 && (port != j->addr.port || !j->nat->keeps_port);
}

bool jack_has_way_out(const struct jack *j)
{
	for (const struct nat *n = j->nat; n; n = n->outer)
		if (n->is_off)
			return false;
	return true;
}

bool jack_shares_address(const struct jack *j)
{
	for (size_t i = 0; j->nat && i < j->mesh->jacks.n; i++) {
		const struct jack *other = j->mesh->jacks.at[i];

		if (other != j && other->nat == j->nat)
			return true;
	}
	return false;
}
