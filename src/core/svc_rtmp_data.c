/*
 * RTMP out: Data every 10 s on each port that is up, at once when it comes up,
 * and soon after a change; the same for one router that asks; Responses. Inside
 * AppleTalk ch. 5 ("RTMP Data packet format", "Reducing RTMP packet size",
 * timers); svc_rtmp.c, port_seed.c and router.c call it.
 */
#include "rtmp.h"
#include "rtmp_data.h"
#include "router_state.h"
#include "services.h"

enum {
	DATA_INTERVAL_S = 10,
	DATA_JITTER_PERCENT = 10,
	TRIGGERED_INTERVAL_S = 1,	/* between Data and a triggered one (R47) */
};

/* Data being filled: packets leave as they get full. */
struct rtmp_writer {
	struct port *port;
	const struct datagram *to;	/* NULL: to the whole cable */
	enum rtmp_view view;
	struct pkt_buf buf;
	struct wr w;
};

static struct rtmp_header header_of(const struct port *port)
{
	return (struct rtmp_header){ .sender = port->addr, .cable = port->range };
}

/* --- one packet after the other -------------------------------------------------------- */

static void begin(struct rtmp_writer *rw)
{
	struct pkt *p = pkt_buf_init(&rw->buf);
	const struct rtmp_header h = header_of(rw->port);

	rw->w = wr_over(p->data, DDP_DATA_MAX);
	rtmp_encode_header(&rw->w, &h);
}

static void finish(struct rtmp_writer *rw)
{
	struct pkt *p = &rw->buf.pkt;

	p->len = wr_len(&rw->w);
	if (rw->to)
		forward_reply(rw->port->r, rw->to, DDP_RTMP, p);
	else
		forward_broadcast(rw->port, AT_SOCKET_RTMP, AT_SOCKET_RTMP, DDP_RTMP, NULL, p);
}

static void add(struct rtmp_writer *rw, const struct rtmp_tuple *t)
{
	if (wr_room(&rw->w) < rtmp_tuple_size(t)) {
		finish(rw);
		begin(rw);
	}
	rtmp_encode_tuple(&rw->w, t);
}

/* --- what goes in ---------------------------------------------------------------------- */

static bool is_own_cable(const struct rtmp_writer *rw, const struct route *route)
{
	return route->best->kind == PATH_ATTACHED && port_of_path(route->best) == rw->port;
}

/*
 * Is the route told in this view, and how? "The whole table" that a request with function 3
 * wants (R36) is what we tell anybody, without split horizon: what is 15 hops away cannot be
 * reached through us, and Bad entries go as 31 (R16).
 */
static bool tell(const struct rtmp_writer *rw, const struct route *route, struct rtmp_tuple *t)
{
	*t = (struct rtmp_tuple){ route->range, route->best->distance };
	if (rw->view != RTMP_WHOLE_TABLE && port_of_path(route->best) == rw->port)
		return false;
	if (route_is_bad(route) || rw->view == RTMP_POISON) {
		t->distance = RTMP_UNREACHABLE;
		return true;
	}
	return t->distance < AT_HOPS_MAX;
}

static void write_routes(struct rtmp_writer *rw)
{
	const struct route_table *table = rw->port->routes;
	bool only_own = rw->port->config.own_net_only && !rw->to;
	struct rtmp_tuple t = { rw->port->range, 0 };

	begin(rw);
	/* The cable itself comes first: an extended one as part of the header (R15). */
	if (!t.range.extended)
		add(rw, &t);
	for (size_t i = 0; i < table->used && !only_own; i++) {
		const struct route *route = table->sorted[i];

		if (!is_own_cable(rw, route) && tell(rw, route, &t))
			add(rw, &t);
	}
	/* An empty list is sent all the same: Macs drop a router that falls silent (R11, Q01). */
	finish(rw);
}

/* --- to one router --------------------------------------------------------------------- */

void rtmp_answer_data(struct port *port, const struct datagram *to, enum rtmp_view view)
{
	struct rtmp_writer rw = { .port = port, .to = to, .view = view };

	write_routes(&rw);
}

void rtmp_send_response(struct port *port, const struct datagram *to)
{
	const struct rtmp_header h = header_of(port);
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);

	rtmp_encode_response(&w, &h);
	p->len = wr_len(&w);
	forward_reply(port->r, to, DDP_RTMP, p);
}

/* --- to the cable ---------------------------------------------------------------------- */

static void send_data(struct port *port, enum rtmp_view view)
{
	struct rtmp_writer rw = { .port = port, .view = view };

	write_routes(&rw);
	port->rtmp.sent = port->env->now;
	port->rtmp.told = port->routes->generation;
	env_disarm(port->env, &port->rtmp.triggered);
}

void rtmp_send_data(struct port *port)
{
	send_data(port, RTMP_SPLIT_HORIZON);
}

void rtmp_send_poison(struct port *port)
{
	send_data(port, RTMP_POISON);
}

static void on_periodic(struct timer *t)
{
	struct port *port = container_of(t, struct port, rtmp.periodic);

	rtmp_send_data(port);
	env_arm(port->env, t,
		env_jitter(port->env, span_s(DATA_INTERVAL_S), DATA_JITTER_PERCENT));
}

static void on_triggered(struct timer *t)
{
	rtmp_send_data(container_of(t, struct port, rtmp.triggered));
}

void rtmp_port_init(struct port *port)
{
	timer_init(&port->rtmp.periodic, on_periodic);
	timer_init(&port->rtmp.triggered, on_triggered);
}

void rtmp_port_up(struct port *port)
{
	on_periodic(&port->rtmp.periodic);
}

void rtmp_port_down(struct port *port)
{
	env_disarm(port->env, &port->rtmp.periodic);
	env_disarm(port->env, &port->rtmp.triggered);
}

static void trigger(struct port *port)
{
	struct instant due = instant_add(port->rtmp.sent, span_s(TRIGGERED_INTERVAL_S));

	if (timer_is_set(&port->rtmp.triggered) || port->rtmp.told == port->routes->generation)
		return;
	if (instant_cmp(due, port->env->now) < 0)
		due = port->env->now;
	timer_set(&port->env->timers, &port->rtmp.triggered, due);
}

void rtmp_routes_changed(struct router *r)
{
	struct list *it;

	list_for_each(it, &r->ports) {
		struct port *port = container_of(it, struct port, in_router);

		if (timer_is_set(&port->rtmp.periodic) && !port->config.own_net_only)
			trigger(port);
	}
}
