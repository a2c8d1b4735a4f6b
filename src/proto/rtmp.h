/*
 * RTMP: Data, Response, Request and Route Data Request. Inside AppleTalk ch. 5;
 * the loop probe is RFC 1504 p. 69-70. All functions work on DDP data.
 */
#ifndef AURPD_RTMP_H
#define AURPD_RTMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "tuple.h"
#include "wire.h"

enum {
	RTMP_UNREACHABLE = 31,	/* distance that says "no longer" */
	RTMP_TUPLE_MAX = 6,
};

/* First byte of a packet of DDP type 5. */
enum rtmp_function {
	RTMP_REQUEST = 1,
	RTMP_RDR_SPLIT = 2,	/* Route Data Request, split horizon applied */
	RTMP_RDR_WHOLE = 3,	/* Route Data Request, the whole table */
	RTMP_LOOP_PROBE = 4,
};

/* What stands before the tuples of Data, and all of a Response. */
struct rtmp_header {
	struct at_addr sender;
	/* Extended: the first tuple. Not extended: the sender's network. As received: it may be
	 * 0 where the sender does not know its network yet, or nonsense (at_range_is_valid). */
	struct at_range cable;
};

struct rtmp_tuple {
	struct at_range range;
	uint8_t distance;	/* 0..31; bits 6 and 5 of the byte are masked off (R45) */
};

/*
 * Reads the header of Data, or a Response, that came in on a port that is or is
 * not extended, and leaves the reader at the tuples. False (R40): cut, ID length
 * not 8, extended and the first tuple without bit 7 or version 82, not extended
 * and 00 00 xx with xx other than 82. Not extended and no version at all is
 * tolerated: the tuples then begin at byte 4 (R44).
 */
bool rtmp_decode_header(struct rd *r, bool extended, struct rtmp_header *out);

/*
 * The next tuple of Data; both kinds mix freely. TUPLE_BAD: a number outside
 * 1..FEFF or a range that ends before it starts (R42). TUPLE_CUT: what came
 * before stays valid (R40).
 */
enum tuple_step rtmp_next_tuple(struct rd *r, struct rtmp_tuple *out);

/* Writes the header of Data; the form follows in->cable.extended. 10 or 7 bytes. */
void rtmp_encode_header(struct wr *w, const struct rtmp_header *in);

/* Writes 6 bytes for an extended network, else 3. distance <= 31. */
void rtmp_encode_tuple(struct wr *w, const struct rtmp_tuple *in);

/* Bytes that rtmp_encode_tuple() will write. */
static inline size_t rtmp_tuple_size(const struct rtmp_tuple *t)
{
	return t->range.extended ? 6 : 3;
}

/* Writes a whole Response: 10 bytes, or 4 where the cable is not extended (R34, R35). */
void rtmp_encode_response(struct wr *w, const struct rtmp_header *in);

/* Reads the function of a packet of DDP type 5. False: empty, or not 1..4. */
bool rtmp_decode_request(struct rd *r, enum rtmp_function *out);

/* Writes a Request or Route Data Request: one byte. */
void rtmp_encode_request(struct wr *w, enum rtmp_function function);

/*
 * Reads a loop probe and leaves `*cookie` over what its sender put into it. The
 * zero word may stand before or after the function byte: the figure is lost.
 */
bool rtmp_decode_loop_probe(struct rd *r, struct rd *cookie);

/* Writes a loop probe: function, zero word, cookie. */
void rtmp_encode_loop_probe(struct wr *w, const void *cookie, size_t n);

#endif
