/*
 * Drives a fuzzer without libFuzzer, so that every compiler can replay what the
 * fuzzers have found out: each file of each folder named, then -changes=N copies
 * of it that are changed a little, by the fuzzer itself if it knows how. The same
 * files give the same copies anywhere. Says on abort which input it was;
 * -changes=0 with one file replays that.
 */
#include <dirent.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { PATH_SIZE = 1024 };

struct input {
	uint8_t byte[FUZZ_IN_MAX];
	size_t len;
};

/* Only the router's fuzzer has one. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t n, size_t max, unsigned int seed)
	__attribute__((weak));

static struct {
	unsigned long changes;
	uint64_t chance;
	unsigned long replayed, changed;
	struct input latest;		/* parts of it go into the next */
	char now[PATH_SIZE + 32];	/* what is being replayed, for the last words */
} run;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void last_words(int signal_number)
{
	(void)signal_number;
	if (write(STDERR_FILENO, run.now, strlen(run.now)) < 0)
		_exit(1);
}

/* Xorshift (Marsaglia 2003); the state is never 0. */
static uint32_t draw(uint64_t *state, size_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (uint32_t)((*state >> 16) % below);
}

static uint64_t hash(const struct input *in)
{
	uint64_t h = 0xCBF29CE484222325;

	for (size_t i = 0; i < in->len; i++)
		h = (h ^ in->byte[i]) * 0x100000001B3;
	return h ? h : 1;
}

/* n bytes at `at` move to `to`; what lies behind follows. */
static void move_tail(struct input *in, size_t at, size_t to)
{
	size_t n = in->len - at;

	if (to + n > sizeof in->byte)
		n = sizeof in->byte - to;
	memmove(in->byte + to, in->byte + at, n);
	in->len = to + n;
}

static void change(struct input *in, uint64_t *state)
{
	static const uint8_t odd[] = { 0x00, 0x01, 0x7F, 0x80, 0x81, 0xFE, 0xFF, 0x20, 0x21 };
	size_t at = in->len ? draw(state, in->len) : 0;
	size_t n = 1 + draw(state, 8);

	if (in->len == 0) {
		in->byte[in->len++] = (uint8_t)draw(state, 256);
		return;
	}
	switch (draw(state, 6)) {
	case 0:
		in->byte[at] ^= (uint8_t)(1u << draw(state, 8));
		break;
	case 1:
		in->byte[at] = odd[draw(state, sizeof odd)];
		break;
	case 2:
		in->byte[at] = (uint8_t)draw(state, 256);
		break;
	case 3:
		move_tail(in, at + n < in->len ? at + n : in->len, at);
		break;
	case 4:		/* a piece twice */
		if (at + n <= in->len)
			move_tail(in, at, at + n);
		break;
	default:	/* a piece of the one before */
		for (size_t i = 0; i < n && at + i < in->len && at + i < run.latest.len; i++)
			in->byte[at + i] = run.latest.byte[at + i];
		break;
	}
}

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t n, size_t max)
{
	struct input in = { .len = n };

	memcpy(in.byte, bytes, n);
	change(&in, &run.chance);
	n = in.len < max ? in.len : max;
	memcpy(bytes, in.byte, n);
	return n;
}

static void change_often(struct input *in)
{
	size_t changes = 1 + draw(&run.chance, 4);

	if (LLVMFuzzerCustomMutator && draw(&run.chance, 4) > 0) {
		in->len = LLVMFuzzerCustomMutator(in->byte, in->len, sizeof in->byte,
			draw(&run.chance, UINT32_MAX));
		return;
	}
	for (size_t k = 0; k < changes; k++)
		change(in, &run.chance);
}

/* From the heap and of its exact size, so that a sanitizer sees who reads beyond. */
static void play(const struct input *in)
{
	uint8_t *exact = malloc(in->len ? in->len : 1);

	if (!exact)
		die("malloc");
	memcpy(exact, in->byte, in->len);
	LLVMFuzzerTestOneInput(exact, in->len);
	free(exact);
}

static void replay_file(const char *path)
{
	struct input in, copy;
	FILE *f = fopen(path, "rb");

	if (!f)
		die(path);
	in.len = fread(in.byte, 1, sizeof in.byte, f);
	if (ferror(f) || fclose(f) != 0)
		die(path);
	snprintf(run.now, sizeof run.now, "while replaying %s\n", path);
	play(&in);
	run.replayed++;
	run.chance = hash(&in);
	for (unsigned long i = 1; i <= run.changes; i++) {
		snprintf(run.now, sizeof run.now, "while replaying %s, change %lu\n", path, i);
		copy = in;
		change_often(&copy);
		play(&copy);
		run.changed++;
	}
	run.latest = in;
}

static void replay(const char *path)
{
	struct dirent **found;
	struct stat s;
	int n;

	if (stat(path, &s) != 0)
		die(path);
	if (!S_ISDIR(s.st_mode)) {
		replay_file(path);
		return;
	}
	n = scandir(path, &found, NULL, alphasort);
	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		char file[PATH_SIZE];

		if (snprintf(file, sizeof file, "%s/%s", path, found[i]->d_name) >= PATH_SIZE)
			die(path);
		if (found[i]->d_name[0] != '.')
			replay_file(file);
		free(found[i]);
	}
	free(found);
}

int main(int argc, char **argv)
{
	signal(SIGABRT, last_words);
	for (int i = 1; i < argc; i++)
		if (strncmp(argv[i], "-changes=", 9) == 0)
			run.changes = strtoul(argv[i] + 9, NULL, 10);
		else
			replay(argv[i]);
	printf("%lu inputs, %lu changed copies\n", run.replayed, run.changed);
	return run.replayed > 0 ? 0 : 1;
}
