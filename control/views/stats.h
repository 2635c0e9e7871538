/* SPDX-License-Identifier: BSD-2-Clause */
/* One reading of all counters. */
#ifndef CAROM_STATS_H
#define CAROM_STATS_H

#include <stddef.h>
#include <stdint.h>

struct engine;

struct stats_traffic {
	uint64_t packets;
	uint64_t bytes; /* of the clients' IP packets */
	uint64_t connections;
};

struct stats_backend {
	const char *name;
	struct stats_traffic traffic;
	uint64_t flows; /* recorded, and living */
};

struct stats_vip {
	const char *name;
	struct stats_traffic traffic; /* with what removed backends had counted */
	uint64_t flows;
	uint64_t tracked_slots;
	const uint64_t *reasons; /* packets not forwarded, by reason */
	const struct stats_backend *backends;
	size_t backend_count;
};

struct stats_flow_table {
	uint64_t used; /* by living flows */
	uint64_t limit;
	/* Since the maps were made: */
	uint64_t recorded;
	uint64_t rate_limited; /* not recorded: too many in that second */
	uint64_t table_full;   /* not recorded: all places that it could take were taken */
};

/* Everything in it lives until stats_free(). Flows are those of the last sweep. */
struct stats {
	const struct stats_vip *vips;
	size_t vip_count;
	const uint64_t *unattributed; /* by reason: to a VIP's address, but no VIP is known */
	struct stats_flow_table flow_table;
};

/* NULL: out of memory. */
struct stats *stats_new(const struct engine *engine);
void stats_free(struct stats *stats);

struct stats_reason {
	const char *name;   /* "no_backend" */
	const char *action; /* "drop", "pass", "aborted" */
	const char *help;
};

/* The reasons that index the arrays above. Static. */
size_t stats_reasons(const struct stats_reason **ret_reasons);

#endif
