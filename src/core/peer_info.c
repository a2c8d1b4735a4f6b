/* A peer for the dump: its line, and its counters by name (router.h, aurp O11). For tunnel.c. */
#include "peer_state.h"

static const char *const rx_names[AURP_MSG_COUNT] = {
#define AURP_CMD(NAME, text, code, subcode, half, sequenced, least) [AURP_##NAME] = text "-rx",
#include "aurp_cmd.def"
#undef AURP_CMD
};

static const char *const tx_names[AURP_MSG_COUNT] = {
#define AURP_CMD(NAME, text, code, subcode, half, sequenced, least) [AURP_##NAME] = text "-tx",
#include "aurp_cmd.def"
#undef AURP_CMD
};

void peer_describe(const struct peer *p, struct peer_info *info)
{
	const struct peer *same = peer_same_as(p);

	*info = (struct peer_info){
		.name = p->config.name,
		.tunnel = p->tunnel->config.name,
		.host = p->config.host,
		.addr = p->to,
		.recv = recv_state_name(p),
		.send = send_state_name(p),
		.routes = list_count(&p->offers.paths),
		.told = p->send.view.used,
		.rtt_ms = p->rto.is_measured ? (long)span_to_ms(p->rto.mean) : -1,
		.heard_s = -1,
		.is_us = p->is_us,
		.same_as = same ? peer_name(same) : NULL,
		.remaps = recv_is_open(p) && (p->recv.environment & AURP_ENV_REMAPPING),
		.reduces_hops = recv_is_open(p) && (p->recv.environment & AURP_ENV_HOP_REDUCTION),
	};
	if (!instant_is_never(p->heard))
		info->heard_s = (long)span_to_s(instant_since(peer_env(p)->now, p->heard));
}

struct counter_walk {
	void (*each)(void *ctx, const struct counter_info *);
	void *ctx;
	const char *owner;
};

static void tell(const struct counter_walk *w, const char *kind, const char *name, uint64_t value)
{
	w->each(w->ctx, &(struct counter_info){ kind, w->owner, name, value });
}

void peer_walk_counters(const struct peer *p,
	void (*each)(void *ctx, const struct counter_info *), void *ctx)
{
	const struct peer_counters *c = &p->count;
	struct counter_walk w = { each, ctx, p->config.name };

	tell(&w, "peer", "rx", c->rx);
	tell(&w, "peer", "tx", c->tx);
	tell(&w, "peer", "rx-bytes", c->rx_bytes);
	tell(&w, "peer", "tx-bytes", c->tx_bytes);
	tell(&w, "peer", "data-rx", c->data_rx);
	tell(&w, "peer", "data-tx", c->data_tx);
	for (int m = 0; m < AURP_MSG_COUNT; m++) {
		tell(&w, "peer", rx_names[m], c->msg_rx[m]);
		tell(&w, "peer", tx_names[m], c->msg_tx[m]);
	}
	tell(&w, "peer", "retransmits", c->retransmits);
	tell(&w, "peer", "duplicates", c->duplicates);
	tell(&w, "peer", "out-of-sync", c->out_of_sync);
	tell(&w, "peer", "wrong-di", c->wrong_di);
	tell(&w, "peer", "zones-missing", recv_zones_missing(p));
	for (int reason = 0; reason < DROP_REASONS; reason++)
		if (c->drops[reason] > 0)
			tell(&w, "drop", drop_name((enum drop_reason)reason), c->drops[reason]);
}
