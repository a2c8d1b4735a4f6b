/*
 * The state file: a line "100.128 name" per port. A port that comes back with
 * its old address does not disturb the hosts that know it. app.c loads it at
 * the start and saves it when a port came up. What a later version has added is
 * still there when that version comes back.
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

/* "100.128 name"; false if it is something else. */
static bool take_port(struct state *s, const char *line)
{
	const char *blank = strchr(line, ' ');
	char word[ADDR_TEXT_SIZE];
	struct at_addr addr;

	if (!blank || (size_t)(blank - line) >= sizeof word || !blank[1] ||
		strlen(blank + 1) > CONFIG_NAME_MAX)
		return false;
	memcpy(word, line, (size_t)(blank - line));
	word[blank - line] = '\0';
	if (!at_addr_parse(word, &addr))
		return false;
	state_set(s, blank + 1, addr);
	return true;
}

/* With its end of line, if there is room. */
static void keep_line(struct state *s, const char *line)
{
	const size_t n = strlen(line);

	if (n >= STATE_OTHERS_MAX || s->others_len + n + 1 > STATE_OTHERS_MAX)
		return;
	if (!s->others)
		s->others = xmem_new(STATE_OTHERS_MAX, 1);
	memcpy(s->others + s->others_len, line, n);
	s->others_len += n;
	s->others[s->others_len++] = '\n';
}

bool state_load(struct state *s, const char *path)
{
	FILE *in = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	int error;

	if (!in)
		return false;
	while (getline(&line, &size, in) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (!take_port(s, line) && line[0])
			keep_line(s, line);
	}
	error = ferror(in) ? EIO : 0;
	free(line);
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
	if (s->others)
		fwrite(s->others, 1, s->others_len, out);
}

bool state_save(struct state *s, const char *path)
{
	s->is_dirty = !file_replace(path, FILE_MUST_LAST, write_ports, s);
	return !s->is_dirty;
}

void state_fini(struct state *s)
{
	free(s->ports);
	free(s->others);
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
