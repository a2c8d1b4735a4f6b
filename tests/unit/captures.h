/*
 * Recordings of real traffic: tests/vectors/captures. A .pcap holds the frames,
 * the .txt beside it one line per frame as another program read it.
 */
#ifndef AURPD_CAPTURES_H
#define AURPD_CAPTURES_H

#include <stddef.h>
#include <stdint.h>

#include "aurpd/mtime.h"

enum {
	CAPTURE_FRAMES_MAX = 2000,
	CAPTURE_LINE_MAX = 160,
};

struct captured {
	struct span at;		/* since the first frame */
	uint8_t *bytes;		/* in memory of exactly its size */
	size_t len;
	char line[CAPTURE_LINE_MAX];	/* without number and time, blanks single */
};

struct capture {
	struct captured frame[CAPTURE_FRAMES_MAX];	/* frame 1 of the .txt is [0] */
	size_t n;
};

/* Reads both files; the test fails if they do not fit together. free with capture_free(). */
struct capture *capture_load(const char *name);
void capture_free(struct capture *c);

#endif
