/*
 * Test vectors: packets to the byte, kept as text in tests/vectors. A test loads
 * one by its name, decodes it, encodes it again and compares, and cuts it at
 * every length in memory of exactly that size, so that a sanitizer sees any
 * step beyond.
 */
#ifndef AURPD_VECTORS_H
#define AURPD_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum {
	VECTOR_MAX = 700,
};

struct vector {
	char name[16];
	size_t len;
	uint8_t byte[VECTOR_MAX];
};

/* The vector of that name; the test fails if there is none. */
struct vector vector_load(const char *name);

/* Calls `each` for every vector of every file. */
void vector_for_each(void (*each)(const struct vector *v, void *arg), void *arg);

/* Bytes in memory of exactly n; free() it. */
uint8_t *exact_copy(const void *bytes, size_t n);

/* What was written is the vector (from `skip` on), to the byte. */
void assert_written(const struct wr *w, const struct vector *v, size_t skip);

/*
 * Cuts the bytes at every length below n and calls `decodes` on each. It must
 * fail, but for the lengths in `legal`, where the protocol allows a shorter
 * packet: there it must not. Legal: CUTS(4, 7), or NULL for none.
 */
void assert_cuts_fail(const uint8_t *bytes, size_t n, bool (*decodes)(const uint8_t *, size_t),
	const size_t *legal);

#define CUTS(...) ((const size_t[]){ __VA_ARGS__, SIZE_MAX })

/* A name from a C string of MacRoman bytes. */
struct at_name name_of(const char *bytes);

/* The name is exactly these bytes. */
void assert_name(const struct at_name *name, const char *bytes);

#endif
