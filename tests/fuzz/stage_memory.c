/*
 * The memory that a story takes, from the linker's --wrap of malloc() and its
 * like. What is taken is counted, so that a router that keeps a block after its
 * end is found by any compiler, at once and with its story. And big blocks come
 * from a shelf: to a sanitizer each is a mapping of its own, which it makes,
 * marks and unmaps, and a story has a router with half a megabyte of index and
 * is over before that is done.
 */
#include <sanitizer/asan_interface.h>

#include "stage.h"

enum { PLACES = 2, PLACE_SIZE = 600 * 1024, BIG = 256 * 1024 };

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *block);
const char *__asan_default_options(void);

static struct {
	bool is_lent[PLACES];
	size_t blocks;		/* on the shelf and elsewhere */
	_Alignas(16) uint8_t place[PLACES][PLACE_SIZE];
} memory;

/* A small quarantine stays in the cache; memory that goes back to the system comes slowly. */
const char *__asan_default_options(void)
{
	return "quarantine_size_mb=4:thread_local_quarantine_size_kb=64:malloc_context_size=6:"
	       "max_redzone=128:clear_shadow_mmap_threshold=1048576:use_madv_dontdump=0:"
	       "allocator_release_to_os_interval_ms=-1";
}

size_t memory_blocks(void)
{
	return memory.blocks;
}

/* Cleared, and what lies behind it must not be touched; NULL if no place is free. */
static void *lend(size_t size)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (memory.is_lent[i])
			continue;
		memory.is_lent[i] = true;
		ASAN_POISON_MEMORY_REGION(memory.place[i], PLACE_SIZE);
		ASAN_UNPOISON_MEMORY_REGION(memory.place[i], size);
		return memset(memory.place[i], 0, size);
	}
	return NULL;
}

static bool take_back(const void *block)
{
	for (size_t i = 0; i < PLACES; i++) {
		if (block != memory.place[i])
			continue;
		CHECK(memory.is_lent[i]);
		memory.is_lent[i] = false;
		ASAN_POISON_MEMORY_REGION(memory.place[i], PLACE_SIZE);
		return true;
	}
	return false;
}

void *__wrap_malloc(size_t size)
{
	memory.blocks++;
	return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	bool is_big = size > 0 && count > BIG / size && count < PLACE_SIZE / size;
	void *block = is_big ? lend(count * size) : NULL;

	memory.blocks++;
	return block ? block : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	memory.blocks += !old;
	return __real_realloc(old, size);
}

void __wrap_free(void *block)
{
	memory.blocks -= block != NULL;
	if (!take_back(block))
		__real_free(block);
}
