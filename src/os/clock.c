/*
 * Time and chance from the kernel. loop.c stamps each turn with clock_now();
 * log.c and dump.c write clock_text(); app.c seeds the router.
 */
#include "clock.h"

#include <sys/random.h>
#include <time.h>

struct instant clock_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (struct instant){ (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000 };
}

const char *clock_text(char out[CLOCK_TEXT_SIZE])
{
	time_t now = time(NULL);
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(out, CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return out;
}

uint64_t clock_seed(void)
{
	uint64_t seed;

	if (getrandom(&seed, sizeof seed, 0) == (ssize_t)sizeof seed)
		return seed;
	return (uint64_t)clock_now().us ^ (uint64_t)time(NULL) << 32;
}
