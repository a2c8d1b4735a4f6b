/* The invariants of tunnels. */
#include "watch_state.h"

void watch_site_on(struct site *site)
{
	(void)site;
}

void watch_tunnel_sent(struct site_tunnel *from, const struct passing *p)
{
	if (from->site->is_going)
		watch_say(from->site->world, from->site->config.name, "sends after it crashed");
	(void)p;
}

void watch_tunnel_heard(struct site_tunnel *to, struct endpoint from, const struct pkt *payload)
{
	(void)to;
	(void)from;
	(void)payload;
}
