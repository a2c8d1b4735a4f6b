/*
 * The list of what is wrong with a configuration. Every stage of reading one
 * (conf_text.c, conf.c, conf_value.c, conf_check.c) adds to it; app.c logs it,
 * `aurpd -t` prints it. Strings of the file are echoed here, so whatever a
 * terminal could act on is replaced.
 */
#include "conf_report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "safe_text.h"
#include "xmem.h"

/* A message without its text; NULL if there are enough. */
static struct conf_message *next_message(struct conf_report *rep, int line, bool is_warning)
{
	struct conf_message *m;

	if (rep->n == CONF_MESSAGES_MAX) {
		rep->left_off++;
		return NULL;
	}
	rep->messages = xmem_grow(rep->messages, rep->n, &rep->cap, sizeof *rep->messages);
	m = &rep->messages[rep->n++];
	*m = (struct conf_message){ .line = line, .is_warning = is_warning };
	return m;
}

void conf_report_error(struct conf_report *rep, int line, const char *fmt, ...)
{
	struct conf_message *m = next_message(rep, line, false);
	va_list ap;

	rep->errors++;
	if (!m)
		return;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof m->text, fmt, ap);
	va_end(ap);
	safe_text_clean(m->text);
}

void conf_report_warning(struct conf_report *rep, int line, const char *fmt, ...)
{
	struct conf_message *m = next_message(rep, line, true);
	va_list ap;

	if (!m)
		return;
	va_start(ap, fmt);
	vsnprintf(m->text, sizeof m->text, fmt, ap);
	va_end(ap);
	safe_text_clean(m->text);
}

void conf_report_end(struct conf_report *rep)
{
	struct conf_message *last;

	/* Insertion sort: stable, and the list is short. */
	for (size_t i = 1; i < rep->n; i++) {
		struct conf_message m = rep->messages[i];
		size_t k = i;

		for (; k > 0 && rep->messages[k - 1].line > m.line; k--)
			rep->messages[k] = rep->messages[k - 1];
		rep->messages[k] = m;
	}
	if (rep->left_off == 0)
		return;
	rep->messages = xmem_grow(rep->messages, rep->n, &rep->cap, sizeof *rep->messages);
	last = &rep->messages[rep->n++];
	*last = (struct conf_message){ .is_warning = rep->errors == 0 };
	snprintf(last->text, sizeof last->text, "%zu more %s left off",
		rep->left_off, rep->left_off == 1 ? "message is" : "messages are");
}

void conf_message_text(const struct conf_message *m, const char *file, char *out, size_t size)
{
	if (m->line > 0)
		snprintf(out, size, "%s:%d: %s", file, m->line, m->text);
	else
		snprintf(out, size, "%s: %s", file, m->text);
}

void conf_report_fini(struct conf_report *rep)
{
	free(rep->messages);
	*rep = (struct conf_report){ 0 };
}
