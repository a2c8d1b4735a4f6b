/* os/resolve.c: addresses at once, names from a scripted server on loopback, failures and back-off.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "idle.h"
#include "resolve.h"

/* A name server that answers every question of type A alike. */
struct server {
	int fd;
	char conf[64];			/* a resolv.conf that names it */
	struct event *readable;
	int asked;
	int fails;			/* how many of the next questions have no answer */
	uint8_t rcode;			/* why; 0: it has no such record */
	uint8_t address[4];		/* the last byte counts up in each record */
	int records;
	bool moves;			/* to the next address with every question */
};

struct waiting {
	struct loop *loop;
	int resolved, failed;
	bool is_late;
	uint32_t ip[RESOLVE_ADDRESSES_MAX];
	size_t n;
	const char *why;		/* the last failure's reason */
	struct loop_timer *limit;
};

/* Question to answer in place: RFC 1035 4.1. */
static void on_question(evutil_socket_t fd, short what, void *arg)
{
	struct server *s = arg;
	uint8_t m[512];
	struct sockaddr_in from;
	socklen_t size = sizeof from;
	ssize_t n = recvfrom(fd, m, 300, 0, (struct sockaddr *)&from, &size);

	(void)what;
	if (n < 12)
		return;
	s->asked++;
	m[2] = 0x81;
	m[3] = (uint8_t)(0x80 | (s->fails > 0 ? s->rcode : 0));
	m[7] = s->fails > 0 ? 0 : (uint8_t)s->records;
	m[11] = 0;					/* no EDNS in the answer */
	for (int i = 0; s->fails == 0 && i < s->records; i++) {
		const uint8_t record[] = { 0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, s->address[0],
			s->address[1], s->address[2], (uint8_t)(s->address[3] + i) };

		memcpy(m + n, record, sizeof record);
		n += (ssize_t)sizeof record;
	}
	if (s->fails > 0)
		s->fails--;
	else if (s->moves)
		s->address[3]++;
	sendto(fd, m, (size_t)n, 0, (struct sockaddr *)&from, size);
}

static void start_server(struct server *s, struct loop *l)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof a;
	FILE *f;

	*s = (struct server){ .address = { 198, 51, 100, 7 }, .records = 1, .rcode = 3 };
	s->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(getsockname(s->fd, (struct sockaddr *)&a, &size), 0);
	snprintf(s->conf, sizeof s->conf, "/tmp/aurpd-test-resolv-%ld", (long)getpid());
	f = fopen(s->conf, "w");
	assert_non_null(f);
	fprintf(f, "nameserver 127.0.0.1:%u\noptions timeout:1 attempts:1\n", ntohs(a.sin_port));
	fclose(f);
	s->readable = event_new(loop_base(l), s->fd, EV_READ | EV_PERSIST, on_question, s);
	event_add(s->readable, NULL);
}

static void stop_server(struct server *s)
{
	event_free(s->readable);
	close(s->fd);
	unlink(s->conf);
}

static void on_resolved(void *ctx, const uint32_t *ip, size_t n)
{
	struct waiting *w = ctx;

	w->resolved++;
	w->n = n;
	memcpy(w->ip, ip, n * sizeof *ip);
}

static void on_failed(void *ctx, const char *why)
{
	struct waiting *w = ctx;

	assert_non_null(why);
	w->why = why;
	w->failed++;
}

static void on_limit(void *ctx)
{
	((struct waiting *)ctx)->is_late = true;
}

static struct resolver *start(
	struct server *s, struct waiting *w, const struct resolver_times *times)
{
	const struct loop_hooks hooks = idle_hooks();

	*w = (struct waiting){ .loop = loop_new(&hooks) };
	assert_non_null(w->loop);
	start_server(s, w->loop);
	w->limit = loop_timer_new(w->loop, on_limit, w);
	return resolver_new(w->loop, s->conf, times, 1);
}

static void run(struct waiting *w, int wanted)
{
	w->is_late = false;
	loop_timer_set(w->limit, span_s(20));
	while (w->resolved + w->failed < wanted && !w->is_late)
		assert_int_equal(event_base_loop(loop_base(w->loop), EVLOOP_ONCE), 0);
}

static void finish(struct server *s, struct waiting *w, struct resolver *r)
{
	stop_server(s);
	resolver_free(r);
	loop_timer_free(w->limit);
	loop_free(w->loop);
}

static const struct resolver_times slow = { 5, 300, 300 };

static void test_an_address_needs_no_server_and_no_wait(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "192.0.2.33", &h);

	(void)state;
	assert_int_equal(w.resolved, 1);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.ip[0], 0xC0000221);
	assert_int_equal(s.asked, 0);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_name_gives_all_its_addresses(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "alice.example", &h);

	(void)state;
	s.records = 3;
	assert_int_equal(w.resolved, 0);		/* never inside the call */
	run(&w, 1);
	assert_int_equal(w.resolved, 1);
	assert_int_equal(w.n, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(w.ip[i], 0xC6336407 + i);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_failure_is_told_and_tried_until_it_works(void **state)
{
	const struct resolver_times fast = { 0, 0, 300 };
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &fast);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "bob.example", &h);

	(void)state;
	s.fails = 8;			/* of these, three ask for the reason */
	run(&w, 6);
	assert_int_equal(w.failed, 5);
	assert_int_equal(w.resolved, 1);
	assert_int_equal(s.asked, 9);
	lookup_free(k);
	finish(&s, &w, r);
}

static void expect_reason(uint8_t rcode, const char *why)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k;

	s.fails = 20;
	s.rcode = rcode;
	k = lookup_new(r, "grace.example", &h);
	run(&w, 1);
	assert_string_equal(w.why, why);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_failure_has_its_own_reason(void **state)
{
	(void)state;
	expect_reason(3, "there is no such name");
	expect_reason(0, "it has no IPv4 address");
	expect_reason(2, "no name server gives an answer");
	expect_reason(5, "the name server refuses to answer");
}

/* It is another question; a year of a name that is gone costs hardly more than it did. */
static void test_the_reason_is_asked_for_ever_more_rarely(void **state)
{
	const struct resolver_times fast = { 0, 0, 300 };
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &fast);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "heidi.example", &h);

	(void)state;
	s.fails = 1000;
	run(&w, 64);
	assert_int_equal(w.failed, 64);
	assert_in_range(s.asked, 64 + 7, 64 + 8);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_name_is_asked_for_when_somebody_wants_it(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "ivan.example", &h);
	struct lookup *address = lookup_new(r, "192.0.2.1", &h);

	(void)state;
	w.resolved = 0;
	s.moves = true;
	run(&w, 1);
	lookup_ask(address);
	lookup_ask(k);
	run(&w, 2);
	assert_int_equal(s.asked, 2);
	assert_int_equal(w.ip[0], 0xC6336408);
	lookup_free(address);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_question_on_its_way_is_not_asked_again(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "judy.example", &h);

	(void)state;
	for (int i = 0; i < 5; i++)
		lookup_ask(k);
	run(&w, 1);
	lookup_ask(k);
	run(&w, 2);
	assert_int_equal(s.asked, 2);
	assert_int_equal(w.resolved, 2);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_a_name_that_moves_is_followed(void **state)
{
	const struct resolver_times fast = { 5, 300, 0 };
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &fast);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "carol.example", &h);

	(void)state;
	s.moves = true;
	run(&w, 2);
	assert_int_equal(w.resolved, 2);
	assert_int_equal(s.asked, 2);
	assert_int_equal(w.ip[0], 0xC6336408);
	lookup_free(k);
	finish(&s, &w, r);
}

static void test_nobody_hears_of_a_lookup_that_is_gone(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "dave.example", &h), *other;

	(void)state;
	event_base_loop(loop_base(w.loop), EVLOOP_ONCE);	/* the question is on its way */
	lookup_free(k);
	other = lookup_new(r, "erin.example", &h);
	run(&w, 1);
	assert_int_equal(w.resolved, 1);
	assert_int_equal(s.asked, 2);
	lookup_free(other);
	finish(&s, &w, r);
}

static void test_a_silent_server_does_not_hold_up_the_end(void **state)
{
	struct server s;
	struct waiting w;
	struct resolver *r = start(&s, &w, &slow);
	const struct lookup_hooks h = { &w, on_resolved, on_failed };
	struct lookup *k = lookup_new(r, "frank.example", &h);
	struct instant begun = clock_now();

	(void)state;
	event_del(s.readable);
	event_base_loop(loop_base(w.loop), EVLOOP_ONCE);
	lookup_free(k);
	finish(&s, &w, r);
	assert_true(instant_since(clock_now(), begun).us < span_s(1).us);
	assert_int_equal(w.resolved + w.failed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_address_needs_no_server_and_no_wait),
		cmocka_unit_test(test_a_name_gives_all_its_addresses),
		cmocka_unit_test(test_a_failure_is_told_and_tried_until_it_works),
		cmocka_unit_test(test_a_failure_has_its_own_reason),
		cmocka_unit_test(test_the_reason_is_asked_for_ever_more_rarely),
		cmocka_unit_test(test_a_name_is_asked_for_when_somebody_wants_it),
		cmocka_unit_test(test_a_question_on_its_way_is_not_asked_again),
		cmocka_unit_test(test_a_name_that_moves_is_followed),
		cmocka_unit_test(test_nobody_hears_of_a_lookup_that_is_gone),
		cmocka_unit_test(test_a_silent_server_does_not_hold_up_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
