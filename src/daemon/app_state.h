/* The insides of the daemon, shared by app.c (makes the parts) and app_act.c (acts). */
#ifndef AURPD_APP_STATE_H
#define AURPD_APP_STATE_H

#include "cli.h"
#include "control.h"
#include "ifwatch.h"
#include "links.h"
#include "lookups.h"
#include "shell.h"
#include "state.h"
#include "tunnels.h"

enum { STOP_LIMIT_S = 5 };

struct app {
	const struct cli *cli;
	struct shell shell;
	struct links links;
	struct tunnels tunnels;
	struct lookups lookups;
	struct ifwatch *watch;
	struct control *control;
	struct state state;
	int state_error;		/* errno of the trouble with its file; 0: none */
	struct instant state_due;	/* when to try it again */
	struct config *config;		/* in force; NULL before the first */
	struct loop_timer *stop_limit;
	struct instant started;
	struct instant next_chores;
	bool wants_dump, wants_reload, is_stopping;
	bool is_status_old;
};

/* Reads the file and logs what is wrong; NULL if it is not to be used. */
struct config *app_read(struct app *a);

/* Makes a configuration the one in force, by difference, and keeps it. */
void app_take(struct app *a, struct config *config);

/* Tells systemd that the daemon runs, and how. */
void app_notify_ready(struct app *a);

/* At the end of a turn: what was asked for, and what is due. */
void app_act(struct app *a, struct instant now);

#endif
