/* RTMP: Data and Response of both kinds of port, requests, loop probes. */
#include "fuzz.h"
#include "rtmp.h"

static bool again(struct rd *r, struct wr *w, bool extended)
{
	struct rtmp_header h;
	struct rtmp_tuple t;
	enum tuple_step step;

	if (!rtmp_decode_header(r, extended, &h))
		return false;
	CHECK(h.cable.extended == extended);
	rtmp_encode_header(w, &h);
	while (tuple_is_here(step = rtmp_next_tuple(r, &t))) {
		CHECK(t.distance <= RTMP_UNREACHABLE);
		CHECK((step == TUPLE_OK) == at_range_is_valid(t.range));
		rtmp_encode_tuple(w, &t);
	}
	CHECK(rtmp_next_tuple(r, &t) == step);
	return true;
}

static bool again_extended(struct rd *r, struct wr *w)
{
	return again(r, w, true);
}

static bool again_nonextended(struct rd *r, struct wr *w)
{
	return again(r, w, false);
}

static bool again_request(struct rd *r, struct wr *w)
{
	enum rtmp_function function;

	if (!rtmp_decode_request(r, &function))
		return false;
	rtmp_encode_request(w, function);
	return true;
}

static bool again_probe(struct rd *r, struct wr *w)
{
	struct rd cookie;
	size_t n;

	if (!rtmp_decode_loop_probe(r, &cookie))
		return false;
	n = rd_left(&cookie);
	rtmp_encode_loop_probe(w, rd_bytes(&cookie, n), n);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	if (n > FUZZ_MAX / 2)
		return 0;
	fuzz_round_trip(bytes, n, again_extended);
	fuzz_round_trip(bytes, n, again_nonextended);
	fuzz_round_trip(bytes, n, again_request);
	fuzz_round_trip(bytes, n, again_probe);
	return 0;
}
