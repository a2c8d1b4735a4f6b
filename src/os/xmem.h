/* Memory for the shell: zeroed, and never NULL. Out of memory aborts, as in the core. */
#ifndef AURPD_XMEM_H
#define AURPD_XMEM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

/* count * size zeroed bytes; free with free(). */
static inline void *xmem_new(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		abort();
	return p;
}

/* Room for one more element in an array of `used` that holds `*cap`; returns the array. */
static inline void *xmem_grow(void *array, size_t used, size_t *cap, size_t size)
{
	void *p = array;

	if (used < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	if (*cap > SIZE_MAX / size || !(p = realloc(array, *cap * size)))
		abort();
	return p;
}

#endif
