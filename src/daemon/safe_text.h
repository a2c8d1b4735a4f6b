/* Text that a terminal, a file or the journal can take as it is. */
#ifndef AURPD_SAFE_TEXT_H
#define AURPD_SAFE_TEXT_H

#include <stddef.h>

/*
 * How many bytes of the character at the start of `text` are one printable
 * character of UTF-8 (RFC 3629): no control character, C0 or C1, none that is
 * invisible or reverses the text, no cut or overlong sequence, no surrogate.
 * 0: none. The text is terminated.
 */
size_t safe_text_char(const char *text);

/* Puts '?' in the place of every byte that is no part of such a character. */
void safe_text_clean(char *text);

#endif
