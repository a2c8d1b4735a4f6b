/*
 * FNV-1a, 64 bits: numbers that stand for texts and packets. No secret is in it, so
 * whoever wants two with one number finds them (see base/prng.h for the other kind).
 */
#ifndef AURPD_HASH_H
#define AURPD_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_START UINT64_C(0xCBF29CE484222325)

/* Each goes on from the hash of what came before; HASH_START: nothing. */
static inline uint64_t hash_byte(uint64_t before, uint8_t byte)
{
	return (before ^ byte) * UINT64_C(0x100000001B3);
}

static inline uint64_t hash_bytes(uint64_t before, const void *bytes, size_t n)
{
	const uint8_t *byte = bytes;

	for (size_t i = 0; i < n; i++)
		before = hash_byte(before, byte[i]);
	return before;
}

/* With its end, so that "ab", "c" is not "a", "bc". */
static inline uint64_t hash_text(uint64_t before, const char *text)
{
	return hash_bytes(before, text, strlen(text) + 1);
}

#endif
