/*
 * What one step through a list of tuples found. Every list in a packet that a
 * peer filled is walked the same way:
 *
 *	while (tuple_is_here(step = aurp_next_network(&list, &tuple)))
 *		if (step == TUPLE_OK)
 *			...
 *
 * and whatever step the loop ended with says whether the list was whole.
 */
#ifndef AURPD_TUPLE_H
#define AURPD_TUPLE_H

#include <stdbool.h>

#include "wire.h"

enum tuple_step {
	TUPLE_END,	/* the list ended where a tuple ended */
	TUPLE_OK,	/* one whole, valid tuple */
	TUPLE_NAMELESS,	/* one whole, valid tuple, but for its zone name, which is empty */
	TUPLE_BAD,	/* one whole tuple that cannot be true: skip it, the next one can be read */
	TUPLE_CUT,	/* the list ends inside this tuple: nothing more can be read */
	TUPLE_UNKNOWN,	/* a tuple whose length cannot be known: nothing more can be read */
};

static inline bool tuple_is_here(enum tuple_step s)
{
	return s == TUPLE_OK || s == TUPLE_NAMELESS || s == TUPLE_BAD;
}

/*
 * Reads a zone name of 1..32 bytes. TUPLE_BAD: empty or longer, and skipped by
 * its length, which is all there.
 */
static inline enum tuple_step tuple_read_name(struct rd *r, struct at_name *out)
{
	uint8_t len = rd_peek_u8(r, 0);

	if (len <= AT_ZONE_NAME_MAX)
		*out = rd_name(r);
	else
		rd_skip(r, 1 + (size_t)len);
	if (!rd_ok(r))
		return TUPLE_CUT;
	return len > 0 && len <= AT_ZONE_NAME_MAX ? TUPLE_OK : TUPLE_BAD;
}

/* The same of a tuple of network and name, where an empty one belongs to the list (Z10). */
static inline enum tuple_step tuple_read_zone(struct rd *r, struct at_name *out)
{
	bool is_empty = rd_peek_u8(r, 0) == 0;
	enum tuple_step step = tuple_read_name(r, out);

	return step == TUPLE_BAD && is_empty ? TUPLE_NAMELESS : step;
}

#endif
