/*
 * One UDP socket (os/udp.h) per tunnel, and its domain identifier. app.c opens
 * and closes them by the reload plan. What fails here (an address in use, no
 * route yet) is said once and tried again: a router that ends because of its
 * surroundings helps nobody.
 */
#include "tunnels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr_text.h"
#include "clock.h"
#include "ifwatch.h"
#include "loss_report.h"
#include "udp.h"
#include "xmem.h"

enum { RETRY_S = 5 };

/* In TEST-NET-2 (RFC 5737): who goes there takes the default route. Nothing is sent. */
static const uint32_t far_away = 0xC6336401;

struct tunnel_socket {
	struct tunnels *all;
	struct shell *shell;
	char name[CONFIG_NAME_MAX + 1];
	struct endpoint listen;
	char device[CONFIG_ALTNAME_MAX + 1];	/* as configured; "": every interface */
	struct ifinfo interface;	/* the device as it was last time; index 0: not there */
	bool is_auto;			/* domain identifier = address that packets leave from */
	uint32_t probe;			/* a peer's address to find it by; 0: none known */
	uint32_t own;			/* the address in our domain identifier */
	struct tunnel *tunnel;
	struct udp *udp;		/* NULL: not open */
	bool is_up;			/* the router has been told so */
	int error;			/* errno of the trouble said last */
	struct loop_timer *retry;
	struct losses losses;		/* of all its sockets, one after the other */
	struct loss_report losses_said;
};

static void on_received(void *ctx, struct instant now, struct endpoint from, struct pkt *payload)
{
	struct tunnel_socket *t = ctx;

	if (t->is_up)
		router_rx_tunnel(t->shell->router, now, t->tunnel, from, payload);
}

static void on_unreachable(void *ctx, const struct unreachable *u)
{
	const struct tunnel_socket *t = ctx;

	if (t->all->hooks.unreachable)
		t->all->hooks.unreachable(t->all->hooks.ctx, t->name, u);
}

static void say_trouble(struct tunnel_socket *t, int error)
{
	char listen[ADDR_TEXT_SIZE];

	loop_timer_set(t->retry, span_s(RETRY_S));
	if (t->error == error)
		return;
	t->error = error;
	endpoint_text(t->listen, listen);
	if (error == EADDRINUSE)
		log_printf(&t->shell->log, LOG_LEVEL_ERROR,
			"tunnel %s: %s is in use by another program; stop it "
			"(see: sudo ss -lunp 'sport = :%u'). Trying again every %d s",
			t->name, listen, t->listen.port, RETRY_S);
	else if (error == ENODEV)
		log_printf(&t->shell->log, LOG_LEVEL_ERROR,
			"tunnel %s: there is no interface %s yet (see: ip link); waiting for it",
			t->name, t->device);
	else if (error == EADDRNOTAVAIL)
		log_printf(&t->shell->log, LOG_LEVEL_ERROR,
			"tunnel %s: %s is no address of this machine (see: ip address); "
			"waiting for it",
			t->name, listen);
	else if (error == ENETUNREACH)
		log_printf(&t->shell->log, LOG_LEVEL_WARNING,
			"tunnel %s: there is no route to the internet yet, so no address for "
			"public-address = \"auto\"; waiting for one",
			t->name);
	else
		log_printf(&t->shell->log, LOG_LEVEL_ERROR,
			"tunnel %s: cannot listen on %s: %s; trying again", t->name, listen,
			strerror(error));
}

/* The address that packets leave from; false if there is none yet. */
static bool find_source(const struct tunnel_socket *t, uint32_t *out)
{
	*out = t->listen.ip;
	return t->listen.ip != 0 || (t->probe && udp_source_address(t->probe, out)) ||
	        udp_source_address(far_away, out);
}

/* The address for our domain identifier; false if there is none yet. */
static bool find_own_address(const struct tunnel_socket *t, uint32_t *out)
{
	*out = t->own;
	return !t->is_auto || find_source(t, out);
}

static void go_up(struct tunnel_socket *t, uint32_t own)
{
	const struct domain_id di = { DI_IP, own };

	t->own = own;
	t->is_up = true;
	t->error = 0;
	router_tunnel_up(t->shell->router, clock_now(), t->tunnel, t->udp, di);
}

static void go_down(struct tunnel_socket *t)
{
	if (t->is_up)
		router_tunnel_down(t->shell->router, clock_now(), t->tunnel);
	t->is_up = false;
}

static void close_socket(struct tunnel_socket *t)
{
	go_down(t);
	if (!t->udp)
		return;
	udp_flush(t->udp);		/* what the router said last */
	udp_close(t->udp);
	t->udp = NULL;
}

static void open_socket(struct tunnel_socket *t)
{
	const struct udp_hooks hooks = { { t, on_received }, on_unreachable };

	t->udp = udp_open(t->shell->loop, t->shell->in, &t->losses, t->listen, t->interface.name,
		&hooks);
}

/* As a port's (os/link.c): kept by its index, but after a restart it is found by name. */
static void say_renamed(struct tunnel_socket *t, const struct ifinfo *now)
{
	struct ifinfo named;

	if (now->index != t->interface.index || strcmp(now->name, t->interface.name) == 0 ||
		(ifwatch_query(t->device, &named) && named.index == now->index))
		return;
	log_printf(&t->shell->log, LOG_LEVEL_WARNING,
		"tunnel %s: %s was renamed and is %s now; it is kept until the next start: write "
		"device = %s",
		t->name, t->interface.name, now->name, now->name);
}

/*
 * A socket hears its interface, whatever that is called by now, and not one that was made
 * later with the same name. False and errno: there is none, or nobody knows.
 */
static bool find_device(struct tunnel_socket *t)
{
	struct ifinfo now = t->interface;
	const bool is_there = !t->device[0] || ifwatch_follow(t->device, &now);

	if (!is_there && errno != ENODEV)
		return t->udp != NULL;
	if (!is_there)
		now = (struct ifinfo){ 0 };
	if (t->udp && now.index != t->interface.index)
		close_socket(t);
	if (is_there)
		say_renamed(t, &now);
	t->interface = now;
	errno = ENODEV;
	return is_there;
}

/* Whatever is missing for the tunnel to be up; the same again when it is up. */
static void check(struct tunnel_socket *t)
{
	uint32_t own, source;

	if (find_device(t) && !t->udp)
		open_socket(t);
	if (!t->udp) {
		say_trouble(t, errno);
		return;
	}
	if (!find_own_address(t, &own)) {
		if (!t->is_up)
			say_trouble(t, ENETUNREACH);
		return; /* a tunnel that is up keeps its identity meanwhile */
	}
	if (t->is_up && t->own != own)
		go_down(t);
	if (!t->is_up)
		go_up(t, own);
	if (find_source(t, &source))
		router_tunnel_leaves_from(t->shell->router, clock_now(), t->tunnel, source);
}

static void on_retry(void *ctx)
{
	check(ctx);
}

void tunnels_init(struct tunnels *ts, struct shell *shell)
{
	*ts = (struct tunnels){ .shell = shell };
	own_addresses_read(&ts->own);
}

void tunnels_open(
	struct tunnels *ts, const struct config *config, const struct config_tunnel *tunnel)
{
	struct tunnel_socket *t = xmem_new(1, sizeof *t);

	t->all = ts;
	t->shell = ts->shell;
	memcpy(t->name, tunnel->name, sizeof t->name);
	t->listen = tunnel->listen;
	memcpy(t->device, tunnel->device, sizeof t->device);
	t->is_auto = config->public_address_auto;
	t->own = config->public_address;
	for (size_t i = 0; i < tunnel->n_peers && !t->probe; i++)
		ip_parse(tunnel->peers[i].host, &t->probe);
	t->losses_said = (struct loss_report){ .owner = "tunnel",
		.name = t->name,
		.sender = "the kernel",
		.remedy = loss_remedy_kernel };
	t->tunnel = router_find_tunnel(ts->shell->router, tunnel->name);
	t->retry = loop_timer_new(ts->shell->loop, on_retry, t);
	ts->v = xmem_grow(ts->v, ts->n, &ts->cap, sizeof *ts->v);
	ts->v[ts->n++] = t;
	check(t);
}

static void close_at(struct tunnels *ts, size_t i)
{
	struct tunnel_socket *t = ts->v[i];

	close_socket(t);
	loop_timer_free(t->retry);
	free(t);
	ts->v[i] = ts->v[--ts->n];
}

void tunnels_close(struct tunnels *ts, const char *name)
{
	for (size_t i = 0; i < ts->n; i++) {
		if (strcmp(ts->v[i]->name, name) != 0)
			continue;
		close_at(ts, i);
		return;
	}
}

void tunnels_fini(struct tunnels *ts)
{
	while (ts->n > 0)
		close_at(ts, ts->n - 1);
	free(ts->v);
	ts->v = NULL;
	own_addresses_fini(&ts->own);
}

void tunnels_note_peer(struct tunnels *ts, const char *name, uint32_t ip)
{
	for (size_t i = 0; i < ts->n; i++) {
		struct tunnel_socket *t = ts->v[i];

		if (strcmp(t->name, name) != 0 || t->probe)
			continue;
		t->probe = ip;
		if (!t->is_up)
			check(t);
	}
}

void tunnels_check(struct tunnels *ts)
{
	own_addresses_read(&ts->own);
	for (size_t i = 0; i < ts->n; i++)
		check(ts->v[i]);
}

static enum own_place own_place(const struct tunnel_socket *t, struct endpoint to)
{
	bool is_heard = t->listen.ip == 0 || t->listen.ip == to.ip;

	if (to.port != t->listen.port)
		return OWN_NOT;
	if (is_heard && own_addresses_has(&t->all->own, to.ip, t->interface.name))
		return OWN_SOCKET;
	return !t->is_auto && t->own == to.ip ? OWN_PUBLIC : OWN_NOT;
}

enum own_place tunnels_own_place(const struct tunnels *ts, struct endpoint to)
{
	enum own_place most = OWN_NOT;

	for (size_t i = 0; i < ts->n; i++) {
		const enum own_place own = own_place(ts->v[i], to);

		if (own > most)
			most = own;
	}
	return most;
}

const char *tunnels_denied(const struct tunnels *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		if (!ts->v[i]->udp && (ts->v[i]->error == EACCES || ts->v[i]->error == EPERM))
			return ts->v[i]->name;
	return NULL;
}

void tunnels_flush(struct tunnels *ts)
{
	for (size_t i = 0; i < ts->n; i++)
		if (ts->v[i]->udp)
			udp_flush(ts->v[i]->udp);
}

void tunnels_report(struct tunnels *ts, struct instant now)
{
	for (size_t i = 0; i < ts->n; i++)
		loss_report(&ts->v[i]->losses_said, &ts->shell->log, now, ts->v[i]->losses);
}

size_t tunnels_losses(const struct tunnels *ts, struct dump_loss *out, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ts->n; i++) {
		const struct tunnel_socket *t = ts->v[i];
		const struct losses *l = &t->losses;

		if (l->no_buffer > 0 && n < max)
			out[n++] = (struct dump_loss){ t->name, DROP_NO_BUFFER, l->no_buffer };
		if (l->refused > 0 && n < max)
			out[n++] = (struct dump_loss){ t->name, DROP_SEND_REFUSED, l->refused };
	}
	return n;
}
