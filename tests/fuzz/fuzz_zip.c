/* ZIP of both kinds: DDP type 6, and the zone list requests of ATP. */
#include "fuzz.h"
#include "zip.h"

static bool again_query(struct rd *r, struct wr *w)
{
	uint16_t nets[ZIP_QUERY_NETS_MAX];
	struct rd list;
	size_t n = 0;

	if (!zip_decode_query(r, &list))
		return false;
	while (zip_next_net(&list, &nets[n]))
		if (++n == ZIP_QUERY_NETS_MAX)
			break;
	zip_encode_query(w, nets, n);
	return true;
}

static bool again_reply(struct rd *r, struct wr *w)
{
	struct zip_reply reply;
	struct zip_tuple t;
	enum tuple_step step;

	if (!zip_decode_reply(r, &reply))
		return false;
	zip_encode_reply_header(w, reply.extended, reply.count);
	while (tuple_is_here(step = zip_next_tuple(&reply.tuples, &t)))
		if (step == TUPLE_OK) {
			CHECK(at_net_is_routable(t.net) && t.zone.len >= 1 && t.zone.len <= 32);
			zip_encode_tuple(w, t.net, &t.zone);
		}
	return true;
}

static bool again_get_net_info(struct rd *r, struct wr *w)
{
	struct at_name zone;

	if (!zip_decode_get_net_info(r, &zone))
		return false;
	zip_encode_get_net_info(w, &zone);
	return true;
}

static bool again_net_info(struct rd *r, struct wr *w)
{
	struct zip_net_info i;

	if (!zip_decode_net_info(r, &i))
		return false;
	zip_encode_net_info(w, &i);
	return true;
}

static bool again_notify(struct rd *r, struct wr *w)
{
	struct zip_notify n;

	if (!zip_decode_notify(r, &n))
		return false;
	zip_encode_notify(w, &n);
	return true;
}

static bool again_request(struct rd *r, struct wr *w)
{
	struct zip_atp_request q;

	if (!zip_decode_atp_request(r, &q))
		return false;
	zip_encode_atp_request(w, &q);
	return true;
}

static bool again_response(struct rd *r, struct wr *w)
{
	struct zip_atp_response p;
	struct zip_zone_writer z;
	struct at_name zone;
	enum tuple_step step;

	if (!zip_decode_atp_response(r, &p))
		return false;
	zip_zones_begin(&z, w, p.tid);
	while (tuple_is_here(step = zip_next_zone(&p.zones, &zone)))
		if (step == TUPLE_OK && !zip_zones_add(&z, &zone))
			break;
	zip_zones_end(&z, p.last);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	enum zip_command command = zip_peek_command(&r);

	if (n > FUZZ_MAX / 2)
		return 0;
	CHECK(!fuzz_round_trip(bytes, n, again_query) || command == ZIP_QUERY);
	CHECK(!fuzz_round_trip(bytes, n, again_reply) || command == ZIP_REPLY ||
		command == ZIP_EXTENDED_REPLY);
	CHECK(!fuzz_round_trip(bytes, n, again_get_net_info) || command == ZIP_GET_NET_INFO);
	CHECK(!fuzz_round_trip(bytes, n, again_net_info) || command == ZIP_NET_INFO_REPLY);
	CHECK(!fuzz_round_trip(bytes, n, again_notify) || command == ZIP_NOTIFY);
	fuzz_round_trip(bytes, n, again_request);
	fuzz_round_trip(bytes, n, again_response);
	return 0;
}
