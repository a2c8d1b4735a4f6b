/* Datagrams, long and short, and the edits of a forwarder. */
#include "ddp.h"
#include "fuzz.h"

static bool again_long(struct rd *r, struct wr *w)
{
	struct ddp d;
	size_t n;

	if (!ddp_decode_long(r, &d))
		return false;
	ddp_encode_long(w, &d);
	n = (size_t)d.len - DDP_LONG_HEADER;
	wr_bytes(w, rd_bytes(r, n), n);
	return true;
}

static bool again_short(struct rd *r, struct wr *w)
{
	struct ddp d;
	size_t n;

	if (!ddp_decode_short(r, &d))
		return false;
	ddp_encode_short(w, &d);
	n = (size_t)d.len - DDP_SHORT_HEADER;
	wr_bytes(w, rd_bytes(r, n), n);
	return true;
}

static void forward(const uint8_t *bytes, size_t n)
{
	uint8_t copy[FUZZ_MAX];
	struct rd r = rd_over(copy, n);
	struct ddp before, after;
	bool good;

	memcpy(copy, bytes, n);
	CHECK(ddp_decode_long(&r, &before));
	good = ddp_checksum_ok(copy, before.len);
	ddp_set_hops(copy, (before.hops + 1) & 15);
	CHECK(ddp_checksum_ok(copy, before.len) == good);
	r = rd_over(copy, n);
	CHECK(ddp_decode_long(&r, &after));
	CHECK(after.hops == ((before.hops + 1) & 15) && after.len == before.len);
	CHECK((copy[0] & 0xC0) == (bytes[0] & 0xC0));
	CHECK(memcmp(copy + 1, bytes + 1, n - 1) == 0);
	ddp_set_checksum(copy, ddp_checksum(copy, before.len));
	CHECK(ddp_checksum_ok(copy, before.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n > FUZZ_MAX / 2)
		return 0;
	if (fuzz_round_trip(bytes, n, again_long))
		forward(bytes, n);
	fuzz_round_trip(bytes, n, again_short);
	return 0;
}
