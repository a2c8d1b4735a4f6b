/*
 * The pace of hunt.h; lookups.c asks. Pure: the time comes in, so that a year of it can be
 * tested in a moment.
 */
#include "hunt.h"

#include <string.h>

static const struct span pause_first = { 1 * 1000000 };
static const struct span pause_most = { 10 * 1000000 };
static const struct span hunting_time = { 300 * 1000000 };
static const struct span call_pause = { 30 * 1000000 };
static const struct span turn_pause = { 1 * 1000000 };
/* A flood of calls is looked at so often. */
static const struct span look_pause = { 20 * 1000 };

static struct instant earlier(struct instant a, struct instant b)
{
	return instant_cmp(a, b) < 0 ? a : b;
}

void hunts_init(struct hunts *hs)
{
	LIST_INIT(&hs->list);
	hs->due = INSTANT_NEVER;
	hs->next_turn = hs->next_call = (struct instant){ 0 };
}

void hunt_begin(struct hunts *hs, struct hunt *h, const char *tunnel, uint32_t domain_identifier)
{
	*h = (struct hunt){
		.tunnel = tunnel,
		.domain_identifier = domain_identifier,
		.due = INSTANT_NEVER,
		.called = INSTANT_NEVER,
	};
	LIST_INSERT_HEAD(&hs->list, h, link);
}

void hunt_end(struct hunt *h)
{
	LIST_REMOVE(h, link);
}

void hunt_lost(struct hunts *hs, struct hunt *h, struct instant now)
{
	if (h->is_lost)
		return;
	h->is_lost = true;
	h->lost = now;
	h->pause = pause_first;
	h->due = instant_add(now, h->pause);
	hs->due = earlier(hs->due, h->due);
}

void hunt_found(struct hunt *h)
{
	h->is_lost = false;
	h->call = NOT_CALLED;
	h->due = INSTANT_NEVER;
}

/* --- calls -------------------------------------------------------------------------------- */

static bool may_be_called(const struct hunt *h, const char *tunnel, struct instant now)
{
	return h->is_lost && strcmp(h->tunnel, tunnel) == 0 &&
		(instant_is_never(h->called) ||
			instant_cmp(instant_add(h->called, call_pause), now) <= 0);
}

static bool is_named(const struct hunt *h, const char *tunnel, uint32_t domain_identifier)
{
	return h->is_lost && domain_identifier != 0 && h->domain_identifier == domain_identifier &&
		strcmp(h->tunnel, tunnel) == 0;
}

void hunts_called(
	struct hunts *hs, const char *tunnel, uint32_t domain_identifier, struct instant now)
{
	bool is_known = false, has_any = false;
	struct hunt *h;

	if (instant_cmp(now, hs->next_call) < 0)
		return;
	hs->next_call = instant_add(now, look_pause);
	LIST_FOREACH(h, &hs->list, link)
		is_known |= is_named(h, tunnel, domain_identifier);
	LIST_FOREACH(h, &hs->list, link) {
		if (is_known && !is_named(h, tunnel, domain_identifier))
			continue;
		if (may_be_called(h, tunnel, now) && h->call != CALLED_BY_NAME)
			h->call = is_known ? CALLED_BY_NAME : CALLED;
		has_any |= h->call != NOT_CALLED;
	}
	if (has_any)
		hs->due = earlier(hs->due, hs->next_turn);
}

/* Is h's turn before o's? A name first, then whoever was lost last. */
static bool comes_before(const struct hunt *h, const struct hunt *o)
{
	return h->call != o->call ? h->call > o->call : instant_cmp(h->lost, o->lost) > 0;
}

static struct hunt *next_called(const struct hunts *hs)
{
	struct hunt *best = NULL, *h;

	LIST_FOREACH(h, &hs->list, link)
		if (h->call != NOT_CALLED && (!best || comes_before(h, best)))
			best = h;
	return best;
}

/* One name because of a call, if there is a turn; then when the next one has its turn. */
static void run_calls(struct hunts *hs, struct instant now, void (*ask)(struct hunt *))
{
	struct hunt *h = next_called(hs);

	if (!h)
		return;
	if (instant_cmp(now, hs->next_turn) >= 0) {
		h->call = NOT_CALLED;
		h->called = now;
		hs->next_turn = instant_add(now, turn_pause);
		ask(h);
		h = next_called(hs);
	}
	if (h)
		hs->due = earlier(hs->due, hs->next_turn);
}

/* --- losses ------------------------------------------------------------------------------- */

static void plan_next(struct hunt *h, struct instant now)
{
	h->pause = span_us(2 * h->pause.us);
	if (span_cmp(h->pause, pause_most) > 0)
		h->pause = pause_most;
	h->due = instant_add(now, h->pause);
	if (instant_cmp(h->due, instant_add(h->lost, hunting_time)) > 0)
		h->due = INSTANT_NEVER;
}

void hunts_run(struct hunts *hs, struct instant now, void (*ask)(struct hunt *))
{
	hs->due = INSTANT_NEVER;
	for (struct hunt *h = LIST_FIRST(&hs->list); h; h = LIST_NEXT(h, link)) {
		if (instant_cmp(h->due, now) <= 0) {
			plan_next(h, now);
			ask(h);
		}
		hs->due = earlier(hs->due, h->due);
	}
	run_calls(hs, now, ask);
}
