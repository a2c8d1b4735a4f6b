/*
 * Troubles of a cable that last: each is told by what it is, and stands in the
 * dump while it is seen. ethertalk_self.c and svc_rtmp.c recognise them; how
 * often a person hears of them is the log's business.
 */
#include <string.h>

#include "port.h"
#include "router_state.h"

enum { LASTS_S = 600 };		/* a trouble that was not seen for so long is over */

static const struct {
	enum trace_kind kind;
	const char *word;
} troubles[PORT_TROUBLES] = {
	[PORT_LOOP] = { TRACE_PORT_LOOP, "loop" },
	[PORT_TWIN] = { TRACE_PORT_TWIN, "hardware-address-twice" },
	[PORT_SHARED_CABLE] = { TRACE_PORT_SHARED_CABLE, "two-ports-one-cable" },
};

void port_notice(struct port *port, enum port_trouble trouble, const struct port *other)
{
	struct port_notice *n = &port->notices[trouble];
	const struct instant now = port->env->now;
	const bool was_said = n->is_known && instant_since(now, n->said).us < span_s(1).us;

	n->is_known = true;
	n->seen = now;
	if (was_said)
		return;
	n->said = now;
	env_trace(port->env, &(struct trace_event){ .kind = troubles[trouble].kind,
		.port = port->config.name, .mac = port->mac,
		.other = other ? other->config.name : NULL });
}

void port_trouble_text(const struct port *port, char out[PORT_TROUBLE_TEXT])
{
	size_t used = 0;

	for (size_t i = 0; i < PORT_TROUBLES; i++) {
		const struct port_notice *n = &port->notices[i];
		size_t len = strlen(troubles[i].word);

		if (!n->is_known ||
		    span_cmp(instant_since(port->env->now, n->seen), span_s(LASTS_S)) > 0)
			continue;
		if (used > 0)
			out[used++] = ',';
		memcpy(out + used, troubles[i].word, len);
		used += len;
	}
	out[used] = '\0';
}
