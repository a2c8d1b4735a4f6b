/* What a person probably meant. */
#ifndef AURPD_CONF_SUGGEST_H
#define AURPD_CONF_SUGGEST_H

#include "conf_report.h"

/*
 * Reports the unknown option or section `word` found in the section named
 * `section` ("root" for none), with the nearest known word or the list of all.
 */
void conf_suggest(struct conf_report *rep, int line, const char *section, const char *word);

#endif
