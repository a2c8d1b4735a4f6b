/*
 * Writes the test vectors as files, for the fuzzers to start from: each whole,
 * and from every place where a header of ours may end, so that the codec of each
 * layer finds packets of its own.
 */
#include <stdio.h>
#include <stdlib.h>

#include "vectors.h"

static void write_file(const char *folder, const struct vector *v, size_t skip)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s-%zu", folder, v->name, skip);
	f = fopen(path, "wb");
	if (!f || fwrite(v->byte + skip, 1, v->len - skip, f) != v->len - skip || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static void write_layers(const struct vector *v, void *folder)
{
	/* LLAP 3, short DDP 5, both 8, AURP 8, long DDP 13, ELAP or domain 22, AURP in
	 * a domain 30, DDP in ELAP 35 */
	static const size_t skips[] = { 0, 3, 5, 8, 13, 22, 30, 35 };

	for (size_t i = 0; i < sizeof skips / sizeof skips[0]; i++)
		if (skips[i] < v->len)
			write_file(folder, v, skips[i]);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
		return 64;
	}
	vector_for_each(write_layers, argv[1]);
	return 0;
}
