/* The two halves of NBP in a router, seen by each other: look-ups of others, and our own names. */
#ifndef AURPD_NBP_NAME_H
#define AURPD_NBP_NAME_H

#include "forward.h"
#include "nbp.h"
#include "port.h"

/*
 * svc_nbp.c: a look-up in a zone of the internet, on behalf of the node in
 * t->addr, which is reached by `asker` where only a link reaches it (NULL: from
 * a tunnel). False: no network has the zone.
 */
bool nbp_look_up(struct router *r, struct port *asker, uint8_t id, const struct nbp_tuple *t);

/* svc_nbp_name.c: answers a look-up if our name on this port fits (N16, N18-N20). */
void nbp_answer(struct port *port, struct port *asker, uint8_t id, const struct nbp_tuple *t);

/* svc_nbp_name.c: a LkUp-Reply came: a name we want to register is taken. False: not for us. */
bool nbp_name_heard(struct router *r, const struct nbp *h, struct rd tuples);

#endif
