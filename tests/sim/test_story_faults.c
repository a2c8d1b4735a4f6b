/*
 * Every packet of a tunnel's life, harmed once. Two sites tell the same story
 * again and again: they open both connections, one list takes several packets,
 * zones come unasked and asked for, networks come, change and go, everything is
 * asked for again, silence is broken by tickles, one site leaves in good order
 * and returns. The first telling counts the packets of each command in each
 * direction; each of the others loses, doubles or holds back one of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story.h"

enum {
	FEED = 120,			/* networks that reach site 0 from elsewhere */
	FEED_FIRST = 3000,
	NEW_NET = 500,
};

/* Two sites; behind the first, on another tunnel, a peer that offers FEED networks. */
struct stage {
	struct world *w;
	struct mesh *m;
	struct site *a, *b;
	struct script *feeder;
	struct aurp_network nets[FEED];
	struct at_name zones[FEED];
};

/* What happens to one packet, or to several in a row. */
struct harm {
	int from;			/* site 0 or 1 */
	enum aurp_msg msg;
	unsigned kth;			/* 0: nothing happens */
	unsigned way;			/* of `ways` */
};

static const struct {
	const char *name;
	enum fate fate;
	unsigned count;
	int64_t delay_ms;
} ways[] = {
	{ "lost", FATE_LOSE, 1, 0 },
	{ "lost three times", FATE_LOSE, 3, 0 },
	{ "doubled", FATE_DOUBLE, 1, 1 },
	{ "delayed", FATE_DELAY, 1, 1500 },
	{ "doubled much later", FATE_DOUBLE, 1, 20000 },
};

enum { WAYS = sizeof ways / sizeof *ways };

static void set_stage(struct stage *s, uint64_t seed)
{
	char zone[32];

	s->w = world_new(seed);
	s->m = world_add_mesh(s->w);
	s->a = story_add_site(s->w, 0);
	s->b = story_add_site(s->w, 1);
	mesh_join(s->m, s->a);
	mesh_join(s->m, s->b);
	story_add_net(s->a, NEW_NET, "New")->is_removed = true;
	for (size_t i = 0; i < FEED; i++) {
		uint16_t first = (uint16_t)(FEED_FIRST + 2 * i);

		s->nets[i] = (struct aurp_network){ { first, (uint16_t)(first + 1), true }, 2 };
		snprintf(zone, sizeof zone, "Feed %zu", i);
		s->zones[i] = name_of(zone);
	}
	s->feeder = world_add_script(s->w, world_add_mesh(s->w));
	script_behave(s->feeder, s->nets, s->zones, FEED);
	tunnel_add_peer(mesh_join_alone(s->feeder->jack.mesh, s->a), "feeder", &s->feeder->jack);
	/* So that one ZI-Req is needed even when nothing else is harmed. */
	mesh_intercept(s->m, (struct intercept){ .from = story_jack(s->a), .msg = AURP_ZI_RSP,
		.first = 2, .count = 1, .fate = FATE_LOSE });
}

static const struct jack *feed_jack(const struct stage *s)
{
	return &site_tunnel(s->a, 1)->jack;
}

/* Both know what the other has; the feed's first network is so far from site 1. */
static bool is_right(const struct stage *s, bool has_new, unsigned first_hops)
{
	bool ok = site_networks(s->a) == FEED + 2u + has_new &&
		site_networks(s->b) == FEED + 2u + has_new;
	unsigned hops;

	for (size_t i = 0; i < FEED; i++) {
		char zone[32];

		snprintf(zone, sizeof zone, "Feed %zu", i);
		ok = ok && site_knows(s->b, s->nets[i].range.first, &hops) &&
			hops == (i == 0 ? first_hops : 4) && site_sees_zone(s->b, zone);
	}
	ok = ok && site_knows(s->b, story_net(0), &hops) && hops == 1 &&
		site_sees_zone(s->b, "Zone 0") && site_knows(s->a, story_net(1), &hops) &&
		hops == 1 && site_sees_zone(s->a, "Zone 1");
	return ok && site_knows(s->b, NEW_NET, NULL) == has_new &&
		site_sees_zone(s->b, "New") == has_new;
}

/* Seconds until it is right, from now on; at most `limit`. */
static unsigned wait(const struct stage *s, bool has_new, unsigned first_hops, unsigned limit)
{
	unsigned t = 0;

	while (!is_right(s, has_new, first_hops) && t <= limit) {
		world_run(s->w, span_s(1));
		t++;
	}
	return t;
}

/* --- the story ------------------------------------------------------------------------- */

static void open_both(const struct stage *s)
{
	site_switch_on(s->a);
	site_switch_on(s->b);
}

static void add_net(const struct stage *s)
{
	site_port(s->a, 1)->is_removed = false;
	site_reconfigure(s->a);
}

static void remove_net(const struct stage *s)
{
	site_port(s->a, 1)->is_removed = true;
	site_reconfigure(s->a);
}

static void change_distance(const struct stage *s)
{
	const struct aurp_event ev = { AURP_EV_NDC, s->nets[0].range, 6 };

	script_send_events(s->feeder, feed_jack(s), script_connection(s->feeder),
		script_sequence(s->feeder), &ev, 1);
}

static void refresh_both(const struct stage *s)
{
	site_refresh(s->a);
	site_refresh(s->b);
}

static void leave_and_return(const struct stage *s)
{
	site_stop(s->a);
	world_run(s->w, span_s(20));
	site_switch_on(s->a);
}

/*
 * Each step begins at its own time, so that the k-th packet of a kind is about the
 * same in every telling. Before the last two comes silence with its tickles.
 */
static const struct step {
	unsigned at_s;
	void (*act)(const struct stage *s);
	bool has_new;			/* what is right then */
	unsigned first_hops;
} steps[] = {
	{ 1, open_both, false, 4 },
	{ 120, add_net, true, 4 },
	{ 240, change_distance, true, 8 },
	{ 360, remove_net, false, 8 },
	{ 480, refresh_both, false, 8 },
	{ 900, leave_and_return, false, 4 },
};

enum { LIMIT_S = 110, LAST_S = 1200 };

/* The longest that a step took until all was right; more than LIMIT_S is the end. */
static unsigned tell(const struct stage *s)
{
	unsigned worst = 0;

	for (size_t i = 0; i < sizeof steps / sizeof *steps && worst <= LIMIT_S; i++) {
		unsigned t;

		world_run_until(s->w, instant_add((struct instant){ 0 }, span_s(steps[i].at_s)));
		steps[i].act(s);
		t = wait(s, steps[i].has_new, steps[i].first_hops, LIMIT_S);
		worst = t > worst ? t : worst;
	}
	world_run_until(s->w, instant_add((struct instant){ 0 }, span_s(LAST_S)));
	return worst <= LIMIT_S && !is_right(s, false, 4) ? LIMIT_S + 1 : worst;
}

/* --- every packet of it ---------------------------------------------------------------- */

struct census {
	unsigned seen[2][AURP_MSG_COUNT];
};

static void count_packet(void *ctx, struct passing *p)
{
	struct census *c = ctx;

	if (p->msg != AURP_MSG_COUNT)
		c->seen[p->from->tunnel->site->index][p->msg]++;
}

/* Seconds of the slowest step. */
static unsigned play(const struct harm *h, uint64_t seed, struct census *census)
{
	struct intercept *rule = NULL;
	struct stage s;
	unsigned worst;

	set_stage(&s, seed);
	if (census) {
		s.m->tap = count_packet;
		s.m->tap_ctx = census;
	}
	if (h->kth > 0)
		rule = mesh_intercept(s.m, (struct intercept){
			.from = story_jack(h->from ? s.b : s.a), .msg = h->msg, .first = h->kth,
			.count = ways[h->way].count, .fate = ways[h->way].fate,
			.delay = span_ms(ways[h->way].delay_ms) });
	worst = tell(&s);
	if (worst > LIMIT_S)
		print_message("seed %llu: %s %u of site %d %s: never right\n",
			(unsigned long long)seed, aurp_cmd(h->msg)->name, h->kth, h->from,
			ways[h->way].name);
	assert_true(!rule || rule->hit > 0);
	story_end_as_it_is(s.w);
	return worst;
}

struct tally {
	unsigned worlds, bad, worst;
};

/* All that can happen to one packet. */
static void harm_one(struct tally *t, struct harm h, uint64_t seed)
{
	for (h.way = 0; h.way < WAYS; h.way++) {
		unsigned s = play(&h, seed, NULL);

		t->worlds++;
		t->bad += s > LIMIT_S;
		t->worst = s > t->worst ? s : t->worst;
	}
}

static void harm_all(struct tally *t, uint64_t seed)
{
	struct census census = { 0 };

	assert_in_range(play(&(struct harm){ 0 }, seed, &census), 0, LIMIT_S);
	for (int from = 0; from < 2; from++)
		for (int msg = 0; msg < AURP_MSG_COUNT; msg++)
			for (unsigned k = 1; k <= census.seen[from][msg]; k++)
				harm_one(t, (struct harm){ from, (enum aurp_msg)msg, k, 0 }, seed);
	for (int msg = 0; msg < AURP_MSG_COUNT; msg++)
		if (msg != AURP_ZI_RSP_EXT && msg != AURP_GZN_REQ && msg != AURP_GZN_RSP &&
			msg != AURP_GDZL_REQ && msg != AURP_GDZL_RSP)
			assert_true(census.seen[0][msg] + census.seen[1][msg] > 0);
}

static void test_aurp_S11_S16_every_packet_of_every_command_harmed_once(void **state)
{
	struct tally t = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= (story_is_long() ? 20 : story_is_slow() ? 1 : 2); seed++)
		harm_all(&t, seed);
	print_message("%u worlds, each with a packet lost, doubled or delayed; "
		"the slowest was right after %u s\n", t.worlds, t.worst);
	assert_int_equal(t.bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_aurp_S11_S16_every_packet_of_every_command_harmed_once),
	};

	return cmocka_run_group_tests_name("story: faults", tests, NULL, NULL);
}
