/* The text of a configuration, made fit for libconfuse. */
#ifndef AURPD_CONF_TEXT_H
#define AURPD_CONF_TEXT_H

#include <stddef.h>

#include "conf_report.h"

struct conf_text {
	char *text;		/* NUL-terminated; same lines as the file, no comments */
	bool is_broken;		/* a comment, string or brace does not end: not to be parsed */
};

/*
 * Reads `len` bytes of a configuration. Reports what libconfuse would let pass
 * or blame on the wrong line: unclosed comments, strings, braces; NUL; `;`.
 */
void conf_text_init(struct conf_text *ct, const char *file, size_t len, struct conf_report *rep);
void conf_text_fini(struct conf_text *ct);

#endif
