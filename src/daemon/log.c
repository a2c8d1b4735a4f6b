/*
 * The daemon's voice. app.c owns the one log; everything that has something to
 * say to a person ends here. Under systemd a line carries its priority as <N>
 * (sd-daemon(3)), elsewhere the time and the level's name.
 */
#include "log.h"

#include <stdarg.h>
#include <string.h>

#include "aurpd/hash.h"
#include "clock.h"
#include "safe_text.h"

static const struct limit kind_limit = { 200, 1 }, source_limit = { 100, 3 },
			  total_limit = { 600, 1 }, recurring_limit = { 4096, 60 };

enum {
	PATIENCE_FIRST_S = 5,
	PATIENCE_MOST_S = 86400,
};

void log_init(struct log *log, FILE *out, bool is_journal, enum log_level level,
	struct instant (*clock)(void))
{
	const struct instant now = clock();

	*log = (struct log){ .out = out, .is_journal = is_journal, .level = level, .clock = clock };
	for (size_t i = 0; i < LOG_SOURCES_MAX; i++)
		allowance_init(&log->sources[i], &source_limit, now);
	for (size_t i = 0; i < LOG_LEVELS; i++) {
		allowance_init(&log->all[i], &total_limit, now);
		allowance_init(&log->recurring[i], &recurring_limit, now);
	}
	pace_init(&log->pace, now);
}

static void put_line(struct log *log, enum log_level level, const char *text)
{
	static const char *const names[] = { "error", "warning", "info", "debug" };
	static const int priorities[] = { 3, 4, 6, 7 };		/* of syslog */
	char now[CLOCK_TEXT_SIZE];

	if (log->is_journal)
		fprintf(log->out, "<%d>%s\n", priorities[level], text);
	else
		fprintf(log->out, "%s %s: %s\n", clock_text(now), names[level], text);
	fflush(log->out);
}

static struct log_kind *find_kind(
	struct log *log, enum log_level level, const void *key, struct instant now)
{
	struct log_kind *k = log->kinds;

	for (; k < log->kinds + log->n_kinds; k++)
		if (k->key == key)
			return k;
	if (log->n_kinds == LOG_KINDS_MAX)
		return &log->kinds[LOG_KINDS_MAX - 1];		/* the rest share one */
	log->n_kinds++;
	*k = (struct log_kind){
		.key = key,
		.level = level,
		.allowance = { now, kind_limit.burst },
		.reported = now,
		.patience = span_s(PATIENCE_FIRST_S),
	};
	return k;
}

static bool is_source_allowed(
	struct log *log, enum log_level level, const char *source, struct instant now)
{
	uint64_t i = hash_text(HASH_START + level, source) % LOG_SOURCES_MAX;

	return allowance_take(&log->sources[i], &source_limit, now);
}

/* A source that says too much takes nothing from its kind, nor that from all. */
static bool may_say(struct log *log, struct log_kind *k, enum log_level level, const char *source,
	struct instant now)
{
	return (!source || is_source_allowed(log, level, source, now)) &&
		allowance_take(&k->allowance, &kind_limit, now) &&
		(!source || allowance_take(&log->all[level], &total_limit, now));
}

/* Was the same text said less than a second ago? If not, it counts as said now. */
static bool is_repeated(struct log *log, const char *text, struct instant now)
{
	uint64_t hash = hash_text(HASH_START, text);
	size_t i = hash % LOG_RECENT_MAX;

	if (log->recent[i].hash == hash &&
		instant_since(now, log->recent[i].said).us < span_s(1).us)
		return true;
	log->recent[i].hash = hash;
	log->recent[i].said = now;
	return false;
}

static void hold_back(struct log *log, struct log_kind *k, const char *text, struct instant now)
{
	const struct span quiet = span_s(2LL * PATIENCE_MOST_S);

	if (instant_since(now, k->reported).us > quiet.us && k->held_back == 0)
		k->patience = span_s(PATIENCE_FIRST_S);
	if (k->held_back++ == 0)
		k->held_since = now;
	snprintf(k->last, sizeof k->last, "%.*s", (int)sizeof k->last - 1, text);
	log->holds_back = true;
}

void log_say(struct log *log, enum log_level level, const void *key, const char *source,
	const char *text)
{
	struct instant now;
	struct log_kind *k;
	char line[LOG_LINE_MAX];

	if (level > log->level)
		return;
	snprintf(line, sizeof line, "%s", text);
	safe_text_clean(line);
	now = log->clock();
	k = find_kind(log, level, key, now);
	if (is_repeated(log, line, now) || !may_say(log, k, level, source, now))
		hold_back(log, k, line, now);
	else
		put_line(log, level, line);
}

/* "40 min": rounded down, in the unit that leaves two figures. */
static void print_span(struct span d, char *out, size_t size)
{
	const long long s = span_to_s(d);

	if (s < 120)
		snprintf(out, size, "%lld s", s);
	else if (s < 120 * 60LL)
		snprintf(out, size, "%lld min", s / 60);
	else if (s < 48 * 3600LL)
		snprintf(out, size, "%lld h", s / 3600);
	else
		snprintf(out, size, "%lld days", s / 86400);
}

/* The text, and how often it would have been said since it was. */
static void put_with_past(struct log *log, enum log_level level, enum pace_way way,
	const struct pace_past *past, const char *text)
{
	char line[LOG_LINE_MAX], during[32];

	print_span(past->during, during, sizeof during);
	if (past->times == 1)
		snprintf(line, sizeof line, "%s", text);
	else
		snprintf(line, sizeof line, "%.*s (%u %s in %s)", LOG_LINE_MAX - 64, text,
			past->times, way == PACE_CHANGES ? "such messages" : "times", during);
	safe_text_clean(line);
	put_line(log, level, line);
}

/* So many subjects at once, so many a minute, whoever they are of. */
static bool may_say_about(struct log *log, struct log_kind *k, enum log_level level,
	const struct pace_about *about, struct instant now)
{
	if (about->way == PACE_RECURS)
		return allowance_take(&log->recurring[level], &recurring_limit, now);
	return may_say(log, k, level, about->source, now);
}

void log_about(struct log *log, enum log_level level, const struct pace_about *about,
	const char *text)
{
	struct pace_past past;
	struct instant now;
	enum pace_verdict verdict;
	struct log_kind *k;

	if (level > log->level)
		return;
	if (about->way == PACE_FREE) {
		log_say(log, level, about->kind, about->source, text);
		return;
	}
	now = log->clock();
	verdict = pace_ask(&log->pace, about, now, &past);
	if (verdict == PACE_COUNTED)
		return;
	k = find_kind(log, level, about->kind, now);
	if (verdict == PACE_SAY && may_say_about(log, k, level, about, now))
		put_with_past(log, level, about->way, &past, text);
	else
		hold_back(log, k, text, now);
}

void log_recurring(struct log *log, enum log_level level, const char *source, const char *fmt, ...)
{
	struct pace_about about = { .kind = fmt, .source = source, .way = PACE_RECURS };
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	about.subject = hash_text(HASH_START, text);
	log_about(log, level, &about, text);
}

void log_forget(struct log *log)
{
	pace_forget(&log->pace);
}

void log_printf(struct log *log, enum log_level level, const char *fmt, ...)
{
	char text[LOG_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	log_say(log, level, fmt, NULL, text);
}

static void report(struct log *log, struct log_kind *k, struct instant now)
{
	char text[LOG_LINE_MAX];

	snprintf(text, sizeof text, "%u more %s suppressed: %s", k->held_back,
		k->held_back == 1 ? "message like this was" : "messages like this were", k->last);
	safe_text_clean(text);		/* it may have been cut within a character */
	k->held_back = 0;
	k->reported = now;
	if (k->patience.us < span_s(PATIENCE_MOST_S).us)
		k->patience.us *= 2;
	if (k->patience.us > span_s(PATIENCE_MOST_S).us)
		k->patience = span_s(PATIENCE_MOST_S);
	put_line(log, k->level, text);
}

void log_tick(struct log *log)
{
	struct instant now;

	if (!log->holds_back)
		return;
	now = log->clock();
	log->holds_back = false;
	for (struct log_kind *k = log->kinds; k < log->kinds + log->n_kinds; k++) {
		if (k->held_back == 0)
			continue;
		if (instant_since(now, k->held_since).us < k->patience.us)
			log->holds_back = true;
		else
			report(log, k, now);
	}
}
