/* The echo service on socket 4 (Inside AppleTalk ch. 6); called by forward.c. */
#include "aep.h"
#include "services.h"

void aep_input(struct router *r, struct datagram *d)
{
	struct rd body = datagram_body(d);
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, DDP_DATA_MAX);
	enum aep_function function;
	size_t n;

	if (d->ddp.type != DDP_AEP || !aep_decode(&body, &function) || function != AEP_REQUEST) {
		datagram_drop(r, d, DROP_AEP_MALFORMED);
		return;
	}
	n = rd_left(&body);
	aep_encode(&w, AEP_REPLY, rd_bytes(&body, n), n);
	p->len = wr_len(&w);
	forward_reply(r, d, DDP_AEP, p);
}
