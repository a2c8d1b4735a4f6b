/*
 * Translators and the name service as such: what passes, under which port, until
 * when; and that a shell asks for the names of lost peers at the pace it should.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "story.h"

enum { FORGETS_S = 40 };

/* An inside jack and an outside one. */
struct pair {
	struct world *w;
	struct mesh *m;
	struct nat *nat;
	struct script *in, *out;
};

static void open_pair(struct pair *p)
{
	p->w = world_new(1);
	p->m = world_add_mesh(p->w);
	p->in = world_add_script(p->w, p->m);
	p->out = world_add_script(p->w, p->m);
	p->nat = mesh_add_nat(p->m);
	p->nat->forgets = span_s(FORGETS_S);
	jack_put_behind(&p->in->jack, p->nat);
}

static void send(struct script *s, struct endpoint to)
{
	script_send_raw(s, to, "x", 1);
	world_run(s->world, span_ms(200));
}

static bool hears(struct script *to, struct script *from, struct endpoint place)
{
	size_t before = to->n_heard;

	send(from, place);
	return to->n_heard > before;
}

/* The place that the inside one has when it calls. */
static struct endpoint call(struct pair *p)
{
	assert_true(hears(p->out, p->in, p->out->jack.addr));
	return script_heard(p->out, 0)->from;
}

static void test_only_who_was_called_may_answer(void **state)
{
	struct pair p;
	struct script *other;
	struct endpoint place;

	(void)state;
	open_pair(&p);
	other = world_add_script(p.w, p.m);
	assert_false(hears(p.in, p.out, jack_place(&p.in->jack, &p.out->jack)));
	place = call(&p);
	assert_int_equal(place.ip, p.nat->ip);
	assert_true(hears(p.in, p.out, place));
	assert_false(hears(p.in, other, place));
	/* Its inside address means nothing outside. */
	assert_false(hears(p.in, p.out, p.in->jack.addr));
	world_free(p.w);
}

static void test_ports_are_kept_or_changed_and_flows_are_forgotten(void **state)
{
	struct pair p;
	struct endpoint first, second;

	(void)state;
	open_pair(&p);
	first = call(&p);
	assert_int_not_equal(first.port, AURP_PORT);
	world_run(p.w, span_s(FORGETS_S - 10));
	assert_true(hears(p.in, p.out, first));		/* that keeps it, too */
	world_run(p.w, span_s(FORGETS_S - 10));
	assert_int_equal(call(&p).port, first.port);
	world_run(p.w, span_s(FORGETS_S + 1));
	assert_false(hears(p.in, p.out, first));
	second = call(&p);
	assert_int_not_equal(second.port, first.port);
	nat_forget(p.nat);
	assert_false(hears(p.in, p.out, second));
	p.nat->keeps_port = true;
	assert_int_equal(call(&p).port, AURP_PORT);
	p.nat->is_off = true;
	assert_false(hears(p.out, p.in, p.out->jack.addr));
	world_free(p.w);
}

static void test_a_symmetric_translator_has_a_port_for_each(void **state)
{
	struct pair p;
	struct script *other;
	uint16_t port;

	(void)state;
	open_pair(&p);
	other = world_add_script(p.w, p.m);
	port = call(&p).port;
	assert_true(hears(other, p.in, other->jack.addr));
	assert_int_equal(script_heard(other, 0)->from.port, port);
	p.nat->is_symmetric = true;
	nat_forget(p.nat);
	port = call(&p).port;
	assert_true(hears(other, p.in, other->jack.addr));
	assert_int_not_equal(script_heard(other, 0)->from.port, port);
	world_free(p.w);
}

static void test_a_forwarded_port_takes_everybody_and_is_answered_by_itself(void **state)
{
	struct pair p;
	struct script *second;
	struct endpoint place;

	(void)state;
	open_pair(&p);
	second = world_add_script(p.w, p.m);
	jack_put_behind(&second->jack, p.nat);
	nat_forward(p.nat, AURP_PORT, &p.in->jack);
	nat_forward(p.nat, AURP_PORT + 1, &second->jack);
	place = jack_place(&second->jack, &p.out->jack);
	assert_int_equal(place.port, AURP_PORT + 1);
	assert_true(hears(second, p.out, place));
	assert_true(hears(p.out, second, p.out->jack.addr));
	assert_int_equal(script_heard(p.out, 0)->from.port, AURP_PORT + 1);
	/* Behind the same one they meet inside. */
	assert_true(hears(second, p.in, jack_place(&second->jack, &p.in->jack)));
	world_free(p.w);
}

static void test_two_levels(void **state)
{
	struct pair p;
	struct nat *outer;
	struct endpoint place;

	(void)state;
	open_pair(&p);
	outer = mesh_add_nat(p.m);
	nat_put_behind(p.nat, outer);
	nat_forward(p.nat, AURP_PORT, &p.in->jack);
	assert_false(jack_can_be_called(&p.in->jack, &p.out->jack));
	place = call(&p);
	assert_int_equal(place.ip, outer->ip);
	assert_true(hears(p.in, p.out, place));
	nat_forget(outer);
	assert_false(hears(p.in, p.out, place));
	world_free(p.w);
}

/* --- names ----------------------------------------------------------------------------- */

enum { LAG_S = 40, LOST_MOST_S = 90 + 40, ASKS_S = 10 };

static void test_a_lost_name_is_asked_again_until_it_is_right(void **state)
{
	struct world *w = story_mesh(3, 2);
	struct site *a = world_site(w, 0), *b = world_site(w, 1);
	struct site_peer *peer = tunnel_find_peer(site_tunnel(a, 0), story_jack(b));
	struct endpoint old;

	(void)state;
	w->asks_names = true;
	story_switch_on(w);
	story_settle(w, 10);
	old = peer->resolved;
	site_move_unlisted(b, 0, span_s(LAG_S));
	world_run(w, span_s(LAG_S - 1));
	assert_true(endpoint_eq(jack_listed(story_jack(b), story_jack(a)), old));
	assert_false(endpoint_eq(jack_place(story_jack(b), story_jack(a)), old));
	world_run(w, span_s(LOST_MOST_S + ASKS_S - LAG_S));
	assert_true(endpoint_eq(peer->resolved, story_jack(b)->addr));
	story_end(w, 15);
}

static void test_a_frozen_site_is_deaf_and_goes_on_with_what_was_kept(void **state)
{
	struct world *w = story_mesh(4, 2);
	struct site *a = world_site(w, 0);

	(void)state;
	story_switch_on(w);
	story_settle(w, 10);
	site_freeze(a);
	world_run(w, span_s(120));
	assert_true(a->n_kept > 0);
	assert_false(site_knows(world_site(w, 1), story_net(0), NULL));
	assert_true(site_knows(a, story_net(1), NULL));
	site_thaw(a);
	assert_int_equal(a->n_kept, 0);
	story_end(w, 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_who_was_called_may_answer),
		cmocka_unit_test(test_ports_are_kept_or_changed_and_flows_are_forgotten),
		cmocka_unit_test(test_a_symmetric_translator_has_a_port_for_each),
		cmocka_unit_test(test_a_forwarded_port_takes_everybody_and_is_answered_by_itself),
		cmocka_unit_test(test_two_levels),
		cmocka_unit_test(test_a_lost_name_is_asked_again_until_it_is_right),
		cmocka_unit_test(test_a_frozen_site_is_deaf_and_goes_on_with_what_was_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
