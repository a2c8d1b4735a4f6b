/* The token bucket of meter.h; whoever limits a rate embeds one. */
#include "meter.h"

void meter_fill(struct meter *m, const struct meter_rate *rate, struct instant now)
{
	m->left = rate->burst;
	m->refilled = now;
}

bool meter_allows(struct meter *m, const struct meter_rate *rate, struct instant now)
{
	int64_t gained = instant_since(now, m->refilled).us / rate->every.us;

	if (gained >= (int64_t)rate->burst - m->left) {
		meter_fill(m, rate, now);
	} else {
		m->left += (int32_t)gained;
		m->refilled = instant_add(m->refilled, span_us(gained * rate->every.us));
	}
	return m->left > 0;
}
