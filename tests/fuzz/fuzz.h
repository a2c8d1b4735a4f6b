/*
 * What the fuzzers share. Each decodes its input, notes every field it reads,
 * writes again what it read, and expects that to read the same, field by field,
 * and to write the same bytes once more: so no field is lost on either way, and
 * nothing we would send is refused by ourselves.
 */
#ifndef AURPD_FUZZ_H
#define AURPD_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tuple.h"
#include "wire.h"

enum {
	FUZZ_IN_MAX = 2048,	/* longer inputs are passed over */
	/* What is written fits: the most is a ZI-Rsp whose every offset becomes a long name. */
	FUZZ_OUT_MAX = 16 * FUZZ_IN_MAX,
};

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* What a fuzzer may have that knows how its inputs are made; n, max and the results are sizes. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t n_one, const uint8_t *two,
	size_t n_two, uint8_t *bytes, size_t max, unsigned int seed);

/* Of libFuzzer or replay.c: changes a few bytes. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t max);

/* Notes of fields, beside wr_u8() and its like. */
static inline void see_addr(struct wr *seen, struct at_addr a)
{
	wr_u16(seen, a.net);
	wr_u8(seen, a.node);
}

static inline void see_sockaddr(struct wr *seen, struct at_sockaddr a)
{
	see_addr(seen, (struct at_addr){ a.net, a.node });
	wr_u8(seen, a.socket);
}

static inline void see_range(struct wr *seen, struct at_range r)
{
	wr_u16(seen, r.first);
	wr_u16(seen, r.last);
	wr_u8(seen, r.extended);
}

/* Notes what is left in a reader, which stays where it is. */
static inline void see_rest(struct wr *seen, struct rd r)
{
	size_t n = rd_left(&r);

	wr_u16(seen, (uint16_t)n);
	wr_bytes(seen, rd_bytes(&r, n), n);
}

/* Copies what is left in a reader. */
static inline void copy_rest(struct rd *r, struct wr *w)
{
	size_t n = rd_left(r);

	wr_bytes(w, rd_bytes(r, n), n);
}

/* Decodes, writes again into `w` what it read and notes it in `seen`; false: does not decode. */
typedef bool fuzz_again(struct rd *r, struct wr *w, struct wr *seen);

/* True if the bytes decode; then what was written must decode, and to the same. */
static inline bool fuzz_round_trip(const uint8_t *bytes, size_t n, fuzz_again *again)
{
	static uint8_t once[FUZZ_OUT_MAX], twice[FUZZ_OUT_MAX];
	static uint8_t saw[FUZZ_OUT_MAX], saw_again[FUZZ_OUT_MAX];
	struct wr first = wr_over(once, sizeof once), second = wr_over(twice, sizeof twice);
	struct wr seen = wr_over(saw, sizeof saw), seen_again = wr_over(saw_again, sizeof saw);
	struct rd r = rd_over(bytes, n);

	if (n > FUZZ_IN_MAX || !again(&r, &first, &seen))
		return false;
	CHECK(wr_ok(&first) && wr_ok(&seen));
	r = rd_over(once, wr_len(&first));
	CHECK(again(&r, &second, &seen_again));
	CHECK(wr_ok(&second) && wr_ok(&seen_again));
	CHECK(wr_len(&seen) == wr_len(&seen_again));
	CHECK(memcmp(saw, saw_again, wr_len(&seen)) == 0);
	CHECK(wr_len(&first) == wr_len(&second));
	CHECK(memcmp(once, twice, wr_len(&first)) == 0);
	return true;
}

#endif
