/*
 * What every room of the core needs from the router that it belongs to: the
 * time, timers, chance, and somebody to tell. A room that has this needs to know
 * no router.
 */
#ifndef AURPD_ENV_H
#define AURPD_ENV_H

#include "prng.h"
#include "timer.h"

struct trace_event;

struct env {
	struct instant now;		/* of the entry point being run */
	struct timer_queue timers;
	struct prng prng;
	void (*trace)(void *ctx, const struct trace_event *e);
	void *ctx;			/* of trace */
	bool is_stopping;		/* the router says farewell and begins nothing new */
};

static inline void env_arm(struct env *env, struct timer *t, struct span after)
{
	timer_set(&env->timers, t, instant_add(env->now, after));
}

static inline void env_disarm(struct env *env, struct timer *t)
{
	timer_cancel(&env->timers, t);
}

static inline void env_trace(const struct env *env, const struct trace_event *e)
{
	env->trace(env->ctx, e);
}

/* d plus or minus up to `percent`, so that routers started together do not stay in step. */
static inline struct span env_jitter(struct env *env, struct span d, int percent)
{
	int64_t part = d.us * percent / 100;

	if (part <= 0)
		return d;
	return span_us(d.us - part + (int64_t)prng_range(&env->prng, 0, (uint32_t)(2 * part)));
}

#endif
