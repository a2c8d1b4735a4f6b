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

__attribute__((format(printf, 4, 0)))
static void add(struct conf_report *rep, int line, bool is_warning, const char *fmt, va_list ap)
{
	struct conf_message *m;

	if (rep->n == CONF_MESSAGES_MAX) {
		rep->left_off++;
		return;
	}
	rep->messages = xmem_grow(rep->messages, rep->n, &rep->cap, sizeof *rep->messages);
	m = &rep->messages[rep->n++];
	m->line = line;
	m->is_warning = is_warning;
	vsnprintf(m->text, sizeof m->text, fmt, ap);
	safe_text_clean(m->text);
}

void conf_report_error(struct conf_report *rep, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(rep, line, false, fmt, ap);
	va_end(ap);
	rep->errors++;
}

void conf_report_warning(struct conf_report *rep, int line, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(rep, line, true, fmt, ap);
	va_end(ap);
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
	snprintf(last->text, sizeof last->text, "%zu more messages are left off", rep->left_off);
}

void conf_report_fini(struct conf_report *rep)
{
	free(rep->messages);
	*rep = (struct conf_report){ 0 };
}
