/* The command line; main.c calls cli_parse() once. aurpd(8). */
#include "cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "safe_text.h"

static const char usage[] =
	"usage: aurpd [-c file] [-t [-q]] [-l level] [-V] [-h]\n"
	"  -c, --config=file      the configuration (default " AURPD_CONFIG_FILE ")\n"
	"  -t, --test             check the configuration, print it in normal form, and exit\n"
	"  -q, --quiet            with -t: print errors only\n"
	"  -l, --log-level=level  log error, warning, info or debug messages (overrides the\n"
	"                         log-level of the configuration)\n"
	"  -V, --version          print the version and exit\n"
	"  -h, --help             print this and exit\n"
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
	bool is_word = strncmp(argument, "--", 2) == 0;
	char option[48], what[96];

	if (is_word || !letter)
		snprintf(option, sizeof option, "%.40s", argument);
	else
		snprintf(option, sizeof option, "-%c", letter);
	if (found == ':')
		snprintf(what, sizeof what, "%s wants a %s behind it", option,
			letter == 'c' ? "file" : "level");
	else if (is_word && letter)
		snprintf(what, sizeof what, "%s: this option takes no value", option);
	else
		snprintf(what, sizeof what, "there is no option %s", option);
	safe_text_clean(what);
	return refuse(status, what);
}

static const struct option words[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "test", no_argument, NULL, 't' },
	{ "quiet", no_argument, NULL, 'q' },
	{ "log-level", required_argument, NULL, 'l' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

bool cli_parse(struct cli *cli, int argc, char **argv, int *status)
{
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
