/* The event loop: turns of libevent, the router's one timer, what is done at the end of a turn. */
#ifndef AURPD_LOOP_H
#define AURPD_LOOP_H

#include "aurpd/mtime.h"

struct event_base;
struct loop;

struct loop_hooks {
	void *ctx;
	/* The deadline given last has come. */
	void (*expired)(void *ctx, struct instant now);
	/*
	 * After everything that was ready has been handled, and once before the first
	 * turn: sends what was gathered. Returns the next deadline.
	 */
	struct instant (*end_turn)(void *ctx, struct instant now);
	/* A complaint of libevent's own. */
	void (*complain)(void *ctx, const char *text);
};

/* NULL if the kernel refuses (errno). One loop at a time in a process. */
struct loop *loop_new(const struct loop_hooks *hooks);
void loop_free(struct loop *l);

struct event_base *loop_base(struct loop *l);

/* Runs turns until loop_stop(). */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);

/* A timer that runs once each time it is set. */
struct loop_timer;

struct loop_timer *loop_timer_new(struct loop *l, void (*expired)(void *ctx), void *ctx);
void loop_timer_set(struct loop_timer *t, struct span wait);
void loop_timer_free(struct loop_timer *t);

/* Calls `caught` in the loop, not in signal context, as often as the signal comes. */
struct loop_signal;

struct loop_signal *loop_signal_new(
	struct loop *l, int number, void (*caught)(void *ctx, int number), void *ctx);
void loop_signal_free(struct loop_signal *s);

#endif
