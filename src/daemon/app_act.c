/*
 * What the daemon does besides forwarding: takes configurations, writes the
 * dump and the state file, reports to systemd, ends. app.c calls app_act() at
 * the end of each turn, when nobody is inside the router.
 */
#include "app_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "clock.h"
#include "conf.h"
#include "dump.h"
#include "file_write.h"
#include "notify.h"
#include "private_place.h"
#include "reload.h"
#include "xmem.h"

enum { STATUS_MAX = 160, STATE_RETRY_S = 10 };

/* --- configurations ------------------------------------------------------------------------- */

struct config *app_read(struct app *a)
{
	static const char message_key[] = "a message about the configuration";
	struct conf_report rep = { 0 };
	struct config *c = conf_load(a->cli->config_file, &rep);

	for (size_t i = 0; i < rep.n; i++) {
		const struct conf_message *m = &rep.messages[i];
		char text[LOG_LINE_MAX];

		conf_message_text(m, a->cli->config_file, text, sizeof text);
		log_say(&a->shell.log, m->is_warning ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR,
			message_key, NULL, text);
	}
	conf_report_fini(&rep);
	return c;
}

static bool closes(const struct reload_item *i)
{
	return i->action == RELOAD_CLOSE || i->action == RELOAD_REOPEN;
}

static bool opens(const struct reload_item *i)
{
	return i->action == RELOAD_OPEN || i->action == RELOAD_REOPEN;
}

static void close_old(struct app *a, const struct reload_plan *plan)
{
	for (size_t i = 0; i < plan->peers.n; i++)
		if (plan->peers.items[i].action == RELOAD_CLOSE)
			lookups_close(&a->lookups, plan->peers.items[i].tunnel,
				plan->peers.items[i].name);
	for (size_t i = 0; i < plan->ports.n; i++)
		if (closes(&plan->ports.items[i]))
			links_close(&a->links, plan->ports.items[i].name);
	for (size_t i = 0; i < plan->tunnels.n; i++)
		if (closes(&plan->tunnels.items[i]))
			tunnels_close(&a->tunnels, plan->tunnels.items[i].name);
}

static const struct config_peer *find_peer(const struct config *c, const struct reload_item *p)
{
	return config_find_peer(config_find_tunnel(c, p->tunnel), p->name);
}

static void open_new(struct app *a, const struct reload_plan *plan, const struct config *c)
{
	for (size_t i = 0; i < plan->ports.n; i++)
		if (opens(&plan->ports.items[i]))
			links_open(&a->links, config_find_port(c, plan->ports.items[i].name));
	for (size_t i = 0; i < plan->tunnels.n; i++)
		if (opens(&plan->tunnels.items[i]))
			tunnels_open(
				&a->tunnels, c, config_find_tunnel(c, plan->tunnels.items[i].name));
	for (size_t i = 0; i < plan->peers.n; i++) {
		const struct reload_item *p = &plan->peers.items[i];

		if (p->action == RELOAD_OPEN)
			lookups_open(&a->lookups, p->tunnel, find_peer(c, p));
		else if (p->action == RELOAD_REOPEN)
			lookups_reopen(&a->lookups, p->tunnel, find_peer(c, p));
	}
	lookups_check(&a->lookups);
}

/* What is remembered is written wherever that is to be now. */
static void move_state(struct app *a, const struct config *config)
{
	if (!a->config || strcmp(a->config->state_file, config->state_file) == 0)
		return;
	a->state.is_dirty = a->state.n > 0;
	a->state_error = 0;
}

void app_take(struct app *a, struct config *config)
{
	struct reload_plan plan;

	if (!a->cli->has_log_level)
		a->shell.log.level = config->log_level;
	move_state(a, config);
	state_apply(&a->state, config);
	reload_plan_init(&plan, a->config, config);
	close_old(a, &plan);
	router_apply(a->shell.router, clock_now(), config);
	open_new(a, &plan, config);
	reload_plan_fini(&plan);		/* its names point into both configurations */
	conf_free(a->config);
	a->config = config;
	a->is_status_old = true;
}

static bool routes_nothing(const struct config *c)
{
	return c->n_ports == 0 && c->n_tunnels == 0;
}

/* An empty file is right for a router without ports; for another, somebody is writing it. */
static struct config *read_again(struct app *a)
{
	struct config *c = app_read(a);

	if (!c) {
		log_printf(&a->shell.log, LOG_LEVEL_ERROR,
			"%s has errors; the router goes on as before", a->cli->config_file);
	} else if (routes_nothing(c) && !routes_nothing(a->config)) {
		log_printf(&a->shell.log, LOG_LEVEL_ERROR,
			"%s has no port and no tunnel any more; the router goes on as before: "
			"reload when the file is complete, or stop the service",
			a->cli->config_file);
		conf_free(c);
		c = NULL;
	}
	return c;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static void reload(struct app *a)
{
	char message[64];
	struct config *c;

	snprintf(message, sizeof message, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)clock_now().us);
	notify_send(message);
	c = read_again(a);
	if (c) {
		log_forget(&a->shell.log);
		app_take(a, c);
		log_printf(&a->shell.log, LOG_LEVEL_INFO, "read %s again: %zu port%s, %zu tunnel%s",
			a->cli->config_file, c->n_ports, plural(c->n_ports), c->n_tunnels,
			plural(c->n_tunnels));
	}
	app_notify_ready(a);
}

/* --- what people and systemd see -------------------------------------------------------------- */

static void write_status(const struct app *a, char out[STATUS_MAX])
{
	struct router_summary s = router_summary(a->shell.router);
	char up[32] = "";

	if (s.ports_up < s.ports)
		snprintf(up, sizeof up, "%zu of ", s.ports_up);
	if (routes_nothing(a->config))
		snprintf(out, STATUS_MAX, "STATUS=no ports configured");
	else
		snprintf(out, STATUS_MAX, "STATUS=%s%zu port%s, %zu of %zu peer%s, %zu network%s",
			up, s.ports, plural(s.ports), s.peers_connected, s.peers, plural(s.peers),
			s.networks, plural(s.networks));
}

void app_notify_ready(struct app *a)
{
	char status[STATUS_MAX], message[STATUS_MAX + 16];

	write_status(a, status);
	snprintf(message, sizeof message, "READY=1\n%s", status);
	notify_send(message);
	a->is_status_old = false;
}

static void write_dump(FILE *out, void *ctx)
{
	struct app *a = ctx;
	size_t max = (a->config->n_ports + a->config->n_tunnels) * DROP_REASONS, n;
	struct dump_loss *losses = xmem_new(max, sizeof *losses);
	struct dump_name *names = xmem_new(a->lookups.n, sizeof *names);
	char date[CLOCK_TEXT_SIZE];
	struct dump d = { .router = a->shell.router,
		.name = a->config->name,
		.date = clock_text(date),
		.now = clock_now(),
		.started = a->started,
		.losses = losses,
		.names = names };

	n = links_losses(&a->links, losses, max);
	d.n_losses = n + tunnels_losses(&a->tunnels, losses + n, max - n);
	d.n_names = lookups_troubles(&a->lookups, names, a->lookups.n);
	dump_write(out, &d);
	free(names);
	free(losses);
}

static const char *file_remedy(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "make room on its disk";
	case EMFILE:
	case ENFILE:
		return "raise the limit of open files (LimitNOFILE=)";
	case EROFS:
		return "the service may write into /run/aurpd and /var/lib/aurpd: choose a place "
		       "there, or allow its folder with ReadWritePaths= in a drop-in; elsewhere "
		       "the disk is mounted read-only";
	case ENOENT:
		return "there is no such folder, or the service does not see it (ProtectHome): "
		       "choose a place in /run/aurpd or /var/lib/aurpd";
	default:
		return "make its folder writable for aurpd, or choose another place";
	}
}

/* Under systemd's PrivateTmp= nobody else finds it where we say that it is. */
static void say_dump(struct app *a, const char *path)
{
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	char outside[PRIVATE_PLACE_MAX];

	if (mounts && private_place(mounts, path, outside))
		log_printf(&a->shell.log, LOG_LEVEL_INFO,
			"dump written to %s, which is the service's own folder: for all others the "
			"file is %s",
			path, outside);
	else
		log_printf(&a->shell.log, LOG_LEVEL_INFO, "dump written to %s", path);
	if (mounts)
		fclose(mounts);
}

static void dump(struct app *a)
{
	const char *path = a->config->dump_file;

	if (!path[0])
		log_printf(&a->shell.log, LOG_LEVEL_WARNING, "no dump written: dump-file is empty");
	else if (file_replace(path, FILE_MAY_BE_LOST, write_dump, a))
		say_dump(a, path);
	else
		log_printf(&a->shell.log, LOG_LEVEL_ERROR, "no dump written to %s: %s; %s", path,
			strerror(errno), file_remedy(errno));
}

/* A trouble is said once, and again when it is another one or comes back. */
static void say_state_trouble(struct app *a, int error)
{
	if (error != 0 && error != a->state_error)
		log_printf(&a->shell.log, LOG_LEVEL_WARNING,
			"%s cannot be written: %s; the ports will look for new addresses after a "
			"restart: %s",
			a->config->state_file, strerror(error), file_remedy(error));
	a->state_error = error;
}

static void save_state(struct app *a, struct instant now)
{
	const char *path = a->config->state_file;
	bool is_saved = !path[0] || state_save(&a->state, path);

	say_state_trouble(a, is_saved ? 0 : errno);
	a->state.is_dirty = !is_saved;
	a->state_due = instant_add(now, span_s(STATE_RETRY_S));
}

/* Not worth doing in every turn. */
static void do_chores(struct app *a, struct instant now)
{
	char status[STATUS_MAX];

	log_tick(&a->shell.log);
	links_report(&a->links, now);
	tunnels_report(&a->tunnels, now);
	lookups_report(&a->lookups, now);
	if (!a->is_status_old || a->is_stopping)
		return;
	write_status(a, status);
	notify_send(status);
	a->is_status_old = false;
}

void app_act(struct app *a, struct instant now)
{
	if (a->wants_reload && !a->is_stopping) {
		a->wants_reload = false;
		reload(a);
	}
	if (a->wants_dump) {
		a->wants_dump = false;
		dump(a);
	}
	if (a->state.is_dirty && (a->state_error == 0 || instant_cmp(now, a->state_due) >= 0))
		save_state(a, now);
	if (instant_cmp(now, a->next_chores) >= 0) {
		a->next_chores = instant_add(now, span_s(1));
		do_chores(a, now);
	}
	if (a->is_stopping && router_is_stopped(a->shell.router))
		loop_stop(a->shell.loop);
}
