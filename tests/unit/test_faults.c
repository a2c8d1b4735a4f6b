/*
 * os/batch.c, os/udp.c, os/loop.c, os/ifwatch.c, os/link_trouble.c, os/resolve.c
 * and daemon/conf.c when the kernel does not do what it should: its calls are
 * ours here (the linker's --wrap), and fail as the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <event2/dns.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "ifwatch.h"
#include "link_trouble.h"
#include "resolve.h"
#include "udp_rig.h"

int __real_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);
int __real_socket(int domain, int type, int protocol);
ssize_t __real_recv(int fd, void *to, size_t n, int flags);
int __real_clock_gettime(clockid_t clock, struct timespec *out);
ssize_t __real_read(int fd, void *to, size_t n);
struct evdns_base *__real_evdns_base_new(struct event_base *base, int flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags);
int __wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit);
int __wrap_socket(int domain, int type, int protocol);
ssize_t __wrap_recv(int fd, void *to, size_t n, int flags);
ssize_t __wrap_read(int fd, void *to, size_t n);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);
struct evdns_base *__wrap_evdns_base_new(struct event_base *base, int flags);

/* What goes wrong; all zero: nothing. */
static struct {
	int send_error, send_errors;	/* errno, and how often; -1: always */
	unsigned send_most;		/* packets that one call takes; 0: all */
	int receive_error, receive_errors;
	int socket_error;
	int recv_error;
	uint32_t overflow;		/* what a socket says it had no room for; 0: as it is */
	ssize_t recv_length;		/* claimed instead of the true one; 0: the true one */
	int netlink_error;		/* what the kernel answers instead; 0: the answer */
	size_t read_most;		/* bytes that one call gives; 0: all */
	int read_error, read_errors;
	bool has_no_resolver;
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

static void tell_overflow(struct msghdr *h)
{
	struct cmsghdr *c = h->msg_control;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SO_RXQ_OVFL;
	c->cmsg_len = CMSG_LEN(sizeof kernel.overflow);
	memcpy(CMSG_DATA(c), &kernel.overflow, sizeof kernel.overflow);
	h->msg_controllen = CMSG_SPACE(sizeof kernel.overflow);
}

int __wrap_recvmmsg(int fd, struct mmsghdr *msg, unsigned n, int flags, struct timespec *limit)
{
	int got;

	kernel.receives++;
	if (fails(kernel.receive_error, &kernel.receive_errors))
		return -1;
	got = __real_recvmmsg(fd, msg, n, flags, limit);
	if (got > 0 && kernel.overflow)
		tell_overflow(&msg[got - 1].msg_hdr);
	return got;
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

	if (kernel.netlink_error) {
		struct {
			struct nlmsghdr header;
			struct nlmsgerr body;
		} refusal = { .header = { .nlmsg_type = NLMSG_ERROR, .nlmsg_len = sizeof refusal },
			.body = { .error = -kernel.netlink_error } };

		memcpy(to, &refusal, sizeof refusal);
		return sizeof refusal;
	}
	if (kernel.recv_error) {
		errno = kernel.recv_error;
		return -1;
	}
	return got > 0 && kernel.recv_length ? kernel.recv_length : got;
}

ssize_t __wrap_read(int fd, void *to, size_t n)
{
	if (fails(kernel.read_error, &kernel.read_errors))
		return -1;
	if (kernel.read_most && n > kernel.read_most)
		n = kernel.read_most;
	return __real_read(fd, to, n);
}

struct evdns_base *__wrap_evdns_base_new(struct event_base *base, int flags)
{
	return kernel.has_no_resolver ? NULL : __real_evdns_base_new(base, flags);
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
	int status = __real_clock_gettime(clock, out);

	out->tv_sec += kernel.jump;
	return status;
}

static int set_up(void **state)
{
	memset(&kernel, 0, sizeof kernel);
	return udp_rig_set_up(state);
}

static void send_from_a(struct udp_rig *s, int n)
{
	for (int i = 0; i < n; i++) {
		struct pkt_buf buf;
		struct pkt *p = pkt_buf_init(&buf);

		p->len = 100;
		memset(p->data, i, p->len);
		udp_send(s->a, s->to_b, p);
	}
}

/* --- sending -------------------------------------------------------------------------------- */

static void test_an_interrupted_send_is_taken_up_again(void **state)
{
	struct udp_rig *s = *state;

	kernel.send_error = EINTR;
	kernel.send_errors = 3;
	send_from_a(s, 10);
	udp_rig_until_got(s, 10);
	assert_int_equal(s->lost_a.refused, 0);
	assert_int_equal(s->lost_a.no_buffer, 0);
}

static void test_a_kernel_that_takes_few_at_once_gets_all(void **state)
{
	struct udp_rig *s = *state;

	kernel.send_most = 3;
	send_from_a(s, 50);
	udp_rig_until_got(s, 50);
	assert_int_equal(kernel.sends, 17);
}

static void test_a_full_kernel_loses_the_batch_counts_it_and_is_asked_once(void **state)
{
	static const int errors[] = { EAGAIN, ENOBUFS, ENOMEM };
	struct udp_rig *s = *state;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		kernel.send_error = errors[i];
		kernel.send_errors = 1;
		kernel.sends = 0;
		send_from_a(s, 20);
		udp_flush(s->a);
		assert_int_equal(kernel.sends, 1);
		assert_int_equal(s->lost_a.no_buffer, 20 * (i + 1));
	}
	assert_int_equal(s->lost_a.refused, 0);
	send_from_a(s, 5);
	udp_rig_until_got(s, 5);
}

static void test_an_error_of_another_receiver_costs_nothing(void **state)
{
	static const int errors[] = { ECONNREFUSED, ENETUNREACH, EHOSTUNREACH, EHOSTDOWN, ENONET,
		ENOPROTOOPT, EOPNOTSUPP, EPROTO };
	enum { N = sizeof errors / sizeof *errors };
	struct udp_rig *s = *state;

	for (int i = 0; i < N; i++) {
		kernel.send_error = errors[i];
		kernel.send_errors = 1;
		send_from_a(s, 10);
		udp_rig_until_got(s, 10 * (i + 1));
	}
	assert_int_equal(s->lost_a.refused, 0);
	/* An error that stays is this packet's own. */
	kernel.send_errors = 4;
	send_from_a(s, 10);
	udp_rig_until_got(s, 10 * N + 9);
	assert_int_equal(s->lost_a.refused, 1);
}

static void test_a_refused_packet_costs_itself_alone(void **state)
{
	static const int errors[] = { EPERM, EACCES, EMSGSIZE, ENETDOWN, ENODEV, EINVAL };
	enum { N = sizeof errors / sizeof *errors };
	struct udp_rig *s = *state;

	for (int i = 0; i < N; i++) {
		kernel.send_error = errors[i];
		kernel.send_errors = 1;
		send_from_a(s, 10);
		udp_flush(s->a);
		assert_int_equal(s->lost_a.refused, i + 1);
		assert_int_equal(s->lost_a.error, errors[i]);
	}
	udp_rig_until_got(s, 9 * N);
}

static void test_a_kernel_that_refuses_everything_holds_nothing_up(void **state)
{
	struct udp_rig *s = *state;

	kernel.send_error = ENETDOWN;
	kernel.send_errors = -1;
	send_from_a(s, 200);
	udp_flush(s->a);
	assert_int_equal(s->lost_a.refused, 200);
	assert_int_equal(kernel.sends, 200);
	kernel.send_errors = 0;
	send_from_a(s, 1);
	udp_rig_until_got(s, 1);
}

/* --- receiving ------------------------------------------------------------------------------ */

static void test_an_error_of_the_socket_is_passed_over_and_reading_goes_on(void **state)
{
	static const int errors[] = { EINTR, EAGAIN, ECONNREFUSED, ENETDOWN, ENOMEM, EHOSTUNREACH };
	struct udp_rig *s = *state;
	int got = 0;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		kernel.receive_error = errors[i];
		kernel.receive_errors = 3;
		send_from_a(s, 4);
		udp_rig_until_got(s, got += 4);
		assert_int_equal(kernel.receive_errors, 0);
	}
}

static void receive_one(struct udp_rig *s, uint32_t overflow)
{
	kernel.overflow = overflow;
	send_from_a(s, 1);
	udp_rig_until_got(s, s->got + 1);
}

/* Under a flood it does so in a day. */
static void test_the_count_of_what_found_no_room_may_begin_anew(void **state)
{
	const uint32_t most = 0xFFFFFFFF;
	struct udp_rig *s = *state;

	receive_one(s, 7);
	receive_one(s, 7);
	assert_int_equal(s->lost_b.no_buffer, 7);
	receive_one(s, most);
	assert_int_equal(s->lost_b.no_buffer, most);
	receive_one(s, 5);
	assert_int_equal(s->lost_b.no_buffer, most + (uint64_t)6);
}

static void test_losses_go_on_counting_in_the_next_socket(void **state)
{
	struct udp_rig *s = *state;

	receive_one(s, 70);
	udp_close(s->b);
	s->b = udp_open(s->loop, s->in, &s->lost_b, s->to_b, "", &s->hooks);
	assert_non_null(s->b);
	assert_int_equal(s->lost_b.no_buffer, 70);
	receive_one(s, 3);
	assert_int_equal(s->lost_b.no_buffer, 73);
}

/* --- opening -------------------------------------------------------------------------------- */

static void test_a_socket_that_cannot_be_opened_says_why(void **state)
{
	struct udp_rig *s = *state;
	uint32_t own;

	kernel.socket_error = EMFILE;
	errno = 0;
	assert_null(udp_open(s->loop, s->in, &s->lost_a, (struct endpoint){ 0x7F000001, 0 }, "",
		&s->hooks));
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
	/* It is followed by its index, whatever it is called. */
	assert_int_equal(link_judge("nowhere0", false, &info), TROUBLE_NONE);
	assert_string_equal(info.name, "lo");
	info.index = 0;
	assert_int_equal(link_judge("nowhere0", false, &info), TROUBLE_ABSENT);
	info.index = 999999;			/* deleted: what has the name now */
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_NONE);
	kernel.socket_error = EMFILE;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	assert_int_equal(errno, EMFILE);
	kernel.socket_error = 0;
	kernel.recv_error = ENOBUFS;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	assert_int_equal(errno, ENOBUFS);
	kernel.recv_error = 0;
	kernel.recv_length = 3;			/* an answer that breaks off */
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	kernel.recv_length = 0;
	kernel.netlink_error = ENOMEM;		/* the kernel looked, and came to no answer */
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_UNKNOWN);
	assert_int_equal(errno, ENOMEM);
	kernel.netlink_error = ENODEV;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_ABSENT);
	kernel.netlink_error = 0;
	assert_int_equal(link_judge("lo", false, &info), TROUBLE_NONE);
}

static void on_resolved(void *ctx, const uint32_t *ip, size_t n)
{
	(void)ip;
	(void)n;
	((struct udp_rig *)ctx)->got++;
}

static void on_failed(void *ctx, const char *why)
{
	struct udp_rig *s = ctx;

	assert_non_null(strstr(why, "resolver"));
	s->expired++;
	loop_stop(s->loop);
}

static void test_a_resolver_that_cannot_be_made_is_a_name_without_address(void **state)
{
	static const struct resolver_times times = { 1, 1, 1 };
	struct udp_rig *s = *state;
	const struct lookup_hooks hooks = { s, on_resolved, on_failed };
	struct resolver *r = resolver_new(s->loop, "/nonexistent", &times, 1);
	struct lookup *k = lookup_new(r, "alice.example.net", &hooks);

	kernel.has_no_resolver = true;
	udp_rig_to_deadline(s);
	assert_int_equal(s->expired, 1);
	assert_int_equal(s->got, 0);
	lookup_free(k);
	resolver_free(r);
}

/* --- files ---------------------------------------------------------------------------------- */

/* The end of what was read is no end of the file: whole sections could be missing. */
static void test_a_configuration_that_comes_in_pieces_is_read_whole(void **state)
{
	static const char text[] = "router { name = a }\ntunnel t { peer p { host = h } }\n";
	char path[] = "/tmp/aurpt-XXXXXX";
	struct conf_report rep = { 0 };
	int fd = mkstemp(path);
	struct config *c;

	(void)state;
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	memset(&kernel, 0, sizeof kernel);
	kernel.read_most = 20;
	kernel.read_error = EINTR;
	kernel.read_errors = 2;
	c = conf_load(path, &rep);
	assert_non_null(c);
	assert_int_equal(c->n_tunnels, 1);
	conf_free(c);
	kernel.read_error = EIO;
	kernel.read_errors = 1;
	assert_null(conf_load(path, &rep));
	assert_non_null(strstr(rep.messages[0].text, "Input/output error"));
	conf_report_fini(&rep);
	unlink(path);
}

static void test_a_configuration_has_a_megabyte_at_most(void **state)
{
	char path[] = "/tmp/aurpt-XXXXXX";
	struct conf_report rep = { 0 };
	int fd = mkstemp(path);

	(void)state;
	memset(&kernel, 0, sizeof kernel);
	assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
	close(fd);
	assert_null(conf_load(path, &rep));
	assert_non_null(strstr(rep.messages[0].text, "more than 1048576 bytes"));
	conf_report_fini(&rep);
	unlink(path);
}

/* --- time ----------------------------------------------------------------------------------- */

static void test_an_hour_that_passes_at_once_is_one_expiry(void **state)
{
	struct udp_rig *s = *state;

	s->deadline = instant_add(clock_now(), span_s(3000));
	kernel.jump = 3600;
	udp_rig_to_deadline(s);
	assert_int_equal(s->expired, 1);
	assert_false(s->is_late);
}

#define ON_SITE(f) cmocka_unit_test_setup_teardown(f, set_up, udp_rig_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SITE(test_an_interrupted_send_is_taken_up_again),
		ON_SITE(test_a_kernel_that_takes_few_at_once_gets_all),
		ON_SITE(test_a_full_kernel_loses_the_batch_counts_it_and_is_asked_once),
		ON_SITE(test_an_error_of_another_receiver_costs_nothing),
		ON_SITE(test_a_refused_packet_costs_itself_alone),
		ON_SITE(test_a_kernel_that_refuses_everything_holds_nothing_up),
		ON_SITE(test_an_error_of_the_socket_is_passed_over_and_reading_goes_on),
		ON_SITE(test_the_count_of_what_found_no_room_may_begin_anew),
		ON_SITE(test_losses_go_on_counting_in_the_next_socket),
		ON_SITE(test_a_socket_that_cannot_be_opened_says_why),
		cmocka_unit_test(test_an_interface_nobody_could_ask_about_is_not_called_absent),
		ON_SITE(test_a_resolver_that_cannot_be_made_is_a_name_without_address),
		cmocka_unit_test(test_a_configuration_that_comes_in_pieces_is_read_whole),
		cmocka_unit_test(test_a_configuration_has_a_megabyte_at_most),
		ON_SITE(test_an_hour_that_passes_at_once_is_one_expiry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
