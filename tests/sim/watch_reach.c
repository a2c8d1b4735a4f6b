/*
 * How long a router may not know another that it could: the bounds, in one place.
 * Two are in reach of each other while both run, packets pass both ways, the names
 * that they list are right, and at least one can call the other, who takes the
 * call. One knows the other when it has the other's whole list on a connection
 * that the other has, too. From the moment on which they are in reach, or the last
 * on which it knew, to when it must know (again), in seconds:
 *
 *	290	one was started, and calls: the old connection is asked for 8 s whether it
 *		lives, and the call comes again (3, 6 s; 10 s from a mate). The other way is
 *		opened when four tickles were not answered: 10 s each after bad weather
 *		(only if both knew each other before: else nobody is asked, see below)
 *	300	nothing of the following, but one noticed what the other did not (bad weather
 *		does that): 90 s of silence, 40 s of tickles, a call
 *	120 +	they were apart for d s, or the one that was started cannot call, is not
 *		listed, or has the connection IDs of its last life: 2.5 d + 4, at most 700,
 *		at least 300 (the back-off doubles; a call that the other's brought forward
 *		in bad weather was the next but one; ten percent of jitter); 700 if they did
 *		not know each other when they parted, as they called before. The call may
 *		find half a connection, that is asked for 8 s and tickled for 40 s
 *	850	a mate, of a site: 190 s until it notices, 660 s from one round of calls to the
 *		end of the next
 *	+ 10	a site, of a mate: a call of the mate's
 *	+ 900	one whose translator lets it send from another port than others call: after
 *		that has forgotten, packets of it come from a port that another translator
 *		lets nothing in from, as long as either sends. Who was lost is dialled for
 *		five minutes before there is a pause in which they forget; and the first
 *		calls after that may be too close to each other again
 *	+ 15	the list itself, and the steps of this look
 *
 * random.c looks every five seconds, while things happen and at rest.
 */
#include "watch_state.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	QUICK_S = 290,
	NOTICE_S = 300,
	HALF_S = 120,
	CALL_MOST_S = 700,
	MATE_CALL_S = 10,
	MATE_S = 850,
	CROSSED_S = 900,
	LIST_S = 15,
	LOOK_S = 5,
};

struct reach {
	struct site_peer *listed;	/* of the first, for the second; NULL: not listed */
	bool is_told, tells;		/* the first's view of the second: whole list, connection */
	bool was_started, was_cut;	/* since it last knew */
	bool is_said;
	struct instant parted, met;	/* while they are apart: met INSTANT_NEVER */
	struct instant knew;
	bool had_known;			/* just before it was restarted, or away */
	struct endpoint place;		/* of the second */
};

struct reaches {
	const struct mesh *mesh;
	size_t n;
	struct reach *at;		/* [knows * n + known], as in the mesh's jacks */
	struct instant looked;
};

/* --- what they think of each other ----------------------------------------------------- */

static size_t index_of(const struct mesh *m, const struct jack *j)
{
	size_t i = 0;

	while (i < m->jacks.n && m->jacks.at[i] != j)
		i++;
	return i;
}

struct asking {
	struct reaches *all;
	const struct site_tunnel *of;
	size_t index;
};

static void note_peer(void *ctx, const struct peer_info *info)
{
	struct asking *q = ctx;
	const struct jack *j = NULL;
	struct reach *r;
	size_t i;

	if (strcmp(info->tunnel, q->of->config.name) != 0)
		return;
	for (i = 0; i < q->of->peers.n && !j; i++) {
		const struct site_peer *peer = q->of->peers.at[i];

		if (strcmp(peer->name, info->name) == 0)
			j = peer->to;
	}
	if (!j)
		j = nat_owner(q->all->mesh->world, info->addr);
	i = j ? index_of(q->all->mesh, j) : q->all->n;
	if (i >= q->all->n)
		return;
	r = &q->all->at[q->index * q->all->n + i];
	r->is_told |= strcmp(info->recv, "connected") == 0 ||
		strcmp(info->recv, "wait-tickle-ack") == 0;
	r->tells |= strcmp(info->send, "unconnected") != 0 &&
		strcmp(info->send, "wait-rd-ack") != 0;
}

static void ask_all(struct reaches *all)
{
	for (size_t i = 0; i < all->n * all->n; i++)
		all->at[i].is_told = all->at[i].tells = false;
	for (size_t i = 0; i < all->n; i++) {
		const struct jack *j = all->mesh->jacks.at[i];
		const struct mate *mate = mate_of_jack(all->mesh->world, j);
		struct asking q = { all, j->tunnel, i };

		if (j->tunnel && j->tunnel->site->router)
			router_walk_peers(j->tunnel->site->router, all->mesh->world->now,
				note_peer, &q);
		for (size_t k = 0; mate && k < all->n; k++) {
			const struct mate_peer *p = mate_find_peer(mate, all->mesh->jacks.at[k]);

			all->at[i * all->n + k].is_told = p && mate_is_told(p);
			all->at[i * all->n + k].tells = p && p->send != MATE_SEND_DOWN;
		}
	}
}

/* --- are they in reach? ---------------------------------------------------------------- */

static bool runs(const struct world *w, const struct jack *j)
{
	const struct mate *mate = j->tunnel ? NULL : mate_of_jack(w, j);

	if (mate)
		return mate->is_on;
	return j->tunnel && j->tunnel->handle && !j->tunnel->site->is_stopping;
}

static bool is_deaf(const struct world *w, const struct jack *j)
{
	if (!j->tunnel)
		return mate_of_jack(w, j)->is_frozen;
	return j->tunnel->is_down || j->tunnel->site->is_frozen || !jack_has_way_out(j);
}

/* Where the one lists the other, it must be right. */
static bool is_right(const struct reach *r, const struct jack *of, const struct jack *j)
{
	return !r->listed || r->listed->is_removed ||
	       endpoint_eq(r->listed->resolved, jack_place(j, of));
}

static bool lists(const struct reach *r)
{
	return r->listed && !r->listed->is_removed;
}

static bool can_call(const struct reach *ab, const struct jack *a, const struct reach *ba,
	const struct jack *b)
{
	return lists(ab) && jack_can_be_called(b, a) &&
	       (lists(ba) || b->tunnel->config.accept_unknown);
}

static bool has_mate_in_reach(const struct world *w, const struct jack *mate,
	const struct reach *r, const struct jack *j)
{
	const struct mate_peer *p = mate_find_peer(mate_of_jack(w, mate), j);

	return p && lists(r) && p->at.ip == jack_place(j, mate).ip && jack_hears_at_387(j, mate);
}

/* Two that run. */
static bool can_talk(const struct reaches *all, size_t i, size_t k)
{
	const struct world *w = all->mesh->world;
	const struct jack *a = all->mesh->jacks.at[i], *b = all->mesh->jacks.at[k];
	const struct reach *ab = &all->at[i * all->n + k], *ba = &all->at[k * all->n + i];

	if (is_deaf(w, a) || is_deaf(w, b) || !mesh_passes(all->mesh, a, b) ||
		!is_right(ab, a, b) || !is_right(ba, b, a))
		return false;
	if (!a->tunnel || !b->tunnel)
		return (a->tunnel && has_mate_in_reach(w, b, ab, a)) ||
		       (b->tunnel && has_mate_in_reach(w, a, ba, b));
	return can_call(ab, a, ba, b) || can_call(ba, b, ab, a);
}

/* --- bounds ---------------------------------------------------------------------------- */

static struct instant came(const struct world *w, const struct jack *j)
{
	return j->tunnel ? j->tunnel->site->came : mate_of_jack(w, j)->came;
}

static bool has_old_ids(const struct jack *j)
{
	return j->tunnel && j->tunnel->site->has_old_ids;
}

/* Whichever of them was started, it calls, and is heard. */
static bool starter_calls(const struct reach *r, const struct reach *back,
	const struct jack *knows, const struct jack *known)
{
	return (lists(r) || !knows->tunnel) && (lists(back) || !known->tunnel) &&
	       jack_can_be_called(knows, known) && jack_can_be_called(known, knows) &&
	       !has_old_ids(knows) && !has_old_ids(known) && r->had_known &&
	       back->had_known;
}

static int64_t bound_s(const struct reach *r, const struct reach *back, const struct jack *knows,
	const struct jack *known)
{
	int64_t call = span_to_s(instant_since(r->met, r->parted)) * 5 / 2 + 4;
	int64_t more = LIST_S + (known->tunnel ? 0 : MATE_CALL_S);

	if (jack_calls_from_elsewhere(knows) || jack_calls_from_elsewhere(known))
		more += CROSSED_S;
	if (!knows->tunnel)
		return MATE_S + LIST_S;
	if (r->was_started && !r->was_cut && starter_calls(r, back, knows, known))
		return QUICK_S + more;
	if (!r->was_started && !r->was_cut)
		return NOTICE_S + more;
	if (!r->had_known || !back->had_known || call > CALL_MOST_S)
		call = CALL_MOST_S;
	return (call > NOTICE_S ? call : NOTICE_S) + HALF_S + more;
}

static void say(const struct world *w, const struct jack *j, char text[32])
{
	snprintf(text, 32, "%s%zu", j->tunnel ? "site" : "mate ",
		j->tunnel ? j->tunnel->site->index : mate_of_jack(w, j)->index);
}

static void judge(const struct reaches *all, struct reach *r, const struct reach *back,
	const struct jack *knows, const struct jack *known)
{
	struct world *w = all->mesh->world;
	struct instant from = instant_cmp(r->knew, r->met) > 0 ? r->knew : r->met;
	int64_t lasts = span_to_s(instant_since(w->now, from));
	int64_t bound = bound_s(r, back, knows, known);
	char a[32], b[32];

	if (lasts <= bound || r->is_said)
		return;
	say(w, knows, a);
	say(w, known, b);
	watch_say(w, a, "does not know %s since %lld s, and may for %lld s (apart for %lld s%s%s)",
		b, (long long)lasts, (long long)bound,
		(long long)span_to_s(instant_since(r->met, r->parted)),
		r->was_cut ? ", cut" : "", r->was_started ? ", one was started" : "");
	r->is_said = true;
}

static bool knew_lately(const struct world *w, const struct reach *r)
{
	return span_cmp(instant_since(w->now, r->knew), span_s(2 * LOOK_S)) <= 0;
}

static void look(struct reaches *all, size_t i, size_t k)
{
	const struct world *w = all->mesh->world;
	const struct jack *a = all->mesh->jacks.at[i], *b = all->mesh->jacks.at[k];
	struct reach *r = &all->at[i * all->n + k];
	bool knows = r->is_told && all->at[k * all->n + i].tells;
	bool both_run = runs(w, a) && runs(w, b), was_apart;

	if (!both_run || !can_talk(all, i, k)) {
		if (!instant_is_never(r->met) && !r->was_cut && !r->was_started)
			r->parted = w->now;
		if (!instant_is_never(r->met))
			r->had_known = knew_lately(w, r);
		r->was_cut |= both_run;
		r->met = INSTANT_NEVER;
		return;
	}
	was_apart = instant_is_never(r->met);
	if (was_apart)
		r->met = w->now;
	/* Who is behind a translator that moves does not notice it before the silence. */
	if (!endpoint_eq(r->place, jack_place(b, a)) || !endpoint_eq(
		all->at[k * all->n + i].place, jack_place(a, b))) {
		r->was_cut = true;
		r->met = w->now;
	}
	if (instant_cmp(came(w, a), all->looked) >= 0 ||
		instant_cmp(came(w, b), all->looked) >= 0) {
		if (!was_apart)
			r->had_known = knew_lately(w, r);
		r->was_started = true;
		r->met = w->now;
	}
	if (knows) {
		r->knew = w->now;
		r->was_started = r->was_cut = r->is_said = false;
		r->parted = w->now;
		return;
	}
	judge(all, r, &all->at[k * all->n + i], a, b);
}

/* --- all pairs ------------------------------------------------------------------------- */

static void begin(struct world *w)
{
	struct reaches *all = world_alloc(w->meshes.n, sizeof(*all));

	w->watch->reaches = all;
	w->watch->n_reaches = w->meshes.n;
	for (size_t m = 0; m < w->meshes.n; m++) {
		size_t n = ((struct mesh *)w->meshes.at[m])->jacks.n;

		all[m] = (struct reaches){ .mesh = w->meshes.at[m], .n = n,
			.at = world_alloc(n * n, sizeof(*all->at)) };
		for (size_t i = 0; i < n * n; i++) {
			struct jack *a = all[m].mesh->jacks.at[i / n];

			all[m].at[i].met = INSTANT_NEVER;
			all[m].at[i].had_known = true;
			all[m].at[i].listed = a->tunnel ? tunnel_find_peer(a->tunnel,
				all[m].mesh->jacks.at[i % n]) : NULL;
		}
	}
}

static void note_places(struct reaches *all)
{
	for (size_t i = 0; i < all->n * all->n; i++)
		all->at[i].place = jack_place(all->mesh->jacks.at[i % all->n],
			all->mesh->jacks.at[i / all->n]);
}

void watch_reach(struct world *w)
{
	if (!w->watch->reaches)
		begin(w);
	for (size_t m = 0; m < w->watch->n_reaches; m++) {
		struct reaches *all = &w->watch->reaches[m];

		ask_all(all);
		for (size_t i = 0; i < all->n; i++)
			for (size_t k = 0; k < all->n; k++)
				if (i != k)
					look(all, i, k);
		note_places(all);
		all->looked = w->now;
	}
}

void watch_reach_fini(struct watch *watch)
{
	for (size_t m = 0; m < watch->n_reaches; m++)
		free(watch->reaches[m].at);
	free(watch->reaches);
}
