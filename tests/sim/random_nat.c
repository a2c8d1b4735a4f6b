/*
 * Translators in random worlds: which sites stand behind one of which kind, and
 * what happens to translators. A site that nobody can call calls; two such sites
 * are no peers. Where there are several meshes, a mesh has one at most, as only
 * in full meshes the oracle knows which way a hub takes.
 */
#include "random.h"

enum { WORLDS_PERCENT = 35, SITES_PERCENT = 30, FORGETS_MIN_S = 30, FORGETS_MAX_S = 60 };

enum nat_kind {
	NAT_FORWARDED,		/* 387, source ports kept */
	NAT_FORWARDED_CHANGED,	/* 387, source ports changed */
	NAT_KEPT,
	NAT_CHANGED,
	NAT_SYMMETRIC,
	NAT_TWO_LEVELS,
	NAT_SHARED,		/* two sites, each with a forwarded port */
	NAT_KINDS,
};

/* How often which. */
static const unsigned weights[NAT_KINDS] = {
	[NAT_FORWARDED] = 3,
	[NAT_FORWARDED_CHANGED] = 2,
	[NAT_KEPT] = 2,
	[NAT_CHANGED] = 3,
	[NAT_SYMMETRIC] = 1,
	[NAT_TWO_LEVELS] = 2,
	[NAT_SHARED] = 2,
};

static bool likely(struct prng *prng, uint32_t percent)
{
	return prng_range(prng, 1, 100) <= percent;
}

static enum nat_kind draw_kind(struct prng *prng)
{
	uint32_t total = 0, luck;
	int kind = 0;

	for (int i = 0; i < NAT_KINDS; i++)
		total += weights[i];
	luck = prng_range(prng, 1, total);
	while (luck > weights[kind])
		luck -= weights[kind++];
	return (enum nat_kind)kind;
}

static bool can_be_called(enum nat_kind kind)
{
	return kind == NAT_FORWARDED || kind == NAT_FORWARDED_CHANGED || kind == NAT_SHARED;
}

static struct nat *add_nat(struct mesh *m, struct prng *prng, enum nat_kind kind)
{
	struct nat *n = mesh_add_nat(m);

	n->forgets = span_s(prng_range(prng, FORGETS_MIN_S, FORGETS_MAX_S));
	n->keeps_port = kind == NAT_FORWARDED || kind == NAT_KEPT || kind == NAT_SHARED;
	n->is_symmetric = kind == NAT_SYMMETRIC;
	return n;
}

static void put_behind(struct jack *j, struct prng *prng, enum nat_kind kind)
{
	struct nat *n = add_nat(j->mesh, prng, kind);

	jack_put_behind(j, n);
	if (kind == NAT_TWO_LEVELS)
		nat_put_behind(n, add_nat(j->mesh, prng, NAT_CHANGED));
	if (can_be_called(kind))
		nat_forward(n, AURP_PORT, j);
}

/* Beside the first, with the next port. */
static void share(struct jack *j, struct nat *n)
{
	jack_put_behind(j, n);
	nat_forward(n, AURP_PORT + 1, j);
}

/* Nobody can call either: they are no peers. */
static void part(struct jack *a, struct jack *b)
{
	struct site_peer *ab = tunnel_find_peer(a->tunnel, b);
	struct site_peer *ba = tunnel_find_peer(b->tunnel, a);

	if (ab)
		ab->to = NULL;
	if (ba)
		ba->to = NULL;
}

static void part_all(struct mesh *m)
{
	for (size_t i = 0; i < m->jacks.n; i++)
		for (size_t k = 0; k < i; k++) {
			struct jack *a = m->jacks.at[i], *b = m->jacks.at[k];

			if (a->tunnel && b->tunnel && !jack_can_be_called(a, b) &&
				!jack_can_be_called(b, a))
				part(a, b);
		}
}

static void add_to_mesh(struct world *w, struct mesh *m, struct prng *prng)
{
	struct nat *shared = NULL;
	bool has_deaf = false;

	/* Its answers would leave by another port than the one that was called. */
	for (size_t i = 0; i < m->jacks.n; i++)
		((struct jack *)m->jacks.at[i])->nat_port = 0;
	for (size_t i = 0; i < m->jacks.n; i++) {
		struct jack *j = m->jacks.at[i];
		enum nat_kind kind = draw_kind(prng);
		bool is_deaf = !can_be_called(kind);

		if (!likely(prng, SITES_PERCENT) || !j->tunnel)
			continue;
		/* Who takes whoever calls lists few, and must be called by the others. */
		if (is_deaf && (j->tunnel->config.accept_unknown || (has_deaf && w->meshes.n > 1)))
			continue;
		if (kind == NAT_SHARED && shared) {
			share(j, shared);
			shared = NULL;
			continue;
		}
		put_behind(j, prng, kind);
		shared = kind == NAT_SHARED ? j->nat : shared;
		has_deaf |= is_deaf;
	}
	part_all(m);
}

void map_add_nats(struct world *w, struct prng *prng)
{
	if (!likely(prng, WORLDS_PERCENT))
		return;
	for (size_t i = 0; i < w->meshes.n; i++)
		add_to_mesh(w, w->meshes.at[i], prng);
}

void nat_fault(struct world *w, const struct fault *f, bool is_end)
{
	struct nat *n = w->nats.n > 0 ? w->nats.at[f->a % w->nats.n] : NULL;

	if (!n)
		return;
	n->is_off = f->kind == FAULT_NAT_REBOOTS && !is_end;
	nat_forget(n);
}
