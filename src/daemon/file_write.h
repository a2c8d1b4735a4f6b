/* Files that are always whole: written beside their place, then put there. */
#ifndef AURPD_FILE_WRITE_H
#define AURPD_FILE_WRITE_H

#include <stdbool.h>
#include <stdio.h>

/* What a power failure may do to it. */
enum file_care {
	FILE_MAY_BE_LOST,
	FILE_MUST_LAST,			/* it is on the disk before the old one is gone */
};

/*
 * Replaces the file by what `write` writes, mode 0640. False with errno if that
 * fails; then the old file is still there.
 */
bool file_replace(const char *path, enum file_care care, void (*write)(FILE *out, void *ctx),
	void *ctx);

#endif
