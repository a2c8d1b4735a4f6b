/* ZIP packets of DDP type 6 (Inside AppleTalk ch. 8), for svc_zip.c and for ports that learn. */
#include "zip.h"

#include <assert.h>

enum {
	NET_INFO_FILLER = 5,
	NOTIFY_FILLER = 4,
	MULTICAST_LENGTH = 6,
};

enum zip_command zip_peek_command(const struct rd *r)
{
	struct rd look = *r;
	uint8_t command = rd_u8(&look);

	return command <= ZIP_EXTENDED_REPLY ? (enum zip_command)command : ZIP_NONE;
}

bool zip_decode_query(struct rd *r, struct rd *nets)
{
	uint8_t command = rd_u8(r);

	*nets = rd_sub(r, 2 * (size_t)rd_u8(r));
	return rd_ok(r) && command == ZIP_QUERY;
}

bool zip_next_net(struct rd *nets, uint16_t *out)
{
	*out = rd_u16(nets);
	return rd_ok(nets);
}

void zip_encode_query(struct wr *w, const uint16_t *nets, size_t n)
{
	assert(n <= ZIP_QUERY_NETS_MAX);
	wr_u8(w, ZIP_QUERY);
	wr_u8(w, (uint8_t)n);
	for (size_t i = 0; i < n; i++)
		wr_u16(w, nets[i]);
}

bool zip_decode_reply(struct rd *r, struct zip_reply *out)
{
	uint8_t command = rd_u8(r);

	out->extended = command == ZIP_EXTENDED_REPLY;
	out->count = rd_u8(r);
	out->tuples = rd_sub(r, rd_left(r));
	return rd_ok(r) && (out->extended || command == ZIP_REPLY);
}

enum tuple_step zip_next_zone(struct rd *zones, struct at_name *out)
{
	if (rd_ok(zones) && rd_at_end(zones))
		return TUPLE_END;
	return tuple_read_name(zones, out);
}

enum tuple_step zip_next_tuple(struct rd *tuples, struct zip_tuple *out)
{
	enum tuple_step step;

	if (rd_ok(tuples) && rd_at_end(tuples))
		return TUPLE_END;
	out->net = rd_u16(tuples);
	step = tuple_read_zone(tuples, &out->zone);
	return tuple_is_here(step) && !at_net_is_routable(out->net) ? TUPLE_BAD : step;
}

void zip_encode_reply_header(struct wr *w, bool extended, uint8_t count)
{
	wr_u8(w, extended ? ZIP_EXTENDED_REPLY : ZIP_REPLY);
	wr_u8(w, count);
}

void zip_encode_tuple(struct wr *w, uint16_t net, const struct at_name *zone)
{
	wr_u16(w, net);
	wr_name(w, zone);
}

bool zip_decode_get_net_info(struct rd *r, struct at_name *zone)
{
	uint8_t command = rd_u8(r);

	rd_skip(r, NET_INFO_FILLER);
	*zone = rd_name(r);
	return rd_ok(r) && command == ZIP_GET_NET_INFO;
}

void zip_encode_get_net_info(struct wr *w, const struct at_name *zone)
{
	wr_u8(w, ZIP_GET_NET_INFO);
	wr_zeros(w, NET_INFO_FILLER);
	wr_name(w, zone);
}

static bool read_multicast(struct rd *r, struct mac *out)
{
	uint8_t len = rd_u8(r);

	*out = (struct mac){ { 0 } };
	if (len == MULTICAST_LENGTH)
		*out = rd_mac(r);
	else if (len != 0)
		r->bad = true;
	return len == MULTICAST_LENGTH;
}

static void write_multicast(struct wr *w, bool present, struct mac m)
{
	wr_u8(w, present ? MULTICAST_LENGTH : 0);
	if (present)
		wr_mac(w, m);
}

bool zip_decode_net_info(struct rd *r, struct zip_net_info *out)
{
	uint8_t command = rd_u8(r);

	out->flags = rd_u8(r);
	out->range.first = rd_u16(r);
	out->range.last = rd_u16(r);
	out->range.extended = true;
	out->zone = rd_name(r);
	out->has_multicast = read_multicast(r, &out->multicast);
	out->default_zone.len = 0;
	if (out->flags & ZIP_ZONE_INVALID)
		out->default_zone = rd_name(r);
	return rd_ok(r) && command == ZIP_NET_INFO_REPLY;
}

void zip_encode_net_info(struct wr *w, const struct zip_net_info *in)
{
	wr_u8(w, ZIP_NET_INFO_REPLY);
	wr_u8(w, in->flags);
	wr_u16(w, in->range.first);
	wr_u16(w, in->range.last);
	wr_name(w, &in->zone);
	write_multicast(w, in->has_multicast, in->multicast);
	if (in->flags & ZIP_ZONE_INVALID)
		wr_name(w, &in->default_zone);
}

bool zip_decode_notify(struct rd *r, struct zip_notify *out)
{
	uint8_t command = rd_u8(r);

	out->flags = rd_u8(r);
	rd_skip(r, NOTIFY_FILLER);
	out->old_zone = rd_name(r);
	out->has_multicast = read_multicast(r, &out->multicast);
	out->new_zone = rd_name(r);
	return rd_ok(r) && command == ZIP_NOTIFY;
}

void zip_encode_notify(struct wr *w, const struct zip_notify *in)
{
	wr_u8(w, ZIP_NOTIFY);
	wr_u8(w, in->flags);
	wr_zeros(w, NOTIFY_FILLER);
	wr_name(w, &in->old_zone);
	write_multicast(w, in->has_multicast, in->multicast);
	wr_name(w, &in->new_zone);
}
