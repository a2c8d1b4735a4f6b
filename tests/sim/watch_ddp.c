/* The invariants of AppleTalk datagrams. */
#include "watch_state.h"

void watch_link_sent(struct site_port *from, const struct pkt *frame)
{
	if (from->site->is_going)
		watch_say(from->site->world, from->site->config.name, "sends after it crashed");
	(void)frame;
}

void watch_link_heard(struct site_port *to, const struct pkt *frame)
{
	(void)to;
	(void)frame;
}
