/*
 * One lookup (os/resolve.h) per configured peer; what it finds goes to the
 * router. app.c opens and closes them by the reload plan.
 */
#include "lookups.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "resolve.h"
#include "xmem.h"

struct peer_lookup {
	struct lookups *all;
	char tunnel[CONFIG_NAME_MAX + 1];
	struct config_peer peer;
	struct lookup *lookup;
	bool has_failed;
};

static void on_resolved(void *ctx, const uint32_t *ip, size_t n)
{
	struct peer_lookup *p = ctx;
	struct shell *shell = p->all->shell;
	struct tunnel *tunnel = router_find_tunnel(shell->router, p->tunnel);
	struct endpoint to[RESOLVE_ADDRESSES_MAX];

	if (p->has_failed)
		log_printf(&shell->log, LOG_LEVEL_INFO, "peer %s: %s has an address now",
			p->peer.name, p->peer.host);
	p->has_failed = false;
	for (size_t i = 0; i < n; i++)
		to[i] = (struct endpoint){ ip[i], p->peer.port };
	if (tunnel)
		router_peer_addresses(shell->router, clock_now(), tunnel, p->peer.name, to, n);
	tunnels_note_peer(p->all->tunnels, p->tunnel, ip[0]);
}

static void on_failed(void *ctx, const char *why)
{
	struct peer_lookup *p = ctx;

	p->has_failed = true;
	log_printf(&p->all->shell->log, LOG_LEVEL_WARNING,
		"peer %s: no address for %s: %s; trying again "
		"(see: getent ahostsv4 %s)",
		p->peer.name, p->peer.host, why, p->peer.host);
}

void lookups_init(struct lookups *ls, struct shell *shell, struct tunnels *tunnels)
{
	*ls = (struct lookups){ .shell = shell, .tunnels = tunnels };
}

static void close_at(struct lookups *ls, size_t i)
{
	lookup_free(ls->v[i]->lookup);
	free(ls->v[i]);
	ls->v[i] = ls->v[--ls->n];
}

void lookups_fini(struct lookups *ls)
{
	while (ls->n > 0)
		close_at(ls, ls->n - 1);
	free(ls->v);
	ls->v = NULL;
}

void lookups_open(struct lookups *ls, const char *tunnel, const struct config_peer *peer)
{
	struct peer_lookup *p = xmem_new(1, sizeof *p);
	const struct lookup_hooks hooks = { p, on_resolved, on_failed };

	p->all = ls;
	memcpy(p->tunnel, tunnel, strlen(tunnel) + 1);
	p->peer = *peer;
	ls->v = xmem_grow(ls->v, ls->n, &ls->cap, sizeof *ls->v);
	ls->v[ls->n++] = p;
	p->lookup = lookup_new(ls->shell->resolver, peer->host, &hooks);
}

void lookups_close(struct lookups *ls, const char *tunnel, const char *peer)
{
	for (size_t i = 0; i < ls->n; i++) {
		if (strcmp(ls->v[i]->tunnel, tunnel) != 0 || strcmp(ls->v[i]->peer.name, peer) != 0)
			continue;
		close_at(ls, i);
		return;
	}
}
