/* The text of a configuration, made fit for libconfuse. */
#ifndef AURPD_CONF_TEXT_H
#define AURPD_CONF_TEXT_H

#include <stddef.h>

#include "conf_report.h"

struct conf_text {
	char *text;		/* NUL-terminated; same lines as the file, no comments */
	/* Line of the opening brace of each section, in the order in which the sections close. */
	int *section_lines;
	size_t n_sections, cap;
};

/*
 * Reads `len` bytes of a configuration. Reports what libconfuse would let pass
 * or blame on the wrong line: unclosed comments, strings, braces; NUL; `;`.
 * When it reported an error, the text is not to be parsed.
 */
void conf_text_init(struct conf_text *ct, const char *file, size_t len, struct conf_report *rep);
void conf_text_fini(struct conf_text *ct);

#endif
