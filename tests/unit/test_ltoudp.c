/* os/ltoudp.c over the loopback interface of a network namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link_rig.h"

enum { GROUP = 0x6FC04C54, PORT = 1954 };	/* without the first bit: 239.192.76.84 */

static const uint8_t enq[] = { 0xFE, 0xFE, 0x81 }, ack[] = { 0xFE, 0xFE, 0x82 };

static struct sockaddr_in group(void)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(0x80000000U | GROUP) };
}

static void set_loopback(bool up)
{
	struct ifreq r = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(ioctl(fd, SIOCGIFFLAGS, &r), 0);
	if (up)
		r.ifr_flags |= IFF_UP;
	else
		r.ifr_flags &= ~IFF_UP;
	assert_int_equal(ioctl(fd, SIOCSIFFLAGS, &r), 0);
	close(fd);
}

/* A plain program on the group, as an emulator is one. */
static int emulator(void)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	const struct ip_mreqn where = { .imr_multiaddr = group().sin_addr,
		.imr_ifindex = (int)if_nametoindex("lo") };
	const int on = 1;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on), 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &where, sizeof where), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MULTICAST_IF, &where, sizeof where), 0);
	return fd;
}

static void emit(int fd, const void *bytes, size_t n)
{
	const struct sockaddr_in to = group();

	assert_int_equal(sendto(fd, bytes, n, 0, (const struct sockaddr *)&to, sizeof to), n);
}

static int set_up(void **state)
{
	*state = link_rig_new();
	return 0;
}

static int tear_down(void **state)
{
	link_rig_free(*state);
	return 0;
}

static bool has_received(void *ctx)
{
	return ((struct link_story *)ctx)->received > 0;
}

static bool has_echo(void *ctx)
{
	return ((struct link_story *)ctx)->drops[DROP_LTOUDP_ECHO] > 0;
}

static bool has_short(void *ctx)
{
	return ((struct link_story *)ctx)->drops[DROP_LTOUDP_SHORT] == 4;
}

static void test_atalk_L11_L12_two_links_on_one_host_hear_only_each_other(void **state)
{
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "lo"),
			  *b = link_rig_open(*state, ltoudp_link_new, "lo");

	assert_int_equal(a->ups + b->ups, 2);
	link_rig_send(a, enq, sizeof enq);
	link_rig_until(*state, has_received, b);
	assert_int_equal(b->last_len, sizeof enq);
	assert_memory_equal(b->last, enq, sizeof enq);
	link_rig_until(*state, has_echo, a);
	assert_int_equal(a->received, 0);
	link_rig_send(b, ack, sizeof ack);
	link_rig_until(*state, has_received, a);
	assert_memory_equal(a->last, ack, sizeof ack);
}

static void test_atalk_L10_L13_a_sender_id_goes_before_each_packet(void **state)
{
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "lo"),
			  *b = link_rig_open(*state, ltoudp_link_new, "lo");
	struct link_story *speakers[] = { a, a, b };
	uint8_t heard[3][32];
	int fd = emulator();
	uint32_t id;

	for (int i = 0; i < 3; i++) {
		link_rig_send(speakers[i], enq, sizeof enq);
		link_flush(speakers[i]->link);
		assert_int_equal(recv(fd, heard[i], sizeof heard[i], 0), 4 + sizeof enq);
		assert_memory_equal(heard[i] + 4, enq, sizeof enq);
	}
	assert_memory_equal(heard[0], heard[1], 4);
	assert_memory_not_equal(heard[0], heard[2], 4);
	memcpy(&id, heard[0], sizeof id);
	assert_int_not_equal(id, getpid());
	assert_int_not_equal(ntohl(id), getpid());
	close(fd);
}

static void test_atalk_L11_an_emulator_may_share_the_port(void **state)
{
	const uint8_t packet[] = { 1, 2, 3, 4, 0x2A, 0x2A, 0x81 };
	int fd = emulator();
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "lo");

	assert_int_equal(a->ups, 1);
	emit(fd, packet, sizeof packet);
	link_rig_until(*state, has_received, a);
	assert_int_equal(a->last_len, 3);
	assert_memory_equal(a->last, packet + 4, 3);
	close(fd);
}

static void test_packets_without_a_sender_id_are_counted(void **state)
{
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "lo");
	int fd = emulator();

	for (size_t n = 0; n < 4; n++)
		emit(fd, enq, n < sizeof enq ? n : sizeof enq);
	link_rig_until(*state, has_short, a);
	assert_int_equal(a->received, 0);
	close(fd);
}

static void test_who_does_not_share_the_port_is_named_once(void **state)
{
	const struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = htons(PORT) };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	struct link_story *a;

	assert_int_equal(bind(fd, (const struct sockaddr *)&any, sizeof any), 0);
	a = link_rig_open(*state, ltoudp_link_new, "lo");
	link_check(a->link);
	assert_int_equal(a->ups, 0);
	assert_int_equal(a->said, 1);
	assert_non_null(strstr(a->text, "keeps UDP port 1954 for itself"));
	assert_false(link_is_denied(a->link));
	close(fd);
	link_check(a->link);
	assert_int_equal(a->ups, 1);
}

static void test_atalk_L19_an_interface_that_goes_and_comes_is_joined_again(void **state)
{
	const uint8_t packet[] = { 1, 2, 3, 4, 0x2A, 0x2A, 0x81 };
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "lo");
	int fd;

	set_loopback(false);
	link_check(a->link);
	link_check(a->link);
	assert_int_equal(a->downs, 1);
	assert_int_equal(a->said, 1);
	link_rig_send(a, enq, sizeof enq);		/* goes nowhere */
	set_loopback(true);
	link_check(a->link);
	assert_int_equal(a->ups, 2);
	fd = emulator();
	emit(fd, packet, sizeof packet);
	link_rig_until(*state, has_received, a);
	close(fd);
}

static void test_an_interface_that_is_not_there_is_waited_for(void **state)
{
	struct link_story *a = link_rig_open(*state, ltoudp_link_new, "nosuch0");

	assert_int_equal(a->ups, 0);
	assert_int_equal(a->said, 1);
	assert_non_null(strstr(a->text, "no interface nosuch0"));
}

#define ON_RIG(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_RIG(test_atalk_L11_L12_two_links_on_one_host_hear_only_each_other),
		ON_RIG(test_atalk_L10_L13_a_sender_id_goes_before_each_packet),
		ON_RIG(test_atalk_L11_an_emulator_may_share_the_port),
		ON_RIG(test_packets_without_a_sender_id_are_counted),
		ON_RIG(test_who_does_not_share_the_port_is_named_once),
		ON_RIG(test_atalk_L19_an_interface_that_goes_and_comes_is_joined_again),
		ON_RIG(test_an_interface_that_is_not_there_is_waited_for),
	};

	/*
	 * Nobody else is on the group, and the loopback is ours to switch: also for the root of a
	 * container, who may make a namespace but has no say in it (no CAP_NET_ADMIN).
	 */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) < 0 && unshare(CLONE_NEWNET) < 0) {
		printf("this test needs a network namespace: %s\n", strerror(errno));
		return 1;
	}
	set_loopback(true);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
