/* What broke an invariant: written down, counted, printed. The checks: watch_*.c. */
#include "watch_state.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void watch_init(struct world *w)
{
	w->watch = world_alloc(1, sizeof(*w->watch));
}

void watch_fini(struct world *w)
{
	watch_topology_fini(w->watch);
	watch_calm_fini(w->watch);
	watch_reach_fini(w->watch);
	free(w->watch->flows);
	free(w->watch->passages);
	free(w->watch);
}

void watch_say(struct world *w, const char *where, const char *format, ...)
{
	struct watch *watch = w->watch;
	struct violation *v;
	char what[VIOLATION_TEXT - 64];
	va_list args;

	if (++watch->total > VIOLATIONS_KEPT)
		return;
	v = &watch->violations[watch->n++];
	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	v->at = w->now;
	snprintf(v->text, sizeof v->text, "%s: %s", where, what);
}

size_t world_violations(const struct world *w)
{
	return w->watch->total;
}

const struct violation *world_violation(const struct world *w, size_t i)
{
	return i < w->watch->n ? &w->watch->violations[i] : NULL;
}

size_t world_print_violations(const struct world *w)
{
	for (size_t i = 0; i < w->watch->n; i++) {
		const struct violation *v = world_violation(w, i);

		fprintf(stderr, "%lld.%06lld s  %s\n", (long long)(v->at.us / 1000000),
			(long long)(v->at.us % 1000000), v->text);
	}
	return w->watch->total;
}

void world_forget_violations(struct world *w)
{
	w->watch->n = w->watch->total = 0;
}

void watch_excuse(struct site *site)
{
	site->is_excused = true;
}
