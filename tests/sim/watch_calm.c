/*
 * Calm: where there is a ring, distance vectors may be wrong for a while. A router
 * that lost its way may take one that came around the ring from what it said
 * itself, and tell it; datagrams may go around (Inside AppleTalk ch. 5; RFC 1504
 * p. 34-37 does not forbid it). That ends when everybody has heard how far
 * everybody else has it. So what is forbidden elsewhere is forgiven in a ring, and
 * there only until no router has changed its distance to the network for as long
 * as a neighbour can be wrong about it without noticing:
 *
 *	20 s	an update interval, before anything is sent
 *	330 s	a sequenced packet that does not arrive is given up: eleven waits
 *	300 s	a list that was asked for meanwhile is not answered: ten waits
 *
 * After that every router's distance is one more than its next router's, which
 * forbids loops. How much is judged strictly, how much is not, and how much is
 * forgiven is counted (world.h).
 */
#include "watch_state.h"

#include <stdlib.h>

enum { CALM_S = 20 + 330 + 300, DISTANCE_GONE = 0xFF, ENTRIES_FIRST = 1024 };

/* --- what routers think ---------------------------------------------------------------- */

static struct entry *place_of(struct entry *entries, size_t cap, uint64_t key)
{
	size_t i = (size_t)((key * 0x9E3779B97F4A7C15u) >> 20) & (cap - 1);

	while (entries[i].key != 0 && entries[i].key != key)
		i = (i + 1) & (cap - 1);
	return &entries[i];
}

static void grow(struct watch *watch)
{
	size_t cap = watch->cap_entries ? 2 * watch->cap_entries : ENTRIES_FIRST;
	struct entry *entries = world_alloc(cap, sizeof(*entries));

	for (size_t i = 0; i < watch->cap_entries; i++)
		if (watch->entries[i].key != 0)
			*place_of(entries, cap, watch->entries[i].key) = watch->entries[i];
	free(watch->entries);
	watch->entries = entries;
	watch->cap_entries = cap;
}

static struct entry *entry_of(struct site *site, uint16_t net)
{
	const uint64_t key = (uint64_t)(site->index + 1) << 16 | net;
	struct watch *watch = site->world->watch;
	struct entry *e;

	if (2 * watch->n_entries >= watch->cap_entries)
		grow(watch);
	e = place_of(watch->entries, watch->cap_entries, key);
	if (e->key == 0) {
		*e = (struct entry){ key, DISTANCE_GONE };
		watch->n_entries++;
	}
	return e;
}

static void note(struct site *site, struct at_range range, uint8_t distance)
{
	struct watch *watch = site->world->watch;
	struct entry *e = entry_of(site, range.first);

	if (e->distance == distance)
		return;
	e->distance = distance;
	if (!watch->changed)
		watch->changed = world_alloc(UINT16_MAX + 1, sizeof(*watch->changed));
	for (uint32_t net = range.first; net <= range.last; net++)
		watch->changed[net] = site->world->now;
}

/* Another way of the same length is no change: of two next routers the last one heard wins. */
void watch_route_traced(struct site *site, const struct trace_event *e)
{
	switch (e->kind) {
	case TRACE_ROUTE_ADDED:
	case TRACE_ROUTE_CHANGED:
		note(site, e->range, (uint8_t)e->number);
		break;
	case TRACE_ROUTE_BAD:
	case TRACE_ROUTE_REMOVED:
		note(site, e->range, DISTANCE_GONE);
		break;
	default:
		break;
	}
}

/* --- what follows from it -------------------------------------------------------------- */

bool watch_is_calm(const struct world *w, uint16_t net)
{
	struct instant changed = w->watch->changed ? w->watch->changed[net] : (struct instant){ 0 };

	return instant_since(w->now, changed).us >= span_s(CALM_S).us;
}

bool watch_judges(struct world *w, uint16_t net, bool has_ring, bool broken)
{
	bool is_strict = !has_ring || w->watch->makes_no_allowance || watch_is_calm(w, net);

	if (is_strict)
		w->judged.strict++;
	else
		w->judged.lenient++;
	w->judged.forgiven += broken && !is_strict;
	return broken && is_strict;
}

void watch_strictly(struct world *w)
{
	w->watch->makes_no_allowance = true;
}

void watch_calm_fini(struct watch *watch)
{
	free(watch->entries);
	free(watch->changed);
}
