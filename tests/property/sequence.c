/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The generator knows when each flow sent last, and nothing else of what will happen: before time
 * passes it lets those send that would be idle for too long, but for a few, which are to be
 * forgotten. Changes come in bursts, with and without packets, sweeps and grace periods between
 * them.
 */
#include "sequence.h"

#include "abi.h"
#include "intent.h"

#include <stdio.h>
#include <stdlib.h>

#define STEPS		     200
#define CRAMPED_ONE_IN	     4
#define RING_BITS_MAX	     10
#define WEIGHT_MAX	     40
#define CHANGES_PER_STEP_MAX 4
#define OPENS_PER_STEP_MAX   8
#define NEVER		     0

struct generator {
	struct sequence sequence;
	uint64_t seed;
	uint64_t draws;
	uint32_t now_s;
	uint32_t sent_s[INTENT_FLOWS]; /* NEVER: the flow is over */
	uint8_t vip, backend;	       /* that is being changed */
};

bool sequence_is_cramped(uint64_t seed)
{
	return seed % CRAMPED_ONE_IN == CRAMPED_ONE_IN - 1;
}

/* ---- chance ---- */

static uint32_t below(struct generator *generator, uint32_t bound)
{
	uint64_t draw = carom_mix(++generator->draws, carom_mix(generator->seed, 1));

	return (uint32_t)(draw >> 32) % bound;
}

static bool in_percent(struct generator *generator, uint32_t percent)
{
	return below(generator, 100) < percent;
}

static uint32_t one_of(struct generator *generator, const uint8_t *choices, size_t count)
{
	return choices[below(generator, (uint32_t)count)];
}

#define ONE_OF(generator, ...)                                                                     \
	one_of(generator, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

/* ---- emitting ---- */

static void emit(struct generator *generator, struct operation operation)
{
	struct sequence *sequence = &generator->sequence;

	if (sequence->count == sequence->room) {
		sequence->room = sequence->room ? 2 * sequence->room : 1024;
		sequence->operations = reallocarray(sequence->operations, sequence->room,
						    sizeof(sequence->operations[0]));
		if (!sequence->operations) {
			fputs("property: out of memory\n", stderr);
			exit(EXIT_FAILURE);
		}
	}
	sequence->operations[sequence->count++] = operation;
}

static void emit_packet(struct generator *generator, enum operation_kind kind, size_t flow)
{
	emit(generator, (struct operation){.kind = kind, .flow = (uint8_t)flow});
	generator->sent_s[flow] = generator->now_s;
}

/* ---- packets ---- */

static void open_flows(struct generator *generator)
{
	for (uint32_t left = below(generator, OPENS_PER_STEP_MAX + 1); left; left--) {
		size_t flow = below(generator, INTENT_FLOWS);

		if (in_percent(generator, 90))
			emit_packet(generator, OPERATION_OPEN, flow);
		if (in_percent(generator, 80))
			emit_packet(generator, OPERATION_SEND, flow);
	}
}

/* Some acknowledge the server's FIN, and some use their port again at once. */
static void end_flow(struct generator *generator, size_t flow)
{
	emit(generator, (struct operation){.kind = OPERATION_END,
					   .flow = (uint8_t)flow,
					   .value = below(generator, 2)});
	if (in_percent(generator, 50))
		emit_packet(generator, OPERATION_SEND, flow);
	generator->sent_s[flow] = NEVER;
	if (in_percent(generator, 50))
		emit_packet(generator, OPERATION_OPEN, flow);
}

static void send_some(struct generator *generator)
{
	uint32_t percent = ONE_OF(generator, 0, 2, 5, 20);
	uint32_t blind_percent = ONE_OF(generator, 0, 0, 2, 10);

	for (size_t i = 0; i < INTENT_FLOWS; i++) {
		if (in_percent(generator, blind_percent))
			emit(generator, (struct operation){.kind = OPERATION_BLIND,
							   .flow = (uint8_t)i,
							   .value = below(generator, UINT32_MAX)});
		if (generator->sent_s[i] == NEVER || !in_percent(generator, percent))
			continue;
		if (in_percent(generator, 10))
			end_flow(generator, i);
		else
			emit_packet(generator, OPERATION_SEND, i);
	}
}

/* So that `seconds` can pass. */
static void keep_alive(struct generator *generator, uint32_t seconds)
{
	for (size_t i = 0; i < INTENT_FLOWS; i++) {
		uint32_t last_s = generator->sent_s[i];

		if (last_s == NEVER ||
		    generator->now_s + seconds - last_s <= SEQUENCE_IDLE_TIMEOUT_S)
			continue;
		if (in_percent(generator, 95))
			emit_packet(generator, OPERATION_SEND, i);
		else
			generator->sent_s[i] = NEVER;
	}
}

/* ---- time ---- */

static void wait_for(struct generator *generator, uint32_t seconds)
{
	emit(generator, (struct operation){.kind = OPERATION_WAIT, .value = seconds});
	generator->now_s += seconds;
}

/* As caromd does, once a second; or late, which must do as well. */
static void let_time_pass(struct generator *generator)
{
	uint32_t seconds = ONE_OF(generator, 0, 0, 0, 1, 1, 1, 2, 3, 5, 11, 20, 40, 60, 100);
	bool each_second = in_percent(generator, 10);

	keep_alive(generator, seconds);
	for (uint32_t i = 0; each_second && i < seconds; i++) {
		wait_for(generator, 1);
		emit(generator, (struct operation){.kind = OPERATION_SWEEP});
	}
	if (!each_second && seconds)
		wait_for(generator, seconds);
	if (!each_second && in_percent(generator, 50))
		emit(generator, (struct operation){.kind = OPERATION_SWEEP});
}

/* ---- changes ---- */

static uint32_t value_for(struct generator *generator, enum operation_kind kind)
{
	if (kind == OPERATION_ADD || kind == OPERATION_WEIGHT)
		return in_percent(generator, 10) ? 0 : 1 + below(generator, WEIGHT_MAX);
	if (kind == OPERATION_RESIZE)
		return CAROM_RING_BITS_MIN +
		       below(generator, RING_BITS_MAX - CAROM_RING_BITS_MIN + 1);
	return below(generator, 2);
}

static void change(struct generator *generator)
{
	/* What takes backends away is rarer than what brings them, or none would be left. */
	enum operation_kind kind =
		ONE_OF(generator, OPERATION_ADD, OPERATION_ADD, OPERATION_ADD, OPERATION_REMOVE,
		       OPERATION_REMOVE, OPERATION_WEIGHT, OPERATION_WEIGHT, OPERATION_WEIGHT,
		       OPERATION_DRAIN, OPERATION_DRAIN, OPERATION_UNDRAIN, OPERATION_UNDRAIN,
		       OPERATION_UNDRAIN, OPERATION_DISABLE, OPERATION_DOWN, OPERATION_DOWN,
		       OPERATION_UP, OPERATION_UP, OPERATION_UP, OPERATION_RESIZE,
		       OPERATION_ON_DOWN, OPERATION_TRACK, OPERATION_ADD_VIP, OPERATION_REMOVE_VIP);

	/* One thing is changed to and fro, more often than not. */
	if (in_percent(generator, 40)) {
		generator->vip = (uint8_t)intent_flow_vip(below(generator, INTENT_FLOWS));
		generator->backend = (uint8_t)below(generator, INTENT_BACKENDS);
	}
	emit(generator, (struct operation){
				.kind = kind,
				.vip = generator->vip,
				.backend = generator->backend,
				.value = value_for(generator, kind),
			});
}

/* A VIP that is away for a moment must not find again what it left. */
static void replace_vip(struct generator *generator)
{
	emit(generator, (struct operation){.kind = OPERATION_REMOVE_VIP, .vip = generator->vip});
	emit(generator, (struct operation){.kind = OPERATION_COMMIT});
	if (in_percent(generator, 50))
		emit(generator, (struct operation){.kind = OPERATION_RECLAIM});
	emit(generator, (struct operation){.kind = OPERATION_ADD_VIP, .vip = generator->vip});
}

static void change_some(struct generator *generator)
{
	for (uint32_t left = 1 + below(generator, CHANGES_PER_STEP_MAX); left; left--)
		change(generator);
	if (in_percent(generator, 5))
		replace_vip(generator);
	if (in_percent(generator, 80))
		emit(generator, (struct operation){.kind = OPERATION_COMMIT});
	if (in_percent(generator, 60))
		emit(generator, (struct operation){.kind = OPERATION_RECLAIM});
	if (in_percent(generator, 5))
		emit(generator, (struct operation){.kind = OPERATION_RESTART});
}

/* ---- all together ---- */

struct sequence sequence_new(uint64_t seed)
{
	struct generator generator = {.seed = seed, .now_s = 1};
	uint32_t percent_changed;

	/* Now and then where 16 bits of the clock are about to wrap. */
	if (in_percent(&generator, 30))
		generator.now_s = UINT16_MAX - below(&generator, 1000);
	generator.sequence.start_s = generator.now_s;
	percent_changed = ONE_OF(&generator, 10, 30, 80);
	for (size_t step = 0; step < STEPS; step++) {
		let_time_pass(&generator);
		if (in_percent(&generator, percent_changed))
			change_some(&generator);
		open_flows(&generator);
		send_some(&generator);
	}
	return generator.sequence;
}

void sequence_done(struct sequence *sequence)
{
	free(sequence->operations);
}

/* ---- for people ---- */

struct kind_text {
	const char *verb;
	const char *unit; /* of the value; NULL: it has none */
	enum { OF_BACKEND, OF_VIP, OF_FLOW, OF_ALL } subject;
};

static const struct kind_text kind_texts[OPERATION_KINDS] = {
	[OPERATION_ADD] = {"add", "weight", OF_BACKEND},
	[OPERATION_REMOVE] = {"remove", NULL, OF_BACKEND},
	[OPERATION_WEIGHT] = {"weigh", "weight", OF_BACKEND},
	[OPERATION_DRAIN] = {"drain", NULL, OF_BACKEND},
	[OPERATION_UNDRAIN] = {"undrain", NULL, OF_BACKEND},
	[OPERATION_DISABLE] = {"disable", NULL, OF_BACKEND},
	[OPERATION_DOWN] = {"down", NULL, OF_BACKEND},
	[OPERATION_UP] = {"up", NULL, OF_BACKEND},
	[OPERATION_RESIZE] = {"resize", "ring bits", OF_VIP},
	[OPERATION_ON_DOWN] = {"on_down", "0 keep, 1 reset:", OF_VIP},
	[OPERATION_TRACK] = {"track", "0 changes, 1 always:", OF_VIP},
	[OPERATION_ADD_VIP] = {"add vip", NULL, OF_VIP},
	[OPERATION_REMOVE_VIP] = {"remove vip", NULL, OF_VIP},
	[OPERATION_COMMIT] = {"commit", NULL, OF_ALL},
	[OPERATION_RECLAIM] = {"a grace period ends", NULL, OF_ALL},
	[OPERATION_RESTART] = {"restart", NULL, OF_ALL},
	[OPERATION_WAIT] = {"wait", "seconds", OF_ALL},
	[OPERATION_SWEEP] = {"sweep", NULL, OF_ALL},
	[OPERATION_OPEN] = {"open", NULL, OF_FLOW},
	[OPERATION_SEND] = {"send", NULL, OF_FLOW},
	[OPERATION_END] = {"end", "0 FIN, 1 RST:", OF_FLOW},
	[OPERATION_BLIND] = {"blind SYN", "chance", OF_FLOW},
};

static const char *format_subject(const struct operation *operation, char *ret_text, size_t bytes)
{
	ret_text[0] = '\0';
	switch (kind_texts[operation->kind].subject) {
	case OF_BACKEND:
		snprintf(ret_text, bytes, " %s of %s", intent_backend_name(operation->backend),
			 intent_service(operation->vip)->name);
		break;
	case OF_VIP: snprintf(ret_text, bytes, " %s", intent_service(operation->vip)->name); break;
	case OF_FLOW:
		snprintf(ret_text, bytes, " flow %u of %s", operation->flow,
			 intent_service(intent_flow_vip(operation->flow))->name);
		break;
	case OF_ALL: break;
	}
	return ret_text;
}

const char *operation_format(const struct operation *operation, char ret_text[OPERATION_TEXT_BYTES])
{
	const struct kind_text *text = &kind_texts[operation->kind];
	char subject[OPERATION_TEXT_BYTES / 2];

	format_subject(operation, subject, sizeof(subject));
	if (text->unit)
		snprintf(ret_text, OPERATION_TEXT_BYTES, "%s%s, %s %u", text->verb, subject,
			 text->unit, operation->value);
	else
		snprintf(ret_text, OPERATION_TEXT_BYTES, "%s%s", text->verb, subject);
	return ret_text;
}
