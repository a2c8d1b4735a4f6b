/*
 * What the random worlds have found, each as the shortest story that shows it,
 * so that it stays found.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world.h"

static struct domain_id destination_of(const struct script_packet *p)
{
	struct rd r = rd_over(p->bytes, p->len);
	struct aurp_domain domain = { .type = AURP_ROUTING };

	assert_int_equal(aurp_decode_domain(&r, &domain), AURP_DOMAIN_OK);
	return domain.dst;
}

/*
 * Somebody at the peer's address opens a connection under a strange identifier
 * and never proves that he hears us. Once that is given up, what we send is again
 * for the identifier made from the address (T9).
 */
static void test_aurp_T9_an_unproven_identifier_is_forgotten(void **state)
{
	struct world *w = world_new(1);
	struct mesh *m = world_add_mesh(w);
	struct site *site = world_add_site(w);
	struct site_tunnel *t = mesh_join_alone(m, site);
	struct script *s = world_add_script(w, m);
	const struct script_packet *last;

	(void)state;
	tunnel_add_peer(t, "peer", &s->jack);
	site_switch_on(site);
	world_run(w, span_s(1));
	s->di.ip = 0xC0A80001;
	script_send_open_req(s, &t->jack, 77);
	world_run(w, span_s(1200));
	last = script_last(s, AURP_OPEN_REQ);
	assert_non_null(last);
	assert_true(instant_since(w->now, last->at).us < span_s(400).us);
	assert_true(domain_id_eq(destination_of(last), (struct domain_id){ DI_IP,
		s->jack.addr.ip }));
	world_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_T9_an_unproven_identifier_is_forgotten),
	};

	return cmocka_run_group_tests_name("found", tests, NULL, NULL);
}
