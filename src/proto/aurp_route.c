/*
 * The network tuples of RI-Rsp and GZN-Rsp and the event tuples of RI-Upd
 * (RFC 1504 p. 50-51), for aurp_recv.c and aurp_send.c.
 */
#include "aurp.h"

#include <assert.h>

enum {
	EXTENDED = 0x80,
	DISTANCE_MASK = 0x7F,
	NULL_EVENT_PAD = 3,	/* zero bytes after the code: four bare nulls, or one padded */
};

/* What both tuples share: first number, distance with the form bit, last number if extended. */
static void read_range(struct rd *r, struct at_range *range, uint8_t *distance)
{
	uint8_t byte;

	range->first = rd_u16(r);
	byte = rd_u8(r);
	range->extended = (byte & EXTENDED) != 0;
	range->last = range->extended ? rd_u16(r) : range->first;
	*distance = byte & DISTANCE_MASK;
}

static void write_range(struct wr *w, struct at_range range, uint8_t distance)
{
	assert(distance <= DISTANCE_MASK);
	wr_u16(w, range.first);
	wr_u8(w, range.extended ? EXTENDED | distance : distance);
	if (range.extended)
		wr_u16(w, range.last);
}

enum tuple_step aurp_next_network(struct rd *r, struct aurp_network *out)
{
	if (rd_ok(r) && rd_at_end(r))
		return TUPLE_END;
	read_range(r, &out->range, &out->distance);
	if (out->range.extended)
		rd_skip(r, 1);
	if (!rd_ok(r))
		return TUPLE_CUT;
	return at_range_is_valid(out->range) ? TUPLE_OK : TUPLE_BAD;
}

void aurp_encode_network(struct wr *w, const struct aurp_network *in)
{
	write_range(w, in->range, in->distance);
	if (in->range.extended)
		wr_u8(w, 0);
}

enum tuple_step aurp_next_event(struct rd *r, struct aurp_event *out)
{
	uint8_t code;

	if (rd_ok(r) && rd_at_end(r))
		return TUPLE_END;
	code = rd_u8(r);
	if (!rd_ok(r))
		return TUPLE_CUT;
	*out = (struct aurp_event){ .code = AURP_EV_NULL };
	if (code == AURP_EV_NULL)
		return TUPLE_OK;
	if (code >= AURP_EV_ZC) {
		rd_skip(r, rd_left(r) + 1);	/* nobody shall read on */
		return TUPLE_UNKNOWN;
	}
	out->code = (enum aurp_event_code)code;
	read_range(r, &out->range, &out->distance);
	if (!rd_ok(r))
		return TUPLE_CUT;
	return at_range_is_valid(out->range) ? TUPLE_OK : TUPLE_BAD;
}

void aurp_encode_event(struct wr *w, const struct aurp_event *in)
{
	assert(in->code < AURP_EV_ZC);
	wr_u8(w, (uint8_t)in->code);
	if (in->code == AURP_EV_NULL)
		wr_zeros(w, NULL_EVENT_PAD);
	else
		write_range(w, in->range, in->distance);
}

bool aurp_next_zi_net(struct rd *r, uint16_t *net)
{
	*net = rd_u16(r);
	return rd_ok(r);
}

void aurp_encode_zi_net(struct wr *w, uint16_t net)
{
	wr_u16(w, net);
}
