/* SPDX-License-Identifier: BSD-2-Clause */
/* One reading of everything that is counted, for whoever writes it down. */
#ifndef CAROM_COMMANDS_STATS_H
#define CAROM_COMMANDS_STATS_H

#include "commands.h"

struct commands_traffic {
	uint64_t packets;
	uint64_t bytes; /* of the clients' IP packets */
	uint64_t connections;
};

struct commands_backend_stats {
	const char *name;
	struct commands_traffic traffic;
	uint64_t flows; /* recorded, and living */
};

struct commands_vip_stats {
	const char *name;
	struct commands_traffic traffic; /* with what removed backends had counted */
	uint64_t flows;
	uint64_t tracked_slots;
	const uint64_t *reasons; /* packets not forwarded, by reason */
	const struct commands_backend_stats *backends;
	size_t backend_count;
};

struct commands_flow_table {
	uint64_t used; /* by living flows */
	uint64_t limit;
	/* Since the maps were made: */
	uint64_t recorded;
	uint64_t rate_limited; /* not recorded: too many in that second */
	uint64_t table_full;   /* not recorded: all places that it could take were taken */
};

/* Everything in it lives until commands_stats_free(). Flows are those of the last sweep. */
struct commands_stats {
	const struct commands_vip_stats *vips;
	size_t vip_count;
	const uint64_t *unattributed; /* by reason: to a VIP's address, but no VIP is known */
	struct commands_flow_table flow_table;
};

/* NULL: out of memory. */
struct commands_stats *commands_stats_new(const struct commands *commands);
void commands_stats_free(struct commands_stats *stats);

struct commands_reason {
	const char *name;   /* "no_backend" */
	const char *action; /* "drop", "pass", "aborted" */
	const char *help;
};

/* The reasons that index the arrays above. Static. */
size_t commands_reasons(const struct commands_reason **ret_reasons);

#endif
