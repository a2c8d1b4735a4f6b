/*
 * The tables of MacRoman, for macroman.c and utf8.c. Folding is Inside AppleTalk
 * table D-2; the code points are Apple's current ones.
 */
#ifndef AURPD_MACROMAN_TABLE_H
#define AURPD_MACROMAN_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The code point of a byte; all lie in the basic plane, none is a control character but 00-1F and 7F. */
uint16_t macroman_code(uint8_t byte);

/* The byte of a code point or of an alias people type for it; -1 if MacRoman lacks it. */
int macroman_byte(uint32_t code);

/* The byte of a letter and the combining mark that follows it; -1 if MacRoman lacks them together. */
int macroman_compose(uint8_t base, uint32_t mark);

#endif
