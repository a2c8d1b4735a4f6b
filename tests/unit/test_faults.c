/*
 * os/batch.c, os/udp.c, os/loop.c, os/ifwatch.c and os/link_state.c when the
 * kernel does not do what it should: its calls are ours here (the linker's
 * --wrap), and fail as the test says.
 */
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
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ifwatch.h"
#include "link_state.h"
#include "loop.h"
#include "udp.h"

int __real_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);
int __real_socket(int domain, int type, int protocol);
ssize_t __real_recv(int fd, void *to, size_t n, int flags);
int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);
int __wrap_socket(int domain, int type, int protocol);
ssize_t __wrap_recv(int fd, void *to, size_t n, int flags);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

/* What goes wrong; all zero: nothing. */
static struct {
	int send_error, send_errors;	/* errno, and how often; -1: always */
	unsigned send_most;		/* packets that one call takes; 0: all */
	int receive_error, receive_errors;
	int socket_error;
	int recv_error;
	ssize_t recv_length;		/* claimed instead of the true one; 0: the true one */
	time_t jump;			/* seconds that both clocks are ahead */
	unsigned sends, receives;
} kernel;

static bool fails(int error, int *times)
{
	if (*times == 0)
		return false;
	if (*times > 0)
		--*times;
	errno = error;
	return true;
}

int __wrap_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags)
{
	kernel.sends++;
	if (fails(kernel.send_error, &kernel.send_errors))
		return -1;
	if (kernel.send_most && n > kernel.send_most)
		n = kernel.send_most;
	return __real_sendmmsg(fd, msg, n, flags);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit)
{
	kernel.receives++;
	if (fails(kernel.receive_error, &kernel.receive_errors))
		return -1;
	return __real_recvmmsg(fd, msg, n, flags, limit);
}

int __wrap_socket(int domain, int type, int protocol)
{
	if (kernel.socket_error) {
		errno = kernel.socket_error;
		return -1;
	}
	return __real_socket(domain, type, protocol);
}

ssize_t __wrap_recv(int fd, void *to, size_t n, int flags)
{
	ssize_t got = __real_recv(fd, to, n, flags);

	if (kernel.recv_error) {
		errno = kernel.recv_error;
		return -1;
	}
	return got > 0 && kernel.recv_length ? kernel.recv_length : got;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int status = __real_clock_gettime(clock, out);

	out->tv_sec += kernel.jump;
	return status;
}

/* --- a pair of sockets on a loop ------------------------------------------------------------ */

struct site {
	struct loop *loop;
	struct receive_batch *in;
	struct udp *a, *b;
	struct endpoint to_b;
	struct loop_timer *limit;
	struct instant deadline;
	int got, expired;
	bool is_late;
};

static struct instant on_end_turn(void *ctx, struct instant now)
{
	struct site *s = ctx;

	(void)now;
	udp_flush(s->a);
	return s->deadline;
}

static void on_expired(void *ctx, struct instant now)
{
	struct site *s = ctx;

	assert_true(instant_cmp(now, s->deadline) >= 0);
	s->expired++;
	s->deadline = INSTANT_NEVER;
	loop_stop(s->loop);
}

static void on_complain(void *ctx, const char *text)
{
	(void)ctx;
	(void)text;
}

static void on_limit(void *ctx)
{
	struct site *s = ctx;

	s->is_late = true;
	loop_stop(s->loop);
}

static void on_received(void *ctx, struct instant now, struct endpoint from, struct pkt *p)
{
	(void)now;
	(void)from;
	(void)p;
	((struct site *)ctx)->got++;
}

static int set_up(void **state)
{
	struct site *s = calloc(1, sizeof *s);
	const struct loop_hooks hooks = { s, on_expired, on_end_turn, on_complain };
	const struct udp_hooks udp_hooks = { s, on_received };
	uint16_t port = 42000;

	memset(&kernel, 0, sizeof kernel);
	s->deadline = INSTANT_NEVER;
	s->loop = loop_new(&hooks);
	s->in = receive_batch_new();
	s->limit = loop_timer_new(s->loop, on_limit, s);
	for (; port < 43000 && !s->a; port++)
		s->a = udp_open(s->loop, s->in, (struct endpoint){ 0x7F000001, port },
			"", &udp_hooks);
	for (; port < 44000 && !s->b; port++)
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

static void send_from_a(struct site *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		p->len = 100;
		memset(p->data, i, p->len);
		udp_send(s->a, s->to_b, p);
	}
}

static void run_until_got(struct site *s, int wanted)
{
	loop_timer_set(s->limit, span_s(20));
	while (s->got < wanted && !s->is_late) {
		udp_flush(s->a);
		assert_int_equal(event_base_loop(loop_base(s->loop), EVLOOP_ONCE), 0);
	}
	assert_int_equal(s->got, wanted);
}

/* --- sending -------------------------------------------------------------------------------- */

static void test_an_interrupted_send_is_taken_up_again(void **state)
{
	struct site *s = *state;

	kernel.send_error = EINTR;
	kernel.send_errors = 3;
	send_from_a(s, 10);
	run_until_got(s, 10);
	assert_int_equal(udp_losses(s->a).refused, 0);
	assert_int_equal(udp_losses(s->a).no_buffer, 0);
}

static void test_a_kernel_that_takes_few_at_once_gets_all(void **state)
{
	struct site *s = *state;

	kernel.send_most = 3;
	send_from_a(s, 50);
	run_until_got(s, 50);
	assert_int_equal(kernel.sends, 17);
}

static void test_a_full_kernel_loses_the_batch_counts_it_and_is_asked_once(void **state)
{
	static const int errors[] = { EAGAIN, ENOBUFS, ENOMEM };
	struct site *s = *state;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		kernel.send_error = errors[i];
		kernel.send_errors = 1;
		kernel.sends = 0;
		send_from_a(s, 20);
		udp_flush(s->a);
		assert_int_equal(kernel.sends, 1);
		assert_int_equal(udp_losses(s->a).no_buffer, 20 * (i + 1));
	}
	assert_int_equal(udp_losses(s->a).refused, 0);
	send_from_a(s, 5);
	run_until_got(s, 5);
}

static void test_a_refused_packet_costs_itself_alone(void **state)
{
	static const int errors[] = { ECONNREFUSED, EPERM, EACCES, ENETUNREACH, EHOSTUNREACH,
		EMSGSIZE, ENETDOWN, ENODEV, EINVAL };
	enum { N = sizeof errors / sizeof *errors };
	struct site *s = *state;

	for (int i = 0; i < N; i++) {
		kernel.send_error = errors[i];
		kernel.send_errors = 1;
		send_from_a(s, 10);
		udp_flush(s->a);
		assert_int_equal(udp_losses(s->a).refused, i + 1);
		assert_int_equal(udp_losses(s->a).error, errors[i]);
	}
	run_until_got(s, 9 * N);
}

static void test_a_kernel_that_refuses_everything_holds_nothing_up(void **state)
{
	struct site *s = *state;

	kernel.send_error = ENETDOWN;
	kernel.send_errors = -1;
	send_from_a(s, 200);
	udp_flush(s->a);
	assert_int_equal(udp_losses(s->a).refused, 200);
	assert_int_equal(kernel.sends, 200);
	kernel.send_errors = 0;
	send_from_a(s, 1);
	run_until_got(s, 1);
}

/* --- receiving ------------------------------------------------------------------------------ */

static void test_an_error_of_the_socket_is_passed_over_and_reading_goes_on(void **state)
{
	static const int errors[] = { EINTR, EAGAIN, ECONNREFUSED, ENETDOWN, ENOMEM, EHOSTUNREACH };
	struct site *s = *state;
	int got = 0;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		kernel.receive_error = errors[i];
		kernel.receive_errors = 3;
		send_from_a(s, 4);
		run_until_got(s, got += 4);
		assert_int_equal(kernel.receive_errors, 0);
	}
}

/* --- opening -------------------------------------------------------------------------------- */

static void test_a_socket_that_cannot_be_opened_says_why(void **state)
{
	struct site *s = *state;
	const struct udp_hooks hooks = { s, on_received };
	uint32_t own;

	kernel.socket_error = EMFILE;
	errno = 0;
	assert_null(udp_open(s->loop, s->in, (struct endpoint){ 0x7F000001, 0 }, "", &hooks));
	assert_int_equal(errno, EMFILE);
	assert_false(udp_source_address(0x7F000001, &own));
}

static void test_an_interface_nobody_could_ask_about_is_not_called_absent(void **state)
{
	struct ifinfo info = { 0 };

	(void)state;
	memset(&kernel, 0, sizeof kernel);
	assert_true(ifwatch_query("lo", &info));
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_NONE);
	assert_int_equal(link_judge("nowhere0", false, &info), TROUBLE_ABSENT);
	kernel.socket_error = EMFILE;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	assert_int_equal(errno, EMFILE);
	kernel.socket_error = 0;
	kernel.recv_error = ENOBUFS;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	assert_int_equal(errno, ENOBUFS);
	kernel.recv_error = 0;
	kernel.recv_length = 3;			/* an answer that breaks off */
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_ABSENT);
	kernel.recv_length = 0;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_NONE);
}

/* --- time ----------------------------------------------------------------------------------- */

static void run_to_deadline(struct site *s)
{
	loop_timer_set(s->limit, span_s(20));
	loop_run(s->loop);
}

static void test_an_hour_that_passes_at_once_is_one_expiry(void **state)
{
	struct site *s = *state;

	s->deadline = instant_add(clock_now(), span_s(3000));
	kernel.jump = 3600;
	run_to_deadline(s);
	assert_int_equal(s->expired, 1);
	assert_false(s->is_late);
}

#define ON_SITE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SITE(test_an_interrupted_send_is_taken_up_again),
		ON_SITE(test_a_kernel_that_takes_few_at_once_gets_all),
		ON_SITE(test_a_full_kernel_loses_the_batch_counts_it_and_is_asked_once),
		ON_SITE(test_a_refused_packet_costs_itself_alone),
		ON_SITE(test_a_kernel_that_refuses_everything_holds_nothing_up),
		ON_SITE(test_an_error_of_the_socket_is_passed_over_and_reading_goes_on),
		ON_SITE(test_a_socket_that_cannot_be_opened_says_why),
		cmocka_unit_test(test_an_interface_nobody_could_ask_about_is_not_called_absent),
		ON_SITE(test_an_hour_that_passes_at_once_is_one_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
