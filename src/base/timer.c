/* The heap behind timer.h. Owned by the router; run from router_tick(). */
#include "timer.h"

#include <stdlib.h>

#include "alloc.h"

void timer_queue_init(struct timer_queue *q)
{
	*q = (struct timer_queue){ 0 };
}

void timer_queue_fini(struct timer_queue *q)
{
	free(q->heap);
	*q = (struct timer_queue){ 0 };
}

void timer_init(struct timer *t, void (*fire)(struct timer *t))
{
	*t = (struct timer){ .due = INSTANT_NEVER, .fire = fire };
}

static bool is_earlier(const struct timer *a, const struct timer *b)
{
	int c = instant_cmp(a->due, b->due);

	return c < 0 || (c == 0 && a->order < b->order);
}

static void place(struct timer_queue *q, struct timer *t, size_t i)
{
	q->heap[i] = t;
	t->slot = i + 1;
}

static void sift_up(struct timer_queue *q, struct timer *t, size_t i)
{
	while (i > 0 && is_earlier(t, q->heap[(i - 1) / 2])) {
		place(q, q->heap[(i - 1) / 2], i);
		i = (i - 1) / 2;
	}
	place(q, t, i);
}

static void sift_down(struct timer_queue *q, struct timer *t, size_t i)
{
	for (;;) {
		size_t child = 2 * i + 1;

		if (child >= q->used)
			break;
		if (child + 1 < q->used && is_earlier(q->heap[child + 1], q->heap[child]))
			child++;
		if (!is_earlier(q->heap[child], t))
			break;
		place(q, q->heap[child], i);
		i = child;
	}
	place(q, t, i);
}

void timer_cancel(struct timer_queue *q, struct timer *t)
{
	size_t i = t->slot;
	struct timer *last;

	if (i == 0)
		return;
	i--;
	t->slot = 0;
	t->due = INSTANT_NEVER;
	last = q->heap[--q->used];
	if (last == t)
		return;
	if (i > 0 && is_earlier(last, q->heap[(i - 1) / 2]))
		sift_up(q, last, i);
	else
		sift_down(q, last, i);
}

void timer_set(struct timer_queue *q, struct timer *t, struct instant due)
{
	timer_cancel(q, t);
	if (instant_is_never(due))
		return;
	q->heap = mem_grow(q->heap, q->used, &q->cap, sizeof(*q->heap));
	t->due = due;
	t->order = q->next_order++;
	sift_up(q, t, q->used++);
}

struct instant timer_queue_deadline(const struct timer_queue *q)
{
	return q->used ? q->heap[0]->due : INSTANT_NEVER;
}

void timer_queue_run(struct timer_queue *q, struct instant now)
{
	while (q->used && instant_cmp(q->heap[0]->due, now) <= 0) {
		struct timer *t = q->heap[0];

		timer_cancel(q, t);
		t->fire(t);
	}
}
