/*
 * A pass over the text of a configuration before libconfuse sees it; conf.c
 * calls it. libconfuse 3.3 counts lines wrongly after comments, accepts a file
 * that ends inside a section or a comment, and ends the process on some input.
 * So comments become blanks here, and braces, quotes and odd bytes are checked
 * where the line is still known.
 */
#include "conf_text.h"

#include <stdlib.h>
#include <string.h>

#include "xmem.h"

enum { DEPTH_MAX = 8 };

struct brace {
	int line;
	bool is_list;		/* = { ... }, not a section */
};

struct scan {
	const char *p, *end;
	char *out;
	int line;
	char last;		/* last significant character: tells "= {" from "name {" */
	bool at_word;		/* the previous character belongs to a bare word */
	struct brace open[DEPTH_MAX];
	size_t depth;
	struct conf_text *ct;
	struct conf_report *rep;
};

static bool at(const struct scan *s, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(s->end - s->p) >= n && memcmp(s->p, word, n) == 0;
}

/* Replaces one byte by a blank; lines stay lines. */
static void blank(struct scan *s)
{
	if (*s->p == '\n') {
		s->line++;
		*s->out++ = '\n';
	} else {
		*s->out++ = ' ';
	}
	s->p++;
}

static void keep(struct scan *s)
{
	*s->out++ = *s->p++;
}

static void skip_comment(struct scan *s)
{
	int opened = s->line;

	if (!at(s, "/*")) {
		while (s->p < s->end && *s->p != '\n')
			blank(s);
		return;
	}
	blank(s);
	blank(s);
	while (s->p < s->end && !at(s, "*/"))
		blank(s);
	if (s->p == s->end) {
		conf_report_error(s->rep, opened, "this comment is never closed: end it with */");
		s->ct->is_broken = true;
		return;
	}
	blank(s);
	blank(s);
}

/*
 * One escape of a quoted string. In names, `\xNN` stands for a MacRoman byte
 * and `\\` for a backslash; whoever reads names interprets them. So all but
 * what libconfuse itself must see (an escaped quote or $) come through doubled.
 */
static void copy_escape(struct scan *s, char quote)
{
	char next = '\0';

	if (s->p + 1 < s->end)
		next = s->p[1];
	if (next == '\\') {
		memcpy(s->out, "\\\\\\\\", 4);
		s->out += 4;
		s->p += 2;
		return;
	}
	if (quote == '"' && next != '"' && next != '$')
		*s->out++ = '\\';
	keep(s);
	if (next != '\n' && next != '\0')
		keep(s);
}

static void copy_string(struct scan *s)
{
	int opened = s->line;
	char quote = *s->p;

	keep(s);
	while (s->p < s->end && *s->p != quote && *s->p != '\n' && *s->p != '\0') {
		if (*s->p == '\\')
			copy_escape(s, quote);
		else
			keep(s);
	}
	s->last = quote;
	if (s->p < s->end && *s->p == quote) {
		keep(s);
		return;
	}
	conf_report_error(
		s->rep, opened, "a string is not closed on its line: end it with %c", quote);
	s->ct->is_broken = true;
}

static void open_brace(struct scan *s)
{
	if (s->depth == DEPTH_MAX) {
		conf_report_error(s->rep, s->line, "too many braces inside each other");
		s->ct->is_broken = true;
		s->p = s->end;
		return;
	}
	s->open[s->depth++] = (struct brace){ s->line, s->last == '=' };
	keep(s);
	s->last = '{';
}

static void close_brace(struct scan *s)
{
	if (s->depth == 0) {
		conf_report_error(s->rep, s->line,
			"this } closes nothing: remove it, or look for a missing { above");
		s->ct->is_broken = true;
		blank(s);
		return;
	}
	s->depth--;
	keep(s);
	s->last = '}';
}

static void scan_one(struct scan *s)
{
	char c = *s->p;
	bool was_word = s->at_word;

	s->at_word = false;
	if (c == '#' || (!was_word && (at(s, "//") || at(s, "/*")))) {
		skip_comment(s);
	} else if (c == '"' || c == '\'') {
		copy_string(s);
	} else if (c == '{') {
		open_brace(s);
	} else if (c == '}') {
		close_brace(s);
	} else if (c == '\n' || c == '\r') {
		blank(s);
	} else if (c == '\0' || c == ';') {
		conf_report_error(s->rep, s->line, c ? "\";\" has no meaning here: remove it"
			: "the file holds a NUL byte: it must be plain UTF-8 text");
		blank(s);
	} else if (c == '*' || (c == '+' && !at(s, "+="))) {	/* libconfuse would skip it */
		conf_report_error(s->rep, s->line, "text with %c in it must stand in quotes", c);
		blank(s);
	} else {
		s->at_word = !strchr(" \t=+,()", c);
		if (c != ' ' && c != '\t')
			s->last = c;
		keep(s);
	}
}

void conf_text_init(struct conf_text *ct, const char *file, size_t len, struct conf_report *rep)
{
	struct scan s = { .p = file, .end = file + len, .line = 1, .ct = ct, .rep = rep };

	*ct = (struct conf_text){ 0 };
	/* An escape grows at most from two bytes to four. */
	ct->text = xmem_new(2 * len + 1, 1);
	s.out = ct->text;
	if (at(&s, "\xEF\xBB\xBF"))		/* byte order mark */
		s.p += 3;
	while (s.p < s.end)
		scan_one(&s);
	while (s.depth > 0) {
		s.depth--;
		conf_report_error(rep, s.open[s.depth].line,
			"this { is never closed: end the %s with }",
			s.open[s.depth].is_list ? "list" : "section");
		ct->is_broken = true;
	}
	*s.out = '\0';
}

void conf_text_fini(struct conf_text *ct)
{
	free(ct->text);
	*ct = (struct conf_text){ 0 };
}
