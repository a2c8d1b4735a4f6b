/* What must hold between the options of a configuration. */
#ifndef AURPD_CONF_CHECK_H
#define AURPD_CONF_CHECK_H

#include "aurpd/config.h"
#include "conf_report.h"

/* Where things stand in the file: sections and the options given in them. */
struct conf_place {
	const void *section;	/* the struct config_port, config_tunnel ... */
	const char *option;	/* NULL: the section itself */
	int line;
};

struct conf_places {
	struct conf_place *v;
	size_t n, cap;
};

void conf_place_add(struct conf_places *places, const void *section, const char *option, int line);

/* Line of the first value of an option, or of the section; 0 if it is not in the file. */
int conf_place_line(const struct conf_places *places, const void *section, const char *option);

/* Reports every contradiction, each at the line where it can be mended. */
void conf_check(const struct config *c, const struct conf_places *places, struct conf_report *rep);

#endif
