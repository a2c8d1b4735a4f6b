/*
 * The rules between options: what a port needs for its seeding, what two ports
 * or tunnels may not share. conf.c calls conf_check() after every value has
 * been read on its own. Inside AppleTalk ch. 5 and 8 (seeding), Z38 and Z39 of
 * the conformance list (zones come from who seeds the range).
 */
#include "conf_check.h"

#include <string.h>
#include <strings.h>

#include "addr_text.h"
#include "xmem.h"

struct check {
	const struct config *c;
	const struct conf_places *places;
	struct conf_report *rep;
};

void conf_place_add(struct conf_places *places, const void *section, const char *option, int line)
{
	places->v = xmem_grow(places->v, places->n, &places->cap, sizeof *places->v);
	places->v[places->n++] = (struct conf_place){ section, option, line };
}

int conf_place_line(const struct conf_places *places, const void *section, const char *option)
{
	for (size_t i = 0; i < places->n; i++) {
		const struct conf_place *p = &places->v[i];

		if (p->section == section &&
			(option ? p->option && strcmp(p->option, option) == 0 : !p->option))
			return p->line;
	}
	return 0;
}

static int line_of(const struct check *k, const void *section, const char *option)
{
	return conf_place_line(k->places, section, option);
}

/* The option's line, or the section's when it was not given. */
static int line_near(const struct check *k, const void *section, const char *option)
{
	int line = line_of(k, section, option);

	return line ? line : line_of(k, section, NULL);
}

/* How the options of a port are called; a LocalTalk network has one number and one zone. */
static const char *zones_word(const struct config_port *p)
{
	return p->kind == PORT_ETHERTALK ? "zones" : "zone";
}

static void check_device(const struct check *k, const struct config_port *p)
{
	static const char *const remedies[] = {
		[PORT_ETHERTALK] = "add device = eth0, with the name that "
				  "`ip -br link` shows, or tap = at0",
		[PORT_LTOUDP] = "add device = eth0, with the name that `ip -br link` "
			       "shows",
		[PORT_TASHTALK] = "add device = \"/dev/ttyUSB0\" (see: ls /dev/serial/by-id)",
	};
	int device = line_of(k, p, "device"), tap = line_of(k, p, "tap");

	if (device && tap)
		conf_report_error(k->rep, device > tap ? device : tap,
			"port \"%s\" has both device and tap: keep device for an existing "
			"interface, tap for one that aurpd creates",
			p->name);
	else if (!device && !tap)
		conf_report_error(k->rep, line_of(k, p, NULL),
			"port \"%s\" has no %s: %s", p->name,
			p->kind == PORT_TASHTALK ? "device" : "interface", remedies[p->kind]);
}

static void check_seeding(const struct check *k, const struct config_port *p)
{
	const char *word = zones_word(p);
	int network = line_of(k, p, "network"), zones = line_of(k, p, word);
	bool has_range = p->kind == PORT_ETHERTALK;

	if (p->seed == SEED_NONE) {
		if (network)
			conf_report_error(k->rep, network,
				"port \"%s\" has seed = none and learns its network from "
				"another router: remove network, or seed hard or soft",
				p->name);
		if (zones)
			conf_report_error(k->rep, zones,
				"port \"%s\" has seed = none and learns its %s from "
				"another router: remove %s, or seed hard or soft",
				p->name, word, word);
		return;
	}
	if (!network)
		conf_report_error(k->rep, line_near(k, p, "seed"),
			"port \"%s\" seeds its network and needs "
			"network = %s; or learn it from another router with "
			"seed = none",
			p->name, has_range ? "\"first-last\"" : "number");
	if (!zones)
		conf_report_error(k->rep, line_near(k, p, "seed"),
			"port \"%s\" seeds its network and needs "
			"%s = %s; or learn %s from another router with seed = none",
			p->name, word, has_range ? "{ \"Name\" }" : "\"Name\"",
			has_range ? "them" : "it");
	if (p->address.net != 0 && p->range.first != 0 && !at_range_has(p->range, p->address.net)) {
		char addr[ADDR_TEXT_SIZE], range[ADDR_TEXT_SIZE];

		conf_report_error(k->rep, line_of(k, p, "address"),
			"address \"%s\" is outside network \"%s\"", at_addr_text(p->address, addr),
			at_range_text(p->range, range));
	}
}

static void check_port_pair(
	const struct check *k, const struct config_port *a, const struct config_port *b)
{
	char ra[ADDR_TEXT_SIZE], rb[ADDR_TEXT_SIZE];

	if (strcmp(a->name, b->name) == 0)
		conf_report_error(k->rep, line_of(k, b, NULL),
			"there is already a port named \"%s\": choose another name", a->name);
	/* EtherTalk and LToUDP do not meet on an interface. */
	if (a->kind == b->kind && a->device[0] && strcmp(a->device, b->device) == 0)
		conf_report_error(k->rep, line_near(k, b, b->is_tap ? "tap" : "device"),
			"ports \"%s\" and \"%s\" both use %s: a device can carry one of them",
			a->name, b->name, b->device);
	if (a->range.first && b->range.first && at_range_overlap(a->range, b->range))
		conf_report_error(k->rep, line_of(k, b, "network"),
			"network \"%s\" of port \"%s\" overlaps \"%s\" of port \"%s\": every "
			"network number belongs to one cable",
			at_range_text(b->range, rb), b->name, at_range_text(a->range, ra), a->name);
	if (a->has_hardware_address && b->has_hardware_address &&
	    mac_eq(a->hardware_address, b->hardware_address))
		conf_report_warning(k->rep, line_of(k, b, "hardware-address"),
			"ports \"%s\" and \"%s\" have the same hardware-address: this works only "
			"on separate cables",
			a->name, b->name);
}

static void check_ports(const struct check *k)
{
	for (size_t i = 0; i < k->c->n_ports; i++) {
		const struct config_port *p = &k->c->ports[i];

		check_device(k, p);
		check_seeding(k, p);
		for (size_t j = 0; j < i; j++)
			check_port_pair(k, &k->c->ports[j], p);
	}
}

/* Two peers at one place: fine if their domain identifiers tell whose call it is. */
static void check_peer_pair(
	const struct check *k, const struct config_peer *p, const struct config_peer *q)
{
	bool has_both = p->domain_identifier && q->domain_identifier;
	bool is_same_place = p->host[0] && strcasecmp(p->host, q->host) == 0;

	if (!is_same_place)
		return;
	if (has_both && p->domain_identifier == q->domain_identifier)
		conf_report_error(k->rep, line_of(k, p, "domain-identifier"),
			"peers \"%s\" and \"%s\" share %s and have the same domain-identifier: "
			"one of these routers needs another public-address",
			q->name, p->name, p->host);
	else if (p->port == q->port && !has_both)
		conf_report_error(k->rep, line_of(k, p, "host"),
			"peers \"%s\" and \"%s\" are the same router (%s:%u): "
			"remove one, or give both their domain-identifier if two routers share "
			"that address",
			q->name, p->name, p->host, p->port);
}

static void check_peers(const struct check *k, const struct config_tunnel *t)
{
	for (size_t i = 0; i < t->n_peers; i++) {
		const struct config_peer *p = &t->peers[i];

		if (!line_of(k, p, "host"))
			conf_report_error(k->rep, line_of(k, p, NULL),
				"peer \"%s\" has no host: add host = \"name or IPv4 address\"",
				p->name);
		for (size_t j = 0; j < i; j++)
			check_peer_pair(k, p, &t->peers[j]);
	}
}

static void check_tunnels(const struct check *k)
{
	for (size_t i = 0; i < k->c->n_tunnels; i++) {
		const struct config_tunnel *t = &k->c->tunnels[i];

		check_peers(k, t);
		if (t->n_peers == 0 && !t->accept_unknown)
			conf_report_warning(k->rep, line_of(k, t, NULL),
				"tunnel \"%s\" connects nobody: add peers, "
				"or accept-unknown = yes",
				t->name);
		for (size_t j = 0; j < i; j++) {
			const struct config_tunnel *u = &k->c->tunnels[j];

			if (t->listen.port == u->listen.port &&
			    (t->listen.ip == u->listen.ip || !t->listen.ip || !u->listen.ip))
				conf_report_error(k->rep, line_near(k, t, "listen"),
					"tunnels \"%s\" and \"%s\" listen on the same address and "
					"port %u: give each its own",
					u->name, t->name, t->listen.port);
		}
	}
}

static void check_router(const struct check *k)
{
	const struct config *c = k->c;

	if (c->dump_file[0] && strcmp(c->dump_file, c->state_file) == 0)
		conf_report_error(k->rep, line_near(k, c, "state-file"),
			"dump-file and state-file are both %s: each would overwrite the other",
			c->dump_file);
}

void conf_check(const struct config *c, const struct conf_places *places, struct conf_report *rep)
{
	struct check k = { c, places, rep };

	check_router(&k);
	check_ports(&k);
	check_tunnels(&k);
}
