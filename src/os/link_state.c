/*
 * Judging a network interface, and the sentences about it. ether_linux.c,
 * tap_linux.c and ltoudp.c call. Conformance Q19 (wireless), Q21 (bridge
 * member), Q22 (the kernel's own AppleTalk on the same interface), Q25 (who
 * does not share LToUDP's port).
 */
#include "link_state.h"

#include <errno.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 300 };

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
	if (!ifwatch_query(device, info))
		return errno == ENODEV ? TROUBLE_ABSENT : TROUBLE_UNKNOWN;
	if (needs_ethernet && info->hardware != ARPHRD_ETHER)
		return TROUBLE_NOT_ETHERNET;
	if (info->master[0] && takes_frames(info->master_kind))
		return TROUBLE_MEMBER;
	if (!(info->flags & IFF_UP))
		return TROUBLE_DOWN;
	return info->flags & IFF_RUNNING ? TROUBLE_NONE : TROUBLE_NO_CARRIER;
}

static void describe(
	const struct link_state *s, const struct ifinfo *info, int error, char text[SENTENCE_MAX])
{
	const char *d = s->device;

	switch (s->trouble) {
	case TROUBLE_ABSENT:
		snprintf(text, SENTENCE_MAX,
			"there is no interface %s yet; waiting for it (see: ip link)", d);
		break;
	case TROUBLE_NOT_ETHERNET:
		snprintf(text, SENTENCE_MAX,
			"%s is not an Ethernet interface; choose another one (see: ip link)", d);
		break;
	case TROUBLE_MEMBER:
		snprintf(text, SENTENCE_MAX,
			"%s belongs to %s %s, which takes its frames; write device = %s", d,
			info->master_kind, info->master, info->master);
		break;
	case TROUBLE_DOWN:
		snprintf(text, SENTENCE_MAX,
			"%s is down; waiting until it is up (ip link set %s up)", d, d);
		break;
	case TROUBLE_NO_CARRIER:
		snprintf(text, SENTENCE_MAX,
			"%s has no carrier; waiting for it (is the cable plugged in?)", d);
		break;
	case TROUBLE_DENIED:
		snprintf(text, SENTENCE_MAX, "%s cannot be opened: %s", d, strerror(error));
		break;
	case TROUBLE_IN_USE:
		snprintf(text, SENTENCE_MAX,
			"a program on this machine keeps UDP port %d for itself (see: ss -lunp "
			"'sport = :%d'); end it, or use a version that shares the port "
			"(SO_REUSEADDR, SO_REUSEPORT); trying again",
			LTOUDP_PORT, LTOUDP_PORT);
		break;
	default:
		snprintf(text, SENTENCE_MAX, "%s cannot be opened: %s; trying again", d,
			strerror(error));
	}
}

void link_enter(
	struct link_state *s, enum link_trouble trouble, const struct ifinfo *info, int error)
{
	char text[SENTENCE_MAX];
	enum log_level level;

	if (trouble == s->trouble)
		return;
	s->trouble = trouble;
	if (trouble == TROUBLE_NONE)
		return;
	describe(s, info, error, text);
	level = trouble == TROUBLE_NO_CARRIER || trouble == TROUBLE_DOWN ? LOG_LEVEL_WARNING
									 : LOG_LEVEL_ERROR;
	s->hooks.say(s->hooks.ctx, level, text);
}

void link_warn(const struct link_state *s, const struct ifinfo *info)
{
	char text[SENTENCE_MAX];

	if (info->is_wireless) {
		snprintf(text, sizeof text,
			"%s is a wireless interface: access points do not carry AppleTalk's "
			"multicasts and foreign hardware addresses reliably; use a cable",
			s->device);
		s->hooks.say(s->hooks.ctx, LOG_LEVEL_WARNING, text);
	}
	if (info->has_kernel_appletalk) {
		snprintf(text, sizeof text,
			"the kernel's AppleTalk (netatalk's atalkd) uses %s too: give this port "
			"a hardware-address of its own, or an interface of its own (macvlan, tap)",
			s->device);
		s->hooks.say(s->hooks.ctx, LOG_LEVEL_WARNING, text);
	}
}
