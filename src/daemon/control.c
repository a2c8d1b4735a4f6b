/*
 * Signals and the watchdog. app.c makes it and does what the hooks ask. The
 * watchdog's message is sent from the loop: if the loop hangs, systemd hears
 * nothing and starts us afresh.
 */
#include "control.h"

#include <signal.h>
#include <stdlib.h>

#include "notify.h"
#include "xmem.h"

enum { SIGNALS = 5 };

struct control {
	struct control_hooks hooks;
	struct loop_signal *signals[SIGNALS];
	struct loop_timer *watchdog;	/* NULL: nobody watches */
};

static void on_signal(void *ctx, int number)
{
	struct control *c = ctx;

	if (number == SIGHUP)
		c->hooks.reload(c->hooks.ctx);
	else if (number == SIGUSR1)
		c->hooks.dump(c->hooks.ctx);
	else if (number == SIGUSR2)
		c->hooks.refresh(c->hooks.ctx);
	else
		c->hooks.stop(c->hooks.ctx);
}

static void on_watchdog(void *ctx)
{
	struct control *c = ctx;

	notify_send("WATCHDOG=1");
	loop_timer_set(c->watchdog, notify_watchdog_interval());
}

void control_prepare(void)
{
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	signal(SIGUSR2, SIG_IGN);
}

struct control *control_new(struct loop *l, const struct control_hooks *hooks)
{
	static const int numbers[SIGNALS] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };
	struct control *c = xmem_new(1, sizeof *c);

	c->hooks = *hooks;
	for (int i = 0; i < SIGNALS; i++)
		c->signals[i] = loop_signal_new(l, numbers[i], on_signal, c);
	if (notify_watchdog_interval().us > 0) {
		c->watchdog = loop_timer_new(l, on_watchdog, c);
		loop_timer_set(c->watchdog, notify_watchdog_interval());
	}
	return c;
}

void control_free(struct control *c)
{
	if (!c)
		return;
	for (int i = 0; i < SIGNALS; i++)
		loop_signal_free(c->signals[i]);
	loop_timer_free(c->watchdog);
	free(c);
}
