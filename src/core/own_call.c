/* Our own call, recognised by its identifier and its connection ID; tunnel.c asks. */
#include "own_call.h"

#include "peer_state.h"

/* The peer that this tunnel calls with this ID; NULL: none. */
static struct peer *find_called_by(const struct tunnel *t, uint16_t id)
{
	const struct list *it;

	list_for_each(it, &t->peers) {
		struct peer *p = container_of(it, struct peer, in_tunnel);

		if (p->recv.state == RECV_WAIT_OPEN_RSP && p->recv.id == id)
			return p;
	}
	return NULL;
}

/* The same of all our tunnels that call themselves so: one may have called the other. */
static struct peer *find_called(const struct router *r, struct domain_id own, uint16_t id)
{
	const struct list *it;
	struct peer *p = NULL;

	list_for_each(it, &r->tunnels) {
		const struct tunnel *t = container_of(it, struct tunnel, in_router);

		if (!p && domain_id_eq(t->own, own))
			p = find_called_by(t, id);
	}
	return p;
}

bool own_call_input(struct tunnel *t, struct endpoint from, const struct aurp_domain *domain,
	struct rd body)
{
	struct peer *p = NULL;
	struct aurp h;

	if (domain->type == AURP_ROUTING && aurp_decode(&body, &h) == AURP_OK &&
		h.msg == AURP_OPEN_REQ)
		p = find_called(t->r, domain->src, h.connection);
	if (!p)
		return false;
	tunnel_drop(t, DROP_AURP_OWN_CALL, from);
	p->is_us = true;
	peer_trace(p, TRACE_PEER_IS_US, NULL);
	recv_refuse_self(p);
	return true;
}
