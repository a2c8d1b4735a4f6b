/*
 * Every command in every state of both halves: what the state does not want is
 * dropped under its reason and changes nothing; nothing leaks or crashes. The
 * table of what is legal is written down here once more, from the RFC's prose.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aurp_rig.h"

#define BIT(msg) (1u << AURP_##msg)
#define ANSWERS (BIT(ZI_RSP) | BIT(ZI_RSP_EXT) | BIT(GZN_RSP) | BIT(GDZL_RSP) | BIT(TICKLE_ACK))
#define RECV_OPEN (BIT(RI_RSP) | BIT(RI_UPD) | BIT(RD) | ANSWERS)
#define QUERIES (BIT(RI_REQ) | BIT(ZI_REQ) | BIT(GZN_REQ) | BIT(GDZL_REQ) | BIT(TICKLE) | BIT(RD))

/* --- into each state ----------------------------------------------------------------------- */

static void recv_wait_open_rsp(struct lab *lab, struct mate *m)
{
	(void)lab;
	mate_resolve(m);
	m->dut_id = mate_take(m, AURP_OPEN_REQ)->h.connection;
}

static void recv_unconnected(struct lab *lab, struct mate *m)
{
	recv_wait_open_rsp(lab, m);
	mate_open_rsp(m, AURP_ERR_RESOURCES);
}

static void recv_wait_ri_rsp(struct lab *lab, struct mate *m)
{
	recv_wait_open_rsp(lab, m);
	mate_open_rsp(m, 1);
}

static void recv_connected(struct lab *lab, struct mate *m)
{
	(void)lab;
	mate_serve(m, NETWORKS({ net(200), 0 }));
}

static void recv_wait_tickle_ack(struct lab *lab, struct mate *m)
{
	recv_connected(lab, m);
	mate_await_other_than(m, AURP_ZI_REQ, span_s(100));
}

static void recv_wait_rd_ack(struct lab *lab, struct mate *m)
{
	recv_connected(lab, m);
	router_shutdown(lab->rig->r, lab->rig->now);
}

static void send_unconnected(struct lab *lab, struct mate *m)
{
	recv_wait_open_rsp(lab, m);
}

/* The other direction does not exist; but its refusal shows that the mate hears us. */
static void send_connected(struct lab *lab, struct mate *m)
{
	send_unconnected(lab, m);
	mate_open_req(m);
	mate_open_rsp(m, AURP_ERR_RESOURCES);
	mate_tickle(m);
}

static void send_wait_ri_rsp_ack(struct lab *lab, struct mate *m)
{
	send_connected(lab, m);
	mate_ri_req(m, AURP_SUI_ALL);
}

static void send_wait_ri_upd_ack(struct lab *lab, struct mate *m)
{
	mate_join(m);
	lab_net(lab, net(20), 2, "Near");
	mate_await(m, AURP_RI_UPD, span_s(11));
}

static void call_with_another_id(const struct mate *m)
{
	struct mate other = *m;

	other.id++;
	mate_open_req(&other);
}

static void send_wait_ri_req(struct lab *lab, struct mate *m)
{
	send_connected(lab, m);
	call_with_another_id(m);
}

static void send_wait_probe_ack(struct lab *lab, struct mate *m)
{
	send_wait_ri_rsp_ack(lab, m);
	mate_ack(m, 1, 0);
	call_with_another_id(m);
}

static void send_wait_rd_ack(struct lab *lab, struct mate *m)
{
	send_connected(lab, m);
	router_shutdown(lab->rig->r, lab->rig->now);
}

struct situation {
	const char *name;
	void (*reach)(struct lab *lab, struct mate *m);
	uint32_t legal;
	uint16_t sequence;	/* of a sequenced packet that is due in this state */
};

static const struct situation recv_states[] = {
	{ "unconnected", recv_unconnected, 0, 1 },
	{ "wait-open-rsp", recv_wait_open_rsp, BIT(OPEN_RSP), 1 },
	{ "wait-ri-rsp", recv_wait_ri_rsp, RECV_OPEN, 1 },
	{ "connected", recv_connected, RECV_OPEN, 2 },
	{ "wait-tickle-ack", recv_wait_tickle_ack, RECV_OPEN, 2 },
	{ "wait-rd-ack", recv_wait_rd_ack, BIT(RI_ACK), 2 },
};

static const struct situation send_states[] = {
	{ "unconnected", send_unconnected, BIT(OPEN_REQ), 1 },
	{ "connected", send_connected, QUERIES | BIT(OPEN_REQ), 1 },
	{ "wait-ri-rsp-ack", send_wait_ri_rsp_ack, QUERIES | BIT(OPEN_REQ) | BIT(RI_ACK), 1 },
	{ "wait-ri-upd-ack", send_wait_ri_upd_ack, QUERIES | BIT(OPEN_REQ) | BIT(RI_ACK), 2 },
	{ "wait-ri-req", send_wait_ri_req, QUERIES | BIT(OPEN_REQ), 1 },
	{ "wait-probe-ack", send_wait_probe_ack, QUERIES | BIT(OPEN_REQ) | BIT(RI_ACK), 2 },
	{ "wait-rd-ack", send_wait_rd_ack, BIT(RI_ACK) | BIT(RD), 1 },
};

/* --- every command ------------------------------------------------------------------------- */

static bool goes_to(bool receiver, enum aurp_msg msg)
{
	if (msg == AURP_RD || msg == AURP_RI_ACK)
		return true;
	return aurp_cmd(msg)->half == (receiver ? AURP_RECEIVER : AURP_SENDER);
}

static uint64_t refusals(struct lab *lab)
{
	return lab_count(lab, "p0", "aurp-bad-state") + lab_count(lab, "p0", "aurp-bad-connection");
}

static const char *state_of(struct lab *lab, bool receiver)
{
	struct peer_info p = lab_peer(lab, "p0");

	return receiver ? p.recv : p.send;
}

static void try(const struct situation *s, bool receiver, enum aurp_msg msg)
{
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);
	bool is_legal = (s->legal & 1u << msg) != 0;
	struct aurp h = { .msg = msg };
	uint64_t before;

	s->reach(lab, &m);
	assert_string_equal(state_of(lab, receiver), s->name);
	mate_forget(&m);
	before = refusals(lab);
	h.connection = receiver ? m.dut_id : m.id;
	/* RD and RI-Ack are told apart by their number: 0 is the data receiver's RD. */
	if (aurp_cmd(msg)->sequenced || msg == AURP_RI_ACK)
		h.sequence = s->sequence;
	if (msg == AURP_RD)
		h.sequence = receiver ? s->sequence : 0;
	if (msg == AURP_RI_ACK && receiver)
		h.sequence = 0;
	mate_say_any(&m, h);
	if (!is_legal) {
		assert_int_equal(refusals(lab), before + 1);
		assert_string_equal(state_of(lab, receiver), s->name);
		assert_null(mate_find(&m));
	} else if (msg != AURP_OPEN_REQ) {
		assert_int_equal(refusals(lab), before);
	}
	/* Whatever came of it goes on for a while without harm. */
	lab_run(lab, span_s(100));
	lab_free(lab);
}

static void test_every_command_in_every_state_of_the_receiver(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(recv_states) / sizeof(recv_states[0]); i++)
		for (unsigned msg = 0; msg < AURP_MSG_COUNT; msg++)
			if (goes_to(true, (enum aurp_msg)msg))
				try(&recv_states[i], true, (enum aurp_msg)msg);
}

static void test_every_command_in_every_state_of_the_sender(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(send_states) / sizeof(send_states[0]); i++)
		for (unsigned msg = 0; msg < AURP_MSG_COUNT; msg++)
			if (goes_to(false, (enum aurp_msg)msg))
				try(&send_states[i], false, (enum aurp_msg)msg);
}

static void test_undefined_commands_are_dropped(void **state)
{
	const uint16_t codes[] = { 0, 10, 11, 12, 13, 16, 255, 65535 };
	struct lab *lab = lab_up(1);
	struct mate m = mate_of(lab, 0);

	(void)state;
	mate_join(&m);
	for (size_t i = 0; i < 8; i++) {
		uint8_t bytes[40];
		struct wr w = wr_over(bytes, sizeof(bytes));

		aurp_encode_domain(&w, &(struct aurp_domain){ lab->own, m.di, AURP_ROUTING });
		wr_u16(&w, m.id);
		wr_u16(&w, 0);
		wr_u16(&w, codes[i]);
		wr_u16(&w, 0);
		mate_say_raw(&m, bytes, wr_len(&w));
	}
	assert_null(mate_find(&m));
	assert_int_equal(lab_count(lab, "p0", "aurp-unknown-command"), 8);
	lab_free(lab);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_in_every_state_of_the_receiver),
		cmocka_unit_test(test_every_command_in_every_state_of_the_sender),
		cmocka_unit_test(test_undefined_commands_are_dropped),
	};

	return cmocka_run_group_tests_name("peer_states", tests, NULL, NULL);
}
