/*
 * An end node's name and its questions: NBP look-ups through its router, the
 * answer to look-ups of others, echo both ways. Inside AppleTalk ch. 6 and 7.
 */
#include "world.h"

#include "aep.h"
#include "aurpd/macroman.h"
#include "ddp.h"

enum {
	SOCKET_NAME = 250,		/* where the registered name "lives" */
	SOCKET_ASK = 253,
	LOOKUP_TRIES = 3,
	LOOKUP_INTERVAL_MS = 1000,
	FOUND_MAX = sizeof(((struct host *)NULL)->found) / sizeof(struct host_found),
};

static size_t encode(uint8_t *body, size_t size, enum nbp_function function, uint8_t id,
	const struct nbp_tuple *t)
{
	struct wr w = wr_over(body, size);

	nbp_encode(&w, &(struct nbp){ .function = function, .count = 1, .id = id });
	nbp_encode_tuple(&w, t);
	return wr_len(&w);
}

/* --- asking ---------------------------------------------------------------------------- */

static void send_lookup(struct host *h)
{
	uint8_t body[128];
	size_t len;

	h->lookup.addr = (struct at_sockaddr){ h->addr.net, h->addr.node, SOCKET_ASK };
	len = encode(body, sizeof body, NBP_BRRQ, h->lookup_id, &h->lookup);
	if (h->router.node != 0)
		host_send(h, (struct at_sockaddr){ h->router.net, h->router.node, AT_SOCKET_NBP },
			SOCKET_ASK, DDP_NBP, body, len);
	h->lookup_tries++;
	if (h->lookup_tries < LOOKUP_TRIES)
		timer_set(&h->world->queue, &h->lookup_timer,
			instant_add(h->world->now, span_ms(LOOKUP_INTERVAL_MS)));
}

void host_on_lookup_timer(struct timer *t)
{
	send_lookup(container_of(t, struct host, lookup_timer));
}

void host_look_up(struct host *h, const char *object, const char *type,
	const struct at_name *zone)
{
	h->lookup = (struct nbp_tuple){ .object = name_of(object), .type = name_of(type),
		.zone = *zone };
	h->lookup_id++;
	h->lookup_tries = 0;
	h->n_found = 0;
	send_lookup(h);
}

bool host_has_found(const struct host *h, const struct at_name *object, struct at_sockaddr *at)
{
	for (size_t i = 0; i < h->n_found; i++)
		if (name_eq(&h->found[i].object, object)) {
			if (at)
				*at = h->found[i].addr;
			return true;
		}
	return false;
}

static void keep(struct host *h, const struct nbp_tuple *t)
{
	for (size_t i = 0; i < h->n_found; i++)
		if (name_eq(&h->found[i].object, &t->object) &&
			h->found[i].addr.net == t->addr.net &&
			h->found[i].addr.node == t->addr.node)
			return;
	if (h->n_found < FOUND_MAX)
		h->found[h->n_found++] = (struct host_found){ t->addr, t->object };
}

/* --- answering ------------------------------------------------------------------------- */

static bool is_my_zone(const struct host *h, const struct at_name *zone)
{
	return nbp_zone_is_own(zone) || name_eq(zone, &h->zone);
}

static void answer(struct host *h, uint8_t id, const struct nbp_tuple *asked)
{
	const struct nbp_tuple mine = {
		.addr = { h->addr.net, h->addr.node, SOCKET_NAME },
		.enumerator = 1,
		.object = h->object,
		.type = h->type,
		.zone = { .len = 1, .byte = { '*' } },
	};
	uint8_t body[128];
	size_t len;

	if (h->state != HOST_UP || !nbp_matches(&asked->object, &h->object) ||
		!nbp_matches(&asked->type, &h->type) || !is_my_zone(h, &asked->zone))
		return;
	len = encode(body, sizeof body, NBP_LKUP_REPLY, id, &mine);
	host_send(h, asked->addr, AT_SOCKET_NBP, DDP_NBP, body, len);
}

void host_on_nbp(struct host *h, const struct host_datagram *d)
{
	struct rd body = d->body;
	struct nbp_tuple t;
	struct nbp n;

	if (!nbp_decode(&body, &n)) {
		watch_say(h->world, "host", "%zu got NBP that does not decode", h->index);
		return;
	}
	for (unsigned i = 0; i < n.count && nbp_decode_tuple(&body, &t); i++) {
		if (n.function == NBP_LKUP)
			answer(h, n.id, &t);
		else if (n.function == NBP_LKUP_REPLY && n.id == h->lookup_id)
			keep(h, &t);
	}
}

/* --- echo ------------------------------------------------------------------------------ */

static size_t encode_echo(uint8_t *body, size_t size, enum aep_function function, uint32_t tag)
{
	uint8_t data[8];
	struct wr inner = wr_over(data, sizeof data), w = wr_over(body, size);

	wr_u32(&inner, ECHO_MARK);
	wr_u32(&inner, tag);
	aep_encode(&w, function, data, sizeof data);
	return wr_len(&w);
}

void host_echo(struct host *h, struct at_addr to)
{
	uint8_t body[16];
	size_t len;

	h->echo_tag = (uint32_t)(h->index + 1) << 20 | (++h->next_tag & 0xFFFFF);
	h->has_echo = false;
	len = encode_echo(body, sizeof body, AEP_REQUEST, h->echo_tag);
	host_send(h, (struct at_sockaddr){ to.net, to.node, AT_SOCKET_AEP }, SOCKET_ASK, DDP_AEP,
		body, len);
}

/*
 * A request that the world doubled is answered once: two replies with one tag
 * would look like one that passed a router twice.
 */
static bool is_answered(struct host *h, uint32_t tag)
{
	for (size_t i = 0; i < HOST_TAGS; i++)
		if (h->answered[i] == tag)
			return true;
	h->answered[h->requests++ % HOST_TAGS] = tag;
	return false;
}

void host_on_aep(struct host *h, const struct host_datagram *d)
{
	struct rd body = d->body;
	enum aep_function function;
	uint8_t out[16];
	uint32_t tag;

	if (!aep_decode(&body, &function) || rd_u32(&body) != ECHO_MARK)
		return;
	tag = rd_u32(&body);
	if (!rd_ok(&body))
		return;
	if (function == AEP_REQUEST && d->dst.socket == AT_SOCKET_AEP) {
		if (!is_answered(h, tag))
			host_send(h, d->src, AT_SOCKET_AEP, DDP_AEP, out,
			encode_echo(out, sizeof out, AEP_REPLY, tag));
	} else if (function == AEP_REPLY) {
		h->echoes++;
		h->has_echo |= tag == h->echo_tag;
		h->echo_hops = tag == h->echo_tag ? d->hops : h->echo_hops;
	}
}
