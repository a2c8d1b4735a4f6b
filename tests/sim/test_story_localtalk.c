/*
 * LocalTalk: a cable behind two routers, claims of node numbers while the cable
 * is cut and while it is crowded, and a tunnel that dies by halves under its
 * nodes' datagrams.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story.h"

enum { LOCALTALK_NET = 30, FAR = 2 };

/* Sites 0 and 1 on one LocalTalk cable, all three in one mesh; site 2 has story_net(2). */
struct town {
	struct world *w;
	struct lan *cable;
	struct host *here, *there;	/* nodes on LocalTalk and at site 2 */
};

static struct site *add_to_cable(struct town *t)
{
	struct site *site = world_add_site(t->w);

	site_add_port(site, t->cable, SEED_HARD,
		(struct at_range){ LOCALTALK_NET, LOCALTALK_NET, false }, "Old Macs");
	return site;
}

static void town_new(struct town *t, uint64_t seed, size_t n_routers)
{
	struct mesh *m;

	t->w = world_new(seed);
	m = world_add_mesh(t->w);
	t->cable = world_add_lan(t->w, PORT_LTOUDP);
	for (size_t i = 0; i < FAR; i++)
		if (i < n_routers)
			mesh_join(m, add_to_cable(t));
		else
			mesh_join(m, story_add_site(t->w, i));
	mesh_join(m, story_add_site(t->w, FAR));
	t->here = world_add_host(t->w, t->cable, NULL);
	t->there = world_add_host(t->w, site_port(world_site(t->w, FAR), 0)->lan, NULL);
}

static void town_up(struct town *t)
{
	story_switch_on(t->w);
	story_settle(t->w, 60);
	host_switch_on(t->here);
	host_switch_on(t->there);
	world_run(t->w, span_s(30));
	assert_int_equal(t->here->state, HOST_UP);
	assert_int_equal(t->there->state, HOST_UP);
}

static bool echoes(struct town *t, struct host *from, struct host *to)
{
	host_echo(from, to->addr);
	world_run(t->w, span_s(1));
	return from->has_echo;
}

static bool finds(struct town *t, struct host *a, const struct host *b)
{
	char object[AT_ZONE_NAME_MAX + 1] = { 0 };
	struct at_sockaddr at;

	memcpy(object, b->object.byte, b->object.len);
	host_look_up(a, object, "AFPServer", &b->zone);
	world_run(t->w, span_s(4));
	return host_has_found(a, &b->object, &at) && at.node == b->addr.node;
}

struct address_search {
	const char *name;
	struct at_addr addr;
};

static void look(void *ctx, const struct port_info *info)
{
	struct address_search *q = ctx;

	if (strcmp(info->name, q->name) == 0 && strcmp(info->state, "up") == 0)
		q->addr = info->addr;
}

/* The node number of a site's first port; 0: it has none yet. */
static uint8_t node_of(const struct site *site)
{
	struct address_search q = { .name = "p0" };

	router_walk_ports(site->router, look, &q);
	return q.addr.node;
}

/* --- two routers ----------------------------------------------------------------------- */

static void test_one_cable_behind_two_routers_one_of_which_goes(void **state)
{
	struct town t;

	(void)state;
	town_new(&t, 700, 2);
	town_up(&t);
	assert_true(finds(&t, t.here, t.there));
	assert_true(finds(&t, t.there, t.here));
	for (size_t i = 0; i < 2; i++) {
		struct site *site = world_site(t.w, i);

		/* In good order one time, without a word the other. */
		if (i == 0)
			site_stop(site);
		else
			site_crash(site);
		world_run(t.w, span_s(300));
		assert_true(story_agrees(t.w));
		assert_true(echoes(&t, t.here, t.there));
		assert_true(echoes(&t, t.there, t.here));
		assert_true(finds(&t, t.there, t.here));
		site_switch_on(site);
		story_settle(t.w, 120);
		assert_int_not_equal(node_of(world_site(t.w, 0)), node_of(world_site(t.w, 1)));
		assert_true(echoes(&t, t.there, t.here));
	}
	story_end(t.w, 0);
}

/* --- claims ---------------------------------------------------------------------------- */

static struct site *add_third(struct town *t)
{
	struct site *third = add_to_cable(t);

	site_switch_on(third);
	world_run(t->w, span_s(30));
	return third;
}

/*
 * Two routers that cannot hear each other take one number. As soon as they can, the one
 * that hears the other first takes another; its network stays where it was.
 */
static void test_atalk_L02_L03_a_number_that_two_took_while_the_cable_was_cut(void **state)
{
	struct town t;
	struct site *a, *b, *c;

	(void)state;
	town_new(&t, 701, 2);
	a = world_site(t.w, 0);
	b = world_site(t.w, 1);
	t.cable->is_cut = true;
	story_switch_on(t.w);
	world_run(t.w, span_s(30));
	assert_int_equal(node_of(a), node_of(b));
	assert_int_not_equal(node_of(a), 0);
	t.cable->is_cut = false;
	world_run(t.w, span_s(20));
	assert_int_not_equal(node_of(a), node_of(b));
	assert_int_equal(
		a->traces[TRACE_PORT_NODE_GIVEN_UP] + b->traces[TRACE_PORT_NODE_GIVEN_UP], 1);
	assert_int_equal(a->traces[TRACE_PORT_DOWN] + b->traces[TRACE_PORT_DOWN], 0);
	c = add_third(&t);
	assert_int_not_equal(node_of(c), 0);
	assert_int_not_equal(node_of(c), node_of(a));
	assert_int_not_equal(node_of(b), 0);
	assert_int_not_equal(node_of(b), node_of(a));
	assert_int_not_equal(node_of(b), node_of(c));
	host_switch_on(t.here);
	host_switch_on(t.there);
	world_run(t.w, span_s(30));
	assert_true(finds(&t, t.there, t.here));
	story_end(t.w, 120);
}

/* A router that is there already keeps its number through a cut, and its nodes find it again. */
static void test_a_cut_that_everybody_lived_through_changes_no_number(void **state)
{
	uint8_t nodes[2], host;
	struct town t;

	(void)state;
	town_new(&t, 702, 2);
	town_up(&t);
	for (size_t i = 0; i < 2; i++)
		nodes[i] = node_of(world_site(t.w, i));
	host = t.here->addr.node;
	t.cable->is_cut = true;
	world_run(t.w, span_s(400));
	assert_false(echoes(&t, t.there, t.here));
	t.cable->is_cut = false;
	world_run(t.w, span_s(60));
	assert_true(echoes(&t, t.there, t.here));
	assert_true(echoes(&t, t.here, t.there));
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(node_of(world_site(t.w, i)), nodes[i]);
	assert_int_equal(t.here->addr.node, host);
	story_end(t.w, 0);
}

/* Everybody claims at once on a cable that loses a third of what is said. */
static void test_atalk_L02_a_crowd_that_starts_together_shares_no_number(void **state)
{
	enum { ROUTERS = 6, NODES = 30 };
	bool is_taken[256] = { false };
	struct town t;

	(void)state;
	town_new(&t, 703, 2);
	for (size_t i = FAR; i < ROUTERS; i++)
		(void)add_to_cable(&t);
	for (size_t i = 0; i < NODES; i++)
		(void)world_add_host(t.w, t.cable, NULL);
	t.cable->loss = 33;
	story_switch_on(t.w);
	for (size_t i = 0; i < t.w->hosts.n; i++)
		host_switch_on(world_host(t.w, i));
	world_run(t.w, span_s(60));
	t.cable->loss = 0;
	world_run(t.w, span_s(60));
	for (size_t i = 0; i < t.w->sites.n; i++) {
		if (site_port(world_site(t.w, i), 0)->lan != t.cable)
			continue;
		assert_false(is_taken[node_of(world_site(t.w, i))]);
		is_taken[node_of(world_site(t.w, i))] = true;
	}
	for (size_t i = 0; i < t.w->hosts.n; i++) {
		const struct host *h = world_host(t.w, i);

		assert_int_equal(h->state, HOST_UP);
		if (h->lan != t.cable)
			continue;
		assert_false(is_taken[h->addr.node]);
		is_taken[h->addr.node] = true;
	}
	assert_false(is_taken[0]);
	story_end(t.w, 200);
}

/* --- half a tunnel --------------------------------------------------------------------- */

/* How many of so many echoes, one a second each way, come back. */
static unsigned echo_for(struct town *t, unsigned n)
{
	unsigned answered = 0;

	for (unsigned i = 0; i < n; i++) {
		host_echo(t->here, t->there->addr);
		host_echo(t->there, t->here->addr);
		world_run(t->w, span_s(1));
		answered += t->here->has_echo + t->there->has_echo;
	}
	return answered;
}

/*
 * No acknowledgement of the LocalTalk side's updates arrives: its data sender gives up,
 * and only that half opens again. Datagrams go on, in both directions, but for the
 * moment in which the far side has forgotten our networks.
 */
static void test_half_a_tunnel_stops_under_the_echoes_of_localtalk_nodes(void **state)
{
	enum { SECONDS = 900 };
	struct intercept *lost;
	struct site *near, *far;
	struct town t;
	unsigned answered;

	(void)state;
	town_new(&t, 704, 1);
	town_up(&t);
	near = world_site(t.w, 0);
	far = world_site(t.w, FAR);
	lost = mesh_intercept(t.w->meshes.at[0], (struct intercept){ .from = story_jack(far),
		.to = story_jack(near), .msg = AURP_RI_ACK, .first = 1, .count = UINT16_MAX,
		.fate = FATE_LOSE });
	story_add_net(near, 800, "News");
	site_reconfigure(near);
	answered = echo_for(&t, SECONDS);
	print_message("%u of %u echoes without RI-Acks, %u of those lost\n", answered, 2 * SECONDS,
		lost->hit);
	assert_true(near->traces[TRACE_PEER_SEND_CLOSED] > 0);
	assert_true(lost->hit > 10);
	assert_true(answered >= 2 * SECONDS * 99 / 100);
	assert_int_equal(near->traces[TRACE_PEER_DOWN] + far->traces[TRACE_PEER_DOWN], 0);
	mesh_forget_intercepts(t.w->meshes.at[0]);
	story_settle(t.w, 400);
	assert_int_equal(echo_for(&t, 60), 120);
	story_end(t.w, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_cable_behind_two_routers_one_of_which_goes),
		cmocka_unit_test(test_atalk_L02_L03_a_number_that_two_took_while_the_cable_was_cut),
		cmocka_unit_test(test_a_cut_that_everybody_lived_through_changes_no_number),
		cmocka_unit_test(test_atalk_L02_a_crowd_that_starts_together_shares_no_number),
		cmocka_unit_test(test_half_a_tunnel_stops_under_the_echoes_of_localtalk_nodes),
	};

	return cmocka_run_group_tests_name("story: LocalTalk", tests, NULL, NULL);
}
