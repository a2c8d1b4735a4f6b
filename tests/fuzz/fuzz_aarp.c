/* AARP packets. */
#include "aarp.h"
#include "fuzz.h"

static bool again(struct rd *r, struct wr *w)
{
	struct aarp a;

	if (!aarp_decode(r, &a))
		return false;
	aarp_encode(w, &a);
	CHECK(wr_len(w) == AARP_SIZE);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_round_trip(bytes, n, again);
	return 0;
}
