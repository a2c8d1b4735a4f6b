/* The command line; main.c calls cli_parse() once. aurpd(8). */
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "safe_text.h"

static const char usage[] =
	"usage: aurpd [-c file] [-t [-q]] [-l level] [-V] [-h]\n"
	"  -c file   the configuration (default " AURPD_CONFIG_FILE ")\n"
	"  -t        check the configuration, print it in normal form, and exit\n"
	"  -q        with -t: print errors only\n"
	"  -l level  log error, warning, info or debug messages (overrides log-level)\n"
	"  -V        print the version and exit\n"
	"  -h        print this and exit\n"
	"Signals: HUP reads the configuration again, USR1 writes the dump,\n"
	"USR2 asks the peers for their networks again,\n"
	"TERM and INT tell the peers and end. See aurpd(8) and aurpd.conf(5).\n";

static bool read_level(const char *text, enum log_level *out)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };

	for (int i = 0; i < 4; i++) {
		if (strcmp(text, names[i]) != 0)
			continue;
		*out = (enum log_level)i;
		return true;
	}
	return false;
}

static bool refuse(int *status, const char *what)
{
	fprintf(stderr, "aurpd: %s\n%s", what, usage);
	*status = EXIT_USAGE;
	return false;
}

/* What getopt found wrong with the argument that it has just passed, or is in. */
static bool refuse_option(int *status, int found, int letter, const char *argument)
{
	char what[64];

	if (found == ':')
		snprintf(what, sizeof what, "-%c wants a %s behind it", letter,
			letter == 'c' ? "file" : "level");
	else if (letter)
		snprintf(what, sizeof what, "there is no option -%c", letter);
	else
		snprintf(what, sizeof what, "there is no option %.40s", argument);
	safe_text_clean(what);
	return refuse(status, what);
}

bool cli_parse(struct cli *cli, int argc, char **argv, int *status)
{
	/* What people try first with a program that they do not know. */
	static const struct option words[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ 0 },
	};
	int c;

	*cli = (struct cli){ .config_file = AURPD_CONFIG_FILE };
	*status = 0;
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":c:tql:Vh", words, NULL)) != -1) {
		switch (c) {
		case 'c':
			cli->config_file = optarg;
			break;
		case 't':
			cli->only_checks = true;
			break;
		case 'q':
			cli->is_quiet = true;
			break;
		case 'l':
			cli->has_log_level = read_level(optarg, &cli->log_level);
			if (!cli->has_log_level)
				return refuse(status, "-l wants error, warning, info or debug");
			break;
		case 'V':
			puts("aurpd " AURPD_VERSION);
			return false;
		case 'h':
			fputs(usage, stdout);
			return false;
		default:
			return refuse_option(status, c, optopt, argv[optind - 1]);
		}
	}
	if (cli->is_quiet && !cli->only_checks)
		return refuse(status, "-q goes with -t");
	if (optind < argc)
		return refuse(status, "there are no arguments besides the options");
	return true;
}
