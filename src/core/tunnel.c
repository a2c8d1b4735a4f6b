/*
 * A tunnel: reads the domain header, finds the peer a packet is from, and keeps
 * the list of peers as the configuration and open peering want it (RFC 1504
 * ch. 2). A peer is known by its IP address, because behind a NAT its domain
 * identifier is a private one (A19). Called by router.c; peers send through it.
 */
#include "tunnel.h"

#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "own_call.h"
#include "peer_state.h"

static struct peer *peer_at(const struct list *l)
{
	return container_of(l, struct peer, in_tunnel);
}

/* --- life and configuration ------------------------------------------------------------ */

static struct peer *find_by_name(const struct tunnel *t, const char *name)
{
	struct list *it;

	list_for_each(it, &t->peers) {
		struct peer *p = peer_at(it);

		if (!p->is_unknown && !p->is_leaving && strcmp(p->config.name, name) == 0)
			return p;
	}
	return NULL;
}

static bool is_configured(const struct config_tunnel *c, const char *name)
{
	for (size_t i = 0; i < c->n_peers; i++)
		if (strcmp(c->peers[i].name, name) == 0)
			return true;
	return false;
}

static bool is_wanted(const struct config_tunnel *c, const struct peer *p)
{
	return p->is_unknown ? c->accept_unknown : is_configured(c, p->config.name);
}

struct tunnel *tunnel_new(struct router *r, const struct config_tunnel *config)
{
	struct tunnel *t = mem_new(1, sizeof(*t));

	t->r = r;
	t->env = &r->env;
	t->routes = &r->routes;
	list_init(&t->in_router);
	list_init(&t->peers);
	stranger_init(t);
	tunnel_apply(t, config);
	return t;
}

void tunnel_free(struct tunnel *t)
{
	struct list *it, *after;

	t->sock = NULL;		/* whoever wants last words takes the tunnel down first */
	tunnel_down(t);
	list_for_each_safe(it, after, &t->peers)
		peer_free(peer_at(it));
	peer_index_fini(&t->by_address);
	list_remove(&t->in_router);
	free(t);
}

static void move_all(struct list *from, struct list *to)
{
	while (!list_is_empty(from)) {
		struct list *it = from->next;

		list_remove(it);
		list_append(to, it);
	}
}

void tunnel_apply(struct tunnel *t, const struct config_tunnel *config)
{
	struct list ordered, *it;

	t->config = *config;
	t->config.peers = NULL;
	t->config.n_peers = 0;
	list_for_each(it, &t->peers) {
		struct peer *p = peer_at(it);

		if (!is_wanted(config, p))
			peer_leave(p);
	}
	/* Those of the configuration first and in its order, then the others. */
	list_init(&ordered);
	for (size_t i = 0; i < config->n_peers; i++) {
		struct peer *p = find_by_name(t, config->peers[i].name);

		if (!p)
			p = peer_new(t, &config->peers[i]);
		p->config = config->peers[i];
		list_remove(&p->in_tunnel);
		list_append(&ordered, &p->in_tunnel);
	}
	move_all(&t->peers, &ordered);
	move_all(&ordered, &t->peers);
	peer_index_changed(&t->by_address);
	list_for_each(it, &t->peers)
		keepalive_update(peer_at(it));
}

void tunnel_up(struct tunnel *t, void *sock, struct domain_id own)
{
	struct list *it;

	t->sock = sock;
	t->own = own;
	list_for_each(it, &t->peers)
		peer_start(peer_at(it));
}

void tunnel_leaves_from(struct tunnel *t, uint32_t ip)
{
	struct list *it;

	t->leaves_from = ip;
	list_for_each(it, &t->peers)
		keepalive_update(peer_at(it));
}

void tunnel_down(struct tunnel *t)
{
	struct list *it;

	/* While there is a socket, it carries our last words; nobody can wait for the answers. */
	list_for_each(it, &t->peers)
		peer_break_off(peer_at(it), "our own address changed, or the tunnel was closed");
	t->sock = NULL;
}

/* A router that connected before anybody resolved the name it is configured by. */
static void dismiss_unknown_at(struct tunnel *t, const struct peer *named, uint32_t ip)
{
	const struct domain_id di = { DI_IP, named->config.domain_identifier };
	struct list *it;

	list_for_each(it, &t->peers) {
		struct peer *p = peer_at(it);
		bool may_be_it = di.ip == 0 || !p->has_di || domain_id_eq(p->di, di);

		if (p->is_unknown && p->to.ip == ip && may_be_it)
			peer_leave(p);
	}
}

void tunnel_set_peer_addresses(struct tunnel *t, const char *peer, const struct endpoint *to,
	size_t n)
{
	struct peer *p = find_by_name(t, peer);

	if (!p || n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!peer_has_address(p, to[i].ip))
			dismiss_unknown_at(t, p, to[i].ip);
	peer_set_addresses(p, to, n);
}

void tunnel_end_farewells(struct tunnel *t, const struct peer *caller)
{
	struct list *it;

	list_for_each(it, &t->peers) {
		struct peer *p = peer_at(it);

		if (p != caller && p->is_leaving && (endpoint_eq(p->to, caller->to) ||
			endpoint_eq(p->to, caller->from)))
			peer_close(p, "it called again", span_us(-1));
	}
}

void tunnel_view_changed(struct tunnel *t)
{
	struct list *it;

	list_for_each(it, &t->peers) {
		send_view_changed(peer_at(it));
		recv_tables_changed(peer_at(it));
	}
}

void tunnel_refresh(struct tunnel *t)
{
	struct list *it;

	list_for_each(it, &t->peers) {
		recv_wake(peer_at(it));
		recv_refresh(peer_at(it));
	}
}

/* --- the end --------------------------------------------------------------------------- */

void tunnel_shutdown(struct tunnel *t)
{
	struct list *it;

	list_for_each(it, &t->peers)
		peer_leave(peer_at(it));
}

bool tunnel_is_stopped(const struct tunnel *t)
{
	const struct list *it;

	list_for_each(it, &t->peers)
		if (!peer_has_left(peer_at(it)))
			return false;
	return true;
}

void tunnel_reap(struct tunnel *t)
{
	struct list *it, *after;

	if (!t->has_doomed)
		return;
	t->has_doomed = false;
	list_for_each_safe(it, after, &t->peers)
		if (peer_at(it)->is_doomed)
			peer_free(peer_at(it));
}

/* --- whose packet is it? --------------------------------------------------------------- */

/*
 * How well the sender of a packet fits a peer that has its address, worst first. Several
 * peers may share an address; then their ports or their domain identifiers tell them
 * apart. A translator may change the port, so alone on an address any port will do (A19).
 */
enum fit {
	FIT_NOT,
	FIT_OTHER_ADDRESS,	/* of a host that has several */
	FIT_LEAVING,
	FIT_ADDRESS,
	FIT_NAME,		/* it calls itself like the peer that is connected */
	FIT_ENDPOINT,		/* where it is dialled */
	FIT_IDENTIFIER,		/* that is configured */
	FIT_PLACE,		/* where it has proved itself */
};

static enum fit fit_of(const struct peer *p, struct endpoint from, struct domain_id di)
{
	const struct domain_id given = { DI_IP, p->config.domain_identifier };
	bool is_connected = p->is_up && p->has_di;

	if (p->is_leaving)
		return p->to.ip == from.ip ? FIT_LEAVING : FIT_NOT;
	if (p->is_proven && endpoint_eq(p->to, from))
		return FIT_PLACE;
	/* Where it is dialled, a wrong identifier is our configuration's fault, not the peer's. */
	if (given.ip != 0 && !domain_id_eq(given, di))
		return endpoint_eq(p->to, from) ? FIT_OTHER_ADDRESS : FIT_NOT;
	if (p->to.ip != from.ip)
		return FIT_OTHER_ADDRESS;
	if (given.ip != 0)
		return FIT_IDENTIFIER;
	if (p->to.port == from.port || (!p->is_unknown && peer_configured_port(p) == from.port))
		return FIT_ENDPOINT;
	if (!is_connected)
		return FIT_ADDRESS;
	/* Another router behind the same translator calls itself otherwise, or is known as one. */
	if (!domain_id_eq(p->di, di) || endpoint_eq(p->place.neighbours, from))
		return FIT_NOT;
	return FIT_NAME;
}

/* The peer that fits best. NULL: none does, or several share the address and nothing tells. */
static struct peer *find_by_source(struct tunnel *t, struct endpoint from, struct domain_id di)
{
	struct peer *best = NULL;
	enum fit best_fit = FIT_NOT;
	size_t n, equals = 0;
	const struct peer_entry *at = peer_index_find(&t->by_address, &t->peers, from.ip, &n);

	for (size_t i = 0; i < n; i++) {
		enum fit fit = fit_of(at[i].peer, from, di);

		equals += fit == best_fit;
		if (fit > best_fit) {
			best = at[i].peer;
			best_fit = fit;
			equals = 0;
		}
	}
	return (best_fit == FIT_ADDRESS || best_fit == FIT_NAME) && equals > 0 ? NULL : best;
}

void tunnel_drop(struct tunnel *t, enum drop_reason reason, struct endpoint from)
{
	t->drops[reason]++;
	env_trace(t->env, &(struct trace_event){ .kind = TRACE_DROPPED,
		.tunnel = t->config.name, .drop = reason, .endpoint = from });
}

/* --- routers that nobody configured ---------------------------------------------------- */

static void append_number(char **at, unsigned int n)
{
	if (n >= 10)
		append_number(at, n / 10);
	*(*at)++ = (char)('0' + n % 10);
}

/* "192.0.2.1", "192.0.2.1:40001": what a peer is called that has no name. */
static void name_by_place(char name[CONFIG_NAME_MAX + 1], struct endpoint place)
{
	char *at = name;

	for (int shift = 24; shift >= 0; shift -= 8) {
		append_number(&at, place.ip >> shift & 0xFF);
		*at++ = shift > 0 ? '.' : ':';
	}
	if (place.port == AURP_PORT)
		at--;
	else
		append_number(&at, place.port);
	*at = '\0';
}

struct peer *tunnel_add_unknown(struct tunnel *t, struct endpoint from)
{
	struct config_peer config = { .port = from.port };
	struct peer *p;

	name_by_place(config.name, from);
	p = peer_new(t, &config);
	p->is_unknown = p->came_unasked = true;
	t->n_unknown++;
	p->to = from;
	list_append(&t->peers, &p->in_tunnel);
	peer_index_changed(&t->by_address);
	peer_linger(p);
	return p;
}

/* --- packets --------------------------------------------------------------------------- */

static const enum drop_reason domain_drops[] = {
	[AURP_DOMAIN_OK] = DROP_REASONS,
	[AURP_DOMAIN_CUT] = DROP_DOMAIN_MALFORMED,
	[AURP_DOMAIN_BAD_DI] = DROP_DOMAIN_MALFORMED,
	[AURP_DOMAIN_BAD_AUTHORITY] = DROP_DOMAIN_BAD_AUTHORITY,
	[AURP_DOMAIN_BAD_VERSION] = DROP_DOMAIN_BAD_VERSION,
	[AURP_DOMAIN_BAD_TYPE] = DROP_DOMAIN_BAD_TYPE,
};

void tunnel_input(struct tunnel *t, struct endpoint from, struct pkt *payload)
{
	struct rd r = rd_over(payload->data, payload->len);
	struct aurp_domain domain;
	enum aurp_domain_result result = aurp_decode_domain(&r, &domain);
	struct peer *p;

	t->rx++;
	t->rx_bytes += payload->len;
	if (!t->sock) {
		tunnel_drop(t, DROP_PORT_NOT_READY, from);
		return;
	}
	if (result != AURP_DOMAIN_OK) {
		tunnel_drop(t, domain_drops[result], from);
		return;
	}
	if (from.port == 0) {
		tunnel_drop(t, DROP_TUNNEL_BAD_PORT, from);
		return;
	}
	if (own_call_input(t, from, &domain, r))
		return;
	p = find_by_source(t, from, domain.src);
	if (!p)
		p = stranger_input(t, from, &domain, r, payload->len);
	if (p)
		peer_input(p, from, &domain, payload->len - rd_left(&r), payload);
}

void tunnel_send(struct tunnel *t, struct endpoint to, const struct pkt *payload)
{
	if (!t->sock)
		return;
	t->tx++;
	t->tx_bytes += payload->len;
	t->r->io.send_tunnel(t->r->io.ctx, t->sock, to, payload);
}

/* --- for the dump ---------------------------------------------------------------------- */

void tunnel_count_peers(const struct tunnel *t, size_t *peers, size_t *connected)
{
	const struct list *it;

	list_for_each(it, &t->peers) {
		++*peers;
		*connected += peer_at(it)->is_up;
	}
}

void tunnel_describe(const struct tunnel *t, struct tunnel_info *info)
{
	*info = (struct tunnel_info){
		.name = t->config.name,
		.is_up = t->sock != NULL,
		.listen = t->config.listen,
		.di = t->own,
	};
	tunnel_count_peers(t, &info->peers, &info->connected);
}

void tunnel_walk_peers(struct tunnel *t,
	void (*each)(void *ctx, const struct peer_info *), void *ctx)
{
	struct list *it;

	list_for_each(it, &t->peers) {
		struct peer_info info;

		peer_describe(peer_at(it), &info);
		each(ctx, &info);
	}
}

void tunnel_walk_counters(const struct tunnel *t,
	void (*each)(void *ctx, const struct counter_info *), void *ctx)
{
	const char *name = t->config.name;
	const struct list *it;

	each(ctx, &(struct counter_info){ "tunnel", name, "rx", t->rx });
	each(ctx, &(struct counter_info){ "tunnel", name, "tx", t->tx });
	each(ctx, &(struct counter_info){ "tunnel", name, "rx-bytes", t->rx_bytes });
	each(ctx, &(struct counter_info){ "tunnel", name, "tx-bytes", t->tx_bytes });
	for (int i = 0; i < DROP_REASONS; i++)
		if (t->drops[i] > 0)
			each(ctx, &(struct counter_info){ "drop", name,
				drop_name((enum drop_reason)i), t->drops[i] });
	list_for_each(it, &t->peers)
		peer_walk_counters(peer_at(it), each, ctx);
}
