/*
 * Hundreds of sites, and a year. A full mesh that boots within a minute, few
 * that live among many dead, and a hub with its two sites over a year of
 * reconnections and restarts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "story.h"

static double cpu_s(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

/* --- 300 ------------------------------------------------------------------------------- */

static void switch_on(struct world *w, void *ctx)
{
	(void)w;
	site_switch_on(ctx);
}

/* n sites in a full mesh, each switched on at any moment of the first minute, which has passed. */
static struct world *boot_all(unsigned n, unsigned loss)
{
	struct world *w = story_mesh(500, n);

	story_mesh_of(w)->weather.loss = loss;
	for (unsigned i = 0; i < n; i++)
		world_call(w, world_between(w, span_s(0), span_s(60)), switch_on,
			world_site(w, i));
	world_run(w, span_s(60));
	return w;
}

static void test_300_sites_boot_within_a_minute(void **state)
{
	unsigned n = story_is_slow() ? 60 : 300, s;
	double began = cpu_s();
	struct world *w = boot_all(n, 0);

	(void)state;
	/* A call that found nobody yet is repeated after 3, 6, 12, 24 s, a tenth more or less. */
	s = story_settle(w, 60);
	print_message("%u sites in a full mesh: all know all %u s after the last boot; %.1f s of "
		"CPU, %.1f MB, %llu packets\n", n, s, cpu_s() - began,
		(double)memory_of_routers().bytes / 1e6, (unsigned long long)w->packets);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(world_site(w, i)->traces[TRACE_PEER_DOWN], 0);
		assert_int_equal(site_connected(world_site(w, i)), n - 1);
	}
	/* Then there is peace. */
	world_run(w, span_s(30));
	world_forget_counts(w);
	world_run(w, span_s(100));
	assert_int_equal(w->traffic.msg[AURP_RI_UPD], 0);
	assert_int_equal(w->traffic.msg[AURP_OPEN_REQ], 0);
	story_end_as_it_is(w);
}

static void test_100_sites_boot_within_a_minute_in_bad_weather(void **state)
{
	unsigned n = story_is_slow() ? 30 : 100;
	struct world *w = boot_all(n, 20);

	(void)state;
	/* So bad that tickles fail, and connections are lost and opened again all the time. */
	world_run(w, span_s(300));
	mesh_heal(story_mesh_of(w));
	print_message("%u sites that booted in bad weather: all know all %u s after its end\n", n,
		story_settle(w, 400));
	story_end_as_it_is(w);
}

/* --- the dead -------------------------------------------------------------------------- */

enum { LIVE = 19, DEAD = 200 };

/* Open-Reqs that the dead would have heard. */
static uint64_t count_calls(const struct world *w)
{
	uint64_t n = 0;

	for (size_t i = 0; i < w->scripts.n; i++)
		n += ((struct script *)w->scripts.at[i])->n_heard;
	return n;
}

static void test_aurp_C5_C40_19_live_peers_among_200_dead(void **state)
{
	struct world *w = story_mesh(510, LIVE + 1);
	uint64_t first, later;

	(void)state;
	for (size_t i = 0; i < DEAD; i++)
		world_add_script(w, story_mesh_of(w));
	for (size_t i = 0; i < LIVE; i++)
		for (size_t k = 0; k < DEAD; k++) {
			const struct script *s = w->scripts.at[k];
			char name[32];

			snprintf(name, sizeof name, "dead%zu", k);
			tunnel_add_peer(site_tunnel(world_site(w, i), 0), name, &s->jack);
		}
	for (size_t i = 0; i < LIVE; i++)
		site_switch_on(world_site(w, i));
	print_message("19 live sites know each other after %u s\n", story_settle(w, 20));
	world_run(w, span_s(3600));
	first = count_calls(w);
	world_run(w, span_s(10 * 3600));
	later = count_calls(w) - first;
	/* 3 s doubled up to 300 s: seven calls, then one in 300 s, give or take a tenth. */
	assert_in_range(first, LIVE * DEAD * 15, LIVE * DEAD * 19);
	assert_in_range(later, LIVE * DEAD * 10 * 10, LIVE * DEAD * 10 * 14);
	print_message("a dead peer is called %.1f times in the first hour, %.1f in each later\n",
		(double)first / LIVE / DEAD, (double)later / LIVE / DEAD / 10);
	for (size_t i = 0; i < LIVE; i++)
		assert_int_equal(world_site(w, i)->traces[TRACE_PEER_DOWN], 0);
	assert_true(story_agrees(w));
	/* One rises from the dead, and need not wait for anybody's next call. */
	site_switch_on(world_site(w, LIVE));
	story_settle(w, 10);
	story_end_as_it_is(w);
}

/* --- a year ---------------------------------------------------------------------------- */

enum { HOUR_S = 3600, DAY_S = 24 * HOUR_S };

struct year {
	struct world *w;
	struct site *hub, *daily, *weekly;
	struct host *at[3];
	unsigned echoes, asked;
	unsigned wraps;
	uint16_t latest;
};

static void watch_sequence(void *ctx, struct passing *p)
{
	struct rd r = rd_over(p->payload->data, p->payload->len);
	struct year *y = ctx;
	struct aurp_domain domain;
	struct aurp h;

	if ((p->msg != AURP_RI_RSP && p->msg != AURP_RI_UPD) || p->from != story_jack(y->hub) ||
		p->to != story_jack(y->weekly))
		return;
	if (aurp_decode_domain(&r, &domain) == AURP_DOMAIN_OK && aurp_decode(&r, &h) == AURP_OK) {
		y->wraps += y->latest == UINT16_MAX && h.sequence == 1;
		y->latest = h.sequence;
	}
}

/* The cable of site i has an end node. */
static struct host *add_host(struct world *w, size_t i)
{
	struct host *h = world_add_host(w, w->lans.at[i], NULL);

	host_switch_on(h);
	return h;
}

static void set_out(struct year *y)
{
	struct world *w = story_mesh(520, 2);
	struct mesh *second = world_add_mesh(w);

	*y = (struct year){ .w = w, .hub = world_site(w, 0), .weekly = world_site(w, 1) };
	y->daily = story_add_site(w, 2);
	mesh_join(second, y->hub);
	mesh_join(second, y->daily);
	story_mesh_of(w)->tap = watch_sequence;
	story_mesh_of(w)->tap_ctx = y;
	story_switch_on(w);
	story_settle(w, 60);
	for (size_t i = 0; i < 3; i++)
		y->at[i] = add_host(w, i);
	world_run(w, span_s(60));
}

static void echo_all(struct year *y)
{
	for (size_t i = 0; i < 3; i++)
		host_echo(y->at[i], y->at[(i + 1) % 3]->addr);
	world_run(y->w, span_s(2));
	for (size_t i = 0; i < 3; i++)
		y->echoes += y->at[i]->has_echo;
	y->asked += 3;
}

/* Once, so many lists are asked for that the sequence numbers pass 65535. */
static void wrap_numbers(struct year *y)
{
	for (int i = 0; i < 70000 && y->wraps == 0; i++) {
		site_refresh(y->weekly);
		world_run(y->w, span_ms(500));
	}
}

/* In its third hour the line of one site is dead for ten minutes, and has another address then. */
static void reconnect(struct year *y, unsigned day)
{
	struct mesh *m = story_jack(y->daily)->mesh;

	mesh_cut_pair(m, story_jack(y->daily), &site_tunnel(y->hub, 1)->jack, true);
	world_run(y->w, span_s(600));
	mesh_heal(m);
	if (day % 2)
		site_move(y->daily, 0);
	world_resolve_all(y->w);
	story_settle(y->w, 360);
}

static void restart(struct year *y, unsigned week)
{
	if (week % 2)
		site_crash(y->weekly);
	else
		site_stop(y->weekly);
	world_run(y->w, span_s(30 * (week % 5)));
	site_switch_on(y->weekly);
	story_settle(y->w, 300);
}

static void plausible(void *ctx, const struct counter_info *c)
{
	const uint64_t *most = ctx;

	if (c->value > *most)
		fail_msg("%s %s: %llu", c->owner, c->name, (unsigned long long)c->value);
}

static void plausible_peer(void *ctx, const struct peer_info *p)
{
	unsigned *n = ctx;

	++*n;
	assert_string_equal(p->recv, "connected");
	assert_in_range(p->heard_s, 0, 130);
	assert_in_range(p->rtt_ms, 1, 1000);
}

static void test_a_year_with_daily_reconnects_and_weekly_restarts(void **state)
{
	unsigned days = story_is_slow() ? 15 : 365, peers = 0;
	struct memory before;
	struct year y;
	/* A few packets a second, for a year. */
	uint64_t most = (uint64_t)days * DAY_S * 4000;
	double began = cpu_s();

	(void)state;
	set_out(&y);
	before = memory_of_routers();
	for (unsigned day = 0; day < days; day++) {
		for (unsigned hour = 0; hour < 24; hour++) {
			if (hour == 3)
				reconnect(&y, day);
			if (hour == 5 && day % 7 == 6)
				restart(&y, day / 7);
			world_run(y.w, span_s(HOUR_S));
			echo_all(&y);
		}
		if (day == 8)
			wrap_numbers(&y);
		assert_int_equal(memory_of_routers().blocks, before.blocks);
	}
	print_message("%u days: %u of %u echoes, sequence numbers wrapped %u times, %.1f s CPU\n",
		days, y.echoes, y.asked, y.wraps, cpu_s() - began);
	assert_int_equal(y.echoes, y.asked);
	assert_int_equal(y.wraps, 1);
	assert_true(memory_of_routers().bytes <= before.bytes + before.bytes / 4);
	router_walk_counters(y.hub->router, plausible, &most);
	router_walk_peers(y.hub->router, y.w->now, plausible_peer, &peers);
	assert_int_equal(peers, 2);
	story_end(y.w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_300_sites_boot_within_a_minute),
		cmocka_unit_test(test_100_sites_boot_within_a_minute_in_bad_weather),
		cmocka_unit_test(test_aurp_C5_C40_19_live_peers_among_200_dead),
		cmocka_unit_test(test_a_year_with_daily_reconnects_and_weekly_restarts),
	};

	return cmocka_run_group_tests_name("story: crowds", tests, NULL, NULL);
}
