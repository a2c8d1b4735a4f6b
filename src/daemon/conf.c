/*
 * The configuration file through libconfuse into struct config; app.c calls
 * conf_load(). The way: conf_text.c makes the text safe for libconfuse,
 * conf_words.c takes out what means nothing, this file gives libconfuse the
 * grammar from options.def with every value as text, conf_value.c, conf_number.c
 * and conf_addr.c read the values, conf_check.c looks at the whole. Only broken
 * syntax stops at the first error; all else is collected.
 */
#include "conf.h"

#include <confuse.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf_check.h"
#include "conf_option.h"
#include "conf_suggest.h"
#include "conf_text.h"
#include "conf_words.h"
#include "xmem.h"

enum {
	SECTION_OPTIONS_MAX = 16,
	FILE_SIZE_MAX = 1 << 20,
};

/* Line of a value or section, as libconfuse told it while parsing. */
struct mark {
	const void *of;			/* a cfg_t of a section, or the cfg_opt_t of a value */
	const cfg_opt_t *opt;
	unsigned index;			/* of a value */
	int line;
};

struct parse {
	struct conf_report *rep;
	struct conf_sections sections;
	size_t closed;			/* sections so far */
	struct mark *marks;
	size_t n_marks, cap;
	struct conf_places places;
};

/* libconfuse hands its callbacks no context; this one lives during cfg_parse_buf(). */
static struct parse *parsing;

static void add_mark(struct mark m)
{
	struct parse *p = parsing;

	p->marks = xmem_grow(p->marks, p->n_marks, &p->cap, sizeof *p->marks);
	p->marks[p->n_marks++] = m;
}

/* Called by libconfuse after each value, and once more at the end of a list. */
static int on_value(cfg_t *cfg, cfg_opt_t *opt)
{
	const struct parse *p = parsing;
	const struct mark *last = p->n_marks ? &p->marks[p->n_marks - 1] : NULL;
	unsigned n = cfg_opt_size(opt);

	if (n == 0)
		return 0;
	if ((opt->flags & CFGF_LIST) && last && last->of == opt && last->index == n - 1)
		return 0;
	add_mark((struct mark){ opt, opt, n - 1, cfg->line });
	return 0;
}

static int on_section_end(cfg_t *cfg, cfg_opt_t *opt)
{
	struct parse *p = parsing;
	const cfg_t *section = cfg_opt_getnsec(opt, cfg_opt_size(opt) - 1);
	int line = p->closed < p->sections.n ? p->sections.lines[p->closed] : cfg->line;

	p->closed++;
	if (!(opt->flags & CFGF_MULTI))
		for (size_t i = 0; i < p->n_marks; i++)
			if (p->marks[i].opt == opt)
				conf_report_error(p->rep, line,
					"there is a second %s section (the first begins in "
					"line %d): make them one",
					opt->name, p->marks[i].line);
	add_mark((struct mark){ section, opt, 0, line });
	return 0;
}

/* libconfuse's own errors: what a person wrote is named, and where possible what to write. */
__attribute__((format(printf, 2, 0)))
static void on_error(cfg_t *cfg, const char *fmt, va_list ap)
{
	static const char unknown[] = "no such option '";
	static const char untitled[] = "missing title for section '";
	char text[CONF_TEXT_MAX];
	int line = cfg->line;
	char *quote;

	vsnprintf(text, sizeof text, fmt, ap);
	quote = strrchr(text, '\'');
	if (quote && strncmp(text, unknown, sizeof unknown - 1) == 0) {
		*quote = '\0';
		conf_suggest(parsing->rep, line, cfg->name, text + sizeof unknown - 1);
	} else if (quote && strncmp(text, untitled, sizeof untitled - 1) == 0) {
		*quote = '\0';
		conf_report_error(parsing->rep, line, "this section needs a name: %s \"NAME\" {",
			text + sizeof untitled - 1);
	} else if (strncmp(text, "unexpected token", 16) == 0) {
		conf_report_error(parsing->rep, line,
			"%s: write option = value, lists as { \"a\", \"b\" }, "
			"and text with blanks in quotes",
			text);
	} else {
		conf_report_error(parsing->rep, line, "%s", text);
	}
}

/* --- grammar ---------------------------------------------------------------------------- */

struct grammar {
	cfg_opt_t section[CONF_SECTIONS][SECTION_OPTIONS_MAX];
	cfg_opt_t top[CONF_SECTIONS];
};

static size_t fill_options(cfg_opt_t *to, enum conf_section s)
{
	size_t n = 0;

	for (size_t i = 0; i < conf_n_options; i++) {
		const struct conf_option *o = &conf_options[i];

		if (o->section != s)
			continue;
		to[n] = o->kind->is_list ? (cfg_opt_t)CFG_STR_LIST(o->name, NULL, CFGF_NODEFAULT)
			: (cfg_opt_t)CFG_STR(o->name, NULL, CFGF_NODEFAULT);
		to[n++].validcb = on_value;
	}
	to[n] = (cfg_opt_t)CFG_END();
	return n;
}

static cfg_opt_t section_of(struct grammar *g, enum conf_section s, cfg_flag_t flags)
{
	cfg_opt_t o = CFG_SEC(conf_section_name(s), g->section[s], flags);

	o.validcb = on_section_end;
	return o;
}

static void fill_grammar(struct grammar *g)
{
	const cfg_flag_t many = CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES;
	size_t n[CONF_SECTIONS];
	int s;

	for (s = 0; s < CONF_SECTIONS; s++)
		n[s] = fill_options(g->section[s], (enum conf_section)s);
	g->section[SECTION_TUNNEL][n[SECTION_TUNNEL]] = section_of(g, SECTION_PEER, many);
	g->section[SECTION_TUNNEL][n[SECTION_TUNNEL] + 1] = (cfg_opt_t)CFG_END();
	/* All but the last, which stands inside a tunnel. */
	for (s = 0; s < SECTION_PEER; s++)
		g->top[s] = section_of(g, (enum conf_section)s,
			s == SECTION_ROUTER ? CFGF_NODEFAULT : many);
	g->top[s] = (cfg_opt_t)CFG_END();
}

/* --- from libconfuse's tree to ours ------------------------------------------------------- */

static int compare_marks(const void *left, const void *right)
{
	const struct mark *a = left, *b = right;

	if (a->of != b->of)
		return (uintptr_t)a->of < (uintptr_t)b->of ? -1 : 1;
	if (a->index != b->index)
		return a->index < b->index ? -1 : 1;
	return (a->line > b->line) - (a->line < b->line);
}

/* For find_line(); what is marked twice was given twice. */
static void sort_marks(struct parse *p)
{
	if (p->n_marks > 0)
		qsort(p->marks, p->n_marks, sizeof *p->marks, compare_marks);
	for (size_t i = 1; i < p->n_marks; i++) {
		const struct mark *m = &p->marks[i], *before = m - 1;

		if (m->of == m->opt && m->of == before->of && m->index == before->index &&
			!(m->opt->flags & CFGF_LIST))
			conf_report_error(p->rep, m->line,
				"%s is given twice in this section (first in line %d): remove one",
				m->opt->name, before->line);
	}
}

/* Line of a section, or of a value of an option; 0 if there is none. */
static int find_line(const struct parse *p, const void *of, unsigned index)
{
	const struct mark key = { .of = of, .index = index };
	size_t low = 0, high = p->n_marks;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (compare_marks(&p->marks[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == p->n_marks || p->marks[low].of != of || p->marks[low].index != index)
		return 0;
	return p->marks[low].line;
}

/* Defaults first, then what the file says. */
static void read_section(struct parse *p, enum conf_section s, cfg_t *from, void *to)
{
	if (from)
		conf_place_add(&p->places, to, NULL, find_line(p, from, 0));
	for (size_t i = 0; i < conf_n_options; i++) {
		const struct conf_option *o = &conf_options[i];
		struct conf_value v = { o, o->default_text, 0, p->rep };
		cfg_opt_t *opt;

		if (o->section != s)
			continue;
		opt = from ? cfg_getopt(from, o->name) : NULL;
		if (o->default_text)
			o->kind->read(&v, to);
		for (unsigned k = 0; opt && k < cfg_opt_size(opt); k++) {
			v.text = cfg_opt_getnstr(opt, k);
			v.line = find_line(p, opt, k);
			if (k == 0)
				conf_place_add(&p->places, to, o->name, v.line);
			o->kind->read(&v, to);
		}
	}
}

static void read_tunnel(struct parse *p, cfg_t *from, struct config_tunnel *t)
{
	conf_read_title(cfg_title(from), find_line(p, from, 0), p->rep, t->name);
	read_section(p, SECTION_TUNNEL, from, t);
	t->n_peers = cfg_size(from, "peer");
	t->peers = xmem_new(t->n_peers, sizeof *t->peers);
	for (size_t i = 0; i < t->n_peers; i++) {
		cfg_t *peer = cfg_getnsec(from, "peer", (unsigned)i);

		conf_read_title(cfg_title(peer), find_line(p, peer, 0), p->rep, t->peers[i].name);
		read_section(p, SECTION_PEER, peer, &t->peers[i]);
	}
}

static void read_ports(struct parse *p, cfg_t *root, struct config *c, enum port_kind kind)
{
	enum conf_section s = conf_section_of(kind);
	unsigned n = cfg_size(root, conf_section_name(s));

	for (unsigned i = 0; i < n; i++) {
		cfg_t *from = cfg_getnsec(root, conf_section_name(s), i);
		struct config_port *port = &c->ports[c->n_ports++];

		port->kind = kind;
		conf_read_title(cfg_title(from), find_line(p, from, 0), p->rep, port->name);
		read_section(p, s, from, port);
	}
}

static struct config *read_config(struct parse *p, cfg_t *root, const char *host_name)
{
	struct config *c = xmem_new(1, sizeof *c);
	struct conf_value name = { &conf_options[0], host_name, 0, p->rep };

	sort_marks(p);
	name.option->kind->read(&name, c);
	read_section(
		p, SECTION_ROUTER, cfg_size(root, "router") ? cfg_getsec(root, "router") : NULL, c);
	c->ports = xmem_new(cfg_size(root, "ethertalk") + cfg_size(root, "ltoudp") +
		cfg_size(root, "tashtalk"), sizeof *c->ports);
	read_ports(p, root, c, PORT_ETHERTALK);
	read_ports(p, root, c, PORT_LTOUDP);
	read_ports(p, root, c, PORT_TASHTALK);
	c->n_tunnels = cfg_size(root, "tunnel");
	c->tunnels = xmem_new(c->n_tunnels, sizeof *c->tunnels);
	for (size_t i = 0; i < c->n_tunnels; i++)
		read_tunnel(p, cfg_getnsec(root, "tunnel", (unsigned)i), &c->tunnels[i]);
	conf_check(c, &p->places, p->rep);
	return c;
}

static struct config *parse_text(struct parse *p, const char *text, const char *host_name)
{
	struct config *c = NULL;
	struct grammar g = { 0 };
	cfg_t *root;

	fill_grammar(&g);
	root = cfg_init(g.top, CFGF_NONE);
	if (!root)
		abort();
	cfg_set_error_function(root, on_error);
	parsing = p;
	if (cfg_parse_buf(root, text) == CFG_SUCCESS)
		c = read_config(p, root, host_name);
	else if (p->rep->errors == 0)
		conf_report_error(p->rep, root->line, "this cannot be read");
	parsing = NULL;
	cfg_free(root);
	return c;
}

struct config *conf_parse(
	const char *text, size_t len, const char *host_name, struct conf_report *rep)
{
	struct parse p = { .rep = rep };
	struct config *c = NULL;
	struct conf_text ct;

	conf_text_init(&ct, text, len, rep);
	if (!ct.is_broken && conf_words_check(ct.text, &p.sections, rep))
		c = parse_text(&p, ct.text, host_name);
	conf_text_fini(&ct);
	free(p.sections.lines);
	free(p.marks);
	free(p.places.v);
	conf_report_end(rep);
	if (rep->errors == 0)
		return c;
	conf_free(c);
	return NULL;
}

/*
 * Reads on until the end, or until it is too much; NULL and errno. In small steps: a large
 * block that is given back makes the C library keep more of what is freed later.
 */
static char *read_all(int fd, size_t *len)
{
	char *text = NULL;
	size_t cap = 0;
	ssize_t n = 1;

	*len = 0;
	while (n != 0 && *len <= FILE_SIZE_MAX) {
		text = xmem_grow(text, *len, &cap, 1);
		n = read(fd, text + *len, cap - *len);
		if (n > 0)
			*len += (size_t)n;
		if (n < 0 && errno != EINTR) {
			free(text);
			return NULL;
		}
	}
	return text;
}

/* The service has a user of its own, and people run aurpd -t as another. */
static void report_unreadable(struct conf_report *rep, int error)
{
	const struct passwd *user = getpwuid(geteuid());
	char number[16];

	snprintf(number, sizeof number, "%u", (unsigned)geteuid());
	if (error == EACCES || error == EPERM)
		conf_report_error(rep, 0,
			"cannot be read by the user %s: %s; the service's user, aurpd, must be "
			"able to read it and to enter its folders (chgrp aurpd, chmod g+r), and "
			"whoever else checks it may use sudo",
			user ? user->pw_name : number, strerror(error));
	else if (error == ENOENT)
		conf_report_error(rep, 0, "cannot be read: %s; an example is " AURPD_EXAMPLE_FILE,
			strerror(error));
	else
		conf_report_error(rep, 0, "cannot be read: %s", strerror(error));
}

/* The whole of a regular file, or NULL after reporting. libconfuse must never see a folder. */
static char *read_file(const char *path, size_t *len, struct conf_report *rep)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st = { 0 };
	bool is_there = fd >= 0 && fstat(fd, &st) == 0;
	bool is_file = is_there && S_ISREG(st.st_mode);
	char *text = is_file ? read_all(fd, len) : NULL;

	if (!text && (is_file || !is_there)) {
		report_unreadable(rep, errno);
	} else if (!text) {
		conf_report_error(rep, 0, "cannot be read: it is no plain file");
	} else if (*len > FILE_SIZE_MAX) {
		conf_report_error(rep, 0, "cannot be read: it has more than %d bytes",
			FILE_SIZE_MAX);
		free(text);
		text = NULL;
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* The host's name up to its first dot, if it can be a router's name. */
static void get_host_name(char out[AT_ZONE_NAME_MAX + 1])
{
	char name[256] = "";
	size_t n;

	gethostname(name, sizeof name - 1);
	n = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
	if (n > AT_ZONE_NAME_MAX)
		n = AT_ZONE_NAME_MAX;
	memcpy(out, n ? name : "aurpd", n ? n : 5);
	out[n ? n : 5] = '\0';
}

struct config *conf_load(const char *path, struct conf_report *rep)
{
	char host[AT_ZONE_NAME_MAX + 1];
	struct config *c = NULL;
	size_t len = 0;
	char *text = read_file(path, &len, rep);

	get_host_name(host);
	if (text)
		c = conf_parse(text, len, host, rep);
	free(text);
	return c;
}

void conf_free(struct config *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->n_ports; i++)
		free(c->ports[i].zones);
	for (size_t i = 0; i < c->n_tunnels; i++)
		free(c->tunnels[i].peers);
	free(c->ports);
	free(c->tunnels);
	free(c);
}
