/*
 * A table of subjects with their pauses, in sets of a few: the one that was
 * longest not heard of makes room. New subjects are rationed by kind and
 * source, so that who invents sources fills neither the log nor the table.
 */
#include "pace.h"

#include <string.h>

#include "aurpd/hash.h"

/* Twelve subjects an hour that nobody has heard of, beyond what fits into a public list. */
static const struct limit new_limit = { 512, 300 };
static const struct limit change_limit = { 20, 3600 };

void pace_init(struct pace *p, struct instant now)
{
	*p = (struct pace){ 0 };
	for (size_t i = 0; i < PACE_GROUPS; i++)
		allowance_init(&p->groups[i], &new_limit, now);
}

void pace_forget(struct pace *p)
{
	memset(p->slots, 0, sizeof p->slots);
}

/* What comes and goes is one subject, whatever the message is. */
static uint64_t hash_of(const struct pace_about *a)
{
	uint64_t h = hash_bytes(HASH_START, &a->subject, sizeof a->subject);

	h = hash_bytes(h, &a->way, sizeof a->way);
	if (a->way == PACE_RECURS)
		h = hash_bytes(h, &a->kind, sizeof a->kind);
	return h ? h : 1;
}

static struct allowance *group_of(struct pace *p, const struct pace_about *a)
{
	uint64_t h = hash_bytes(HASH_START, &a->kind, sizeof a->kind);

	return &p->groups[hash_text(h, a->source) % PACE_GROUPS];
}

/* The subject's slot, or the one of its set that can be spared best. */
static struct pace_slot *find(struct pace *p, uint64_t hash)
{
	struct pace_slot *set = p->slots[hash % PACE_SETS], *oldest = set;

	for (size_t i = 0; i < PACE_WAYS; i++) {
		if (set[i].hash == hash)
			return &set[i];
		if (set[i].hash == 0 ? oldest->hash != 0 : oldest->hash != 0 &&
				instant_cmp(set[i].seen, oldest->seen) < 0)
			oldest = &set[i];
	}
	return oldest;
}

static bool is_due(struct pace_slot *s, enum pace_way way, struct instant now)
{
	return way == PACE_CHANGES ? allowance_take(&s->changes, &change_limit, now)
				   : pause_is_over(&s->pause, now);
}

static enum pace_verdict start(struct pace *p, struct pace_slot *s, uint64_t hash,
	const struct pace_about *a, struct instant now)
{
	if (!allowance_take(group_of(p, a), &new_limit, now))
		return PACE_NO_ROOM;
	*s = (struct pace_slot){ .hash = hash, .seen = now };
	pause_begin(&s->pause, now);
	allowance_init(&s->changes, &change_limit, now);
	s->changes.left--;
	return PACE_SAY;
}

enum pace_verdict pace_ask(struct pace *p, const struct pace_about *about, struct instant now,
	struct pace_past *past)
{
	const uint64_t hash = hash_of(about);
	struct pace_slot *s = find(p, hash);

	*past = (struct pace_past){ .times = 1 };
	if (s->hash != hash || pause_is_old(&s->pause, now))
		return start(p, s, hash, about, now);
	s->seen = now;
	s->times++;
	if (!is_due(s, about->way, now))
		return PACE_COUNTED;
	*past = (struct pace_past){ s->times, instant_since(now, s->pause.since) };
	pause_begin(&s->pause, now);
	s->times = 0;
	return PACE_SAY;
}
