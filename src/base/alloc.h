/* Memory for the router: zeroed, and never NULL. Out of memory aborts (house rule). */
#ifndef AURPD_ALLOC_H
#define AURPD_ALLOC_H

#include <stddef.h>

/* count * size zeroed bytes; free with free(). */
void *mem_new(size_t count, size_t size);

/* Grows or shrinks to count * size bytes; new bytes are not cleared. */
void *mem_resize(void *old, size_t count, size_t size);

/* Room for one more element in an array of `used` that holds `*cap`; returns the array. */
void *mem_grow(void *array, size_t used, size_t *cap, size_t size);

#endif
