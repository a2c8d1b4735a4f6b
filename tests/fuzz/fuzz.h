/*
 * What the fuzzers share. Each decodes its input, reads everything in it, writes
 * again what it read, and expects that to read and write the same once more: so
 * no field is lost, and nothing we would send is refused by ourselves.
 */
#ifndef AURPD_FUZZ_H
#define AURPD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire.h"

enum {
	FUZZ_MAX = 4096,	/* what is written fits: inputs are at most half of it */
};

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/*
 * `again` decodes n bytes and writes what it read; false if it does not decode.
 * True if it does; then what was written must decode, and to the same.
 */
static inline bool fuzz_round_trip(const uint8_t *bytes, size_t n,
	bool (*again)(struct rd *r, struct wr *w))
{
	uint8_t once[FUZZ_MAX], twice[FUZZ_MAX];
	struct wr first = wr_over(once, sizeof once), second = wr_over(twice, sizeof twice);
	struct rd r = rd_over(bytes, n);

	if (!again(&r, &first))
		return false;
	CHECK(wr_ok(&first));
	r = rd_over(once, wr_len(&first));
	CHECK(again(&r, &second));
	CHECK(wr_ok(&second));
	CHECK(wr_len(&first) == wr_len(&second));
	CHECK(memcmp(once, twice, wr_len(&first)) == 0);
	return true;
}

#endif
