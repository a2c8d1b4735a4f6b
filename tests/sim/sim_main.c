/*
 * aurpd-sim: random worlds by the number.
 *
 *	aurpd-sim --worlds N [--seed S] [--jobs J]	lives through N worlds
 *	aurpd-sim --hash N [--seed S]			prints seed and digest of each
 *	aurpd-sim --show S				one world, its faults printed
 *
 * Ends with one line: "N seeds, H router-hours, P packets, V violations"; the
 * exit status is 0 only if V is 0. A world with a violation is told by its seed
 * and the shortest list of faults that shows it.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "random.h"
#include "shrink.h"

enum { JOBS_MAX = 64, EXIT_USAGE = 64 };

struct options {
	uint64_t worlds, seed;
	unsigned jobs;
	bool is_hash, is_show;
};

/* What all worlds of a job came to; travels through a pipe as it is. */
struct sums {
	uint64_t worlds, router_s, packets, violations, lookups, echoes, claims, reports;
	struct judged judged;
	uint64_t slowest_seed;
	int64_t slowest_us, slowest_bound_s;
};

/* --- one world ------------------------------------------------------------------------- */

static void explain(uint64_t seed, const struct faults *faults, const struct outcome *out)
{
	size_t n = faults->n;

	fprintf(stderr, "seed %" PRIu64 ": %zu violations, the first at %lld s: %s\n", seed,
		out->violations, (long long)(out->first.at.us / 1000000), out->first.text);
	n = shrink_world(seed, faults->list, n);
	fprintf(stderr, "seed %" PRIu64 ": still so with %zu of its %zu faults:\n", seed, n,
		faults->n);
	for (size_t i = 0; i < n; i++)
		fault_print(stderr, &faults->list[i]);
	(void)random_run(seed, faults->list, n, true);
}

static void add_judged(struct judged *all, const struct judged *more)
{
	all->strict += more->strict;
	all->lenient += more->lenient;
	all->forgiven += more->forgiven;
}

static void live(uint64_t seed, const struct options *options, struct sums *sums)
{
	struct faults faults = random_faults(seed);
	struct outcome out = random_run(seed, faults.list, faults.n, false);

	sums->worlds++;
	sums->router_s += out.router_s;
	sums->packets += out.packets;
	sums->violations += out.violations;
	sums->lookups += out.lookups;
	sums->echoes += out.echoes;
	sums->claims += out.claims;
	sums->reports += out.reports;
	add_judged(&sums->judged, &out.judged);
	if (out.converged.us > sums->slowest_us) {
		sums->slowest_us = out.converged.us;
		sums->slowest_seed = seed;
		sums->slowest_bound_s = span_to_s(out.bound);
	}
	if (options->is_hash)
		printf("%" PRIu64 " %016" PRIx64 "\n", seed, out.digest);
	if (out.violations > 0)
		explain(seed, &faults, &out);
	free(faults.list);
}

static int show(uint64_t seed)
{
	struct faults faults = random_faults(seed);
	struct world *w = random_map(seed);
	struct outcome out;

	map_print(stdout, w);
	world_free(w);
	for (size_t i = 0; i < faults.n; i++)
		fault_print(stdout, &faults.list[i]);
	out = random_run(seed, faults.list, faults.n, true);
	printf("%zu sites, %zu faults, %zu look-ups, %zu echoes, rest after %lld s, "
		"%zu violations\n", out.sites, faults.n, out.lookups, out.echoes,
		(long long)span_to_s(out.converged), out.violations);
	free(faults.list);
	return out.violations > 0;
}

/* --- many ------------------------------------------------------------------------------ */

static struct sums work(const struct options *options, unsigned job)
{
	struct sums sums = { 0 };

	for (uint64_t i = job; i < options->worlds; i += options->jobs)
		live(options->seed + i, options, &sums);
	return sums;
}

static void add(struct sums *all, const struct sums *more)
{
	all->worlds += more->worlds;
	all->router_s += more->router_s;
	all->packets += more->packets;
	all->violations += more->violations;
	all->lookups += more->lookups;
	all->echoes += more->echoes;
	all->claims += more->claims;
	all->reports += more->reports;
	add_judged(&all->judged, &more->judged);
	if (more->slowest_us > all->slowest_us) {
		all->slowest_us = more->slowest_us;
		all->slowest_seed = more->slowest_seed;
		all->slowest_bound_s = more->slowest_bound_s;
	}
}

/* A job in a process of its own; returns the pipe that its sums come through. */
static int start(const struct options *options, unsigned job)
{
	int ends[2];
	pid_t child;

	if (pipe(ends) < 0)
		return -1;
	fflush(stdout);
	child = fork();
	if (child == 0) {
		struct sums sums = work(options, job);

		fflush(stdout);
		_exit(write(ends[1], &sums, sizeof sums) == (ssize_t)sizeof sums ? 0 : 1);
	}
	close(ends[1]);
	return child < 0 ? -1 : ends[0];
}

/* False: a job died, and with it what it found. */
static bool collect(int end, struct sums *all)
{
	struct sums sums;
	ssize_t n;

	do
		n = read(end, &sums, sizeof sums);
	while (n < 0 && errno == EINTR);
	close(end);
	if (n == (ssize_t)sizeof sums)
		add(all, &sums);
	return n == (ssize_t)sizeof sums;
}

static bool run(const struct options *options, struct sums *all)
{
	bool is_whole = true;
	int ends[JOBS_MAX];

	if (options->jobs == 1) {
		*all = work(options, 0);
		return true;
	}
	for (unsigned i = 0; i < options->jobs; i++)
		ends[i] = start(options, i);
	for (unsigned i = 0; i < options->jobs; i++)
		is_whole &= ends[i] >= 0 && collect(ends[i], all);
	while (wait(NULL) > 0)
		;
	return is_whole;
}

static int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int report(const struct sums *all, bool is_whole, int64_t ms)
{
	uint64_t speed = all->router_s * 1000 / 3600 / (uint64_t)(ms > 0 ? ms : 1);

	printf("%" PRIu64 " look-ups and %" PRIu64 " echoes at rest; the slowest came to rest "
		"after %lld s (seed %" PRIu64 ", bound %lld s)\n", all->lookups, all->echoes,
		(long long)(all->slowest_us / 1000000), all->slowest_seed,
		(long long)all->slowest_bound_s);
	printf("%" PRIu64 " exports and datagrams judged strictly, %" PRIu64 " with allowance for "
		"turmoil in a ring (%" PRIu64 " needed it)\n", all->judged.strict,
		all->judged.lenient, all->judged.forgiven);
	printf("%" PRIu64 " cables claimed numbers of others, %" PRIu64 " reports of two owners\n",
		all->claims, all->reports);
	printf("%" PRIu64 " router-hours per second of wall time\n", speed);
	if (!is_whole)
		printf("a job died\n");
	printf("%" PRIu64 " seeds, %" PRIu64 " router-hours, %" PRIu64 " packets, %" PRIu64
		" violations\n", all->worlds, all->router_s / 3600, all->packets,
		all->violations + !is_whole);
	return all->violations > 0 || !is_whole;
}

/* --- options --------------------------------------------------------------------------- */

static int usage(void)
{
	fprintf(stderr, "usage: aurpd-sim --worlds N [--seed S] [--jobs J]\n"
		"       aurpd-sim --hash N [--seed S]\n       aurpd-sim --show S\n");
	return EXIT_USAGE;
}

static bool number(const char *text, uint64_t *out)
{
	char *end;

	errno = 0;
	*out = strtoull(text, &end, 10);
	return errno == 0 && *text >= '0' && *text <= '9' && *end == '\0';
}

static bool take(struct options *o, const char *name, const char *value)
{
	uint64_t n;

	if (!number(value, &n))
		return false;
	if (strcmp(name, "--worlds") == 0) {
		o->worlds = n;
	} else if (strcmp(name, "--hash") == 0) {
		o->worlds = n;
		o->is_hash = true;
	} else if (strcmp(name, "--seed") == 0) {
		o->seed = n;
	} else if (strcmp(name, "--show") == 0) {
		o->seed = n;
		o->is_show = true;
	} else if (strcmp(name, "--jobs") == 0 && n >= 1 && n <= JOBS_MAX) {
		o->jobs = (unsigned)n;
	} else {
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct options options = { .seed = 1, .jobs = 1 };
	struct sums all = { 0 };
	int64_t from = wall_ms();
	bool is_whole;

	for (int i = 1; i < argc; i += 2)
		if (i + 1 == argc || !take(&options, argv[i], argv[i + 1]))
			return usage();
	if (options.is_show)
		return show(options.seed);
	if (options.worlds == 0)
		return usage();
	if (options.is_hash)
		options.jobs = 1;
	is_whole = run(&options, &all);
	return options.is_hash ? all.violations > 0 : report(&all, is_whole, wall_ms() - from);
}
