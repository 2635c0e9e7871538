/* SPDX-License-Identifier: BSD-2-Clause */
/* A view, for the files that make one, or an answer of it. */
#ifndef CAROM_COMMANDS_VIEW_PARTS_H
#define CAROM_COMMANDS_VIEW_PARTS_H

#include "commands_view.h"
#include "image.h"
#include "publish.h"
#include "revisions.h"

/* Each kind of view has some of it; the rest is NULL. */
struct commands_view {
	uint64_t number;
	bool is_ready;
	struct config *config, *other; /* what is shown, and what that is compared with */
	struct revision revision;      /* without a config of its own: that is the one above */
	struct image *image;
	json_t *status; /* without its VIPs */
	/* Of the image's VIPs, or the one that is asked for; and of all their ordinals. */
	size_t first_vip;
	struct flows_vip *tracking;
	struct flows_remainder *remainders;
	struct flows_record *flows;
	size_t flow_count;
	bool has_more_flows;
	struct commands_stats *stats;
};

/* NULL: out of memory, described. */
struct commands_view *commands_view_new(const struct commands *commands, struct error *ret_error);
/* Of so many VIPs of its image, from its first one on. Returns 0, or -1: out of memory. */
int commands_view_keep_remainders(struct commands_view *view, const struct commands *commands,
				  size_t vip_count);
size_t commands_size_of_config(const struct config *config);

#endif
