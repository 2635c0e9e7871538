/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The flow table's clock: seconds that caromd was there to count. It begins where the predecessor
 * left it. After a standstill (a stop, a suspended machine, a slow disk) it goes on from where it
 * stood, for packets of living flows could not renew their records by a clock that stood. Pure.
 */
#ifndef CAROM_FLOW_CLOCK_H
#define CAROM_FLOW_CLOCK_H

#include <stdint.h>

/* The most that the clock advances at once, whatever time has passed. */
#define FLOW_CLOCK_STEP_MS_MAX 1000

struct flow_clock {
	uint32_t start_s;
	uint64_t counted_ms;
	uint64_t last_ms; /* of any steady clock: the last call */
};

void flow_clock_init(struct flow_clock *clock, uint32_t start_s, uint64_t now_ms);
/* Returns the clock's time in seconds, now that the steady clock shows now_ms. */
uint32_t flow_clock_advance(struct flow_clock *clock, uint64_t now_ms);

#endif
