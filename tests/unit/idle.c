/* What nobody listens to: idle.h. */
#include "idle.h"

static void no_link(void *ctx, void *link, const struct pkt *frame)
{
	(void)ctx;
	(void)link;
	(void)frame;
}

static void no_tunnel(void *ctx, void *sock, struct endpoint to, const struct pkt *payload)
{
	(void)ctx;
	(void)sock;
	(void)to;
	(void)payload;
}

static void no_multicast(void *ctx, void *link, struct mac group, bool join)
{
	(void)ctx;
	(void)link;
	(void)group;
	(void)join;
}

static void no_node(void *ctx, void *link, uint8_t node)
{
	(void)ctx;
	(void)link;
	(void)node;
}

static void no_trace(void *ctx, const struct trace_event *event)
{
	(void)ctx;
	(void)event;
}

struct router_io idle_io(void)
{
	return (struct router_io){ NULL, no_link, no_tunnel, no_multicast, no_node, no_trace };
}

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
	(void)ctx;
	(void)text;
}

struct loop_hooks idle_hooks(void)
{
	return (struct loop_hooks){ NULL, on_expired, on_end_turn, on_complain };
}
