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

enum tuple_step {
	TUPLE_END,	/* the list ended where a tuple ended */
	TUPLE_OK,	/* one whole, valid tuple */
	TUPLE_BAD,	/* one whole tuple that cannot be true: skip it, the next one can be read */
	TUPLE_CUT,	/* the list ends inside this tuple: nothing more can be read */
	TUPLE_UNKNOWN,	/* a tuple whose length cannot be known: nothing more can be read */
};

static inline bool tuple_is_here(enum tuple_step s)
{
	return s == TUPLE_OK || s == TUPLE_BAD;
}

#endif
