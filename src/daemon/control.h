/* What tells the daemon to do something: signals, and systemd's watchdog. */
#ifndef AURPD_CONTROL_H
#define AURPD_CONTROL_H

#include "loop.h"

struct control;

struct control_hooks {
	void *ctx;
	void (*stop)(void *ctx);	/* SIGTERM, SIGINT: each time */
	void (*reload)(void *ctx);	/* SIGHUP */
	void (*dump)(void *ctx);	/* SIGUSR1 */
	void (*refresh)(void *ctx);	/* SIGUSR2 */
};

/*
 * Before anything else: while there is no control, not yet or not any more, a
 * request by signal finds nobody and is passed over.
 */
void control_prepare(void);

struct control *control_new(struct loop *l, const struct control_hooks *hooks);
void control_free(struct control *c);

#endif
