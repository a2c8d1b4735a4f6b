/* Reads the recordings of captures.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "captures.h"

#include "alloc.h"
#include "vectors.h"

enum { LINKTYPE_ETHERNET = 1 };

/* A file of this machine's byte order with microseconds. */
static const uint32_t pcap_magic = 0xA1B2C3D4;

static FILE *open_file(const char *name, const char *suffix)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/vectors/captures/%s%s", TESTS_DIR, name, suffix);
	f = fopen(path, "rb");
	if (!f)
		fail_msg("cannot open %s", path);
	return f;
}

/* A little-endian word, as in the files we have. */
static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static void read_frames(struct capture *c, FILE *f)
{
	uint8_t head[24], bytes[65536];
	int64_t start = 0;

	assert_int_equal(fread(head, 1, 24, f), 24);
	assert_int_equal(le32(head), pcap_magic);
	assert_int_equal(le32(head + 20), LINKTYPE_ETHERNET);
	while (fread(head, 1, 16, f) == 16) {
		int64_t us = (int64_t)le32(head) * 1000000 + le32(head + 4);
		struct captured *frame = &c->frame[c->n];
		size_t len = le32(head + 8);

		assert_true(c->n < CAPTURE_FRAMES_MAX && len <= sizeof(bytes));
		assert_int_equal(fread(bytes, 1, len, f), len);
		if (c->n++ == 0)
			start = us;
		frame->at = span_us(us - start);
		frame->len = len;
		frame->bytes = exact_copy(bytes, len);
	}
}

/* "12 0.03 a   b" -> "a b" */
static void tidy(char *to, const char *line)
{
	size_t n = 0;

	line += strspn(line, " ");
	line += strcspn(line, " ");
	line += strspn(line, " ");
	line += strcspn(line, " ");
	for (line += strspn(line, " "); *line && *line != '\n' && n + 1 < CAPTURE_LINE_MAX; line++)
		if (*line != ' ' || line[1] != ' ')
			to[n++] = *line;
	to[n] = '\0';
}

static void read_lines(struct capture *c, FILE *f)
{
	char line[512];
	size_t n = 0;

	while (fgets(line, sizeof(line), f)) {
		assert_true(n < c->n);
		assert_int_equal(strtoul(line, NULL, 10), n + 1);
		tidy(c->frame[n++].line, line);
	}
	assert_int_equal(n, c->n);
}

struct capture *capture_load(const char *name)
{
	struct capture *c = mem_new(1, sizeof(*c));
	FILE *frames = open_file(name, ".pcap");
	FILE *lines = open_file(name, ".txt");

	read_frames(c, frames);
	read_lines(c, lines);
	fclose(frames);
	fclose(lines);
	return c;
}

void capture_free(struct capture *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->frame[i].bytes);
	free(c);
}
