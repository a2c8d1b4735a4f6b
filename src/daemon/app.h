/* The daemon as a whole. */
#ifndef AURPD_APP_H
#define AURPD_APP_H

#include "cli.h"

/* Both return the exit status of the process. */

/* -t: checks the configuration and prints it. */
int app_check(const struct cli *cli);

/* Runs until a signal ends it, or until it finds that it cannot run. */
int app_run(const struct cli *cli);

#endif
