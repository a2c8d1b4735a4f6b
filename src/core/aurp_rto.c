/* The arithmetic behind aurp_rto.h; Jacobson's, with gains of one half. One per peer. */
#include "aurp_rto.h"

static const struct span timeout_unmeasured = { 3 * 1000000 };
static const struct span timeout_least = { 1 * 1000000 };
static const struct span timeout_most = { 30 * 1000000 };

void aurp_rto_init(struct aurp_rto *rto)
{
	*rto = (struct aurp_rto){ 0 };
}

void aurp_rto_sample(struct aurp_rto *rto, struct span trip)
{
	int64_t error = trip.us - rto->mean.us;

	if (!rto->is_measured) {
		*rto = (struct aurp_rto){ trip, span_us(trip.us / 2), true };
		return;
	}
	rto->mean.us += error / 2;
	rto->deviation.us += ((error < 0 ? -error : error) - rto->deviation.us) / 2;
}

struct span aurp_rto_estimate(const struct aurp_rto *rto)
{
	return span_us(rto->mean.us + 4 * rto->deviation.us);
}

struct span aurp_rto_timeout(const struct aurp_rto *rto, unsigned int repeats)
{
	struct span d = timeout_unmeasured;

	if (rto->is_measured)
		d = aurp_rto_estimate(rto);
	if (span_cmp(d, timeout_least) < 0)
		d = timeout_least;
	while (repeats-- > 0 && span_cmp(d, timeout_most) < 0)
		d = span_us(2 * d.us);
	return span_cmp(d, timeout_most) > 0 ? timeout_most : d;
}
