/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line. Unless told how large the flow tables are, it runs the trace twice: with twice
 * the room that a node's connections need, and with a tenth of it.
 */
#include "fleet_report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#define NODES		4
#define CONNECTIONS	20000
#define CONNECTIONS_MAX 1000000
#define EVENTS		40
#define EVENTS_MAX	10000
#define FLOWS_MIN	8
#define FLOWS_MAX	(1u << 24)
#define SEED		1
#define SIZES_MAX	2

struct command {
	struct simulation_options simulation;
	uint32_t flows; /* 0: both sizes */
	bool json;
};

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: bench_fleet [--json] [--resilient] [--nodes N] [--connections N]\n"
	      "                   [--events N] [--seed N] [--flows N]\n"
	      "  --resilient    ECMP moves the flows of the node that leaves, and no others\n"
	      "  --nodes        default 4, at most 16\n"
	      "  --connections  alive at a time; default 20000\n"
	      "  --events       default 40\n"
	      "  --flows        that a node's table has room for; default: first twice a node's\n"
	      "                 connections, then a tenth of them\n",
	      stderr);
	exit(EXIT_FAILURE);
}

static uint32_t parse_number(const char *text, uint32_t lowest, uint32_t highest)
{
	char *end;
	unsigned long number;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || number < lowest || number > highest) {
		fprintf(stderr, "bench_fleet: '%s' is not a number from %u to %u\n", text, lowest,
			highest);
		usage();
	}
	return (uint32_t)number;
}

static void set_option(struct command *command, int option, const char *text)
{
	struct simulation_options *simulation = &command->simulation;

	switch (option) {
	case 'j': command->json = true; break;
	case 'r': simulation->resilient = true; break;
	case 'n': simulation->nodes = parse_number(text, 1, FLEET_NODES_MAX); break;
	case 'c': simulation->connections = parse_number(text, 1, CONNECTIONS_MAX); break;
	case 's': simulation->seed = parse_number(text, 0, UINT32_MAX); break;
	case 'e': simulation->events = parse_number(text, 1, EVENTS_MAX); break;
	case 'f': command->flows = parse_number(text, FLOWS_MIN, FLOWS_MAX); break;
	default: usage();
	}
}

static struct command parse_command(int argument_count, char **arguments)
{
	static const struct option known[] = {
		{"json", no_argument, NULL, 'j'},
		{"resilient", no_argument, NULL, 'r'},
		{"nodes", required_argument, NULL, 'n'},
		{"connections", required_argument, NULL, 'c'},
		{"seed", required_argument, NULL, 's'},
		{"events", required_argument, NULL, 'e'},
		{"flows", required_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	struct command command = {
		.simulation = {NODES, CONNECTIONS, EVENTS, 0, SEED, false},
	};
	int option;

	while ((option = getopt_long(argument_count, arguments, "", known, NULL)) >= 0)
		set_option(&command, option, optarg);
	if (optind < argument_count)
		usage();
	return command;
}

/* Returns how many sizes of the table there are to try. */
static size_t choose_sizes(const struct command *command, uint32_t ret_sizes[SIZES_MAX])
{
	uint32_t share = command->simulation.connections / command->simulation.nodes;

	ret_sizes[0] = command->flows ? command->flows : share * 2 + FLOWS_MIN;
	ret_sizes[1] = share / 10 + FLOWS_MIN;
	return command->flows ? 1 : SIZES_MAX;
}

int main(int argument_count, char **arguments)
{
	struct command command = parse_command(argument_count, arguments);
	struct simulation_result results[SIZES_MAX];
	uint32_t sizes[SIZES_MAX];
	size_t count = choose_sizes(&command, sizes);

	for (size_t i = 0; i < count; i++) {
		command.simulation.flows = sizes[i];
		results[i] = simulation_run(&command.simulation);
		if (!command.json)
			report_print(&command.simulation, &results[i]);
	}
	if (command.json)
		report_print_json(results, count);
	else
		report_print_legend();
	return EXIT_SUCCESS;
}
