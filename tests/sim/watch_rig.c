/* The small world of the tests of the watchers: see watch_rig.h. */
#include "watch_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct world *pair(void)
{
	struct world *w = world_new(5);
	struct mesh *m = world_add_mesh(w);

	for (uint16_t i = 0; i < 2; i++) {
		struct site *site = world_add_site(w);
		struct lan *lan = world_add_lan(w, PORT_ETHERTALK);
		uint16_t net = (uint16_t)(100 * (i + 1));

		site_add_port(site, lan, SEED_HARD, (struct at_range){ net, net, true },
			i ? "Right" : "Left");
		mesh_join(m, site);
		host_switch_on(world_add_host(w, lan, NULL));
	}
	site_switch_on(world_site(w, 0));
	site_switch_on(world_site(w, 1));
	world_run(w, span_s(60));
	assert_int_equal(world_print_violations(w), 0);
	return w;
}

void assert_reported(struct world *w, size_t n, const char *what)
{
	size_t found = 0;

	for (size_t i = 0; i < world_violations(w) && i < VIOLATIONS_KEPT; i++)
		found += strstr(world_violation(w, i)->text, what) != NULL;
	if (found != n || world_violations(w) != n)
		(void)world_print_violations(w);
	assert_int_equal(found, n);
	assert_int_equal(world_violations(w), n);
	world_forget_violations(w);
}

void end(struct world *w)
{
	world_free(w);
	assert_int_equal(memory_of_routers().blocks, 0);
}
