/*
 * Domain identifiers and the domain header that stands before everything on a
 * tunnel (RFC 1504 p. 12-18, 45), for tunnel.c.
 */
#include "aurp.h"

enum {
	LENGTH_NULL = 1,	/* of a domain identifier, behind its length byte */
	LENGTH_IP = 7,
};

static enum aurp_domain_result read_id(struct rd *r, struct domain_id *out)
{
	uint8_t len = rd_u8(r);
	struct rd id = rd_sub(r, len);
	uint8_t authority;

	if (!rd_ok(r))
		return AURP_DOMAIN_CUT;
	if (len % 2 == 0)
		return AURP_DOMAIN_BAD_DI;
	*out = (struct domain_id){ .authority = DI_NULL };
	authority = rd_u8(&id);
	if (authority == DI_NULL)
		return len == LENGTH_NULL ? AURP_DOMAIN_OK : AURP_DOMAIN_BAD_DI;
	if (authority != DI_IP)
		return AURP_DOMAIN_BAD_AUTHORITY;
	if (len != LENGTH_IP)
		return AURP_DOMAIN_BAD_DI;
	out->authority = DI_IP;
	rd_skip(&id, 2);	/* distinguisher */
	out->ip = rd_u32(&id);
	return AURP_DOMAIN_OK;
}

static size_t id_len(struct domain_id id)
{
	return id.authority == DI_NULL ? LENGTH_NULL : LENGTH_IP;
}

static void write_id(struct wr *w, struct domain_id id)
{
	wr_u8(w, (uint8_t)id_len(id));
	if (id.authority == DI_NULL) {
		wr_u8(w, DI_NULL);
		return;
	}
	wr_u8(w, DI_IP);
	wr_u16(w, 0);
	wr_u32(w, id.ip);
}

enum aurp_domain_result aurp_decode_domain(struct rd *r, struct aurp_domain *out)
{
	enum aurp_domain_result result;
	uint16_t version, type;

	result = read_id(r, &out->dst);
	if (result == AURP_DOMAIN_OK)
		result = read_id(r, &out->src);
	if (result != AURP_DOMAIN_OK)
		return result;
	version = rd_u16(r);
	rd_skip(r, 2);
	type = rd_u16(r);
	if (!rd_ok(r))
		return AURP_DOMAIN_CUT;
	if (version != AURP_VERSION)
		return AURP_DOMAIN_BAD_VERSION;
	if (type != AURP_DATA && type != AURP_ROUTING)
		return AURP_DOMAIN_BAD_TYPE;
	out->type = (enum aurp_type)type;
	return AURP_DOMAIN_OK;
}

size_t aurp_domain_len(const struct aurp_domain *h)
{
	return 1 + id_len(h->dst) + 1 + id_len(h->src) + 3 * sizeof(uint16_t);
}

void aurp_encode_domain(struct wr *w, const struct aurp_domain *in)
{
	write_id(w, in->dst);
	write_id(w, in->src);
	wr_u16(w, AURP_VERSION);
	wr_u16(w, 0);
	wr_u16(w, (uint16_t)in->type);
}

bool aurp_push_domain(struct pkt *p, const struct aurp_domain *h)
{
	uint8_t bytes[AURP_DOMAIN_HEADER];
	struct wr w = wr_over(bytes, sizeof bytes);
	struct wr into;

	aurp_encode_domain(&w, h);
	if (!pkt_push(p, wr_len(&w)))
		return false;
	into = wr_over(p->data, wr_len(&w));
	wr_bytes(&into, bytes, wr_len(&w));
	return true;
}
