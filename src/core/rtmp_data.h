/* RTMP out, as svc_rtmp.c sees it: the answers to Requests (Inside AppleTalk ch. 5). */
#ifndef AURPD_RTMP_DATA_H
#define AURPD_RTMP_DATA_H

#include "forward.h"
#include "port.h"

/* What of the routing table goes into Data. */
enum rtmp_view {
	RTMP_SPLIT_HORIZON,	/* what a router on this port does not know better itself (R14) */
	RTMP_WHOLE_TABLE,	/* everything (R36) */
	RTMP_POISON,		/* as the first, all unreachable (R33) */
};

/* Data packets about the port's cable, to whoever sent `to`. */
void rtmp_answer_data(struct port *port, const struct datagram *to, enum rtmp_view view);

/* A Response to a Request (R34, R35). */
void rtmp_send_response(struct port *port, const struct datagram *to);

#endif
