/* Our own call, recognised by its identifier and its connection ID; tunnel.c asks. */
#include "own_call.h"

#include "peer_state.h"

/* The peer that we call with this ID; NULL: none. */
static struct peer *find_called(const struct tunnel *t, uint16_t id)
{
	const struct list *it;

	list_for_each(it, &t->peers) {
		struct peer *p = container_of(it, struct peer, in_tunnel);

		if (p->recv.state == RECV_WAIT_OPEN_RSP && p->recv.id == id)
			return p;
	}
	return NULL;
}

bool own_call_input(struct tunnel *t, struct endpoint from, const struct aurp_domain *domain,
	struct rd body)
{
	struct peer *p = NULL;
	struct aurp h;

	if (domain->type != AURP_ROUTING || !domain_id_eq(domain->src, t->own))
		return false;
	if (aurp_decode(&body, &h) == AURP_OK && h.msg == AURP_OPEN_REQ)
		p = find_called(t, h.connection);
	if (!p)
		return false;
	tunnel_drop(t, DROP_AURP_OWN_CALL, from);
	p->is_us = true;
	peer_trace(p, TRACE_PEER_IS_US, NULL);
	recv_refuse_self(p);
	return true;
}
