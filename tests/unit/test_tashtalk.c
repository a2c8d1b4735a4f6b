/* os/tashtalk.c against an adapter that the test plays on a pty. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "link_rig.h"
#include "tashtalk_frame.h"

enum { HEARD_MAX = 1 << 20 };

static struct {
	struct link_rig *rig;
	int fd;				/* the adapter's side of the line */
	char folder[32], path[48];	/* a link to ours */
	uint8_t heard[HEARD_MAX];
	size_t n_heard, wanted;
} line;

static const uint8_t frame[] = {
	0x80, 0x2A, 0x01, 0x00, 0x07, 0x04, 0xFD, 0x04, 0x01, 0x41, 0x69, 0xB7
};

static void plug(void)
{
	line.fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK);
	assert_true(line.fd >= 0);
	assert_int_equal(grantpt(line.fd) | unlockpt(line.fd), 0);
	assert_int_equal(symlink(ptsname(line.fd), line.path), 0);
	line.n_heard = 0;
}

static void unplug(void)
{
	unlink(line.path);
	close(line.fd);
	line.fd = -1;
}

static int set_up(void **state)
{
	(void)state;
	line.rig = link_rig_new();
	strcpy(line.folder, "/tmp/aurpt-XXXXXX");
	assert_non_null(mkdtemp(line.folder));
	snprintf(line.path, sizeof line.path, "%s/tty", line.folder);
	plug();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	link_rig_free(line.rig);
	if (line.fd >= 0)
		unplug();
	return rmdir(line.folder);
}

/* The adapter takes what is there; true once it has `wanted` bytes. */
static bool adapter_reads(void *ctx)
{
	ssize_t n;

	(void)ctx;
	while (line.n_heard < line.wanted) {
		n = read(line.fd, line.heard + line.n_heard, line.wanted - line.n_heard);
		if (n <= 0)
			return false;
		line.n_heard += (size_t)n;
	}
	return true;
}

static void hear(size_t n)
{
	line.n_heard = 0;
	line.wanted = n;
	link_rig_until(line.rig, adapter_reads, NULL);
}

static struct link_story *open_woken(void)
{
	struct link_story *s = link_rig_open(line.rig, tashtalk_link_new, line.path);

	assert_int_equal(s->ups, 1);
	hear(TASHTALK_INIT);
	return s;
}

static bool has_received(void *ctx)
{
	return ((struct link_story *)ctx)->received > 0;
}

static bool is_down(void *ctx)
{
	return ((struct link_story *)ctx)->downs > 0;
}

static bool is_up_again(void *ctx)
{
	return ((struct link_story *)ctx)->ups > 1;
}

static void test_atalk_L20_the_line_is_a_raw_million(void **state)
{
	struct termios t;

	(void)state;
	(void)open_woken();
	assert_int_equal(tcgetattr(line.fd, &t), 0);
	assert_int_equal(cfgetospeed(&t), B1000000);
	assert_int_equal(cfgetispeed(&t), B1000000);
	assert_int_equal(t.c_cflag & (CSIZE | PARENB | CSTOPB | CRTSCTS), CS8 | CRTSCTS);
	assert_int_equal(t.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), 0);
	assert_int_equal(t.c_iflag & (IXON | IXOFF | ICRNL | ISTRIP), 0);
	assert_int_equal(t.c_oflag & OPOST, 0);
}

static void test_atalk_L21_L22_L23_what_the_adapter_is_told_and_in_which_order(void **state)
{
	uint8_t wanted[TASHTALK_INIT], nodes[TASHTALK_NODES];
	struct link_story *s = link_rig_open(line.rig, tashtalk_link_new, line.path);

	(void)state;
	tashtalk_init(wanted);
	hear(TASHTALK_INIT);
	assert_memory_equal(line.heard, wanted, sizeof wanted);
	link_rig_send(s, frame, sizeof frame);
	link_set_node(s->link, 0xFE);
	link_rig_send(s, frame, sizeof frame);
	hear(2 * (1 + sizeof frame) + TASHTALK_NODES);
	tashtalk_nodes(0xFE, nodes);
	assert_int_equal(line.heard[0], 1);
	assert_memory_equal(line.heard + 1, frame, sizeof frame);
	assert_memory_equal(line.heard + 1 + sizeof frame, nodes, sizeof nodes);
	assert_memory_equal(line.heard + 2 + sizeof frame + sizeof nodes, frame, sizeof frame);
}

static void test_frames_arrive_and_bad_ones_are_counted(void **state)
{
	static const uint8_t stream[] = {
		0x01, 0x02, 0x00, 0xFE, 0x01, 0x00, 0xFA, 0x00, 0xFC, 0x05, 0x00, 0x07, 0x00, 0xFD,
		0x80, 0x2A, 0x01, 0x00, 0xFF, 0x07, 0x04, 0xFD, 0x04, 0x01, 0x41, 0x69, 0xB7,
		0x00, 0xFD
	};
	struct link_story *s = open_woken();

	(void)state;
	assert_int_equal(write(line.fd, stream, sizeof stream), sizeof stream);
	link_rig_until(line.rig, has_received, s);
	assert_int_equal(s->received, 1);
	assert_int_equal(s->last_len, sizeof frame);
	assert_memory_equal(s->last, frame, sizeof frame);
	assert_int_equal(s->drops[DROP_TASHTALK_BAD_FRAMING], 1);
	assert_int_equal(s->drops[DROP_TASHTALK_ABORTED], 1);
	assert_int_equal(s->drops[DROP_TASHTALK_BAD_FCS], 1);
	assert_int_equal(s->drops[DROP_TASHTALK_GARBLED], 1);
}

/* More than line and queue hold while nobody reads; what was taken then arrives whole. */
static void test_atalk_L27_a_stalled_adapter_gets_whole_frames_in_order(void **state)
{
	enum { FRAMES = 1000, SIZE = 600 };
	struct link_story *s = open_woken();
	uint8_t bytes[SIZE] = { 0 };
	size_t taken;
	int last = -1;

	(void)state;
	for (int i = 0; i < FRAMES; i++) {
		memset(bytes, i, sizeof bytes);
		bytes[0] = (uint8_t)(i >> 8);
		link_rig_send(s, bytes, sizeof bytes);
		link_flush(s->link);
	}
	taken = FRAMES - link_losses(s->link).no_buffer;
	assert_in_range(taken, 10, FRAMES - 1);
	hear(taken * (1 + SIZE));
	/* Which ones were taken depends on when the kernel had room; but whole, and in order. */
	for (size_t i = 0; i < taken; i++) {
		const uint8_t *f = line.heard + i * (1 + SIZE);
		int number = f[1] << 8 | f[2];

		assert_int_equal(f[0], 1);
		assert_true(number > last && number < FRAMES);
		last = number;
		memset(bytes, number, sizeof bytes);
		bytes[0] = (uint8_t)(number >> 8);
		assert_memory_equal(f + 1, bytes, sizeof bytes);
	}
	link_rig_send(s, frame, sizeof frame);
	hear(1 + sizeof frame);
	assert_memory_equal(line.heard + 1, frame, sizeof frame);
}

static void test_the_bitmap_has_room_when_frames_have_none(void **state)
{
	struct link_story *s = open_woken();
	uint8_t bytes[600] = { 0 }, nodes[TASHTALK_NODES];
	size_t taken;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		link_rig_send(s, bytes, sizeof bytes);
		link_flush(s->link);
	}
	taken = 1000 - link_losses(s->link).no_buffer;
	link_set_node(s->link, 0x80);
	hear(taken * (1 + sizeof bytes) + TASHTALK_NODES);
	tashtalk_nodes(0x80, nodes);
	assert_memory_equal(line.heard + taken * (1 + sizeof bytes), nodes, sizeof nodes);
	assert_int_equal(s->downs, 0);
}

static void test_an_adapter_that_takes_nothing_for_several_claims_is_opened_again(void **state)
{
	struct link_story *s = open_woken();
	uint8_t bytes[600] = { 0 };

	(void)state;
	for (int i = 0; i < 1000; i++) {
		link_rig_send(s, bytes, sizeof bytes);
		link_flush(s->link);
	}
	for (int i = 0; i < 40; i++)
		link_set_node(s->link, (uint8_t)(0xFE - i));
	link_rig_until(line.rig, is_down, s);
	assert_non_null(strstr(s->text, "takes no data"));
	assert_int_equal(s->said, 1);
}

static void test_atalk_L31_an_adapter_that_was_unplugged_is_woken_again(void **state)
{
	uint8_t wanted[TASHTALK_INIT];
	struct link_story *s = open_woken();

	(void)state;
	unplug();
	link_rig_until(line.rig, is_down, s);
	assert_non_null(strstr(s->text, "is gone"));
	link_check(s->link);		/* an interface changed: none of its business */
	assert_int_equal(s->ups, 1);
	plug();
	link_rig_until(line.rig, is_up_again, s);
	tashtalk_init(wanted);
	hear(TASHTALK_INIT);
	assert_memory_equal(line.heard, wanted, sizeof wanted);
	assert_int_equal(s->said, 1);
}

static void test_what_is_no_serial_device_is_said_once(void **state)
{
	struct link_story *absent = link_rig_open(line.rig, tashtalk_link_new, "/nonexistent/tty"),
			  *null = link_rig_open(line.rig, tashtalk_link_new, "/dev/null");

	(void)state;
	link_check(absent->link);
	link_check(null->link);
	assert_int_equal(absent->ups + null->ups, 0);
	assert_int_equal(absent->said, 1);
	assert_non_null(strstr(absent->text, "No such file"));
	assert_non_null(strstr(absent->text, "aurpd-tashtalk.conf"));
	assert_int_equal(null->said, 1);
	assert_non_null(strstr(null->text, "not a serial device"));
	assert_false(link_is_denied(absent->link));
}

#define ON_LINE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_LINE(test_atalk_L20_the_line_is_a_raw_million),
		ON_LINE(test_atalk_L21_L22_L23_what_the_adapter_is_told_and_in_which_order),
		ON_LINE(test_frames_arrive_and_bad_ones_are_counted),
		ON_LINE(test_atalk_L27_a_stalled_adapter_gets_whole_frames_in_order),
		ON_LINE(test_the_bitmap_has_room_when_frames_have_none),
		ON_LINE(test_an_adapter_that_takes_nothing_for_several_claims_is_opened_again),
		ON_LINE(test_atalk_L31_an_adapter_that_was_unplugged_is_woken_again),
		ON_LINE(test_what_is_no_serial_device_is_said_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
