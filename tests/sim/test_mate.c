/*
 * Each make of mate beside our routers, untamed, through what happens in the
 * field: how long until both know each other again, and whether they still learn
 * what is new after that. Our routers act at once and tell at once; what remains
 * is a mate's own pace (mate_manners.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story.h"

enum { SITES = 3, QUIET_S = 200, QUICK_S = 5, AWAY_S = 160, LONG_S = 400 };

/* Ours and theirs after the start; an update of either side, with the end of a bad route. */
enum { START_S = 6, UPDATE_S = 60 };

struct stage {
	struct world *w;
	struct mesh *m;
	struct mate *mate;
	struct site *site;
};

/* --- what happens ---------------------------------------------------------------------- */

static void mate_away(struct stage *st, unsigned seconds)
{
	mate_crash(st->mate);
	world_run(st->w, span_s(seconds));
	mate_switch_on(st->mate);
}

static void site_away(struct stage *st, unsigned seconds)
{
	site_crash(st->site);
	world_run(st->w, span_s(seconds));
	site_switch_on(st->site);
}

static void mate_is_quick(struct stage *st)
{
	mate_away(st, QUICK_S);
}

static void mate_is_slow(struct stage *st)
{
	mate_away(st, LONG_S);
}

static void mate_stops(struct stage *st)
{
	mate_stop(st->mate);
	world_run(st->w, span_s(2));
	mate_switch_on(st->mate);
}

static void mate_freezes(struct stage *st)
{
	mate_freeze(st->mate);
	world_run(st->w, span_s(AWAY_S));
	mate_thaw(st->mate);
}

static void is_cut(struct stage *st)
{
	mesh_cut_pair(st->m, mate_jack(st->mate), story_jack(st->site), true);
	world_run(st->w, span_s(AWAY_S));
	mesh_heal(st->m);
}

static void site_is_quick(struct stage *st)
{
	site_away(st, QUICK_S);
}

static void site_is_slow(struct stage *st)
{
	site_away(st, LONG_S);
}

static void site_stops(struct stage *st)
{
	site_restart(st->site, span_s(1));
	while (site_is_on(st->site))
		world_run(st->w, span_ms(10));
	world_run(st->w, span_s(1));
}

static void site_freezes(struct stage *st)
{
	site_freeze(st->site);
	world_run(st->w, span_s(AWAY_S));
	site_thaw(st->site);
}

static void site_moves(struct stage *st)
{
	site_move_unlisted(st->site, 0, span_s(30));
}

/* --- bounds ---------------------------------------------------------------------------- */

/*
 * Seconds until both know each other again, from the end of what happened. 0: there is no
 * cure in our routers yet (random_mate.c says what is missing). The terms:
 *
 *	 6	our own start: a port listens and takes an address, then all is told
 *	 8	who is there? asked until it is certain that the old connection is dead
 *	10	a call of theirs that came meanwhile is repeated, or an update is due
 *	24	the next call of ours after the silence that we noticed, or the next probe
 *	190	silence of our old address is noticed by a mate, ten tickles
 */
static const struct happening {
	const char *name;
	void (*what)(struct stage *st);
	unsigned most_s[MATE_MAKES];	/* jrouter, vaelen, p-aurp, Darwin */
} happenings[] = {
	{ "the mate is restarted", mate_is_quick, { 0, 8 + 10, 0, 0 } },
	{ "the mate was away for long", mate_is_slow, { 6, 6, 6, 6 } },
	{ "the mate stops and starts", mate_stops, { 6, 6, 6, 6 } },
	{ "the mate freezes", mate_freezes, { 0, 0, 0, 24 + 10 } },
	{ "the way is cut", is_cut, { 24 + 10, 24 + 10, 24 + 10, 24 + 10 } },
	{ "the site is restarted", site_is_quick, { 6 + 8, 0, 6 + 8, 6 + 8 } },
	{ "the site was away for long", site_is_slow, { 6 + 4, 6 + 4, 6 + 4, 6 + 4 } },
	{ "the site stops and starts", site_stops, { 6, 6, 6, 6 } },
	{ "the site freezes", site_freezes, { 24 + 10, 0, 24 + 10, 0 } },
	{ "the site moves", site_moves, { 190 + 10, 190 + 10, 190 + 10, 190 + 10 } },
};

/* --- the stage ------------------------------------------------------------------------- */

static void add_net(struct mate *mate, size_t i)
{
	const uint16_t first = (uint16_t)(5000 + 10 * i);
	const struct at_name zones[] = { name_of("Mates"), name_of("Other mates") };

	mate_add_net(mate, (struct at_range){ first, (uint16_t)(first + 1), true }, zones,
		1 + i % 2);
}

static void open_stage(struct stage *st, uint64_t seed, enum mate_make make)
{
	st->w = story_mesh(seed, SITES);
	st->m = story_mesh_of(st->w);
	st->site = world_site(st->w, 0);
	st->mate = mesh_add_mate(st->m, make);
	for (size_t i = 0; i < MATE_NETS_MAX; i++)
		add_net(st->mate, i);
	st->w->asks_names = true;
	story_switch_on(st->w);
	mate_switch_on(st->mate);
}

/* Fails after `most_s`, with what differs then. */
static void await(struct stage *st, const char *what, unsigned most_s)
{
	unsigned s = 0;

	while (oracle_compare_all(st->w, false) > 0 && s < most_s) {
		world_run(st->w, span_s(1));
		s++;
	}
	if (oracle_compare_all(st->w, true) == 0)
		return;
	world_print_violations(st->w);
	fail_msg("%s: %s: not after %u s", st->mate->manners.name, what, most_s);
}

/* A network of either goes and comes: whoever believes in a dead connection is found out. */
static void both_have_news(struct stage *st, const char *what)
{
	struct site_port *port = site_port(st->site, 0);

	mate_set_net(st->mate, 1, true);
	await(st, what, UPDATE_S);
	mate_set_net(st->mate, 1, false);
	await(st, what, UPDATE_S);
	port->config.range.first++;
	site_reconfigure(st->site);
	await(st, what, UPDATE_S);
}

static void close_stage(struct stage *st)
{
	story_end_as_it_is(st->w);
}

static void check(enum mate_make make, const struct happening *h)
{
	struct stage st;

	open_stage(&st, 7 * (uint64_t)make + (uint64_t)(h - happenings), make);
	await(&st, "the start", START_S);
	world_run(st.w, span_s(QUIET_S));
	h->what(&st);
	/* Nobody has noticed anything yet: what is known is not known anew. */
	world_run(st.w, span_ms(500));
	await(&st, h->name, h->most_s[make]);
	both_have_news(&st, h->name);
	close_stage(&st);
}

static void test_whatever_happens_both_know_each_other_soon(void **state)
{
	(void)state;
	for (int make = 0; make < MATE_MAKES; make++)
		for (size_t i = 0; i < sizeof happenings / sizeof *happenings; i++)
			if (happenings[i].most_s[make] > 0)
				check((enum mate_make)make, &happenings[i]);
}

/* --- what came up in random worlds ----------------------------------------------------- */

enum { RESTART_S = 30 };

/* jrouter answers RI-Req with number 1, whatever came before. */
static void refresh_after(unsigned updates)
{
	struct stage st;

	open_stage(&st, updates, MATE_JROUTER);
	await(&st, "the start", START_S);
	world_run(st.w, span_s(QUIET_S));
	for (unsigned i = 0; i < updates; i++) {
		mate_set_net(st.mate, 1, i % 2 == 0);
		await(&st, "its update", UPDATE_S);
	}
	site_refresh(st.site);
	world_run(st.w, span_s(1));
	mate_set_net(st.mate, 2, true);
	await(&st, "its update after our RI-Req", UPDATE_S);
	close_stage(&st);
}

static void test_a_router_that_numbers_anew_is_heard_after_a_refresh(void **state)
{
	(void)state;
	for (unsigned updates = 0; updates < 4; updates++)
		refresh_after(updates);
}

/* Its repeats are half a minute apart by then: the call makes it ask, or the peer waits. */
static void test_aurp_C15_C17_an_update_on_its_way_keeps_no_restarted_peer_out(void **state)
{
	struct world *w = story_mesh(5, 2);

	(void)state;
	story_switch_on(w);
	story_settle(w, 10);
	site_crash(world_site(w, 1));
	story_add_net(world_site(w, 0), story_net(7), "New");
	site_reconfigure(world_site(w, 0));
	for (unsigned away = 60; away < 200; away += 35) {
		world_run(w, span_s(away));
		site_switch_on(world_site(w, 1));
		story_settle(w, RESTART_S);
		site_crash(world_site(w, 1));
		site_port(world_site(w, 0), 1)->config.range.first--;
		site_reconfigure(world_site(w, 0));
	}
	site_switch_on(world_site(w, 1));
	story_end(w, RESTART_S);
}

/* Darwin counts its IDs from 1 after every start. */
static void test_aurp_C15_a_restarted_peer_may_have_its_old_connection_id(void **state)
{
	struct world *w = story_mesh(6, 2);
	struct site *b = world_site(w, 1);

	(void)state;
	story_switch_on(w);
	story_settle(w, 10);
	world_run(w, span_s(QUIET_S));
	site_set_seed(b, b->seed);
	site_crash(b);
	world_run(w, span_s(QUICK_S));
	site_switch_on(b);
	world_run(w, span_s(1));
	story_end(w, RESTART_S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whatever_happens_both_know_each_other_soon),
		cmocka_unit_test(test_a_router_that_numbers_anew_is_heard_after_a_refresh),
		cmocka_unit_test(
			test_aurp_C15_C17_an_update_on_its_way_keeps_no_restarted_peer_out),
		cmocka_unit_test(test_aurp_C15_a_restarted_peer_may_have_its_old_connection_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
