/*
 * Mates in random worlds: of every make, with networks and zones of their own,
 * some of those shared with sites; what happens to them.
 */
#include "random.h"

enum { WORLDS_PERCENT = 40, MATES_MAX = 3, NETS_MAX = 12, ZONES_MAX = 6, NET_GAP = 8,
	ZONE_POOL = 40 };

/* --- what our routers have no cure for: 1 as soon as they have ------------------------- */

enum {
	/*
	 * jrouter and its like acknowledge Tickles although their data sender has given up,
	 * and we never learn that it tells us nothing any more.
	 */
	DATA_SENDERS_GIVE_UP = 0,
	/* Darwin takes no call while a packet of a dead connection is on its way, for ever. */
	DATA_SENDERS_DROP_CALLS = 0,
	/*
	 * Who takes any packet for a sign of life never tickles while we do. When our data
	 * sender has given up, we remind it to call us once in its life, and not again.
	 */
	DATA_RECEIVERS_HEED_ANYTHING = 0,
	/*
	 * Who was restarted acknowledges the Tickles of the connection before that, and our
	 * data receiver never opens another.
	 */
	DATA_SENDERS_TAKE_ANY_ID = 0,
	/*
	 * Darwin calls ten times and never again. Our data sender does not notice that nobody
	 * listens, as long as our data receiver hears from it.
	 */
	DATA_RECEIVERS_FALL_SILENT = 0,
};

enum { ROUND_S = 600 };

static void tame(struct manners *m)
{
	if (!DATA_SENDERS_GIVE_UP)
		m->resends = 0;
	if (!DATA_SENDERS_DROP_CALLS)
		m->drops_call_while_waiting = false;
	if (!DATA_RECEIVERS_HEED_ANYTHING)
		m->heed = HEED_CONNECTION;
	m->takes_any_id &= DATA_SENDERS_TAKE_ANY_ID;
	if (!DATA_RECEIVERS_FALL_SILENT && m->round_s == 0)
		m->round_s = ROUND_S;
}

static struct at_name zone_name(struct prng *prng, size_t mate)
{
	char text[AT_ZONE_NAME_MAX + 1];

	if (prng_range(prng, 1, 4) == 1)
		snprintf(text, sizeof text, "Zone %u", (unsigned)prng_range(prng, 1, ZONE_POOL));
	else
		snprintf(text, sizeof text, "Mate %zu's %u", mate,
			(unsigned)prng_range(prng, 1, 99));
	return name_of(text);
}

static bool has_zone(const struct at_name *zones, size_t n, const struct at_name *zone)
{
	for (size_t i = 0; i < n; i++)
		if (zones[i].len == zone->len &&
			memcmp(zones[i].byte, zone->byte, zone->len) == 0)
			return true;
	return false;
}

static void add_net(struct mate *mate, struct prng *prng, uint16_t first)
{
	const uint16_t more = (uint16_t)prng_range(prng, 0, NET_GAP - 2);
	struct at_name zones[ZONES_MAX];
	size_t n = prng_range(prng, 1, ZONES_MAX), used = 0;

	for (size_t i = 0; i < n; i++) {
		zones[used] = zone_name(prng, mate->index);
		used += !has_zone(zones, used, &zones[used]);
	}
	mate_add_net(mate, (struct at_range){ first, (uint16_t)(first + more), true }, zones,
		used);
}

/*
 * A mate answers at port 387 alone (mate.c). With several meshes all must be peers of all,
 * as only then the oracle knows which way a hub takes.
 */
static bool has_place_for_mate(const struct world *w, const struct mesh *m)
{
	for (size_t i = 0; w->meshes.n > 1 && i < m->jacks.n; i++) {
		const struct jack *j = m->jacks.at[i];

		if (j->nat && !jack_hears_at_387(j, NULL))
			return false;
	}
	return true;
}

void map_add_mates(struct world *w, struct prng *prng, uint16_t next_net)
{
	uint32_t n = prng_range(prng, 1, MATES_MAX);

	if (prng_range(prng, 1, 100) > WORLDS_PERCENT)
		return;
	for (uint32_t i = 0; i < n; i++) {
		struct mesh *m = w->meshes.at[prng_range(prng, 0, (uint32_t)w->meshes.n - 1)];
		enum mate_make make = (enum mate_make)prng_range(prng, 0, MATE_MAKES - 1);
		uint32_t nets = prng_range(prng, 1, NETS_MAX);
		struct mate *mate;

		if (!has_place_for_mate(w, m))
			continue;
		mate = mesh_add_mate(m, make);
		tame(&mate->manners);
		for (uint32_t k = 0; k < nets; k++) {
			add_net(mate, prng, next_net);
			next_net = (uint16_t)(next_net + NET_GAP);
		}
	}
}

void mate_fault(struct world *w, const struct fault *f, bool is_end)
{
	struct mate *mate = w->mates.n > 0 ? world_mate(w, f->a % w->mates.n) : NULL;

	if (!mate)
		return;
	switch (f->kind) {
	case FAULT_MATE_FREEZE:
		if (is_end)
			mate_thaw(mate);
		else
			mate_freeze(mate);
		break;
	case FAULT_MATE_NET:
		mate_set_net(mate, f->b % mate->n_nets, !is_end);
		break;
	default:
		if (is_end)
			mate_switch_on(mate);
		else if (f->kind == FAULT_MATE_STOP)
			mate_stop(mate);
		else
			mate_crash(mate);
		break;
	}
}
