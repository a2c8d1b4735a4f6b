/* How many messages may still be said; new ones are allowed as time passes. */
#ifndef AURPD_ALLOWANCE_H
#define AURPD_ALLOWANCE_H

#include <stdbool.h>

#include "aurpd/mtime.h"

/* So many at once, then one every so many seconds. */
struct limit {
	int burst, every_s;
};

struct allowance {
	struct instant refilled;
	int left;
};

void allowance_init(struct allowance *a, const struct limit *limit, struct instant now);

/* One may be said, and counts as said. */
bool allowance_take(struct allowance *a, const struct limit *limit, struct instant now);

#endif
