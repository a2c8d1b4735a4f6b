/*
 * Packets that nobody should heed: from the address of a peer but with guessed
 * connection IDs and sequence numbers, or from an address that nobody lists.
 * Commands, flags and bodies are drawn; some bodies are whole, some are not.
 */
#include "random.h"

enum { PACKETS = 40, BODY_MAX = 60 };

static void encode_body(struct prng *prng, struct wr *w, enum aurp_msg msg)
{
	const struct aurp_network n = { { 50, 50, true }, 1 };
	const struct aurp_event ev = { AURP_EV_ND, { 50, 51, true }, 0 };
	size_t len;

	switch (prng_range(prng, 0, 3)) {
	case 0:
		aurp_encode_network(w, &n);
		break;
	case 1:
		aurp_encode_event(w, &ev);
		break;
	case 2:
		if (msg == AURP_OPEN_RSP)
			aurp_encode_open_rsp(w, &(struct aurp_open_rsp){ .rate = 1 });
		else
			aurp_encode_open_req(w, &(struct aurp_open_req){ .version = 1 });
		break;
	default:
		len = prng_range(prng, 0, BODY_MAX);
		for (size_t i = 0; i < len; i++)
			wr_u8(w, (uint8_t)prng_u32(prng));
		break;
	}
}

static void forge(struct prng *prng, struct mesh *m, const struct jack *as, const struct jack *to,
	const struct jack *outside)
{
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);
	struct wr w = wr_over(p->data, pkt_tailroom(p));
	const struct aurp_domain domain = { { DI_IP, to->addr.ip }, { DI_IP, as->addr.ip },
		AURP_ROUTING };
	struct aurp h = { .msg = (enum aurp_msg)prng_range(prng, 0, AURP_MSG_COUNT - 1) };

	h.connection = (uint16_t)prng_u32(prng);
	h.sequence = (uint16_t)prng_range(prng, 0, 5);
	h.flags = (uint16_t)prng_u32(prng);
	aurp_encode(&w, &h);
	encode_body(prng, &w, h.msg);
	p->len = wr_len(&w);
	if (aurp_push_domain(p, &domain))
		mesh_forge(m, jack_listed(as, outside), jack_listed(to, outside), p);
}

void random_forge(struct world *w, const struct fault *f)
{
	struct mesh *m = w->meshes.at[f->a % w->meshes.n];
	const struct script *stranger = w->scripts.at[m->index];
	struct prng prng;

	prng_init(&prng, (uint64_t)f->b << 32 | f->c);
	for (int i = 0; i < PACKETS; i++) {
		const struct jack *as = m->jacks.at[prng_range(&prng, 0, (uint32_t)m->jacks.n - 1)];
		const struct jack *to = m->jacks.at[prng_range(&prng, 0, (uint32_t)m->jacks.n - 1)];

		if (f->kind == FAULT_STRANGER)
			as = &stranger->jack;
		/* Some makes fall for it. */
		if (as != to && !mate_of_jack(w, to))
			forge(&prng, m, as, to, &stranger->jack);
	}
}
