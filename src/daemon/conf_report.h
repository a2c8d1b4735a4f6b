/* What is wrong with a configuration: messages with their lines, errors and warnings. */
#ifndef AURPD_CONF_REPORT_H
#define AURPD_CONF_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CONF_TEXT_MAX = 320,
	CONF_MESSAGES_MAX = 100,	/* of one configuration; more help nobody */
};

struct conf_message {
	int line;			/* 0: the file as a whole */
	bool is_warning;
	char text[CONF_TEXT_MAX];	/* reason and remedy, no newline, printable */
};

struct conf_report {
	struct conf_message *messages;
	size_t n, cap;
	size_t errors;			/* all of them */
	size_t left_off;		/* messages that found no room */
};

void conf_report_error(struct conf_report *rep, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void conf_report_warning(struct conf_report *rep, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* In the end: puts the messages in the order of their lines, says how many are left off. */
void conf_report_end(struct conf_report *rep);

/* "file:line: text", without the line where there is none. */
void conf_message_text(const struct conf_message *m, const char *file, char *out, size_t size);

void conf_report_fini(struct conf_report *rep);

#endif
