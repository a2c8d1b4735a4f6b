/* What the tests of the configuration share: texts that are taken, refused or warned of. */
#ifndef AURPD_CONF_RIG_H
#define AURPD_CONF_RIG_H

#include "conf.h"

/* conf_parse() of a text, by a host named "host"; the report is the caller's to end. */
struct config *conf_rig_parse(const char *text, struct conf_report *rep);

/* The configuration of a text without errors. */
struct config *conf_rig_good(const char *text);

/* The text is refused, and among the reasons is one on this line with these words. */
void conf_rig_refused(const char *text, int line, const char *words);

/* The text is taken with a warning on this line with these words. */
void conf_rig_warned(const char *text, int line, const char *words);

#endif
