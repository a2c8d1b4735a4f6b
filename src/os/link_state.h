/* What is the matter with the device of a link; each trouble is said once. */
#ifndef AURPD_LINK_STATE_H
#define AURPD_LINK_STATE_H

#include "ifwatch.h"
#include "link.h"

enum { LTOUDP_PORT = 1954 };

enum link_trouble {
	TROUBLE_UNKNOWN,	/* not looked yet, or the kernel could not be asked */
	TROUBLE_NONE,
	TROUBLE_ABSENT,
	TROUBLE_NOT_ETHERNET,
	TROUBLE_MEMBER,		/* of a bridge or bond: its frames go there */
	TROUBLE_DOWN,
	TROUBLE_NO_CARRIER,
	TROUBLE_DENIED,
	TROUBLE_IN_USE,		/* somebody else has the UDP port of LToUDP for itself (Q25) */
	TROUBLE_FAILED,
};

struct link_state {
	const char *device;
	enum link_trouble trouble;
	struct link_hooks hooks;
};

/*
 * Sees whether a port can use an existing interface; fills *info unless TROUBLE_ABSENT or
 * TROUBLE_UNKNOWN. The latter (errno says why, descriptors may have run out) is no reason to
 * close what is open: ask again.
 */
enum link_trouble link_judge(const char *device, bool needs_ethernet, struct ifinfo *info);

/*
 * Takes the new trouble, and says it if it is new. `info` belongs to
 * link_judge()'s answer, `error` (errno) to DENIED and FAILED.
 */
void link_enter(
	struct link_state *s, enum link_trouble trouble, const struct ifinfo *info, int error);

/* Remarks about an interface that works but has pitfalls (wireless, the kernel's AppleTalk). */
void link_warn(const struct link_state *s, const struct ifinfo *info);

#endif
