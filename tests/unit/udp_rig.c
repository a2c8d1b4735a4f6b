/* The hands of the tests of UDP sockets: udp_rig.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "udp_rig.h"

enum { LOCALHOST = 0x7F000001, LIMIT_S = 20 };

static struct instant on_end_turn(void *ctx, struct instant now)
{
	struct udp_rig *r = ctx;

	(void)now;
	return r->deadline;
}

static void on_expired(void *ctx, struct instant now)
{
	struct udp_rig *r = ctx;

	assert_true(instant_cmp(now, r->deadline) >= 0);
	r->expired++;
	r->deadline = INSTANT_NEVER;
	loop_stop(r->loop);
}

static void on_complain(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void on_limit(void *ctx)
{
	struct udp_rig *r = ctx;

	r->is_late = true;
	loop_stop(r->loop);
}

static void on_received(void *ctx, struct instant now, struct endpoint from, struct pkt *p)
{
	struct udp_rig *r = ctx;

	(void)now;
	assert_true(p->data - p->start >= PKT_HEADROOM);
	r->in_order &= p->len < 2 || (p->data[0] | p->data[1] << 8) == (r->got & 0xFFFF);
	r->got++;
	r->last_len = p->len;
	r->last_from = from;
	if (p->len > 0) {
		r->last_first = p->data[0];
		r->last_last = p->data[p->len - 1];
	}
	/* The headroom and the packet are ours to change. */
	memset(pkt_push(p, PKT_HEADROOM), 0xEE, PKT_HEADROOM);
}

static void on_unreachable(void *ctx, const struct unreachable *u)
{
	struct udp_rig *r = ctx;

	r->unreachables++;
	r->last_unreachable = *u;
}

/* A socket on the first free port from *port on; *port then stands behind it. */
static struct udp *open_next(
	struct udp_rig *r, struct losses *losses, uint16_t *port, struct endpoint *at)
{
	for (int i = 0; i < 1000; i++) {
		struct udp *s;

		*at = (struct endpoint){ LOCALHOST, (*port)++ };
		s = udp_open(r->loop, r->in, losses, *at, "", &r->hooks);
		if (s)
			return s;
	}
	return NULL;
}

int udp_rig_set_up(void **state)
{
	struct udp_rig *r = calloc(1, sizeof *r);
	const struct loop_hooks hooks = { r, on_expired, on_end_turn, on_complain };
	uint16_t port = 40000;

	if (!r)
		return -1;
	r->hooks = (struct udp_hooks){ { r, on_received }, on_unreachable };
	r->deadline = INSTANT_NEVER;
	r->in_order = true;
	r->loop = loop_new(&hooks);
	r->in = receive_batch_new();
	r->limit = loop_timer_new(r->loop, on_limit, r);
	r->a = open_next(r, &r->lost_a, &port, &r->to_a);
	r->b = open_next(r, &r->lost_b, &port, &r->to_b);
	*state = r;
	return r->a && r->b ? 0 : -1;
}

int udp_rig_tear_down(void **state)
{
	struct udp_rig *r = *state;

	udp_close(r->a);
	udp_close(r->b);
	loop_timer_free(r->limit);
	receive_batch_free(r->in);
	loop_free(r->loop);
	free(r);
	return 0;
}

void udp_rig_until_got(struct udp_rig *r, int wanted)
{
	loop_timer_set(r->limit, span_s(LIMIT_S));
	while (r->got < wanted && !r->is_late) {
		udp_flush(r->a);
		assert_int_equal(event_base_loop(loop_base(r->loop), EVLOOP_ONCE), 0);
	}
	assert_int_equal(r->got, wanted);
}

void udp_rig_turn(struct udp_rig *r)
{
	loop_timer_set(r->limit, span_s(LIMIT_S));
	assert_int_equal(event_base_loop(loop_base(r->loop), EVLOOP_ONCE), 0);
	assert_false(r->is_late);
}

void udp_rig_to_deadline(struct udp_rig *r)
{
	loop_timer_set(r->limit, span_s(LIMIT_S));
	loop_run(r->loop);
}
