/*
 * Judging a network interface, and the sentences about it; for link.c and the
 * kinds of links on interfaces. Conformance Q19 (wireless), Q21 (bridge member),
 * Q22 (the kernel's own AppleTalk on the same interface).
 */
#include "link_trouble.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

/* Masters that take all frames of their members away. */
static bool takes_frames(const char *kind)
{
	static const char *const kinds[] = { "bridge", "bond", "team", "openvswitch" };

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

enum link_trouble link_judge(const char *device, bool needs_ethernet, struct ifinfo *info)
{
	if (!ifwatch_follow(device, info))
		return errno == ENODEV ? TROUBLE_ABSENT : TROUBLE_UNKNOWN;
	if (needs_ethernet && info->hardware != ARPHRD_ETHER)
		return TROUBLE_NOT_ETHERNET;
	if (info->master[0] && takes_frames(info->master_kind))
		return TROUBLE_MEMBER;
	if (!(info->flags & IFF_UP))
		return TROUBLE_DOWN;
	return info->flags & IFF_RUNNING ? TROUBLE_NONE : TROUBLE_NO_CARRIER;
}

/* What is configured nowhere is down again after the next boot; that is so of cards alone. */
static void down_text(const char *device, const struct ifinfo *info, char text[LINK_TEXT_MAX])
{
	if (info->kind[0])
		snprintf(text, LINK_TEXT_MAX,
			"%s is down; waiting until it is up (ip link set %s up)", device, device);
	else
		snprintf(text, LINK_TEXT_MAX,
			"%s is down; waiting until it is up: ip link set %s up does that now, and "
			"\"allow-hotplug %s\" with \"iface %s inet manual\" in "
			"/etc/network/interfaces after every boot (README: The interface, also for "
			"systemd-networkd and NetworkManager)",
			device, device, info->name, info->name);
}

void link_trouble_text(enum link_trouble trouble, const char *device, const struct ifinfo *info,
	char text[LINK_TEXT_MAX])
{
	switch (trouble) {
	case TROUBLE_ABSENT:
		snprintf(text, LINK_TEXT_MAX,
			"there is no interface %s yet; waiting for it (see: ip link)", device);
		break;
	case TROUBLE_NOT_ETHERNET:
		snprintf(text, LINK_TEXT_MAX,
			"%s is not an Ethernet interface; choose another one (see: ip link)",
			device);
		break;
	case TROUBLE_MEMBER:
		snprintf(text, LINK_TEXT_MAX,
			"%s belongs to %s %s, which takes its frames; write device = %s", device,
			info->master_kind, info->master, info->master);
		break;
	case TROUBLE_DOWN:
		down_text(device, info, text);
		break;
	default:
		snprintf(text, LINK_TEXT_MAX,
			"%s has no carrier; waiting for it (is the cable plugged in?)", device);
	}
}

size_t link_remarks(const char *device, const struct ifinfo *info,
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX])
{
	size_t n = 0;

	if (info->is_wireless)
		snprintf(texts[n++], LINK_TEXT_MAX,
			"%s is a wireless interface: access points do not carry AppleTalk's "
			"multicasts and foreign hardware addresses reliably; use a cable",
			device);
	if (info->has_kernel_appletalk)
		snprintf(texts[n++], LINK_TEXT_MAX,
			"the kernel's AppleTalk (netatalk's atalkd) uses %s too: give this port "
			"a hardware-address of its own, or an interface of its own (macvlan, tap)",
			device);
	return n;
}
