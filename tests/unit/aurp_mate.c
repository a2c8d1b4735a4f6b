/* The mates of aurp_rig.h: exterior routers that a test plays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

#include "alloc.h"

/* --- mates ------------------------------------------------------------------------------- */

static const char *const mate_names[LAB_PEERS_MAX] = {
	"p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"};

struct mate mate_of(struct lab *lab, unsigned n)
{
	uint32_t ip = LAB_OWN_ID + 1 + n;

	return (struct mate){ .lab = lab,
		.name = mate_names[n],
		.at = {ip, AURP_PORT},
		.di = {DI_IP, ip},
		.id = (uint16_t)(0x1234 + n),
		.sequence = 1};
}

void mate_resolve(const struct mate *m)
{
	router_peer_addresses(
		m->lab->rig->r, m->lab->rig->now, m->lab->tunnel[m->tunnel], m->name, &m->at, 1);
}

static struct sent *next_to(const struct mate *m)
{
	for (size_t i = 0; i < m->lab->n_sent; i++) {
		struct sent *s = m->lab->sent[i];

		if (!s->is_taken && s->tunnel == m->tunnel && endpoint_eq(s->to, m->at))
			return s;
	}
	return NULL;
}

const struct sent *mate_find(const struct mate *m)
{
	return next_to(m);
}

static const char *msg_name(enum aurp_msg msg)
{
	return msg < AURP_MSG_COUNT ? aurp_cmd(msg)->name : "data";
}

const struct sent *mate_take(const struct mate *m, enum aurp_msg msg)
{
	struct sent *s = next_to(m);

	if (!s)
		fail_msg("%s hears nothing, wants %s", m->name, msg_name(msg));
	else if (s->h.msg != msg)
		fail_msg("%s hears %s, wants %s", m->name, msg_name(s->h.msg), msg_name(msg));
	else
		s->is_taken = true;
	return s;
}

/* The next packet to the mate, if one comes in time. */
static struct sent *wait_for(const struct mate *m, struct span within)
{
	struct instant end = instant_add(m->lab->rig->now, within);

	while (!next_to(m) && instant_cmp(m->lab->rig->now, end) < 0)
		lab_step(m->lab, end);
	return next_to(m);
}

const struct sent *mate_await_any(const struct mate *m, struct span within)
{
	struct sent *s = wait_for(m, within);

	if (s)
		s->is_taken = true;
	return s;
}

const struct sent *mate_await(const struct mate *m, enum aurp_msg msg, struct span within)
{
	wait_for(m, within);
	return mate_take(m, msg);
}

const struct sent *mate_await_other_than(
	const struct mate *m, enum aurp_msg msg, struct span within)
{
	struct instant end = instant_add(m->lab->rig->now, within);
	const struct sent *s;

	do
		s = mate_await_any(m, instant_since(end, m->lab->rig->now));
	while (s && s->h.msg == msg);
	if (!s)
		fail_msg("%s hears nothing but %s", m->name, msg_name(msg));
	return s;
}

void mate_assert_silence(const struct mate *m, struct span d)
{
	if (!next_to(m))
		lab_run(m->lab, d);
	if (next_to(m))
		fail_msg("%s hears %s, wants silence", m->name, msg_name(next_to(m)->h.msg));
}

void mate_forget(const struct mate *m)
{
	while (next_to(m))
		next_to(m)->is_taken = true;
}

/* --- what mates say ---------------------------------------------------------------------- */

void mate_say_raw(const struct mate *m, const void *payload, size_t n)
{
	struct lab *lab = m->lab;
	uint8_t *storage = mem_new(PKT_HEADROOM + n, 1);
	struct pkt p = pkt_over(storage, PKT_HEADROOM + n, PKT_HEADROOM);

	memcpy(p.data, payload, n);
	p.len = n;
	router_rx_tunnel(lab->rig->r, lab->rig->now, lab->tunnel[m->tunnel], m->at, &p);
	free(storage);
}

static void say(
	const struct mate *m, enum aurp_type type, const struct aurp *h, const void *body, size_t n)
{
	const struct aurp_domain domain = { m->lab->tunnel[m->tunnel]->own, m->di, type };
	uint8_t bytes[2000];
	struct wr w = wr_over(bytes, sizeof(bytes));

	aurp_encode_domain(&w, &domain);
	if (h)
		aurp_encode(&w, h);
	wr_bytes(&w, body, n);
	assert_true(wr_ok(&w));
	mate_say_raw(m, bytes, wr_len(&w));
}

void mate_say(const struct mate *m, struct aurp h, const void *body, size_t n)
{
	say(m, AURP_ROUTING, &h, body, n);
}

/* A body that every command with this code could have. */
static const struct {
	const char *bytes;
	size_t n;
} bodies[AURP_MSG_COUNT] = {
	[AURP_RI_REQ] = { "", 0 },
	[AURP_RI_RSP] = { "\0\xD2\0", 3 },
	[AURP_RI_ACK] = { "", 0 },
	[AURP_RI_UPD] = { "\1\0\xD2\0", 4 },
	[AURP_RD] = { "\xFF\xFF", 2 },
	[AURP_ZI_REQ] = { "\0\3", 2 },
	[AURP_GZN_REQ] = { "\3Far", 4 },
	[AURP_GDZL_REQ] = { "\0\1", 2 },
	[AURP_ZI_RSP] = { "\0\1\0\xC8\4Evil", 9 },
	[AURP_ZI_RSP_EXT] = { "\0\1\0\xC8\4Evil", 9 },
	[AURP_GZN_RSP] = { "\3Far\0\0", 6 },
	[AURP_GDZL_RSP] = { "\0\1", 2 },
	[AURP_OPEN_REQ] = { "\0\1\0", 3 },
	[AURP_OPEN_RSP] = { "\0\1\0", 3 },
	[AURP_TICKLE] = { "", 0 },
	[AURP_TICKLE_ACK] = { "", 0 },
};

void mate_say_any(const struct mate *m, struct aurp h)
{
	mate_say(m, h, bodies[h.msg].bytes, bodies[h.msg].n);
}

void mate_data(const struct mate *m, const void *datagram, size_t n)
{
	say(m, AURP_DATA, NULL, datagram, n);
}

void mate_open_req(const struct mate *m)
{
	mate_say(m, (struct aurp){ m->id, 0, AURP_SUI_ALL, AURP_OPEN_REQ }, "\x00\x01\x00", 3);
}

void mate_open_rsp(const struct mate *m, int16_t rate)
{
	const uint8_t body[3] = { (uint8_t)((uint16_t)rate >> 8), (uint8_t)rate, 0 };

	mate_say(m, (struct aurp){ m->dut_id, 0, 0, AURP_OPEN_RSP }, body, sizeof(body));
}

void mate_ri_req(const struct mate *m, uint16_t sui)
{
	mate_say(m, (struct aurp){ m->id, 0, sui, AURP_RI_REQ }, "", 0);
}

void mate_ack(const struct mate *m, uint16_t sequence, uint16_t flags)
{
	mate_say(m, (struct aurp){ m->id, sequence, flags, AURP_RI_ACK }, "", 0);
}

void mate_tickle(const struct mate *m)
{
	mate_say(m, (struct aurp){ m->id, 0, 0, AURP_TICKLE }, "", 0);
}

void mate_tickle_ack(const struct mate *m)
{
	mate_say(m, (struct aurp){ m->dut_id, 0, 0, AURP_TICKLE_ACK }, "", 0);
}

void mate_rd(const struct mate *m, uint16_t id, uint16_t sequence, int16_t error)
{
	const uint8_t body[2] = { (uint8_t)((uint16_t)error >> 8), (uint8_t)error };

	mate_say(m, (struct aurp){ id, sequence, 0, AURP_RD }, body, sizeof(body));
}

void mate_zi_req(const struct mate *m, const uint16_t *list, size_t n)
{
	uint8_t body[600];
	struct wr w = wr_over(body, sizeof(body));

	for (size_t i = 0; i < n; i++)
		aurp_encode_zi_net(&w, list[i]);
	mate_say(m, (struct aurp){ m->id, 0, 0, AURP_ZI_REQ }, body, wr_len(&w));
}

void mate_ri_rsp(
	const struct mate *m, uint16_t sequence, uint16_t flags, const struct aurp_network *list)
{
	uint8_t body[1800];
	struct wr w = wr_over(body, sizeof(body));

	for (; list->range.first != 0; list++)
		aurp_encode_network(&w, list);
	assert_true(wr_ok(&w));
	mate_say(m, (struct aurp){ m->dut_id, sequence, flags, AURP_RI_RSP }, body, wr_len(&w));
}

void mate_ri_upd(const struct mate *m, uint16_t sequence, const struct aurp_event *list)
{
	uint8_t body[1800];
	struct wr w = wr_over(body, sizeof(body));

	for (; list->range.first != 0; list++)
		aurp_encode_event(&w, list);
	assert_true(wr_ok(&w));
	mate_say(m, (struct aurp){ m->dut_id, sequence, 0, AURP_RI_UPD }, body, wr_len(&w));
}

void mate_zi_rsp(const struct mate *m, uint16_t n, const char *const *zones)
{
	uint8_t body[1800];
	struct wr w = wr_over(body, sizeof(body));
	struct aurp_zone_writer z;

	aurp_zones_begin(&z, &w, false, 0);
	for (; *zones; zones++) {
		struct at_name name = name_of(*zones);

		assert_true(aurp_zones_add(&z, n, &name));
	}
	aurp_zones_end(&z);
	mate_say(m, (struct aurp){ m->dut_id, 0, 0, AURP_ZI_RSP }, body, wr_len(&w));
}

/* --- stories ----------------------------------------------------------------------------- */

void mate_serve(struct mate *m, const struct aurp_network *list)
{
	const struct sent *s;

	if (!mate_find(m) && lab_peer(m->lab, m->name).addr.ip == 0)
		mate_resolve(m);
	s = mate_await(m, AURP_OPEN_REQ, span_s(400));
	m->dut_id = s->h.connection;
	mate_open_rsp(m, 1);
	s = mate_take(m, AURP_RI_REQ);
	assert_int_equal(s->h.connection, m->dut_id);
	mate_ri_rsp(m, 1, AURP_LAST, list);
	s = mate_take(m, AURP_RI_ACK);
	assert_int_equal(s->h.sequence, 1);
	m->sequence = 2;
}

uint16_t mate_update(struct mate *m, const struct aurp_event *list)
{
	const struct sent *s;

	mate_ri_upd(m, m->sequence, list);
	s = mate_take(m, AURP_RI_ACK);
	assert_int_equal(s->h.sequence, m->sequence);
	assert_int_equal(s->h.connection, m->dut_id);
	m->sequence++;
	return s->h.flags;
}

size_t mate_subscribe(struct mate *m)
{
	struct aurp_network got[AURP_SEND_MAX];
	const struct sent *s;
	size_t n = 0;

	mate_open_req(m);
	s = mate_take(m, AURP_OPEN_RSP);
	assert_int_equal(s->h.connection, m->id);
	mate_ri_req(m, AURP_SUI_ALL);
	do {
		s = mate_take(m, AURP_RI_RSP);
		n += sent_networks(s, got, AURP_SEND_MAX);
		mate_ack(m, s->h.sequence, 0);
	} while (!(s->h.flags & AURP_LAST));
	return n;
}

void mate_join(struct mate *m)
{
	mate_serve(m, NETWORKS({ net(200), 0 }));
	mate_zi_rsp(m, 200, ZONES("Far"));
	mate_subscribe(m);
	lab_run(m->lab, span_s(1));
	mate_forget(m);
	assert_states(m->lab, m->name, "connected", "connected");
}

/* --- lists in packets -------------------------------------------------------------------- */

size_t sent_events(const struct sent *s, struct aurp_event *event, size_t max)
{
	struct rd r = s->body;
	size_t n = 0;

	while (n < max && aurp_next_event(&r, &event[n]) == TUPLE_OK)
		n++;
	assert_true(rd_at_end(&r));
	return n;
}

size_t sent_networks(const struct sent *s, struct aurp_network *network, size_t max)
{
	struct rd r = s->body;
	size_t n = 0;

	while (n < max && aurp_next_network(&r, &network[n]) == TUPLE_OK)
		n++;
	assert_true(rd_at_end(&r));
	return n;
}

void assert_one_event(
	const struct sent *s, enum aurp_event_code code, struct at_range range, uint8_t distance)
{
	struct aurp_event ev[4];

	assert_int_equal(sent_events(s, ev, 4), 1);
	assert_int_equal(ev[0].code, code);
	assert_int_equal(ev[0].range.first, range.first);
	assert_int_equal(ev[0].range.last, range.last);
	assert_int_equal(ev[0].range.extended, range.extended);
	assert_int_equal(ev[0].distance, distance);
}
