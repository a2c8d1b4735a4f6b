/*
 * How often a lasting trouble is said: at once, then after pauses that double
 * from the first to a day. A trouble that was away for a day is a new one.
 */
#ifndef AURPD_RARELY_H
#define AURPD_RARELY_H

#include "aurpd/mtime.h"

enum { RARELY_FIRST_S = 60, RARELY_MOST_S = 86400 };

/* Zeroed: never said. */
struct rarely {
	struct instant next;		/* not before then */
	struct span pause;
};

/* May it be said now? If so, it counts as said. The first pause has `first_s` seconds. */
static inline bool rarely_may_after(struct rarely *r, struct instant now, int first_s)
{
	if (r->pause.us == 0 ||
	    instant_cmp(now, instant_add(r->next, span_s(RARELY_MOST_S))) > 0)
		r->pause = span_s(first_s);
	else if (instant_cmp(now, r->next) < 0)
		return false;
	else if (r->pause.us < span_s(RARELY_MOST_S).us / 2)
		r->pause.us *= 2;
	else
		r->pause = span_s(RARELY_MOST_S);
	r->next = instant_add(now, r->pause);
	return true;
}

static inline bool rarely_may(struct rarely *r, struct instant now)
{
	return rarely_may_after(r, now, RARELY_FIRST_S);
}

#endif
