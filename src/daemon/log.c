/*
 * The daemon's voice. app.c owns the one log; everything that has something to
 * say to a person ends here. Under systemd a line carries its priority as <N>
 * (sd-daemon(3)), elsewhere the time and the level's name.
 */
#include "log.h"

#include <stdarg.h>
#include <string.h>

#include "clock.h"

enum {
	LOG_BURST = 200,
	HELD_BACK_S = 5,
};

void log_init(struct log *log, FILE *out, bool is_journal, enum log_level level,
	struct instant (*clock)(void))
{
	*log = (struct log){ .out = out, .is_journal = is_journal, .level = level, .clock = clock };
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
		.key = key, .level = level, .refilled = now, .allowance = LOG_BURST
	};
	return k;
}

static bool take_allowance(struct log_kind *k, struct instant now)
{
	int64_t s = span_to_s(instant_since(now, k->refilled));

	if (s > 0) {
		k->refilled = instant_add(k->refilled, span_s(s));
		k->allowance = k->allowance + s > LOG_BURST ? LOG_BURST : k->allowance + (int)s;
	}
	if (k->allowance == 0)
		return false;
	k->allowance--;
	return true;
}

/* FNV-1a */
static uint64_t hash_of(const char *text)
{
	uint64_t h = 0xCBF29CE484222325;

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * 0x100000001B3;
	return h;
}

/* Was the same text said less than a second ago? If not, it counts as said now. */
static bool is_repeated(struct log *log, const char *text, struct instant now)
{
	uint64_t hash = hash_of(text);
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
	if (k->held_back++ == 0)
		k->held_since = now;
	snprintf(k->last, sizeof k->last, "%.*s", (int)sizeof k->last - 1, text);
	log->holds_back = true;
}

void log_say(struct log *log, enum log_level level, const void *key, const char *text)
{
	struct instant now;
	struct log_kind *k;
	char line[LOG_LINE_MAX];

	if (level > log->level)
		return;
	snprintf(line, sizeof line, "%s", text);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7F)
			*c = '?';
	now = log->clock();
	k = find_kind(log, level, key, now);
	if (is_repeated(log, line, now) || !take_allowance(k, now))
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
	log_say(log, level, fmt, text);
}

void log_tick(struct log *log)
{
	struct instant now;

	if (!log->holds_back)
		return;
	now = log->clock();
	log->holds_back = false;
	for (struct log_kind *k = log->kinds; k < log->kinds + log->n_kinds; k++) {
		char text[LOG_LINE_MAX];

		if (k->held_back == 0)
			continue;
		if (span_to_s(instant_since(now, k->held_since)) < HELD_BACK_S) {
			log->holds_back = true;
			continue;
		}
		snprintf(text, sizeof text, "%u more messages like this were suppressed: %s",
			k->held_back, k->last);
		k->held_back = 0;
		put_line(log, k->level, text);
	}
}
