/*
 * Values that are words or names: text to struct config and
 * back. conf.c calls read(), conf_print.c calls print(). A printed value reads
 * back to the same.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "aurpd/macroman.h"
#include "conf_kinds.h"
#include "safe_text.h"

bool conf_bad_value(const struct conf_value *v, const char *fmt, ...)
{
	char reason[CONF_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(reason, sizeof reason, fmt, ap);
	va_end(ap);
	conf_report_error(v->rep, v->line, "%s \"%.80s\": %s", v->option->name, v->text, reason);
	return false;
}

/* libconfuse expands ${VARIABLE}; everything else that must be escaped already is. */
static void print_escaped(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (*text == '$')
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

void conf_print_quoted(FILE *out, const char *text)
{
	putc('"', out);
	for (; *text; text++) {
		if (strchr("$\"\\", *text))
			putc('\\', out);
		putc(*text, out);
	}
	putc('"', out);
}

static bool print_text(FILE *out, const struct conf_option *o, const void *section)
{
	const char *text = conf_member_const(o, section);

	if (!*text)
		return false;
	fputs(" = ", out);
	conf_print_quoted(out, text);
	return true;
}

/* --- names ------------------------------------------------------------------------------ */

static bool read_at_name(const struct conf_value *v, struct at_name *out)
{
	struct macroman_error e;

	if (!name_from_utf8(v->text, strlen(v->text), out, &e)) {
		if (e.kind == MACROMAN_TOO_LONG)
			return conf_bad_value(
				v, "longer than %d characters: shorten it", AT_ZONE_NAME_MAX);
		if (e.character[0])
			return conf_bad_value(v, "\"%s\" (U+%04X) %s", e.character,
				(unsigned)e.code, macroman_error_text(e.kind));
		return conf_bad_value(v, "the byte 0x%02X %s", (unsigned)e.code & 0xFF,
			macroman_error_text(e.kind));
	}
	if (out->len == 0)
		return conf_bad_value(v, "a name has 1 to %d characters", AT_ZONE_NAME_MAX);
	return true;
}

/* Nobody sees them, and whoever types the name leaves them out. */
static void warn_of_blanks(const struct conf_value *v, const struct at_name *name)
{
	if (name_has_outer_blanks(name))
		conf_report_warning(v->rep, v->line,
			"%s \"%s\": begins or ends with a blank, which nobody sees; take it out",
			v->option->name, v->text);
}

static bool read_name(const struct conf_value *v, void *section)
{
	struct config *c = section;
	char utf8[NAME_UTF8_SIZE];
	struct at_name name;

	if (!read_at_name(v, &name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (name.byte[i] < 0x20 || name.byte[i] == 0x7F || strchr("=@:*\xC5", name.byte[i]))
			return conf_bad_value(v, "control characters and = @ : * \xE2\x89\x88 "
				"cannot be part of a router's name");
	if (name_to_utf8(&name, utf8) >= sizeof c->name)
		return conf_bad_value(v, "longer than %zu bytes: shorten it", sizeof c->name - 1);
	warn_of_blanks(v, &name);
	c->nbp_name = name;
	memcpy(c->name, utf8, strlen(utf8) + 1);
	return true;
}

static bool read_zone(const struct conf_value *v, void *section)
{
	struct config_port *p = section;
	struct at_name zone;

	if (!read_at_name(v, &zone))
		return false;
	if (zone.len == 1 && zone.byte[0] == '*')
		return conf_bad_value(
			v, "\"*\" means \"my own zone\" in AppleTalk: give the zone a real name");
	if (zone.byte[0] == 0xFF)
		return conf_bad_value(v, "names that begin with the byte FF are reserved");
	for (size_t i = 0; i < p->n_zones; i++) {
		if (!name_eq(&p->zones[i], &zone))
			continue;
		conf_report_warning(v->rep, v->line,
			"zones \"%s\": listed twice (upper and lower case are "
			"the same in AppleTalk); the second is ignored",
			v->text);
		return true;
	}
	if (p->n_zones == AT_ZONES_PER_NET_MAX)
		return conf_bad_value(v, "a network has at most %d zones", AT_ZONES_PER_NET_MAX);
	warn_of_blanks(v, &zone);
	if (name_is_folded_differently(&zone))
		conf_report_warning(v->rep, v->line,
			"%s \"%s\": Netatalk computes another multicast address "
			"for this accented letter; its users may not find each other in this zone",
			v->option->name, v->text);
	p->zones = realloc(p->zones, (p->n_zones + 1) * sizeof *p->zones);
	if (!p->zones)
		abort();
	p->zones[p->n_zones++] = zone;
	return true;
}

static bool print_zones(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;
	char text[NAME_TEXT_SIZE];

	(void)o;
	if (p->n_zones == 0)
		return false;
	fputs(" = { ", out);
	for (size_t i = 0; i < p->n_zones; i++) {
		if (i > 0)
			fputs(", ", out);
		print_escaped(out, name_text(&p->zones[i], text));
	}
	fputs(" }", out);
	return true;
}

/* The one zone of a network that cannot have more. */
static bool print_zone(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;
	char text[NAME_TEXT_SIZE];

	(void)o;
	if (p->n_zones == 0)
		return false;
	fputs(" = ", out);
	print_escaped(out, name_text(&p->zones[0], text));
	return true;
}

/* UTF-8 without control characters and backslashes? */
static bool is_plain_text(const char *text)
{
	for (size_t n; *text; text += n) {
		n = safe_text_char(text);
		if (n == 0 || *text == '\\')
			return false;
	}
	return true;
}

bool conf_read_title(
	const char *title, int line, struct conf_report *rep, char out[CONFIG_NAME_MAX + 1])
{
	size_t n = strlen(title);

	out[0] = '\0';
	if (n == 0 || n > CONFIG_NAME_MAX) {
		conf_report_error(
			rep, line, "the name of a section has 1 to %d bytes", CONFIG_NAME_MAX);
		return false;
	}
	if (!is_plain_text(title) || strchr(title, '"')) {
		conf_report_error(rep, line,
			"the name of a section is UTF-8 text without control characters, "
			"\" and \\");
		return false;
	}
	memcpy(out, title, n + 1);
	return true;
}

static bool read_path(const struct conf_value *v, void *section)
{
	char *to = conf_member(v->option, section);
	size_t n = strlen(v->text);

	if (n >= v->option->size)
		return conf_bad_value(v, "longer than %zu bytes", v->option->size - 1);
	if (n > 0 && (v->text[0] != '/' || v->text[n - 1] == '/' || !is_plain_text(v->text)))
		return conf_bad_value(v, "must be a full path, like \"%s\"",
			v->option->default_text ? v->option->default_text : "/dev/ttyUSB0");
	memcpy(to, v->text, n + 1);
	return true;
}

/* "" is a value here: no such file is written. */
static bool print_path(FILE *out, const struct conf_option *o, const void *section)
{
	fputs(" = ", out);
	conf_print_quoted(out, conf_member_const(o, section));
	return true;
}

static bool read_name_of_device(const struct conf_value *v, void *section, size_t most)
{
	size_t n = strlen(v->text);

	if (n == 0 || n > most)
		return conf_bad_value(
			v, "the name of a network interface has 1 to %zu bytes", most);
	if (strpbrk(v->text, "/ %:\\\"") || !is_plain_text(v->text) || v->text[0] == '.')
		return conf_bad_value(v, "not the name of a network interface (see: ip link)");
	memcpy(conf_member(v->option, section), v->text, n + 1);
	return true;
}

/* Of a port or a tunnel; it may be an alternative name. */
static bool read_device(const struct conf_value *v, void *section)
{
	return read_name_of_device(v, section, CONFIG_ALTNAME_MAX);
}

static bool read_tap(const struct conf_value *v, void *section)
{
	struct config_port *p = section;

	p->is_tap = true;
	return read_name_of_device(v, section, CONFIG_DEVICE_MAX);
}

static bool read_serial(const struct conf_value *v, void *section)
{
	return *v->text ? read_path(v, section)
			: conf_bad_value(v, "a serial device has a path, like \"/dev/ttyUSB0\"");
}

static bool print_device(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;

	return !p->is_tap && print_text(out, o, section);
}

static bool print_tap(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;

	return p->is_tap && print_text(out, o, section);
}

/* --- choices ---------------------------------------------------------------------------- */

static const char *const levels[] = { "error", "warning", "info", "debug", NULL };
static const char *const seeds[] = { "hard", "soft", "none", NULL };

/* Index of the text in a NULL-terminated list, or -1 after reporting what there is. */
static int choose(const struct conf_value *v, const char *const *list)
{
	char all[64] = "";

	for (int i = 0; list[i]; i++) {
		size_t used = strlen(all);

		if (strcmp(v->text, list[i]) == 0)
			return i;
		snprintf(all + used, sizeof all - used, "%s%s", i ? ", " : "", list[i]);
	}
	conf_bad_value(v, "must be one of %s", all);
	return -1;
}

static bool read_log_level(const struct conf_value *v, void *section)
{
	struct config *c = section;
	int i = choose(v, levels);

	if (i < 0)
		return false;
	c->log_level = (enum log_level)i;
	return true;
}

static bool print_log_level(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config *c = section;

	(void)o;
	fprintf(out, " = %s", levels[c->log_level]);
	return true;
}

static bool read_seed(const struct conf_value *v, void *section)
{
	struct config_port *p = section;
	int i = choose(v, seeds);

	if (i < 0)
		return false;
	p->seed = (enum seed_mode)i;
	return true;
}

static bool print_seed(FILE *out, const struct conf_option *o, const void *section)
{
	const struct config_port *p = section;

	(void)o;
	fprintf(out, " = %s", seeds[p->seed]);
	return true;
}

static bool read_flag(const struct conf_value *v, void *section)
{
	static const char *const words[] = { "no", "yes", "off", "on", "false", "true", NULL };
	bool *to = conf_member(v->option, section);

	for (int i = 0; words[i]; i++) {
		if (strcmp(v->text, words[i]) != 0)
			continue;
		*to = i & 1;
		return true;
	}
	return conf_bad_value(v, "must be yes or no");
}

static bool print_flag(FILE *out, const struct conf_option *o, const void *section)
{
	const bool *flag = conf_member_const(o, section);

	fprintf(out, " = %s", *flag ? "yes" : "no");
	return true;
}

const struct conf_kind conf_kind_name = { false, read_name, print_text };
const struct conf_kind conf_kind_path = { false, read_path, print_path };
const struct conf_kind conf_kind_device = { false, read_device, print_device };
const struct conf_kind conf_kind_interface = { false, read_device, print_text };
const struct conf_kind conf_kind_serial = { false, read_serial, print_text };
const struct conf_kind conf_kind_tap = { false, read_tap, print_tap };
const struct conf_kind conf_kind_flag = { false, read_flag, print_flag };
const struct conf_kind conf_kind_log_level = { false, read_log_level, print_log_level };
const struct conf_kind conf_kind_seed = { false, read_seed, print_seed };
const struct conf_kind conf_kind_zone = { false, read_zone, print_zone };
const struct conf_kind conf_kind_zones = { true, read_zone, print_zones };
