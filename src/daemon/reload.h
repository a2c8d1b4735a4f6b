/* What a new configuration means for the devices, sockets and lookups that are open. */
#ifndef AURPD_RELOAD_H
#define AURPD_RELOAD_H

#include <stddef.h>

#include "aurpd/config.h"

enum reload_action { RELOAD_KEEP, RELOAD_OPEN, RELOAD_CLOSE, RELOAD_REOPEN };

struct reload_item {
	const char *name;		/* of the port, tunnel or peer */
	const char *tunnel;		/* of the peer; otherwise NULL */
	enum reload_action action;
};

/* The names point into the two configurations. */
struct reload_list {
	struct reload_item *items;
	size_t n;
};

struct reload_plan {
	struct reload_list ports;	/* their devices */
	struct reload_list tunnels;	/* their sockets */
	struct reload_list peers;	/* the lookups of their hosts */
};

/*
 * The difference between two configurations; `old` may be NULL. Close first
 * everything that is to be closed or reopened: two ports may have changed
 * places. Free with reload_plan_fini().
 */
void reload_plan_init(
	struct reload_plan *plan, const struct config *old, const struct config *new_);
void reload_plan_fini(struct reload_plan *plan);

const struct config_port *config_find_port(const struct config *c, const char *name);
const struct config_tunnel *config_find_tunnel(const struct config *c, const char *name);
const struct config_peer *config_find_peer(const struct config_tunnel *t, const char *name);

#endif
