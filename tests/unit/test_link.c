/*
 * os/link.c with a device that the test plays: when it is looked at, opened, closed and tried
 * again, and what is said about it, once. os/link_trouble.c and the kernel's AppleTalk list of
 * os/ifwatch.c: the sentences about an interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "link_kind.h"
#include "link_rig.h"

/* --- the device that the test plays ------------------------------------------------------ */

static struct {
	enum link_trouble trouble;	/* what look() finds */
	struct ifinfo interface;	/* ... and fills in */
	int error;			/* errno of look() or open() */
	bool opens;
	const char *file;		/* opened instead of a pipe; NULL: the pipe */
	int looks, opened, closed, sent, flushed, nodes;
	bool shuts;			/* look() lets go of what is open when something is wrong */
	int pipe[2];
} device;

static enum link_trouble look(struct link *k)
{
	device.looks++;
	k->interface = device.interface;
	if (device.shuts && device.trouble != TROUBLE_NONE && device.trouble != TROUBLE_UNKNOWN)
		link_shut(k);
	errno = device.error;
	return device.trouble;
}

static bool open_device(struct link *k)
{
	device.opened++;
	if (device.file) {
		k->fd = device.pipe[0] = open(device.file, O_RDWR | O_CLOEXEC);
	} else if (device.opens) {
		assert_int_equal(pipe2(device.pipe, O_CLOEXEC | O_NONBLOCK), 0);
		k->fd = device.pipe[0];
	}
	errno = device.error;
	return device.opens;
}

static void read_device(struct link *k)
{
	uint8_t byte;

	if (read(k->fd, &byte, 1) != 1 || byte == 'x')
		link_break(k, "has a hole");
}

static void send_frame(struct link *k, const struct pkt *frame)
{
	(void)k;
	(void)frame;
	device.sent++;
}

static void flush(struct link *k)
{
	(void)k;
	device.flushed++;
}

static void set_node(struct link *k, uint8_t node)
{
	(void)k;
	device.nodes += node == 0;
}

static void closing(struct link *k)
{
	assert_int_equal(k->fd, device.pipe[0]);
	if (!device.file)
		close(device.pipe[1]);
	device.closed++;
}

static const struct link_remedy remedies[] = { { ENXIO, "buy one" }, { 0, NULL } };

static const struct link_kind kind = {
	.size = sizeof(struct link),
	.option = "wire",
	.wait_most_s = 2,
	.needs_capability = true,
	.remedies = remedies,
	.look = look,
	.open = open_device,
	.read = read_device,
	.send = send_frame,
	.flush = flush,
	.set_node = set_node,
	.closing = closing,
};

static struct link *make(struct loop *l, struct receive_batch *rb, const struct config_port *config,
	const struct link_hooks *hooks)
{
	(void)rb;
	return link_new(&kind, l, config, hooks);
}

static int set_up(void **state)
{
	memset(&device, 0, sizeof device);
	device.opens = device.shuts = true;
	device.trouble = TROUBLE_NONE;
	*state = link_rig_new();
	return 0;
}

static int tear_down(void **state)
{
	link_rig_free(*state);
	return 0;
}

/* --- open and closed --------------------------------------------------------------------- */

static void test_a_device_that_is_there_is_opened_once_without_a_word(void **state)
{
	struct link_story *s = link_rig_open(*state, make, "dev0");

	link_check(s->link);
	link_check(s->link);
	assert_int_equal(s->ups, 1);
	assert_int_equal(device.opened, 1);
	assert_int_equal(s->said, 0);
}

static void test_a_device_that_goes_is_closed_and_taken_again(void **state)
{
	struct link_story *s = link_rig_open(*state, make, "dev0");

	device.trouble = TROUBLE_ABSENT;
	link_check(s->link);
	link_check(s->link);
	assert_int_equal(s->downs, 1);
	assert_int_equal(device.closed, 1);
	assert_int_equal(s->said, 1);
	assert_non_null(strstr(s->text, "no interface dev0"));
	device.trouble = TROUBLE_NONE;
	link_check(s->link);
	assert_int_equal(s->ups, 2);
	assert_int_equal(s->said, 1);
}

/* Its own end of a tap stays open while the host's end is down. */
static void test_a_device_may_be_down_and_open(void **state)
{
	struct link_story *s = link_rig_open(*state, make, "dev0");

	device.shuts = false;
	device.trouble = TROUBLE_DOWN;
	link_check(s->link);
	assert_int_equal(s->downs, 1);
	assert_int_equal(device.closed, 0);
	device.trouble = TROUBLE_NONE;
	link_check(s->link);
	assert_int_equal(s->ups, 2);
	assert_int_equal(device.opened, 1);
}

/* ... and tells whenever its bridge has other members: the cable may be another one. */
static void test_another_cable_behind_an_open_device_is_told(void **state)
{
	struct link_story *s;

	device.interface = (struct ifinfo){ .index = 7, .name = "dev0" };
	s = link_rig_open(*state, make, "dev0");
	assert_int_equal(s->changes, 0);
	device.interface.cable = 41;		/* it joined a bridge, ... */
	link_check(s->link);
	assert_int_equal(s->changes, 1);
	link_check(s->link);
	assert_int_equal(s->changes, 1);
	device.interface.cable = 42;		/* ... others did, ... */
	link_check(s->link);
	assert_int_equal(s->changes, 2);
	device.interface.cable = 0;		/* ... it left. */
	link_check(s->link);
	assert_int_equal(s->changes, 3);
	assert_int_equal(s->downs, 0);
	/* Whatever happened while it was down, it comes up anew. */
	device.trouble = TROUBLE_NO_CARRIER;
	link_check(s->link);
	device.interface.cable = 43;
	device.trouble = TROUBLE_NONE;
	link_check(s->link);
	assert_int_equal(s->ups, 2);
	assert_int_equal(s->changes, 3);
}

/* The configured name leads nowhere any more: after a restart it would not be found. */
static void test_a_renamed_device_is_called_by_its_name_of_now(void **state)
{
	struct link_story *s;

	device.interface = (struct ifinfo){ .index = 7, .name = "dev0" };
	s = link_rig_open(*state, make, "dev0");
	memcpy(device.interface.name, "new0", 5);
	link_check(s->link);
	link_check(s->link);
	assert_int_equal(s->said, 1);
	assert_string_equal(s->text, "dev0 was renamed and is new0 now; it is kept until the next "
				     "start: write wire = new0");
	device.trouble = TROUBLE_NO_CARRIER;
	link_check(s->link);
	assert_non_null(strstr(s->text, "new0 has no carrier"));
	assert_int_equal(s->ups, 1);
	/* Another one has the name: it is the configured one again. */
	device.interface = (struct ifinfo){ .index = 8, .name = "dev0" };
	device.trouble = TROUBLE_DOWN;
	link_check(s->link);
	assert_non_null(strstr(s->text, "dev0 is down"));
}

/* "lo" is found by the name of the configuration still; nobody need do anything. */
static void test_a_device_that_is_still_found_is_not_said_to_be_renamed(void **state)
{
	struct link_story *s;

	device.interface = (struct ifinfo){ .index = (int)if_nametoindex("lo"), .name = "lo9" };
	s = link_rig_open(*state, make, "lo");
	memcpy(device.interface.name, "lo8", 4);
	link_check(s->link);
	assert_int_equal(s->said, 0);
}

/* Descriptors may have run out: no reason to close what is open. */
static void test_what_nobody_could_look_at_stays_as_it_is(void **state)
{
	struct link_story *s = link_rig_open(*state, make, "dev0");

	device.trouble = TROUBLE_UNKNOWN;
	device.error = EMFILE;
	link_check(s->link);
	assert_int_equal(s->downs, 0);
	assert_int_equal(s->said, 0);
}

static void test_nothing_is_sent_to_a_closed_device(void **state)
{
	struct link_story *s;

	device.trouble = TROUBLE_DOWN;
	s = link_rig_open(*state, make, "dev0");
	link_rig_send(s, "frame", 5);
	link_flush(s->link);
	link_set_node(s->link, 0);
	assert_int_equal(device.sent + device.flushed + device.nodes, 0);
	device.trouble = TROUBLE_NONE;
	link_check(s->link);
	link_rig_send(s, "frame", 5);
	link_flush(s->link);
	assert_int_equal(device.sent, 1);
	assert_int_equal(device.flushed, 1);
}

static void test_at_the_end_the_last_words_go_out_and_nothing_is_said(void **state)
{
	struct link_rig *rig = *state;
	struct link_story *s = link_rig_open(rig, make, "dev0");

	link_close(s->link);
	rig->n = 0;
	assert_int_equal(device.nodes, 1);
	assert_int_equal(device.flushed, 1);
	assert_int_equal(device.closed, 1);
	assert_int_equal(s->downs + s->said, 0);
}

/* --- failures ---------------------------------------------------------------------------- */

static bool has_tried_twice(void *ctx)
{
	(void)ctx;
	return device.opened >= 2;
}

static void test_atalk_L31_what_cannot_be_opened_is_tried_again_and_said_once(void **state)
{
	struct link_story *s;

	device.opens = false;
	device.error = ENOBUFS;
	s = link_rig_open(*state, make, "dev0");
	assert_int_equal(s->said, 1);
	assert_string_equal(
		s->text, "dev0 cannot be opened: No buffer space available; trying again");
	link_rig_until(*state, has_tried_twice, NULL);
	assert_int_equal(s->said, 1);
	device.error = ENXIO;
	link_check(s->link);
	assert_int_equal(s->said, 2);
	assert_non_null(strstr(s->text, "; buy one"));
	device.opens = true;
	link_check(s->link);
	assert_int_equal(s->ups, 1);
	assert_int_equal(s->said, 2);
}

static void test_a_capability_that_is_missing_is_told_apart(void **state)
{
	struct link_story *s;

	device.opens = false;
	device.error = ENOBUFS;
	s = link_rig_open(*state, make, "dev0");
	assert_false(link_is_denied(s->link));
	device.error = EPERM;
	link_check(s->link);
	assert_true(link_is_denied(s->link));
	device.opens = true;
	link_check(s->link);
	assert_false(link_is_denied(s->link));
}

static bool is_down(void *ctx)
{
	return ((struct link_story *)ctx)->downs > 0;
}

static bool is_up_again(void *ctx)
{
	return ((struct link_story *)ctx)->ups > 1;
}

static void test_atalk_L31_a_device_that_breaks_is_closed_and_opened_again(void **state)
{
	struct link_story *s = link_rig_open(*state, make, "dev0");

	assert_int_equal(write(device.pipe[1], "x", 1), 1);
	link_rig_until(*state, is_down, s);
	assert_int_equal(device.closed, 1);
	assert_string_equal(s->text, "dev0 has a hole; opening it again as soon as it is there");
	device.opens = false;
	device.error = ENOENT;			/* no news: it was lost, and is not there */
	link_check(s->link);
	assert_int_equal(s->said, 1);
	device.opens = true;
	link_rig_until(*state, is_up_again, s);
	assert_int_equal(s->said, 1);
}

static int next_descriptor(void)
{
	int fd = dup(STDIN_FILENO);

	close(fd);
	return fd;
}

static void test_a_descriptor_that_nobody_can_wait_for_is_not_left_behind(void **state)
{
	struct link_rig *rig = *state;
	const int before = next_descriptor();
	struct link_story *s;

	rig->may_complain = true;
	device.file = "/dev/null";		/* always ready, says epoll_ctl(2) */
	s = link_rig_open(rig, make, "dev0");
	assert_int_equal(s->ups, 0);
	assert_non_null(strstr(s->text, "Operation not permitted"));
	assert_int_equal(device.closed, 1);
	assert_int_equal(next_descriptor(), before);
}

/* --- sentences --------------------------------------------------------------------------- */

static void test_atalk_Q19_a_wireless_interface_is_remarked_upon(void **state)
{
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX];

	(void)state;
	assert_int_equal(link_remarks("wlan0", &(struct ifinfo){ .is_wireless = true }, texts), 1);
	assert_non_null(strstr(texts[0], "wlan0 is a wireless interface"));
	assert_int_equal(link_remarks("eth0", &(struct ifinfo){ 0 }, texts), 0);
}

static void test_atalk_Q22_the_kernels_own_appletalk_is_remarked_upon(void **state)
{
	static char list[] = "Interface        Address   Networks  Status\n"
			     "eth0             0064:80   0064-0065 0\n";
	const struct ifinfo both = { .is_wireless = true, .has_kernel_appletalk = true };
	char texts[LINK_REMARKS_MAX][LINK_TEXT_MAX];
	FILE *f = fmemopen(list, sizeof list - 1, "r");

	(void)state;
	assert_true(atalk_list_has(f, "eth0"));
	rewind(f);
	assert_false(atalk_list_has(f, "eth1"));
	fclose(f);
	assert_int_equal(link_remarks("wlan0", &both, texts), 2);
	assert_non_null(strstr(texts[1], "hardware-address of its own"));
}

/* A card that nobody configured is down after every boot; what aurpd or a person made is not. */
static void test_a_card_that_is_down_is_told_how_to_stay_up(void **state)
{
	const struct ifinfo card = { .name = "enp3s0" }, tap = { .name = "at0", .kind = "tun" };
	char text[LINK_TEXT_MAX];

	(void)state;
	link_trouble_text(TROUBLE_DOWN, "enp3s0", &card, text);
	assert_non_null(strstr(text, "ip link set enp3s0 up"));
	assert_non_null(strstr(text, "\"allow-hotplug enp3s0\" with \"iface enp3s0 inet manual\""));
	link_trouble_text(TROUBLE_DOWN, "at0", &tap, text);
	assert_string_equal(text, "at0 is down; waiting until it is up (ip link set at0 up)");
}

static void test_a_trouble_is_said_once_until_it_changes(void **state)
{
	struct link_story *s;

	device.trouble = TROUBLE_ABSENT;
	s = link_rig_open(*state, make, "eth7");
	link_check(s->link);
	assert_int_equal(s->said, 1);
	device.trouble = TROUBLE_MEMBER;
	device.interface = (struct ifinfo){ .master = "br0", .master_kind = "bridge" };
	link_check(s->link);
	assert_int_equal(s->said, 2);
	assert_non_null(strstr(s->text, "write device = br0"));
	device.trouble = TROUBLE_NO_CARRIER;
	link_check(s->link);
	assert_non_null(strstr(s->text, "is the cable plugged in?"));
	device.trouble = TROUBLE_NONE;
	link_check(s->link);
	device.trouble = TROUBLE_ABSENT;
	link_check(s->link);
	assert_int_equal(s->said, 4);
}

#define ON_RIG(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_RIG(test_a_device_that_is_there_is_opened_once_without_a_word),
		ON_RIG(test_a_device_that_goes_is_closed_and_taken_again),
		ON_RIG(test_a_device_may_be_down_and_open),
		ON_RIG(test_another_cable_behind_an_open_device_is_told),
		ON_RIG(test_a_renamed_device_is_called_by_its_name_of_now),
		ON_RIG(test_a_device_that_is_still_found_is_not_said_to_be_renamed),
		ON_RIG(test_what_nobody_could_look_at_stays_as_it_is),
		ON_RIG(test_nothing_is_sent_to_a_closed_device),
		ON_RIG(test_at_the_end_the_last_words_go_out_and_nothing_is_said),
		ON_RIG(test_atalk_L31_what_cannot_be_opened_is_tried_again_and_said_once),
		ON_RIG(test_a_capability_that_is_missing_is_told_apart),
		ON_RIG(test_atalk_L31_a_device_that_breaks_is_closed_and_opened_again),
		ON_RIG(test_a_descriptor_that_nobody_can_wait_for_is_not_left_behind),
		cmocka_unit_test(test_atalk_Q19_a_wireless_interface_is_remarked_upon),
		cmocka_unit_test(test_atalk_Q22_the_kernels_own_appletalk_is_remarked_upon),
		cmocka_unit_test(test_a_card_that_is_down_is_told_how_to_stay_up),
		ON_RIG(test_a_trouble_is_said_once_until_it_changes),
	};

	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
