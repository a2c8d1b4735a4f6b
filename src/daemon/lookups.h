/* Where the configured peers are. */
#ifndef AURPD_LOOKUPS_H
#define AURPD_LOOKUPS_H

#include <stddef.h>

#include "aurpd/config.h"
#include "hunt.h"
#include "shell.h"
#include "tunnels.h"

struct peer_lookup;

struct lookups {
	struct shell *shell;
	struct tunnels *tunnels;
	struct hunts hunts;
	struct loop_timer *hunting;
	struct instant looking_since;	/* for the peer whose packet ICMP sent back */
	int looks;
	struct instant report_due;	/* when it is looked what is still wrong */
	struct peer_lookup **v;
	size_t n, cap;
};

/* Also takes the tunnels' hooks: says which configured peer cannot be reached. */
void lookups_init(struct lookups *ls, struct shell *shell, struct tunnels *tunnels);
void lookups_fini(struct lookups *ls);

/* Starts to look up the host of a peer that the router knows, and goes on until lookups_close(). */
void lookups_open(struct lookups *ls, const char *tunnel, const struct config_peer *peer);
void lookups_close(struct lookups *ls, const char *tunnel, const char *peer);

/* The same peer has another host, or what else a look-up depends on. */
void lookups_reopen(struct lookups *ls, const char *tunnel, const struct config_peer *peer);

/* Our own addresses changed, or the tunnels: what is ourselves in a list may be another now. */
void lookups_check(struct lookups *ls);

/* What the router says; a peer that is lost is looked for. It is not called back from here. */
void lookups_hear(struct lookups *ls, const struct trace_event *e);

/* Says what is still wrong with the hosts of peers, ever more rarely. */
void lookups_report(struct lookups *ls, struct instant now);

/* What is wrong with the hosts of peers: at most `max` of them; their number. */
size_t lookups_troubles(const struct lookups *ls, struct dump_name *out, size_t max);

#endif
