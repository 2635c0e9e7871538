/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What would become of a packet: a twin of the balancer's program, which shares its maps and
 * changes nothing, is run on it, and says what it decided (struct carom_explanation).
 */
#ifndef CAROM_EXPLAIN_H
#define CAROM_EXPLAIN_H

#include "dataplane.h"

#include <stddef.h>
#include <stdint.h>

/* What the kernel runs a program on: a frame that fits one page. */
#define EXPLAIN_FRAME_BYTES_MIN 14
#define EXPLAIN_FRAME_BYTES_MAX 3072
#define EXPLAIN_OUTER_BYTES_MAX 40

struct explain_packet {
	const uint8_t *frame; /* borrowed */
	size_t length;	      /* EXPLAIN_FRAME_BYTES_MIN … EXPLAIN_FRAME_BYTES_MAX */
	uint32_t interface;   /* ifindex that it comes in by */
};

struct explain_result {
	uint32_t action; /* enum xdp_action */
	struct carom_explanation decided;
	size_t length;
	uint8_t frame[EXPLAIN_FRAME_BYTES_MAX + EXPLAIN_OUTER_BYTES_MAX];
};

struct explain;

/* Loads the twin, which takes more capabilities than running it (CAP_BPF). dataplane: borrowed
 * until explain_free(). NULL on failure, described. */
struct explain *explain_new(const struct dataplane *dataplane, struct error *ret_error);
void explain_free(struct explain *explain);

/* A few microseconds; sees what is published now. Returns 0 or -1. */
int explain_run(const struct explain *explain, const struct explain_packet *packet,
		struct explain_result *ret_result, struct error *ret_error);

#endif
