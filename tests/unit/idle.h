/* Surroundings that do nothing: for tests of parts that need a router or a loop, and no more. */
#ifndef AURPD_IDLE_H
#define AURPD_IDLE_H

#include "aurpd/router_io.h"
#include "loop.h"

/* Whoever wants to hear of events replaces `ctx` and `trace`. */
struct router_io idle_io(void);

struct loop_hooks idle_hooks(void);

#endif
