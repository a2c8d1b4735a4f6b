/* daemon/conf*.c: every option, every refusal with its line, and the way back to text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "aurpd/macroman.h"
#include "conf.h"
#include "conf_option.h"

static struct config *parse(const char *text, struct conf_report *rep)
{
	*rep = (struct conf_report){ 0 };
	return conf_parse(text, strlen(text), "host", rep);
}

static void show(const struct conf_report *rep)
{
	for (size_t i = 0; i < rep->n; i++)
		print_message("%d: %s\n", rep->messages[i].line, rep->messages[i].text);
}

static struct config *parse_good(const char *text)
{
	struct conf_report rep;
	struct config *c = parse(text, &rep);

	if (!c)
		show(&rep);
	assert_non_null(c);
	conf_report_fini(&rep);
	return c;
}

/* The text is refused, and among the reasons is one on this line with these words. */
static void refused(const char *text, int line, const char *words)
{
	struct conf_report rep;
	struct config *c = parse(text, &rep);
	bool found = false;

	assert_null(c);
	assert_true(rep.errors > 0);
	for (size_t i = 0; i < rep.n; i++)
		if (!rep.messages[i].is_warning && rep.messages[i].line == line &&
		    strstr(rep.messages[i].text, words))
			found = true;
	if (!found) {
		print_message("wanted %d: %s; got\n", line, words);
		show(&rep);
	}
	assert_true(found);
	conf_report_fini(&rep);
}

static void warned(const char *text, int line, const char *words)
{
	struct conf_report rep;
	struct config *c = parse(text, &rep);
	bool found = false;

	if (!c)
		show(&rep);
	assert_non_null(c);
	for (size_t i = 0; i < rep.n; i++)
		found |= rep.messages[i].is_warning && rep.messages[i].line == line &&
			strstr(rep.messages[i].text, words);
	assert_true(found);
	conf_free(c);
	conf_report_fini(&rep);
}

static char *print(const struct config *c)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	conf_print(out, c);
	fclose(out);
	return text;
}

#define LAN "device=eth0 network=\"100-101\" zones={\"A\"}"

static const char whole[] =
	"# a comment // with another\n"
	"router { /* and\n"
	"one more */ name = \"attic\"\n"
	"    public-address = 203.0.113.7  # our address\n"
	"    dump-file = '/run/x y/dump'\n"
	"    state-file = \"\"\n"
	"    log-level = debug\n"
	"    max-networks = 500\n"
	"    max-zones = 100\n"
	"}\n"
	"ethertalk \"lan\" {\n"
	"    device = eth0\n"
	"    seed = soft\n"
	"    network = \"100-101\"\n"
	"    zones = { \"Twilight Zone\", 'Caf\xC3\xA9', \"\\x83\\x65 \\\\ \\\" \\${x\" }\n"
	"    address = \"100.7\"\n"
	"    hardware-address = \"02:00:07:12:34:56\"\n"
	"    all-multicast = yes\n"
	"    own-net-only = on\n"
	"}\n"
	"ethertalk learner { tap = at0 seed = none }\n"
	"tunnel \"globaltalk\" {\n"
	"    listen = 192.0.2.1:1387\n"
	"    accept-unknown = yes\n"
	"    max-unknown-peers = 5\n"
	"    update-interval = 20\n"
	"    last-heard-timeout = 30\n"
	"    peer \"alice\" { host = \"alice.example.net\" }\n"
	"    peer office { host = 192.0.2.33 port = 1000 }\n"
	"}\n";

static void test_every_option_is_read(void **state)
{
	struct config *c = parse_good(whole);
	const struct config_port *p = &c->ports[0];
	const struct config_tunnel *t = &c->tunnels[0];

	(void)state;
	assert_string_equal(c->name, "attic");
	assert_int_equal(c->nbp_name.len, 5);
	assert_false(c->public_address_auto);
	assert_int_equal(c->public_address, 0xCB007107);
	assert_string_equal(c->dump_file, "/run/x y/dump");
	assert_string_equal(c->state_file, "");
	assert_int_equal(c->log_level, LOG_LEVEL_DEBUG);
	assert_int_equal(c->max_networks, 500);
	assert_int_equal(c->max_zones, 100);
	assert_int_equal(c->n_ports, 2);
	assert_string_equal(p->name, "lan");
	assert_string_equal(p->device, "eth0");
	assert_false(p->is_tap);
	assert_int_equal(p->seed, SEED_SOFT);
	assert_int_equal(p->range.first, 100);
	assert_int_equal(p->range.last, 101);
	assert_true(p->range.extended);
	assert_int_equal(p->n_zones, 3);
	assert_int_equal(p->zones[1].len, 4);
	assert_int_equal(p->zones[1].byte[3], 0x8E);
	assert_int_equal(p->zones[2].len, 10);
	assert_memory_equal(p->zones[2].byte, "\x83" "e \\ \" ${x", 10);
	assert_true(at_addr_eq(p->address, (struct at_addr){ 100, 7 }));
	assert_true(p->has_hardware_address);
	assert_int_equal(p->hardware_address.byte[5], 0x56);
	assert_true(p->all_multicast);
	assert_true(p->own_net_only);
	assert_true(c->ports[1].is_tap);
	assert_string_equal(c->ports[1].device, "at0");
	assert_int_equal(c->ports[1].seed, SEED_NONE);
	assert_int_equal(t->listen.ip, 0xC0000201);
	assert_int_equal(t->listen.port, 1387);
	assert_true(t->accept_unknown);
	assert_int_equal(t->max_unknown_peers, 5);
	assert_int_equal(span_to_s(t->update_interval), 20);
	assert_int_equal(span_to_s(t->last_heard_timeout), 30);
	assert_int_equal(t->n_peers, 2);
	assert_string_equal(t->peers[0].host, "alice.example.net");
	assert_int_equal(t->peers[0].port, 387);
	assert_int_equal(t->peers[1].port, 1000);
	conf_free(c);
}

static void test_defaults_stand_where_nothing_is_said(void **state)
{
	struct config *c = parse_good("ethertalk lan { " LAN " }\ntunnel t { peer p { host = h } }");

	(void)state;
	assert_string_equal(c->name, "host");
	assert_true(c->public_address_auto);
	assert_string_equal(c->dump_file, "/run/aurpd/dump");
	assert_string_equal(c->state_file, "/var/lib/aurpd/addresses");
	assert_int_equal(c->log_level, LOG_LEVEL_INFO);
	assert_int_equal(c->ports[0].seed, SEED_HARD);
	assert_int_equal(c->ports[0].address.net, 0);
	assert_false(c->ports[0].has_hardware_address);
	assert_int_equal(c->tunnels[0].listen.ip, 0);
	assert_int_equal(c->tunnels[0].listen.port, 387);
	assert_false(c->tunnels[0].accept_unknown);
	assert_int_equal(span_to_s(c->tunnels[0].update_interval), 10);
	assert_int_equal(span_to_s(c->tunnels[0].last_heard_timeout), 90);
	conf_free(c);
}

static void test_the_manual_knows_every_option_and_section(void **state)
{
	static char page[65536];
	FILE *in = fopen(TESTS_DIR "/../man/aurpd.conf.5", "r");

	(void)state;
	assert_non_null(in);
	page[fread(page, 1, sizeof page - 1, in)] = '\0';
	fclose(in);
	for (size_t i = 0; i < conf_n_options; i++) {
		char entry[64];

		snprintf(entry, sizeof entry, "\n.It Ic %s Li =", conf_options[i].name);
		assert_non_null(strstr(page, entry));
	}
}

static void test_the_installed_example_opens_nothing(void **state)
{
	struct conf_report rep = { 0 };
	struct config *c = conf_load(TESTS_DIR "/../conf/aurpd.conf", &rep);

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->n_ports, 0);
	assert_int_equal(c->n_tunnels, 0);
	conf_free(c);
	c = conf_load(TESTS_DIR "/../conf/examples/site-b.conf", &rep);
	assert_non_null(c);
	assert_int_equal(c->n_ports, 2);
	conf_free(c);
	assert_int_equal(rep.n, 0);
	conf_report_fini(&rep);
}

static void test_an_empty_file_is_a_router_without_ports(void **state)
{
	struct config *c = parse_good("# nothing yet\n");

	(void)state;
	assert_int_equal(c->n_ports, 0);
	assert_int_equal(c->n_tunnels, 0);
	conf_free(c);
}

static void test_the_printed_configuration_reads_back_to_the_same(void **state)
{
	struct config *c = parse_good(whole), *d;
	char *first = print(c), *second;

	(void)state;
	d = parse_good(first);
	second = print(d);
	assert_string_equal(first, second);
	assert_int_equal(c->n_ports, d->n_ports);
	for (size_t i = 0; i < c->ports[0].n_zones; i++)
		assert_memory_equal(&c->ports[0].zones[i], &d->ports[0].zones[i], sizeof(struct at_name));
	assert_string_equal(c->dump_file, d->dump_file);
	assert_string_equal(c->tunnels[0].peers[0].host, d->tunnels[0].peers[0].host);
	/* Every option of the table stands in the text (the second port has the tap). */
	for (size_t i = 0; i < conf_n_options; i++)
		assert_non_null(strstr(first, conf_options[i].name));
	free(first);
	free(second);
	conf_free(c);
	conf_free(d);
}

static void test_any_zone_name_survives_the_way_through_text(void **state)
{
	struct config *c = parse_good("ethertalk lan { " LAN " }");

	(void)state;
	for (unsigned b = 0; b < 255; b++) {
		struct at_name *z = &c->ports[0].zones[0];
		struct config *d;
		char *text;

		*z = (struct at_name){ .len = 3, .byte = { (uint8_t)b, '{', (uint8_t)b } };
		text = print(c);
		d = parse_good(text);
		assert_memory_equal(z, &d->ports[0].zones[0], sizeof *z);
		free(text);
		conf_free(d);
	}
	conf_free(c);
}

static void test_syntax_errors_name_their_line(void **state)
{
	(void)state;
	refused("# one\n# two\n/* three\n*/ router {\n loglevel = info\n}", 5, "did you mean log-level?");
	refused("router {\n host = x\n}", 2, "belongs into a peer section");
	refused("router {\n flavour = x\n}", 2, "there are name, public-address");
	refused("\nethertalkk lan {}", 2, "did you mean ethertalk?");
	refused("\nnetwork = 3", 2, "belongs into a ethertalk section");
	refused("\n\nfoo {}", 3, "there are router, ethertalk, tunnel");
	refused("router {\n name = a\n", 1, "never closed: end the section");
	refused("ethertalk x {\n zones = { a,\n", 2, "never closed: end the list");
	refused("\n/* no end\n\n", 2, "this comment is never closed");
	refused("\nrouter { name = \"x\n }", 2, "string is not closed");
	refused("\n}\n", 2, "closes nothing");
	refused("router { name = a; }", 1, "there is no \";\"");
	refused("router {\n name a }", 2, "missing equal sign");
	refused("tunnel {\n }", 1, "missing title");
	refused("\nrouter = 3", 2, "missing opening brace");
	refused("router { name = {\n a, b } }", 1, "unexpected token");
	refused("router { name = a\n name = b }", 2, "given twice in this section (first in line 1)");
	refused("router { }\n\nrouter { }", 3, "second router section (the first begins in line 1)");
	refused("tunnel a { }\ntunnel a { }", 2, "already a section named \"a\"");
	refused("ethertalk \"\" { " LAN " }", 1, "name of a section");
	refused("ethertalk \"a\x1b[2J\" {\n " LAN " }", 1, "name of a section");
	refused("ethertalk \"\xC3\x28\" { " LAN " }", 1, "name of a section");
	refused("a{b{c{d{e{f{g{h{i{", 1, "too many braces");
}

static void test_a_nul_byte_and_a_byte_order_mark(void **state)
{
	static const char nul[] = "router {\n name = a\0b }", bom[] = "\xEF\xBB\xBFrouter { name = a }\r\n";
	struct conf_report rep = { 0 };
	struct config *c;

	(void)state;
	assert_null(conf_parse(nul, sizeof nul - 1, "host", &rep));
	assert_int_equal(rep.messages[0].line, 2);
	assert_non_null(strstr(rep.messages[0].text, "NUL"));
	conf_report_fini(&rep);
	c = parse_good(bom);
	assert_string_equal(c->name, "a");
	conf_free(c);
}

static void test_router_values_are_checked(void **state)
{
	(void)state;
	refused("router {\n name = \"\xF0\x9F\x98\x80\" }", 2, "U+1F600");
	refused("router { name = \"123456789012345678901234567890123\" }", 1, "longer than 32");
	refused("router { name = \"a:b\" }", 1, "cannot be part");
	refused("router { name = \"\\x01\" }", 1, "control characters");
	refused("router { public-address = fe80::1 }", 1, "auto or an IPv4 address");
	refused("router { public-address = 224.0.0.1 }", 1, "not the address of a host");
	refused("router { dump-file = dump }", 1, "full path");
	refused("router { dump-file = \"/run/\" }", 1, "full path");
	refused("router { log-level = loud }", 1, "one of error, warning, info, debug");
	refused("router { max-networks = 0x100 }", 1, "decimal number");
	refused("router { max-networks = 15 }", 1, "from 16 to 65279");
	refused("router { max-zones = -1 }", 1, "decimal number");
	refused("router { max-zones = 010 }", 1, "decimal number");
	refused("router { max-zones = 99999999999999999999 }", 1, "decimal number");
}

static void test_port_values_are_checked(void **state)
{
	(void)state;
	refused("ethertalk a {\n device=eth0 zones={A}\n network=\"6688-9\" }", 3,
		"network \"6688-9\": the range ends before it starts");
	refused("ethertalk a { device=eth0 zones={A} network=\"0-9\" }", 1, "from 1 to 65279");
	refused("ethertalk a { device=eth0 zones={A} network=\"65279-65280\" }", 1, "from 1 to 65279");
	refused("ethertalk a { device=eth0 zones={A} network=\"1-2-3\" }", 1, "a range of network numbers");
	refused("ethertalk a { device=eth0 zones={A} network=\"1-\" }", 1, "after the -");
	refused("ethertalk a { device=eth0 zones={A} network=\"99999\" }", 1, "a range of network numbers");
	refused("ethertalk a { device=a/b network=1 zones={A} }", 1, "not the name of a network interface");
	refused("ethertalk a { device=abcdefghijklmnop network=1 zones={A} }", 1, "1 to 15 bytes");
	refused("ethertalk a { " LAN " seed=maybe }", 1, "one of hard, soft, none");
	refused("ethertalk a { " LAN " all-multicast=perhaps }", 1, "yes or no");
	refused("ethertalk a { " LAN " address=100 }", 1, "network.node");
	refused("ethertalk a { " LAN " address=100.254 }", 1, "from 1 to 253");
	refused("ethertalk a { " LAN " address=100.0 }", 1, "from 1 to 253");
	refused("ethertalk a { " LAN "\n address=102.9 }", 2, "outside network \"100-101\"");
	refused("ethertalk a { " LAN " hardware-address=02 }", 1, "six bytes");
	refused("ethertalk a { " LAN " hardware-address=\"01:00:07:00:00:01\" }", 1, "multicast");
	refused("ethertalk a { " LAN " hardware-address=\"00:00:00:00:00:00\" }", 1, "no interface");
	refused("ethertalk a { device=eth0 network=1\n zones={ ok,\n \"Zo\xE4\xB8\xAD\" } }", 3, "U+4E2D");
	refused("ethertalk a { device=eth0 network=1 zones={\"*\"} }", 1, "my own zone");
	refused("ethertalk a { device=eth0 network=1 zones={\"\"} }", 1, "1 to 32 characters");
	refused("ethertalk a { device=eth0 network=1 zones={\"\\xFFx\"} }", 1, "reserved");
	refused("ethertalk a { device=eth0 network=1 zones={\"123456789012345678901234567890123\"} }", 1,
		"longer than 32");
	refused("ethertalk a { device=eth0 network=1 zones={\"\\q\"} }", 1, "backslash");
}

static void test_a_zone_list_has_at_most_255_zones(void **state)
{
	char text[8192];
	size_t n;

	(void)state;
	n = (size_t)snprintf(text, sizeof text, "ethertalk a { device=eth0 network=1 zones={\n");
	for (int i = 0; i < 256; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "\"Zone %d\",\n", i);
	snprintf(text + n, sizeof text - n, "} }");
	refused(text, 257, "at most 255 zones");
}

static void test_atalk_Z38_Z39_zones_come_from_who_seeds_the_range(void **state)
{
	(void)state;
	refused("ethertalk a { device=eth0 seed=none\n zones={A} }", 2, "remove zones");
	refused("ethertalk a { device=eth0 seed=none\n\n network=5 }", 3, "remove network");
	refused("\nethertalk a { device=eth0 network=5 }", 2, "needs zones");
	refused("ethertalk a {\n device=eth0\n seed=soft\n zones={A} }", 3, "needs network");
	refused("ethertalk a { device=eth0 network=5 zones={} }", 1, "needs zones");
	conf_free(parse_good("ethertalk a { device=eth0 seed=none }"));
}

static void test_ports_may_not_collide(void **state)
{
	(void)state;
	refused("ethertalk a { " LAN " }\nethertalk b { device=eth1 zones={A}\n network=\"101-110\" }", 3,
		"overlaps \"100-101\" of port \"a\"");
	refused("ethertalk a { " LAN " }\nethertalk b {\n device=eth0 seed=none }", 3, "both use eth0");
	refused("ethertalk a { device=eth0\n tap=at0 seed=none }", 2, "both device and tap");
	refused("\nethertalk a { seed=none }", 2, "no interface");
}

static void test_tunnel_values_are_checked(void **state)
{
	(void)state;
	refused("tunnel t { listen=\"[::]:387\" }", 1, "IPv4 only");
	refused("tunnel t { listen=example.net }", 1, "IPv4 address of this machine");
	refused("tunnel t { listen=\"0.0.0.0:0\" }", 1, "from 1 to 65535");
	refused("tunnel t { listen=\"0.0.0.0:65536\" }", 1, "from 1 to 65535");
	refused("tunnel t { update-interval=9 }", 1, "from 10 to 3600");
	refused("tunnel t { update-interval=15 }", 1, "multiple of 10");
	refused("tunnel t { last-heard-timeout=29 }", 1, "from 30");
	refused("tunnel t { max-unknown-peers=0 }", 1, "from 1");
	refused("tunnel t {\n peer p {\n } }", 2, "peer \"p\" has no host");
	refused("tunnel t { peer p { host=\"2001:db8::1\" } }", 1, "IPv4 only");
	refused("tunnel t { peer p { host=\"a.example:388\" } }", 1, "port = 388");
	refused("tunnel t { peer p { host=\"a b\" } }", 1, "host name or an IPv4");
	refused("tunnel t { peer p { host=\"a..b\" } }", 1, "host name or an IPv4");
	refused("tunnel t { peer p { host=1.2.3 } }", 1, "not the IPv4 address of a host");
	refused("tunnel t { peer p { host=1.2.3.400 } }", 1, "not the IPv4 address of a host");
	refused("tunnel t { peer p { host=a port=0 } }", 1, "from 1 to 65535");
	refused("tunnel t { peer p { host=a }\n peer q { host=A } }", 2, "are the same router");
	refused("tunnel t { peer p { host=a }\n peer p { host=b } }", 2, "already a section");
	refused("tunnel t { peer p { host=a } }\ntunnel u {\n listen=10.0.0.1 }", 3, "same address and port");
	conf_free(parse_good("tunnel t { peer p { host=a } peer q { host=a port=388 } }"
		"tunnel u { listen=\"10.0.0.1:388\" accept-unknown=yes }"));
}

static void test_all_semantic_errors_come_at_once_in_order(void **state)
{
	struct conf_report rep;

	(void)state;
	assert_null(parse("tunnel t {\n listen=x\n update-interval=1 }\nethertalk a {\n network=0\n }\n"
		"router { name=\"\" }", &rep));
	assert_true(rep.errors >= 5);
	for (size_t i = 1; i < rep.n; i++)
		assert_true(rep.messages[i - 1].line <= rep.messages[i].line);
	conf_report_fini(&rep);
}

static void test_atalk_Q32_letters_that_netatalk_folds_differently(void **state)
{
	(void)state;
	warned("ethertalk a { device=eth0 network=1\n zones={ \"Zo\xC3\xAB\" } }", 2, "Netatalk");
}

static void test_harmless_oddities_are_warnings(void **state)
{
	struct config *c;

	(void)state;
	warned("ethertalk a { device=eth0 network=1\n zones={ \"Lab\",\n \"LAB\" } }", 3, "listed twice");
	c = parse_good("ethertalk a { device=eth0 network=1\n zones={ \"Lab\", \"LAB\" } }");
	assert_int_equal(c->ports[0].n_zones, 1);
	conf_free(c);
	warned("\ntunnel t { }", 2, "connects nobody");
}

static void test_what_a_file_may_not_be(void **state)
{
	struct conf_report rep = { 0 };

	(void)state;
	assert_null(conf_load("/nonexistent/aurpd.conf", &rep));
	assert_non_null(strstr(rep.messages[0].text, "No such file"));
	conf_report_fini(&rep);
	assert_null(conf_load("/", &rep));
	assert_int_equal(rep.errors, 1);
	conf_report_fini(&rep);
}

static void test_control_characters_of_the_file_reach_no_terminal(void **state)
{
	struct conf_report rep;

	(void)state;
	assert_null(parse("router { log-level = \"\x1b[2J\" }\n", &rep));
	assert_null(strchr(rep.messages[0].text, 0x1B));
	conf_report_fini(&rep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_option_is_read),
		cmocka_unit_test(test_defaults_stand_where_nothing_is_said),
		cmocka_unit_test(test_the_manual_knows_every_option_and_section),
		cmocka_unit_test(test_the_installed_example_opens_nothing),
		cmocka_unit_test(test_an_empty_file_is_a_router_without_ports),
		cmocka_unit_test(test_the_printed_configuration_reads_back_to_the_same),
		cmocka_unit_test(test_any_zone_name_survives_the_way_through_text),
		cmocka_unit_test(test_syntax_errors_name_their_line),
		cmocka_unit_test(test_a_nul_byte_and_a_byte_order_mark),
		cmocka_unit_test(test_router_values_are_checked),
		cmocka_unit_test(test_port_values_are_checked),
		cmocka_unit_test(test_a_zone_list_has_at_most_255_zones),
		cmocka_unit_test(test_atalk_Z38_Z39_zones_come_from_who_seeds_the_range),
		cmocka_unit_test(test_ports_may_not_collide),
		cmocka_unit_test(test_tunnel_values_are_checked),
		cmocka_unit_test(test_all_semantic_errors_come_at_once_in_order),
		cmocka_unit_test(test_atalk_Q32_letters_that_netatalk_folds_differently),
		cmocka_unit_test(test_harmless_oddities_are_warnings),
		cmocka_unit_test(test_what_a_file_may_not_be),
		cmocka_unit_test(test_control_characters_of_the_file_reach_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
