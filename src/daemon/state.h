/* What survives a restart: the last address of each port (conformance E26). */
#ifndef AURPD_STATE_H
#define AURPD_STATE_H

#include <stdbool.h>
#include <stddef.h>

#include "aurpd/config.h"

struct state_port {
	char name[CONFIG_NAME_MAX + 1];
	struct at_addr addr;
};

enum { STATE_OTHERS_MAX = 16384 };

struct state {
	struct state_port *ports;
	size_t n, cap;
	char *others;			/* lines that we do not know: another version may */
	size_t others_len;
	bool is_dirty;			/* differs from the file */
};

/* Adds what the file says; false with errno if it cannot be read. Odd lines are kept. */
bool state_load(struct state *s, const char *path);

/* Replaces the file; false with errno. */
bool state_save(struct state *s, const char *path);

void state_set(struct state *s, const char *port, struct at_addr addr);
void state_fini(struct state *s);

/* Gives each port without a configured address its last one, where its range allows. */
void state_apply(const struct state *s, struct config *c);

#endif
