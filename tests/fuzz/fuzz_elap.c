/* EtherTalk frames: what is pulled out and pushed back is the frame up to its pad. */
#include "elap.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t storage[FUZZ_MAX];
	struct pkt p = pkt_over(storage, sizeof storage, 0);
	struct elap h;

	if (n > FUZZ_MAX / 2)
		return 0;
	memcpy(storage, bytes, n);
	p.len = n;
	if (elap_pull(&p, &h) != ELAP_OK) {
		CHECK(p.data == storage && p.len == n);
		return 0;
	}
	(void)elap_is_multicast(h.dst);
	n = ELAP_HEADER + p.len;
	CHECK(elap_push(&p, &h));
	CHECK(p.data == storage && p.len >= n && p.len >= ELAP_FRAME_MIN);
	CHECK(memcmp(storage, bytes, n) == 0);
	CHECK(elap_pull(&p, &h) == ELAP_OK);
	CHECK(p.len == n - ELAP_HEADER);
	return 0;
}
