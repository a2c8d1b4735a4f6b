/* The sockets of the tunnels. */
#ifndef AURPD_TUNNELS_H
#define AURPD_TUNNELS_H

#include <stdbool.h>
#include <stddef.h>

#include "aurpd/config.h"
#include "dump.h"
#include "own_addresses.h"
#include "shell.h"
#include "udp.h"

struct tunnel_socket;

/* An IP router says that a packet of this tunnel could not be delivered. Anybody can forge that. */
struct tunnels_hooks {
	void *ctx;
	void (*unreachable)(void *ctx, const char *tunnel, const struct unreachable *u);
};

struct tunnels {
	struct shell *shell;
	struct tunnels_hooks hooks;
	struct own_addresses own;
	struct tunnel_socket **v;
	size_t n, cap;
};

/* Whoever wants to hear of what cannot be delivered sets the hooks before the first tunnel. */
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

/* IPv4 addresses or routes of this machine changed. */
void tunnels_check(struct tunnels *ts);

/*
 * Is this place ourselves? OWN_SOCKET: a tunnel's socket hears what is sent there. OWN_PUBLIC: it
 * has our public-address, which another router behind the same address translator has, too.
 */
enum own_place { OWN_NOT, OWN_PUBLIC, OWN_SOCKET };

enum own_place tunnels_own_place(const struct tunnels *ts, struct endpoint to);

/* A port could not be opened for lack of permission; the tunnel's name, or NULL. */
const char *tunnels_denied(const struct tunnels *ts);

void tunnels_flush(struct tunnels *ts);

/* Says what got lost since it was said last; at most once a minute of each tunnel. */
void tunnels_report(struct tunnels *ts, struct instant now);

size_t tunnels_losses(const struct tunnels *ts, struct dump_loss *out, size_t max);

#endif
