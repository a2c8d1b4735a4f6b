/* Data sender: which events the peer asked for (send update information, RFC 1504 p. 23). */
#include "aurp_send.h"

#include "peer_state.h"

static uint16_t sui_of(const struct peer *p)
{
	/* Darwin's RI-Req says 0 and means what its Open-Req said (A2, Q2). */
	return p->send.sui == 0 && p->is_terse ? p->send.open_sui : p->send.sui;
}

static uint16_t sui_for(enum aurp_event_code code)
{
	switch (code) {
	case AURP_EV_NA:
		return AURP_SUI_NA;
	case AURP_EV_ND:
	case AURP_EV_NRC:
		return AURP_SUI_ND_NRC;
	case AURP_EV_NDC:
		return AURP_SUI_NDC;
	case AURP_EV_NULL:
	case AURP_EV_ZC:
		break;
	}
	return 0;
}

bool send_wants(const struct peer *p, const struct aurp_event *event, size_t n)
{
	uint16_t sui = sui_of(p);

	for (size_t i = 0; i < n; i++)
		if (sui & sui_for(event[i].code))
			return true;
	/* An addition that must wait for a deletion to be told. */
	return n > 0 && p->send.pass.has_deferred && (sui & AURP_SUI_NA);
}
