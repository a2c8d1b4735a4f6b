/*
 * The AURP header, and the bodies that open and close a connection: Open-Req,
 * Open-Rsp with their options, RD (RFC 1504 p. 46-56). For peer.c, aurp_recv.c
 * and aurp_send.c. The other bodies: aurp_route.c and aurp_zone.c.
 */
#include "aurp.h"

#include <assert.h>

static const struct aurp_cmd commands[] = {
#define AURP_CMD(NAME, text, code, subcode, half, sequenced, least) \
	[AURP_##NAME] = { text, code, subcode, AURP_##half, sequenced, least },
#include "aurp_cmd.def"
#undef AURP_CMD
};

const struct aurp_cmd *aurp_cmd(enum aurp_msg msg)
{
	assert(msg < AURP_MSG_COUNT);
	return &commands[msg];
}

enum aurp_msg aurp_classify(uint16_t code, uint16_t subcode)
{
	unsigned int msg = 0;

	while (msg < AURP_MSG_COUNT &&
		(commands[msg].code != code ||
			(commands[msg].subcode != 0 && commands[msg].subcode != subcode)))
		msg++;
	return (enum aurp_msg)msg;
}

static bool code_has_subcodes(uint16_t code)
{
	for (size_t i = 0; i < AURP_MSG_COUNT; i++)
		if (commands[i].code == code)
			return commands[i].subcode != 0;
	return false;
}

enum aurp_result aurp_decode(struct rd *r, struct aurp *out)
{
	uint16_t code, subcode = 0;

	out->connection = rd_u16(r);
	out->sequence = rd_u16(r);
	code = rd_u16(r);
	out->flags = rd_u16(r);
	out->msg = AURP_MSG_COUNT;
	if (rd_ok(r) && code_has_subcodes(code))
		subcode = rd_u16(r);
	if (!rd_ok(r))
		return AURP_CUT;
	out->msg = aurp_classify(code, subcode);
	if (out->msg == AURP_MSG_COUNT)
		return AURP_UNKNOWN;
	return rd_left(r) < commands[out->msg].least ? AURP_CUT : AURP_OK;
}

void aurp_encode(struct wr *w, const struct aurp *in)
{
	const struct aurp_cmd *cmd = aurp_cmd(in->msg);

	wr_u16(w, in->connection);
	wr_u16(w, in->sequence);
	wr_u16(w, cmd->code);
	wr_u16(w, in->flags);
	if (cmd->subcode != 0)
		wr_u16(w, cmd->subcode);
}

const char *aurp_error_text(int16_t error)
{
	switch (error) {
	case AURP_ERR_NORMAL_CLOSE:
		return "normal close";
	case AURP_ERR_ROUTING_LOOP:
		return "routing loop detected";
	case AURP_ERR_OUT_OF_SYNC:
		return "out of sync";
	case AURP_ERR_OPTION:
		return "option negotiation error";
	case AURP_ERR_VERSION:
		return "invalid version";
	case AURP_ERR_RESOURCES:
		return "insufficient resources";
	case AURP_ERR_AUTHENTICATION:
		return "authentication error";
	default:
		return "unknown error";
	}
}

/* Reads one option tuple; its length byte counts the type, so 0 is malformed. */
static bool read_option(struct rd *r, struct aurp_option *out)
{
	uint8_t len = rd_u8(r);

	out->data = rd_sub(r, len);
	out->type = rd_u8(&out->data);
	return rd_ok(r) && rd_ok(&out->data);
}

static bool read_options(struct rd *r, struct aurp_options *out)
{
	struct rd from;
	struct aurp_option option;
	size_t whole = rd_left(r);

	*out = (struct aurp_options){ 0, rd_sub(r, 0) };
	if (whole == 0)
		return true;	/* Darwin leaves the count out */
	out->count = rd_u8(r);
	from = *r;
	whole = rd_left(r);
	for (int i = 0; i < out->count; i++)
		if (!read_option(r, &option))
			return false;
	out->tuples = rd_sub(&from, whole - rd_left(r));
	return true;
}

bool aurp_next_option(struct rd *tuples, struct aurp_option *out)
{
	return read_option(tuples, out);
}

void aurp_encode_option(struct wr *w, uint8_t type, const void *data, size_t n)
{
	assert(n <= AURP_OPTION_DATA_MAX);
	wr_u8(w, (uint8_t)(1 + n));
	wr_u8(w, type);
	wr_bytes(w, data, n);
}

static void write_options(struct wr *w, const struct aurp_options *o)
{
	struct rd tuples = o->tuples;
	size_t n = rd_left(&tuples);

	wr_u8(w, o->count);
	if (n > 0)
		wr_bytes(w, rd_bytes(&tuples, n), n);
}

bool aurp_decode_open_req(struct rd *r, struct aurp_open_req *out)
{
	out->version = rd_u16(r);
	out->options = (struct aurp_options){ 0, rd_sub(r, 0) };
	if (!rd_ok(r))
		return false;
	return out->version != AURP_VERSION || read_options(r, &out->options);
}

void aurp_encode_open_req(struct wr *w, const struct aurp_open_req *in)
{
	wr_u16(w, in->version);
	write_options(w, &in->options);
}

bool aurp_decode_open_rsp(struct rd *r, struct aurp_open_rsp *out)
{
	out->rate = (int16_t)rd_u16(r);
	return rd_ok(r) && read_options(r, &out->options);
}

void aurp_encode_open_rsp(struct wr *w, const struct aurp_open_rsp *in)
{
	wr_u16(w, (uint16_t)in->rate);
	write_options(w, &in->options);
}

bool aurp_decode_rd(struct rd *r, int16_t *error)
{
	*error = (int16_t)rd_u16(r);
	return rd_ok(r);
}

void aurp_encode_rd(struct wr *w, int16_t error)
{
	wr_u16(w, (uint16_t)error);
}
