/*
 * How long to wait for an answer: an estimate of the round trip to one peer,
 * as RFC 1504 p. 43-44 recommends. Packets are rare, so the last one counts
 * for half of the mean and of the deviation.
 */
#ifndef AURPD_AURP_RTO_H
#define AURPD_AURP_RTO_H

#include <stdbool.h>

#include "aurpd/mtime.h"

struct aurp_rto {
	struct span mean;
	struct span deviation;
	bool is_measured;
};

void aurp_rto_init(struct aurp_rto *rto);

/*
 * A round trip was measured. Never that of a packet sent twice: nobody knows
 * which copy was answered.
 */
void aurp_rto_sample(struct aurp_rto *rto, struct span trip);

/* Mean + 4 deviations; 0 if nothing was measured yet. */
struct span aurp_rto_estimate(const struct aurp_rto *rto);

/* How long to wait after so many repeats: the estimate, doubled per repeat, 1..30 s. */
struct span aurp_rto_timeout(const struct aurp_rto *rto, unsigned int repeats);

#endif
