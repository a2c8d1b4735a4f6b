/* Two UDP sockets on a loop, over loopback: for the tests of sockets and of their failures. */
#ifndef AURPD_UDP_RIG_H
#define AURPD_UDP_RIG_H

#include "loop.h"
#include "udp.h"

struct udp_rig {
	struct loop *loop;
	struct receive_batch *in;
	struct udp *a, *b;
	struct endpoint to_a, to_b;
	struct losses lost_a, lost_b;
	struct loop_timer *limit;
	bool is_late;			/* the limit has come */
	struct instant deadline;	/* as the router's would be */
	int expired;			/* how often it came */
	/* What came to either socket. */
	int got;
	bool in_order;			/* packet n began with n, low byte first */
	size_t last_len;
	uint8_t last_first, last_last;
	struct endpoint last_from;
	int unreachables;
	struct unreachable last_unreachable;
	struct udp_hooks hooks;
};

/* setup and teardown for cmocka; *state is the rig */
int udp_rig_set_up(void **state);
int udp_rig_tear_down(void **state);

/* Flushes a and runs turns until so many packets have come; asserts that they do, and no more. */
void udp_rig_until_got(struct udp_rig *r, int wanted);

/* Runs one turn; asserts that something happens within the limit. */
void udp_rig_turn(struct udp_rig *r);

/* Runs the loop until its deadline. */
void udp_rig_to_deadline(struct udp_rig *r);

#define ON_UDP(f) cmocka_unit_test_setup_teardown(f, udp_rig_set_up, udp_rig_tear_down)

#endif
