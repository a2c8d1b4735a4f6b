/* Frames from an Ethernet interface, before the core gets those that are for it. */
#ifndef AURPD_ETHER_FRAME_H
#define AURPD_ETHER_FRAME_H

#include "link_kind.h"

/* Ethernet II types of EtherTalk Phase 1, and of whoever frames Phase 2 like that. */
enum { ETHER_TYPE_DDP = 0x809B, ETHER_TYPE_AARP = 0x80F3 };

/*
 * Takes a VLAN tag that stands in the frame off, if it is a priority tag (VLAN
 * 0), which belongs to the untagged cable. False: the tag is another VLAN's.
 */
bool ether_untag(struct pkt *frame);

/* A frame without a tag: for the hooks, or counted and said if a station speaks Phase 1. */
void ether_received(struct link *k, struct instant now, struct pkt *frame);

#endif
