/* Delta debugging: the shortest list of faults that still shows a violation. */
#ifndef AURPD_SIM_SHRINK_H
#define AURPD_SIM_SHRINK_H

#include "random.h"

/*
 * Removes faults from the list, in place, as long as `still_fails` says that what
 * is left shows the violation; at most `most` runs. Returns how many are left:
 * none of them can be spared alone, unless the runs ran out.
 */
size_t shrink_faults(struct fault *list, size_t n, unsigned most,
	bool (*still_fails)(void *ctx, const struct fault *list, size_t n), void *ctx);

/* The same for a random world that is known to fail; the failing run is repeated. */
size_t shrink_world(uint64_t seed, struct fault *list, size_t n);

#endif
