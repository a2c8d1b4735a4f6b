/* EtherTalk frames: what is pulled out and pushed back is the frame up to its pad. */
#include "elap.h"
#include "fuzz.h"

static bool is_same(const struct elap *a, const struct elap *b)
{
	return mac_eq(a->dst, b->dst) && mac_eq(a->src, b->src) && a->kind == b->kind;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t storage[FUZZ_IN_MAX + ELAP_FRAME_MIN];
	struct pkt p = pkt_over(storage, sizeof storage, 0);
	struct elap h, again;

	if (n > FUZZ_IN_MAX)
		return 0;
	memcpy(storage, bytes, n);
	p.len = n;
	if (elap_pull(&p, &h) != ELAP_OK) {
		CHECK(p.data == storage && p.len == n);
		return 0;
	}
	CHECK(!elap_is_multicast(h.dst) || mac_is_group(h.dst));
	n = ELAP_HEADER + p.len;
	CHECK(elap_push(&p, &h));
	CHECK(p.data == storage && p.len >= n && p.len >= ELAP_FRAME_MIN);
	CHECK(memcmp(storage, bytes, n) == 0);
	CHECK(elap_pull(&p, &again) == ELAP_OK);
	CHECK(p.len == n - ELAP_HEADER && is_same(&h, &again));
	return 0;
}
