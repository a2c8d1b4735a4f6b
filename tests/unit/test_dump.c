/* daemon/dump.c over a real router, daemon/file_write.c and daemon/state.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf.h"
#include "dump.h"
#include "file_write.h"
#include "idle.h"
#include "state.h"

static const char site[] =
	"router { name = attic public-address = 203.0.113.7 }\n"
	"ethertalk lan { device=eth0 network=\"100-101\"\n"
	"zones={\"Twilight Zone\",\"Q\\\"\\x1bx\"} }\n"
	"ethertalk \"second floor\" { device=eth1 seed=none }\n"
	"tunnel globaltalk { peer alice { host=alice.example.net }\n"
	"peer office { host=192.0.2.33 } }\n";

static struct config *parse(const char *text)
{
	struct conf_report rep = { 0 };
	struct config *c = conf_parse(text, strlen(text), "host", &rep);

	assert_non_null(c);
	conf_report_fini(&rep);
	return c;
}

/* The dump of a router that runs `site` and whose first port came up. */
static char *dump_of_site(void)
{
	const struct router_io io = idle_io();
	const struct dump_loss losses[] = { { "lan", DROP_NO_BUFFER, 7 },
		{ "globaltalk", DROP_SEND_REFUSED, 2 } };
	const struct mac mac = { { 2, 0, 7, 0x12, 0x34, 0x56 } };
	const struct endpoint office = { 0xC0000221, 387 };
	const struct domain_id di = { DI_IP, 0xCB007107 };
	struct instant start = { 5000000 }, now = start;
	struct config *c = parse(site);
	struct router *r = router_new(&io, 1, now);
	struct dump d = { .router = r,
		.name = c->name,
		.date = "2026-11-22T19:50:00Z",
		.started = start,
		.losses = losses,
		.n_losses = 2 };
	int link = 0, sock = 0;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	router_apply(r, now, c);
	router_link_up(r, now, router_find_port(r, "lan"), &link, mac);
	router_tunnel_up(r, now, router_find_tunnel(r, "globaltalk"), &sock, di);
	router_peer_addresses(r, now, router_find_tunnel(r, "globaltalk"), "office", &office, 1);
	for (int i = 0; i < 1000; i++) {
		now = instant_add(now, span_ms(10));
		if (instant_cmp(router_deadline(r), now) <= 0)
			router_tick(r, now);
	}
	d.now = now;
	dump_write(out, &d);
	fclose(out);
	router_free(r);
	conf_free(c);
	return text;
}

static void has(const char *text, const char *line)
{
	if (!strstr(text, line))
		print_message("missing: %s\nin:\n%s", line, text);
	assert_non_null(strstr(text, line));
}

static void test_the_dump_has_its_sections_in_order(void **state)
{
	static const char *const sections[] = { "\n[ports]\n", "\n[tunnels]\n", "\n[peers]\n",
		"\n[routes]\n", "\n[zones]\n", "\n[aarp]\n", "\n[counters]\n" };
	char *text = dump_of_site();
	const char *at = text;

	(void)state;
	assert_memory_equal(
		text, "# aurpd " AURPD_VERSION " attic 2026-11-22T19:50:00Z up=10\n", 45);
	for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
		at = strstr(at, sections[i]);
		assert_non_null(at);
	}
	free(text);
}

static void test_the_dump_tells_of_ports_tunnels_and_peers(void **state)
{
	char *text = dump_of_site();

	(void)state;
	has(text, "\nport=lan kind=ethertalk device=eth0 state=up net=100-101 addr=10");
	has(text, " default-zone=\"Twilight Zone\" zones=2 mac=02:00:07:12:34:56\n");
	has(text,
		"\nport=\"second floor\" kind=ethertalk device=eth1 state=down "
		"net=- addr=- default-zone=- zones=0");
	has(text,
		"\ntunnel=globaltalk listen=0.0.0.0:387 di=203.0.113.7 "
		"peers=2 connected=0 state=up\n");
	has(text,
		"\npeer=alice tunnel=globaltalk host=alice.example.net addr=- "
		"recv=unconnected send=unconnected "
		"routes=0 told=0 rtt-ms=- heard=-");
	has(text,
		"\npeer=office tunnel=globaltalk host=192.0.2.33 addr=192.0.2.33:387 "
		"recv=wait-open-rsp ");
	has(text,
		"\nnet=100-101 dist=0 via=lan state=good "
		"zones=\"Twilight Zone\",\"Q\\\"\\x1Bx\" alternatives=0\n");
	has(text, "\nzone=\"Twilight Zone\" nets=100\n");
	has(text, "\nport=lan rx=0 tx=");
	has(text, "\npeer=office rx=0 ");
	has(text, " open-req-tx=");
	has(text, "\ndrop=lan reason=no-buffer count=7\n");
	has(text, "\ndrop=globaltalk reason=send-refused count=2\n");
	free(text);
}

static void test_nothing_in_the_dump_can_act_on_a_terminal(void **state)
{
	char *text = dump_of_site();

	(void)state;
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7F));
	free(text);
}

static void test_the_manual_knows_every_reason_for_a_drop(void **state)
{
	static char page[65536];
	FILE *in = fopen(TESTS_DIR "/../man/aurpd.8", "r");

	(void)state;
	assert_non_null(in);
	page[fread(page, 1, sizeof page - 1, in)] = '\0';
	fclose(in);
	for (int i = 0; i < DROP_REASONS; i++) {
		char entry[64];

		snprintf(entry, sizeof entry, "\n.It Cm %s\n", drop_name((enum drop_reason)i));
		if (!strstr(page, entry))
			print_message("man/aurpd.8 lacks%s", entry);
		assert_non_null(strstr(page, entry));
	}
}

static void write_hello(FILE *out, void *ctx)
{
	fputs(ctx, out);
}

static void read_all(const char *path, char *to, size_t size)
{
	FILE *in = fopen(path, "r");

	assert_non_null(in);
	to[fread(to, 1, size - 1, in)] = '\0';
	fclose(in);
}

static void test_a_file_is_replaced_whole_and_not_readable_by_all(void **state)
{
	char folder[] = "/tmp/aurpd-test-XXXXXX", path[64], one[] = "one\n", two[] = "two\n",
	     got[16];
	struct stat st;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/dump", folder);
	assert_true(file_replace(path, FILE_MAY_BE_LOST, write_hello, one));
	assert_true(file_replace(path, FILE_MAY_BE_LOST, write_hello, two));
	read_all(path, got, sizeof got);
	assert_string_equal(got, two);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);		/* no temporary file is left */
	assert_false(file_replace(path, FILE_MAY_BE_LOST, write_hello, one));
	assert_int_equal(errno, ENOENT);
}

static void test_atalk_E26_the_last_address_comes_back_after_a_restart(void **state)
{
	char path[] = "/tmp/aurpd-test-XXXXXX";
	struct state before = { 0 }, after = { 0 };
	struct config *c = parse(site);

	(void)state;
	close(mkstemp(path));
	state_set(&before, "lan", (struct at_addr){ 100, 128 });
	state_set(&before, "second floor", (struct at_addr){ 7, 9 });
	assert_true(before.is_dirty);
	assert_true(state_save(&before, path));
	assert_false(before.is_dirty);
	state_set(&before, "lan", (struct at_addr){ 100, 128 });
	assert_false(before.is_dirty);
	assert_true(state_load(&after, path));
	assert_false(after.is_dirty);
	state_apply(&after, c);
	assert_true(at_addr_eq(c->ports[0].address, (struct at_addr){ 100, 128 }));
	assert_true(at_addr_eq(c->ports[1].address, (struct at_addr){ 7, 9 }));
	state_fini(&before);
	state_fini(&after);
	conf_free(c);
	unlink(path);
}

static void test_a_last_address_that_does_not_fit_is_left_alone(void **state)
{
	struct config *c = parse("ethertalk a { device=x network=\"5-6\" zones={Z} }"
		"ethertalk b { device=y network=\"7-8\" zones={Z} address=7.1 }"
		"ethertalk c { device=z seed=none } ltoudp d { device=y network=10 zone=Z }");
	struct state s = { 0 };

	(void)state;
	state_set(&s, "a", (struct at_addr){ 9, 1 });
	state_set(&s, "b", (struct at_addr){ 8, 2 });
	state_set(&s, "c", (struct at_addr){ 11, 254 });
	state_set(&s, "d", (struct at_addr){ 10, 254 });
	state_apply(&s, c);
	assert_int_equal(c->ports[2].address.net, 0);		/* no node of an Ethernet */
	assert_true(at_addr_eq(c->ports[3].address, (struct at_addr){ 10, 254 }));
	assert_int_equal(c->ports[0].address.net, 0);
	assert_true(at_addr_eq(c->ports[1].address, (struct at_addr){ 7, 1 }));
	state_fini(&s);
	conf_free(c);
}

static void test_odd_lines_of_the_state_file_are_kept_and_passed_over(void **state)
{
	char path[] = "/tmp/aurpd-test-XXXXXX",
	     got[256], text[] = "\n100.5\nx.y lan\n70000.1 lan\n5.6 second floor\n9.9";
	struct state s = { 0 };

	(void)state;
	close(mkstemp(path));
	assert_true(file_replace(path, FILE_MAY_BE_LOST, write_hello, text));
	assert_true(state_load(&s, path));
	assert_int_equal(s.n, 1);
	assert_string_equal(s.ports[0].name, "second floor");
	/* Another version may know them. */
	assert_true(state_save(&s, path));
	read_all(path, got, sizeof got);
	assert_string_equal(got, "5.6 second floor\n100.5\nx.y lan\n70000.1 lan\n9.9\n");
	unlink(path);
	assert_false(state_load(&s, path));
	assert_int_equal(errno, ENOENT);
	state_fini(&s);
}

static void test_a_state_file_of_another_kind_does_not_fill_the_memory(void **state)
{
	char path[] = "/tmp/aurpd-test-XXXXXX";
	struct state s = { 0 };
	FILE *out;

	(void)state;
	out = fdopen(mkstemp(path), "w");
	for (int i = 0; i < 100000; i++)
		fprintf(out, "strange %d\n", i);
	fclose(out);
	assert_true(state_load(&s, path));
	assert_true(state_save(&s, path));
	out = fopen(path, "r");
	fseek(out, 0, SEEK_END);
	assert_true(ftell(out) <= STATE_OTHERS_MAX);
	assert_true(ftell(out) > STATE_OTHERS_MAX / 2);
	fclose(out);
	unlink(path);
	state_fini(&s);
}

static char steps[64];

/* What happened, while there is room for it. */
static void note(const char *step, int number)
{
	const size_t n = strlen(steps);

	snprintf(steps + n, sizeof steps - n, "%s %d ", step, number);
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);

int __wrap_fsync(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	note("sync", (int)st.st_size);
	return __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
	note("rename", 0);
	return __real_rename(from, to);
}

static void test_the_state_is_on_the_disk_before_it_replaces_the_old_one(void **state)
{
	char path[] = "/tmp/aurpd-test-XXXXXX";
	struct state s = { 0 };

	(void)state;
	close(mkstemp(path));
	state_set(&s, "lan", (struct at_addr){ 100, 128 });
	steps[0] = '\0';
	assert_true(state_save(&s, path));
	assert_string_equal(steps, "sync 12 rename 0 ");
	unlink(path);
	state_fini(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_dump_has_its_sections_in_order),
		cmocka_unit_test(test_the_dump_tells_of_ports_tunnels_and_peers),
		cmocka_unit_test(test_nothing_in_the_dump_can_act_on_a_terminal),
		cmocka_unit_test(test_the_manual_knows_every_reason_for_a_drop),
		cmocka_unit_test(test_a_file_is_replaced_whole_and_not_readable_by_all),
		cmocka_unit_test(test_atalk_E26_the_last_address_comes_back_after_a_restart),
		cmocka_unit_test(test_a_last_address_that_does_not_fit_is_left_alone),
		cmocka_unit_test(test_odd_lines_of_the_state_file_are_kept_and_passed_over),
		cmocka_unit_test(test_a_state_file_of_another_kind_does_not_fill_the_memory),
		cmocka_unit_test(test_the_state_is_on_the_disk_before_it_replaces_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
