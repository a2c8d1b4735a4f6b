/*
 * MacRoman: how names compare (Inside AppleTalk app. D), how a zone's multicast
 * address is found (ch. 8), and the way between names and the UTF-8 of files,
 * logs and people.
 */
#ifndef AURPD_MACROMAN_H
#define AURPD_MACROMAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "aurpd/at.h"

/* Upper case as AppleTalk sees it: 39 bytes change, the others are themselves. */
uint8_t macroman_fold(uint8_t byte);

/* The same name: same length, same folded bytes. Diacritics count. */
bool name_eq(const struct at_name *a, const struct at_name *b);

/* Order by folded bytes, a name before its continuations; 0 exactly when name_eq(). */
int name_cmp(const struct at_name *a, const struct at_name *b);

/* The hash that picks a zone's multicast address; 1..FFFF. */
uint16_t zone_hash(const struct at_name *zone);

enum {
	ZONE_MULTICASTS = 253,
};

/* The EtherTalk multicast address of a zone: 09:00:07:00:00:00 .. FC. */
struct mac zone_multicast(const struct at_name *zone);

/*
 * True if the name has a letter that Netatalk folds and Inside AppleTalk does
 * not: such a zone has another multicast address there, and two spellings may
 * be one zone (Q32).
 */
bool name_is_folded_differently(const struct at_name *name);

/* Does it begin or end with a blank, breaking or not? Nobody sees that in a list. */
bool name_has_outer_blanks(const struct at_name *name);

enum macroman_error_kind {
	MACROMAN_OK,
	MACROMAN_NOT_UTF8,	/* a byte that is no UTF-8 */
	MACROMAN_UNMAPPABLE,	/* a character that MacRoman lacks */
	MACROMAN_BAD_ESCAPE,	/* a backslash not followed by \, " or xNN */
	MACROMAN_TOO_LONG,	/* more than 32 MacRoman bytes; the character that does not fit */
};

struct macroman_error {
	enum macroman_error_kind kind;
	size_t offset;		/* of the character in the text, in bytes */
	uint32_t code;		/* its code point; the byte itself if it is no UTF-8 */
	char character[8];	/* it again, with what a mark stands on; empty: cannot be shown */
};

/* What follows the character in a message: "is not in the MacRoman character set" ... */
const char *macroman_error_text(enum macroman_error_kind kind);

/*
 * UTF-8 text of n bytes to a name. Composed and decomposed letters are taken
 * alike, as are the usual aliases (Ohm for Omega, ...). \xNN gives a byte as it
 * is, \\ a backslash, \" a quote. An empty text gives an empty name. False:
 * *error says what is wrong, *out is not to be read.
 */
bool name_from_utf8(const char *text, size_t n, struct at_name *out, struct macroman_error *error);

enum {
	NAME_UTF8_SIZE = 3 * AT_ZONE_NAME_MAX + 1,
	NAME_TEXT_SIZE = 4 * AT_ZONE_NAME_MAX + 1,
};

/* The name as plain UTF-8, nothing escaped, terminated; the length without the terminator. */
size_t name_to_utf8(const struct at_name *name, char out[NAME_UTF8_SIZE]);

/*
 * Bytes from the network as printable UTF-8 for logs and dumps: control
 * characters and the no-break space as \xNN, \ as \\, " as \". Terminated, cut
 * between characters if `size` (> 0) is too small. Returns the length the whole
 * text has. name_from_utf8() reads it back to the same bytes.
 */
size_t macroman_print(const uint8_t *bytes, size_t n, char *out, size_t size);

/* macroman_print() of a name into a buffer that always suffices; returns it. */
const char *name_text(const struct at_name *name, char out[NAME_TEXT_SIZE]);

#endif
