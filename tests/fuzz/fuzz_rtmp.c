/* RTMP: Data and Response of both kinds of port, requests, loop probes. */
#include "fuzz.h"
#include "rtmp.h"

static void see_header(struct wr *seen, const struct rtmp_header *h)
{
	see_addr(seen, h->sender);
	see_range(seen, h->cable);
}

static bool again(struct rd *r, struct wr *w, struct wr *seen, bool extended)
{
	struct rtmp_header h;
	struct rtmp_tuple t;
	enum tuple_step step;

	if (!rtmp_decode_header(r, extended, &h))
		return false;
	CHECK(h.cable.extended == extended);
	see_header(seen, &h);
	rtmp_encode_header(w, &h);
	while (tuple_is_here(step = rtmp_next_tuple(r, &t))) {
		size_t before = wr_len(w);

		CHECK(t.distance <= RTMP_UNREACHABLE);
		CHECK((step == TUPLE_OK) == at_range_is_valid(t.range));
		see_range(seen, t.range);
		wr_u8(seen, t.distance);
		rtmp_encode_tuple(w, &t);
		CHECK(wr_len(w) - before == rtmp_tuple_size(&t));
	}
	CHECK(rtmp_next_tuple(r, &t) == step);
	return true;
}

static bool again_extended(struct rd *r, struct wr *w, struct wr *seen)
{
	return again(r, w, seen, true);
}

static bool again_nonextended(struct rd *r, struct wr *w, struct wr *seen)
{
	return again(r, w, seen, false);
}

/* A Response is a header alone, of its own form where the cable is not extended. */
static bool again_response(struct rd *r, struct wr *w, struct wr *seen, bool extended)
{
	struct rtmp_header h;

	if (!rtmp_decode_header(r, extended, &h))
		return false;
	see_header(seen, &h);
	rtmp_encode_response(w, &h);
	CHECK(wr_len(w) == (extended ? 10 : 4));
	return true;
}

static bool again_extended_response(struct rd *r, struct wr *w, struct wr *seen)
{
	return again_response(r, w, seen, true);
}

static bool again_nonextended_response(struct rd *r, struct wr *w, struct wr *seen)
{
	return again_response(r, w, seen, false);
}

static bool again_request(struct rd *r, struct wr *w, struct wr *seen)
{
	enum rtmp_function function;

	if (!rtmp_decode_request(r, &function))
		return false;
	wr_u8(seen, (uint8_t)function);
	rtmp_encode_request(w, function);
	return true;
}

static bool again_probe(struct rd *r, struct wr *w, struct wr *seen)
{
	struct rd cookie;
	size_t n;

	if (!rtmp_decode_loop_probe(r, &cookie))
		return false;
	see_rest(seen, cookie);
	n = rd_left(&cookie);
	rtmp_encode_loop_probe(w, rd_bytes(&cookie, n), n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_round_trip(bytes, n, again_extended);
	fuzz_round_trip(bytes, n, again_nonextended);
	fuzz_round_trip(bytes, n, again_extended_response);
	fuzz_round_trip(bytes, n, again_nonextended_response);
	fuzz_round_trip(bytes, n, again_request);
	fuzz_round_trip(bytes, n, again_probe);
	return 0;
}
