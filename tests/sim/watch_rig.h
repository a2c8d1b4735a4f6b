/* The small world of the tests of the watchers. */
#ifndef AURPD_SIM_WATCH_RIG_H
#define AURPD_SIM_WATCH_RIG_H

#include "world.h"

/* Two sites, each with a cable and an end node, at rest; their networks are 100 and 200. */
struct world *pair(void);

/* Exactly this was reported, `n` times; then it is forgotten. */
void assert_reported(struct world *w, size_t n, const char *what);

/* Frees the world and looks for what it left. */
void end(struct world *w);

#endif
