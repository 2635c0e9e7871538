/* SPDX-License-Identifier: BSD-2-Clause */
#include "twin.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOOPBACK 1

static void __attribute__((noreturn, format(printf, 1, 2))) give_up(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("twin: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

struct explain_result twin_run(const struct explain *twin, const struct frame *frame)
{
	struct explain_packet packet = {
		.frame = frame->bytes,
		.length = frame->length,
		.interface = LOOPBACK,
	};
	struct explain_result result;
	struct error error;

	if (explain_run(twin, &packet, &result, &error))
		give_up("a frame of %zu bytes: %s", frame->length, error.message);
	return result;
}

/* What packets write to. */
struct part {
	const char *name;
	const void *bytes;
	size_t length;
};

#define PART_COUNT 7

static void list_parts(const struct dataplane_memory *memory, struct part parts[PART_COUNT])
{
	size_t lanes = memory->lane_count;
	const struct part list[PART_COUNT] = {
		{"counters", memory->counters,
		 lanes * memory->counters_per_lane * sizeof(memory->counters[0])},
		{"reasons", memory->reasons,
		 lanes * memory->reasons_per_lane * sizeof(memory->reasons[0])},
		{"recorders", memory->recorders, lanes * sizeof(memory->recorders[0])},
		{"shares", memory->shares, memory->reasons_per_lane * sizeof(memory->shares[0])},
		{"flows", memory->flows, memory->flow_count * sizeof(memory->flows[0])},
		{"changed_at", memory->changed_at,
		 memory->slot_count * sizeof(memory->changed_at[0])},
		{"control", memory->page->mapped, sizeof(*memory->page->mapped)},
	};

	memcpy(parts, list, sizeof(list));
}

struct explain_result twin_run_guarded(const struct explain *twin,
				       const struct dataplane_memory *memory,
				       const struct frame *frame)
{
	struct part parts[PART_COUNT];
	void *copies[PART_COUNT];
	struct explain_result result;

	list_parts(memory, parts);
	for (size_t i = 0; i < PART_COUNT; i++) {
		copies[i] = malloc(parts[i].length);
		if (!copies[i])
			give_up("out of memory");
		memcpy(copies[i], parts[i].bytes, parts[i].length);
	}
	result = twin_run(twin, frame);
	for (size_t i = 0; i < PART_COUNT; i++) {
		if (memcmp(copies[i], parts[i].bytes, parts[i].length) != 0)
			give_up("a frame of %zu bytes: the twin changed the map '%s'",
				frame->length, parts[i].name);
		free(copies[i]);
	}
	return result;
}

static void dump(const char *who, uint32_t action, const uint8_t *bytes, size_t length)
{
	fprintf(stderr, "%s: XDP action %u and %zu bytes:", who, action, length);
	for (size_t i = 0; i < length; i++)
		fprintf(stderr, " %02x", bytes[i]);
	fputc('\n', stderr);
}

void twin_compare(const struct explain_result *said, uint32_t action, const struct frame *frame)
{
	if (said->action == action && said->length == frame->length &&
	    memcmp(said->frame, frame->bytes, frame->length) == 0)
		return;
	dump("the balancer", action, frame->bytes, frame->length);
	dump("its twin    ", said->action, said->frame, said->length);
	give_up("they differ");
}
