/* Datagrams, long and short, and the edits of a forwarder. */
#include "ddp.h"
#include "fuzz.h"

static void see(struct wr *seen, const struct ddp *d, struct rd data)
{
	wr_u8(seen, d->hops);
	wr_u16(seen, d->len);
	wr_u16(seen, d->checksum);
	see_sockaddr(seen, d->dst);
	see_sockaddr(seen, d->src);
	wr_u8(seen, d->type);
	see_rest(seen, data);
}

static bool again_long(struct rd *r, struct wr *w, struct wr *seen)
{
	struct ddp d;
	struct rd data;

	if (!ddp_decode_long(r, &d))
		return false;
	data = rd_sub(r, (size_t)d.len - DDP_LONG_HEADER);
	CHECK(rd_ok(&data));
	see(seen, &d, data);
	ddp_encode_long(w, &d);
	copy_rest(&data, w);
	return true;
}

static bool again_short(struct rd *r, struct wr *w, struct wr *seen)
{
	struct ddp d;
	struct rd data;

	if (!ddp_decode_short(r, &d))
		return false;
	data = rd_sub(r, (size_t)d.len - DDP_SHORT_HEADER);
	CHECK(rd_ok(&data));
	see(seen, &d, data);
	ddp_encode_short(w, &d);
	copy_rest(&data, w);
	return true;
}

static struct ddp decoded(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	struct ddp d;

	CHECK(ddp_decode_long(&r, &d));
	return d;
}

static void check_hops(const uint8_t *bytes, size_t n, uint8_t *copy)
{
	struct ddp before = decoded(bytes, n), after;
	bool good = ddp_checksum_ok(copy, before.len);

	ddp_set_hops(copy, (before.hops + 1) & 15);
	CHECK(ddp_checksum_ok(copy, before.len) == good);
	after = decoded(copy, n);
	CHECK(after.hops == ((before.hops + 1) & 15) && after.len == before.len);
	CHECK((copy[0] & 0xC0) == (bytes[0] & 0xC0));
	CHECK(memcmp(copy + 1, bytes + 1, n - 1) == 0);
}

static void check_nets(size_t n, uint8_t *copy)
{
	struct ddp before = decoded(copy, n), after;

	ddp_set_dst_net(copy, (uint16_t)~before.dst.net);
	ddp_set_src_net(copy, (uint16_t)(before.src.net + 1));
	after = decoded(copy, n);
	CHECK((after.dst.net ^ before.dst.net) == 0xFFFF);
	CHECK(after.src.net == (uint16_t)(before.src.net + 1));
	CHECK(after.dst.node == before.dst.node && after.src.node == before.src.node);
	ddp_set_checksum(copy, ddp_checksum(copy, after.len));
	CHECK(ddp_checksum_ok(copy, after.len));
	CHECK(decoded(copy, n).checksum != 0);
}

/* The same datagram as a packet: its data behind a new header. */
static void check_push(size_t n, const uint8_t *bytes)
{
	uint8_t storage[FUZZ_IN_MAX];
	struct ddp h = decoded(bytes, n);
	struct pkt p = pkt_over(storage, sizeof storage, DDP_LONG_HEADER);

	p.len = (size_t)h.len - DDP_LONG_HEADER;
	memcpy(p.data, bytes + DDP_LONG_HEADER, p.len);
	CHECK(ddp_push_long(&p, &h));
	CHECK(p.len == h.len && (p.data[0] & 0xC0) == 0);
	CHECK(memcmp(p.data + 1, bytes + 1, p.len - 1) == 0);
	CHECK(!ddp_push_long(&p, &h));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint8_t copy[FUZZ_IN_MAX];

	if (fuzz_round_trip(bytes, n, again_long)) {
		memcpy(copy, bytes, n);
		check_hops(bytes, n, copy);
		check_nets(n, copy);
		check_push(n, bytes);
	}
	fuzz_round_trip(bytes, n, again_short);
	return 0;
}
