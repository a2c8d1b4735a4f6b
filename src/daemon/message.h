/* The router's events in words. */
#ifndef AURPD_MESSAGE_H
#define AURPD_MESSAGE_H

#include "aurpd/trace.h"

enum { MESSAGE_MAX = 400 };

/*
 * What happened, to which port or peer, and what to do; printable UTF-8. Returns
 * something that is the same for all events of a kind.
 */
const void *message_text(const struct trace_event *e, char out[MESSAGE_MAX]);

#endif
