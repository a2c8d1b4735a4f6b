/* The configuration file: text to struct config, and back. aurpd.conf(5). */
#ifndef AURPD_CONF_H
#define AURPD_CONF_H

#include <stdio.h>

#include "aurpd/config.h"
#include "conf_report.h"

/*
 * The configuration that `text` means. `host_name` is the router's name if the
 * text gives none. NULL when the report has an error; warnings may stand in the
 * report either way. Free with conf_free().
 */
struct config *conf_parse(
	const char *text, size_t len, const char *host_name, struct conf_report *rep);

/* conf_parse() of a file. A file that cannot be read is an error of line 0. */
struct config *conf_load(const char *path, struct conf_report *rep);

void conf_free(struct config *c);

/* The configuration as text that conf_parse() reads back to the same. */
void conf_print(FILE *out, const struct config *c);

#endif
