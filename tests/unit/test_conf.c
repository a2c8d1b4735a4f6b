/* daemon/conf*.c: every option, its default, and the way back to text. */
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
#include "conf_rig.h"
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
	"ltoudp emulators {\n"
	"    device = eth0\n"
	"    seed = soft\n"
	"    network = 200\n"
	"    zone = \"Emul\\x8etors \\\\ \\\" \\${x\"\n"
	"    address = \"200.254\"\n"
	"}\n"
	"tashtalk \"desk\" { device = '/dev/serial/by-id/usb-FTDI_TTL232R-3V3_FTAB-if00-port0'\n"
	"    network = 201 zone = Desk address = 201.1 }\n"
	"tunnel \"globaltalk\" {\n"
	"    listen = 192.0.2.1:1387\n"
	"    device = wg0\n"
	"    accept-unknown = yes\n"
	"    max-unknown-peers = 5\n"
	"    update-interval = 20\n"
	"    last-heard-timeout = 30\n"
	"    peer \"alice\" { host = \"alice.example.net\" }\n"
	"    keepalive = 30\n"
	"    peer office { host = 192.0.2.33 port = 1000 domain-identifier = 10.0.0.7\n"
	"        keepalive = 0 }\n"
	"}\n";

static void test_every_option_is_read(void **state)
{
	struct config *c = conf_rig_good(whole);
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
	assert_int_equal(c->n_ports, 4);
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
	assert_string_equal(t->device, "wg0");
	assert_true(t->accept_unknown);
	assert_int_equal(t->max_unknown_peers, 5);
	assert_int_equal(span_to_s(t->update_interval), 20);
	assert_int_equal(span_to_s(t->last_heard_timeout), 30);
	assert_int_equal(t->n_peers, 2);
	assert_string_equal(t->peers[0].host, "alice.example.net");
	assert_int_equal(t->peers[0].port, 387);
	assert_int_equal(t->peers[1].port, 1000);
	assert_int_equal(t->peers[0].domain_identifier, 0);
	assert_int_equal(t->peers[1].domain_identifier, 0x0A000007);
	assert_int_equal(t->keepalive.mode, KEEPALIVE_EVERY);
	assert_int_equal(span_to_s(t->keepalive.every), 30);
	assert_int_equal(t->peers[0].keepalive.mode, KEEPALIVE_UNSET);
	assert_int_equal(t->peers[1].keepalive.mode, KEEPALIVE_EVERY);
	assert_int_equal(t->peers[1].keepalive.every.us, 0);
	conf_free(c);
}

static void test_localtalk_ports_have_one_number_and_one_zone(void **state)
{
	struct config *c = conf_rig_good(whole);
	const struct config_port *p = &c->ports[2];

	(void)state;
	assert_int_equal(p->kind, PORT_LTOUDP);
	assert_string_equal(p->name, "emulators");
	assert_string_equal(p->device, "eth0");
	assert_int_equal(p->seed, SEED_SOFT);
	assert_int_equal(p->range.first, 200);
	assert_int_equal(p->range.last, 200);
	assert_false(p->range.extended);
	assert_int_equal(p->n_zones, 1);
	assert_int_equal(p->zones[0].len, 17);
	assert_int_equal(p->zones[0].byte[4], 0x8E);
	assert_true(at_addr_eq(p->address, (struct at_addr){ 200, 254 }));
	p++;
	assert_int_equal(p->kind, PORT_TASHTALK);
	assert_string_equal(p->device, "/dev/serial/by-id/usb-FTDI_TTL232R-3V3_FTAB-if00-port0");
	assert_int_equal(p->seed, SEED_HARD);
	assert_int_equal(p->range.first, 201);
	assert_false(p->range.extended);
	assert_true(at_addr_eq(p->address, (struct at_addr){ 201, 1 }));
	conf_free(c);
}

static void test_defaults_stand_where_nothing_is_said(void **state)
{
	struct config *c =
		conf_rig_good("ethertalk lan { " LAN " }\ntunnel t { peer p { host = h } }");

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
	assert_int_equal(c->tunnels[0].keepalive.mode, KEEPALIVE_AUTO);
	assert_int_equal(c->tunnels[0].peers[0].keepalive.mode, KEEPALIVE_UNSET);
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
	struct config *c = conf_rig_good("# nothing yet\n");

	(void)state;
	assert_int_equal(c->n_ports, 0);
	assert_int_equal(c->n_tunnels, 0);
	conf_free(c);
}

static void test_the_printed_configuration_reads_back_to_the_same(void **state)
{
	struct config *c = conf_rig_good(whole), *d;
	char *first = print(c), *second;

	(void)state;
	d = conf_rig_good(first);
	second = print(d);
	assert_string_equal(first, second);
	assert_int_equal(c->n_ports, d->n_ports);
	for (size_t i = 0; i < c->n_ports; i++) {
		assert_int_equal(c->ports[i].kind, d->ports[i].kind);
		assert_true(at_range_eq(c->ports[i].range, d->ports[i].range));
		assert_int_equal(c->ports[i].range.extended, d->ports[i].range.extended);
		assert_string_equal(c->ports[i].device, d->ports[i].device);
		for (size_t j = 0; j < c->ports[i].n_zones; j++)
			assert_memory_equal(&c->ports[i].zones[j], &d->ports[i].zones[j],
				sizeof(struct at_name));
	}
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
	struct config *c = conf_rig_good("ethertalk lan { " LAN " }");

	(void)state;
	for (unsigned b = 0; b < 255; b++) {
		struct at_name *z = &c->ports[0].zones[0];
		struct config *d;
		char *text;

		*z = (struct at_name){ .len = 3, .byte = { (uint8_t)b, '{', (uint8_t)b } };
		text = print(c);
		d = conf_rig_good(text);
		assert_memory_equal(z, &d->ports[0].zones[0], sizeof *z);
		free(text);
		conf_free(d);
	}
	conf_free(c);
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
	assert_null(conf_rig_parse("router { log-level = \"\x1b[2J\" }\n", &rep));
	assert_null(strchr(rep.messages[0].text, 0x1B));
	conf_report_fini(&rep);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_option_is_read),
		cmocka_unit_test(test_localtalk_ports_have_one_number_and_one_zone),
		cmocka_unit_test(test_defaults_stand_where_nothing_is_said),
		cmocka_unit_test(test_the_manual_knows_every_option_and_section),
		cmocka_unit_test(test_the_installed_example_opens_nothing),
		cmocka_unit_test(test_an_empty_file_is_a_router_without_ports),
		cmocka_unit_test(test_the_printed_configuration_reads_back_to_the_same),
		cmocka_unit_test(test_any_zone_name_survives_the_way_through_text),
		cmocka_unit_test(test_what_a_file_may_not_be),
		cmocka_unit_test(test_control_characters_of_the_file_reach_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
