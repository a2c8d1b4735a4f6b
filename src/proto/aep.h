/* AEP: the echo protocol. Inside AppleTalk ch. 6. Works on DDP data. */
#ifndef AURPD_AEP_H
#define AURPD_AEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire.h"

enum aep_function {
	AEP_REQUEST = 1,
	AEP_REPLY = 2,
};

enum {
	AEP_DATA_MAX = 585,
};

/*
 * Reads the function and leaves the reader at the echoed data. False: empty, or
 * another function (P03).
 */
bool aep_decode(struct rd *r, enum aep_function *out);

/* Writes the function and n bytes of data, n <= AEP_DATA_MAX. */
void aep_encode(struct wr *w, enum aep_function function, const void *data, size_t n);

#endif
