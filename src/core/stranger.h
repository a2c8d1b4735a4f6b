/*
 * Routers that nobody configured (accept-unknown). One that calls is asked back
 * without remembering it: our Open-Req has a connection ID that follows from its
 * address, our secret and the time. Only who answers it becomes a peer; so a
 * forged address gets us neither memory nor more bytes than were sent.
 */
#ifndef AURPD_STRANGER_H
#define AURPD_STRANGER_H

#include <stddef.h>
#include <stdint.h>

#include "aurp.h"
#include "aurpd/at.h"
#include "meter.h"

struct peer;
struct tunnel;

struct stranger_gate {
	uint64_t key[2];
	struct meter replies;		/* packets sent to strangers */
	struct meter guesses;		/* answers to an Open-Req that is not ours */
};

void stranger_init(struct tunnel *t);

/*
 * ID of the Open-Req to an address that nobody remembers, of the present epoch or `ago`
 * before it; never 0. Another `salt` makes another ID.
 */
uint16_t stranger_id(const struct tunnel *t, struct endpoint to, unsigned int ago, uint32_t salt);

/*
 * A packet whose sender is no peer of the tunnel: `body` stands behind its domain
 * header, `len` is the whole payload. Returns the peer that its sender has become,
 * who takes the packet then; NULL: answered or dropped.
 */
struct peer *stranger_input(struct tunnel *t, struct endpoint from,
	const struct aurp_domain *domain, struct rd body, size_t len);

#endif
