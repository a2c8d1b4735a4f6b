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

struct dump {
	struct router *router;
	const char *name;		/* of the router */
	const char *date;
	struct instant now, started;
	const struct dump_loss *losses;
	size_t n_losses;
};

void dump_write(FILE *out, const struct dump *d);

#endif
