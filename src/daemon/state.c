/*
 * The state file: a line "100.128 name" per port. A port that comes back with
 * its old address does not disturb the hosts that know it. app.c loads it at
 * the start and saves it when a port came up.
 */
#include "state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr_text.h"
#include "file_write.h"
#include "xmem.h"

static struct state_port *find(const struct state *s, const char *port)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->ports[i].name, port) == 0)
			return &s->ports[i];
	return NULL;
}

void state_set(struct state *s, const char *port, struct at_addr addr)
{
	struct state_port *p = find(s, port);

	if (p && at_addr_eq(p->addr, addr))
		return;
	if (!p) {
		s->ports = xmem_grow(s->ports, s->n, &s->cap, sizeof *s->ports);
		p = &s->ports[s->n++];
		snprintf(p->name, sizeof p->name, "%s", port);
	}
	p->addr = addr;
	s->is_dirty = true;
}

bool state_load(struct state *s, const char *path)
{
	FILE *in = fopen(path, "re");
	char line[256];
	int error;

	if (!in)
		return false;
	while (fgets(line, sizeof line, in)) {
		char *name = strchr(line, ' ');
		struct at_addr addr;

		line[strcspn(line, "\n")] = '\0';
		if (!name)
			continue;
		*name++ = '\0';
		if (*name && strlen(name) <= CONFIG_NAME_MAX && at_addr_parse(line, &addr))
			state_set(s, name, addr);
	}
	error = ferror(in) ? EIO : 0;
	fclose(in);
	s->is_dirty = false;
	errno = error;
	return error == 0;
}

static void write_ports(FILE *out, void *ctx)
{
	const struct state *s = ctx;
	char addr[ADDR_TEXT_SIZE];

	for (size_t i = 0; i < s->n; i++)
		fprintf(out, "%s %s\n", at_addr_text(s->ports[i].addr, addr), s->ports[i].name);
}

bool state_save(struct state *s, const char *path)
{
	s->is_dirty = !file_replace(path, write_ports, s);
	return !s->is_dirty;
}

void state_fini(struct state *s)
{
	free(s->ports);
	*s = (struct state){ 0 };
}

static uint8_t last_node(enum port_kind kind)
{
	return kind == PORT_ETHERTALK ? AT_NODE_EXTENDED_LAST : AT_NODE_BROADCAST - 1;
}

void state_apply(const struct state *s, struct config *c)
{
	for (size_t i = 0; i < c->n_ports; i++) {
		struct config_port *p = &c->ports[i];
		const struct state_port *last = find(s, p->name);

		if (!last || p->address.net != 0 || last->addr.node == 0 ||
			last->addr.node > last_node(p->kind))
			continue;
		if (p->range.first == 0 || at_range_has(p->range, last->addr.net))
			p->address = last->addr;
	}
}
