/* The sockets of the tunnels. */
#ifndef AURPD_TUNNELS_H
#define AURPD_TUNNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "aurpd/config.h"
#include "dump.h"
#include "shell.h"

struct tunnel_socket;

struct tunnels {
	struct shell *shell;
	struct tunnel_socket **v;
	size_t n, cap;
};

void tunnels_init(struct tunnels *ts, struct shell *shell);

/* Closes everything and tells the router, which must still know the tunnels. */
void tunnels_fini(struct tunnels *ts);

/*
 * Opens the socket of a tunnel the router knows, with the domain identifier
 * that `config` gives it. What does not work yet is said once and tried again.
 */
void tunnels_open(
	struct tunnels *ts, const struct config *config, const struct config_tunnel *tunnel);

/* Closes the socket of a tunnel the router still knows. */
void tunnels_close(struct tunnels *ts, const char *name);

/* A peer of this tunnel is at `ip`: a way to find the address that packets leave from. */
void tunnels_note_peer(struct tunnels *ts, const char *name, uint32_t ip);

/* IPv4 addresses of this machine changed. */
void tunnels_check(struct tunnels *ts);

/* A port could not be opened for lack of permission; the tunnel's name, or NULL. */
const char *tunnels_denied(const struct tunnels *ts);

void tunnels_flush(struct tunnels *ts);

/* Says what got lost since it was said last; at most once a minute of each tunnel. */
void tunnels_report(struct tunnels *ts, struct instant now);

size_t tunnels_losses(const struct tunnels *ts, struct dump_loss *out, size_t max);

#endif
