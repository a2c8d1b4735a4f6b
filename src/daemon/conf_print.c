/*
 * The configuration as text in one normal form: every option with its value in
 * force, in the order of options.def. `aurpd -t` prints it; conf_parse() reads
 * it back to the same configuration.
 */
#include "conf.h"

#include <stdlib.h>

#include "conf_option.h"

static void print_options(FILE *out, enum conf_section s, const void *section, const char *indent)
{
	for (size_t i = 0; i < conf_n_options; i++) {
		const struct conf_option *o = &conf_options[i];
		char *value = NULL;
		size_t size = 0;
		FILE *mem;

		if (o->section != s)
			continue;
		mem = open_memstream(&value, &size);
		if (!mem)
			abort();
		if (o->kind->print(mem, o, section)) {
			fflush(mem);
			fprintf(out, "%s%s%s\n", indent, o->name, value);
		}
		fclose(mem);
		free(value);
	}
}

static void open_section(FILE *out, enum conf_section s, const char *title, const char *indent)
{
	fprintf(out, "%s%s ", indent, conf_section_name(s));
	conf_print_quoted(out, title);
	fputs(" {\n", out);
}

static void print_tunnel(FILE *out, const struct config_tunnel *t)
{
	open_section(out, SECTION_TUNNEL, t->name, "");
	print_options(out, SECTION_TUNNEL, t, "\t");
	for (size_t i = 0; i < t->n_peers; i++) {
		open_section(out, SECTION_PEER, t->peers[i].name, "\t");
		print_options(out, SECTION_PEER, &t->peers[i], "\t\t");
		fputs("\t}\n", out);
	}
	fputs("}\n", out);
}

void conf_print(FILE *out, const struct config *c)
{
	fprintf(out, "%s {\n", conf_section_name(SECTION_ROUTER));
	print_options(out, SECTION_ROUTER, c, "\t");
	fputs("}\n", out);
	for (size_t i = 0; i < c->n_ports; i++) {
		enum conf_section s = conf_section_of(c->ports[i].kind);

		open_section(out, s, c->ports[i].name, "");
		print_options(out, s, &c->ports[i], "\t");
		fputs("}\n", out);
	}
	for (size_t i = 0; i < c->n_tunnels; i++)
		print_tunnel(out, &c->tunnels[i]);
}
