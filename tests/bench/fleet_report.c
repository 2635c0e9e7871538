/* SPDX-License-Identifier: BSD-2-Clause */
#include "fleet_report.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

struct event_text {
	const char *label;
	const char *help;
};

static const struct event_text events[FLEET_EVENT_COUNT] = {
#define EVENT_TEXT(name, label, help) [FLEET_EVENT_##name] = {label, help},
	FLEET_EVENTS(EVENT_TEXT)
#undef EVENT_TEXT
};

static struct tally total(const struct simulation_result *result)
{
	struct tally sum = {0};

	for (size_t i = 0; i < FLEET_EVENT_COUNT; i++)
		simulation_add(&result->tallies[i], &sum);
	return sum;
}

static uint64_t mean_alive(const struct tally *tally)
{
	return tally->events ? tally->alive / tally->events : 0;
}

/* ---- for people ---- */

static void print_row(const char *label, const struct tally *tally)
{
	printf("%-8s%7" PRIu32 "%8" PRIu64 " |%8" PRIu64 "%8" PRIu64 "%11" PRIu64 " |%12" PRIu64
	       " |%8" PRIu64 "%8" PRIu64 "\n",
	       label, tally->events, mean_alive(tally), tally->broken[FLEET_CAROM],
	       tally->broken[FLEET_LRU], tally->broken[FLEET_STATELESS], tally->unavoidable,
	       tally->entries[FLEET_CAROM], tally->entries[FLEET_LRU]);
}

static void print_causes(const struct tally *sum)
{
	printf("ECMP moved %" PRIu64 " connections. Of the %" PRIu64 " that carom broke,\n",
	       sum->moved, sum->broken[FLEET_CAROM]);
	printf("%8" PRIu64 " moved to a node that took them for older than a change: wrongly,\n",
	       sum->causes[CAUSE_YOUNGER]);
	printf("%8" PRIu64 " moved to a node that did not know, or no more, where they began,\n",
	       sum->causes[CAUSE_FORGOTTEN]);
	printf("%8" PRIu64 " stayed with their node, which had no room to record them.\n",
	       sum->causes[CAUSE_UNRECORDED]);
}

void report_print_legend(void)
{
	puts("\nA break counts under the event that came last before it. Unavoidable: the backend "
	     "itself\nwas removed. Entries: the most in use at a time, over all nodes.");
	for (size_t i = 0; i < FLEET_EVENT_COUNT; i++)
		printf("  %-8s%s\n", events[i].label, events[i].help);
}

void report_print(const struct simulation_options *options, const struct simulation_result *result)
{
	struct tally sum = total(result);

	printf("\n%" PRIu32 " nodes with room for %" PRIu32 " flows each; %" PRIu64
	       " packets; seed %" PRIu64 "\n\n"
	       "                       |    connections broken by   |             |"
	       "    flow entries\n"
	       "event    events  alive |   carom     LRU  stateless | unavoidable |"
	       "   carom     LRU\n",
	       options->nodes, result->capacity, result->packets, options->seed);
	for (size_t i = 0; i < FLEET_EVENT_COUNT; i++)
		print_row(events[i].label, &result->tallies[i]);
	print_row("total", &sum);
	print_causes(&sum);
}

/* ---- JSON ---- */

static json_t *make_object(const char *label, uint32_t capacity, const struct tally *tally)
{
	const struct {
		const char *key;
		uint64_t value;
	} numbers[] = {
		{"flows", capacity},
		{"count", tally->events},
		{"alive", mean_alive(tally)},
		{"carom_broken", tally->broken[FLEET_CAROM]},
		{"lru_broken", tally->broken[FLEET_LRU]},
		{"stateless_broken", tally->broken[FLEET_STATELESS]},
		{"unavoidable", tally->unavoidable},
		{"carom_entries", tally->entries[FLEET_CAROM]},
		{"lru_entries", tally->entries[FLEET_LRU]},
		{"moved", tally->moved},
		{"carom_younger", tally->causes[CAUSE_YOUNGER]},
		{"carom_forgotten", tally->causes[CAUSE_FORGOTTEN]},
		{"carom_unrecorded", tally->causes[CAUSE_UNRECORDED]},
	};
	json_t *object = json_pack("{s:s}", "event", label);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		json_object_set_new(object, numbers[i].key,
				    json_integer((json_int_t)numbers[i].value));
	return object;
}

void report_print_json(const struct simulation_result *results, size_t count)
{
	json_t *array = fleet_taken(json_array());

	for (size_t i = 0; i < count; i++) {
		struct tally sum = total(&results[i]);

		for (size_t j = 0; j < FLEET_EVENT_COUNT; j++)
			json_array_append_new(array,
					      make_object(events[j].label, results[i].capacity,
							  &results[i].tallies[j]));
		json_array_append_new(array, make_object("total", results[i].capacity, &sum));
	}
	json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
}
