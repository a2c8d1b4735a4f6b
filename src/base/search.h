/* Where something stands or would stand in a sorted array: the one binary search. */
#ifndef AURPD_SEARCH_H
#define AURPD_SEARCH_H

#include <stddef.h>

/*
 * Makes the size_t `i` the index of the first of n elements that is not before what is
 * sought; n if all are. `is_before` says it of the element with the index i; a macro, so
 * that the compiler knows the types in there:
 *
 *	SEARCH_FIRST(i, t->used, t->sorted[i]->range.last < net);
 */
#define SEARCH_FIRST(i, n, is_before)                                                              \
	for (size_t low_ = 0, high_ = (n); (i) = low_ + (high_ - low_) / 2, low_ < high_;)         \
		if (is_before)                                                                     \
			low_ = (i) + 1;                                                            \
		else                                                                               \
			high_ = (i)

#endif
