/*
 * Timers embedded in their owner, kept in one binary heap per router. Equal
 * deadlines fire in the order they were set, so a run can be repeated exactly.
 */
#ifndef AURPD_TIMER_H
#define AURPD_TIMER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/mtime.h"

struct timer {
	struct instant due;
	uint64_t order;			/* breaks ties between equal deadlines */
	size_t slot;			/* place in the heap + 1; 0 = not set */
	void (*fire)(struct timer *t);	/* the owner is found with container_of */
};

struct timer_queue {
	struct timer **heap;
	size_t used;
	size_t cap;
	uint64_t next_order;
};

void timer_queue_init(struct timer_queue *q);
void timer_queue_fini(struct timer_queue *q);

/* Prepares a timer that is not set. */
void timer_init(struct timer *t, void (*fire)(struct timer *t));

/* Sets or moves the timer. INSTANT_NEVER cancels it. */
void timer_set(struct timer_queue *q, struct timer *t, struct instant due);
void timer_cancel(struct timer_queue *q, struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
	return t->slot != 0;
}

/* The earliest deadline, or INSTANT_NEVER. */
struct instant timer_queue_deadline(const struct timer_queue *q);

/*
 * Fires every timer that is due at `now`, earliest first; a handler may set,
 * move or cancel any timer, its own included. A timer set again to an instant
 * that is already due fires in the same call, so handlers must move forward.
 */
void timer_queue_run(struct timer_queue *q, struct instant now);

#endif
