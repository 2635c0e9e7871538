/* SPDX-License-Identifier: BSD-2-Clause */
#include "flow_clock.h"

#define MS_PER_S 1000

void flow_clock_init(struct flow_clock *clock, uint32_t start_s, uint64_t now_ms)
{
	*clock = (struct flow_clock){.start_s = start_s, .last_ms = now_ms};
}

uint32_t flow_clock_advance(struct flow_clock *clock, uint64_t now_ms)
{
	uint64_t passed_ms = now_ms - clock->last_ms;

	clock->last_ms = now_ms;
	clock->counted_ms +=
		passed_ms < FLOW_CLOCK_STEP_MS_MAX ? passed_ms : FLOW_CLOCK_STEP_MS_MAX;
	return clock->start_s + (uint32_t)(clock->counted_ms / MS_PER_S);
}
