/*
 * How often a person is told what goes on and on: at once, then after pauses
 * that double from ten minutes up to a day.
 */
#ifndef AURPD_PAUSE_H
#define AURPD_PAUSE_H

#include "aurpd/mtime.h"

enum { PAUSE_FIRST_S = 600, PAUSE_MOST_S = 86400 };

/* Zeroed: nothing was said yet. */
struct pause {
	struct instant since;		/* when it was said last */
	struct span length;
};

/* Nothing was said, or so long ago that what comes now is another trouble. */
static inline bool pause_is_old(const struct pause *p, struct instant now)
{
	return p->length.us == 0 || instant_since(now, p->since).us > span_s(2 * PAUSE_MOST_S).us;
}

static inline bool pause_is_over(const struct pause *p, struct instant now)
{
	return span_cmp(instant_since(now, p->since), p->length) >= 0;
}

/* Something is said now. */
static inline void pause_begin(struct pause *p, struct instant now)
{
	const struct span most = span_s(PAUSE_MOST_S), doubled = span_us(2 * p->length.us);

	if (pause_is_old(p, now))
		p->length = span_s(PAUSE_FIRST_S);
	else
		p->length = span_cmp(doubled, most) > 0 ? most : doubled;
	p->since = now;
}

/* May it be said now? If so, it counts as said. */
static inline bool pause_pass(struct pause *p, struct instant now)
{
	if (!pause_is_old(p, now) && !pause_is_over(p, now))
		return false;
	pause_begin(p, now);
	return true;
}

#endif
