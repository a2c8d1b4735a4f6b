/*
 * Recorded EtherTalk cables: every frame reads as another program read it, and
 * what atalkd said as a router teaches our port its networks and zones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"
#include "captures.h"
#include "nbp.h"
#include "zip.h"

/* --- reading ------------------------------------------------------------------------------- */

static void mac_text(char to[40], struct mac m)
{
	static const struct mac broadcast = { { 9, 0, 7, 0xFF, 0xFF, 0xFF } };
	const uint8_t *b = m.byte;

	if (mac_eq(m, broadcast))
		snprintf(to, 40, "AppleTalk-broadcast-address");
	else
		snprintf(to, 40, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4],
			b[5]);
}

static void describe_aarp(char *to, size_t size, const struct elap *e, struct rd r, size_t len)
{
	char src[40], dst[40], hw[40];
	struct aarp a;
	int n;

	assert_true(aarp_decode(&r, &a));
	mac_text(src, e->src);
	mac_text(dst, e->dst);
	mac_text(hw, a.src_hw);
	n = snprintf(to, size, "%s \u2192 %s AARP %zu ", src, dst, len);
	switch (a.function) {
	case AARP_PROBE:
		snprintf(to + n, size - (size_t)n, "Is there a %u.%u", a.dst_addr.net,
			a.dst_addr.node);
		break;
	case AARP_REQUEST:
		snprintf(to + n, size - (size_t)n, "Who has %u.%u? Tell %u.%u", a.dst_addr.net,
			a.dst_addr.node, a.src_addr.net, a.src_addr.node);
		break;
	case AARP_RESPONSE:
		snprintf(to + n, size - (size_t)n, "%u.%u is at %s", a.src_addr.net,
			a.src_addr.node, hw);
		break;
	}
}

static const char *zip_text(struct rd r)
{
	switch (zip_peek_command(&r)) {
	case ZIP_QUERY:
		return "Query";
	case ZIP_REPLY:
		return "Reply";
	case ZIP_EXTENDED_REPLY:
		return "Extended reply";
	case ZIP_GET_NET_INFO:
		return "GetNetInfo request";
	case ZIP_NET_INFO_REPLY:
		return "GetNetInfo reply";
	default:
		return "?";
	}
}

static const char *nbp_text(enum nbp_function f)
{
	switch (f) {
	case NBP_BRRQ:
		return "broadcast request";
	case NBP_LKUP:
		return "lookup";
	case NBP_LKUP_REPLY:
		return "reply";
	case NBP_FWDREQ:
		return "forward request";
	}
	return "?";
}

/* What the .txt says of the DDP data; "" where it speaks of ATP and above: we only forward. */
static void describe_ddp(char *to, size_t size, const struct ddp *d, struct rd r, size_t len)
{
	struct nbp nbp;
	struct nbp_tuple tuple;

	switch (d->type) {
	case DDP_RTMP:
		/* Network, ID length, node: jrouter says 0 for both while it knows nobody. */
		assert_int_equal(rd_peek_u8(&r, 2), 8);
		snprintf(to, size, "RTMP %zu Net: %u Node Len: 8 Node: %u", len,
			rd_peek_u8(&r, 0) << 8 | rd_peek_u8(&r, 1), rd_peek_u8(&r, 3));
		break;
	case DDP_NBP:
		assert_true(nbp_decode(&r, &nbp));
		snprintf(to, size, "NBP %zu Op: %s Count: %u", len, nbp_text(nbp.function),
			nbp.count);
		for (unsigned i = 0; i < nbp.count; i++)
			assert_true(nbp_decode_tuple(&r, &tuple));
		break;
	case DDP_ZIP:
		snprintf(to, size, "ZIP %zu %s", len, zip_text(r));
		break;
	case DDP_AEP:
		snprintf(to, size, "DDP %zu AppleTalk Echo Protocol packet", len);
		break;
	default:
		to[0] = '\0';
		break;
	}
}

static void check_frame(const struct captured *f)
{
	uint8_t *bytes = exact_copy(f->bytes, f->len);
	struct pkt p = { bytes, bytes + f->len, bytes, f->len };
	char line[CAPTURE_LINE_MAX], rest[80];
	struct elap e;
	struct rd r;

	assert_int_equal(elap_pull(&p, &e), ELAP_OK);
	r = rd_over(p.data, p.len);
	if (e.kind == ELAP_AARP) {
		describe_aarp(line, sizeof(line), &e, r, f->len);
		assert_string_equal(line, f->line);
	} else {
		struct ddp d;

		assert_true(ddp_decode_long(&r, &d));
		assert_true(ddp_checksum_ok(p.data, d.len));
		describe_ddp(rest, sizeof(rest), &d, r, f->len);
		snprintf(line, sizeof(line), "%04x.%02x \u2192 %04x.%02x %s", d.src.net, d.src.node,
			d.dst.net, d.dst.node, rest);
		if (rest[0] != '\0')
			assert_string_equal(line, f->line);
		else
			assert_memory_equal(line, f->line, strlen(line));
	}
	free(bytes);
}

static void test_every_recorded_frame_reads_as_the_dissector_read_it(void **state)
{
	static const struct {
		const char *name;
		size_t n;
	} recordings[] = {
		{ "atalkd-router", 1694 }, { "jrouter-site-a", 88 }, { "jrouter-site-b", 103 },
		{ "netatalk-nodes", 60 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct capture *c = capture_load(recordings[i].name);

		assert_int_equal(c->n, recordings[i].n);
		for (size_t k = 0; k < c->n; k++)
			check_frame(&c->frame[k]);
		capture_free(c);
	}
}

/* --- replaying ----------------------------------------------------------------------------- */

/* Our port as the other router of a recorded cable: its range, zone, addresses. */
static struct lab *lab_on(
	uint16_t first, uint16_t last, const char *zone, struct at_addr addr, struct mac mac)
{
	struct lab *lab = lab_new(0);

	lab_place(lab, first, last, zone, LAB_OWN_ID);
	lab->rig->ports[0].address = addr;
	lab->rig->link[0].mac = mac;
	rig_start(lab->rig);
	return lab;
}

static bool is_from(const struct captured *f, struct mac mac)
{
	return memcmp(f->bytes + 6, mac.byte, 6) == 0;
}

/* Everything that `speaker` said, at its time, up to frame `last`. */
static void play_frames(
	struct lab *lab, const struct capture *c, struct mac speaker, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++) {
		const struct captured *f = &c->frame[i - 1];
		struct instant due = instant_add((struct instant){ 1000000 }, f->at);

		rig_run(lab->rig, instant_since(due, lab->rig->now));
		if (is_from(f, speaker))
			rig_inject(lab->rig, 0, f->bytes, f->len);
	}
}

static void test_atalkd_teaches_us_its_network_and_both_zones(void **state)
{
	const struct mac tash = { { 0x02, 0x54, 0xB2, 0xB9, 0xD9, 0xE4 } };
	const struct mac atalkd = { { 0x02, 0x00, 0xA6, 0xB9, 0x88, 0x79 } };
	struct capture *c = capture_load("atalkd-router");
	struct lab *lab = lab_on(20, 29, "Middle", (struct at_addr){ 23, 61 }, tash);

	(void)state;
	play_frames(lab, c, atalkd, 1, 31);
	assert_true(port_is_up(lab->rig->link[0].port));
	assert_int_equal(lab_distance(lab, 30), -1);
	play_frames(lab, c, atalkd, 32, 80);
	assert_int_equal(lab_distance(lab, 30), 1);
	assert_int_equal(rig_route(lab->rig, 39)->best->next_router.node, 122);
	assert_true(lab_has_zone(lab, 30, "North"));
	assert_true(lab_has_zone(lab, 30, "Northwest"));
	/* It goes away without a word: its network ages, and is gone in the end. */
	play_frames(lab, c, atalkd, 81, c->n);
	assert_int_equal(lab_distance(lab, 30), -1);
	rig_run(lab->rig, span_s(60));
	assert_null(rig_route(lab->rig, 30));
	capture_free(c);
	lab_free(lab);
}

static void test_whole_recordings_pass_through_a_port_without_harm(void **state)
{
	static const char *const names[] = {
		"atalkd-router", "jrouter-site-a", "jrouter-site-b", "netatalk-nodes"};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct capture *c = capture_load(names[i]);
		struct lab *lab = lab_on(500, 509, "Apart", (struct at_addr){ 500, 1 },
			(struct mac){ { 2, 0, 0, 0, 0, 1 } });

		rig_run(lab->rig, span_s(4));
		for (size_t k = 0; k < c->n; k++) {
			rig_run(lab->rig, span_ms(50));
			rig_inject(lab->rig, 0, c->frame[k].bytes, c->frame[k].len);
		}
		assert_int_equal(lab->rig->link[0].port->count.rx, c->n);
		capture_free(c);
		lab_free(lab);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_recorded_frame_reads_as_the_dissector_read_it),
		cmocka_unit_test(test_atalkd_teaches_us_its_network_and_both_zones),
		cmocka_unit_test(test_whole_recordings_pass_through_a_port_without_harm),
	};

	return cmocka_run_group_tests_name("aurp_capture_ethertalk", tests, NULL, NULL);
}
