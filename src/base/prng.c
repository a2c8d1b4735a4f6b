/*
 * SplitMix64: tiny, fast, and good enough for jitter, node numbers and
 * connection identifiers. The shell seeds it from the kernel, the simulator
 * from a scenario; it is no source of secrets.
 */
#include "prng.h"

void prng_init(struct prng *p, uint64_t seed)
{
	p->state = seed;
}

uint32_t prng_u32(struct prng *p)
{
	uint64_t z = p->state += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return (uint32_t)((z ^ (z >> 31)) >> 32);
}

uint32_t prng_range(struct prng *p, uint32_t first, uint32_t last)
{
	uint64_t width = (uint64_t)last - first + 1;

	return first + (uint32_t)(((uint64_t)prng_u32(p) * width) >> 32);
}
