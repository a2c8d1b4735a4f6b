/*
 * How the fuzzer of the router changes a story: by whole steps, which it drops,
 * repeats, moves, or has another peer play; by new ones, of exchanges that lead
 * somewhere; and within one step. The numbers that make a packet right are put
 * in when the step is played, so they stay right. Called by fuzz_router.c.
 */
#include "stage.h"

enum { STEPS_MAX = 200, CHANGES_MAX = 3, RUN_MAX = 8 };

struct piece {
	const uint8_t *byte;
	size_t n;
};

struct draft {
	uint8_t head[STORY_HEAD];
	struct piece step[STEPS_MAX];
	size_t n;
	uint8_t fresh[FUZZ_IN_MAX];	/* bytes of the steps that are new */
	size_t used;
	uint32_t chance;
};

/* Xorshift (Marsaglia 2003). */
static uint32_t draw(struct draft *d, size_t below)
{
	d->chance ^= d->chance << 13;
	d->chance ^= d->chance >> 17;
	d->chance ^= d->chance << 5;
	return (uint32_t)(d->chance % below);
}

static uint8_t draw_u8(struct draft *d)
{
	return (uint8_t)draw(d, 256);
}

/* --- steps and bytes ----------------------------------------------------------------------- */

static void read_steps(struct draft *d, struct rd r)
{
	while (!rd_at_end(&r) && d->n < STEPS_MAX) {
		size_t n = rd_u8(&r), left = rd_left(&r);

		n = n < left ? n : left;
		d->step[d->n++] = (struct piece){ rd_bytes(&r, n), n };
	}
}

static struct draft *begin(const uint8_t *bytes, size_t n, unsigned int seed)
{
	struct draft *d = calloc(1, sizeof *d);
	struct rd r = rd_over(bytes, n);

	CHECK(d);
	d->chance = seed * 2654435761u | 1;
	if (n >= STORY_HEAD)
		memcpy(d->head, rd_bytes(&r, STORY_HEAD), STORY_HEAD);
	else
		rd_skip(&r, n);
	read_steps(d, r);
	return d;
}

/* As many whole steps as there is room for; frees the draft. */
static size_t end(struct draft *d, uint8_t *bytes, size_t max)
{
	uint8_t *out = malloc(max);
	struct wr w = wr_over(out, max);
	size_t n;

	CHECK(out);
	wr_bytes(&w, d->head, STORY_HEAD);
	for (size_t i = 0; i < d->n && d->step[i].n < wr_room(&w); i++) {
		wr_u8(&w, (uint8_t)d->step[i].n);
		wr_bytes(&w, d->step[i].byte, d->step[i].n);
	}
	n = wr_ok(&w) ? wr_len(&w) : 0;
	memcpy(bytes, out, n);
	free(out);
	free(d);
	return n;
}

/* Room for a new step; NULL if there is none. */
static uint8_t *claim(struct draft *d, size_t n)
{
	uint8_t *at = d->fresh + d->used;

	if (n > UINT8_MAX || n > sizeof d->fresh - d->used)
		return NULL;
	d->used += n;
	return at;
}

static void insert(struct draft *d, size_t at, const struct piece *steps, size_t n)
{
	if (d->n + n > STEPS_MAX)
		return;
	memmove(d->step + at + n, d->step + at, (d->n - at) * sizeof *d->step);
	memcpy(d->step + at, steps, n * sizeof *steps);
	d->n += n;
}

static void drop(struct draft *d, size_t at, size_t n)
{
	memmove(d->step + at, d->step + at + n, (d->n - at - n) * sizeof *d->step);
	d->n -= n;
}

/* --- old steps ----------------------------------------------------------------------------- */

static bool is_of_a_mate(const struct piece *p)
{
	enum stage_step kind = p->n > 1 ? p->byte[0] % STEP_KINDS : STEP_WAIT;

	return kind == STEP_WAN || kind == STEP_WAN_ANSWER || kind == STEP_TALK ||
	       kind == STEP_CALL;
}

/* The same by another peer, or through the other tunnel. */
static void recast(struct draft *d, struct piece *steps, size_t n)
{
	uint8_t mask = (uint8_t)(draw(d, 16));

	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = is_of_a_mate(&steps[i]) ? claim(d, steps[i].n) : NULL;

		if (!copy)
			continue;
		memcpy(copy, steps[i].byte, steps[i].n);
		copy[1] ^= mask;
		steps[i].byte = copy;
	}
}

static void change_run(struct draft *d, unsigned int how)
{
	struct piece run[RUN_MAX];
	size_t at = draw(d, d->n), n = 1 + draw(d, RUN_MAX);

	n = n < d->n - at ? n : d->n - at;
	memcpy(run, d->step + at, n * sizeof *run);
	switch (how) {
	case 0:
		drop(d, at, n);
		break;
	case 1:
		drop(d, at, n);
		insert(d, draw(d, d->n + 1), run, n);
		break;
	case 2:
		insert(d, draw(d, d->n + 1), run, n);
		break;
	case 3:
		recast(d, run, n);
		insert(d, at + n, run, n);
		break;
	default:
		recast(d, d->step + at, n);
		break;
	}
}

static void change_bytes(struct draft *d)
{
	struct piece *p = &d->step[draw(d, d->n)];
	size_t most = p->n + 8 < UINT8_MAX ? p->n + 8 : UINT8_MAX;
	uint8_t *copy = claim(d, most);

	if (!copy)
		return;
	memcpy(copy, p->byte, p->n);
	p->n = LLVMFuzzerMutate(copy, p->n, most);
	p->byte = copy;
}

/* --- new steps ----------------------------------------------------------------------------- */

enum { ANY = 0x100, WHO, MSG, NET, NUMBER, END };

/* What leads somewhere. A value below ANY stands for itself. */
static const uint16_t exchanges[][16] = {
	{ STEP_TALK, WHO, 7, 3, 1, NET, 1, NET, 0x81, NET, END },
	{ STEP_TALK, WHO, 3, 9, 1, NET, 1, NET, 1, NET, 1, NET, 1, NET, END },
	{ STEP_CALL, WHO, 7, ANY, END },
	{ STEP_CALL, WHO, 7, 3, 1, NET, 2, NET, 14, NET, ANY, END },
	{ STEP_WAN, WHO, MSG, 0xF8, 5, 8, NUMBER, ANY, NET, ANY, END },
	{ STEP_WAN, WHO, MSG, ANY, ANY, ANY, NUMBER, ANY, NET, ANY, END },
	{ STEP_WAN, WHO, 3, 0xF8, 5, 8, NUMBER, ANY, NUMBER, NET, ANY, NUMBER, NET, ANY, END },
	{ STEP_WAN_ANSWER, WHO, NUMBER, ANY, NET, ANY, NET, END },
	{ STEP_CABLE, NUMBER, ANY, 5, NET, NUMBER, NET, END },		/* to a network */
	{ STEP_CABLE, ANY, 8, 2, NUMBER, NUMBER, NET, NUMBER, NET, ANY, NET, ANY, END },
	{ STEP_CABLE, ANY, ANY, NUMBER, NUMBER, NET, NET, END },
	{ STEP_CABLE_ANSWER, NUMBER, ANY, NET, NUMBER, NET, END },
	{ STEP_DAMAGE, ANY, ANY, END },
	{ STEP_DAMAGE, ANY, 0, END },
	{ STEP_TALK, WHO, 1, 1, 2, 0x81, NET, ANY, ANY, ANY, ANY, ANY, END },
	{ STEP_CHANGE, ANY, NUMBER, NUMBER, ANY, END },
	{ STEP_WAIT, NUMBER, END },
	{ STEP_WAIT, 6, END },
	{ STEP_WAIT, 8, END },
	{ STEP_WAIT, ANY, END },
	{ STEP_WAIT, 12, END },		/* to the next deadline */
};

static uint8_t draw_value(struct draft *d, uint16_t what)
{
	switch (what) {
	case ANY:
		return draw_u8(d);
	case WHO:
		return (uint8_t)(draw(d, 16) | 0x30 | draw(d, 2) << 6);
	case MSG:
		return (uint8_t)draw(d, AURP_MSG_COUNT);
	case NET:
		return (uint8_t)draw(d, 32);
	case NUMBER:
		return (uint8_t)draw(d, 12);
	default:
		return (uint8_t)what;
	}
}

static void invent(struct draft *d)
{
	const uint16_t *what = exchanges[draw(d, sizeof exchanges / sizeof exchanges[0])];
	uint8_t *bytes = claim(d, sizeof exchanges[0] / sizeof exchanges[0][0]);
	struct piece step = { bytes, 0 };

	if (!bytes)
		return;
	for (; what[step.n] != END; step.n++)
		bytes[step.n] = draw_value(d, what[step.n]);
	insert(d, draw(d, 2) ? d->n : draw(d, d->n + 1), &step, 1);
}

/* --- for the fuzzer ------------------------------------------------------------------------ */

size_t stage_mutate(uint8_t *bytes, size_t n, size_t max, unsigned int seed)
{
	struct draft *d;
	size_t changes;

	if (max < STORY_HEAD)
		return 0;
	d = begin(bytes, n, seed);
	changes = 1 + draw(d, CHANGES_MAX);
	while (changes-- > 0) {
		unsigned int how = draw(d, 16);

		if (how == 15)
			d->head[draw(d, STORY_HEAD)] ^= (uint8_t)(1u << draw(d, 8));
		else if (how > 9 || d->n == 0)
			invent(d);
		else if (how > 5)
			change_bytes(d);
		else
			change_run(d, how);
	}
	return end(d, bytes, max);
}

size_t stage_splice(const struct rd parent[2], uint8_t *bytes, size_t max, unsigned int seed)
{
	struct draft *d;
	size_t first, both;

	if (max < STORY_HEAD)
		return 0;
	d = begin(parent[0].pos, rd_left(&parent[0]), seed);
	first = d->n > 0 ? 1 + draw(d, d->n) : 0;
	d->n = first;
	if (rd_left(&parent[1]) > STORY_HEAD) {
		struct rd rest = parent[1];

		rd_skip(&rest, STORY_HEAD);
		read_steps(d, rest);
		both = d->n - first;
		if (both > 1)
			drop(d, first, draw(d, both));
	}
	return end(d, bytes, max);
}
