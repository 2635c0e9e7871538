/* SPDX-License-Identifier: BSD-2-Clause */
/* All counters as Prometheus' text format 0.0.4, and as JSON. Pure. */
#ifndef CAROM_METRICS_H
#define CAROM_METRICS_H

#include "stats.h"
#include "text.h"

#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics {
	const struct stats *stats;
	const struct stats_reason *reasons; /* what the stats' reasons are indexed by */
	size_t reason_count;
	uint64_t revision;
	bool is_ready;
	const char *version; /* of caromd */
};

/* The caller owns the text. */
struct text metrics_prometheus(const struct metrics *metrics);
struct text metrics_json(const struct metrics *metrics);

#endif
