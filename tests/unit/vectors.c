/* Loader of tests/vectors/ *.txt (form: see the files) and what codec tests share. */
#include "vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const files[] = { "atalk.txt", "aurp.txt" };

static void add_hex(struct vector *v, const char *line)
{
	unsigned int byte;
	int used;

	while (sscanf(line, " %2x%n", &byte, &used) == 1) {
		if (v->len == VECTOR_MAX)
			abort();
		v->byte[v->len++] = (uint8_t)byte;
		line += used;
	}
}

static void read_file(const char *file, void (*each)(const struct vector *, void *), void *arg)
{
	char path[512], line[256];
	struct vector v = { .len = 0 };
	FILE *f;

	snprintf(path, sizeof path, "%s/vectors/%s", TESTS_DIR, file);
	f = fopen(path, "r");
	if (!f) {
		perror(path);
		abort();
	}
	while (fgets(line, sizeof line, f)) {
		if (line[0] == '\t') {
			add_hex(&v, line);
		} else if (line[0] != '#' && line[0] != '\n') {
			if (v.len > 0)
				each(&v, arg);
			v = (struct vector){ .len = 0 };
			sscanf(line, "%15s", v.name);
		}
	}
	if (v.len > 0)
		each(&v, arg);
	fclose(f);
}

void vector_for_each(void (*each)(const struct vector *v, void *arg), void *arg)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		read_file(files[i], each, arg);
}

static void pick(const struct vector *v, void *arg)
{
	struct vector *wanted = arg;

	if (strcmp(v->name, wanted->name) == 0)
		*wanted = *v;
}

struct vector vector_load(const char *name)
{
	struct vector v = { .len = 0 };

	snprintf(v.name, sizeof v.name, "%s", name);
	vector_for_each(pick, &v);
	if (v.len == 0)
		fail_msg("no vector %s", name);
	return v;
}

uint8_t *exact_copy(const void *bytes, size_t n)
{
	uint8_t *copy = malloc(n);

	if (!copy && n > 0)
		abort();
	if (n > 0)
		memcpy(copy, bytes, n);
	return copy;
}

void assert_written(const struct wr *w, const struct vector *v, size_t skip)
{
	assert_true(wr_ok(w));
	assert_int_equal(wr_len(w), v->len - skip);
	assert_memory_equal(w->start, v->byte + skip, v->len - skip);
}

static bool is_among(const size_t *list, size_t n)
{
	while (list && *list != SIZE_MAX)
		if (*list++ == n)
			return true;
	return false;
}

void assert_cuts_fail(const uint8_t *bytes, size_t n, bool (*decodes)(const uint8_t *, size_t),
	const size_t *legal)
{
	for (size_t cut = 0; cut < n; cut++) {
		uint8_t *copy = exact_copy(bytes, cut);
		bool accepted = decodes(copy, cut);

		free(copy);
		if (accepted != is_among(legal, cut))
			fail_msg("cut at %zu of %zu: %s", cut, n,
				accepted ? "accepted" : "refused");
	}
}

struct at_name name_of(const char *bytes)
{
	struct at_name n = { .len = (uint8_t)strlen(bytes) };

	assert_true(strlen(bytes) <= AT_ZONE_NAME_MAX);
	memcpy(n.byte, bytes, n.len);
	return n;
}

void assert_name(const struct at_name *name, const char *bytes)
{
	assert_int_equal(name->len, strlen(bytes));
	assert_memory_equal(name->byte, bytes, name->len);
}
