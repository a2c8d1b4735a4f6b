/*
 * Time for the core: an instant of a monotonic clock and a span between two of
 * them, as distinct types, so that seconds cannot be added to an instant by
 * accident.  Unit: microseconds.  The origin is the shell's business.
 */
#ifndef AURPD_MTIME_H
#define AURPD_MTIME_H

#include <stdbool.h>
#include <stdint.h>

struct instant {
	int64_t us;
};

struct span {
	int64_t us;
};

/* Later than every other instant: "no deadline". */
#define INSTANT_NEVER ((struct instant){ INT64_MAX })

static inline struct span span_us(int64_t n)
{
	return (struct span){ n };
}

static inline struct span span_ms(int64_t n)
{
	return (struct span){ n * 1000 };
}

static inline struct span span_s(int64_t n)
{
	return (struct span){ n * 1000000 };
}

static inline int64_t span_to_ms(struct span d)
{
	return d.us / 1000;
}

static inline int64_t span_to_s(struct span d)
{
	return d.us / 1000000;
}

static inline int span_cmp(struct span a, struct span b)
{
	return (a.us > b.us) - (a.us < b.us);
}

/* t + d, saturating: NEVER stays NEVER. */
static inline struct instant instant_add(struct instant t, struct span d)
{
	if (t.us == INT64_MAX || (d.us > 0 && t.us > INT64_MAX - d.us))
		return INSTANT_NEVER;
	return (struct instant){ t.us + d.us };
}

/* later - earlier; negative when the order is the other way round. */
static inline struct span instant_since(struct instant later, struct instant earlier)
{
	return (struct span){ later.us - earlier.us };
}

static inline int instant_cmp(struct instant a, struct instant b)
{
	return (a.us > b.us) - (a.us < b.us);
}

static inline bool instant_is_never(struct instant t)
{
	return t.us == INT64_MAX;
}

#endif
