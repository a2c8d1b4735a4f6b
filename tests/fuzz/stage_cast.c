/*
 * What actors put into datagrams, on cables and through tunnels alike: each
 * protocol that a router serves, with numbers and names of the script, and
 * tagged datagrams of a type that nobody serves.
 */
#include "aep.h"
#include "nbp.h"
#include "rtmp.h"
#include "stage.h"
#include "zip.h"

static void raw(struct stage *s, struct wr *w)
{
	size_t n = stage_pick(s, 64);

	n = n < rd_left(&s->script) ? n : rd_left(&s->script);
	wr_bytes(w, rd_bytes(&s->script, n), n);
}

/* A mark, so that watch_hops() knows it again. */
static void tagged(struct stage *s, struct ddp *d, struct wr *w)
{
	d->type = TAG_TYPE;
	d->dst.socket = 0x80;
	s->hops[++s->tag & 0xFF] = d->hops;
	wr_u32(w, TAG_MARK);
	wr_u32(w, s->tag);
}

static void rtmp_data(struct stage *s, struct ddp *d, bool is_extended, struct wr *w)
{
	struct rtmp_header h = { .sender = { d->src.net, d->src.node } };
	unsigned int n = stage_pick(s, 12);

	d->type = DDP_RTMP;
	d->dst.socket = d->src.socket = AT_SOCKET_RTMP;
	h.cable.extended = is_extended;
	h.cable.first = h.cable.last = d->src.net;
	if (is_extended) {
		h.cable.first = stage_net(s);
		h.cable.last = (uint16_t)(h.cable.first + stage_pick(s, 4));
	}
	rtmp_encode_header(w, &h);
	while (n-- > 0) {
		struct rtmp_tuple t = { .range = { .first = stage_net(s) } };
		uint8_t byte = rd_u8(&s->script);

		t.distance = byte & 31;
		t.range.extended = byte >> 7;
		t.range.last = (uint16_t)(t.range.first + (t.range.extended ? byte >> 5 & 3 : 0));
		rtmp_encode_tuple(w, &t);
	}
}

static void rtmp_request(struct stage *s, struct ddp *d, struct wr *w)
{
	d->type = DDP_RTMP_REQUEST;
	d->dst.socket = AT_SOCKET_RTMP;
	rtmp_encode_request(w, (enum rtmp_function)stage_pick(s, 6));
}

static void nbp(struct stage *s, struct ddp *d, struct wr *w)
{
	static const char *const objects[] = { "=", "stage", "x", "st\xC5" };
	static const char *const types[] = { "=", "AppleRouter", "y", "\xC5" };
	struct nbp h = { .function = (enum nbp_function)(1 + stage_pick(s, 4)), .count = 1 };
	struct nbp_tuple t = { .addr = { d->src.net, d->src.node, 0x81 } };
	unsigned int names = rd_u8(&s->script);
	const char *object = objects[names & 3], *type = types[names >> 2 & 3];

	d->type = DDP_NBP;
	d->dst.socket = AT_SOCKET_NBP;
	h.id = (uint8_t)names;
	t.object.len = (uint8_t)strlen(object);
	memcpy(t.object.byte, object, t.object.len);
	t.type.len = (uint8_t)strlen(type);
	memcpy(t.type.byte, type, t.type.len);
	t.zone = stage_zone(s);
	nbp_encode(w, &h);
	nbp_encode_tuple(w, &t);
}

static void zip_query(struct stage *s, struct ddp *d, struct wr *w)
{
	uint16_t nets[4];
	unsigned int n = stage_pick(s, 5);

	d->type = DDP_ZIP;
	d->dst.socket = AT_SOCKET_ZIP;
	for (unsigned int i = 0; i < n; i++)
		nets[i] = stage_net(s);
	zip_encode_query(w, nets, n);
}

static void zip_reply(struct stage *s, struct ddp *d, struct wr *w)
{
	unsigned int n = stage_pick(s, 8);
	uint8_t byte = rd_u8(&s->script);
	struct at_name zone;

	d->type = DDP_ZIP;
	d->dst.socket = d->src.socket = AT_SOCKET_ZIP;
	zip_encode_reply_header(w, byte & 1, byte >> 4);
	while (n-- > 0) {
		uint16_t net = stage_net(s);

		zone = stage_zone(s);
		zip_encode_tuple(w, net, &zone);
	}
}

static void get_net_info(struct stage *s, struct ddp *d, struct wr *w)
{
	struct at_name zone = stage_zone(s);

	d->type = DDP_ZIP;
	d->dst.socket = AT_SOCKET_ZIP;
	zip_encode_get_net_info(w, &zone);
}

static void net_info(struct stage *s, struct ddp *d, struct wr *w)
{
	struct zip_net_info i = { .flags = rd_u8(&s->script), .range = { .extended = true } };

	d->type = DDP_ZIP;
	d->dst.socket = d->src.socket = AT_SOCKET_ZIP;
	i.range.first = stage_net(s);
	i.range.last = (uint16_t)(i.range.first + stage_pick(s, 4));
	i.zone = stage_zone(s);
	i.default_zone = stage_zone(s);
	i.has_multicast = i.flags & 1;
	zip_encode_net_info(w, &i);
}

static void zone_list(struct stage *s, struct ddp *d, struct wr *w)
{
	struct zip_atp_request q = { .tid = 7 };

	d->type = DDP_ATP;
	d->dst.socket = AT_SOCKET_ZIP;
	q.function = (enum zip_atp_function)(ZIP_GET_MY_ZONE + stage_pick(s, 3));
	q.start = stage_pick(s, 8);
	zip_encode_atp_request(w, &q);
}

static void zone_notify(struct stage *s, struct ddp *d, struct wr *w)
{
	struct zip_notify n = { .old_zone = stage_zone(s), .new_zone = { .len = 0 } };

	d->type = DDP_ZIP;
	d->dst.socket = AT_SOCKET_ZIP;
	n.new_zone = stage_zone(s);
	zip_encode_notify(w, &n);
}

static void echo(struct stage *s, struct ddp *d, struct wr *w)
{
	d->type = DDP_AEP;
	d->dst.socket = AT_SOCKET_AEP;
	wr_u8(w, (uint8_t)(1 + stage_pick(s, 2)));
	raw(s, w);
}

void cast_data(struct stage *s, struct ddp *d, bool is_extended, struct wr *w)
{
	d->src.socket = 0x81;
	switch (stage_pick(s, 14)) {
	case 0:
	case 1:
		tagged(s, d, w);
		break;
	case 2:
	case 3:
		rtmp_data(s, d, is_extended, w);
		break;
	case 4:
		rtmp_request(s, d, w);
		break;
	case 5:
	case 6:
		nbp(s, d, w);
		break;
	case 7:
		zip_query(s, d, w);
		break;
	case 8:
		zip_reply(s, d, w);
		break;
	case 9:
		get_net_info(s, d, w);
		break;
	case 10:
		zone_list(s, d, w);
		break;
	case 11:
		echo(s, d, w);
		break;
	case 12:
		if (stage_pick(s, 2))
			net_info(s, d, w);
		else
			zone_notify(s, d, w);
		break;
	default:
		d->type = rd_u8(&s->script);
		d->dst.socket = rd_u8(&s->script);
		raw(s, w);
		break;
	}
}

void cast_datagram(struct stage *s, struct ddp *d, bool is_extended, struct wr *w)
{
	uint8_t data[DDP_DATA_MAX];
	struct wr body = wr_over(data, sizeof data);

	cast_data(s, d, is_extended, &body);
	CHECK(wr_ok(&body));
	d->len = (uint16_t)(DDP_LONG_HEADER + wr_len(&body));
	ddp_encode_long(w, d);
	wr_bytes(w, data, wr_len(&body));
	if (d->checksum != 0)
		wr_patch_u16(w, wr_len(w) - d->len + 2,
			ddp_checksum(w->pos - d->len, d->len) ^ (d->checksum == 2));
}
