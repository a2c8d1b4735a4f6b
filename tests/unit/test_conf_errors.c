/* daemon/conf*.c: every refusal with its line, every warning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf_rig.h"
#include "conf_words.h"

#define A64 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define LAN "device=eth0 network=\"100-101\" zones={\"A\"}"

static void test_syntax_errors_name_their_line(void **state)
{
	(void)state;
	conf_rig_refused("# one\n# two\n/* three\n*/ router {\n loglevel = info\n}", 5,
		"did you mean log-level?");
	conf_rig_refused("router {\n host = x\n}", 2, "belongs in a peer section");
	conf_rig_refused("router {\n flavour = x\n}", 2, "there are name, public-address");
	conf_rig_refused("ethertalk x {\n zones = A B\n}", 2, "text with blanks stands in quotes");
	conf_rig_refused("\nethertalkk lan {}", 2, "did you mean ethertalk?");
	conf_rig_refused("\nnetwork = 3", 2, "belongs in an ethertalk section");
	conf_rig_refused("\n\nfoo {}", 3, "there are router, ethertalk, ltoudp, tashtalk, tunnel");
	conf_rig_refused("router {\n name = a\n", 1, "never closed: end the section");
	conf_rig_refused("ethertalk x {\n zones = { a,\n", 2, "never closed: end the list");
	conf_rig_refused("\n/* no end\n\n", 2, "this comment is never closed");
	conf_rig_refused("\nrouter { name = \"x\n }", 2, "string is not closed");
	conf_rig_refused("\n}\n", 2, "closes nothing");
	conf_rig_refused("router { name = a; }", 1, "\";\" has no meaning here: remove it");
	conf_rig_refused("router {\n name a }", 2, "missing equal sign");
	conf_rig_refused("tunnel t {\n peer { }\n }", 2, "section needs a name: peer \"NAME\" {");
	conf_rig_refused("\nrouter = 3", 2, "missing opening brace");
	conf_rig_refused("tunnel t { peer p {\n host = http://a\n } }", 2, "and nothing else");
	conf_rig_refused("router { name = {\n a, b } }", 1, "unexpected token");
	conf_rig_refused("router { name = a\n name = b }", 2,
		"given twice in this section (first in line 1)");
	conf_rig_refused("router { }\n\nrouter { }", 3,
		"second router section (the first begins in line 1)");
	conf_rig_refused("tunnel a { }\ntunnel a { }", 2, "already a section named \"a\"");
	conf_rig_refused("ethertalk \"\" { " LAN " }", 1, "name of a section");
	conf_rig_refused("ethertalk \"a\x1b[2J\" {\n " LAN " }", 1, "name of a section");
	conf_rig_refused("ethertalk \"\xC3\x28\" { " LAN " }", 1, "name of a section");
	conf_rig_refused("a{b{c{d{e{f{g{h{i{", 1, "too many braces");
}

/* So many errors, each of them with its line and words. */
static void refused_for(const char *text, size_t n, const struct conf_message *wanted)
{
	struct conf_report rep;

	assert_null(conf_rig_parse(text, &rep));
	assert_int_equal(rep.errors, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(rep.messages[i].line, wanted[i].line);
		if (!strstr(rep.messages[i].text, wanted[i].text))
			fail_msg("%s, not: %s", rep.messages[i].text, wanted[i].text);
	}
	conf_report_fini(&rep);
}

#define REFUSED_FOR(text, ...)                                                            \
	refused_for(text, sizeof((struct conf_message[]){ __VA_ARGS__ }) /                \
			sizeof(struct conf_message), (struct conf_message[]){ __VA_ARGS__ })

static void test_every_error_of_a_file_is_told_at_once(void **state)
{
	(void)state;
	REFUSED_FOR("router {\n naem = a\n max-zones = 0\n}\nethertalk x {\n device = \"e/0\"\n"
		    " network = \"3-2\"\n zones = { A }\n}\ntunel y {\n peer z { host = a }\n}\n"
		    "tunnel t {\n peer a { host = b\n posrt = 387 }\n"
		    " peer c { host = \"c:387\" }\n}\n",
		{ 2, false, "did you mean name?" }, { 3, false, "from 16 to 65279" },
		{ 6, false, "not the name of a network interface" },
		{ 7, false, "ends before it starts" }, { 10, false, "did you mean tunnel?" },
		{ 15, false, "did you mean port?" }, { 16, false, "option of its own" });
}

static void test_what_an_unknown_word_brings_goes_with_it(void **state)
{
	(void)state;
	/* a list; a section of sections, with braces in strings; a value on the next line */
	REFUSED_FOR("router {\n zone = { \"}\", b, 'c{' }\n flavour\n =\n x\n max-zones = 1 }",
		{ 2, false, "belongs in an ltoudp section" },
		{ 3, false, "unknown word \"flavour\"" }, { 6, false, "from 16" });
	REFUSED_FOR("vlan \"7\" {\n a { b = { \"}\" } c = \"\\\"}\" }\n}\nrouter { max-zones = 1 }",
		{ 1, false, "unknown word \"vlan\"" }, { 4, false, "from 16" });
	/* peer stands in a tunnel alone, and holds no section */
	REFUSED_FOR("peer a { host = b }\ntunnel t {\n tunnel u { }\n peer p { host = h\n"
		    " peer q { } } }",
		{ 1, false, "unknown word \"peer\" outside" },
		{ 3, false, "unknown word \"tunnel\" in a tunnel" },
		{ 5, false, "unknown word \"peer\" in a peer" });
	REFUSED_FOR("'router' {\n \"naem\" = a\n 'max-zones' = 1 }",
		{ 2, false, "did you mean name?" }, { 3, false, "from 16" });
}

static void test_a_name_that_is_taken_hides_no_other_error(void **state)
{
	(void)state;
	REFUSED_FOR("tunnel a {\n peer p { host = h }\n peer \"p\" { host = i }\n peer q { }\n}\n"
		    "tunnel 'a' { peer p { } }\nltoudp a { device = eth0 }",
		{ 3, false, "already a section named \"p\" (in line 2)" },
		{ 4, false, "has no host" },
		{ 6, false, "already a section named \"a\" (in line 1)" },
		{ 7, false, "needs network" }, { 7, false, "needs zone" });
}

/* libconfuse passes over some characters that it does not like, and over all after them. */
static void test_no_character_is_passed_over(void **state)
{
	(void)state;
	REFUSED_FOR("ltoudp a { device = eth0 network = 3\n zone = Test*\n}",
		{ 2, false, "text with * in it must stand in quotes" });
	REFUSED_FOR("ltoudp a { device = eth0 network = 3\n zone = C++\n}",
		{ 2, false, "text with + in it" }, { 2, false, "text with + in it" });
	REFUSED_FOR("router { name = a;\n max-zones = 1 }", { 1, false, "\";\" has no meaning" },
		{ 2, false, "from 16" });
	conf_free(conf_rig_good("ltoudp a { device = eth0 network = 3 zone = \"C++*\" }"));
}

static void test_a_variable_of_the_environment_upsets_no_line(void **state)
{
	(void)state;
	setenv("AURPD_TEST_DEVICE", "eth7", 1);
	REFUSED_FOR("ltoudp a {\n device = ${AURPD_TEST_DEVICE}\n network = 3 zone = A\n}\n"
		    "ltoudp b {\n device = \"${AURPD_TEST_DEVICE}\"\n}\n",
		{ 5, false, "needs network" }, { 5, false, "needs zone" },
		{ 6, false, "both use eth7" });
}

static void test_a_file_full_of_errors_is_told_in_part(void **state)
{
	enum { BYTES = 1 << 20 };
	char *text = malloc(BYTES);
	struct conf_report rep = { 0 };

	(void)state;
	memset(text, ';', BYTES);
	assert_null(conf_parse(text, BYTES, "host", &rep));
	assert_int_equal(rep.errors, BYTES);
	assert_int_equal(rep.n, CONF_MESSAGES_MAX + 1);
	assert_string_equal(
		rep.messages[CONF_MESSAGES_MAX].text, "1048476 more messages are left off");
	conf_report_fini(&rep);
	free(text);
}

/* Reading takes the time of the router: it has to end soon whatever the file. */
static void test_a_file_may_be_large_but_not_without_end(void **state)
{
	enum { BYTES = 1 << 20, VALUES = 10000 };
	char *text = malloc(BYTES);
	struct conf_report rep = { 0 };
	size_t n = (size_t)sprintf(text, "tunnel t {\n");
	struct config *c;

	(void)state;
	for (int i = 1; i < CONF_SECTIONS_MAX; i++)
		n += (size_t)sprintf(text + n, "peer p%d { host = h%d }\n", i, i);
	text[n++] = '}';
	c = conf_parse(text, n, "host", &rep);
	assert_non_null(c);
	assert_int_equal(c->tunnels[0].n_peers, CONF_SECTIONS_MAX - 1);
	assert_string_equal(c->tunnels[0].peers[CONF_SECTIONS_MAX - 2].name, "p8191");
	conf_free(c);
	n += (size_t)sprintf(text + n, "\ntunnel u { }\n");
	assert_null(conf_parse(text, n, "host", &rep));
	assert_int_equal(rep.n, 1);
	assert_int_equal(rep.messages[0].line, CONF_SECTIONS_MAX + 2);
	assert_non_null(strstr(rep.messages[0].text, "more than 8192 sections"));
	conf_report_fini(&rep);
	n = (size_t)sprintf(text, "ethertalk x { device = eth0 network = 3 zones = {");
	for (int i = 0; i < VALUES; i++)
		n += (size_t)sprintf(text + n, "z%d,\n", i);
	n += (size_t)sprintf(text + n, "} }");
	assert_null(conf_parse(text, n, "host", &rep));
	assert_int_equal(rep.errors, VALUES - 255);
	assert_int_equal(rep.messages[0].line, 256);
	assert_non_null(strstr(rep.messages[0].text, "at most 255 zones"));
	conf_report_fini(&rep);
	free(text);
}

static void test_a_nul_byte_and_a_byte_order_mark(void **state)
{
	static const char nul[] = "router {\n name = a\0b }",
			  bom[] = "\xEF\xBB\xBFrouter { name = a }\r\n";
	struct conf_report rep = { 0 };
	struct config *c;

	(void)state;
	assert_null(conf_parse(nul, sizeof nul - 1, "host", &rep));
	assert_int_equal(rep.messages[0].line, 2);
	assert_non_null(strstr(rep.messages[0].text, "NUL"));
	conf_report_fini(&rep);
	c = conf_rig_good(bom);
	assert_string_equal(c->name, "a");
	conf_free(c);
}

static void test_router_values_are_checked(void **state)
{
	(void)state;
	conf_rig_refused("router {\n name = \"\xF0\x9F\x98\x80\" }", 2, "U+1F600");
	conf_rig_refused(
		"router { name = \"123456789012345678901234567890123\" }", 1, "longer than 32");
	conf_rig_refused("router { name = \"a:b\" }", 1, "cannot be part");
	conf_rig_refused("router { name = \"\\x01\" }", 1, "control characters");
	conf_rig_refused("router { public-address = fe80::1 }", 1, "auto or an IPv4 address");
	conf_rig_refused("router { public-address = 224.0.0.1 }", 1, "not the address of a host");
	conf_rig_refused("router { dump-file = dump }", 1, "full path, like \"/run/aurpd/dump\"");
	conf_rig_refused("router { state-file = s }", 1, "like \"/var/lib/aurpd/addresses\"");
	conf_rig_refused("router { dump-file = \"/run/\" }", 1, "full path");
	conf_rig_refused("router {\n dump-file = \"/a/b\"\n state-file = \"/a/b\" }", 3,
		"each would overwrite the other");
	conf_free(conf_rig_good("router { dump-file = \"\" state-file = \"\" }"));
	conf_rig_refused("router { log-level = loud }", 1, "one of error, warning, info, debug");
	conf_rig_refused("router { max-networks = 0x100 }", 1, "decimal number");
	conf_rig_refused("router { max-networks = 15 }", 1, "from 16 to 65279");
	conf_rig_refused("router { max-zones = -1 }", 1, "decimal number");
	conf_rig_refused("router { max-zones = 010 }", 1, "decimal number");
	conf_rig_refused("router { max-zones = 99999999999999999999 }", 1, "decimal number");
}

static void test_port_values_are_checked(void **state)
{
	(void)state;
	conf_rig_refused("ethertalk a {\n device=eth0 zones={A}\n network=\"6688-9\" }", 3,
		"network \"6688-9\": the range ends before it starts");
	conf_rig_refused(
		"ethertalk a { device=eth0 zones={A} network=\"0-9\" }", 1, "from 1 to 65279");
	conf_rig_refused("ethertalk a { device=eth0 zones={A} network=\"65279-65280\" }", 1,
		"from 1 to 65279");
	conf_rig_refused("ethertalk a { device=eth0 zones={A} network=\"1-2-3\" }", 1,
		"a range of network numbers");
	conf_rig_refused("ethertalk a { device=eth0 zones={A} network=\"1-\" }", 1, "after the -");
	conf_rig_refused("ethertalk a { device=eth0 zones={A} network=\"99999\" }", 1,
		"a range of network numbers");
	conf_rig_refused("ethertalk a { device=a/b network=1 zones={A} }", 1,
		"not the name of a network interface");
	conf_rig_refused(
		"ethertalk a { tap=abcdefghijklmnop network=1 zones={A} }", 1, "1 to 15 bytes");
	conf_rig_refused("ethertalk a { device=" A64 A64 " network=1 zones={A} }", 1,
		"1 to 127 bytes");
	conf_rig_refused("ethertalk a { " LAN " seed=maybe }", 1, "one of hard, soft, none");
	conf_rig_refused("ethertalk a { " LAN " all-multicast=perhaps }", 1, "yes or no");
	conf_rig_refused("ethertalk a { " LAN " address=100 }", 1, "network.node");
	conf_rig_refused("ethertalk a { " LAN " address=100.254 }", 1, "from 1 to 253");
	conf_rig_refused("ethertalk a { " LAN " address=100.0 }", 1, "from 1 to 253");
	conf_rig_refused(
		"ethertalk a { " LAN "\n address=102.9 }", 2, "outside network \"100-101\"");
	conf_rig_refused("ethertalk a { " LAN " hardware-address=02 }", 1, "six bytes");
	conf_rig_refused(
		"ethertalk a { " LAN " hardware-address=\"01:00:07:00:00:01\" }", 1, "multicast");
	conf_rig_refused("ethertalk a { " LAN " hardware-address=\"00:00:00:00:00:00\" }", 1,
		"no interface");
	conf_rig_refused(
		"ethertalk a { device=eth0 network=1\n zones={ ok,\n \"Zo\xE4\xB8\xAD\" } }", 3,
		"U+4E2D");
	conf_rig_refused("ethertalk a { device=eth0 network=1 zones={\"*\"} }", 1, "my own zone");
	conf_rig_refused(
		"ethertalk a { device=eth0 network=1 zones={\"\"} }", 1, "1 to 32 characters");
	conf_rig_refused("ethertalk a { device=eth0 network=1 zones={\"\\xFFx\"} }", 1, "reserved");
	conf_rig_refused(
		"ethertalk a { device=eth0 network=1 "
		"zones={\"123456789012345678901234567890123\"} }",
		1, "longer than 32");
	conf_rig_refused("ethertalk a { device=eth0 network=1 zones={\"\\q\"} }", 1, "backslash");
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
	conf_rig_refused(text, 257, "at most 255 zones");
}

static void test_atalk_Z38_Z39_zones_come_from_who_seeds_the_range(void **state)
{
	(void)state;
	conf_rig_refused("ethertalk a { device=eth0 seed=none\n zones={A} }", 2, "remove zones");
	conf_rig_refused(
		"ethertalk a { device=eth0 seed=none\n\n network=5 }", 3, "remove network");
	conf_rig_refused("\nethertalk a { device=eth0 network=5 }", 2, "needs zones");
	conf_rig_refused(
		"ethertalk a {\n device=eth0\n seed=soft\n zones={A} }", 3, "needs network");
	conf_rig_refused("ethertalk a { device=eth0 network=5 zones={} }", 1, "needs zones");
	conf_free(conf_rig_good("ethertalk a { device=eth0 seed=none }"));
}

static void test_localtalk_values_are_checked(void **state)
{
	(void)state;
	conf_rig_refused("ltoudp a { device=eth0 zone=A\n network=\"200-201\" }", 2,
		"a LocalTalk network has no range");
	conf_rig_refused("ltoudp a { device=eth0 zone=A network=0 }", 1, "from 1 to 65279");
	conf_rig_refused("tashtalk a { device=\"/dev/x\" zone=A network=65280 }", 1,
		"from 1 to 65279");
	conf_rig_refused("ltoudp a { device=eth0 network=5 zone=\"*\" }", 1, "my own zone");
	conf_rig_refused("ltoudp a { device=eth0 network=5 zone={A, B} }", 1, "unexpected token");
	conf_rig_refused("ltoudp a {\n device=eth0 network=5 zones={A} }", 2, "did you mean zone?");
	conf_rig_refused("ltoudp a { device=eth0 network=5 zone=A address=5.255 }", 1,
		"from 1 to 254");
	conf_rig_refused("ltoudp a { device=eth0 network=5 zone=A\n address=6.9 }", 2,
		"outside network \"5\"");
	conf_rig_refused("ltoudp a { device=\"/dev/ttyUSB0\" seed=none }", 1,
		"not the name of a network interface");
	conf_rig_refused("ltoudp a { device=x network=7 }", 1, "or learn it from another router");
	conf_rig_refused(
		"tashtalk a { device=ttyUSB0 seed=none }", 1,
		"must be a full path, like \"/dev/ttyUSB0\"");
	conf_rig_refused("tashtalk a { device=\"\" seed=none }", 1, "like \"/dev/ttyUSB0\"");
	conf_rig_refused("\ntashtalk a { seed=none }", 2, "has no device: add device = \"/dev/tty");
	conf_rig_refused("\nltoudp a { seed=none }", 2, "has no interface: add device = eth0");
	conf_rig_refused("ltoudp a { device=eth0\n seed=none\n zone=A }", 3, "remove zone,");
	conf_rig_refused("ltoudp a { device=eth0 seed=none\n network=5 }", 2, "remove network");
	conf_rig_refused("\nltoudp a { device=eth0 network=5 }", 2, "needs zone = \"Name\"");
	conf_rig_refused("\nltoudp a { device=eth0 zone=A }", 2, "needs network = number");
	conf_rig_refused("ltoudp a { device=eth0 tap=at0 seed=none }", 1,
		"cannot stand in an ltoudp section: it belongs in an ethertalk section");
}

static void test_localtalk_ports_may_not_collide(void **state)
{
	(void)state;
	conf_rig_refused("ethertalk a { " LAN " }\nltoudp b { device=eth0 zone=A\n network=101 }",
		3, "network \"101\" of port \"b\" overlaps \"100-101\" of port \"a\"");
	conf_rig_refused("ltoudp a { device=eth0 seed=none }\nltoudp b {\n device=eth0 seed=none }",
		3, "both use eth0");
	conf_rig_refused("tashtalk a { device=\"/dev/x\" seed=none }\n"
		"tashtalk b { device=\"/dev/x\" seed=none }", 2, "both use /dev/x");
	conf_rig_refused("ethertalk a { " LAN " }\nltoudp a { device=eth0 seed=none }", 2,
		"already a port named \"a\"");
	conf_free(conf_rig_good("ethertalk a { " LAN " } ltoudp b { device=eth0 seed=none }"
		"ltoudp c { device=eth1 seed=none }"));
}

static void test_ports_may_not_collide(void **state)
{
	(void)state;
	conf_rig_refused("ethertalk a { " LAN
		" }\nethertalk b { device=eth1 zones={A}\n network=\"101-110\" }",
		3, "overlaps \"100-101\" of port \"a\"");
	conf_rig_refused("ethertalk a { " LAN " }\nethertalk b {\n device=eth0 seed=none }", 3,
		"both use eth0");
	conf_rig_refused(
		"ethertalk a { device=eth0\n tap=at0 seed=none }", 2, "both device and tap");
	conf_rig_refused("\nethertalk a { seed=none }", 2, "no interface");
}

static void test_tunnel_values_are_checked(void **state)
{
	(void)state;
	conf_rig_refused("tunnel t { listen=\"[::]:387\" }", 1, "IPv4 only");
	conf_rig_refused("tunnel t { listen=example.net }", 1, "IPv4 address of this machine");
	conf_rig_refused("tunnel t { listen=\"0.0.0.0:0\" }", 1, "from 1 to 65535");
	conf_rig_refused("tunnel t { listen=\"0.0.0.0:65536\" }", 1, "from 1 to 65535");
	conf_rig_refused("tunnel t { device=\"an interface\" }", 1, "see: ip link");
	conf_rig_refused("tunnel t { device=" A64 A64 " }", 1, "1 to 127 bytes");
	conf_rig_refused("tunnel t { update-interval=9 }", 1, "from 10 to 3600");
	conf_rig_refused("tunnel t { update-interval=15 }", 1, "multiple of 10");
	conf_rig_refused("tunnel t { last-heard-timeout=29 }", 1, "from 30");
	conf_rig_refused("tunnel t { max-unknown-peers=0 }", 1, "from 1");
	conf_rig_refused("tunnel t {\n peer p {\n } }", 2, "peer \"p\" has no host");
	conf_rig_refused("tunnel t { peer p { host=\"2001:db8::1\" } }", 1, "IPv4 only");
	conf_rig_refused("tunnel t { peer p { host=\"a.example:388\" } }", 1, "port = 388");
	conf_rig_refused("tunnel t { peer p { host=\"a b\" } }", 1, "host name or an IPv4");
	conf_rig_refused("tunnel t { peer p { host=\"a..b\" } }", 1, "host name or an IPv4");
	conf_rig_refused("tunnel t { peer p { host=1.2.3 } }", 1, "not the IPv4 address of a host");
	conf_rig_refused(
		"tunnel t { peer p { host=1.2.3.400 } }", 1, "not the IPv4 address of a host");
	conf_rig_refused("tunnel t { peer p { host=a port=0 } }", 1, "from 1 to 65535");
	conf_rig_refused(
		"tunnel t { peer p { host=a }\n peer q { host=A } }", 2, "are the same router");
	conf_rig_refused("tunnel t { peer p { host=a }\n"
		"peer q { host=a domain-identifier=10.0.0.1 } }",
		2, "give both their domain-identifier");
	conf_rig_refused("tunnel t { peer p { host=a port=1 domain-identifier=10.0.0.1 }\n"
		"peer q { host=a domain-identifier=10.0.0.1 } }", 2, "the same domain-identifier");
	conf_free(conf_rig_good("tunnel t { peer p { host=a domain-identifier=10.0.0.1 }"
		"peer q { host=a domain-identifier=10.0.0.2 }"
		"peer r { host=b domain-identifier=10.0.0.1 } }"));
	conf_rig_refused("tunnel t { peer p { host=a domain-identifier=name } }", 1,
		"calls itself");
	conf_rig_refused("tunnel t { peer p { host=a domain-identifier=224.0.0.1 } }", 1,
		"calls itself");
	conf_rig_refused("tunnel t { keepalive=9 }", 1, "from 10 to 3600");
	conf_rig_refused("tunnel t { peer p { host=a keepalive=3601 } }", 1, "from 10 to 3600");
	conf_rig_refused("tunnel t { keepalive=no }", 1, "auto, 0 for never, or from 10");
	conf_rig_refused("tunnel t { keepalive=-1 }", 1, "auto, 0 for never, or from 10");
	conf_rig_refused("tunnel t { keepalive=99999999999999999999 }", 1, "from 10 to 3600");
	conf_rig_refused(
		"tunnel t { peer p { host=a }\n peer p { host=b } }", 2, "already a section");
	conf_rig_refused("tunnel t { peer p { host=a } }\ntunnel u {\n listen=10.0.0.1 }", 3,
		"same address and port");
	conf_free(conf_rig_good("tunnel t { peer p { host=a } peer q { host=a port=388 } }"
		"tunnel u { listen=\"10.0.0.1:388\" accept-unknown=yes }"));
}

static void test_all_semantic_errors_come_at_once_in_order(void **state)
{
	struct conf_report rep;

	(void)state;
	assert_null(conf_rig_parse(
		"tunnel t {\n listen=x\n update-interval=1 }\nethertalk a {\n network=0\n }\n"
		"router { name=\"\" }",
		&rep));
	assert_true(rep.errors >= 5);
	for (size_t i = 1; i < rep.n; i++)
		assert_true(rep.messages[i - 1].line <= rep.messages[i].line);
	conf_report_fini(&rep);
}

static void test_atalk_Q32_letters_that_netatalk_folds_differently(void **state)
{
	(void)state;
	conf_rig_warned(
		"ethertalk a { device=eth0 network=1\n zones={ \"Zo\xC3\xAB\" } }", 2, "Netatalk");
}

static void test_harmless_oddities_are_warnings(void **state)
{
	struct config *c;

	(void)state;
	conf_rig_warned("ethertalk a { device=eth0 network=1\n zones={ \"Lab\",\n \"LAB\" } }", 3,
		"listed twice");
	c = conf_rig_good("ethertalk a { device=eth0 network=1\n zones={ \"Lab\", \"LAB\" } }");
	assert_int_equal(c->ports[0].n_zones, 1);
	conf_free(c);
	conf_rig_warned("\ntunnel t { }", 2, "connects nobody");
	conf_rig_warned("ethertalk a { device=eth0 network=1\n zones={ \"Lab \" } }", 2, "blank");
	conf_rig_warned("ethertalk a { device=eth0 network=1\n zones={ \" Lab\" } }", 2, "blank");
	conf_rig_warned("ltoudp a { device=eth0 network=1\n zone=\"\xC2\xA0Lab\" }", 2, "blank");
	conf_rig_warned("router {\n name=\"attic \" }", 2, "blank");
	conf_free(conf_rig_good("ethertalk a { device=eth0 network=1 zones={ \"The Lab\" } }"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_syntax_errors_name_their_line),
		cmocka_unit_test(test_every_error_of_a_file_is_told_at_once),
		cmocka_unit_test(test_what_an_unknown_word_brings_goes_with_it),
		cmocka_unit_test(test_a_name_that_is_taken_hides_no_other_error),
		cmocka_unit_test(test_no_character_is_passed_over),
		cmocka_unit_test(test_a_variable_of_the_environment_upsets_no_line),
		cmocka_unit_test(test_a_file_full_of_errors_is_told_in_part),
		cmocka_unit_test(test_a_file_may_be_large_but_not_without_end),
		cmocka_unit_test(test_a_nul_byte_and_a_byte_order_mark),
		cmocka_unit_test(test_router_values_are_checked),
		cmocka_unit_test(test_port_values_are_checked),
		cmocka_unit_test(test_a_zone_list_has_at_most_255_zones),
		cmocka_unit_test(test_atalk_Z38_Z39_zones_come_from_who_seeds_the_range),
		cmocka_unit_test(test_localtalk_values_are_checked),
		cmocka_unit_test(test_localtalk_ports_may_not_collide),
		cmocka_unit_test(test_ports_may_not_collide),
		cmocka_unit_test(test_tunnel_values_are_checked),
		cmocka_unit_test(test_all_semantic_errors_come_at_once_in_order),
		cmocka_unit_test(test_atalk_Q32_letters_that_netatalk_folds_differently),
		cmocka_unit_test(test_harmless_oddities_are_warnings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
