/* What may be the matter with the device of a link, and the sentences about a network interface. */
#ifndef AURPD_LINK_TROUBLE_H
#define AURPD_LINK_TROUBLE_H

#include "aurpd/config.h"
#include "ifwatch.h"

enum { LINK_TEXT_MAX = CONFIG_PATH_MAX + 300, LINK_REMARKS_MAX = 2 };

enum link_trouble {
	TROUBLE_UNKNOWN,	/* not looked yet, or the kernel could not be asked */
	TROUBLE_NONE,
	TROUBLE_ABSENT,
	TROUBLE_NOT_ETHERNET,
	TROUBLE_MEMBER,		/* of a bridge or bond: its frames go there */
	TROUBLE_DOWN,
	TROUBLE_NO_CARRIER,
	TROUBLE_FAILED,		/* it cannot be opened; errno says why */
};

/*
 * Sees whether a port can use an existing interface: the one that info->index is already, as
 * long as it exists, or the one of that name. Fills *info unless TROUBLE_ABSENT or
 * TROUBLE_UNKNOWN. The latter (errno says why, descriptors may have run out) is no reason to
 * close what is open: ask again.
 */
enum link_trouble link_judge(const char *device, bool needs_ethernet, struct ifinfo *info);

/* Reason and remedy of a trouble that link_judge() found. */
void link_trouble_text(enum link_trouble trouble, const char *device, const struct ifinfo *info,
	char text[LINK_TEXT_MAX]);

/* Remarks about an interface that works but has pitfalls; how many there are. */
size_t link_remarks(const char *device, const struct ifinfo *info,
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX]);

#endif
