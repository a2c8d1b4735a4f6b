/*
 * A walk over the statements of a configuration that conf_text.c has made safe
 * (no comments, every brace and quote closed); conf.c calls it before
 * libconfuse. A statement is `word = value`, `word += value`, or a section
 * `word title { statements }`, the title not in all of them.
 */
#include "conf_words.h"

#include <string.h>

#include "conf_option.h"
#include "conf_suggest.h"
#include "xmem.h"

enum { DEPTH_MAX = 2, NAME_MAX_SHOWN = 80 };

enum token { TOKEN_END, TOKEN_WORD, TOKEN_ASSIGN, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_OTHER };

/* A piece of the text. */
struct word {
	char *begin;			/* with its quote */
	const char *text;		/* without */
	size_t len;
	int line;
};

struct title {
	size_t parent;			/* which open section it stands in; 0: none */
	enum conf_section kind;
	struct word name;
};

struct open {
	size_t id;			/* counts from 1 */
	enum conf_section kind;
	int line;
};

struct walk {
	char *p;
	int line;
	struct word word;		/* of the last TOKEN_WORD */
	struct open open[DEPTH_MAX];
	size_t depth, n_opened;
	struct title *titles;
	size_t n_titles, cap;
	struct conf_sections *sections;
	struct conf_report *rep;
};

/* --- tokens ------------------------------------------------------------------------------ */

static void skip_blanks(struct walk *w)
{
	for (; *w->p && strchr(" \t\n", *w->p); w->p++)
		w->line += *w->p == '\n';
}

static enum token take_string(struct walk *w)
{
	const char quote = *w->p++;

	w->word.text = w->p;
	while (*w->p && *w->p != quote)
		w->p += *w->p == '\\' && w->p[1] ? 2 : 1;
	w->word.len = (size_t)(w->p - w->word.text);
	w->p += *w->p == quote;
	return TOKEN_WORD;
}

/* ${VARIABLE}, which libconfuse expands. */
static enum token take_variable(struct walk *w)
{
	for (; *w->p && *w->p != '}'; w->p++)
		w->line += *w->p == '\n';
	w->p += *w->p == '}';
	w->word.len = (size_t)(w->p - w->word.text);
	return TOKEN_WORD;
}

static enum token next(struct walk *w)
{
	skip_blanks(w);
	w->word = (struct word){ w->p, w->p, 0, w->line };
	if (w->p[0] == '$' && w->p[1] == '{')
		return take_variable(w);
	switch (*w->p) {
	case '\0':
		return TOKEN_END;
	case '"':
	case '\'':
		return take_string(w);
	case '{':
		w->p++;
		return TOKEN_OPEN;
	case '}':
		w->p++;
		return TOKEN_CLOSE;
	case '=':
		w->p++;
		return TOKEN_ASSIGN;
	default:
		break;
	}
	if (w->p[0] == '+' && w->p[1] == '=') {
		w->p += 2;
		return TOKEN_ASSIGN;
	}
	w->word.len = strcspn(w->p, " \t\n={}()+*,\"'");
	w->p += w->word.len ? w->word.len : 1;
	return w->word.len ? TOKEN_WORD : TOKEN_OTHER;
}

/* Behind the } that belongs to the { before; all braces have been counted. */
static void skip_braces(struct walk *w)
{
	for (int depth = 1; depth > 0;) {
		enum token t = next(w);

		if (t == TOKEN_END)
			return;
		depth += (t == TOKEN_OPEN) - (t == TOKEN_CLOSE);
	}
}

/* --- statements -------------------------------------------------------------------------- */

static const char *section_name(const struct walk *w)
{
	return w->depth ? conf_section_name(w->open[w->depth - 1].kind) : "root";
}

/* Everything from `begin` on is as if it had not been written; lines stay lines. */
static void blank_from(struct walk *w, char *begin)
{
	for (; begin < w->p; begin++)
		if (*begin != '\n')
			*begin = ' ';
}

static void report_unknown(struct walk *w, struct word word)
{
	char text[NAME_MAX_SHOWN + 1];
	size_t n = word.len < NAME_MAX_SHOWN ? word.len : NAME_MAX_SHOWN;

	memcpy(text, word.text, n);
	text[n] = '\0';
	conf_suggest(w->rep, word.line, section_name(w), text);
}

static bool is_named(const struct word *word, const char *name)
{
	return strlen(name) == word->len && memcmp(name, word->text, word->len) == 0;
}

static bool knows_option(const struct walk *w, const struct word *word)
{
	for (size_t i = 0; w->depth && i < conf_n_options; i++)
		if (conf_options[i].section == w->open[w->depth - 1].kind &&
			is_named(word, conf_options[i].name))
			return true;
	return false;
}

/* Outside of all sections stand all but peer, which stands in a tunnel; others hold none. */
static bool find_section(const struct walk *w, const struct word *word, enum conf_section *out)
{
	for (int s = 0; s < CONF_SECTIONS; s++) {
		const bool may_stand = s == SECTION_PEER
			? w->depth && w->open[w->depth - 1].kind == SECTION_TUNNEL
			: !w->depth;

		if (!may_stand || !is_named(word, conf_section_name((enum conf_section)s)))
			continue;
		*out = (enum conf_section)s;
		return true;
	}
	return false;
}

/* Takes the name of a section; false after reporting that it is taken. */
static bool add_title(struct walk *w, enum conf_section kind, const struct word *name)
{
	const size_t parent = w->depth ? w->open[w->depth - 1].id : 0;

	for (size_t i = 0; i < w->n_titles; i++) {
		const struct title *t = &w->titles[i];

		if (t->parent != parent || t->kind != kind || t->name.len != name->len ||
			memcmp(t->name.text, name->text, name->len) != 0)
			continue;
		conf_report_error(w->rep, name->line,
			"there is already a section named \"%.*s\" (in line %d): choose another "
			"name",
			(int)name->len, name->text, t->name.line);
		return false;
	}
	w->titles = xmem_grow(w->titles, w->n_titles, &w->cap, sizeof *w->titles);
	w->titles[w->n_titles++] = (struct title){ parent, kind, *name };
	return true;
}

/* Behind `word title {` or `word {`; false if that is an option. */
static bool enter(struct walk *w, struct word word, const struct word *title)
{
	enum conf_section kind = SECTION_ROUTER;
	bool is_good = find_section(w, &word, &kind);

	if (!is_good && knows_option(w, &word))
		return false;
	if (!is_good)
		report_unknown(w, word);
	else if (title)
		is_good = add_title(w, kind, title);
	if (is_good) {
		w->open[w->depth++] = (struct open){ ++w->n_opened, kind, word.line };
	} else {
		skip_braces(w);
		blank_from(w, word.begin);
	}
	return true;
}

static void leave(struct walk *w)
{
	struct conf_sections *s = w->sections;

	s->lines = xmem_grow(s->lines, s->n, &s->cap, sizeof *s->lines);
	s->lines[s->n++] = w->open[--w->depth].line;
}

/* Behind `word =`; false if no value follows, or that is a section. */
static bool take_value(struct walk *w, struct word word)
{
	enum conf_section kind;
	enum token t = next(w);

	if (find_section(w, &word, &kind))
		return false;
	if (t == TOKEN_OPEN)
		skip_braces(w);
	else if (t != TOKEN_WORD)
		return false;
	if (!knows_option(w, &word)) {
		report_unknown(w, word);
		blank_from(w, word.begin);
	}
	return true;
}

/* False at the end, and where libconfuse will find what is wrong. */
static bool take_statement(struct walk *w)
{
	enum token t = next(w);
	const struct word word = w->word;
	struct word title;

	if (t == TOKEN_CLOSE && w->depth > 0) {
		leave(w);
		return true;
	}
	if (t != TOKEN_WORD)
		return false;
	t = next(w);
	title = w->word;
	if (t == TOKEN_ASSIGN)
		return take_value(w, word);
	if (t == TOKEN_OPEN)
		return enter(w, word, NULL);
	return t == TOKEN_WORD && next(w) == TOKEN_OPEN && enter(w, word, &title);
}

bool conf_words_check(char *text, struct conf_sections *sections, struct conf_report *rep)
{
	struct walk w = { .p = text, .line = 1, .sections = sections, .rep = rep };

	while (w.n_opened <= CONF_SECTIONS_MAX && take_statement(&w))
		continue;
	free(w.titles);
	if (w.n_opened <= CONF_SECTIONS_MAX)
		return true;
	conf_report_error(rep, w.line, "more than %d sections: this is one too many",
		CONF_SECTIONS_MAX);
	return false;
}
