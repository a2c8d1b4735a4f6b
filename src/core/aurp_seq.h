/*
 * Sequence numbers of AURP-Tr: 1..65535, then 1 again; 0 is for packets that
 * are not sequenced (RFC 1504 p. 41-42).
 */
#ifndef AURPD_AURP_SEQ_H
#define AURPD_AURP_SEQ_H

#include <stdint.h>

static inline uint16_t seq_next(uint16_t n)
{
	return n == UINT16_MAX ? 1 : (uint16_t)(n + 1);
}

static inline uint16_t seq_before(uint16_t n)
{
	return n <= 1 ? UINT16_MAX : (uint16_t)(n - 1);
}

enum seq_place {
	SEQ_EXPECTED,	/* n: new */
	SEQ_DUPLICATE,	/* n-1: came before, the acknowledgement was lost or late */
	SEQ_LOST,	/* n+1: the connection is out of sync */
	SEQ_STRANGE,	/* anything else: an old duplicate, or nothing of ours */
};

/* Where `got` stands for a receiver that expects n. */
static inline enum seq_place seq_place(uint16_t n, uint16_t got)
{
	if (got == 0)
		return SEQ_STRANGE;
	if (got == n)
		return SEQ_EXPECTED;
	if (got == seq_before(n))
		return SEQ_DUPLICATE;
	return got == seq_next(n) ? SEQ_LOST : SEQ_STRANGE;
}

#endif
