/* A small seeded generator: one per router, so that the same input gives the same output. */
#ifndef AURPD_PRNG_H
#define AURPD_PRNG_H

#include <stdint.h>

struct prng {
	uint64_t state;
};

void prng_init(struct prng *p, uint64_t seed);
uint32_t prng_u32(struct prng *p);

/* Uniform in first..last, both included. */
uint32_t prng_range(struct prng *p, uint32_t first, uint32_t last);

#endif
