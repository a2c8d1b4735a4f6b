/*
 * Memory of the routers. The linker sends every malloc(), calloc(), realloc()
 * and free() of the program through here (--wrap); those made inside a call of
 * the core are remembered with their size until they are freed, wherever that
 * is. A table by address remembers them, whose order nobody sees.
 */
#include <stdlib.h>

#include "world.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

struct block {
	void *at;
	size_t size;
};

/* Open addressing, at most half full; `cap` is a power of two. */
static struct block *blocks;
static size_t used, cap;
static struct memory total;
static unsigned depth;

static size_t place_of(const void *at)
{
	uint64_t key = (uint64_t)(uintptr_t)at >> 4;

	return (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (cap - 1);
}

static void put(void *at, size_t size)
{
	size_t i = place_of(at);

	while (blocks[i].at)
		i = (i + 1) & (cap - 1);
	blocks[i] = (struct block){ at, size };
}

static void grow(void)
{
	struct block *old = blocks;
	size_t n = cap;

	cap = cap ? 2 * cap : 1024;
	blocks = __real_calloc(cap, sizeof(*blocks));
	if (!blocks)
		abort();
	for (size_t i = 0; i < n; i++)
		if (old[i].at)
			put(old[i].at, old[i].size);
	__real_free(old);
}

static void remember(void *at, size_t size)
{
	if (!at)
		return;
	if (2 * used >= cap)
		grow();
	put(at, size);
	used++;
	total.blocks++;
	total.bytes += size;
}

/* Removes it and moves up what stood behind it for want of its place. False: not one of ours. */
static bool forget(const void *at)
{
	size_t i, k;

	if (cap == 0 || !at)
		return false;
	for (i = place_of(at); blocks[i].at != at; i = (i + 1) & (cap - 1))
		if (!blocks[i].at)
			return false;
	total.blocks--;
	total.bytes -= blocks[i].size;
	used--;
	for (k = (i + 1) & (cap - 1); blocks[k].at; k = (k + 1) & (cap - 1)) {
		size_t home = place_of(blocks[k].at);

		if (((k - home) & (cap - 1)) >= ((k - i) & (cap - 1))) {
			blocks[i] = blocks[k];
			i = k;
		}
	}
	blocks[i].at = NULL;
	return true;
}

void *__wrap_malloc(size_t size)
{
	void *p = __real_malloc(size);

	if (depth > 0)
		remember(p, size);
	return p;
}

void *__wrap_calloc(size_t count, size_t size)
{
	void *p = __real_calloc(count, size);

	if (depth > 0)
		remember(p, count * size);
	return p;
}

void *__wrap_realloc(void *old, size_t size)
{
	bool was_ours = forget(old);
	void *p = __real_realloc(old, size);

	if (was_ours || (!old && depth > 0))
		remember(p, size);
	return p;
}

void __wrap_free(void *p)
{
	(void)forget(p);
	__real_free(p);
}

struct memory memory_of_routers(void)
{
	return total;
}

void memory_enter_router(void)
{
	depth++;
}

void memory_leave_router(void)
{
	depth--;
}

static unsigned suspended;

bool memory_leave_for_world(void)
{
	bool was = depth > 0;

	suspended = was ? depth : suspended;
	depth = 0;
	return was;
}

void memory_back_to_router(bool was)
{
	if (was)
		depth = suspended;
}

void *world_alloc(size_t count, size_t size)
{
	void *p = __real_calloc(count ? count : 1, size);

	if (!p)
		abort();
	return p;
}
