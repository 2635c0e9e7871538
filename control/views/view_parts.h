/* SPDX-License-Identifier: BSD-2-Clause */
/* A view, for the files that make one, or an answer of it. */
#ifndef CAROM_VIEW_PARTS_H
#define CAROM_VIEW_PARTS_H

#include "image.h"
#include "publish.h"
#include "revisions.h"
#include "view.h"

/* Each kind of view has some of it; the rest is NULL. */
struct view {
	uint64_t number;
	bool is_ready;
	struct config *config, *other; /* what is shown, and what that is compared with */
	struct revision revision;      /* without a config of its own: that is the one above */
	struct image *image;
	json_t *status; /* without its VIPs */
	/* Of the image's VIPs, or the one that is asked for; and of all their ordinals. */
	size_t first_vip;
	struct publish_tracking *tracking;
	struct publish_remainder *remainders;
	struct publish_flow *flows;
	size_t flow_count;
	bool has_more_flows;
	struct stats *stats;
};

/* NULL: out of memory, described. */
struct view *view_new(const struct commands *commands, struct error *ret_error);
/* Of so many VIPs of its image, from its first one on. Returns 0, or -1: out of memory. */
int view_keep_remainders(struct view *view, const struct commands *commands, size_t vip_count);
size_t view_size_of_config(const struct config *config);

#endif
