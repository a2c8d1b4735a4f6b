/* The words of a configuration: which of them mean nothing. */
#ifndef AURPD_CONF_WORDS_H
#define AURPD_CONF_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "conf_report.h"

enum { CONF_SECTIONS_MAX = 8192 };	/* libconfuse compares the name of each with all others */

/* Where the sections begin, in the order in which they end. */
struct conf_sections {
	int *lines;
	size_t n, cap;
};

/*
 * Reports options and sections that do not exist where they stand, and sections whose name is
 * taken, and blanks them out of the text: libconfuse would stop at the first. Notes the others.
 * What it does not understand it leaves to libconfuse, with all that follows.
 * False if there are too many of them: then nothing else is to be read.
 */
bool conf_words_check(char *text, struct conf_sections *sections, struct conf_report *rep);

#endif
