/*
 * AppleTalk's 16-bit sum with rotation: the DDP checksum (Inside AppleTalk ch. 4)
 * and the zone hash (ch. 8) are the same loop.
 */
#ifndef AURPD_SUM16_H
#define AURPD_SUM16_H

#include <stdint.h>

static inline uint16_t sum16_add(uint16_t sum, uint8_t byte)
{
	unsigned int s = (sum + byte) & 0xFFFFu;

	return (uint16_t)(s << 1 | s >> 15);
}

/* Both uses keep 0 for "none". */
static inline uint16_t sum16_end(uint16_t sum)
{
	return sum == 0 ? 0xFFFF : sum;
}

#endif
