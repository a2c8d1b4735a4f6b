/* Echo packets: a request, or the reply that we make of it. */
#include "aep.h"
#include "fuzz.h"

static bool again(struct rd *r, struct wr *w, struct wr *seen)
{
	enum aep_function function;
	size_t n;

	if (!aep_decode(r, &function) || rd_left(r) > AEP_DATA_MAX)
		return false;
	wr_u8(seen, (uint8_t)function);
	see_rest(seen, *r);
	n = rd_left(r);
	aep_encode(w, function, rd_bytes(r, n), n);
	CHECK(wr_len(w) == 1 + n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_round_trip(bytes, n, again);
	return 0;
}
