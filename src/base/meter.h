/*
 * A limit of how often something may happen: so many times in a row, then once
 * every so often (a token bucket). Time is an argument.
 */
#ifndef AURPD_METER_H
#define AURPD_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "aurpd/mtime.h"

struct meter_rate {
	int32_t burst;
	struct span every;		/* one more may happen */
};

struct meter {
	int32_t left;			/* below 0: something could not be stopped half-way */
	struct instant refilled;
};

/* As if nothing had happened for long. */
void meter_fill(struct meter *m, const struct meter_rate *rate, struct instant now);

/* May it happen now? meter_spend() then says that it did. */
bool meter_allows(struct meter *m, const struct meter_rate *rate, struct instant now);

static inline void meter_spend(struct meter *m)
{
	m->left--;
}

#endif
