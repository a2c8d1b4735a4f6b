/* ZIP of both kinds: DDP type 6, and the zone list requests of ATP. */
#include "fuzz.h"
#include "zip.h"

static bool again_query(struct rd *r, struct wr *w, struct wr *seen)
{
	uint16_t nets[ZIP_QUERY_NETS_MAX], net;
	struct rd list;
	size_t n = 0;

	if (!zip_decode_query(r, &list))
		return false;
	while (zip_next_net(&list, &net)) {
		CHECK(n < ZIP_QUERY_NETS_MAX);
		wr_u16(seen, net);
		nets[n++] = net;
	}
	zip_encode_query(w, nets, n);
	return true;
}

static bool again_reply(struct rd *r, struct wr *w, struct wr *seen)
{
	struct zip_reply reply;
	struct zip_tuple t;
	enum tuple_step step;

	if (!zip_decode_reply(r, &reply))
		return false;
	wr_u8(seen, reply.extended);
	wr_u8(seen, reply.count);
	zip_encode_reply_header(w, reply.extended, reply.count);
	while (tuple_is_here(step = zip_next_tuple(&reply.tuples, &t))) {
		size_t before = wr_len(w);

		if (step == TUPLE_BAD || step == TUPLE_NAMELESS)
			continue;
		CHECK(at_net_is_routable(t.net) && t.zone.len >= 1 && t.zone.len <= 32);
		wr_u16(seen, t.net);
		wr_name(seen, &t.zone);
		zip_encode_tuple(w, t.net, &t.zone);
		CHECK(wr_len(w) - before == zip_tuple_size(&t.zone));
	}
	return true;
}

static bool again_get_net_info(struct rd *r, struct wr *w, struct wr *seen)
{
	struct at_name zone;

	if (!zip_decode_get_net_info(r, &zone))
		return false;
	wr_name(seen, &zone);
	zip_encode_get_net_info(w, &zone);
	return true;
}

static bool again_net_info(struct rd *r, struct wr *w, struct wr *seen)
{
	struct zip_net_info i;

	if (!zip_decode_net_info(r, &i))
		return false;
	CHECK(i.range.extended && ((i.flags & ZIP_ZONE_INVALID) || i.default_zone.len == 0));
	wr_u8(seen, i.flags);
	see_range(seen, i.range);
	wr_name(seen, &i.zone);
	wr_u8(seen, i.has_multicast);
	wr_mac(seen, i.multicast);
	wr_name(seen, &i.default_zone);
	zip_encode_net_info(w, &i);
	return true;
}

static bool again_notify(struct rd *r, struct wr *w, struct wr *seen)
{
	struct zip_notify n;

	if (!zip_decode_notify(r, &n))
		return false;
	wr_u8(seen, n.flags);
	wr_name(seen, &n.old_zone);
	wr_u8(seen, n.has_multicast);
	wr_mac(seen, n.multicast);
	wr_name(seen, &n.new_zone);
	zip_encode_notify(w, &n);
	return true;
}

static bool again_request(struct rd *r, struct wr *w, struct wr *seen)
{
	struct zip_atp_request q;

	if (!zip_decode_atp_request(r, &q))
		return false;
	wr_u16(seen, q.tid);
	wr_u8(seen, (uint8_t)q.function);
	wr_u16(seen, q.start);
	zip_encode_atp_request(w, &q);
	return true;
}

/* The count is not the sender's but that of the names which are there and fit into a packet. */
static bool again_response(struct rd *r, struct wr *w, struct wr *seen)
{
	struct zip_atp_response p;
	struct zip_zone_writer z;
	struct at_name zone;
	enum tuple_step step;
	size_t used = 0;

	if (!zip_decode_atp_response(r, &p))
		return false;
	wr_u16(seen, p.tid);
	wr_u8(seen, p.last);
	zip_zones_begin(&z, w, p.tid);
	while (tuple_is_here(step = zip_next_zone(&p.zones, &zone))) {
		bool fits = used + 1 + zone.len <= ZIP_ZONES_DATA_MAX;

		if (step == TUPLE_BAD)
			continue;
		CHECK(zip_zones_add(&z, &zone) == fits);
		if (!fits)
			break;
		used += 1 + (size_t)zone.len;
		wr_name(seen, &zone);
	}
	zip_zones_end(&z, p.last);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct rd r = rd_over(bytes, n);
	enum zip_command command = zip_peek_command(&r);

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
