/* The router's events in words. */
#ifndef AURPD_MESSAGE_H
#define AURPD_MESSAGE_H

#include "aurpd/trace.h"
#include "pace.h"

enum { MESSAGE_MAX = 400 };

/* What happened, to which port or peer, and what to do; printable UTF-8. */
void message_text(const struct trace_event *e, char out[MESSAGE_MAX]);

/*
 * What the event is about, for the pace of the log; the source is left to the caller.
 * Numbers and UDP ports do not tell subjects apart: a router that calls has many.
 */
struct pace_about message_about(const struct trace_event *e);

#endif
