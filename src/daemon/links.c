/*
 * One link (os/link.h) per port, and its way into the router. app.c opens and
 * closes them by the reload plan, passes netlink's news on, and flushes them at
 * the end of each turn.
 */
#include "links.h"

#include <stdlib.h>
#include <string.h>

#include "aurpd/hash.h"
#include "clock.h"
#include "link.h"
#include "loss_report.h"
#include "xmem.h"

struct port_link {
	struct shell *shell;
	char name[CONFIG_NAME_MAX + 1];
	char device[CONFIG_PATH_MAX + 1];
	enum port_kind kind;
	bool is_tap;
	struct port *port;
	struct link *link;
	bool is_up;			/* the router has been told so */
	struct loss_report losses;
	uint64_t drops[DROP_REASONS];	/* what the link itself threw away */
};

static void on_up(void *ctx, struct instant now, struct mac mac)
{
	struct port_link *p = ctx;

	p->is_up = true;
	router_link_up(p->shell->router, now, p->port, p->link, mac);
}

static void on_down(void *ctx, struct instant now)
{
	struct port_link *p = ctx;

	p->is_up = false;
	router_link_down(p->shell->router, now, p->port);
}

static void on_changed(void *ctx, struct instant now)
{
	struct port_link *p = ctx;

	router_link_changed(p->shell->router, now, p->port);
}

static void on_received(void *ctx, struct instant now, struct pkt *frame)
{
	struct port_link *p = ctx;

	router_rx_link(p->shell->router, now, p->port, frame);
}

static void on_dropped(void *ctx, enum drop_reason reason)
{
	struct port_link *p = ctx;

	p->drops[reason]++;
}

static void on_say(void *ctx, enum log_level level, const char *text)
{
	static const char kind[] = "the device of a port comes and goes";
	struct port_link *p = ctx;
	const struct pace_about about = { kind, p->name,
		hash_text(hash_text(HASH_START, p->name), text), PACE_CHANGES };
	char line[LOG_LINE_MAX];

	snprintf(line, sizeof line, "port %s: %s", p->name, text);
	log_about(&p->shell->log, level, &about, line);
}

void links_init(struct links *ls, struct shell *shell)
{
	*ls = (struct links){ .shell = shell };
}

static void close_at(struct links *ls, size_t i)
{
	struct port_link *p = ls->v[i];

	if (p->is_up)
		router_link_down(p->shell->router, clock_now(), p->port);
	link_close(p->link);
	free(p);
	ls->v[i] = ls->v[--ls->n];
}

void links_fini(struct links *ls)
{
	while (ls->n > 0)
		close_at(ls, ls->n - 1);
	free(ls->v);
	ls->v = NULL;
}

static struct link *new_link(
	struct shell *shell, const struct config_port *config, const struct link_hooks *hooks)
{
	switch (config->kind) {
	case PORT_LTOUDP:
		return ltoudp_link_new(shell->loop, shell->in, config, hooks);
	case PORT_TASHTALK:
		return tashtalk_link_new(shell->loop, shell->in, config, hooks);
	default:
		return (config->is_tap ? tap_link_new : ether_link_new)(
			shell->loop, shell->in, config, hooks);
	}
}

void links_open(struct links *ls, const struct config_port *config)
{
	struct port_link *p = xmem_new(1, sizeof *p);
	const struct link_hooks hooks = {
		p, on_up, on_down, on_changed, on_received, on_dropped, on_say
	};

	p->shell = ls->shell;
	memcpy(p->name, config->name, sizeof p->name);
	memcpy(p->device, config->device, sizeof p->device);
	p->kind = config->kind;
	p->is_tap = config->is_tap;
	p->port = router_find_port(ls->shell->router, config->name);
	p->losses = (struct loss_report){ .owner = "port",
		.name = p->name,
		.sender = p->device,
		.remedy = loss_remedy_kernel };
	if (p->kind == PORT_TASHTALK)
		p->losses.remedy = "the LocalTalk bus is busy, or the adapter hangs";
	p->link = new_link(ls->shell, config, &hooks);
	ls->v = xmem_grow(ls->v, ls->n, &ls->cap, sizeof *ls->v);
	ls->v[ls->n++] = p;
	link_check(p->link);
}

void links_close(struct links *ls, const char *name)
{
	for (size_t i = 0; i < ls->n; i++) {
		if (strcmp(ls->v[i]->name, name) != 0)
			continue;
		close_at(ls, i);
		return;
	}
}

void links_check(struct links *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		if (ls->v[i]->kind != PORT_TASHTALK)
			link_check(ls->v[i]->link);
}

static const struct port_link *find_denied(const struct links *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		if (link_is_denied(ls->v[i]->link))
			return ls->v[i];
	return NULL;
}

const char *links_denied(const struct links *ls)
{
	const struct port_link *p = find_denied(ls);

	return p ? p->device : NULL;
}

bool links_denied_tap(const struct links *ls)
{
	const struct port_link *p = find_denied(ls);

	return p && p->is_tap;
}

void links_flush(struct links *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		link_flush(ls->v[i]->link);
}

void links_report(struct links *ls, struct instant now)
{
	for (size_t i = 0; i < ls->n; i++)
		loss_report(&ls->v[i]->losses, &ls->shell->log, now, link_losses(ls->v[i]->link));
}

/* What a port lost for one reason, in its link or in the kernel. */
static uint64_t count_of(const struct port_link *p, enum drop_reason reason)
{
	if (reason == DROP_NO_BUFFER)
		return link_losses(p->link).no_buffer;
	if (reason == DROP_SEND_REFUSED)
		return link_losses(p->link).refused;
	return p->drops[reason];
}

size_t links_losses(const struct links *ls, struct dump_loss *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ls->n; i++) {
		for (int r = 0; r < DROP_REASONS && n < max; r++) {
			const struct port_link *p = ls->v[i];
			uint64_t count = count_of(p, (enum drop_reason)r);

			if (count > 0)
				out[n++] = (struct dump_loss){
					p->name, (enum drop_reason)r, count
				};
		}
	}
	return n;
}
