/* The options of the configuration as a table, and how their values are read and written. */
#ifndef AURPD_CONF_OPTION_H
#define AURPD_CONF_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "aurpd/config.h"
#include "conf_report.h"

enum conf_section {
	SECTION_ROUTER,
	SECTION_ETHERTALK,
	SECTION_LTOUDP,
	SECTION_TASHTALK,
	SECTION_TUNNEL,
	SECTION_PEER,
	CONF_SECTIONS
};

struct conf_option;

/* A value being read: where it stands and who hears the complaints. */
struct conf_value {
	const struct conf_option *option;
	const char *text;
	int line;
	struct conf_report *rep;
};

struct conf_kind {
	bool is_list;
	/* Reads the text into the section's struct; false after reporting why not. */
	bool (*read)(const struct conf_value *v, void *section);
	/* Writes " = value" as the file wants it; writes nothing and returns false if it is not
	 * set. */
	bool (*print)(FILE *out, const struct conf_option *o, const void *section);
};

struct conf_option {
	enum conf_section section;
	const char *name;
	const struct conf_kind *kind;
	size_t offset, size;		/* of the member in the section's struct */
	long least, most, step;
	const char *default_text;
};

extern const struct conf_option conf_options[];
extern const size_t conf_n_options;

const char *conf_section_name(enum conf_section s);

/* Which section makes a port of this kind. */
enum conf_section conf_section_of(enum port_kind kind);

static inline void *conf_member(const struct conf_option *o, void *section)
{
	return (char *)section + o->offset;
}

static inline const void *conf_member_const(const struct conf_option *o, const void *section)
{
	return (const char *)section + o->offset;
}

/* The title of a section, checked: "" and false after reporting why not. */
bool conf_read_title(
	const char *title, int line, struct conf_report *rep, char out[CONFIG_NAME_MAX + 1]);

/* "quoted" for the file, with what libconfuse would interpret escaped. */
void conf_print_quoted(FILE *out, const char *text);

#endif
