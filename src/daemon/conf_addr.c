/*
 * Values that are addresses: AppleTalk networks and nodes, hardware addresses,
 * IPv4 hosts. Text to struct config and back; conf.c and conf_print.c call.
 */
#include <string.h>

#include "addr_text.h"
#include "conf_kinds.h"

enum { AURP_PORT = 387 };		/* RFC 1504 p. 15 */

static bool print_word(FILE *out, const char *text)
{
	fprintf(out, " = \"%s\"", text);
	return true;
}

/* --- IPv4 ------------------------------------------------------------------------------- */

static bool is_usable_host(uint32_t ip)
{
	return ip >> 24 != 0 && ip >> 28 < 0xE;
}

static bool read_public_address(const struct conf_value *v, void *section)
{
	struct config *c = section;

	c->public_address = 0;
	c->public_address_auto = strcmp(v->text, "auto") == 0;
	if (c->public_address_auto)
		return true;
	if (!ip_parse(v->text, &c->public_address))
		return conf_bad_value(v, "must be auto or an IPv4 address");
	if (!is_usable_host(c->public_address))
		return conf_bad_value(
			v, "not the address of a host: give the one your peers see, or auto");
	return true;
}

static bool print_public_address(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config *c = section;
	char text[ADDR_TEXT_SIZE];

	(void)o;
	return print_word(out, c->public_address_auto ? "auto" : ip_text(c->public_address, text));
}

static bool read_domain_id(const struct conf_value *v, void *section)
{
	struct config_peer *p = section;

	if (!ip_parse(v->text, &p->domain_identifier) || !is_usable_host(p->domain_identifier))
		return conf_bad_value(v, "must be the IPv4 address by which that router calls "
			"itself: its public-address, or that of its machine");
	return true;
}

static bool print_domain_id(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_peer *p = section;
	char text[ADDR_TEXT_SIZE];

	(void)o;
	return p->domain_identifier && print_word(out, ip_text(p->domain_identifier, text));
}

static bool read_listen(const struct conf_value *v, void *section)
{
	struct endpoint *to = conf_member(v->option, section);
	const char *colon = strchr(v->text, ':');
	char host[ADDR_TEXT_SIZE];
	long port = AURP_PORT;
	size_t n = colon ? (size_t)(colon - v->text) : strlen(v->text);

	if (strchr(v->text, '[') || (colon && strchr(colon + 1, ':')))
		return conf_bad_value(v,
			"AURP runs over IPv4 only: write 0.0.0.0:%d for every address", AURP_PORT);
	if (n >= sizeof host)
		return conf_bad_value(v, "must be an IPv4 address with or without :port");
	memcpy(host, v->text, n);
	host[n] = '\0';
	if (colon) {
		colon++;
		if (!conf_number(&colon, UINT16_MAX, &port) || *colon || port == 0)
			return conf_bad_value(v, "the port must be a number from 1 to 65535");
	}
	if (!ip_parse(host, &to->ip) || (to->ip != 0 && !is_usable_host(to->ip)))
		return conf_bad_value(
			v, "must be an IPv4 address of this machine, or 0.0.0.0 for all of them");
	to->port = (uint16_t)port;
	return true;
}

static bool print_listen(FILE *out, const struct conf_option *o, const void *section)
{
	const struct endpoint *e = conf_member_const(o, section);
	char text[ADDR_TEXT_SIZE];

	return print_word(out, endpoint_text(*e, text));
}

/* Labels of 1 to 63 letters, digits, - and _, parted by dots (RFC 1123; _ is seen in the field). */
static bool is_host_name(const char *text)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

	while (*text) {
		size_t label = strspn(text, letters);

		if (label == 0 || label > 63 || *text == '-')
			return false;
		text += label;
		if (*text && *text++ != '.')
			return false;
	}
	return true;
}

static bool read_host(const struct conf_value *v, void *section)
{
	char *to = conf_member(v->option, section);
	const char *colon = strchr(v->text, ':');
	size_t n = strlen(v->text);
	uint32_t ip;

	if (colon && strchr(colon + 1, ':'))
		return conf_bad_value(
			v, "AURP runs over IPv4 only: give a host name or an IPv4 address");
	if (colon && colon[1] && !colon[1 + strspn(colon + 1, "0123456789")])
		return conf_bad_value(
			v, "the port has an option of its own: port = %.10s", colon + 1);
	if (n == 0 || n > CONFIG_HOST_MAX || !is_host_name(v->text))
		return conf_bad_value(v, "must be a host name or an IPv4 address, and nothing "
			"else");
	if (v->text[strspn(v->text, "0123456789.")] == '\0' &&
	    (!ip_parse(v->text, &ip) || !is_usable_host(ip)))
		return conf_bad_value(v, "not the IPv4 address of a host");
	memcpy(to, v->text, n + 1);
	return true;
}

static bool print_host(FILE *out, const struct conf_option *o, const void *section)
{
	const char *host = conf_member_const(o, section);

	return *host && print_word(out, host);
}

/* --- AppleTalk -------------------------------------------------------------------------- */

static bool read_range(const struct conf_value *v, void *section)
{
	struct at_range *to = conf_member(v->option, section);
	const char *p = v->text;
	long first, last;

	if (!conf_number(&p, UINT16_MAX, &first))
		return conf_bad_value(
			v, "must be a range of network numbers like \"100-101\", or one number");
	last = first;
	if (*p == '-') {
		p++;
		if (!conf_number(&p, UINT16_MAX, &last))
			return conf_bad_value(v,
				"after the - must stand a network number, at most %d", AT_NET_LAST);
	}
	if (*p)
		return conf_bad_value(
			v, "must be a range of network numbers like \"100-101\", or one number");
	if (first < AT_NET_FIRST || last > AT_NET_LAST || first > AT_NET_LAST)
		return conf_bad_value(
			v, "network numbers go from %d to %d", AT_NET_FIRST, AT_NET_LAST);
	if (last < first)
		return conf_bad_value(v, "the range ends before it starts");
	*to = (struct at_range){ (uint16_t)first, (uint16_t)last, true };
	return true;
}

/* A LocalTalk network has no range. */
static bool read_network(const struct conf_value *v, void *section)
{
	struct at_range *to = conf_member(v->option, section);
	const char *p = v->text;
	long net;

	if (!conf_number(&p, UINT16_MAX, &net) || *p)
		return conf_bad_value(v,
			"must be one network number from %d to %d: a LocalTalk network has no "
			"range",
			AT_NET_FIRST, AT_NET_LAST);
	if (net < AT_NET_FIRST || net > AT_NET_LAST)
		return conf_bad_value(
			v, "network numbers go from %d to %d", AT_NET_FIRST, AT_NET_LAST);
	*to = (struct at_range){ (uint16_t)net, (uint16_t)net, false };
	return true;
}

static bool print_network(FILE *out, const struct conf_option *o, const void *section)
{
	const struct at_range *r = conf_member_const(o, section);

	if (r->first == 0)
		return false;
	fprintf(out, " = %u", r->first);
	return true;
}

static bool print_range(FILE *out, const struct conf_option *o, const void *section)
{
	const struct at_range *r = conf_member_const(o, section);
	char text[ADDR_TEXT_SIZE];

	return r->first != 0 && print_word(out, at_range_text(*r, text));
}

static bool read_address(const struct conf_value *v, void *section)
{
	struct at_addr *to = conf_member(v->option, section);
	struct at_addr a;

	if (!at_addr_parse(v->text, &a))
		return conf_bad_value(v, "must be network.node, like \"100.7\"");
	if (a.node < v->option->least || a.node > v->option->most)
		return conf_bad_value(v, "the number of a node goes here from %ld to %ld",
			v->option->least, v->option->most);
	if (!at_net_is_routable(a.net) && !at_net_is_startup(a.net))
		return conf_bad_value(
			v, "network numbers go from %d to %d", AT_NET_FIRST, AT_NET_LAST);
	*to = a;
	return true;
}

static bool print_address(FILE *out, const struct conf_option *o, const void *section)
{
	const struct at_addr *a = conf_member_const(o, section);
	char text[ADDR_TEXT_SIZE];

	return a->net != 0 && print_word(out, at_addr_text(*a, text));
}

static bool read_mac(const struct conf_value *v, void *section)
{
	static const struct mac zero;
	struct config_port *p = section;
	struct mac m;

	if (!mac_parse(v->text, &m))
		return conf_bad_value(
			v, "must be six bytes in hexadecimal, like \"02:00:07:12:34:56\"");
	if (mac_is_group(m))
		return conf_bad_value(
			v, "this is a multicast address: make the first byte even, like 02");
	if (mac_eq(m, zero))
		return conf_bad_value(v, "no interface can have this address");
	p->has_hardware_address = true;
	p->hardware_address = m;
	return true;
}

static bool print_mac(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;
	char text[ADDR_TEXT_SIZE];

	(void)o;
	return p->has_hardware_address && print_word(out, mac_text(p->hardware_address, text));
}

const struct conf_kind conf_kind_public_address = { false, read_public_address,
	print_public_address };
const struct conf_kind conf_kind_domain_id = { false, read_domain_id, print_domain_id };
const struct conf_kind conf_kind_listen = { false, read_listen, print_listen };
const struct conf_kind conf_kind_host = { false, read_host, print_host };
const struct conf_kind conf_kind_range = { false, read_range, print_range };
const struct conf_kind conf_kind_network = { false, read_network, print_network };
const struct conf_kind conf_kind_address = { false, read_address, print_address };
const struct conf_kind conf_kind_mac = { false, read_mac, print_mac };
