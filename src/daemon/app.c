/*
 * The daemon: makes the parts, wires them, takes them down. Everything that
 * happens while it runs comes in through the hooks here; what is to be done
 * about it (dump, reload, status) stands in app_act.c.
 */
#include "app.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app_state.h"
#include "clock.h"
#include "conf.h"
#include "link.h"
#include "message.h"
#include "notify.h"
#include "reload.h"
#include "standard_files.h"
#include "udp.h"

static const struct resolver_times resolver_times = {
	.retry_first_s = 5, .retry_most_s = 300, .refresh_s = 300
};

/* --- what the router wants ---------------------------------------------------------------- */

static void on_send_link(void *ctx, void *link, const struct pkt *frame)
{
	(void)ctx;
	link_send(link, frame);
}

static void on_send_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload)
{
	(void)ctx;
	udp_send(sock, to, payload);
}

static void on_set_multicast(void *ctx, void *link, struct mac group, bool join)
{
	(void)ctx;
	link_set_multicast(link, group, join);
}

static void on_set_node(void *ctx, void *link, uint8_t node)
{
	(void)ctx;
	link_set_node(link, node);
}

static bool is_configured_peer(const struct app *a, const char *name)
{
	for (size_t i = 0; a->config && i < a->config->n_tunnels; i++)
		if (config_find_peer(&a->config->tunnels[i], name))
			return true;
	return false;
}

/* Who caused it, for the limits of the log: strangers and hosts share what they come through. */
static const char *source_of(const struct app *a, const struct trace_event *e)
{
	if (e->peer)
		return is_configured_peer(a, e->peer) ? e->peer : "unknown peers";
	return e->tunnel ? e->tunnel : e->port ? e->port : "router";
}

static void on_trace(void *ctx, const struct trace_event *e)
{
	struct app *a = ctx;
	char text[MESSAGE_MAX];

	a->is_status_old = true;
	lookups_hear(&a->lookups, e);
	if (e->kind == TRACE_PORT_UP)
		state_set(&a->state, e->port, e->addr);
	if (trace_level(e->kind) <= a->shell.log.level) {
		struct pace_about about = message_about(e);

		about.source = source_of(a, e);
		message_text(e, text);
		log_about(&a->shell.log, trace_level(e->kind), &about, text);
	}
}

/* --- what the loop and the kernel tell ------------------------------------------------------ */

static void on_expired(void *ctx, struct instant now)
{
	struct app *a = ctx;

	router_tick(a->shell.router, now);
}

static struct instant on_end_turn(void *ctx, struct instant now)
{
	struct app *a = ctx;

	app_act(a, now);
	links_flush(&a->links);
	tunnels_flush(&a->tunnels);
	return router_deadline(a->shell.router);
}

static void on_complain(void *ctx, const char *text)
{
	struct app *a = ctx;

	log_printf(&a->shell.log, LOG_LEVEL_DEBUG, "libevent: %s", text);
}

static void on_interface(void *ctx)
{
	struct app *a = ctx;

	links_check(&a->links);
}

static void on_addresses(void *ctx)
{
	struct app *a = ctx;

	tunnels_check(&a->tunnels);
	lookups_check(&a->lookups);
	links_check(&a->links);
}

static void on_stop_limit(void *ctx)
{
	struct app *a = ctx;

	loop_stop(a->shell.loop);
}

static void on_stop(void *ctx)
{
	struct app *a = ctx;

	if (a->is_stopping) {
		loop_stop(a->shell.loop);	/* the second signal: at once */
		return;
	}
	a->is_stopping = true;
	notify_send("STOPPING=1\nSTATUS=telling the peers");
	log_printf(&a->shell.log, LOG_LEVEL_INFO, "ending: telling the peers");
	loop_timer_set(a->stop_limit, span_s(STOP_LIMIT_S));
	router_shutdown(a->shell.router, clock_now());
}

static void on_reload(void *ctx)
{
	((struct app *)ctx)->wants_reload = true;
}

static void on_dump(void *ctx)
{
	((struct app *)ctx)->wants_dump = true;
}

static void on_refresh(void *ctx)
{
	struct app *a = ctx;

	log_printf(&a->shell.log, LOG_LEVEL_INFO,
		"asking the peers for their networks again, and dialling those that are away");
	router_refresh(a->shell.router, clock_now());
}

/* --- life ------------------------------------------------------------------------------------ */

static bool make_parts(struct app *a)
{
	const struct loop_hooks loop_hooks = { a, on_expired, on_end_turn, on_complain };
	const struct ifwatch_hooks watch_hooks = { a, on_interface, on_addresses };
	const struct control_hooks control_hooks = {
		a, on_stop, on_reload, on_dump, on_refresh };
	const struct router_io io = {
		a, on_send_link, on_send_tunnel, on_set_multicast, on_set_node, on_trace
	};

	a->shell.loop = loop_new(&loop_hooks);
	if (a->shell.loop)
		a->watch = ifwatch_new(a->shell.loop, &watch_hooks);
	if (!a->watch)
		return false;
	a->shell.router = router_new(&io, clock_seed(), clock_now());
	a->shell.in = receive_batch_new();
	a->shell.resolver =
		resolver_new(a->shell.loop, "/etc/resolv.conf", &resolver_times, clock_seed());
	a->control = control_new(a->shell.loop, &control_hooks);
	a->stop_limit = loop_timer_new(a->shell.loop, on_stop_limit, a);
	links_init(&a->links, &a->shell);
	tunnels_init(&a->tunnels, &a->shell);
	lookups_init(&a->lookups, &a->shell, &a->tunnels);
	return true;
}

static void free_parts(struct app *a)
{
	if (a->shell.router) {
		lookups_fini(&a->lookups);
		links_fini(&a->links);
		tunnels_fini(&a->tunnels);
		resolver_free(a->shell.resolver);
		router_free(a->shell.router);
		receive_batch_free(a->shell.in);
		loop_timer_free(a->stop_limit);
		control_free(a->control);
	}
	ifwatch_free(a->watch);
	loop_free(a->shell.loop);
	state_fini(&a->state);
	conf_free(a->config);
}

/* What is missing that trying again cannot give: the permission for a device or port. */
static bool is_denied(struct app *a)
{
	const char *device = links_denied(&a->links), *tunnel = tunnels_denied(&a->tunnels);

	if (device && links_denied_tap(&a->links))
		log_printf(&a->shell.log, LOG_LEVEL_ERROR,
			"creating the tap device %s needs the capability CAP_NET_ADMIN and the "
			"file /dev/net/tun; the service needs the drop-in aurpd-tap.conf: see tap "
			"in aurpd.conf(5)",
			device);
	else if (device)
		log_printf(&a->shell.log, LOG_LEVEL_ERROR,
			"receiving on %s needs the capability CAP_NET_RAW: start "
			"aurpd with systemctl start aurpd, or as root, or grant it with: setcap "
			"cap_net_raw,cap_net_bind_service+ep %s",
			device, AURPD_PROGRAM_FILE);
	if (tunnel)
		log_printf(&a->shell.log, LOG_LEVEL_ERROR,
			"listening for tunnel %s needs the capability "
			"CAP_NET_BIND_SERVICE: start aurpd with systemctl start aurpd, or as root, "
			"or grant it with: setcap cap_net_raw,cap_net_bind_service+ep %s",
			tunnel, AURPD_PROGRAM_FILE);
	return device || tunnel;
}

static bool start(struct app *a, struct config *config)
{
	if (config->state_file[0] && !state_load(&a->state, config->state_file) && errno != ENOENT)
		log_printf(&a->shell.log, LOG_LEVEL_WARNING,
			"%s cannot be read: %s; the ports will look for new addresses. Give the "
			"file to the service's user, or remove it",
			config->state_file, strerror(errno));
	app_take(a, config);
	if (is_denied(a))
		return false;
	if (config->n_ports == 0)
		log_printf(&a->shell.log, LOG_LEVEL_WARNING,
			"no ports are configured: edit %s, then: sudo systemctl reload aurpd",
			a->cli->config_file);
	log_printf(&a->shell.log, LOG_LEVEL_INFO,
		"aurpd %s is ready as %s, ports: %zu, tunnels: %zu", AURPD_VERSION, config->name,
		config->n_ports, config->n_tunnels);
	return true;
}

int app_run(const struct cli *cli)
{
	struct app a = { .cli = cli, .started = clock_now() };
	int status = EXIT_CANNOT_RUN;
	struct config *config;

	standard_files_open();
	control_prepare();
	log_init(&a.shell.log, stderr, notify_stderr_is_journal(),
		cli->has_log_level ? cli->log_level : LOG_LEVEL_INFO, clock_now);
	config = app_read(&a);
	if (!config)
		return EXIT_CONFIG;
	if (!make_parts(&a)) {
		log_printf(&a.shell.log, LOG_LEVEL_ERROR,
			"the kernel refuses an event loop or netlink: %s", strerror(errno));
		conf_free(config);
	} else if (start(&a, config)) {
		app_notify_ready(&a);
		loop_run(a.shell.loop);
		status = EXIT_SUCCESS;
	}
	free_parts(&a);
	if (status == EXIT_SUCCESS)
		log_printf(&a.shell.log, LOG_LEVEL_INFO, "ended");
	return status;
}
