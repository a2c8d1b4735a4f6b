/* core/route_table.c: a table whose limit a new configuration has lowered below what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rig.h"

/* The fuzzer found it: there was no room for the network of a port, and no check. */
static void test_a_port_comes_up_whatever_the_limit_is(void **state)
{
	struct rig *rig = rig_up();
	const struct station p = station_p(rig);

	(void)state;
	station_teach_baseline(&p);
	rig->config.max_networks = 1;
	rig_apply(rig);
	router_link_down(rig->r, rig->now, rig->link[1].port);
	rig->link[1].n_groups = 0;	/* another device */
	router_link_up(rig->r, rig->now, rig->link[1].port, &rig->link[1], rig->link[1].mac);
	rig_run(rig, span_s(10));
	assert_non_null(rig_route(rig, 6));
	assert_int_equal(rig_route(rig, 6)->best->kind, PATH_ATTACHED);
	assert_int_equal(rig->r->routes.limit, 1);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_port_comes_up_whatever_the_limit_is),
	};

	return cmocka_run_group_tests_name("route_room", tests, NULL, NULL);
}
