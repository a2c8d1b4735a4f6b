/*
 * A list of peers that many routers share names its reader, too: then our own
 * Open-Req comes back to us, perhaps through an address translator.
 */
#ifndef AURPD_OWN_CALL_H
#define AURPD_OWN_CALL_H

#include <stdbool.h>

#include "aurp.h"
#include "aurpd/at.h"

struct tunnel;

/*
 * Is this packet, whose `body` stands behind its domain header, an Open-Req that we sent? Then
 * it is dropped, and the peer to which it went is called as rarely as one that refuses: not
 * never, because 16 bits of connection ID can be guessed by who wants to keep us from a peer.
 */
bool own_call_input(struct tunnel *t, struct endpoint from, const struct aurp_domain *domain,
	struct rd body);

#endif
