/* os/udp.c and os/batch.c over loopback: batches, large datagrams, headroom, losses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "udp.h"

enum { LARGEST = 65507 };		/* the most UDP over IPv4 can carry */

struct site {
	struct loop *loop;
	struct receive_batch *in;
	struct udp *a, *b;
	struct loop_timer *limit;
	struct endpoint to_a, to_b;
	int got, wanted;
	size_t last_len;
	uint8_t last_first, last_last;
	struct endpoint last_from;
	bool in_order;
};

static struct instant on_end_turn(void *ctx, struct instant now)
{
	struct site *s = ctx;

	(void)now;
	if (s->a)
		udp_flush(s->a);
	return INSTANT_NEVER;
}

static void on_expired(void *ctx, struct instant now)
{
	(void)ctx;
	(void)now;
}

static void on_complain(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void on_limit(void *ctx)
{
	loop_stop(((struct site *)ctx)->loop);
}

static void on_received(void *ctx, struct instant now, struct endpoint from, struct pkt *p)
{
	struct site *s = ctx;

	(void)now;
	assert_true(p->data - p->start >= PKT_HEADROOM);
	s->in_order &= p->len < 2 || (p->data[0] | p->data[1] << 8) == (s->got & 0xFFFF);
	s->got++;
	s->last_len = p->len;
	s->last_from = from;
	if (p->len > 0) {
		s->last_first = p->data[0];
		s->last_last = p->data[p->len - 1];
	}
	/* The headroom and the packet are ours to change. */
	memset(pkt_push(p, PKT_HEADROOM), 0xEE, PKT_HEADROOM);
	if (s->got == s->wanted)
		loop_stop(s->loop);
}

static int set_up(void **state)
{
	struct site *s = calloc(1, sizeof *s);
	const struct loop_hooks hooks = { s, on_expired, on_end_turn, on_complain };
	const struct udp_hooks udp_hooks = { s, on_received };
	uint16_t port = 40000;

	s->loop = loop_new(&hooks);
	s->in = receive_batch_new();
	s->in_order = true;
	s->limit = loop_timer_new(s->loop, on_limit, s);
	for (; port < 41000 && !s->a; port++)
		s->a = udp_open(s->loop, s->in, s->to_a = (struct endpoint){ 0x7F000001, port },
			"", &udp_hooks);
	for (; port < 42000 && !s->b; port++)
		s->b = udp_open(s->loop, s->in, s->to_b = (struct endpoint){ 0x7F000001, port },
			"", &udp_hooks);
	*state = s;
	return s->a && s->b ? 0 : -1;
}

static int tear_down(void **state)
{
	struct site *s = *state;

	udp_close(s->a);
	udp_close(s->b);
	loop_timer_free(s->limit);
	receive_batch_free(s->in);
	loop_free(s->loop);
	free(s);
	return 0;
}

static void run(struct site *s, int wanted)
{
	s->wanted = wanted;
	loop_timer_set(s->limit, span_s(20));
	loop_run(s->loop);
}

static void test_a_burst_larger_than_a_batch_arrives_whole_and_in_order(void **state)
{
	struct site *s = *state;

	for (int i = 0; i < 200; i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		memset(p->data, 0, 599);
		p->data[0] = (uint8_t)i;
		p->len = 599;
		udp_send(s->a, s->to_b, p);
		memset(p->data, 0xFF, 599);	/* the batch has its own copy */
	}
	run(s, 200);
	assert_int_equal(s->got, 200);
	assert_true(s->in_order);
	assert_int_equal(s->last_len, 599);
	assert_true(endpoint_eq(s->last_from, s->to_a));
	assert_int_equal(udp_losses(s->a).refused, 0);
	assert_int_equal(udp_losses(s->b).no_buffer, 0);
}

static void test_the_smallest_datagram_is_received(void **state)
{
	struct site *s = *state;
	struct pkt_buf buf;

	udp_send(s->a, s->to_b, pkt_buf_init(&buf));
	run(s, 1);
	assert_int_equal(s->got, 1);
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
	struct site *s = *state;

	for (int i = 0; i < 3; i++)
		send_plain(s->to_b, LARGEST);
	s->in_order = false;
	run(s, 3);
	assert_int_equal(s->got, 3);
	assert_int_equal(s->last_len, LARGEST);
	assert_int_equal(s->last_first, 0x11);
	assert_int_equal(s->last_last, 0x22);
}

static void test_a_packet_too_large_for_the_batch_is_counted(void **state)
{
	static uint8_t bytes[SEND_PACKET_MAX + 1];
	struct pkt p = { bytes, bytes + sizeof bytes, bytes, sizeof bytes };
	struct site *s = *state;

	udp_send(s->a, s->to_b, &p);
	assert_int_equal(udp_losses(s->a).refused, 1);
	assert_int_equal(udp_losses(s->a).error, EMSGSIZE);
}

static void test_one_refused_packet_does_not_stop_the_rest(void **state)
{
	struct site *s = *state;
	struct pkt_buf buf;
	struct pkt *p = pkt_buf_init(&buf);

	udp_send(s->a, s->to_b, p);
	udp_send(s->a, (struct endpoint){ 0xFFFFFFFF, 9 }, p);	/* broadcast: not allowed */
	udp_send(s->a, s->to_b, p);
	run(s, 2);
	assert_int_equal(s->got, 2);
	assert_int_equal(udp_losses(s->a).refused, 1);
	assert_int_equal(udp_losses(s->a).error, EACCES);
}

static void test_an_address_in_use_says_so(void **state)
{
	struct site *s = *state;
	const struct udp_hooks hooks = { s, on_received };

	assert_null(udp_open(s->loop, s->in, s->to_a, "", &hooks));
	assert_int_equal(errno, EADDRINUSE);
}

static void test_a_socket_of_one_interface_takes_that_alone(void **state)
{
	struct site *s = *state;
	const struct udp_hooks hooks = { s, on_received };
	const struct endpoint any = { 0x7F000001, 0 };
	struct udp *own = udp_open(s->loop, s->in, any, "lo", &hooks);

	assert_non_null(own);
	udp_close(own);
	assert_null(udp_open(s->loop, s->in, any, "nowhere0", &hooks));
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

#define ON_SITE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SITE(test_a_burst_larger_than_a_batch_arrives_whole_and_in_order),
		ON_SITE(test_the_smallest_datagram_is_received),
		ON_SITE(test_the_largest_datagram_is_received_whole),
		ON_SITE(test_a_packet_too_large_for_the_batch_is_counted),
		ON_SITE(test_one_refused_packet_does_not_stop_the_rest),
		ON_SITE(test_an_address_in_use_says_so),
		ON_SITE(test_a_socket_of_one_interface_takes_that_alone),
		cmocka_unit_test(test_the_address_that_packets_leave_from),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
