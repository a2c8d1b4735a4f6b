/* The memory of the invariants: shared by the files of the watch alone. */
#ifndef AURPD_SIM_WATCH_STATE_H
#define AURPD_SIM_WATCH_STATE_H

#include "world.h"

struct watch {
	struct violation violations[VIOLATIONS_KEPT];
	size_t n;			/* kept */
	size_t total;
};

#endif
