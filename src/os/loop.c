/*
 * The turns of the daemon; app.c owns the one loop. A turn is: wait, handle
 * what is ready (each socket at most one batch), then end_turn() flushes the
 * send batches and names the next deadline. One priority is enough: every
 * handler is bounded, so nobody can starve the others.
 */
#include "loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>

#include "clock.h"
#include "xmem.h"

struct loop_timer {
	struct event *event;
	void (*expired)(void *ctx);
	void *ctx;
};

struct loop_watch {
	struct event *event;
	void (*ready)(void *ctx);
	void *ctx;
};

struct loop_signal {
	struct event *event;
	void (*caught)(void *ctx, int number);
	void *ctx;
};

struct loop {
	struct loop_hooks hooks;
	struct event_base *base;
	struct event *timer;
	struct instant armed;		/* INSTANT_NEVER: the timer is off */
	bool is_stopping;
};

/* libevent's log has no context; there is one loop. */
static struct loop *complaining;

static void on_complaint(int severity, const char *text)
{
	if (severity >= EVENT_LOG_WARN && complaining)
		complaining->hooks.complain(complaining->hooks.ctx, text);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	l->armed = INSTANT_NEVER;
	l->hooks.expired(l->hooks.ctx, clock_now());
}

struct loop *loop_new(const struct loop_hooks *hooks)
{
	struct event_config *config = event_config_new();
	struct loop *l = xmem_new(1, sizeof *l);

	l->hooks = *hooks;
	l->armed = INSTANT_NEVER;
	complaining = l;
	event_set_log_callback(on_complaint);
	if (config) {
		/* Without PRECISE_TIMER deadlines are met 4 ms late. */
		event_config_set_flag(config, EVENT_BASE_FLAG_PRECISE_TIMER);
		event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
		l->base = event_base_new_with_config(config);
		event_config_free(config);
	}
	if (l->base)
		l->timer = evtimer_new(l->base, on_timer, l);
	if (l->timer)
		return l;
	loop_free(l);
	return NULL;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	complaining = NULL;
	if (l->timer)
		event_free(l->timer);
	if (l->base)
		event_base_free(l->base);
	free(l);
}

struct event_base *loop_base(struct loop *l)
{
	return l->base;
}

static struct timeval timeval_of(struct span wait)
{
	if (wait.us <= 0)
		return (struct timeval){ 0, 0 };
	return (struct timeval){ wait.us / 1000000, wait.us % 1000000 };
}

static void arm(struct loop *l, struct instant now, struct instant deadline)
{
	const struct timeval wait = timeval_of(instant_since(deadline, now));

	if (instant_cmp(deadline, l->armed) == 0)
		return;
	l->armed = deadline;
	if (instant_is_never(deadline))
		event_del(l->timer);
	else
		event_add(l->timer, &wait);
}

static void end_turn(struct loop *l)
{
	struct instant now = clock_now();

	arm(l, now, l->hooks.end_turn(l->hooks.ctx, now));
}

void loop_run(struct loop *l)
{
	end_turn(l);
	while (!l->is_stopping && event_base_loop(l->base, EVLOOP_ONCE) == 0)
		end_turn(l);
}

void loop_stop(struct loop *l)
{
	l->is_stopping = true;
}

static void on_loop_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->expired(t->ctx);
}

struct loop_timer *loop_timer_new(struct loop *l, void (*expired)(void *ctx), void *ctx)
{
	struct loop_timer *t = xmem_new(1, sizeof *t);

	t->expired = expired;
	t->ctx = ctx;
	t->event = evtimer_new(l->base, on_loop_timer, t);
	if (!t->event)
		abort();
	return t;
}

void loop_timer_set(struct loop_timer *t, struct span wait)
{
	const struct timeval tv = timeval_of(wait);

	event_add(t->event, &tv);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	event_free(t->event);
	free(t);
}

static void on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	(void)fd;
	(void)what;
	w->ready(w->ctx);
}

static struct loop_watch *new_watch(
	struct loop *l, int fd, short what, void (*ready)(void *ctx), void *ctx)
{
	struct loop_watch *w = xmem_new(1, sizeof *w);

	w->ready = ready;
	w->ctx = ctx;
	w->event = event_new(l->base, fd, what, on_ready, w);
	if (!w->event)
		abort();
	return w;
}

struct loop_watch *loop_watch_readable(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx)
{
	struct loop_watch *w = new_watch(l, fd, EV_READ | EV_PERSIST, ready, ctx);
	int error;

	if (event_add(w->event, NULL) == 0)
		return w;
	error = errno;
	loop_watch_free(w);
	errno = error;
	return NULL;
}

struct loop_watch *loop_watch_writable(struct loop *l, int fd, void (*ready)(void *ctx), void *ctx)
{
	return new_watch(l, fd, EV_WRITE, ready, ctx);
}

void loop_watch_set(struct loop_watch *w)
{
	event_add(w->event, NULL);
}

void loop_watch_free(struct loop_watch *w)
{
	if (!w)
		return;
	event_free(w->event);
	free(w);
}

static void on_loop_signal(evutil_socket_t number, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)what;
	s->caught(s->ctx, (int)number);
}

static void mask_signal(int number, int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, number);
	sigprocmask(how, &set, NULL);
}

struct loop_signal *loop_signal_new(
	struct loop *l, int number, void (*caught)(void *ctx, int number), void *ctx)
{
	struct loop_signal *s = xmem_new(1, sizeof *s);

	s->caught = caught;
	s->ctx = ctx;
	s->event = evsignal_new(l->base, number, on_loop_signal, s);
	if (!s->event || event_add(s->event, NULL) < 0)
		abort();
	mask_signal(number, SIG_UNBLOCK);
	return s;
}

void loop_signal_free(struct loop_signal *s)
{
	if (!s)
		return;
	/* Sent once more while the program ends, it would make a failure of that. */
	mask_signal(event_get_signal(s->event), SIG_BLOCK);
	event_free(s->event);
	free(s);
}
