/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What caromd does between a desired state and the maps, with neither a loop nor REST around it:
 * the real plan and the real publishing, over the real program that is attached nowhere. Any
 * failure ends the program with a message.
 */
#ifndef CAROM_TESTS_DEPLOYMENT_H
#define CAROM_TESTS_DEPLOYMENT_H

#include "config.h"
#include "harness.h"
#include "plan.h"

#include <stdbool.h>
#include <stdint.h>

struct deployment {
	struct harness harness;
	struct config *desired;
	struct config *planned; /* what the published image was planned from; NULL: not known */
	struct facts facts;
	bool facts_changed; /* since the last commit */
};

struct deployment deployment_open(const struct dataplane_limits *limits,
				  facts_find_next_hop *find_next_hop, const void *next_hops);
void deployment_close(struct deployment *deployment);

/* As if just started for the first time, at this second: no VIPs, no flows. */
void deployment_begin(struct deployment *deployment, uint32_t now_s);

/* Edits of the desired state; nothing is published. */
void deployment_put_vip(struct deployment *deployment, struct config_vip *vip); /* takes it over */
void deployment_remove_vip(struct deployment *deployment, const char *name);

/* Publishes the desired state. Whatever stands in the way and a grace period removes, it waits
 * for: nothing else runs the program. */
void deployment_commit(struct deployment *deployment);
void deployment_reclaim(struct deployment *deployment);
void deployment_sweep(struct deployment *deployment);
/* The process ends, and another takes over what is in the maps. */
void deployment_restart(struct deployment *deployment);

#endif
