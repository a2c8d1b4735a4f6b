/*
 * The whole router: a byte string is the script of a story. Its first bytes are
 * the configuration, then comes step after step: packets on cables and through
 * tunnels, answers, time, links and tunnels that come and go, other
 * configurations, the end. Some stories are told twice and must be the same.
 */
#include "stage.h"

enum { STEPS_MAX = 500, TOLD_TWICE = 4 };

static void wait(struct stage *s)
{
	static const int32_t ms[] = { 1, 50, 200, 1000, 3000, 10000, 30000, 90000, 130000, 300000,
		600000 };
	unsigned int how = stage_pick(s, 24);

	if (how < sizeof ms / sizeof ms[0])
		stage_wait(s, span_ms(ms[how]));
	else if (how < 20)	/* to the next deadline, and what it brings */
		stage_wait(s, instant_since(router_deadline(s->r), s->now).us > 0 ?
			instant_since(router_deadline(s->r), s->now) : span_us(0));
	else
		stage_wait(s, span_ms(100 * (int64_t)rd_u8(&s->script)));
}

/* A configured peer's name resolves to other addresses. */
static void move_peer(struct stage *s)
{
	unsigned int how = rd_u8(&s->script);
	size_t t = how & 1, peer = how >> 1 & 3, n = 1 + (how >> 3 & 3);
	struct tunnel *tunnel = router_find_tunnel(s->r, tunnel_name(t));
	struct endpoint to[4];

	if (!tunnel)
		return;
	for (size_t i = 0; i < n; i++) {
		size_t mate = stage_pick(s, STAGE_MATES);

		to[i] = mate_place(&s->wan[t], mate);
		s->wan[t].mate[mate].is_listed = true;
	}
	router_peer_addresses(s->r, s->now, tunnel, mate_name(t, peer), to, n);
	s->settles = instant_add(s->now, span_s(6));
}

static void damage_next(struct stage *s)
{
	s->damage_at = rd_u8(&s->script);
	s->damage = rd_u8(&s->script);
	s->cuts = s->damage == 0;
	s->damages = true;
}

static void change(struct stage *s)
{
	unsigned int how = rd_u8(&s->script);

	if (s->is_stopping)
		return;		/* packets and ticks only, says the seam */
	switch (how % 8) {
	case 0:
	case 1:
		stage_set_up(s, stage_pick(s, 8) == 0);
		break;
	case 2:
		stage_link(s, (how >> 3) % STAGE_PORTS, how >> 7);
		break;
	case 3:
		stage_tunnel(s, (how >> 3) % STAGE_TUNNELS, how >> 7);
		break;
	case 4:
		move_peer(s);
		break;
	case 5:
		router_refresh(s->r, s->now);
		break;
	case 6:
		for (size_t i = 0; i < STAGE_PORTS; i++)
			stage_link(s, i, true);
		for (size_t i = 0; i < STAGE_TUNNELS; i++)
			stage_tunnel(s, i, true);
		break;
	default:
		stage_dump(s);
		if (how >> 3 == 31) {
			router_shutdown(s->r, s->now);
			s->is_stopping = true;
		}
		break;
	}
}

static void step(struct stage *s)
{
	enum stage_step kind = stage_pick(s, STEP_KINDS);

	switch (kind) {
	case STEP_WAIT:
	case STEP_WAIT_TOO:
	default:
		wait(s);
		break;
	case STEP_CABLE:
	case STEP_CABLE_TOO:
		cable_step(s);
		break;
	case STEP_CABLE_ANSWER:
		cable_answer(s);
		break;
	case STEP_WAN:
		wan_step(s);
		break;
	case STEP_WAN_ANSWER:
		wan_answer(s);
		break;
	case STEP_CHANGE:
		change(s);
		break;
	case STEP_TALK:
	case STEP_CALL:
		wan_talk(s, kind == STEP_CALL);
		break;
	case STEP_DAMAGE:
		damage_next(s);
		break;
	}
	stage_check(s);
}

/* Nothing that happens makes the end last longer than it may. */
static void check_end(struct stage *s)
{
	if (s->is_stopping) {
		stage_wait(s, span_s(5));
		CHECK(router_is_stopped(s->r));
	} else {
		CHECK(!router_is_stopped(s->r));
	}
}

static uint64_t tell(const uint8_t *story, size_t n)
{
	struct stage *s = malloc(sizeof *s);
	uint64_t digest;

	CHECK(s);
	stage_open(s, story, n);
	for (int i = 0; i < STEPS_MAX && stage_next(s); i++)
		step(s);
	check_end(s);
	stage_dump(s);
	stage_close(s);
	digest = s->digest;
	free(s);
	return digest;
}

size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned int seed)
{
	return stage_mutate(bytes, n, max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *one, size_t n_one, const uint8_t *two,
	size_t n_two, uint8_t *bytes, size_t max, unsigned int seed)
{
	const struct rd parent[2] = { rd_over(one, n_one), rd_over(two, n_two) };

	return stage_splice(parent, bytes, max, seed);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	uint64_t digest;

	if (n > FUZZ_IN_MAX)
		return 0;
	digest = tell(bytes, n);
	if (digest % TOLD_TWICE == 0)
		CHECK(tell(bytes, n) == digest);
	return 0;
}
