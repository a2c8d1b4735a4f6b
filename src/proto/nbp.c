/* NBP packets and the matching of names (Inside AppleTalk ch. 7), for svc_nbp.c. */
#include "nbp.h"

#include <assert.h>

#include "aurpd/macroman.h"

enum {
	ANYTHING = 0x3D,	/* "=", alone */
	SOMETHING = 0xC5,	/* "≈", once, anywhere */
	OWN_ZONE = 0x2A,	/* "*", alone */
};

bool nbp_decode(struct rd *r, struct nbp *out)
{
	uint8_t byte = rd_u8(r);
	uint8_t function = byte >> 4;

	out->function = (enum nbp_function)function;
	out->count = byte & NBP_TUPLES_MAX;
	out->id = rd_u8(r);
	if (!rd_ok(r) || function < NBP_BRRQ || function > NBP_FWDREQ)
		return false;
	return function == NBP_LKUP_REPLY ? out->count > 0 : out->count == 1;
}

void nbp_encode(struct wr *w, const struct nbp *in)
{
	assert(in->count <= NBP_TUPLES_MAX);
	wr_u8(w, (uint8_t)((unsigned)in->function << 4 | in->count));
	wr_u8(w, in->id);
}

bool nbp_decode_tuple(struct rd *r, struct nbp_tuple *out)
{
	out->addr.net = rd_u16(r);
	out->addr.node = rd_u8(r);
	out->addr.socket = rd_u8(r);
	out->enumerator = rd_u8(r);
	out->object = rd_name(r);
	out->type = rd_name(r);
	out->zone = rd_name(r);
	return rd_ok(r);
}

void nbp_encode_tuple(struct wr *w, const struct nbp_tuple *in)
{
	wr_u16(w, in->addr.net);
	wr_u8(w, in->addr.node);
	wr_u8(w, in->addr.socket);
	wr_u8(w, in->enumerator);
	wr_name(w, &in->object);
	wr_name(w, &in->type);
	wr_name(w, &in->zone);
}

size_t nbp_tuple_size(const struct nbp_tuple *t)
{
	return 5 + 3 + (size_t)t->object.len + t->type.len + t->zone.len;
}

static bool same_folded(const uint8_t *a, const uint8_t *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (macroman_fold(a[i]) != macroman_fold(b[i]))
			return false;
	return true;
}

bool nbp_matches(const struct at_name *pattern, const struct at_name *name)
{
	const uint8_t *wild = memchr(pattern->byte, SOMETHING, pattern->len);
	size_t head, tail;

	if (pattern->len == 0)
		return false;
	if (pattern->len == 1 && pattern->byte[0] == ANYTHING)
		return true;
	if (!wild)
		return name_eq(pattern, name);
	head = (size_t)(wild - pattern->byte);
	tail = pattern->len - head - 1;
	if (memchr(wild + 1, SOMETHING, tail) || head + tail > name->len)
		return false;
	return same_folded(pattern->byte, name->byte, head) &&
	       same_folded(wild + 1, name->byte + name->len - tail, tail);
}

bool nbp_zone_is_own(const struct at_name *zone)
{
	return zone->len == 0 || (zone->len == 1 && zone->byte[0] == OWN_ZONE);
}
