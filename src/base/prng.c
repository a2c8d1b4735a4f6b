/*
 * Chance that cannot be foretold: SipHash of a counter, its key made from the
 * seed. A connection ID is all that protects a connection from a stranger who
 * forges its address, and every peer sees some of them; they must not give away
 * the others. The shell seeds it from the kernel, the simulator from a scenario.
 */
#include "prng.h"

static uint64_t rotate(uint64_t x, unsigned int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[0] = rotate(v[0], 32);
	v[2] += v[3];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] += v[3];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] += v[1];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[2] = rotate(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
	v[3] ^= word;
	sip_round(v);
	sip_round(v);
	v[0] ^= word;
}

uint64_t keyed_hash(const uint64_t key[2], const uint64_t *word, size_t n)
{
	uint64_t v[4] = {
		key[0] ^ 0x736F6D6570736575u,
		key[1] ^ 0x646F72616E646F6Du,
		key[0] ^ 0x6C7967656E657261u,
		key[1] ^ 0x7465646279746573u,
	};

	for (size_t i = 0; i < n; i++)
		sip_word(v, word[i]);
	sip_word(v, (uint64_t)(n * sizeof(*word)) << 56);
	v[2] ^= 0xFF;
	for (int i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void prng_init(struct prng *p, uint64_t seed)
{
	static const uint64_t halves[2] = { 0, 1 };
	const uint64_t start[2] = { seed, ~seed };

	p->key[0] = keyed_hash(start, &halves[0], 1);
	p->key[1] = keyed_hash(start, &halves[1], 1);
	p->count = 0;
}

uint32_t prng_u32(struct prng *p)
{
	p->count++;
	return (uint32_t)(keyed_hash(p->key, &p->count, 1) >> 32);
}

uint32_t prng_range(struct prng *p, uint32_t first, uint32_t last)
{
	uint64_t width = (uint64_t)last - first + 1;

	return first + (uint32_t)(((uint64_t)prng_u32(p) * width) >> 32);
}
