/* A log into memory whose clock stands still until a test lets time pass. */
#ifndef AURPD_LOG_RIG_H
#define AURPD_LOG_RIG_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "log.h"

struct log_rig {
	struct log log;
	struct instant now;
	FILE *out;
	char *text;			/* what was said, up to date after log_rig_read() */
	size_t size;
};

/* One a program: the clock of a log has no argument. */
extern struct log_rig log_rig;

struct instant log_rig_clock(void);
void log_rig_pass(int64_t ms);
const char *log_rig_read(void);

/* Lines since the last call with this place; a year is too much to be counted every day. */
size_t log_rig_lines_since(size_t *place);
size_t log_rig_lines(void);

/* setup and teardown for cmocka */
int log_rig_set_up(void **state);
int log_rig_tear_down(void **state);

#define LOGGING(f) cmocka_unit_test_setup_teardown(f, log_rig_set_up, log_rig_tear_down)

#endif
