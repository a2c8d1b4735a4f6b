/*
 * AARP: which hardware address has a node. Inside AppleTalk ch. 2 and 3.
 */
#ifndef AURPD_AARP_H
#define AURPD_AARP_H

#include <stdbool.h>

#include "aurpd/at.h"
#include "wire.h"

enum {
	AARP_SIZE = 28,
};

enum aarp_function {
	AARP_REQUEST = 1,
	AARP_RESPONSE = 2,
	AARP_PROBE = 3,
};

struct aarp {
	enum aarp_function function;
	struct mac src_hw;
	struct at_addr src_addr;	/* Probe: the tentative address */
	struct mac dst_hw;		/* Request and Probe: zeros */
	struct at_addr dst_addr;	/* Probe: the tentative address again */
};

/*
 * Reads one packet. False: cut, hardware not Ethernet (1), protocol not
 * AppleTalk (809B), address lengths not 6 and 4, function not 1..3 (E23).
 * Trailing bytes are tolerated and left unread.
 */
bool aarp_decode(struct rd *r, struct aarp *out);

/* Writes AARP_SIZE bytes. */
void aarp_encode(struct wr *w, const struct aarp *in);

#endif
