/*
 * The difference of two configurations as far as the shell's things go: which
 * devices and sockets stay open, which names must be looked up anew. Identity
 * is by name. Pure; app.c acts on it around router_apply(), which makes its own
 * difference for everything inside the router.
 */
#include "reload.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

const struct config_port *config_find_port(const struct config *c, const char *name)
{
	for (size_t i = 0; c && i < c->n_ports; i++)
		if (strcmp(c->ports[i].name, name) == 0)
			return &c->ports[i];
	return NULL;
}

const struct config_tunnel *config_find_tunnel(const struct config *c, const char *name)
{
	for (size_t i = 0; c && i < c->n_tunnels; i++)
		if (strcmp(c->tunnels[i].name, name) == 0)
			return &c->tunnels[i];
	return NULL;
}

const struct config_peer *config_find_peer(const struct config_tunnel *t, const char *name)
{
	for (size_t i = 0; t && i < t->n_peers; i++)
		if (strcmp(t->peers[i].name, name) == 0)
			return &t->peers[i];
	return NULL;
}

static bool is_same_device(const struct config_port *a, const struct config_port *b)
{
	return a->kind == b->kind && a->is_tap == b->is_tap && strcmp(a->device, b->device) == 0 &&
		a->all_multicast == b->all_multicast &&
		a->has_hardware_address == b->has_hardware_address &&
		(!a->has_hardware_address || mac_eq(a->hardware_address, b->hardware_address));
}

static bool is_same_socket(const struct config *old, const struct config_tunnel *a,
	const struct config *new_, const struct config_tunnel *b)
{
	return endpoint_eq(a->listen, b->listen) && strcmp(a->device, b->device) == 0 &&
		old->public_address_auto == new_->public_address_auto &&
		(old->public_address_auto || old->public_address == new_->public_address);
}

/* All that its look-up depends on: whose call it may be, too. */
static bool is_same_host(const struct config_peer *a, const struct config_peer *b)
{
	return strcmp(a->host, b->host) == 0 && a->port == b->port &&
		a->domain_identifier == b->domain_identifier;
}

static enum reload_action compare(const void *old, const void *new_, bool is_same)
{
	if (!new_)
		return RELOAD_CLOSE;
	if (!old)
		return RELOAD_OPEN;
	return is_same ? RELOAD_KEEP : RELOAD_REOPEN;
}

static void add(
	struct reload_list *l, const char *name, const char *tunnel, enum reload_action action)
{
	l->items[l->n++] = (struct reload_item){ name, tunnel, action };
}

static size_t count_peers(const struct config *c)
{
	size_t n = 0;

	for (size_t i = 0; c && i < c->n_tunnels; i++)
		n += c->tunnels[i].n_peers;
	return n;
}

static void plan_ports(struct reload_list *l, const struct config *old, const struct config *new_)
{
	l->items = xmem_new((old ? old->n_ports : 0) + new_->n_ports, sizeof *l->items);
	for (size_t i = 0; old && i < old->n_ports; i++)
		if (!config_find_port(new_, old->ports[i].name))
			add(l, old->ports[i].name, NULL, RELOAD_CLOSE);
	for (size_t i = 0; i < new_->n_ports; i++) {
		const struct config_port *b = &new_->ports[i], *a = config_find_port(old, b->name);

		add(l, b->name, NULL, compare(a, b, a && is_same_device(a, b)));
	}
}

static void plan_peers(
	struct reload_list *l, const struct config_tunnel *a, const struct config_tunnel *b)
{
	for (size_t i = 0; a && i < a->n_peers; i++)
		if (!config_find_peer(b, a->peers[i].name))
			add(l, a->peers[i].name, a->name, RELOAD_CLOSE);
	for (size_t i = 0; b && i < b->n_peers; i++) {
		const struct config_peer *q = &b->peers[i], *p = config_find_peer(a, q->name);

		add(l, q->name, b->name, compare(p, q, p && is_same_host(p, q)));
	}
}

static void plan_tunnels(
	struct reload_plan *plan, const struct config *old, const struct config *new_)
{
	struct reload_list *l = &plan->tunnels;

	l->items = xmem_new((old ? old->n_tunnels : 0) + new_->n_tunnels, sizeof *l->items);
	plan->peers.items =
		xmem_new(count_peers(old) + count_peers(new_), sizeof *plan->peers.items);
	for (size_t i = 0; old && i < old->n_tunnels; i++) {
		if (config_find_tunnel(new_, old->tunnels[i].name))
			continue;
		add(l, old->tunnels[i].name, NULL, RELOAD_CLOSE);
		plan_peers(&plan->peers, &old->tunnels[i], NULL);
	}
	for (size_t i = 0; i < new_->n_tunnels; i++) {
		const struct config_tunnel *b = &new_->tunnels[i],
					   *a = config_find_tunnel(old, b->name);

		add(l, b->name, NULL, compare(a, b, a && is_same_socket(old, a, new_, b)));
		plan_peers(&plan->peers, a, b);
	}
}

void reload_plan_init(struct reload_plan *plan, const struct config *old, const struct config *new_)
{
	*plan = (struct reload_plan){ 0 };
	plan_ports(&plan->ports, old, new_);
	plan_tunnels(plan, old, new_);
}

void reload_plan_fini(struct reload_plan *plan)
{
	free(plan->ports.items);
	free(plan->tunnels.items);
	free(plan->peers.items);
	*plan = (struct reload_plan){ 0 };
}
