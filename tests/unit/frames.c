/* The way down to DDP data and back up, for the tests of everything that DDP carries. */
#include "frames.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct pkt frame_load(struct frame *f, const char *name)
{
	struct pkt p;

	f->vector = vector_load(name);
	p = pkt_over(f->bytes, sizeof f->bytes, PKT_HEADROOM);
	memcpy(p.data, f->vector.byte, f->vector.len);
	p.len = f->vector.len;
	return p;
}

void frame_open_ethertalk(struct frame *f, const char *name)
{
	f->pkt = frame_load(f, name);
	assert_int_equal(elap_pull(&f->pkt, &f->elap), ELAP_OK);
	assert_int_equal(f->elap.kind, ELAP_DDP);
	f->body = rd_over(f->pkt.data, f->pkt.len);
	assert_true(ddp_decode_long(&f->body, &f->ddp));
	assert_int_equal(f->ddp.len, f->pkt.len);
}

void frame_open_localtalk(struct frame *f, const char *name)
{
	f->pkt = frame_load(f, name);
	assert_true(llap_fcs_ok(f->pkt.data, f->pkt.len));
	pkt_trim(&f->pkt, f->pkt.len - LLAP_FCS);
	assert_int_equal(llap_pull(&f->pkt, &f->llap), LLAP_OK);
	f->body = rd_over(f->pkt.data, f->pkt.len);
	if (f->llap.type == LLAP_DDP_SHORT)
		assert_true(ddp_decode_short(&f->body, &f->ddp));
	else
		assert_true(ddp_decode_long(&f->body, &f->ddp));
	assert_int_equal(f->ddp.len, f->pkt.len);
}

static struct pkt *fill(struct pkt_buf *b, const struct wr *body)
{
	struct pkt *p = pkt_buf_init(b);

	assert_true(wr_ok(body));
	memcpy(p->data, body->start, wr_len(body));
	p->len = wr_len(body);
	return p;
}

void assert_ethertalk_rebuilds(const struct frame *f, const struct wr *body)
{
	struct pkt_buf b;
	struct pkt *p = fill(&b, body);

	assert_true(ddp_push_long(p, &f->ddp));
	assert_true(elap_push(p, &f->elap));
	assert_int_equal(p->len, f->vector.len);
	assert_memory_equal(p->data, f->vector.byte, p->len);
}

void assert_localtalk_rebuilds(const struct frame *f, const struct wr *body)
{
	struct pkt_buf b;
	struct pkt *p = fill(&b, body);
	uint16_t fcs;

	if (f->llap.type == LLAP_DDP_SHORT) {
		uint8_t *header = pkt_push(p, DDP_SHORT_HEADER);
		struct wr w = wr_over(header, DDP_SHORT_HEADER);

		ddp_encode_short(&w, &f->ddp);
		assert_true(wr_ok(&w));
	} else {
		assert_true(ddp_push_long(p, &f->ddp));
	}
	assert_true(llap_push(p, &f->llap));
	fcs = llap_fcs(p->data, p->len);
	p->data[p->len++] = (uint8_t)fcs;
	p->data[p->len++] = (uint8_t)(fcs >> 8);
	assert_int_equal(p->len, f->vector.len);
	assert_memory_equal(p->data, f->vector.byte, p->len);
}
