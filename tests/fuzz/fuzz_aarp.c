/* AARP packets. */
#include "aarp.h"
#include "fuzz.h"

static bool again(struct rd *r, struct wr *w, struct wr *seen)
{
	struct aarp a;

	if (!aarp_decode(r, &a))
		return false;
	wr_u16(seen, (uint16_t)a.function);
	wr_mac(seen, a.src_hw);
	see_addr(seen, a.src_addr);
	wr_mac(seen, a.dst_hw);
	see_addr(seen, a.dst_addr);
	aarp_encode(w, &a);
	CHECK(wr_len(w) == AARP_SIZE);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_round_trip(bytes, n, again);
	return 0;
}
