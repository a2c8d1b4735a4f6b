/*
 * What goes over the serial line of a TashTalk adapter, as bytes: commands to
 * it, escaped frames from it (its documentation, protocol.md).
 */
#ifndef AURPD_TASHTALK_FRAME_H
#define AURPD_TASHTALK_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TASHTALK_FRAME_MAX = 605,	/* LLAP packet and FCS */
	TASHTALK_NODES = 1 + 32,	/* the command that sets the bitmap of our nodes */
	TASHTALK_SYNC = 1024,		/* bytes that bring a confused adapter back to its senses */
	TASHTALK_INIT = TASHTALK_SYNC + TASHTALK_NODES,
};

/* The command that makes the adapter answer for `node`, or for none (0). */
void tashtalk_nodes(uint8_t node, uint8_t out[TASHTALK_NODES]);

/* What an adapter is told first: wake up, and answer for nobody (L21). */
void tashtalk_init(uint8_t out[TASHTALK_INIT]);

/* The command that transmits a frame; `out` holds one byte more than the frame (L23). */
void tashtalk_transmit(const uint8_t *frame, size_t len, uint8_t *out);

/* What a byte received has completed. */
enum tashtalk_event {
	TASHTALK_NOTHING,
	TASHTALK_FRAME,			/* `frame` holds `len` bytes until the next byte is fed */
	TASHTALK_BAD_FRAMING,		/* the adapter lost the bits of a frame (00 FE) */
	TASHTALK_ABORTED,		/* its sender broke off (00 FA) */
	TASHTALK_BAD_FCS,		/* the adapter has found the FCS wrong (00 FC) */
	TASHTALK_GARBLED,		/* bytes got lost or added on the serial line */
};

/* Zeroed, it waits for a frame. */
struct tashtalk_rx {
	uint8_t frame[TASHTALK_FRAME_MAX];
	size_t len;
	bool is_escaped;		/* the byte before was 00 */
	bool is_garbled;		/* what comes up to the next end of a frame is worthless */
	bool is_done;			/* the next byte begins another frame */
};

/* Takes one byte from the line; never more than a frame is kept (L24, L29). */
enum tashtalk_event tashtalk_rx_byte(struct tashtalk_rx *rx, uint8_t byte);

#endif
