/* The hands of the tests of links: link_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_rig.h"

enum { LIMIT_S = 20 };

static void on_expired(void *ctx, struct instant now)
{
	(void)ctx;
	(void)now;
}

static struct instant on_end_turn(void *ctx, struct instant now)
{
	(void)ctx;
	(void)now;
	return INSTANT_NEVER;
}

static void on_complain(void *ctx, const char *text)
{
	if (!((struct link_rig *)ctx)->may_complain)
		fail_msg("libevent complains: %s", text);
}

static void on_limit(void *ctx)
{
	((struct link_rig *)ctx)->is_late = true;
}

static void on_up(void *ctx, struct instant now, struct mac mac)
{
	static const struct mac none;
	struct link_story *s = ctx;

	(void)now;
	assert_true(mac_eq(mac, none));
	s->ups++;
}

static void on_down(void *ctx, struct instant now)
{
	(void)now;
	((struct link_story *)ctx)->downs++;
}

static void on_changed(void *ctx, struct instant now)
{
	(void)now;
	((struct link_story *)ctx)->changes++;
}

static void on_received(void *ctx, struct instant now, struct pkt *frame)
{
	struct link_story *s = ctx;

	(void)now;
	s->received++;
	assert_true(frame->len <= sizeof s->last);
	memcpy(s->last, frame->data, frame->len);
	s->last_len = frame->len;
	/* The headroom is ours to change. */
	memset(pkt_push(frame, 32), 0xEE, 32);
}

static void on_dropped(void *ctx, enum drop_reason reason)
{
	((struct link_story *)ctx)->drops[reason]++;
}

static void on_say(void *ctx, enum log_level level, const char *text)
{
	struct link_story *s = ctx;

	(void)level;
	s->said++;
	snprintf(s->text, sizeof s->text, "%s", text);
}

struct link_rig *link_rig_new(void)
{
	struct link_rig *rig = calloc(1, sizeof *rig);
	const struct loop_hooks hooks = { rig, on_expired, on_end_turn, on_complain };

	assert_non_null(rig);
	rig->loop = loop_new(&hooks);
	assert_non_null(rig->loop);
	rig->in = receive_batch_new();
	rig->limit = loop_timer_new(rig->loop, on_limit, rig);
	return rig;
}

void link_rig_free(struct link_rig *rig)
{
	for (size_t i = 0; i < rig->n; i++)
		link_close(rig->links[i].link);
	loop_timer_free(rig->limit);
	receive_batch_free(rig->in);
	loop_free(rig->loop);
	free(rig);
}

struct link_story *link_rig_open(struct link_rig *rig, link_maker make, const char *device)
{
	struct link_story *s = &rig->links[rig->n];
	const struct link_hooks hooks = {
		s, on_up, on_down, on_changed, on_received, on_dropped, on_say
	};
	struct config_port config = { .name = "test" };

	assert_true(rig->n < LINK_RIG_LINKS);
	snprintf(config.device, sizeof config.device, "%s", device);
	s->rig = rig;
	s->link = make(rig->loop, rig->in, &config, &hooks);
	rig->n++;
	link_check(s->link);
	return s;
}

void link_rig_send(struct link_story *s, const void *bytes, size_t n)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	memcpy(p->data, bytes, n);
	p->len = n;
	link_send(s->link, p);
	memset(p->data, 0xEE, n);	/* the link has its own copy */
}

void link_rig_until(struct link_rig *rig, bool (*until)(void *ctx), void *ctx)
{
	loop_timer_set(rig->limit, span_s(LIMIT_S));
	for (;;) {
		for (size_t i = 0; i < rig->n; i++)
			link_flush(rig->links[i].link);
		if (until(ctx))
			return;
		assert_int_equal(event_base_loop(loop_base(rig->loop), EVLOOP_ONCE), 0);
		assert_false(rig->is_late);
	}
}
