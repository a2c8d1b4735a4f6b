/*
 * What ether_linux.c and tap_linux.c do with a frame that came through the
 * filter (at_filter.c).
 */
#include "ether_frame.h"

#include <stdio.h>
#include <string.h>

enum {
	ADDRESSES = 12,			/* bytes of both */
	TAG = 4,
	TYPE_TAG = 0x8100,		/* IEEE 802.1Q, */
	TYPE_SERVICE_TAG = 0x88A8,	/* ... and of providers (802.1ad) */
	VLAN_MASK = 0x0FFF,
};

static unsigned read_u16(const struct pkt *p, size_t at)
{
	return p->len >= at + 2 ? (unsigned)(p->data[at] << 8 | p->data[at + 1]) : 0;
}

bool ether_untag(struct pkt *frame)
{
	const unsigned type = read_u16(frame, ADDRESSES);

	if (type != TYPE_TAG && type != TYPE_SERVICE_TAG)
		return true;
	if (frame->len < ADDRESSES + TAG || read_u16(frame, ADDRESSES + 2) & VLAN_MASK)
		return false;
	memmove(frame->data + TAG, frame->data, ADDRESSES);
	return pkt_pull(frame, TAG);
}

static void on_phase_1(struct link *k, struct instant now, const struct pkt *frame)
{
	const uint8_t *m = frame->data + ADDRESSES / 2;
	char text[LINK_TEXT_MAX];

	link_dropped(k, DROP_ELAP_PHASE_1);
	if (!pause_pass(&k->phase_1_pause, now))
		return;
	snprintf(text, sizeof text,
		"a station speaks Phase 1: set it to Phase 2 (its hardware address is "
		"%02x:%02x:%02x:%02x:%02x:%02x; AppleTalk in Ethernet II frames counts as Phase 1)",
		m[0], m[1], m[2], m[3], m[4], m[5]);
	link_say(k, LOG_LEVEL_WARNING, text);
}

void ether_received(struct link *k, struct instant now, struct pkt *frame)
{
	const unsigned type = read_u16(frame, ADDRESSES);

	if (type == ETHER_TYPE_DDP || type == ETHER_TYPE_AARP)
		on_phase_1(k, now, frame);
	else
		link_received(k, now, frame);
}
