/*
 * ELAP: EtherTalk Phase 2 frames, that is 802.3 with an LLC and a SNAP header.
 * Inside AppleTalk ch. 3.
 */
#ifndef AURPD_ELAP_H
#define AURPD_ELAP_H

#include <stdbool.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"

enum {
	ELAP_HEADER = 22,
	ELAP_FRAME_MIN = 60,	/* without the FCS; shorter frames are padded */
};

/* Every broadcast, of DDP and of AARP. */
#define ELAP_BROADCAST ((struct mac){ { 0x09, 0x00, 0x07, 0xFF, 0xFF, 0xFF } })

enum elap_kind {
	ELAP_DDP,
	ELAP_AARP,
};

struct elap {
	struct mac dst;
	struct mac src;
	enum elap_kind kind;
};

enum elap_result {
	ELAP_OK,
	ELAP_SHORT,		/* fewer bytes than the 802.3 header */
	ELAP_NOT_8023,		/* a type, not a length: 0600 or more */
	ELAP_BAD_LENGTH,	/* beyond what was captured, or no room for a body */
	ELAP_NOT_SNAP,		/* another 802.2 protocol */
	ELAP_NOT_APPLETALK,	/* another SNAP protocol */
};

/*
 * Checks the frame that `p` holds (E05-E08) and leaves `p` trimmed to the DDP
 * datagram or AARP packet in it, without the pad. On any result but ELAP_OK the
 * packet is untouched and *out is not to be read.
 */
enum elap_result elap_pull(struct pkt *p, struct elap *out);

/*
 * Makes the DDP datagram or AARP packet that `p` holds into a frame: puts the
 * 22 bytes before it and pads it with zeros to 60. False, and nothing done: no
 * headroom, no tailroom for the pad, or a length that is none (0600 and more).
 */
bool elap_push(struct pkt *p, const struct elap *h);

/* True for the broadcast address and the 253 zone multicast addresses. */
bool elap_is_multicast(struct mac m);

#endif
