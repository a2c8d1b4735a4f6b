/* Where the configured peers are. */
#ifndef AURPD_LOOKUPS_H
#define AURPD_LOOKUPS_H

#include <stddef.h>

#include "aurpd/config.h"
#include "shell.h"
#include "tunnels.h"

struct peer_lookup;

struct lookups {
	struct shell *shell;
	struct tunnels *tunnels;
	struct peer_lookup **v;
	size_t n, cap;
};

void lookups_init(struct lookups *ls, struct shell *shell, struct tunnels *tunnels);
void lookups_fini(struct lookups *ls);

/* Starts to look up the host of a peer that the router knows, and goes on until lookups_close(). */
void lookups_open(struct lookups *ls, const char *tunnel, const struct config_peer *peer);
void lookups_close(struct lookups *ls, const char *tunnel, const char *peer);

#endif
