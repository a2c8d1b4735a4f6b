/*
 * Two jrouters talking: every recorded packet reads as the other program read
 * it, and what one of the two said brings our core where it brought jrouter.
 *
 * A recording answers what was said then, so a replay changes what a live peer
 * would have said differently, and nothing else: packets of a data sender carry
 * the connection ID that our data receiver chose; an RI-Ack carries the number
 * of our packet; an Open-Req that we leave unanswered, because we ask the old
 * connection first (RFC 1504 p. 42), is repeated as jrouter repeats it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"
#include "captures.h"
#include "nbp.h"

enum {
	IP_A = 0x0A630001,	/* 10.99.0.1 */
	IP_B = 0x0A630002,
};

/* --- reading ------------------------------------------------------------------------------- */

static struct rd udp_payload(const struct captured *f, uint32_t *from, uint32_t *to)
{
	struct rd r = rd_over(f->bytes, f->len);
	uint16_t len;

	rd_skip(&r, 12);
	assert_int_equal(rd_u16(&r), 0x0800);
	rd_skip(&r, 12);
	*from = rd_u32(&r);
	*to = rd_u32(&r);
	assert_int_equal(rd_u16(&r), AURP_PORT);
	assert_int_equal(rd_u16(&r), AURP_PORT);
	len = rd_u16(&r);
	rd_skip(&r, 2);
	return rd_sub(&r, (size_t)len - 8);
}

static const char *title(enum aurp_msg msg)
{
	static const char *const titles[AURP_MSG_COUNT] = {
		[AURP_RI_REQ] = "RI-Req",
		[AURP_RI_RSP] = "RI-Rsp",
		[AURP_RI_ACK] = "RI-Ack",
		[AURP_RI_UPD] = "RI-Upd",
		[AURP_RD] = "RD",
		[AURP_ZI_RSP] = "ZI-Rsp",
		[AURP_ZI_RSP_EXT] = "ZI-Rsp",
		[AURP_OPEN_REQ] = "Open-Req",
		[AURP_OPEN_RSP] = "Open-Rsp",
	};

	return titles[msg];
}

/* What the .txt says behind the numbers. */
static void describe_body(char *to, size_t size, const struct aurp *h, struct rd body)
{
	struct aurp_network n;
	struct aurp_open_rsp rsp;
	size_t networks = 0;
	int16_t error;

	switch (h->msg) {
	case AURP_OPEN_RSP:
		assert_true(aurp_decode_open_rsp(&body, &rsp));
		snprintf(to, size, " rate %d", rsp.rate);
		break;
	case AURP_RI_RSP:
		while (aurp_next_network(&body, &n) == TUPLE_OK)
			networks++;
		snprintf(to, size, " (%zu networks)", networks);
		break;
	case AURP_RD:
		assert_true(aurp_decode_rd(&body, &error));
		snprintf(to, size, " error %d", error);
		break;
	case AURP_ZI_RSP_EXT:
		snprintf(to, size, " ZI-Rsp (extended)");
		break;
	default:
		to[0] = '\0';
		break;
	}
}

/* An AURP packet as the .txt would say it. */
static void describe(char *to, size_t size, const struct captured *f)
{
	uint32_t src, dst;
	struct rd r = udp_payload(f, &src, &dst);
	struct aurp_domain domain;
	struct aurp h;
	char rest[64];

	assert_int_equal(aurp_decode_domain(&r, &domain), AURP_DOMAIN_OK);
	assert_int_equal(domain.src.ip, src);
	assert_int_equal(domain.dst.ip, dst);
	if (domain.type == AURP_DATA) {
		struct ddp d;

		assert_true(ddp_decode_long(&r, &d));
		snprintf(to, size, "%04x.%02x \u2192 %04x.%02x %s %zu", d.src.net, d.src.node,
			d.dst.net, d.dst.node, d.type == DDP_NBP ? "NBP" : "DDP", f->len);
		return;
	}
	assert_int_equal(aurp_decode(&r, &h), AURP_OK);
	describe_body(rest, sizeof(rest), &h, r);
	snprintf(to, size, "10.99.0.%u \u2192 10.99.0.%u AURP %zu %s conn %u seq %u%s", src & 0xFF,
		dst & 0xFF, f->len, title(h.msg), h.connection, h.sequence, rest);
}

static void test_every_packet_between_two_jrouters_reads_as_the_dissector_read_it(void **state)
{
	struct capture *c = capture_load("jrouter-tunnel");

	(void)state;
	assert_int_equal(c->n, 83);
	for (size_t i = 0; i < c->n; i++) {
		char line[CAPTURE_LINE_MAX];

		describe(line, sizeof(line), &c->frame[i]);
		/* Of data, its line goes on with what DDP carries. */
		if (strstr(line, "AURP"))
			assert_string_equal(line, c->frame[i].line);
		else
			assert_memory_equal(line, c->frame[i].line, strlen(line));
	}
	capture_free(c);
}

/* --- replaying ----------------------------------------------------------------------------- */

/* Our core in the place of one of the two. */
struct stage {
	struct capture *c;
	struct lab *lab;
	struct mate m;		/* the jrouter whose words are replayed */
	struct instant start;
};

static struct peer *our_peer(const struct stage *s)
{
	return container_of(s->lab->tunnel[0]->peers.next, struct peer, in_tunnel);
}

static struct stage stage_up(bool as_b)
{
	struct stage s = { .c = capture_load("jrouter-tunnel"), .lab = lab_new(1) };

	if (as_b)
		lab_place(s.lab, 200, 200, "Zone B", IP_B);
	else
		lab_place(s.lab, 100, 100, "Zone A", IP_A);
	lab_start(s.lab);
	s.m = mate_of(s.lab, 0);
	s.m.at.ip = as_b ? IP_A : IP_B;
	s.m.di.ip = s.m.at.ip;
	mate_resolve(&s.m);
	s.start = s.lab->rig->now;
	return s;
}

static void stage_free(struct stage *s)
{
	capture_free(s->c);
	lab_free(s->lab);
}

/* Frame `number` of the .txt, changed as the head of this file says. */
static void say(const struct stage *s, size_t number)
{
	const struct captured *f = &s->c->frame[number - 1];
	uint8_t bytes[700];
	uint32_t from, to;
	struct rd payload = udp_payload(f, &from, &to), r = payload;
	size_t len = rd_left(&payload);
	struct aurp_domain domain;
	struct aurp h;

	assert_int_equal(from, s->m.at.ip);
	memcpy(bytes, rd_bytes(&payload, len), len);
	assert_int_equal(aurp_decode_domain(&r, &domain), AURP_DOMAIN_OK);
	if (domain.type == AURP_ROUTING) {
		assert_int_equal(aurp_decode(&r, &h), AURP_OK);
		if (aurp_cmd(h.msg)->half == AURP_RECEIVER)
			put_u16(bytes + AURP_DOMAIN_HEADER, our_peer(s)->recv.id);
		if (h.msg == AURP_RI_ACK)
			put_u16(bytes + AURP_DOMAIN_HEADER + 2, our_peer(s)->send.sequence);
		if (h.msg == AURP_RD)
			put_u16(bytes + AURP_DOMAIN_HEADER, our_peer(s)->send.id);
	}
	mate_say_raw(&s->m, bytes, len);
}

/* The same at its time. */
static void play(const struct stage *s, size_t number)
{
	struct instant due = instant_add(s->start, s->c->frame[number - 1].at);

	if (instant_cmp(due, s->lab->rig->now) > 0)
		lab_run(s->lab, instant_since(due, s->lab->rig->now));
	say(s, number);
}

/* The network of whoever is to get the answer to a look-up. */
static uint16_t asker_of(const struct heard *f)
{
	struct rd r = f->body;
	struct nbp_tuple tuple;
	struct nbp nbp;

	assert_true(nbp_decode(&r, &nbp));
	assert_int_equal(nbp.function, NBP_LKUP);
	assert_true(nbp_decode_tuple(&r, &tuple));
	return tuple.addr.net;
}

static void test_aurp_C31_words_of_router_a_bring_router_b_to_the_same_end(void **state)
{
	const size_t opening[] = { 2, 4, 5, 8, 10, 12 };
	struct stage s = stage_up(true);
	struct station host = { s.lab->rig, 0, { { 2, 0, 0, 0, 0, 0x60 } }, { 200, 60 } };
	const struct heard *f;
	size_t echoes = 0;

	(void)state;
	for (size_t i = 0; i < 6; i++)
		play(&s, opening[i]);
	assert_states(s.lab, "p0", "connected", "connected");
	assert_int_equal(lab_distance(s.lab, 100), 1);
	assert_true(lab_has_zone(s.lab, 100, "Zone A"));
	assert_int_equal(lab_peer(s.lab, "p0").told, 1);
	/* The echoes and the look-up reach the cable. */
	station_aarp(&host, ELAP_BROADCAST, AARP_REQUEST, host.addr, (struct mac){ { 0 } },
		s.lab->rig->link[0].port->addr);
	rig_clear(s.lab->rig);
	for (size_t i = 13; i <= 51; i += 2)
		play(&s, i);
	while ((f = rig_find(s.lab->rig, 0, DDP_AEP)) != NULL) {
		assert_true(mac_eq(f->elap.dst, host.mac));
		assert_int_equal(f->ddp.src.net, 100);
		assert_int_equal(f->ddp.hops, 2);
		echoes++;
	}
	assert_int_equal(echoes, 20);
	rig_clear(s.lab->rig);
	play(&s, 53);
	assert_int_equal(asker_of(rig_take(s.lab->rig, 0, DDP_NBP)), 100);
	/* In the end A stops: as data receiver it says so with number 0. */
	mate_forget(&s.m);
	play(&s, 79);
	assert_int_equal(mate_take(&s.m, AURP_RI_ACK)->h.sequence, 0);
	assert_states(s.lab, "p0", "unconnected", "unconnected");
	assert_int_equal(lab_distance(s.lab, 100), -1);
	stage_free(&s);
}

/* As jrouter does until somebody answers. */
static void open_until_accepted(struct stage *s, size_t number, uint16_t id)
{
	for (int i = 0; i < 10 && our_peer(s)->send.id != id; i++) {
		lab_run(s->lab, span_s(10));
		say(s, number);
	}
	assert_int_equal(our_peer(s)->send.id, id);
}

static void test_aurp_C15_C17_words_of_router_b_bring_router_a_through_two_restarts(void **state)
{
	const size_t opening[] = { 1, 3, 6, 7, 9, 11 };
	struct stage s = stage_up(false);

	(void)state;
	for (size_t i = 0; i < 6; i++)
		play(&s, opening[i]);
	assert_states(s.lab, "p0", "connected", "connected");
	assert_int_equal(lab_distance(s.lab, 200), 1);
	assert_true(lab_has_zone(s.lab, 200, "Zone B"));
	/* B is told to stop: farewell, and one last call from the dying process. */
	mate_forget(&s.m);
	play(&s, 56);
	assert_int_equal(mate_take(&s.m, AURP_RI_ACK)->h.sequence, 0);
	assert_int_equal(lab_distance(s.lab, 200), -1);
	play(&s, 58);
	/* B starts: its connection replaces the one nobody used. */
	play(&s, 61);
	assert_int_equal(our_peer(&s)->send.id, 43174);
	/* We tell our list when B has answered us; the recorded router told it before. */
	play(&s, 63);
	play(&s, 68);
	play(&s, 65);
	assert_string_equal(lab_peer(s.lab, "p0").send, "connected");
	play(&s, 70);
	play(&s, 72);
	assert_int_equal(lab_distance(s.lab, 200), 1);
	assert_true(lab_has_zone(s.lab, 200, "Zone B"));
	/* B is killed and starts again: first the old connection is asked. */
	play(&s, 73);
	assert_int_equal(our_peer(&s)->send.id, 43174);
	assert_string_equal(lab_peer(s.lab, "p0").send, "wait-probe-ack");
	open_until_accepted(&s, 73, 31042);
	say(&s, 75);
	play(&s, 68);
	say(&s, 77);
	assert_string_equal(lab_peer(s.lab, "p0").send, "connected");
	assert_int_equal(lab_peer(s.lab, "p0").told, 1);
	stage_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_every_packet_between_two_jrouters_reads_as_the_dissector_read_it),
		cmocka_unit_test(test_aurp_C31_words_of_router_a_bring_router_b_to_the_same_end),
		cmocka_unit_test(
			test_aurp_C15_C17_words_of_router_b_bring_router_a_through_two_restarts),
	};

	return cmocka_run_group_tests_name("aurp_capture", tests, NULL, NULL);
}
