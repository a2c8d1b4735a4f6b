/*
 * The one place that asks for memory. The forwarding path never comes here;
 * tables grow here, bounded by the configuration. A router without memory can
 * only misroute, so it stops at once and its supervisor starts it afresh.
 */
#include "alloc.h"

#include <stdint.h>
#include <stdlib.h>

void *mem_new(size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		abort();
	return p;
}

void *mem_resize(void *old, size_t count, size_t size)
{
	void *p;

	if (size && count > SIZE_MAX / size)
		abort();
	p = realloc(old, count > 0 && size > 0 ? count * size : 1);
	if (!p)
		abort();
	return p;
}

void *mem_grow(void *array, size_t used, size_t *cap, size_t size)
{
	if (used < *cap)
		return array;
	*cap = *cap ? *cap * 2 : 8;
	return mem_resize(array, *cap, size);
}
