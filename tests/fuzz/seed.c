/*
 * Writes the test vectors and the recordings of real traffic as files, for the
 * fuzzers to learn from: each whole, and from every place where a header of ours
 * may end, so that the codec of each layer finds packets of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "captures.h"
#include "vectors.h"

static void write_file(const char *folder, const char *name, size_t skip, const uint8_t *bytes,
	size_t len)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-%zu", folder, name, skip);
	f = fopen(path, "wb");
	if (!f || fwrite(bytes + skip, 1, len - skip, f) != len - skip || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void write_vector(const struct vector *v, void *folder)
{
	/* LLAP 3, short DDP 5, both 8, AURP 8, long DDP 13, ELAP or domain 22, AURP in
	 * a domain 30, DDP in ELAP 35 */
	static const size_t skips[] = { 0, 3, 5, 8, 13, 22, 30, 35 };

	for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++)
		if (skips[i] < v->len)
			write_file(folder, v->name, skips[i], v->byte, v->len);
}

static void write_capture(const char *folder, const char *name)
{
	/* ELAP 22, DDP in it 35; Ethernet, IP and UDP 42 */
	static const size_t skips[] = { 0, 22, 35, 42 };
	struct capture *c = capture_load(name);

	for (size_t i = 0; i < c->n; i++)
		for (size_t k = 0; k < sizeof skips / sizeof skips[0]; k++)
			if (skips[k] < c->frame[i].len) {
				char frame[64];

				snprintf(frame, sizeof frame, "%s-%zu", name, i);
				write_file(folder, frame, skips[k], c->frame[i].bytes,
					c->frame[i].len);
			}
	capture_free(c);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: %s FOLDER CAPTURE...\n", argv[0]);
		return 64;
	}
	vector_for_each(write_vector, argv[1]);
	for (int i = 2; i < argc; i++)
		write_capture(argv[1], argv[i]);
	return 0;
}
