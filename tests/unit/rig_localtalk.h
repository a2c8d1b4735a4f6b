/*
 * LT0 of the rig: a LocalTalk network, number 10, zone "LocalTalk", where we
 * are 10.254, and what a test plays on it: L (node 42) and others, by node. The
 * FCS is added and taken away where LT0 is a TashTalk.
 */
#ifndef AURPD_RIG_LOCALTALK_H
#define AURPD_RIG_LOCALTALK_H

#include "rig.h"

enum { ET0, ET1, LT0 };

enum {
	ENQ = HEARD_LLAP + LLAP_ENQ,
	ACK = HEARD_LLAP + LLAP_ACK,
	NET_LT0 = 10,
	NODE_L = 42,
	NODE_US = 254,
};

/* The baseline with LT0; not started, so that a test may change it. */
struct rig *rig_localtalk_new(void);

/*
 * The same, up: P taught its networks, A and B are known by AARP, and what was heard so
 * far is cleared.
 */
struct rig *rig_localtalk_up(void);

/* A whole LLAP packet from `src`. */
void llap_say(struct rig *rig, uint8_t dst, uint8_t src, unsigned type, const void *data, size_t n);

/* A packet from the vectors, which have their FCS. */
void llap_say_vector(struct rig *rig, const char *name);

/* A datagram with a short header. */
void llap_say_short(struct rig *rig, uint8_t dst, uint8_t src, uint8_t dst_socket,
	uint8_t src_socket, uint8_t type, const void *body, size_t n);

/*
 * A datagram with a long header; h->len is computed. The LLAP destination is us, or all
 * where the DDP one is all of this network; the LLAP source is the DDP one.
 */
void llap_say_long(struct rig *rig, const struct ddp *h, const void *body, size_t n);

/* The data of a vector from L, short header, to a socket of ours or of all. */
void llap_say_body(struct rig *rig, uint8_t dst, uint8_t dst_socket, uint8_t src_socket,
	uint8_t type, const char *vector);

/* RTMP Data to all from a neighbour router, as its bytes. */
void llap_say_rtmp(struct rig *rig, uint8_t router, const char *bytes, size_t n);

/* What was heard on LT0 is this vector, FCS aside. */
void assert_llap_is(const struct heard *h, const char *vector);

#endif
