/*
 * DDP: the datagram header in its long and short form, the checksum, and the
 * few edits that a forwarder makes in place. Inside AppleTalk ch. 4.
 */
#ifndef AURPD_DDP_H
#define AURPD_DDP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "aurpd/pkt.h"
#include "wire.h"

enum {
	DDP_SHORT_HEADER = 5,
	DDP_LONG_HEADER = 13,
	DDP_DATA_MAX = 586,
	DDP_MAX = DDP_LONG_HEADER + DDP_DATA_MAX,
};

enum ddp_type {
	DDP_RTMP = 1,		/* RTMP Data and Response */
	DDP_NBP = 2,
	DDP_ATP = 3,
	DDP_AEP = 4,
	DDP_RTMP_REQUEST = 5,	/* RTMP Request and Route Data Request */
	DDP_ZIP = 6,
};

struct ddp {
	uint8_t hops;		/* 0..15 */
	uint16_t len;		/* header and data, as on the wire */
	uint16_t checksum;	/* 0 = none */
	struct at_sockaddr dst;
	struct at_sockaddr src;
	uint8_t type;
};

/*
 * Reads a long header and leaves the reader at the data, of which there are
 * out->len - DDP_LONG_HEADER bytes. False: fewer bytes than a header, a length
 * outside 13..599, or a length that the bytes do not cover (D22). Bytes beyond
 * the length are legal (D23): the caller trims the packet to out->len. The two
 * reserved bits are ignored (D24).
 */
bool ddp_decode_long(struct rd *r, struct ddp *out);

/* Writes the 13 bytes of a long header; in->len and in->checksum are written as they are. */
void ddp_encode_long(struct wr *w, const struct ddp *in);

/*
 * Puts a long header before the data that `p` holds. The length is computed;
 * h->len is not read. False, and nothing done: more than DDP_DATA_MAX bytes of
 * data, or no headroom.
 */
bool ddp_push_long(struct pkt *p, const struct ddp *h);

/*
 * Reads a short header (LLAP type 1) and leaves the reader at the data, of
 * which there are out->len - DDP_SHORT_HEADER bytes. Networks and nodes are 0:
 * the caller knows them from the LLAP header and the port. False: as for the
 * long header, with a length outside 5..591.
 */
bool ddp_decode_short(struct rd *r, struct ddp *out);

/* Writes the 5 bytes of a short header; in->len counts them and the data. */
void ddp_encode_short(struct wr *w, const struct ddp *in);

/*
 * The checksum of a datagram with a long header: over byte 4 to byte len - 1.
 * Never 0, which would mean "none": that sum is FFFF. len >= DDP_LONG_HEADER.
 */
uint16_t ddp_checksum(const uint8_t *datagram, size_t len);

/* True if the datagram carries no checksum or the right one. */
bool ddp_checksum_ok(const uint8_t *datagram, size_t len);

/*
 * Edits in place, on the first byte of a datagram with a whole long header. The
 * hop count lies outside the checksum; the networks lie inside it, so whoever
 * changes one also sets the checksum (0, or computed again).
 */
void ddp_set_hops(uint8_t *datagram, uint8_t hops);
void ddp_set_checksum(uint8_t *datagram, uint16_t checksum);
void ddp_set_dst_net(uint8_t *datagram, uint16_t net);
void ddp_set_src_net(uint8_t *datagram, uint16_t net);

#endif
