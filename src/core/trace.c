/* Names of drop reasons and trace events, from their lists. */
#include "aurpd/trace.h"

#include <assert.h>

const char *drop_name(enum drop_reason reason)
{
	static const char *const names[] = {
#define DROP(id, name, meaning) name,
#include "aurpd/drop.def"
#undef DROP
	};

	assert(reason < DROP_REASONS);
	return names[reason];
}

const char *drop_meaning(enum drop_reason reason)
{
	static const char *const meanings[] = {
#define DROP(id, name, meaning) meaning,
#include "aurpd/drop.def"
#undef DROP
	};

	assert(reason < DROP_REASONS);
	return meanings[reason];
}

const char *trace_name(enum trace_kind kind)
{
	static const char *const names[] = {
#define TRACE(id, level, name) name,
#include "aurpd/trace.def"
#undef TRACE
	};

	assert(kind < TRACE_KINDS);
	return names[kind];
}

enum log_level trace_level(enum trace_kind kind)
{
	static const enum log_level levels[] = {
#define TRACE(id, level, name) LOG_LEVEL_##level,
#include "aurpd/trace.def"
#undef TRACE
	};

	assert(kind < TRACE_KINDS);
	return levels[kind];
}
