/* The command line: aurpd [-c FILE] [-t [-q]] [-l LEVEL] [-V] [-h] */
#ifndef AURPD_CLI_H
#define AURPD_CLI_H

#include <stdbool.h>

#include "aurpd/config.h"

enum {
	EXIT_CANNOT_RUN = 1,
	EXIT_USAGE = 64,		/* sysexits(3) */
	EXIT_CONFIG = 78,
};

struct cli {
	const char *config_file;
	bool only_checks;
	bool is_quiet;			/* the check says what is wrong and nothing else */
	bool has_log_level;
	enum log_level log_level;
};

/* True: go on with *cli. False: end with *status; everything has been said. */
bool cli_parse(struct cli *cli, int argc, char **argv, int *status);

#endif
