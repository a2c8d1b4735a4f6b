/* daemon/lookups.c: places where no peer can be, and who is looked for when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "conf.h"
#include "idle.h"
#include "lookups.h"

/* The parts of a daemon that have to do with names. */
struct desk {
	struct shell shell;
	struct tunnels tunnels;
	struct lookups lookups;
	struct config *config;
	char *said;
	size_t size;
	FILE *out;
};

static void on_trace(void *ctx, const struct trace_event *e)
{
	lookups_hear(&((struct desk *)ctx)->lookups, e);
}

/* The log's clock. */
static struct instant log_now = { 1000 * (int64_t)1000000 };

static struct instant log_clock(void)
{
	return log_now;
}

static void start(struct desk *d, const char *text)
{
	static const struct resolver_times times = { 5, 300, 300 };
	const struct loop_hooks hooks = idle_hooks();
	struct router_io io = idle_io();
	struct conf_report rep = { 0 };
	const struct config_tunnel *t;

	io.ctx = d;
	io.trace = on_trace;
	*d = (struct desk){ 0 };
	d->config = conf_parse(text, strlen(text), "host", &rep);
	assert_non_null(d->config);
	conf_report_fini(&rep);
	d->out = open_memstream(&d->said, &d->size);
	log_init(&d->shell.log, d->out, true, LOG_LEVEL_INFO, log_clock);
	d->shell.loop = loop_new(&hooks);
	d->shell.router = router_new(&io, 1, clock_now());
	d->shell.in = receive_batch_new();
	d->shell.resolver = resolver_new(d->shell.loop, "/dev/null", &times, 1);
	tunnels_init(&d->tunnels, &d->shell);
	lookups_init(&d->lookups, &d->shell, &d->tunnels);
	router_apply(d->shell.router, clock_now(), d->config);
	t = &d->config->tunnels[0];
	for (size_t i = 0; i < d->config->n_tunnels; i++)
		tunnels_open(&d->tunnels, d->config, &d->config->tunnels[i]);
	for (size_t i = 0; i < t->n_peers; i++)
		lookups_open(&d->lookups, t->name, &t->peers[i]);
}

static void finish(struct desk *d)
{
	lookups_fini(&d->lookups);
	tunnels_fini(&d->tunnels);
	resolver_free(d->shell.resolver);
	router_free(d->shell.router);
	receive_batch_free(d->shell.in);
	loop_free(d->shell.loop);
	conf_free(d->config);
	fclose(d->out);
	free(d->said);
}

static int count(const struct desk *d, const char *text)
{
	int n = 0;

	fflush(d->out);
	for (const char *at = d->said; (at = strstr(at, text)); at += strlen(text))
		n++;
	return n;
}

static const char shared_list[] =
	"tunnel t { listen=\"127.0.0.1:47387\""
	" peer me { host=127.0.0.1 port=47387 }"
	" peer neighbour { host=127.0.0.1 port=47388 }"
	" peer twin { host=192.0.2.9 port=47387 } }\n"
	"router { public-address=192.0.2.9 }";

static void test_what_stays_wrong_is_said_ever_more_rarely(void **state)
{
	struct instant now = clock_now();
	struct dump_name name[3];
	struct desk d;

	(void)state;
	start(&d, shared_list);
	assert_int_equal(count(&d, "peer me: 127.0.0.1 is this router itself"), 1);
	assert_int_equal(count(&d, "peer twin: 192.0.2.9 has our own public-address"), 1);
	assert_int_equal(count(&d, "neighbour"), 0);
	lookups_check(&d.lookups);
	lookups_report(&d.lookups, instant_add(now, span_s(590)));
	assert_int_equal(count(&d, "peer me"), 1);
	log_now = instant_add(log_now, span_s(610));
	lookups_report(&d.lookups, instant_add(now, span_s(610)));
	assert_int_equal(count(&d, "peer me"), 2);
	assert_int_equal(count(&d, "peer twin"), 2);
	/* Then after twenty minutes; and at once after a reload. */
	log_now = instant_add(log_now, span_s(610));
	lookups_report(&d.lookups, instant_add(now, span_s(1220)));
	assert_int_equal(count(&d, "peer me"), 2);
	log_now = instant_add(log_now, span_s(610));
	lookups_report(&d.lookups, instant_add(now, span_s(1830)));
	assert_int_equal(count(&d, "peer me"), 3);
	log_forget(&d.shell.log);
	lookups_check(&d.lookups);
	assert_int_equal(count(&d, "peer me"), 4);
	assert_int_equal(lookups_troubles(&d.lookups, name, 3), 2);
	assert_string_equal(name[0].peer, "me");
	assert_string_equal(name[1].peer, "twin");
	finish(&d);
}

/* A router does not connect its own tunnels with each other. */
static void test_another_tunnel_of_ours_is_ourselves(void **state)
{
	struct desk d;

	(void)state;
	start(&d, "tunnel t { listen=\"127.0.0.1:47387\""
		" peer next { host=127.0.0.1 port=47388 }"
		" peer other { host=127.0.0.1 port=47389 } }\n"
		"tunnel u { listen=\"127.0.0.1:47388\" accept-unknown=yes }");
	assert_int_equal(count(&d, "peer next: 127.0.0.1 is this router itself"), 1);
	assert_int_equal(count(&d, "peer other"), 0);
	finish(&d);
}

static void hear(struct desk *d, enum trace_kind kind, const char *peer)
{
	lookups_hear(&d->lookups,
		&(struct trace_event){ .kind = kind, .tunnel = "t", .peer = peer,
			.di = { DI_IP, 0x0A000007 } });
}

static bool is_hunting(const struct desk *d)
{
	return !instant_is_never(d->lookups.hunts.due);
}

/* An address is what it is; a name may be another one tomorrow. */
static void test_only_names_are_asked_for_and_only_of_who_is_lost(void **state)
{
	struct desk d;

	(void)state;
	start(&d, "tunnel t { listen=\"127.0.0.1:47387\" peer a { host=192.0.2.1 } }");
	assert_false(is_hunting(&d));
	hear(&d, TRACE_PEER_DOWN, "a");
	hear(&d, TRACE_PEER_STRANGER, NULL);
	assert_false(is_hunting(&d));
	finish(&d);

	start(&d, "tunnel t { listen=\"127.0.0.1:47387\" peer n { host=n.example } }");
	assert_true(is_hunting(&d));		/* it was never heard of */
	hear(&d, TRACE_PEER_UP, "n");
	d.lookups.hunts.due = INSTANT_NEVER;
	hear(&d, TRACE_PEER_UNKNOWN, NULL);
	assert_false(is_hunting(&d));
	hear(&d, TRACE_PEER_DOWN, "n");
	assert_true(is_hunting(&d));
	finish(&d);
}

static void test_a_peer_with_another_host_is_as_lost_as_before(void **state)
{
	struct config_peer peer;
	struct desk d;

	(void)state;
	start(&d, "tunnel t { listen=\"127.0.0.1:47387\" peer n { host=n.example } }");
	hear(&d, TRACE_PEER_UP, "n");
	d.lookups.hunts.due = INSTANT_NEVER;
	peer = d.config->tunnels[0].peers[0];
	peer.domain_identifier = 0x0A000007;
	lookups_reopen(&d.lookups, "t", &peer);
	hear(&d, TRACE_PEER_UNKNOWN, NULL);
	assert_false(is_hunting(&d));
	hear(&d, TRACE_PEER_DOWN, "n");
	lookups_reopen(&d.lookups, "t", &peer);
	assert_true(is_hunting(&d));
	lookups_close(&d.lookups, "t", "n");
	assert_int_equal(d.lookups.n, 0);
	finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stays_wrong_is_said_ever_more_rarely),
		cmocka_unit_test(test_another_tunnel_of_ours_is_ourselves),
		cmocka_unit_test(test_only_names_are_asked_for_and_only_of_who_is_lost),
		cmocka_unit_test(test_a_peer_with_another_host_is_as_lost_as_before),
	};

	return cmocka_run_group_tests_name("lookups", tests, NULL, NULL);
}
