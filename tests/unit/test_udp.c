/* os/udp.c and os/batch.c over loopback: batches, large datagrams, headroom, losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "udp_rig.h"

enum { LARGEST = 65507 };		/* the most UDP over IPv4 can carry */

static void test_a_burst_larger_than_a_batch_arrives_whole_and_in_order(void **state)
{
	struct udp_rig *s = *state;

	for (int i = 0; i < 200; i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		memset(p->data, 0, 599);
		p->data[0] = (uint8_t)i;
		p->len = 599;
		udp_send(s->a, s->to_b, p);
		memset(p->data, 0xFF, 599);	/* the batch has its own copy */
	}
	udp_rig_until_got(s, 200);
	assert_true(s->in_order);
	assert_int_equal(s->last_len, 599);
	assert_true(endpoint_eq(s->last_from, s->to_a));
	assert_int_equal(s->lost_a.refused, 0);
	assert_int_equal(s->lost_b.no_buffer, 0);
}

static void test_the_smallest_datagram_is_received(void **state)
{
	struct udp_rig *s = *state;
	struct pkt_buf buf;

	udp_send(s->a, s->to_b, pkt_buf_init(&buf));
	udp_rig_until_got(s, 1);
	assert_int_equal(s->last_len, 0);
}

/* From a plain socket: our own send batch is made for what the router says. */
static void send_plain(struct endpoint to, size_t len)
{
	struct sockaddr_in a = {
		.sin_family = AF_INET, .sin_port = htons(to.port), .sin_addr.s_addr = htonl(to.ip)
	};
	uint8_t *bytes = calloc(1, len);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	bytes[0] = 0x11;
	bytes[len - 1] = 0x22;
	assert_int_equal(sendto(fd, bytes, len, 0, (struct sockaddr *)&a, sizeof a), len);
	close(fd);
	free(bytes);
}

static void test_the_largest_datagram_is_received_whole(void **state)
{
	struct udp_rig *s = *state;

	for (int i = 0; i < 3; i++)
		send_plain(s->to_b, LARGEST);
	udp_rig_until_got(s, 3);
	assert_int_equal(s->last_len, LARGEST);
	assert_int_equal(s->last_first, 0x11);
	assert_int_equal(s->last_last, 0x22);
}

static void test_a_packet_too_large_for_the_batch_is_counted(void **state)
{
	static uint8_t bytes[SEND_PACKET_MAX + 1];
	struct pkt p = { bytes, bytes + sizeof bytes, bytes, sizeof bytes };
	struct udp_rig *s = *state;

	udp_send(s->a, s->to_b, &p);
	assert_int_equal(s->lost_a.refused, 1);
	assert_int_equal(s->lost_a.error, EMSGSIZE);
}

static void test_one_refused_packet_does_not_stop_the_rest(void **state)
{
	struct udp_rig *s = *state;
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	udp_send(s->a, s->to_b, p);
	udp_send(s->a, (struct endpoint){ 0xFFFFFFFF, 9 }, p);	/* broadcast: not allowed */
	udp_send(s->a, s->to_b, p);
	udp_rig_until_got(s, 2);
	assert_int_equal(s->lost_a.refused, 1);
	assert_int_equal(s->lost_a.error, EACCES);
}

/* A port of localhost that nobody has. */
static struct endpoint nobody(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &size), 0);
	close(fd);
	return (struct endpoint){ 0x7F000001, ntohs(a.sin_port) };
}

/* The kernel of the receiver says so by ICMP, and the others' packets do not pay for it. */
static void test_nobody_at_a_port_is_told_and_costs_no_other_packet(void **state)
{
	struct udp_rig *s = *state;
	const struct endpoint to = nobody();
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	for (int i = 0; i < 40; i++) {
		udp_send(s->a, i % 2 ? s->to_b : to, p);
		if (i % 4 == 3)
			udp_flush(s->a);
	}
	udp_rig_until_got(s, 20);
	assert_int_equal(s->lost_a.refused, 0);
	while (s->unreachables < 20)
		udp_rig_turn(s);
	assert_true(endpoint_eq(s->last_unreachable.to, to));
	assert_int_equal(s->last_unreachable.by, 0x7F000001);
	assert_int_equal(s->last_unreachable.code, 3);
}

/* More of them than one turn reads: none stays in the kernel, and nobody is woken for it. */
static void test_errors_are_read_to_the_last(void **state)
{
	struct udp_rig *s = *state;
	const struct endpoint to = nobody();
	struct pkt_buf buf;

	for (int i = 0; i < 150; i++)
		udp_send(s->a, to, pkt_buf_init(&buf));
	udp_flush(s->a);
	while (s->unreachables < 150)
		udp_rig_turn(s);
	assert_int_equal(event_base_loop(loop_base(s->loop), EVLOOP_ONCE | EVLOOP_NONBLOCK), 0);
	udp_send(s->a, s->to_b, pkt_buf_init(&buf));
	udp_rig_until_got(s, 1);
	assert_int_equal(s->unreachables, 150);
}

static void test_an_address_in_use_says_so(void **state)
{
	struct udp_rig *s = *state;

	assert_null(udp_open(s->loop, s->in, &s->lost_a, s->to_a, "", &s->hooks));
	assert_int_equal(errno, EADDRINUSE);
}

static void test_a_socket_of_one_interface_takes_that_alone(void **state)
{
	struct udp_rig *s = *state;
	const struct endpoint any = { 0x7F000001, 0 };
	struct udp *own = udp_open(s->loop, s->in, &s->lost_a, any, "lo", &s->hooks);

	assert_non_null(own);
	udp_close(own);
	assert_null(udp_open(s->loop, s->in, &s->lost_a, any, "nowhere0", &s->hooks));
	assert_int_equal(errno, ENODEV);
}

static void test_the_address_that_packets_leave_from(void **state)
{
	uint32_t own = 0;

	(void)state;
	assert_true(udp_source_address(0x7F000002, &own));
	assert_int_equal(own, 0x7F000001);
	assert_false(udp_source_address(0xFFFFFFFF, &own));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_UDP(test_a_burst_larger_than_a_batch_arrives_whole_and_in_order),
		ON_UDP(test_the_smallest_datagram_is_received),
		ON_UDP(test_the_largest_datagram_is_received_whole),
		ON_UDP(test_a_packet_too_large_for_the_batch_is_counted),
		ON_UDP(test_one_refused_packet_does_not_stop_the_rest),
		ON_UDP(test_nobody_at_a_port_is_told_and_costs_no_other_packet),
		ON_UDP(test_errors_are_read_to_the_last),
		ON_UDP(test_an_address_in_use_says_so),
		ON_UDP(test_a_socket_of_one_interface_takes_that_alone),
		cmocka_unit_test(test_the_address_that_packets_leave_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
