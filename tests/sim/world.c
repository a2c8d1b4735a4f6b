/*
 * The clock and the one queue: everything that will happen is a timer in it,
 * in the order of its time and, at the same time, of its setting. Tests and
 * random.c make and run worlds; lan.c, mesh.c, site.c and host.c set the timers.
 */
#include "world.h"

#include <stdlib.h>

enum { EPOCH_S = 1 };

struct call {
	struct timer timer;
	struct list in_world;
	struct world *world;
	void (*what)(struct world *w, void *ctx);
	void *ctx;
};

void things_add(struct things *t, void *thing)
{
	if (t->n == t->cap) {
		size_t cap = t->cap ? 2 * t->cap : 8;
		void **at = world_alloc(cap, sizeof(*at));

		if (t->n > 0)
			memcpy(at, t->at, t->n * sizeof(*at));
		free(t->at);
		t->at = at;
		t->cap = cap;
	}
	t->at[t->n++] = thing;
}

void things_remove(struct things *t, void *thing)
{
	size_t i = 0;

	while (i < t->n && t->at[i] != thing)
		i++;
	if (i == t->n)
		return;
	t->n--;
	memmove(t->at + i, t->at + i + 1, (t->n - i) * sizeof(*t->at));
}

/* --- life ------------------------------------------------------------------------------ */

struct world *world_new(uint64_t seed)
{
	struct world *w = world_alloc(1, sizeof(*w));

	w->now = instant_add((struct instant){ 0 }, span_s(EPOCH_S));
	w->digest = 0xCBF29CE484222325u;
	w->topology = 1;
	prng_init(&w->prng, seed);
	timer_queue_init(&w->queue);
	list_init(&w->calls);
	list_init(&w->in_flight);
	watch_init(w);
	return w;
}

static void free_calls(struct world *w)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &w->calls) {
		struct call *c = container_of(it, struct call, in_world);

		timer_cancel(&w->queue, &c->timer);
		free(c);
	}
}

static void free_flight(struct world *w)
{
	struct list *it, *after;

	list_for_each_safe(it, after, &w->in_flight) {
		struct flight *f = container_of(it, struct flight, in_world);

		timer_cancel(&w->queue, &f->timer);
		free(f);
	}
}

void world_free(struct world *w)
{
	world_free_sites(w);
	world_free_hosts(w);
	world_free_mates(w);
	world_free_scripts(w);
	free_calls(w);
	free_flight(w);
	world_free_nats(w);
	world_free_meshes(w);
	world_free_lans(w);
	free(w->addresses.at);
	watch_fini(w);
	timer_queue_fini(&w->queue);
	free(w);
}

/* --- time ------------------------------------------------------------------------------ */

void world_run_until(struct world *w, struct instant end)
{
	struct instant due;

	while (due = timer_queue_deadline(&w->queue), instant_cmp(due, end) <= 0) {
		if (instant_cmp(due, w->now) > 0)
			w->now = due;
		timer_queue_run(&w->queue, w->now);
	}
	w->now = end;
	watch_tables(w);
}

void world_run(struct world *w, struct span d)
{
	world_run_until(w, instant_add(w->now, d));
}

static void on_call(struct timer *t)
{
	struct call *c = container_of(t, struct call, timer);
	struct call call = *c;

	list_remove(&c->in_world);
	free(c);
	call.what(call.world, call.ctx);
}

void world_call(struct world *w, struct span after, void (*what)(struct world *w, void *ctx),
	void *ctx)
{
	struct call *c = world_alloc(1, sizeof(*c));

	c->world = w;
	c->what = what;
	c->ctx = ctx;
	timer_init(&c->timer, on_call);
	list_append(&w->calls, &c->in_world);
	timer_set(&w->queue, &c->timer, instant_add(w->now, after));
}

void world_take_off(struct world *w, struct flight *f, void (*land)(struct timer *t),
	struct span delay)
{
	timer_init(&f->timer, land);
	list_append(&w->in_flight, &f->in_world);
	timer_set(&w->queue, &f->timer, instant_add(w->now, delay));
}

/* --- chance ---------------------------------------------------------------------------- */

bool world_chance(struct world *w, unsigned percent)
{
	return percent > 0 && prng_range(&w->prng, 1, 100) <= percent;
}

struct span world_between(struct world *w, struct span least, struct span most)
{
	uint32_t more = prng_range(&w->prng, 0, (uint32_t)(most.us - least.us));

	return span_us(least.us + more);
}

/* --- the digest: FNV-1a, 64 bits ------------------------------------------------------- */

static uint64_t mix(uint64_t digest, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		digest = (digest ^ (value >> 8 * i & 0xFF)) * 0x100000001B3u;
	return digest;
}

void world_note(struct world *w, uint32_t sender, const struct pkt *p)
{
	uint64_t d = mix(w->digest, (uint64_t)w->now.us, 8);

	d = mix(d, sender, 4);
	d = mix(d, p->len, 4);
	for (size_t i = 0; i < p->len; i++)
		d = (d ^ p->data[i]) * 0x100000001B3u;
	w->digest = d;
	w->packets++;
}

void world_forget_counts(struct world *w)
{
	w->traffic = (struct traffic){ 0 };
}
