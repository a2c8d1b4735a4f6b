/* NBP packets, and every name in them against every other. */
#include "aurpd/macroman.h"
#include "fuzz.h"
#include "nbp.h"

static void match(const struct nbp_tuple *t)
{
	const struct at_name *names[] = { &t->object, &t->type, &t->zone };
	bool wild = t->object.len == 0 || t->object.byte[0] == '=' ||
		memchr(t->object.byte, 0xC5, t->object.len);

	for (int i = 0; i < 3; i++)
		for (int k = 0; k < 3; k++)
			(void)nbp_matches(names[i], names[k]);
	CHECK(nbp_zone_is_own(&t->zone) || t->zone.len > 0);
	/* without wildcards, matching is equality */
	if (!wild)
		CHECK(nbp_matches(&t->object, &t->type) == name_eq(&t->object, &t->type));
}

static void see(struct wr *seen, const struct nbp_tuple *t)
{
	see_sockaddr(seen, t->addr);
	wr_u8(seen, t->enumerator);
	wr_name(seen, &t->object);
	wr_name(seen, &t->type);
	wr_name(seen, &t->zone);
}

static bool again(struct rd *r, struct wr *w, struct wr *seen)
{
	struct nbp h;
	struct nbp_tuple t;

	if (!nbp_decode(r, &h))
		return false;
	wr_u8(seen, (uint8_t)h.function);
	wr_u8(seen, h.count);
	wr_u8(seen, h.id);
	nbp_encode(w, &h);
	for (int i = 0; i < h.count; i++) {
		size_t before = wr_len(w);

		if (!nbp_decode_tuple(r, &t))
			return false;
		match(&t);
		see(seen, &t);
		nbp_encode_tuple(w, &t);
		CHECK(wr_len(w) - before == nbp_tuple_size(&t));
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	fuzz_round_trip(bytes, n, again);
	return 0;
}
