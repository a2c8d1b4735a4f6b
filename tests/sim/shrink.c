/*
 * Zeller's ddmin on a list of faults: halves, quarters and so on are left out,
 * until none can be. Small lists end with every single fault tried.
 */
#include "shrink.h"

#include <stdlib.h>

enum { RUNS_MAX = 400 };

/* Without the `part`-th of `parts` pieces of the list. */
static size_t without(const struct fault *list, size_t n, size_t part, size_t parts,
	struct fault *out)
{
	size_t from = n * part / parts, to = n * (part + 1) / parts;

	memcpy(out, list, from * sizeof(*list));
	memcpy(out + from, list + to, (n - to) * sizeof(*list));
	return n - (to - from);
}

size_t shrink_faults(struct fault *list, size_t n, unsigned most,
	bool (*still_fails)(void *ctx, const struct fault *list, size_t n), void *ctx)
{
	struct fault *less = world_alloc(n, sizeof(*less));
	size_t parts = 2;

	while (n > 0 && most > 0) {
		bool has_shrunk = false;

		parts = parts > n ? n : parts;
		for (size_t part = 0; part < parts && most > 0; part++) {
			size_t left = without(list, n, part, parts, less);

			most--;
			if (!still_fails(ctx, less, left))
				continue;
			memcpy(list, less, left * sizeof(*list));
			n = left;
			parts = parts > 2 ? parts - 1 : 2;
			has_shrunk = true;
			break;
		}
		if (!has_shrunk && parts >= n)
			break;
		if (!has_shrunk)
			parts *= 2;
	}
	free(less);
	return n;
}

static bool world_fails(void *ctx, const struct fault *list, size_t n)
{
	const uint64_t *seed = ctx;

	return random_run(*seed, list, n, false).violations > 0;
}

size_t shrink_world(uint64_t seed, struct fault *list, size_t n)
{
	return shrink_faults(list, n, RUNS_MAX, world_fails, &seed);
}
