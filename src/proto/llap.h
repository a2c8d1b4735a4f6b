/*
 * LLAP: LocalTalk packets and their frame check sequence. Inside AppleTalk
 * ch. 1, app. B and C.
 */
#ifndef AURPD_LLAP_H
#define AURPD_LLAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/pkt.h"

enum {
	LLAP_HEADER = 3,
	LLAP_DATA_MIN = 2,
	LLAP_DATA_MAX = 600,
	LLAP_MAX = LLAP_HEADER + LLAP_DATA_MAX,
	LLAP_FCS = 2,
	LLAP_BROADCAST = 0xFF,
};

enum llap_type {
	LLAP_DDP_SHORT = 0x01,
	LLAP_DDP_LONG = 0x02,
	LLAP_ENQ = 0x81,
	LLAP_ACK = 0x82,
	LLAP_RTS = 0x84,
	LLAP_CTS = 0x85,
};

struct llap {
	uint8_t dst;
	uint8_t src;
	enum llap_type type;
};

enum llap_result {
	LLAP_OK,
	LLAP_SHORT,		/* fewer than three bytes */
	LLAP_BAD_TYPE,		/* 00, another LLAP client, a reserved control packet (L06) */
	LLAP_BAD_LENGTH,	/* not what its length field says, or control with data (L07) */
	LLAP_BAD_NODE,		/* destination 00, source 00 or FF (L08) */
};

/*
 * Checks the packet that `p` holds, without FCS, and leaves `p` at the data
 * field (empty in a control packet). On any result but LLAP_OK the packet is
 * untouched and *out is not to be read.
 */
enum llap_result llap_pull(struct pkt *p, struct llap *out);

/*
 * Puts the three header bytes before the data field that `p` holds. False, and
 * nothing done: no headroom, or data that llap_pull() would refuse.
 */
bool llap_push(struct pkt *p, const struct llap *h);

static inline bool llap_is_control(enum llap_type t)
{
	return ((unsigned)t & 0x80) != 0;
}

/* The frame check sequence of n bytes; it is sent low byte first. */
uint16_t llap_fcs(const uint8_t *bytes, size_t n);

/* Do n bytes end in the right frame check sequence? */
bool llap_fcs_ok(const uint8_t *bytes, size_t n);

#endif
