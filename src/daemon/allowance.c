/* A token bucket for log.c and pace.c. */
#include "allowance.h"

void allowance_init(struct allowance *a, const struct limit *limit, struct instant now)
{
	*a = (struct allowance){ now, limit->burst };
}

bool allowance_take(struct allowance *a, const struct limit *limit, struct instant now)
{
	const int64_t each = span_s(limit->every_s).us;
	const int64_t earned = instant_since(now, a->refilled).us / each;

	if (earned > 0) {
		a->refilled = instant_add(a->refilled, span_us(earned * each));
		a->left = earned < limit->burst - a->left ? a->left + (int)earned : limit->burst;
	}
	if (a->left == 0)
		return false;
	a->left--;
	return true;
}
