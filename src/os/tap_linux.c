/*
 * A tap device that we create (or find, made for our user) as a link: our end
 * of a cable whose other end is the host's interface. daemon/links.c makes it.
 * Frames go one by one here, as the kernel has no batches for taps.
 */
#include "link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "at_filter.h"
#include "clock.h"
#include "ether_frame.h"
#include "link_kind.h"

enum {
	FRAME_MIN = 60,			/* without the checksum: shorter ones are padded */
	FRAME_MAX = 1514,
};

/* --- the device -------------------------------------------------------------------------- */

/* The host's end must be up for frames to pass; we may raise it if we may create it. */
static bool raise_interface(const char *device)
{
	struct ifreq r = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	memcpy(r.ifr_name, device, strlen(device));
	if (ioctl(fd, SIOCGIFFLAGS, &r) == 0 && !(r.ifr_flags & IFF_UP)) {
		r.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &r);
	}
	close(fd);
	return true;
}

static bool open_tap(struct link *k)
{
	struct sock_filter code[AT_FILTER_LENGTH];
	struct sock_fprog filter = at_filter(k->mac, code);
	struct ifreq r = { .ifr_flags = IFF_TAP | IFF_NO_PI };

	memcpy(r.ifr_name, k->device, strlen(k->device));
	k->fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return k->fd >= 0 && ioctl(k->fd, TUNSETIFF, &r) == 0 &&
		ioctl(k->fd, TUNATTACHFILTER, &filter) == 0 && raise_interface(k->device);
}

/* Nothing is to be waited for; but is the host's end of the open device there and up? */
static enum link_trouble look(struct link *k)
{
	if (k->fd < 0)
		return TROUBLE_NONE;
	if (ifwatch_follow(k->device, &k->interface))
		return k->interface.flags & IFF_UP ? TROUBLE_NONE : TROUBLE_DOWN;
	if (errno != ENODEV)
		return TROUBLE_UNKNOWN;
	link_shut(k);			/* somebody deleted it: it is made anew */
	return TROUBLE_NONE;
}

/* --- frames ------------------------------------------------------------------------------ */

static void read_frames(struct link *k)
{
	struct instant now = clock_now();

	for (int i = 0; i < BATCH_MAX; i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);
		ssize_t n = read(k->fd, p->data, pkt_tailroom(p));

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			link_break(k, "does not work any longer (deleted?)");
		if (n <= 0)
			return;
		p->len = (size_t)n;
		if (ether_untag(p))
			ether_received(k, now, p);
		else
			link_dropped(k, DROP_VLAN_TAGGED);
	}
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	uint8_t bytes[FRAME_MAX] = { 0 };

	if (frame->len > sizeof bytes) {
		losses_count(&k->losses, EMSGSIZE, 1);
		return;
	}
	memcpy(bytes, frame->data, frame->len);
	if (write(k->fd, bytes, frame->len < FRAME_MIN ? FRAME_MIN : frame->len) < 0)
		losses_count(&k->losses, errno, 1);
}

static const char refused[] = "creating it needs the capability CAP_NET_ADMIN and the file "
			      "/dev/net/tun; the service needs the drop-in aurpd-tap.conf: see "
			      "tap in aurpd.conf(5)",
		  absent[] = "there is no /dev/net/tun here; the service needs the drop-in "
			     "aurpd-tap.conf to see it: see tap in aurpd.conf(5). Where the kernel "
			     "lacks it: sudo modprobe tun; trying again";

static const struct link_remedy remedies[] = {
	{ EPERM, refused },
	{ EACCES, refused },
	{ ENOENT, absent },
	{ EBUSY, "another program holds it; end that, or choose another name; trying again" },
	{ EINVAL, "an interface of this name is no tap device; choose another name" },
	{ 0, NULL },
};

static const struct link_kind tap_kind = {
	.size = sizeof(struct link),
	.option = "tap",
	.wait_most_s = 5,
	.needs_capability = true,
	.remedies = remedies,
	.look = look,
	.open = open_tap,
	.read = read_frames,
	.send = send_frame,
};

/* A locally administered address (IEEE 802: 02 in the first byte). */
static struct mac random_mac(void)
{
	uint64_t chance = clock_seed();
	struct mac m;

	memcpy(m.byte, &chance, sizeof m.byte);
	m.byte[0] = (uint8_t)((m.byte[0] & 0xFC) | 2);
	return m;
}

struct link *tap_link_new(struct loop *l, struct receive_batch *rb,
	const struct config_port *config, const struct link_hooks *hooks)
{
	struct link *k = link_new(&tap_kind, l, config, hooks);

	(void)rb;
	k->mac = config->has_hardware_address ? config->hardware_address : random_mac();
	return k;
}
