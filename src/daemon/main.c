/* aurpd, an AppleTalk internet router with AURP tunnels: aurpd(8). */
#include "app.h"
#include "cli.h"

int main(int argc, char **argv)
{
	struct cli cli;
	int status;

	if (!cli_parse(&cli, argc, argv, &status))
		return status;
	return cli.only_checks ? app_check(&cli) : app_run(&cli);
}
