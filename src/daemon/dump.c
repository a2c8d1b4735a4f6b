/*
 * The dump, as aurpd(8) promises it: a heading per section, a line per item,
 * key=value pairs, strings quoted. app.c calls dump_write() when SIGUSR1 came.
 * Names from the network are escaped; names of ours are quoted where a space
 * would break the pairs.
 */
#include "dump.h"

#include <string.h>

#include "addr_text.h"
#include "aurpd/macroman.h"

struct writer {
	FILE *out;
	const struct dump *d;
	const char *kind;		/* of the line of counters that is being written */
	char owner[CONFIG_NAME_MAX + 1];
};

/* key=word, or key="several words"; `key` comes with the space before it. */
static void put_word(FILE *out, const char *key, const char *text)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/-";

	if (*text && text[strspn(text, plain)] == '\0')
		fprintf(out, "%s=%s", key, text);
	else
		fprintf(out, "%s=\"%s\"", key, text);
}

static void put_name(FILE *out, const struct at_name *name)
{
	char text[NAME_TEXT_SIZE];

	fprintf(out, "\"%s\"", name_text(name, text));
}

static void put_range(FILE *out, const char *key, struct at_range r)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(out, "%s=%s", key, r.first ? at_range_text(r, text) : "-");
}

static void put_addr(FILE *out, const char *key, struct at_addr a)
{
	char text[ADDR_TEXT_SIZE];

	fprintf(out, "%s=%s", key, a.node ? at_addr_text(a, text) : "-");
}

/* A number that may be unknown (-1). */
static void put_known(FILE *out, const char *key, long n)
{
	if (n < 0)
		fprintf(out, "%s=-", key);
	else
		fprintf(out, "%s=%ld", key, n);
}

static void on_port(void *ctx, const struct port_info *p)
{
	static const struct mac none;		/* LocalTalk has no hardware addresses */
	FILE *out = ((struct writer *)ctx)->out;
	char mac[ADDR_TEXT_SIZE];

	put_word(out, "port", p->name);
	put_word(out, " kind", p->kind);
	put_word(out, " device", p->device);
	put_word(out, " state", p->state);
	put_range(out, " net", p->range);
	put_addr(out, " addr", p->addr);
	fputs(" default-zone=", out);
	if (p->default_zone)
		put_name(out, p->default_zone);
	else
		putc('-', out);
	fprintf(out, " zones=%zu mac=%s", p->zones,
		mac_eq(p->mac, none) ? "-" : mac_text(p->mac, mac));
	if (p->troubles[0])
		fprintf(out, " troubles=%s", p->troubles);
	putc('\n', out);
}

static void on_tunnel(void *ctx, const struct tunnel_info *t)
{
	FILE *out = ((struct writer *)ctx)->out;
	char listen[ADDR_TEXT_SIZE], di[ADDR_TEXT_SIZE];

	put_word(out, "tunnel", t->name);
	fprintf(out, " listen=%s di=%s peers=%zu connected=%zu state=%s\n",
		endpoint_text(t->listen, listen),
		t->di.authority == DI_IP ? ip_text(t->di.ip, di) : "-", t->peers, t->connected,
		t->is_up ? "up" : "down");
}

static void on_peer(void *ctx, const struct peer_info *p)
{
	FILE *out = ((struct writer *)ctx)->out;
	char addr[ADDR_TEXT_SIZE];

	put_word(out, "peer", p->name);
	put_word(out, " tunnel", p->tunnel);
	fprintf(out, " host=%s addr=%s recv=%s send=%s routes=%zu told=%zu",
		*p->host ? p->host : "-", p->addr.ip ? endpoint_text(p->addr, addr) : "-", p->recv,
		p->send, p->routes, p->told);
	put_known(out, " rtt-ms", p->rtt_ms);
	put_known(out, " heard", p->heard_s);
	fprintf(out, " remaps=%s reduces-hops=%s%s", p->remaps ? "yes" : "no",
		p->reduces_hops ? "yes" : "no", p->is_us ? " is-us=yes" : "");
	if (p->same_as)
		put_word(out, " same-as", p->same_as);
	putc('\n', out);
}

static void on_route(void *ctx, const struct route_info *r)
{
	FILE *out = ((struct writer *)ctx)->out;

	put_range(out, "net", r->range);
	fprintf(out, " dist=%u", r->distance);
	put_word(out, " via", r->via);
	if (r->next_router.net)
		put_addr(out, " next", r->next_router);
	fprintf(out, " state=%s zones=%s", r->state, r->n_zones ? "" : "-");
	for (size_t i = 0; i < r->n_zones; i++) {
		if (i > 0)
			putc(',', out);
		put_name(out, r->zones[i]);
	}
	if (!r->zones_complete)
		fputs(" zones-complete=no", out);
	if (r->unfit_zones > 0)
		fprintf(out, " unfit-zones=%zu", r->unfit_zones);
	if (r->other_zones)
		put_word(out, " other-zones", r->other_zones);
	fprintf(out, " alternatives=%zu\n", r->alternatives);
}

static void on_zone(void *ctx, const struct zone_info *z)
{
	FILE *out = ((struct writer *)ctx)->out;

	fputs("zone=", out);
	put_name(out, z->name);
	fputs(" nets=", out);
	for (size_t i = 0; i < z->n_nets; i++)
		fprintf(out, "%s%u", i ? "," : "", z->nets[i]);
	putc('\n', out);
}

static void on_aarp(void *ctx, const struct aarp_info *a)
{
	FILE *out = ((struct writer *)ctx)->out;
	char mac[ADDR_TEXT_SIZE];

	put_word(out, "port", a->port);
	put_addr(out, " addr", a->addr);
	fprintf(out, " mac=%s age=%ld\n", mac_text(a->mac, mac), a->age_s);
}

static void end_counters(struct writer *w)
{
	if (w->kind)
		putc('\n', w->out);
	w->kind = NULL;
}

/* Counters of one owner share a line; each drop reason has its own. */
static void on_counter(void *ctx, const struct counter_info *c)
{
	struct writer *w = ctx;

	if (strcmp(c->kind, "drop") == 0) {
		end_counters(w);
		put_word(w->out, "drop", c->owner);
		fprintf(w->out, " reason=%s count=%llu\n", c->name, (unsigned long long)c->value);
		return;
	}
	if (!w->kind || strcmp(w->kind, c->kind) != 0 || strcmp(w->owner, c->owner) != 0) {
		end_counters(w);
		w->kind = c->kind;
		snprintf(w->owner, sizeof w->owner, "%s", c->owner);
		put_word(w->out, c->kind, c->owner);
	}
	fprintf(w->out, " %s=%llu", c->name, (unsigned long long)c->value);
}

static void put_loss(FILE *out, const struct dump_loss *l)
{
	put_word(out, "drop", l->owner);
	fprintf(out, " reason=%s count=%llu\n", drop_name(l->reason), (unsigned long long)l->count);
}

static void put_trouble(FILE *out, const struct dump_name *n)
{
	put_word(out, "peer", n->peer);
	put_word(out, " tunnel", n->tunnel);
	put_word(out, " host", n->host);
	fprintf(out, " trouble=\"%s\"\n", n->trouble);
}

void dump_write(FILE *out, const struct dump *d)
{
	struct writer w = { .out = out, .d = d };

	fprintf(out, "# aurpd %s %s %s up=%lld\n", AURPD_VERSION, d->name, d->date,
		(long long)span_to_s(instant_since(d->now, d->started)));
	fputs("[ports]\n", out);
	router_walk_ports(d->router, on_port, &w);
	fputs("[tunnels]\n", out);
	router_walk_tunnels(d->router, on_tunnel, &w);
	fputs("[peers]\n", out);
	router_walk_peers(d->router, d->now, on_peer, &w);
	fputs("[names]\n", out);
	for (size_t i = 0; i < d->n_names; i++)
		put_trouble(out, &d->names[i]);
	fputs("[routes]\n", out);
	router_walk_routes(d->router, on_route, &w);
	fputs("[zones]\n", out);
	router_walk_zones(d->router, on_zone, &w);
	fputs("[aarp]\n", out);
	router_walk_aarp(d->router, d->now, on_aarp, &w);
	fputs("[counters]\n", out);
	router_walk_counters(d->router, on_counter, &w);
	end_counters(&w);
	for (size_t i = 0; i < d->n_losses; i++)
		put_loss(out, &d->losses[i]);
}
