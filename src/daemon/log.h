/* What the daemon says on stderr: levels, the journal's prefixes, and no floods. */
#ifndef AURPD_LOG_H
#define AURPD_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "allowance.h"
#include "aurpd/config.h"
#include "aurpd/mtime.h"
#include "pace.h"

enum {
	LOG_LINE_MAX = 512,
	LOG_KINDS_MAX = 64,		/* kinds of messages with an allowance of their own */
	LOG_SOURCES_MAX = 256,
	LOG_RECENT_MAX = 128,
	LOG_LEVELS = LOG_LEVEL_DEBUG + 1,
};

struct log_kind {
	const void *key;
	enum log_level level;
	struct allowance allowance;
	unsigned held_back;
	struct instant held_since;
	struct instant reported;	/* when it was last said how many */
	struct span patience;		/* before it is said how many */
	char last[LOG_LINE_MAX / 2];	/* the last message held back */
};

struct log {
	FILE *out;
	bool is_journal;		/* <N> instead of the time */
	enum log_level level;
	struct instant (*clock)(void);
	struct log_kind kinds[LOG_KINDS_MAX];
	size_t n_kinds;
	/* found by a hash of the source's name and the level */
	struct allowance sources[LOG_SOURCES_MAX];
	struct allowance all[LOG_LEVELS];
	struct pace pace;
	struct allowance recurring[LOG_LEVELS];
	struct {
		uint64_t hash;
		struct instant said;
	} recent[LOG_RECENT_MAX];
	bool holds_back;		/* some kind has messages held back */
};

void log_init(struct log *log, FILE *out, bool is_journal, enum log_level level,
	struct instant (*clock)(void));

/*
 * One line, if the level wants it; the same text comes at most once a second.
 * `key` tells kinds of messages apart, and `source` names who caused this one:
 * a peer, a tunnel's strangers, a port's hosts; NULL: we ourselves. There are
 * limits for each kind, for each source at a level, and for all sources at a
 * level together, so whoever is out there cannot fill the log, nor keep others
 * out of it. What is no printable UTF-8 in the text becomes '?'.
 */
void log_say(struct log *log, enum log_level level, const void *key, const char *source,
	const char *text);

/*
 * A message that may come again and again: said at once, then ever more rarely,
 * with how often it was meant (pace.h). What is PACE_FREE is said by log_say().
 */
void log_about(struct log *log, enum log_level level, const struct pace_about *about,
	const char *text);

/* The same with a format, which is also the kind; the text is its own subject. */
void log_recurring(struct log *log, enum log_level level, const char *source, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Somebody has looked and changed something: what is still wrong is said anew. */
void log_forget(struct log *log);

/* Like log_say() with a format, which is also the kind, about ourselves. */
void log_printf(struct log *log, enum log_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/*
 * Says how many messages were held back, some seconds after they were, and less
 * and less often while it goes on.
 */
void log_tick(struct log *log);

#endif
