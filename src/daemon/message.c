/*
 * One sentence for each kind of event that the core traces. app.c hands them to
 * the log. Words in braces are members of the event; strings from the network
 * come out escaped. aurpd(8) groups and explains these messages.
 */
#include "message.h"

#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "aurpd/hash.h"
#include "aurpd/macroman.h"

static const char *const sentences[TRACE_KINDS] = {
	[TRACE_PORT_PROBING] = "port {port}: trying the address {addr}",
	[TRACE_PORT_ADDRESS_TAKEN] =
		"port {port}: the address {addr} belongs to {mac}; trying another",
	[TRACE_PORT_NODE_TAKEN] = "port {port}: another node is {addr}; trying the next",
	[TRACE_PORT_VERIFYING] = "port {port}: has {addr}, asks the cable for its network range",
	[TRACE_PORT_UP] = "port {port} is up: address {addr}, network {range}",
	[TRACE_PORT_DOWN] = "port {port} is down",
	[TRACE_PORT_RANGE_CONFLICT] =
		"port {port} stopped: the router {addr} says that this cable is network "
		"{range}; configure the same range here, or seed = soft to take over the cable's",
	[TRACE_PORT_ZONE_CONFLICT] =
		"port {port} stopped: the router {addr} has another list of zones for this "
		"cable (zone {name} is in only one of the two); configure the same zones, or "
		"seed = soft to take over the cable's",
	[TRACE_PORT_DEFAULT_DIFFERS] =
		"port {port}: the router {addr} gives new nodes of this cable the zone {name}, and "
		"so do we; put the same zone first in the lists of all its routers",
	[TRACE_PORT_NET_IN_USE] =
		"port {port} stopped: network {range} is already reached through {other}; "
		"choose another range",
	[TRACE_PORT_TAKES_RANGE] =
		"port {port}: the router {addr} says that this cable is network {range}, and no "
		"node uses {range2} of ours: taking its range and zones over",
	[TRACE_PORT_SHARED_CABLE] =
		"port {port} and port {other} are on the same cable: take one of them out of the "
		"configuration, or connect it to a cable of its own",
	[TRACE_PORT_TWIN] =
		"port {port}: another station of this cable has our hardware address {mac}; give "
		"one of the two another (here: hardware-address), as no node can reach both",
	[TRACE_PORT_LOOP] =
		"port {port}: what we send comes back: this cable has a loop (two ways between "
		"the same switches, bridges or access points); remove one of them",
	[TRACE_PORT_ADDRESS_STOLEN] =
		"port {port}: {mac} uses our address {addr}; we keep it. Restart that "
		"device if it cannot be reached",
	[TRACE_PORT_NODE_STOLEN] =
		"port {port}: another node uses our new address {addr}, too; we keep it for a "
		"minute. Look for a cable or a multicast that leads back to us, or a device that "
		"keeps the same node number",
	[TRACE_PORT_NODE_GIVEN_UP] =
		"port {port}: another node uses our address {addr}, too; we take another. "
		"Restart that device if it cannot be reached",
	[TRACE_PORT_ZONES_DIFFER] =
		"port {port}: the list of zones has changed; restart the Macs of the cable, and "
		"its other routers with the new list: they keep the old one until they restart",
	[TRACE_RTMP_RANGE_IGNORED] =
		"port {port}: the router {addr} claims {range} for this cable and is "
		"ignored; give all routers of the cable the same range",
	[TRACE_RTMP_OVERLAP] =
		"port {port}: the router {addr} offers network {range}, which overlaps {range2} of "
		"{other}, and is ignored; renumber one of them",
	[TRACE_ROUTE_ADDED] = "network {range} is there, through {via} (hops: {number})",
	[TRACE_ROUTE_CHANGED] = "network {range} is now reached through {via} (hops: {number})",
	[TRACE_ROUTE_OTHER_ZONES] =
		"network {range} is offered by {via} and by {other} with different zones: two "
		"sites use one number, and only that of {via} is reached; one of them must "
		"renumber",
	[TRACE_ZONE_UNFIT] =
		"{via} says that network {range} has a zone {name}, which nobody could choose "
		"(\"*\", no name, or a blank at an end), so it is not shown; ask its operator to "
		"name it otherwise",
	[TRACE_ROUTE_BAD] = "network {range} cannot be reached any more; it is kept for a while",
	[TRACE_ROUTE_REMOVED] = "network {range} is forgotten",
	[TRACE_ROUTES_FULL] =
		"the routing table is full with {number} networks; the rest is ignored: raise "
		"max-networks",
	[TRACE_ZONES_FULL] =
		"the zone table is full with {number} zones; the rest is ignored: raise max-zones",
	[TRACE_ZONES_COMPLETE] = "network {range} has all its zones: {number}",
	[TRACE_PEER_OPENING] = "peer {peer}: connecting to {endpoint}",
	[TRACE_PEER_UP] = "peer {peer} is connected ({endpoint})",
	[TRACE_PEER_DOWN] = "peer {peer} is gone: {text}",
	[TRACE_PEER_RECV_OPEN] = "peer {peer}: we receive its networks",
	[TRACE_PEER_RECV_CLOSED] = "peer {peer}: we no longer receive its networks: {text}",
	[TRACE_PEER_SEND_OPEN] = "peer {peer}: it receives our networks",
	[TRACE_PEER_SEND_CLOSED] = "peer {peer}: it no longer receives our networks: {text}",
	[TRACE_PEER_REFUSED] =
		"peer {peer} refuses to connect: {text} (error {number}); ask its operator "
		"why, and whether we are in its list with the address that it sees",
	[TRACE_PEER_REFUSED_BY_US] =
		"peer {peer} wants a connection that we refuse: {text} (error {number})",
	[TRACE_PEER_UNKNOWN] =
		"tunnel {tunnel}: {endpoint} wants to connect, but is no peer of ours; add it as "
		"a peer, or set accept-unknown = yes",
	[TRACE_PEER_STRANGER] = "tunnel {tunnel}: {endpoint}, which is no peer of ours, calls",
	[TRACE_PEER_IS_US] =
		"peer {peer} is this router itself: our own Open-Req to {endpoint} came back; "
		"remove it from the configuration",
	[TRACE_PEER_SAME_PLACE] =
		"peers {other} and {peer} are the same router ({endpoint}): remove one, or give "
		"both their domain-identifier if two routers share that address",
	[TRACE_PEER_ADDRESS] = "peer {peer} is at {endpoint} now",
	[TRACE_PEER_SAME_DI] =
		"peers {peer} and {other} have the same domain identifier; one of them must "
		"change its public-address",
	[TRACE_PEER_REFLECTS] =
		"peer {peer} offers us network {range} of our own port {other}; ignored: another "
		"cable there has our number and must renumber, or there is a second way "
		"to our cable",
	[TRACE_PEER_FULL] =
		"peer {peer} offers more than {number} {text}; the rest is ignored: raise "
		"max-{text}-per-peer if that is right",
	[TRACE_PEER_OVERLAP] =
		"peer {peer} offers network {range}, which overlaps {range2} of {other}, and is "
		"ignored; one of the two sites must renumber",
	[TRACE_PEER_DUPLICATE_NET] =
		"peer {peer} offers network {range}, which {other} has too; the nearer one "
		"is used",
	[TRACE_PEER_BAD_TUPLES] =
		"peer {peer} sent entries that make no sense ({number}); they are ignored",
	[TRACE_PEER_ZONES_MISSING] =
		"peer {peer} does not tell the zones of its network {range}, so nobody can see "
		"them yet; we keep asking. Tell its operator",
	[TRACE_DROPPED] = "{where}: a packet was dropped: {drop}",
};

struct member {
	const char *word;
	void (*print)(const struct trace_event *e, char *out, size_t size);
};

static void print_string(const char *text, char *out, size_t size)
{
	snprintf(out, size, "%s", text ? text : "?");
}

static void print_port(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->port, out, size);
}

static void print_tunnel(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->tunnel, out, size);
}

static void print_peer(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->peer, out, size);
}

static void print_other(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->other, out, size);
}

static void print_text(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->text, out, size);
}

static void print_via(const struct trace_event *e, char *out, size_t size)
{
	print_string(e->peer ? e->peer : e->port, out, size);
}

static void print_where(const struct trace_event *e, char *out, size_t size)
{
	if (e->peer)
		snprintf(out, size, "peer %s", e->peer);
	else if (e->tunnel)
		snprintf(out, size, "tunnel %s", e->tunnel);
	else if (e->port)
		snprintf(out, size, "port %s", e->port);
	else
		snprintf(out, size, "router");
}

static void print_range(const struct trace_event *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];

	print_string(at_range_text(e->range, text), out, size);
}

static void print_range2(const struct trace_event *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];

	print_string(at_range_text(e->range2, text), out, size);
}

static void print_addr(const struct trace_event *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];

	print_string(at_addr_text(e->addr, text), out, size);
}

static void print_mac(const struct trace_event *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];

	print_string(mac_text(e->mac, text), out, size);
}

static void print_endpoint(const struct trace_event *e, char *out, size_t size)
{
	char text[ADDR_TEXT_SIZE];

	print_string(endpoint_text(e->endpoint, text), out, size);
}

static void print_name(const struct trace_event *e, char *out, size_t size)
{
	char text[NAME_TEXT_SIZE];

	snprintf(out, size, "\"%s\"", e->name ? name_text(e->name, text) : "");
}

static void print_number(const struct trace_event *e, char *out, size_t size)
{
	snprintf(out, size, "%ld", e->number);
}

static void print_drop(const struct trace_event *e, char *out, size_t size)
{
	snprintf(out, size, "%s (%s)", drop_name(e->drop), drop_meaning(e->drop));
}

static const struct member members[] = {
	{ "port", print_port },
	{ "tunnel", print_tunnel },
	{ "peer", print_peer },
	{ "other", print_other },
	{ "text", print_text },
	{ "via", print_via },
	{ "where", print_where },
	{ "range", print_range },
	{ "range2", print_range2 },
	{ "addr", print_addr },
	{ "mac", print_mac },
	{ "endpoint", print_endpoint },
	{ "name", print_name },
	{ "number", print_number },
	{ "drop", print_drop },
};

static const struct member *find_member(const char *word, size_t n)
{
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (strlen(members[i].word) == n && memcmp(members[i].word, word, n) == 0)
			return &members[i];
	return NULL;
}

/* Ports and peers that come and go, whatever the sentence. */
static bool is_change(enum trace_kind kind)
{
	switch (kind) {
	case TRACE_PORT_UP:
	case TRACE_PORT_DOWN:
	case TRACE_PORT_RANGE_CONFLICT:
	case TRACE_PORT_ZONE_CONFLICT:
	case TRACE_PORT_NET_IN_USE:
	case TRACE_PEER_UP:
	case TRACE_PEER_DOWN:
	case TRACE_PEER_ADDRESS:
		return true;
	default:
		return false;
	}
}

static uint64_t hash_member(uint64_t h, const struct trace_event *e, const struct member *m)
{
	char text[MESSAGE_MAX] = "";

	if (!m || m->print == print_number)
		return h;
	if (m->print == print_endpoint)
		return hash_bytes(h, &e->endpoint.ip, sizeof e->endpoint.ip);
	m->print(e, text, sizeof text);
	return hash_text(h, text);
}

struct pace_about message_about(const struct trace_event *e)
{
	struct pace_about a = { .kind = sentences[e->kind], .subject = HASH_START };
	const char *p = sentences[e->kind];

	if (trace_level(e->kind) == LOG_LEVEL_DEBUG)
		return a;
	if (is_change(e->kind)) {
		a.way = PACE_CHANGES;
		a.subject = hash_text(a.subject, e->port ? e->port : e->peer);
		return a;
	}
	a.way = PACE_RECURS;
	while ((p = strchr(p, '{'))) {
		size_t n = strcspn(++p, "}");

		a.subject = hash_member(a.subject, e, find_member(p, n));
		p += n;
	}
	return a;
}

void message_text(const struct trace_event *e, char out[MESSAGE_MAX])
{
	size_t used = 0;

	for (const char *p = sentences[e->kind]; *p && used < MESSAGE_MAX - 1;) {
		size_t n = strcspn(p, *p == '{' ? "}" : "{");

		if (*p == '{') {
			const struct member *m = find_member(p + 1, n - 1);

			out[used] = '\0';
			if (m)
				m->print(e, out + used, MESSAGE_MAX - used);
			used += strlen(out + used);
			p += n + 1;
			continue;
		}
		if (n > MESSAGE_MAX - 1 - used)
			n = MESSAGE_MAX - 1 - used;
		memcpy(out + used, p, n);
		used += n;
		p += n;
	}
	out[used] = '\0';
}
