/* core/port_ethertalk.c: frames in and out, multicast groups, counters, what the dump says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "aurpd/macroman.h"
#include "rig.h"

static const struct mac none = { { 0 } };

static void test_atalk_E01_an_echo_leaves_as_a_frame_of_the_right_shape(void **state)
{
	struct rig *rig = rig_up();
	const struct heard *h;

	(void)state;
	rig_inject_vector(rig, 0, "V-E4");
	h = rig_take(rig, 0, DDP_AEP);
	/* 802.3 length without the pad, LLC, SNAP of DDP, long header. The rig checks the rest. */
	assert_int_equal(h->raw_len, 60);
	assert_memory_equal(h->raw + 12, "\x00\x18\xAA\xAA\x03\x08\x00\x07\x80\x9B\x00\x10", 12);
	for (size_t i = 14 + 0x18; i < 60; i++)
		assert_int_equal(h->raw[i], 0);
	rig_free(rig);
}

static void test_atalk_E03_Q35_broadcasts_use_the_phase_2_multicast(void **state)
{
	struct rig *rig = rig_new();
	size_t multicasts = 0;

	(void)state;
	rig_start(rig);
	rig_run(rig, span_s(60));
	for (size_t i = 0; i < rig->n_heard; i++) {
		const struct heard *h = rig->heard[i];
		bool is_dynamic = h->kind == HEARD_AARP + AARP_PROBE ||
				  h->kind == HEARD_AARP + AARP_REQUEST;

		if (is_dynamic || (h->kind == DDP_RTMP && h->ddp.dst.node == AT_NODE_BROADCAST)) {
			assert_true(mac_eq(h->elap.dst, ELAP_BROADCAST));
			multicasts++;
		}
	}
	assert_in_range(multicasts, 20 + 2 * 5, 20 + 2 * 8);
	rig_free(rig);
}

static void test_atalk_E05_only_frames_for_us_or_appletalk_groups_are_taken(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	const struct ddp echo = { .dst = { 3, 128, 4 }, .src = { 0, 0, 253 }, .type = DDP_AEP };
	const struct mac zone = { { 9, 0, 7, 0, 0, 0xFC } }, beyond = { { 9, 0, 7, 0, 0, 0xFD } };
	const struct mac other = { { 2, 0, 0, 0, 0, 0x77 } };
	const struct mac all_ones = { { 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF } };

	(void)state;
	station_send_to(&a, other, &echo, "\x01", 1);
	station_send_to(&a, beyond, &echo, "\x01", 1);
	station_send_to(&a, all_ones, &echo, "\x01", 1);
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_NOT_FOR_US), 3);
	station_send_to(&a, rig->link[0].mac, &echo, "\x01", 1);
	station_send_to(&a, ELAP_BROADCAST, &echo, "\x01", 1);
	station_send_to(&a, zone, &echo, "\x01", 1);
	assert_int_equal(rig_count(rig, 0, DDP_AEP), 3);
	rig_free(rig);
}

static void test_atalk_E06_other_protocols_are_ignored(void **state)
{
	struct rig *rig = rig_up();
	struct vector v = vector_load("V-E4");
	uint8_t f[60];

	(void)state;
	memcpy(f, v.byte, 60);
	memcpy(f + 12, "\x80\x9B", 2);		/* Phase 1 */
	rig_inject(rig, 0, f, 60);
	memcpy(f + 12, "\x06\x00", 2);
	rig_inject(rig, 0, f, 60);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_LENGTH), 2);
	memcpy(f, v.byte, 60);
	memcpy(f + 14, "\xFF\xFF", 2);		/* IPX, raw 802.3 */
	rig_inject(rig, 0, f, 60);
	memcpy(f, v.byte, 60);
	f[16] = 0xF3;				/* not unnumbered information */
	rig_inject(rig, 0, f, 60);
	memcpy(f, v.byte, 60);
	memcpy(f + 20, "\x81\x37", 2);		/* another SNAP protocol */
	rig_inject(rig, 0, f, 60);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_NOT_APPLETALK), 3);
	rig_run(rig, span_s(2));
	rig_assert_all_quiet(rig);
	rig_free(rig);
}

static void test_atalk_E07_Q17_the_pad_is_not_data_whatever_it_holds(void **state)
{
	struct rig *rig = rig_up();
	struct vector v = vector_load("V-E4");

	(void)state;
	memset(v.byte + 14 + 0x18, 0xA5, v.len - 14 - 0x18);
	rig_inject(rig, 0, v.byte, v.len);
	assert_body_is(rig_take(rig, 0, DDP_AEP), "V-A2");
	rig_free(rig);
}

static void test_atalk_E08_truncated_frames_are_dropped_at_every_length(void **state)
{
	struct rig *rig = rig_up();
	const struct vector v = vector_load("V-E4");
	uint64_t before = rig->link[0].port->count.rx;

	(void)state;
	for (size_t n = 0; n < 14 + 0x18; n++)
		rig_inject(rig, 0, v.byte, n);
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_ELAP_BAD_LENGTH), 14 + 0x18);
	assert_int_equal(rig->link[0].port->count.rx - before, 14 + 0x18);
	/* Without its pad it is whole. */
	rig_inject(rig, 0, v.byte, 14 + 0x18);
	assert_non_null(rig_find(rig, 0, DDP_AEP));
	rig_free(rig);
}

static void test_atalk_D22_lengths_that_lie_are_dropped(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	struct ddp h = { .dst = { 3, 128, 4 }, .src = { 0, 0, 253 }, .type = DDP_AEP };
	static const uint16_t lengths[] = { 1, 12, 17, 100, 600, 1023 };
	const size_t n = sizeof(lengths) / sizeof(*lengths);

	(void)state;
	for (size_t i = 0; i < n; i++) {
		h.len = lengths[i];
		station_send_to(&a, rig->link[0].mac, &h, "\x01Hi", 3);
	}
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_BAD_LENGTH), n);
	rig_free(rig);
}

static void test_atalk_D23_Q15_bytes_behind_the_datagram_are_trimmed(void **state)
{
	struct rig *rig = rig_up();
	struct vector v = vector_load("V-E4");

	(void)state;
	v.byte[13] = 0x1C;
	rig_inject(rig, 0, v.byte, v.len);
	assert_body_is(rig_take(rig, 0, DDP_AEP), "V-A2");
	rig_free(rig);
}

static void test_atalk_E27_the_largest_datagram_passes_a_larger_one_does_not(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	uint8_t data[588] = { 1 };
	const struct heard *h;

	(void)state;
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, data, 586);
	h = rig_take(rig, 0, DDP_AEP);
	assert_int_equal(h->ddp.len, DDP_MAX);
	assert_int_equal(h->raw_len, 621);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, data, 587);
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, data, 588);
	rig_assert_all_quiet(rig);
	assert_int_equal(rig_drops(rig, 0, DROP_DDP_BAD_LENGTH), 2);
	rig_free(rig);
}

static void test_atalk_E30_the_broadcast_group_and_the_zones_of_the_cable_are_joined(void **state)
{
	struct rig *rig = rig_new();
	const struct mac ethertalk = { { 9, 0, 7, 0, 0, 0x04 } },
			 cafe = { { 9, 0, 7, 0, 0, 0x6E } };
	struct at_name lab = name_of("Lab");

	(void)state;
	rig_start(rig);
	assert_true(rig_hears_group(rig, 0, ELAP_BROADCAST));
	assert_int_equal(rig->link[0].n_groups, 1);
	rig_run(rig, span_s(4));
	assert_true(rig_hears_group(rig, 0, ethertalk));
	assert_true(rig_hears_group(rig, 0, cafe));
	assert_int_equal(rig->link[0].n_groups, 3);
	assert_true(rig_hears_group(rig, 1, zone_multicast(&lab)));
	/* Another zone list on a living link: old groups go, new ones come, each once. */
	rig_configure(rig, 0, SEED_HARD, 3, 5, ZONES("Caf\x8E", "A2SERVER"));
	rig_apply(rig);
	rig_run(rig, span_s(4));
	assert_true(rig_hears_group(rig, 0, cafe));
	assert_false(rig_hears_group(rig, 0, ethertalk));
	assert_int_equal(rig->link[0].n_groups, 2);
	rig_free(rig);
}

static void test_a_forwarded_frame_without_room_for_the_pad_is_copied(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig), b = station_b(rig);
	const struct ddp h = { .dst = { 4, 42, 9 }, .src = { 6, 9, 9 }, .type = 99, .len = 14 };
	uint8_t *storage = calloc(1, PKT_HEADROOM + 14);
	struct pkt p = pkt_over(storage, PKT_HEADROOM + 14, 0);
	struct wr w = wr_over(p.data, 14);

	(void)state;
	station_aarp(&a, ELAP_BROADCAST, AARP_REQUEST, a.addr, none, b.addr);
	ddp_encode_long(&w, &h);
	wr_u8(&w, 0x5A);
	p.len = wr_len(&w);
	/* Neither headroom nor tailroom. */
	p.end = p.data + p.len;
	port_send_node(rig->link[0].port, a.addr, &p);
	assert_int_equal(rig_take(rig, 0, 99)->body.pos[0], 0x5A);
	free(storage);
	rig_free(rig);
}

static void take_state(void *ctx, const struct port_info *p)
{
	const char **state = ctx;

	*state = p->state;
}

static const char *state_text(struct rig *rig)
{
	const char *text = NULL;

	router_walk_ports(rig->r, take_state, &text);
	return text;
}

static void test_the_dump_names_every_state_of_a_port(void **state)
{
	struct rig *rig = rig_new_with(1);
	struct station p = station_p(rig);

	(void)state;
	p.addr = (struct at_addr){ 7, 200 };
	rig_start(rig);
	assert_string_equal(state_text(rig), "probing");
	rig_run(rig, span_ms(2100));
	assert_string_equal(state_text(rig), "verifying");
	station_rtmp(&p, 7, 8, NULL);
	assert_string_equal(state_text(rig), "conflict");
	rig_configure(rig, 0, SEED_NONE, 0, 0, NULL);
	rig_apply(rig);
	rig_run(rig, span_ms(2100));
	assert_string_equal(state_text(rig), "learning");
	station_rtmp(&p, 7, 8, NULL);
	rig_run(rig, span_ms(2100));
	assert_string_equal(state_text(rig), "up");
	/* The shell opens the device anew without having said that it went. */
	rig->link[0].n_groups = 0;
	router_link_up(rig->r, rig->now, rig->link[0].port, &rig->link[0], rig->link[0].mac);
	assert_string_equal(state_text(rig), "probing");
	router_link_down(rig->r, rig->now, rig->link[0].port);
	assert_string_equal(state_text(rig), "down");
	rig_free(rig);
}

static void add_up(void *ctx, const struct counter_info *c)
{
	uint64_t *sum = ctx;

	if (strcmp(c->owner, "ET0") != 0)
		return;
	if (strcmp(c->name, "rx") == 0)
		sum[0] = c->value;
	if (strcmp(c->name, "rx-bytes") == 0)
		sum[1] = c->value;
	if (strcmp(c->kind, "drop") == 0) {
		assert_string_equal(c->name, "aep-malformed");
		sum[2] = c->value;
	}
}

static void see_port(void *ctx, const struct port_info *p)
{
	int *seen = ctx;

	if (strcmp(p->name, "ET0") == 0) {
		assert_string_equal(p->kind, "ethertalk");
		assert_string_equal(p->device, "eth0");
		assert_string_equal(p->state, "up");
		assert_int_equal(p->range.first, 3);
		assert_int_equal(p->addr.node, 128);
		assert_name(p->default_zone, "EtherTalk");
		assert_int_equal(p->zones, 2);
	} else {
		assert_string_equal(p->state, "down");
		assert_null(p->default_zone);
		assert_int_equal(p->zones, 0);
	}
	++*seen;
}

static void test_the_dump_shows_ports_and_counters(void **state)
{
	struct rig *rig = rig_up();
	const struct station a = station_a(rig);
	uint64_t sum[3] = { 0 };
	int seen = 0;

	(void)state;
	station_send(&a, rig_socket(rig, 0, 4), 253, DDP_AEP, "\x02x", 2);
	router_walk_counters(rig->r, add_up, sum);
	assert_int_equal(sum[0], 1);
	assert_int_equal(sum[1], 60);
	assert_int_equal(sum[2], 1);
	router_link_down(rig->r, rig->now, rig->link[1].port);
	router_walk_ports(rig->r, see_port, &seen);
	assert_int_equal(seen, 2);
	rig_free(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_atalk_E01_an_echo_leaves_as_a_frame_of_the_right_shape),
		cmocka_unit_test(test_atalk_E03_Q35_broadcasts_use_the_phase_2_multicast),
		cmocka_unit_test(test_atalk_E05_only_frames_for_us_or_appletalk_groups_are_taken),
		cmocka_unit_test(test_atalk_E06_other_protocols_are_ignored),
		cmocka_unit_test(test_atalk_E07_Q17_the_pad_is_not_data_whatever_it_holds),
		cmocka_unit_test(test_atalk_E08_truncated_frames_are_dropped_at_every_length),
		cmocka_unit_test(test_atalk_D22_lengths_that_lie_are_dropped),
		cmocka_unit_test(test_atalk_D23_Q15_bytes_behind_the_datagram_are_trimmed),
		cmocka_unit_test(test_atalk_E27_the_largest_datagram_passes_a_larger_one_does_not),
		cmocka_unit_test(
			test_atalk_E30_the_broadcast_group_and_the_zones_of_the_cable_are_joined),
		cmocka_unit_test(test_a_forwarded_frame_without_room_for_the_pad_is_copied),
		cmocka_unit_test(test_the_dump_names_every_state_of_a_port),
		cmocka_unit_test(test_the_dump_shows_ports_and_counters),
	};

	return cmocka_run_group_tests_name("ethertalk", tests, NULL, NULL);
}
