/*
 * The tables of MacRoman, for macroman_text.c: Apple's current code points.
 */
#ifndef AURPD_MACROMAN_TABLE_H
#define AURPD_MACROMAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The code point of a byte; none but 00-1F and 7F is that of a control character. */
uint16_t macroman_code(uint8_t byte);

/* The byte of a code point or of an alias people type for it; -1 if MacRoman lacks it. */
int macroman_byte(uint32_t code);

/* The byte of a letter with the combining mark that follows it; -1 if MacRoman lacks it. */
int macroman_compose(uint8_t base, uint32_t mark);

#endif
