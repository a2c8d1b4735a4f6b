/*
 * NBP: names and where they live. Inside AppleTalk ch. 7; the router's part is
 * ch. 8. All functions work on DDP data.
 */
#ifndef AURPD_NBP_H
#define AURPD_NBP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"
#include "wire.h"

enum nbp_function {
	NBP_BRRQ = 1,
	NBP_LKUP = 2,
	NBP_LKUP_REPLY = 3,
	NBP_FWDREQ = 4,
};

enum {
	NBP_TUPLES_MAX = 15,
};

struct nbp {
	enum nbp_function function;
	uint8_t count;		/* tuples; exactly 1 in all but the reply */
	uint8_t id;
};

struct nbp_tuple {
	struct at_sockaddr addr;	/* requester, or entity in a reply */
	uint8_t enumerator;
	struct at_name object;
	struct at_name type;
	struct at_name zone;
};

/*
 * Reads the header and leaves the reader at the first tuple. False: cut, an
 * undefined function, a count other than 1 in a request (N12), 0 in a reply.
 */
bool nbp_decode(struct rd *r, struct nbp *out);
void nbp_encode(struct wr *w, const struct nbp *in);

/* Reads one of the nbp.count tuples. False: cut, or a name over 32 bytes (N22). */
bool nbp_decode_tuple(struct rd *r, struct nbp_tuple *out);
void nbp_encode_tuple(struct wr *w, const struct nbp_tuple *in);

/* Bytes that nbp_encode_tuple() will write. */
size_t nbp_tuple_size(const struct nbp_tuple *t);

/*
 * Does the object or type of a lookup fit a registered name (N20-N22)? A lone
 * "=" fits everything; one "≈" stands for zero or more bytes; everything else
 * compares folded. Two "≈" and an empty pattern fit nothing.
 */
bool nbp_matches(const struct at_name *pattern, const struct at_name *name);

/* True for "*" and the empty name: the requester's own zone. */
bool nbp_zone_is_own(const struct at_name *zone);

#endif
