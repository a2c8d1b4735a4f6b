/* Files that are always whole: written beside their place, then put there. */
#ifndef AURPD_FILE_WRITE_H
#define AURPD_FILE_WRITE_H

#include <stdbool.h>
#include <stdio.h>

/*
 * Replaces the file by what `write` writes, mode 0640. False with errno if that
 * fails; then the old file is still there.
 */
bool file_replace(const char *path, void (*write)(FILE *out, void *ctx), void *ctx);

#endif
