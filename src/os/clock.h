/* The only two clocks: one that never goes back, for the core; one for people. */
#ifndef AURPD_CLOCK_H
#define AURPD_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "aurpd/mtime.h"

enum { CLOCK_TEXT_SIZE = 24 };

/* CLOCK_MONOTONIC. */
struct instant clock_now(void);

/* The time of day in UTC as 2026-11-22T19:50:00Z; returns `out`. */
const char *clock_text(char out[CLOCK_TEXT_SIZE]);

/* A number nobody can guess, from the kernel. */
uint64_t clock_seed(void);

#endif
