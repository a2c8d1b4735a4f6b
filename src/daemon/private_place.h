/* Where a file of a service's private /tmp is for everybody else. */
#ifndef AURPD_PRIVATE_PLACE_H
#define AURPD_PRIVATE_PLACE_H

#include <stdbool.h>
#include <stdio.h>

enum { PRIVATE_PLACE_MAX = 4096 };

/*
 * `mounts` is /proc/self/mountinfo. True if the file lies in a folder of systemd's
 * PrivateTmp=: then `out` is its path outside of the service.
 */
bool private_place(FILE *mounts, const char *path, char out[PRIVATE_PLACE_MAX]);

#endif
