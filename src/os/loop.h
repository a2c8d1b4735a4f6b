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

/* Waits for a descriptor; to be freed before that is closed. */
struct loop_watch;

/* Calls `ready` while there is something to read; NULL and errno if nobody can wait for that. */
struct loop_watch *loop_watch_readable(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx);

/* Calls `ready` once each time it is set, when there is room to write. */
struct loop_watch *loop_watch_writable(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx);
void loop_watch_set(struct loop_watch *w);
void loop_watch_free(struct loop_watch *w);

/* Calls `caught` in the loop, not in signal context, as often as the signal comes. */
struct loop_signal;

struct loop_signal *loop_signal_new(
	struct loop *l, int number, void (*caught)(void *ctx, int number), void *ctx);
void loop_signal_free(struct loop_signal *s);

#endif
