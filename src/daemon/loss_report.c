/*
 * Lost packets are counted by the thousand and told by the minute; links.c and
 * tunnels.c have one report each for every port and tunnel. The counts
 * themselves are in the dump.
 */
#include "loss_report.h"

#include <string.h>

enum { EVERY_S = 60 };

const char loss_remedy_kernel[] = "raise net.core.rmem_max and wmem_max if this goes on";

void loss_report(struct loss_report *r, struct log *log, struct instant now, struct losses l)
{
	const uint64_t no_buffer = l.no_buffer - r->said.no_buffer;
	const uint64_t refused = l.refused - r->said.refused;

	if (instant_cmp(now, r->say_again) < 0 || (no_buffer == 0 && refused == 0))
		return;
	r->say_again = instant_add(now, span_s(EVERY_S));
	if (no_buffer > 0)
		log_printf(log, LOG_LEVEL_WARNING, "%s %s: no room for %llu packets; %s", r->owner,
			r->name, (unsigned long long)no_buffer, r->remedy);
	if (refused > 0 && l.error != r->said.error)
		log_printf(log, LOG_LEVEL_WARNING, "%s %s: %s does not send: %s", r->owner, r->name,
			r->sender, strerror(l.error));
	r->said = l;
}
