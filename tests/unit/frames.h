/* Opens a whole EtherTalk or LocalTalk frame down to the DDP data, and builds it up again. */
#ifndef AURPD_FRAMES_H
#define AURPD_FRAMES_H

#include "aarp.h"
#include "aurpd/pkt.h"
#include "ddp.h"
#include "elap.h"
#include "llap.h"
#include "vectors.h"

struct frame {
	struct vector vector;
	struct pkt pkt;		/* the DDP datagram, without pad and FCS */
	struct elap elap;
	struct llap llap;
	struct ddp ddp;
	struct rd body;		/* DDP data */
	uint8_t bytes[PKT_HEADROOM + VECTOR_MAX];
};

/* Every step must succeed. */
void frame_open_ethertalk(struct frame *f, const char *name);
void frame_open_localtalk(struct frame *f, const char *name);

/* The packet window over the vector's bytes. */
struct pkt frame_load(struct frame *f, const char *name);

/* Builds the frame from f's headers and this DDP data; it must be the vector again. */
void assert_ethertalk_rebuilds(const struct frame *f, const struct wr *body);
void assert_localtalk_rebuilds(const struct frame *f, const struct wr *body);

#endif
