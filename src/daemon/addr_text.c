/*
 * Addresses of both worlds as text and back. Pure; called by conf_addr.c,
 * message.c, dump.c and state.c, so that a number looks the same everywhere.
 */
#include "addr_text.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "conf_kinds.h"

const char *ip_text(uint32_t ip, char out[ADDR_TEXT_SIZE])
{
	snprintf(out, ADDR_TEXT_SIZE, "%u.%u.%u.%u", ip >> 24, ip >> 16 & 0xFF, ip >> 8 & 0xFF,
		ip & 0xFF);
	return out;
}

const char *endpoint_text(struct endpoint e, char out[ADDR_TEXT_SIZE])
{
	snprintf(out, ADDR_TEXT_SIZE, "%u.%u.%u.%u:%u", e.ip >> 24, e.ip >> 16 & 0xFF,
		e.ip >> 8 & 0xFF, e.ip & 0xFF, e.port);
	return out;
}

const char *at_addr_text(struct at_addr a, char out[ADDR_TEXT_SIZE])
{
	snprintf(out, ADDR_TEXT_SIZE, "%u.%u", a.net, a.node);
	return out;
}

const char *at_range_text(struct at_range r, char out[ADDR_TEXT_SIZE])
{
	if (r.extended || r.first != r.last)
		snprintf(out, ADDR_TEXT_SIZE, "%u-%u", r.first, r.last);
	else
		snprintf(out, ADDR_TEXT_SIZE, "%u", r.first);
	return out;
}

const char *mac_text(struct mac m, char out[ADDR_TEXT_SIZE])
{
	snprintf(out, ADDR_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x", m.byte[0], m.byte[1],
		m.byte[2], m.byte[3], m.byte[4], m.byte[5]);
	return out;
}

bool ip_parse(const char *text, uint32_t *out)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) != 1)
		return false;
	*out = ntohl(a.s_addr);
	return true;
}

bool at_addr_parse(const char *text, struct at_addr *out)
{
	long net, node;

	if (!conf_number(&text, UINT16_MAX, &net) || *text++ != '.')
		return false;
	if (!conf_number(&text, UINT8_MAX, &node) || *text)
		return false;
	*out = (struct at_addr){ (uint16_t)net, (uint8_t)node };
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool mac_parse(const char *text, struct mac *out)
{
	struct mac m;

	for (int i = 0; i < 6; i++) {
		int hi = hex_digit(text[0]);
		int lo = hi < 0 ? -1 : hex_digit(text[1]);

		if (lo < 0)
			return false;
		m.byte[i] = (uint8_t)(hi << 4 | lo);
		text += 2;
		if (i < 5 && *text != ':' && *text != '-')
			return false;
		text += i < 5;
	}
	if (*text)
		return false;
	*out = m;
	return true;
}
