/*
 * Lost packets are counted by the thousand and told ever more rarely; links.c
 * and tunnels.c have one report each for every port and tunnel. The counts
 * themselves are in the dump.
 */
#include "loss_report.h"

#include <string.h>

const char loss_remedy_kernel[] = "raise net.core.rmem_max and wmem_max if this goes on";

void loss_report(struct loss_report *r, struct log *log, struct instant now, struct losses l)
{
	const uint64_t no_buffer = l.no_buffer - r->said.no_buffer;
	const bool is_refused = l.refused > r->said.refused && l.error != r->said.error;

	if ((no_buffer == 0 && !is_refused) || !pause_pass(&r->pause, now))
		return;
	if (no_buffer > 0)
		log_printf(log, LOG_LEVEL_WARNING, "%s %s: no room for %llu packet%s; %s", r->owner,
			r->name, (unsigned long long)no_buffer, no_buffer == 1 ? "" : "s",
			r->remedy);
	if (is_refused)
		log_printf(log, LOG_LEVEL_WARNING, "%s %s: %s does not send: %s", r->owner, r->name,
			r->sender, strerror(l.error));
	r->said = l;
}
