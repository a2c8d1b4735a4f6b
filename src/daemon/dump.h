/* The dump: everything a person may want to know, as text (SIGUSR1). aurpd(8) explains it. */
#ifndef AURPD_DUMP_H
#define AURPD_DUMP_H

#include <stdint.h>
#include <stdio.h>

#include "aurpd/router.h"

/* Packets that the shell lost, by port or tunnel. */
struct dump_loss {
	const char *owner;
	enum drop_reason reason;
	uint64_t count;
};

/* A peer whose host is of no use, or doubtful. */
struct dump_name {
	const char *peer, *tunnel, *host, *trouble;
};

struct dump {
	struct router *router;
	const char *name;		/* of the router */
	const char *date;
	struct instant now, started;
	const struct dump_loss *losses;
	size_t n_losses;
	const struct dump_name *names;
	size_t n_names;
};

void dump_write(FILE *out, const struct dump *d);

#endif
