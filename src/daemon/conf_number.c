/* Values of options that are numbers: read, with their bounds, and printed. */
#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "conf_kinds.h"

bool conf_number(const char **text, long most, long *out)
{
	const char *p = *text;
	long n = 0;

	if (!isdigit((unsigned char)*p) || (*p == '0' && isdigit((unsigned char)p[1])))
		return false;
	for (; isdigit((unsigned char)*p); p++) {
		n = n * 10 + (*p - '0');
		if (n > most)
			return false;
	}
	*text = p;
	*out = n;
	return true;
}

static bool read_bounded(const struct conf_value *v, long *out)
{
	const struct conf_option *o = v->option;
	const char *p = v->text;

	if (!conf_number(&p, LONG_MAX / 16, out) || *p)
		return conf_bad_value(
			v, "must be a decimal number from %ld to %ld", o->least, o->most);
	if (*out < o->least || *out > o->most)
		return conf_bad_value(v, "must be from %ld to %ld", o->least, o->most);
	if (*out % o->step)
		return conf_bad_value(v, "must be a multiple of %ld", o->step);
	return true;
}

static bool read_number(const struct conf_value *v, void *section)
{
	size_t *to = conf_member(v->option, section);
	long n = 0;

	if (!read_bounded(v, &n))
		return false;
	*to = (size_t)n;
	return true;
}

static bool print_number(FILE *out, const struct conf_option *o, const void *section)
{
	const size_t *n = conf_member_const(o, section);

	fprintf(out, " = %zu", *n);
	return true;
}

static bool read_seconds(const struct conf_value *v, void *section)
{
	struct span *to = conf_member(v->option, section);
	long n = 0;

	if (!read_bounded(v, &n))
		return false;
	*to = span_s(n);
	return true;
}

static bool print_seconds(FILE *out, const struct conf_option *o, const void *section)
{
	const struct span *d = conf_member_const(o, section);

	fprintf(out, " = %lld", (long long)span_to_s(*d));
	return true;
}

/* 0 stands for never, and so lies outside of the bounds. */
static bool read_keepalive(const struct conf_value *v, void *section)
{
	struct config_keepalive *to = conf_member(v->option, section);
	const struct conf_option *o = v->option;
	const char *p = v->text;
	long n = 0;

	if (strcmp(v->text, "auto") == 0) {
		*to = (struct config_keepalive){ .mode = KEEPALIVE_AUTO };
		return true;
	}
	if (!conf_number(&p, o->most, &n) || *p || (n != 0 && n < o->least))
		return conf_bad_value(v, "must be auto, 0 for never, or from %ld to %ld seconds",
			o->least, o->most);
	*to = (struct config_keepalive){ KEEPALIVE_EVERY, span_s(n) };
	return true;
}

static bool print_keepalive(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_keepalive *k = conf_member_const(o, section);

	if (k->mode == KEEPALIVE_UNSET)
		return false;
	if (k->mode == KEEPALIVE_AUTO)
		fputs(" = auto", out);
	else
		fprintf(out, " = %lld", (long long)span_to_s(k->every));
	return true;
}

static bool read_udp_port(const struct conf_value *v, void *section)
{
	uint16_t *to = conf_member(v->option, section);
	long n = 0;

	if (!read_bounded(v, &n))
		return false;
	*to = (uint16_t)n;
	return true;
}

static bool print_udp_port(FILE *out, const struct conf_option *o, const void *section)
{
	const uint16_t *port = conf_member_const(o, section);

	fprintf(out, " = %u", *port);
	return true;
}

const struct conf_kind conf_kind_number = { false, read_number, print_number };
const struct conf_kind conf_kind_seconds = { false, read_seconds, print_seconds };
const struct conf_kind conf_kind_keepalive = { false, read_keepalive, print_keepalive };
const struct conf_kind conf_kind_udp_port = { false, read_udp_port, print_udp_port };
