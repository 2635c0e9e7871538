/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A sequence of operations, made from a seed and from nothing else. Each operation means something
 * whatever came before it, so that any part of a sequence is a sequence.
 */
#ifndef CAROM_TESTS_SEQUENCE_H
#define CAROM_TESTS_SEQUENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEQUENCE_IDLE_TIMEOUT_S 100

enum operation_kind {
	OPERATION_ADD, /* a backend, of weight `value` */
	OPERATION_REMOVE,
	OPERATION_WEIGHT, /* `value` */
	OPERATION_DRAIN,
	OPERATION_UNDRAIN,
	OPERATION_DISABLE,
	OPERATION_DOWN, /* its next hop is gone */
	OPERATION_UP,
	OPERATION_RESIZE,  /* the ring, to 1 << `value` slots */
	OPERATION_ON_DOWN, /* `value`: enum config_on_down */
	OPERATION_TRACK,   /* `value`: enum config_tracking; only of TCP */
	OPERATION_ADD_VIP,
	OPERATION_REMOVE_VIP,
	OPERATION_COMMIT,
	OPERATION_RECLAIM,
	OPERATION_RESTART,
	OPERATION_WAIT, /* `value` seconds without a sweep */
	OPERATION_SWEEP,
	OPERATION_OPEN,	 /* a SYN; of UDP a packet like any other */
	OPERATION_SEND,	 /* any other packet of the flow */
	OPERATION_END,	 /* TCP: its FIN or RST, by `value` */
	OPERATION_BLIND, /* TCP: a SYN that somebody made up; `value`: by chance */
	OPERATION_KINDS
};

struct operation {
	enum operation_kind kind;
	uint8_t vip;
	uint8_t backend;
	uint8_t flow;
	uint32_t value;
};

struct sequence {
	uint32_t start_s; /* what the clock says at first */
	struct operation *operations;
	size_t count;
	size_t room;
};

/* Whether this seed's sequence is for a flow table that is too small. */
bool sequence_is_cramped(uint64_t seed);

/* Ends the program when memory is out. */
struct sequence sequence_new(uint64_t seed);
void sequence_done(struct sequence *sequence);

#define OPERATION_TEXT_BYTES 80

/* Returns ret_text. */
const char *operation_format(const struct operation *operation,
			     char ret_text[OPERATION_TEXT_BYTES]);

#endif
