/*
 * The daemon's voice. app.c owns the one log; everything that has something to
 * say to a person ends here. Under systemd a line carries its priority as <N>
 * (sd-daemon(3)), elsewhere the time and the level's name.
 */
#include "log.h"

#include <stdarg.h>
#include <string.h>

#include "clock.h"
#include "safe_text.h"

/* So many at once, then so many a minute. */
struct limit {
	int burst, per_minute;
};

static const uint64_t hash_basis = 0xCBF29CE484222325;

static const struct limit kind_limit = { 200, 60 }, source_limit = { 100, 20 },
			  total_limit = { 600, 60 };

enum {
	PATIENCE_FIRST_S = 5,
	PATIENCE_MOST_S = 320,
};

void log_init(struct log *log, FILE *out, bool is_journal, enum log_level level,
	struct instant (*clock)(void))
{
	const struct instant now = clock();

	*log = (struct log){ .out = out, .is_journal = is_journal, .level = level, .clock = clock };
	for (size_t i = 0; i < LOG_SOURCES_MAX; i++)
		log->sources[i] = (struct log_allowance){ now, source_limit.burst };
	for (size_t i = 0; i < LOG_LEVELS; i++)
		log->all[i] = (struct log_allowance){ now, total_limit.burst };
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

static bool is_allowed(struct log_allowance *a, const struct limit *limit, struct instant now)
{
	const int64_t each = 60000000 / limit->per_minute;
	int64_t earned = instant_since(now, a->refilled).us / each;

	if (earned > 0) {
		a->refilled = instant_add(a->refilled, span_us(earned * each));
		a->left = earned < limit->burst - a->left ? a->left + (int)earned : limit->burst;
	}
	if (a->left == 0)
		return false;
	a->left--;
	return true;
}

/* FNV-1a */
static uint64_t hash_of(const char *text, uint64_t h)
{
	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001B3;
	return h;
}

static bool is_source_allowed(
	struct log *log, enum log_level level, const char *source, struct instant now)
{
	uint64_t i = hash_of(source, hash_basis + level) % LOG_SOURCES_MAX;

	return is_allowed(&log->sources[i], &source_limit, now);
}

/* A source that says too much takes nothing from its kind, nor that from all. */
static bool may_say(struct log *log, struct log_kind *k, enum log_level level, const char *source,
	struct instant now)
{
	return (!source || is_source_allowed(log, level, source, now)) &&
		is_allowed(&k->allowance, &kind_limit, now) &&
		(!source || is_allowed(&log->all[level], &total_limit, now));
}

/* Was the same text said less than a second ago? If not, it counts as said now. */
static bool is_repeated(struct log *log, const char *text, struct instant now)
{
	uint64_t hash = hash_of(text, hash_basis);
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
	const struct span quiet = span_s(2 * PATIENCE_MOST_S);

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

	snprintf(text, sizeof text, "%u more messages like this were suppressed: %s", k->held_back,
		k->last);
	safe_text_clean(text);		/* it may have been cut within a character */
	k->held_back = 0;
	k->reported = now;
	if (k->patience.us < span_s(PATIENCE_MOST_S).us)
		k->patience.us *= 2;
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
