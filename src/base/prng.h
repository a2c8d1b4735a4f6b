/* A seeded generator: one per router, so that the same input gives the same output. */
#ifndef AURPD_PRNG_H
#define AURPD_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
	uint64_t key[2];
	uint64_t count;
};

void prng_init(struct prng *p, uint64_t seed);
uint32_t prng_u32(struct prng *p);

/* Uniform in first..last, both included. */
uint32_t prng_range(struct prng *p, uint32_t first, uint32_t last);

/*
 * SipHash-2-4 (Aumasson and Bernstein) of n 64-bit words, as its reference does it on their
 * little-endian bytes: who does not know the key cannot tell it from chance.
 */
uint64_t keyed_hash(const uint64_t key[2], const uint64_t *word, size_t n);

#endif
