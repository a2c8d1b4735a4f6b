/* LocalTalk packets: what is pulled out and pushed back is the packet; the FCS it gets is right. */
#include "fuzz.h"
#include "llap.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t storage[FUZZ_MAX];
	struct pkt p = pkt_over(storage, sizeof storage, 0);
	struct llap h;
	uint16_t fcs;

	if (n > FUZZ_MAX / 2)
		return 0;
	(void)llap_fcs_ok(bytes, n);
	memcpy(storage, bytes, n);
	p.len = n;
	if (llap_pull(&p, &h) != LLAP_OK) {
		CHECK(p.data == storage && p.len == n);
		return 0;
	}
	CHECK(llap_push(&p, &h));
	CHECK(p.data == storage && p.len == n);
	CHECK(memcmp(storage, bytes, n) == 0);
	fcs = llap_fcs(storage, n);
	storage[n] = (uint8_t)fcs;
	storage[n + 1] = (uint8_t)(fcs >> 8);
	CHECK(llap_fcs_ok(storage, n + LLAP_FCS));
	return 0;
}
