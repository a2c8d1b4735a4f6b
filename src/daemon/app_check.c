/*
 * aurpd -t: reads the configuration, says what is wrong, prints what it
 * understood, and looks whether this machine has the devices that it names.
 * main.c calls it; nothing is opened.
 */
#include <errno.h>
#include <limits.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "conf.h"
#include "ifwatch.h"

enum { NAMES_MAX = 160 };

/* "eth0, wlan0": those that a cable can be in. */
static void list_interfaces(char out[NAMES_MAX])
{
	struct if_nameindex *all = if_nameindex();
	size_t used = 0;

	out[0] = '\0';
	for (const struct if_nameindex *i = all; i && i->if_index; i++) {
		if (strcmp(i->if_name, "lo") == 0 || used + IF_NAMESIZE + 2 >= NAMES_MAX)
			continue;
		used += (size_t)snprintf(
			out + used, NAMES_MAX - used, "%s%s", used ? ", " : "", i->if_name);
	}
	if_freenameindex(all);
	if (!used)
		snprintf(out, NAMES_MAX, "none besides lo");
}

static void warn_of_interface(const char *file, const char *what, const char *name,
	const char *device)
{
	char names[NAMES_MAX];
	struct ifinfo info;

	if (ifwatch_query(device, &info) || errno != ENODEV)
		return;
	list_interfaces(names);
	fprintf(stderr,
		"warning: %s: %s \"%s\": this machine has no interface %s; it has: %s "
		"(see: ip -br link)\n",
		file, what, name, device, names);
}

static void warn_of_port(const char *file, const struct config_port *p)
{
	if (p->kind == PORT_TASHTALK && access(p->device, F_OK) != 0)
		fprintf(stderr,
			"warning: %s: port \"%s\": there is no %s at this moment "
			"(see: ls /dev/serial/by-id)\n",
			file, p->name, p->device);
	else if (p->kind != PORT_TASHTALK && !p->is_tap)
		warn_of_interface(file, "port", p->name, p->device);
}

static void warn_of_devices(const char *file, const struct config *c)
{
	for (size_t i = 0; i < c->n_ports; i++)
		warn_of_port(file, &c->ports[i]);
	for (size_t i = 0; i < c->n_tunnels; i++)
		if (c->tunnels[i].device[0])
			warn_of_interface(file, "tunnel", c->tunnels[i].name, c->tunnels[i].device);
}

static void print_message(const char *file, const struct conf_message *m)
{
	char text[CONF_TEXT_MAX + PATH_MAX];

	conf_message_text(m, file, text, sizeof text);
	fprintf(stderr, "%s%s\n", m->is_warning ? "warning: " : "", text);
}

int app_check(const struct cli *cli)
{
	struct conf_report rep = { 0 };
	struct config *c = conf_load(cli->config_file, &rep);

	for (size_t i = 0; i < rep.n; i++)
		if (!cli->is_quiet || !rep.messages[i].is_warning)
			print_message(cli->config_file, &rep.messages[i]);
	conf_report_fini(&rep);
	if (!c)
		return EXIT_CONFIG;
	if (!cli->is_quiet) {
		warn_of_devices(cli->config_file, c);
		conf_print(stdout, c);
	}
	conf_free(c);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_CANNOT_RUN;
}
