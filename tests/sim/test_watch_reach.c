/*
 * The watcher of reach: who could know another and does not is reported, when its
 * time is over and once; who cannot is not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch_rig.h"

enum { LOOK_S = 5, QUICK_S = 290 + 15, CUT_S = 300 + 120 + 15, LONG_S = 900 };

static void look_for(struct world *w, unsigned seconds)
{
	for (unsigned s = 0; s < seconds; s += LOOK_S) {
		world_run(w, span_s(LOOK_S));
		watch_reach(w);
	}
}

/* No Open-Rsp arrives, which nobody would call a cut. */
static void lose_answers(struct world *w)
{
	mesh_intercept(w->meshes.at[0], (struct intercept){ .msg = AURP_OPEN_RSP, .first = 1,
		.count = UINT32_MAX, .fate = FATE_LOSE });
}

static void test_a_restarted_site_must_be_known_again_in_time(void **state)
{
	struct world *w = pair();

	(void)state;
	look_for(w, 2 * LOOK_S);
	site_crash(world_site(w, 1));
	look_for(w, 2 * LOOK_S);
	site_switch_on(world_site(w, 1));
	lose_answers(w);
	look_for(w, QUICK_S);
	assert_int_equal(world_violations(w), 0);
	look_for(w, LONG_S);
	assert_non_null(strstr(world_violation(w, 0)->text, "does not know site"));
	assert_non_null(strstr(world_violation(w, 0)->text, "one was started"));
	assert_reported(w, 2, "does not know site");
	mesh_forget_intercepts(w->meshes.at[0]);
	end(w);
}

static void test_a_cut_is_no_fault_but_what_lasts_after_it_is(void **state)
{
	struct world *w = pair();
	struct jack *a = &site_tunnel(world_site(w, 0), 0)->jack;
	struct jack *b = &site_tunnel(world_site(w, 1), 0)->jack;

	(void)state;
	look_for(w, 2 * LOOK_S);
	mesh_cut(w->meshes.at[0], a, b, true);
	look_for(w, LONG_S);
	assert_int_equal(world_violations(w), 0);
	lose_answers(w);
	mesh_cut(w->meshes.at[0], a, b, false);
	look_for(w, CUT_S);
	assert_int_equal(world_violations(w), 0);
	look_for(w, LONG_S);
	assert_reported(w, 2, "does not know site");
	mesh_forget_intercepts(w->meshes.at[0]);
	end(w);
}

static void test_who_is_not_listed_or_listed_wrongly_cannot_be_known(void **state)
{
	struct world *w = pair();
	struct site_tunnel *t = site_tunnel(world_site(w, 0), 0);

	(void)state;
	look_for(w, 2 * LOOK_S);
	((struct site_peer *)t->peers.at[0])->is_removed = true;
	site_reconfigure(world_site(w, 0));
	look_for(w, LONG_S);
	assert_int_equal(world_violations(w), 0);
	((struct site_peer *)t->peers.at[0])->is_removed = false;
	site_reconfigure(world_site(w, 0));
	/* Nobody asks for names here, so the old one stays wrong. */
	site_move_unlisted(world_site(w, 1), 0, span_s(1));
	look_for(w, LONG_S);
	assert_int_equal(world_violations(w), 0);
	world_resolve_all(w);
	look_for(w, LONG_S);
	end(w);
}

/* A mate whose calls nobody answers: by ours it must be known, and it must know ours. */
static void test_mates_are_looked_after_too(void **state)
{
	struct world *w = pair();
	struct mate *mate = mesh_add_mate(w->meshes.at[0], MATE_JROUTER);
	const struct at_name zone = name_of("Mate's");

	(void)state;
	mate_add_net(mate, (struct at_range){ 400, 400, true }, &zone, 1);
	site_reconfigure(world_site(w, 0));
	site_reconfigure(world_site(w, 1));
	mate_switch_on(mate);
	lose_answers(w);
	look_for(w, QUICK_S + CUT_S);
	assert_non_null(world_violation(w, 0));
	look_for(w, LONG_S);
	assert_reported(w, 4, "does not know");
	mesh_forget_intercepts(w->meshes.at[0]);
	world_run(w, span_s(LONG_S));
	end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_restarted_site_must_be_known_again_in_time),
		cmocka_unit_test(test_a_cut_is_no_fault_but_what_lasts_after_it_is),
		cmocka_unit_test(test_who_is_not_listed_or_listed_wrongly_cannot_be_known),
		cmocka_unit_test(test_mates_are_looked_after_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
