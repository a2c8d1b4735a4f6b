/* What the daemon says on stderr: levels, the journal's prefixes, and no floods. */
#ifndef AURPD_LOG_H
#define AURPD_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "aurpd/config.h"
#include "aurpd/mtime.h"

enum {
	LOG_LINE_MAX = 512,
	LOG_KINDS_MAX = 64,		/* kinds of messages with an allowance of their own */
	LOG_RECENT_MAX = 128,
};

struct log_kind {
	const void *key;
	enum log_level level;
	struct instant refilled;
	int allowance;			/* messages it may still say */
	unsigned held_back;
	struct instant held_since;
	char last[LOG_LINE_MAX / 2];	/* the last message held back */
};

struct log {
	FILE *out;
	bool is_journal;		/* <N> instead of the time */
	enum log_level level;
	struct instant (*clock)(void);
	struct log_kind kinds[LOG_KINDS_MAX];
	size_t n_kinds;
	struct {
		uint64_t hash;
		struct instant said;
	} recent[LOG_RECENT_MAX];
	bool holds_back;		/* some kind has messages held back */
};

void log_init(struct log *log, FILE *out, bool is_journal, enum log_level level,
	struct instant (*clock)(void));

/*
 * One line, if the level wants it. The same text comes at most once a second;
 * messages of one kind at most LOG_BURST at once and then one a second. `key`
 * tells kinds apart. Control characters in the text become '?'.
 */
void log_say(struct log *log, enum log_level level, const void *key, const char *text);

/* The same with a format, which is also the kind. */
void log_printf(struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Says how many messages were held back, some seconds after they were. */
void log_tick(struct log *log);

#endif
