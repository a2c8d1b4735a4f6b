/* LocalTalk packets: what is pulled out and pushed back is the packet; the FCS it gets is right. */
#include "fuzz.h"
#include "llap.h"

static bool is_same(const struct llap *a, const struct llap *b)
{
	return a->dst == b->dst && a->src == b->src && a->type == b->type;
}

/* A frame check sequence is right with its packet, and wrong when one bit of that is. */
static void check_fcs(uint8_t *packet, size_t n)
{
	uint16_t fcs = llap_fcs(packet, n);

	packet[n] = (uint8_t)fcs;
	packet[n + 1] = (uint8_t)(fcs >> 8);
	CHECK(llap_fcs_ok(packet, n + LLAP_FCS));
	packet[fcs % n] ^= 1;
	CHECK(!llap_fcs_ok(packet, n + LLAP_FCS));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t storage[FUZZ_IN_MAX + LLAP_FCS];
	struct pkt p = pkt_over(storage, sizeof storage, 0);
	struct llap h, again;

	if (n > FUZZ_IN_MAX)
		return 0;
	CHECK(n >= LLAP_FCS || !llap_fcs_ok(bytes, n));
	memcpy(storage, bytes, n);
	p.len = n;
	if (llap_pull(&p, &h) != LLAP_OK) {
		CHECK(p.data == storage && p.len == n);
		return 0;
	}
	CHECK(llap_push(&p, &h));
	CHECK(p.data == storage && p.len == n);
	CHECK(memcmp(storage, bytes, n) == 0);
	CHECK(llap_pull(&p, &again) == LLAP_OK && is_same(&h, &again));
	check_fcs(storage, n);
	return 0;
}
