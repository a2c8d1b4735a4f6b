/* daemon/reload.c: what stays open, what is closed and opened when a configuration changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "reload.h"

static const char before[] =
	"ethertalk lan { device=eth0 network=\"100-101\" zones={A,B} }\n"
	"ethertalk two { device=eth1 network=\"200-200\" zones={C} }\n"
	"tunnel t { peer alice { host=a.example } peer bob { host=192.0.2.1 } }\n"
	"tunnel u { listen=\"0.0.0.0:1387\" peer carol { host=c.example } }\n";

static struct config *parse(const char *text)
{
	struct conf_report rep = { 0 };
	struct config *c = conf_parse(text, strlen(text), "host", &rep);

	assert_non_null(c);
	conf_report_fini(&rep);
	return c;
}

/* The plan as text: "+lan" opened, "-lan" closed, "*lan" reopened, "=lan" kept. */
static void describe(char *out, const struct reload_list *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct reload_item *r = &l->items[i];

		out += sprintf(out, "%c%s%s%s ", "=+-*"[r->action], r->tunnel ? r->tunnel : "",
			r->tunnel ? "/" : "", r->name);
	}
	*out = '\0';
}

static void expect(const char *old, const char *new_, const char *ports, const char *tunnels,
	const char *peers)
{
	struct config *a = old ? parse(old) : NULL, *b = parse(new_);
	struct reload_plan plan;
	char text[512];

	reload_plan_init(&plan, a, b);
	describe(text, &plan.ports);
	assert_string_equal(text, ports);
	describe(text, &plan.tunnels);
	assert_string_equal(text, tunnels);
	describe(text, &plan.peers);
	assert_string_equal(text, peers);
	reload_plan_fini(&plan);
	conf_free(a);
	conf_free(b);
}

static void test_the_first_configuration_opens_everything(void **state)
{
	(void)state;
	expect(NULL, before, "+lan +two ", "+t +u ", "+t/alice +t/bob +u/carol ");
}

static void test_the_same_configuration_touches_nothing(void **state)
{
	(void)state;
	expect(before, before, "=lan =two ", "=t =u ", "=t/alice =t/bob =u/carol ");
}

static void test_a_peer_more_leaves_the_others_alone(void **state)
{
	(void)state;
	expect(before,
		"ethertalk lan { device=eth0 network=\"100-101\" zones={A,B} }\n"
		"ethertalk two { device=eth1 network=\"200-200\" zones={C} }\n"
		"tunnel t { peer alice { host=a.example } peer dave { host=d.example }\n"
		"peer bob { host=192.0.2.1 } }\n"
		"tunnel u { listen=\"0.0.0.0:1387\" peer carol { host=c.example } }\n",
		"=lan =two ", "=t =u ", "=t/alice +t/dave =t/bob =u/carol ");
}

static void test_what_the_router_alone_cares_for_keeps_devices_open(void **state)
{
	(void)state;
	expect(before,
		"ethertalk lan { device=eth0 network=\"110-111\" zones={B}\n"
		"seed=soft address=110.3 }\n"
		"ethertalk two { device=eth1 seed=none own-net-only=yes }\n"
		"tunnel t { update-interval=20\n"
		"peer alice { host=a.example } peer bob { host=192.0.2.1 } }\n"
		"tunnel u { listen=\"0.0.0.0:1387\" accept-unknown=yes\n"
		"peer carol { host=c.example } }\n",
		"=lan =two ", "=t =u ", "=t/alice =t/bob =u/carol ");
}

static void test_changed_devices_sockets_and_hosts_are_reopened(void **state)
{
	(void)state;
	expect(before,
		"ethertalk lan { device=eth1 network=\"100-101\" zones={A,B} }\n"
		"ethertalk two { device=eth0 network=\"200-200\" zones={C}\n"
		"hardware-address=\"02:00:00:00:00:01\" }\n"
		"tunnel t { listen=\"0.0.0.0:388\"\n"
		"peer alice { host=a2.example } peer bob { host=192.0.2.1 port=9 } }\n"
		"tunnel u { listen=\"0.0.0.0:1387\" peer carol { host=c.example } }\n",
		"*lan *two ", "*t =u ", "*t/alice *t/bob =u/carol ");
	expect("tunnel t { }", "tunnel t { device=wg0 }", "", "*t ", "");
	expect("tunnel t { device=wg1 }", "tunnel t { device=wg0 }", "", "*t ", "");
	expect("ethertalk a { device=x seed=none }", "ethertalk a { tap=x seed=none }", "*a ", "",
		"");
	expect("ethertalk a { device=x seed=none }",
		"ethertalk a { device=x seed=none all-multicast=yes }", "*a ", "", "");
}

static void test_whose_call_it_may_be_is_part_of_a_lookup(void **state)
{
	(void)state;
	expect("tunnel t { peer p { host=a.example } peer q { host=b.example } }",
		"tunnel t { peer p { host=a.example domain-identifier=\"10.0.0.7\" }"
		" peer q { host=b.example } }",
		"", "=t ", "*t/p =t/q ");
}

static void test_localtalk_devices_are_reopened_when_they_change(void **state)
{
	(void)state;
	expect("ltoudp a { device=x network=5 zone=A } tashtalk b { device=\"/x\" seed=none }",
		"ltoudp a { device=x network=6 zone=B } tashtalk b { device=\"/x\" seed=none }",
		"=a =b ", "", "");
	expect("ltoudp a { device=x seed=none } tashtalk b { device=\"/x\" seed=none }",
		"ltoudp a { device=y seed=none } tashtalk b { device=\"/y\" seed=none }",
		"*a *b ", "", "");
	expect("ethertalk a { device=x seed=none }", "ltoudp a { device=x seed=none }", "*a ", "",
		"");
}

static void test_another_identity_reopens_every_tunnel_but_no_lookup(void **state)
{
	(void)state;
	expect("tunnel t { peer a { host=h } }",
		"router { public-address=203.0.113.7 } tunnel t { peer a { host=h } }", "", "*t ",
		"=t/a ");
	expect("router { public-address=203.0.113.7 } tunnel t { peer a { host=h } }",
		"router { public-address=203.0.113.8 } tunnel t { peer a { host=h } }", "", "*t ",
		"=t/a ");
}

static void test_what_is_gone_is_closed(void **state)
{
	(void)state;
	expect(before,
		"ethertalk new { device=eth0 seed=none }\n"
		"tunnel u { listen=\"0.0.0.0:1387\" accept-unknown=yes }",
		"-lan -two +new ", "-t =u ", "-t/alice -t/bob -u/carol ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whose_call_it_may_be_is_part_of_a_lookup),
		cmocka_unit_test(test_the_first_configuration_opens_everything),
		cmocka_unit_test(test_the_same_configuration_touches_nothing),
		cmocka_unit_test(test_a_peer_more_leaves_the_others_alone),
		cmocka_unit_test(test_what_the_router_alone_cares_for_keeps_devices_open),
		cmocka_unit_test(test_changed_devices_sockets_and_hosts_are_reopened),
		cmocka_unit_test(test_localtalk_devices_are_reopened_when_they_change),
		cmocka_unit_test(test_another_identity_reopens_every_tunnel_but_no_lookup),
		cmocka_unit_test(test_what_is_gone_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
