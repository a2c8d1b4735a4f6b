/*
 * The life of a device under a port, the same for every kind: it is looked at,
 * opened when it is there, closed when it goes or breaks, and tried again with
 * growing patience; each trouble is said once. How to look, open, read and
 * write is the kind's business (link_kind.h). daemon/links.c calls, at first
 * and whenever netlink tells of an interface. Conformance L19, L31.
 */
#include "link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "link_kind.h"
#include "xmem.h"

enum {
	WAIT_FIRST_S = 1,
	LASTED_S = 30,			/* a device that was open this long was a good one */
};

static void set_up(struct link *k, bool is_up)
{
	if (is_up == k->is_up)
		return;
	k->is_up = is_up;
	if (is_up)
		k->hooks.up(k->hooks.ctx, clock_now(), k->mac);
	else
		k->hooks.down(k->hooks.ctx, clock_now());
}

/* --- what a person is told --------------------------------------------------------------- */

static const char *remedy(const struct link *k, int error)
{
	for (const struct link_remedy *r = k->kind->remedies; r && r->text; r++)
		if (r->error == error)
			return r->text;
	return "trying again";
}

static void complain(struct link *k)
{
	const bool is_common = k->trouble == TROUBLE_NO_CARRIER || k->trouble == TROUBLE_DOWN;
	char text[LINK_TEXT_MAX];

	if (k->trouble == TROUBLE_FAILED)
		snprintf(text, sizeof text, "%s cannot be opened: %s; %s", k->called,
			strerror(k->error), remedy(k, k->error));
	else
		link_trouble_text(k->trouble, k->called, &k->interface, text);
	link_say(k, is_common ? LOG_LEVEL_WARNING : LOG_LEVEL_ERROR, text);
}

/*
 * An interface is kept by its index while we run, whatever it is called. That
 * matters to a person if nobody would find it any more by the configured name.
 */
static void follow_name(struct link *k)
{
	const bool is_same = k->interface.name[0] && k->interface.index == k->known.index;
	struct ifinfo named;
	char text[LINK_TEXT_MAX];

	if (is_same && strcmp(k->interface.name, k->known.name) == 0)
		return;
	if (!is_same ||
		(ifwatch_query(k->device, &named) && named.index == k->interface.index)) {
		memcpy(k->called, k->device, sizeof k->called);
		return;
	}
	snprintf(text, sizeof text,
		"%s was renamed and is %s now; it is kept until the next start: write %s = %s",
		k->called, k->interface.name, k->kind->option, k->interface.name);
	snprintf(k->called, sizeof k->called, "%s", k->interface.name);
	link_say(k, LOG_LEVEL_WARNING, text);
}

/* Takes what link_check() found; a new trouble is said. */
static void enter(struct link *k, enum link_trouble trouble, int error)
{
	const int why = trouble == TROUBLE_FAILED ? error : 0;
	const bool is_new = trouble != k->trouble || why != k->error;

	k->trouble = trouble;
	k->error = why;
	if (is_new && trouble != TROUBLE_NONE)
		complain(k);
	set_up(k, trouble == TROUBLE_NONE);
}

/* --- open and closed --------------------------------------------------------------------- */

static void on_readable(void *ctx)
{
	struct link *k = ctx;

	k->kind->read(k);
}

/* Closes what is open, without a word. */
static void release(struct link *k)
{
	if (k->fd >= 0 && k->kind->closing)
		k->kind->closing(k);
	loop_watch_free(k->readable);
	if (k->fd >= 0)
		close(k->fd);
	k->readable = NULL;
	k->fd = -1;
	k->broken = NULL;
}

/* TROUBLE_FAILED and errno, or what the matter is with the device now that it is open. */
static enum link_trouble open_device(struct link *k)
{
	enum link_trouble trouble;
	int error;

	if (k->kind->open(k))
		k->readable = loop_watch_readable(k->loop, k->fd, on_readable, k);
	if (!k->readable) {
		error = errno;
		release(k);
		errno = error;
		return TROUBLE_FAILED;
	}
	k->opened = clock_now();
	/* A tap exists only now, and may be down. Who cannot be asked again has just said yes. */
	trouble = k->kind->look(k);
	return trouble == TROUBLE_UNKNOWN ? TROUBLE_NONE : trouble;
}

static void try_later(struct link *k)
{
	loop_timer_set(k->retry, span_s(k->wait_s));
}

static void lose(struct link *k)
{
	char text[LINK_TEXT_MAX];

	snprintf(text, sizeof text, "%s %s; opening it again as soon as it is there", k->called,
		k->broken);
	link_say(k, LOG_LEVEL_WARNING, text);
	link_shut(k);
	/* If it is not there now, that is no news. */
	k->trouble = TROUBLE_FAILED;
	k->error = ENOENT;
	try_later(k);
}

static void on_retry(void *ctx)
{
	struct link *k = ctx;

	k->wait_s *= 2;
	if (k->wait_s > k->kind->wait_most_s)
		k->wait_s = k->kind->wait_most_s;
	link_check(k);
}

void link_check(struct link *k)
{
	const struct instant opened = k->opened;
	enum link_trouble trouble;
	int error;

	if (k->broken) {
		lose(k);
		return;
	}
	trouble = k->kind->look(k);
	if (trouble == TROUBLE_NONE && k->fd < 0)
		trouble = open_device(k);
	error = errno;
	if (trouble != TROUBLE_ABSENT && trouble != TROUBLE_UNKNOWN)
		follow_name(k);
	if (trouble == TROUBLE_FAILED || trouble == TROUBLE_UNKNOWN)
		try_later(k);
	if (trouble != TROUBLE_UNKNOWN)
		enter(k, trouble, error);
	else if (k->fd < 0)
		enter(k, TROUBLE_FAILED, error);
	if (k->is_up && instant_cmp(k->opened, opened) == 0 &&
		k->interface.cable != k->known.cable)
		k->hooks.changed(k->hooks.ctx, clock_now());
	k->known = k->interface;
}

void link_shut(struct link *k)
{
	if (k->fd < 0)
		return;
	if (instant_cmp(clock_now(), instant_add(k->opened, span_s(LASTED_S))) >= 0)
		k->wait_s = WAIT_FIRST_S;
	release(k);
	set_up(k, false);
}

void link_break(struct link *k, const char *why)
{
	if (k->broken)			/* setting a timer anew puts it off */
		return;
	k->broken = why;
	loop_timer_set(k->retry, span_s(0));
}

/* --- beginning and end ------------------------------------------------------------------- */

void *link_new(const struct link_kind *kind, struct loop *l, const struct config_port *config,
	const struct link_hooks *hooks)
{
	struct link *k = xmem_new(1, kind->size);

	k->kind = kind;
	k->hooks = *hooks;
	k->loop = l;
	memcpy(k->device, config->device, sizeof k->device);
	memcpy(k->called, config->device, sizeof k->called);
	k->fd = -1;
	k->wait_s = WAIT_FIRST_S;
	k->retry = loop_timer_new(l, on_retry, k);
	return k;
}

void link_close(struct link *k)
{
	/* Nobody is to answer for our node any more; what was said last still goes out. */
	link_set_node(k, 0);
	link_flush(k);
	release(k);
	if (k->kind->fini)
		k->kind->fini(k);
	loop_timer_free(k->retry);
	free(k);
}

/* --- while it is open -------------------------------------------------------------------- */

bool link_is_denied(const struct link *k)
{
	return k->kind->needs_capability && k->trouble == TROUBLE_FAILED &&
		(k->error == EPERM || k->error == EACCES);
}

void link_send(struct link *k, const struct pkt *frame)
{
	if (k->fd >= 0)
		k->kind->send(k, frame);
}

void link_flush(struct link *k)
{
	if (k->fd >= 0 && k->kind->flush)
		k->kind->flush(k);
}

void link_set_multicast(struct link *k, struct mac group, bool join)
{
	if (k->fd >= 0 && k->kind->set_multicast)
		k->kind->set_multicast(k, group, join);
}

void link_set_node(struct link *k, uint8_t node)
{
	if (k->fd >= 0 && k->kind->set_node)
		k->kind->set_node(k, node);
}

struct losses link_losses(const struct link *k)
{
	return k->losses;
}
