/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * property [--seed N] [--sequences N] [--trace]
 *
 * The proof by trial that connections stay whole: random sequences of changes, time and packets
 * through the real program, each packet judged by a model that knows what its flow is owed. Every
 * sequence follows from its seed: N, N + 1, … A failing one is shrunk and told operation by
 * operation. Needs root.
 */
#include "shrink.h"
#include "world.h"

#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <stdlib.h>

#define SEED_DEFAULT	  1
#define SEQUENCES_DEFAULT 1000

struct options {
	uint64_t seed;
	uint64_t sequences;
	bool is_traced;
};

static uint64_t parse_number(const char *name, const char *text)
{
	char *end;
	uint64_t number = strtoull(text, &end, 10);

	if (end == text || *end) {
		fprintf(stderr, "property: %s is a number, not '%s'\n", name, text);
		exit(EXIT_FAILURE);
	}
	return number;
}

static struct options parse_options(int count, char **arguments)
{
	static const struct option known[] = {
		{"seed", required_argument, NULL, 's'},
		{"sequences", required_argument, NULL, 'n'},
		{"trace", no_argument, NULL, 't'},
		{0},
	};
	struct options options = {.seed = SEED_DEFAULT, .sequences = SEQUENCES_DEFAULT};
	int option;

	while ((option = getopt_long(count, arguments, "", known, NULL)) != -1) {
		switch (option) {
		case 's': options.seed = parse_number("--seed", optarg); break;
		case 'n': options.sequences = parse_number("--sequences", optarg); break;
		case 't': options.is_traced = true; break;
		default: exit(EXIT_FAILURE);
		}
	}
	return options;
}

/* Flows are paced by CPU, so what happens must not depend on where. */
static void stay_on_this_cpu(void)
{
	cpu_set_t cpus;

	CPU_ZERO(&cpus);
	CPU_SET((size_t)sched_getcpu(), &cpus);
	if (sched_setaffinity(0, sizeof(cpus), &cpus))
		perror("property: cannot stay on one CPU");
}

static size_t try_sequence(void *context, const struct sequence *sequence)
{
	struct world_result result = world_perform(context, sequence, NULL);

	return result.is_kept ? 0 : result.done;
}

static void report(struct world *world, struct sequence *sequence, uint64_t seed,
		   const struct world_result *found)
{
	struct world_result result;

	printf("seed %" PRIu64 " breaks the promise: %s\n", seed, found->verdict);
	fflush(stdout);
	sequence->count = found->done;
	shrink(sequence, try_sequence, world);
	printf("It takes these %zu of %zu operations:\n", sequence->count, found->done);
	result = world_perform(world, sequence, stdout);
	printf("%s\nAll of it again: property --seed %" PRIu64 " --sequences 1 --trace\n",
	       result.verdict, seed);
}

/* Returns whether the promise was kept. */
static bool run_seed(struct world *world, uint64_t seed, bool is_traced, uint64_t *packets)
{
	struct sequence sequence = sequence_new(seed);
	struct world_result result = world_perform(world, &sequence, is_traced ? stdout : NULL);

	*packets += result.packets;
	if (!result.is_kept)
		report(world, &sequence, seed, &result);
	sequence_done(&sequence);
	return result.is_kept;
}

/* Those sequences that are for this kind of flow table. */
static bool run_all(const struct options *options, bool is_cramped, uint64_t *packets)
{
	struct world *world = NULL;
	bool is_kept = true;

	for (uint64_t i = 0; is_kept && i < options->sequences; i++) {
		uint64_t seed = options->seed + i;

		if (sequence_is_cramped(seed) != is_cramped)
			continue;
		if (!world)
			world = world_new(is_cramped);
		is_kept = run_seed(world, seed, options->is_traced, packets);
	}
	world_free(world);
	return is_kept;
}

int main(int count, char **arguments)
{
	struct options options = parse_options(count, arguments);
	uint64_t packets = 0;
	bool is_kept;

	stay_on_this_cpu();
	is_kept = run_all(&options, false, &packets) && run_all(&options, true, &packets);
	if (is_kept)
		printf("%" PRIu64 " sequences from seed %" PRIu64 ", %" PRIu64
		       " packets: none of them left its backend\n",
		       options.sequences, options.seed, packets);
	return is_kept ? EXIT_SUCCESS : EXIT_FAILURE;
}
