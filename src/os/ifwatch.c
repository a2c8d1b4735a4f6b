/*
 * Interfaces through rtnetlink: one socket that hears of changes, and a
 * question by name or index. links.c in the daemon passes changes on to its links,
 * which ask for the whole state instead of trusting one message.
 */
#include "ifwatch.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "xmem.h"

enum {
	NAME_MAX_ALT = 128,		/* an alternative name with its end (ALTIFNAMSIZ) */
	PATIENCE_S = 1,			/* the kernel has its list at hand */
	/* A routing daemon changes thousands of routes in a moment: they are looked at together. */
	ROUTES_SETTLE_MS = 500,
};

struct ifwatch {
	int fd;
	struct loop_watch *readable;
	struct loop_timer *settle;
	bool is_settling;
	struct ifwatch_hooks hooks;
};

/* Netlink's messages are host structs in host order; this is their one home. */
union answer {
	struct nlmsghdr header;
	char bytes[16384];
};

static const struct rtattr *next_attribute(const struct rtattr *a, int *left)
{
	const int step = (int)RTA_ALIGN(a->rta_len);

	*left -= step;
	return (const void *)((const char *)a + step);
}

static const struct nlmsghdr *next_message(const struct nlmsghdr *h, size_t *left)
{
	const size_t step = NLMSG_ALIGN(h->nlmsg_len);

	*left = step < *left ? *left - step : 0;
	return (const void *)((const char *)h + step);
}

static void copy_text(char *to, size_t size, const struct rtattr *a)
{
	size_t n = strnlen(RTA_DATA(a), RTA_PAYLOAD(a));

	if (n >= size)
		n = size - 1;
	memcpy(to, RTA_DATA(a), n);
	to[n] = '\0';
}

static const struct rtattr *find_attribute(const struct rtattr *inside, unsigned short type)
{
	int left = (int)RTA_PAYLOAD(inside);

	for (const struct rtattr *a = RTA_DATA(inside); RTA_OK(a, left);
		a = next_attribute(a, &left))
		if ((a->rta_type & NLA_TYPE_MASK) == type)
			return a;
	return NULL;
}

/* May frames pass between the bridge and this member (spanning tree)? */
static bool is_forwarding(const struct rtattr *info)
{
	const struct rtattr *data = find_attribute(info, IFLA_INFO_SLAVE_DATA);
	const struct rtattr *state = data ? find_attribute(data, IFLA_BRPORT_STATE) : NULL;

	return state && RTA_PAYLOAD(state) >= 1 &&
		*(const uint8_t *)RTA_DATA(state) == BR_STATE_FORWARDING;
}

static void read_linkinfo(const struct rtattr *info, struct ifinfo *out)
{
	const struct rtattr *kind = find_attribute(info, IFLA_INFO_KIND);
	const struct rtattr *master_kind = find_attribute(info, IFLA_INFO_SLAVE_KIND);

	if (kind)
		copy_text(out->kind, sizeof out->kind, kind);
	if (master_kind)
		copy_text(out->master_kind, sizeof out->master_kind, master_kind);
	out->is_forwarding = is_forwarding(info);
}

static void read_link(const struct nlmsghdr *h, struct ifinfo *out)
{
	const struct ifinfomsg *m = NLMSG_DATA(h);
	const struct rtattr *a = (const void *)((const char *)m + NLMSG_ALIGN(sizeof *m));
	int left = (int)IFLA_PAYLOAD(h);

	*out = (struct ifinfo){
		.index = m->ifi_index, .flags = m->ifi_flags, .hardware = m->ifi_type
	};
	for (; RTA_OK(a, left); a = next_attribute(a, &left)) {
		if (a->rta_type == IFLA_IFNAME)
			copy_text(out->name, sizeof out->name, a);
		else if (a->rta_type == IFLA_ADDRESS && RTA_PAYLOAD(a) == sizeof out->mac.byte)
			memcpy(out->mac.byte, RTA_DATA(a), sizeof out->mac.byte);
		else if (a->rta_type == IFLA_MASTER &&
			RTA_PAYLOAD(a) == sizeof out->master_index)
			memcpy(&out->master_index, RTA_DATA(a), sizeof out->master_index);
		else if (a->rta_type == IFLA_LINKINFO)
			read_linkinfo(a, out);
	}
}

static void on_settled(void *arg)
{
	struct ifwatch *w = arg;

	w->is_settling = false;
	w->hooks.addresses(w->hooks.ctx);
}

/* The address that packets leave from follows the routes, which come after the address (DHCP). */
static void on_route(struct ifwatch *w)
{
	if (w->is_settling)
		return;
	w->is_settling = true;
	loop_timer_set(w->settle, span_ms(ROUTES_SETTLE_MS));
}

static bool is_about_routes(unsigned type)
{
	return type == RTM_NEWROUTE || type == RTM_DELROUTE || type == RTM_NEWRULE ||
		type == RTM_DELRULE;
}

static void on_readable(void *arg)
{
	struct ifwatch *w = arg;
	union answer in;
	/* MSG_TRUNC: the length that the message has, even if it is cut. */
	ssize_t n = recv(w->fd, in.bytes, sizeof in.bytes, MSG_DONTWAIT | MSG_TRUNC);
	bool is_cut = n > (ssize_t)sizeof in.bytes;
	size_t left = n > 0 && !is_cut ? (size_t)n : 0;

	if (is_cut || (n < 0 && errno == ENOBUFS)) {	/* something was lost: look at everything */
		w->hooks.interface(w->hooks.ctx);
		w->hooks.addresses(w->hooks.ctx);
	}
	for (const struct nlmsghdr *h = &in.header; NLMSG_OK(h, left); h = next_message(h, &left)) {
		if (h->nlmsg_type == RTM_NEWADDR || h->nlmsg_type == RTM_DELADDR)
			w->hooks.addresses(w->hooks.ctx);
		if (is_about_routes(h->nlmsg_type))
			on_route(w);
		if (h->nlmsg_type == RTM_NEWLINK || h->nlmsg_type == RTM_DELLINK)
			w->hooks.interface(w->hooks.ctx);
	}
}

struct ifwatch *ifwatch_new(struct loop *l, const struct ifwatch_hooks *hooks)
{
	struct sockaddr_nl groups = { .nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE |
			RTMGRP_IPV4_RULE };
	struct ifwatch *w = xmem_new(1, sizeof *w);

	w->hooks = *hooks;
	w->settle = loop_timer_new(l, on_settled, w);
	w->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (w->fd >= 0 && bind(w->fd, (struct sockaddr *)&groups, sizeof groups) == 0)
		w->readable = loop_watch_readable(l, w->fd, on_readable, w);
	if (w->readable)
		return w;
	ifwatch_free(w);
	return NULL;
}

void ifwatch_free(struct ifwatch *w)
{
	if (!w)
		return;
	loop_watch_free(w->readable);
	loop_timer_free(w->settle);
	if (w->fd >= 0)
		close(w->fd);
	free(w);
}

static bool is_wireless(const char *device)
{
	char path[64 + IFNAMSIZ];

	snprintf(path, sizeof path, "/sys/class/net/%s/phy80211", device);
	return access(path, F_OK) == 0;
}

bool atalk_list_has(FILE *list, const char *device)
{
	char line[256], name[64];

	while (fgets(line, sizeof line, list))
		if (sscanf(line, "%63s", name) == 1 && strcmp(name, device) == 0)
			return true;
	return false;
}

static bool has_kernel_appletalk(const char *device)
{
	FILE *list = fopen("/proc/self/net/atalk/interface", "re");
	bool found = list && atalk_list_has(list, device);

	if (list)
		fclose(list);
	return found;
}

/* The errno of an answer that is no interface: the kernel's own, or that nobody understands it. */
static int read_refusal(const union answer *in, size_t len)
{
	struct nlmsgerr e;

	if (!NLMSG_OK(&in->header, len) || in->header.nlmsg_type != NLMSG_ERROR ||
		in->header.nlmsg_len < NLMSG_LENGTH(sizeof e))
		return EBADMSG;
	memcpy(&e, NLMSG_DATA(&in->header), sizeof e);
	return -e.error;
}

/* The answer's length; false and errno if there is none. */
static bool converse(const void *question, size_t len, union answer *in, size_t *got)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE), error;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	/* The kernel answers before send() returns. */
	if (send(fd, question, len, 0) > 0)
		n = recv(fd, in->bytes, sizeof in->bytes, MSG_DONTWAIT);
	error = errno;
	close(fd);
	errno = error;
	*got = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* --- the working members of a bridge ------------------------------------------------------ */

/* SplitMix64's last step: a sum of such numbers does not depend on the order of the members. */
static uint64_t scatter(uint64_t x)
{
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
	x = (x ^ x >> 27) * 0x94D049BB133111EB;
	return x ^ x >> 31;
}

static uint64_t number_of(const struct ifinfo *member)
{
	const bool works = member->flags & IFF_RUNNING && member->is_forwarding;

	return works ? scatter((uint64_t)member->index) : 0;
}

/* Adds up what one datagram of the list has; false at its end. */
static bool add_members(const union answer *in, size_t left, int bridge, uint64_t *sum)
{
	const struct nlmsghdr *h = &in->header;

	for (; NLMSG_OK(h, left); h = next_message(h, &left)) {
		struct ifinfo member;

		if (h->nlmsg_type != RTM_NEWLINK)
			return false;
		read_link(h, &member);
		if (member.master_index == bridge)
			*sum += number_of(&member);
	}
	return true;
}

/* 0 if nobody can be asked: the next change tells. */
static uint64_t cable_of(int bridge)
{
	const struct {
		struct nlmsghdr h;
		struct ifinfomsg m;
		struct rtattr a;
		int master;
	} ask = {
		.h = { .nlmsg_len = sizeof ask,
			.nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
		.m = { .ifi_family = AF_UNSPEC },
		.a = { .rta_len = RTA_LENGTH(sizeof ask.master), .rta_type = IFLA_MASTER },
		.master = bridge,
	};
	const struct timeval patience = { .tv_sec = PATIENCE_S };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	uint64_t sum = scatter(~(uint64_t)bridge);
	union answer in;
	ssize_t n;

	if (fd < 0)
		return 0;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	n = send(fd, &ask, sizeof ask, 0);
	do
		n = n > 0 ? recv(fd, in.bytes, sizeof in.bytes, 0) : n;
	while (n > 0 && add_members(&in, (size_t)n, bridge, &sum));
	close(fd);
	return n > 0 ? sum : 0;
}

static void read_bridge(struct ifinfo *out)
{
	if (strcmp(out->kind, "bridge") == 0)
		out->cable = cable_of(out->index);
	else if (strcmp(out->master_kind, "bridge") == 0)
		out->cable = cable_of(out->master_index);
}

/* --- a question --------------------------------------------------------------------------- */

struct question {
	struct nlmsghdr h;
	struct ifinfomsg m;
	struct rtattr a;
	char name[NAME_MAX_ALT];
};

static bool ask(const struct question *q, struct ifinfo *out)
{
	union answer in;
	size_t n;

	if (!converse(q, q->h.nlmsg_len, &in, &n))
		return false;
	if (!NLMSG_OK(&in.header, n) || in.header.nlmsg_type != RTM_NEWLINK) {
		errno = read_refusal(&in, n);
		return false;
	}
	read_link(&in.header, out);
	if (!out->master_index || !if_indextoname((unsigned)out->master_index, out->master))
		out->master[0] = '\0';
	read_bridge(out);
	out->is_wireless = is_wireless(out->name);
	out->has_kernel_appletalk = has_kernel_appletalk(out->name);
	return true;
}

static struct question question(int index)
{
	return (struct question){
		.h = { .nlmsg_type = RTM_GETLINK,
			.nlmsg_flags = NLM_F_REQUEST,
			.nlmsg_len = NLMSG_SPACE(sizeof(struct ifinfomsg)) },
		.m = { .ifi_family = AF_UNSPEC, .ifi_index = index },
	};
}

/* A short name may be either kind; kernels before 5.5 know no alternative ones. */
bool ifwatch_query(const char *device, struct ifinfo *out)
{
	struct question q = question(0);
	size_t len = strlen(device) + 1;

	errno = ENODEV;
	if (len > sizeof q.name)
		return false;
	memcpy(q.name, device, len);
	q.a.rta_type = len > IFNAMSIZ ? IFLA_ALT_IFNAME : IFLA_IFNAME;
	q.a.rta_len = (unsigned short)RTA_LENGTH(len);
	q.h.nlmsg_len += (uint32_t)RTA_ALIGN(q.a.rta_len);
	return ask(&q, out);
}

bool ifwatch_follow(const char *device, struct ifinfo *out)
{
	struct question q = question(out->index);

	return (out->index != 0 && ask(&q, out)) ||
		((out->index == 0 || errno == ENODEV) && ifwatch_query(device, out));
}
