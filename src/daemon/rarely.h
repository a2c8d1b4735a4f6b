/*
 * Something that stays as it is, or happens again and again, is said at once, then ever more
 * rarely: after ten minutes, twenty, ... and at last once a day.
 */
#ifndef AURPD_RARELY_H
#define AURPD_RARELY_H

#include <stdbool.h>

#include "aurpd/mtime.h"

struct rarely {
	bool was_said;
	struct instant next;
	struct span pause;
};

/* Is it to be said now? Then it counts as said. */
static inline bool rarely_is_due(struct rarely *w, struct instant now)
{
	const struct span first = span_s(600), most = span_s(86400);

	if (w->was_said && instant_cmp(now, w->next) < 0)
		return false;
	w->pause = w->was_said ? span_us(2 * w->pause.us) : first;
	if (span_cmp(w->pause, most) > 0)
		w->pause = most;
	w->was_said = true;
	w->next = instant_add(now, w->pause);
	return true;
}

#endif
